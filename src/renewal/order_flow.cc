// SPDX-License-Identifier: Apache-2.0
#include "renewal/order_flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "crypto/certificate.h"
#include "crypto/proven_key.h"
#include "model/key_label.h"
#include "renewal/authorizations.h"
#include "renewal/certificate_seal.h"
#include "renewal/failure.h"

namespace md::renewal {
namespace {

using acme::OrderStatus;
using store::Durability;
using store::Group;

// Per phase of an order: some CAs issue minutes after they have been asked (AC-33).
constexpr std::chrono::minutes kPatience{5};

std::vector<std::string> texts_of(const std::vector<model::DnsName>& names) {
  std::vector<std::string> texts;
  texts.reserve(names.size());
  for (const model::DnsName& name : names) {
    texts.push_back(name.text());
  }
  return texts;
}

std::string describe(const model::KeySpec& spec, const model::ManagedDomain& domain) {
  if (domain.settings.key_specs.empty()) {
    return "default";
  }
  return spec.type == model::KeySpec::Type::Rsa ? fmt::format("rsa-{}", spec.bits)
                                                : fmt::format("ec-{}", model::label_of(spec));
}

/// Commands are told once; a file may be removed that is gone.
bool needs_one_teardown(const std::string& placed) {
  const auto challenge = PlacedChallenge::parse(placed);
  return challenge && challenge->type == model::ChallengeType::Dns01;
}

/// Why the order became invalid, in the CA's words.
Error invalid_order(const acme::Order& order) {
  Error error = fail(ErrorKind::Rejected, "the order is invalid");
  if (order.error) {
    error.message += ": " + printable(order.error->detail);
    error.problem = order.error;
    if (acme::is_permanent(*order.error)) {
      error.kind = ErrorKind::Permanent;
    }
  }
  return error;
}

/// Has the CA refused the order, for whatever reason? They have many words for a certificate that
/// they do not want to see replaced, or a profile that is not for everybody.
bool is_refusal(const Error& error) {
  return error.problem && error.kind != ErrorKind::RateLimited && !error.retry_after;
}

bool is_about_profile(const Error& error) {
  return error.problem && (error.problem->type.ends_with(":invalidProfile") ||
                           to_lower(error.problem->detail).find("profile") != std::string::npos);
}

/// "unauthorized" and "malformed" may mean the profile, or something else.
bool may_be_about_profile(const Error& error) {
  return is_refusal(error) &&
         (is_about_profile(error) || error.problem->type.ends_with(":unauthorized") ||
          error.problem->type.ends_with(":malformed"));
}

/// mod_md notes of an order where it is and what was set up for it.
bool is_of_mod_md(const store::OrderRecord& record) {
  return record.ca_url.empty() && record.account_url.empty() && record.key_spec.empty() &&
         record.names.empty();
}

/// Is the order not ready to be finalized (RFC 8555 §7.4)? Not all CAs have that word.
bool may_mean_not_ready(const Error& error) {
  return error.problem && (error.problem->type.ends_with(":orderNotReady") ||
                           error.problem->type.ends_with(":malformed") ||
                           error.problem->type.ends_with(":unauthorized"));
}

}  // namespace

bool is_large_enough(const crypto::PrivateKey& key, const model::KeySpec& spec) {
  return key.fits(spec) && key.spec().bits >= spec.bits;
}

std::string ordering_activity(const model::KeySpec& spec, const model::ManagedDomain& domain,
                              std::string_view profile, std::string_view replaces) {
  const auto or_none = [](std::string_view text) { return text.empty() ? "none" : text; };
  return fmt::format("Creating new order, key-spec={}, profile={}, replacing-cert={}",
                     describe(spec, domain), or_none(profile), or_none(replaces));
}

OrderFlow::OrderFlow(OrderContext context, model::KeySpec spec)
    : context_(std::move(context)),
      spec_(std::move(spec)),
      names_(model::without_covered(context_.domain.names)) {}

std::vector<std::string> OrderFlow::asked_names() const {
  return texts_of(names_);
}

Result<CertificateFacts> OrderFlow::run() {
  MD_TRY_CONTEXT(prepare_key(), fmt::format("key for {}", model::label_of(spec_)));
  for (;;) {
    MD_ASSIGN_OR_RETURN(Opened opened, open_order());
    auto facts = obtain(opened);
    if (facts || facts.error().kind == ErrorKind::Stopped) {
      return facts;
    }
    // Garbage may be an accident, but not for ever.
    const bool is_garbage_again =
        opened.origin == Origin::TakenUp && facts.error().kind == ErrorKind::Corrupt;
    if (!order_is_stale_ && !is_garbage_again && !is_final_answer(facts.error())) {
      return facts;  // the order stays, to be taken up again
    }
    drop_order();
    if (!order_is_stale_ || opened.origin == Origin::New) {
      return facts;
    }
    order_is_stale_ = false;  // it was an old one: a new one may do
  }
}

Result<CertificateFacts> OrderFlow::obtain(Opened& opened) {
  MD_TRY(authorize(opened.order, opened.origin));
  MD_TRY_CONTEXT(make_key(), fmt::format("key for {}", spec_.name()));
  MD_ASSIGN_OR_RETURN(const acme::Order issued, issue(std::move(opened.order)));
  return stage_certificate(issued);
}

/// A key that is staged already may be known to the CA: it is used again.
Status OrderFlow::prepare_key() {
  store::Store& store = context_.world.store;
  const std::string& folder = context_.domain.name;
  const auto passphrase = context_.world.store.key().bytes();
  // A certificate that is there does not fit, or this order would not be. Without it the set is
  // plainly incomplete for all that look at it.
  MD_TRY(store.remove_file(Group::Staging, folder, store::certificate_file(spec_)));
  if (const auto pem = store.load(Group::Staging, folder, store::key_file(spec_))) {
    auto key = crypto::key_from_encrypted_pem(*pem, passphrase);
    if (key && is_large_enough(*key, spec_) && crypto::is_consistent(*key)) {
      key_ = std::move(key).value();
      return {};
    }
  }
  key_is_new_ = true;
  return {};
}

/// Not before the CA believes the names: a key that nobody can use would lie there.
Status OrderFlow::make_key() {
  if (key_) {
    return {};
  }
  const store::FileStore& store = context_.world.store;
  MD_ASSIGN_OR_RETURN(key_, crypto::PrivateKey::generate(spec_));
  MD_ASSIGN_OR_RETURN(const std::string pem, key_->to_encrypted_pem(store.key().bytes()));
  return context_.world.store.save(Group::Staging, context_.domain.name, store::key_file(spec_),
                                   pem, Durability::Synced);
}

std::optional<store::OrderRecord> OrderFlow::load_record() {
  const auto text =
      context_.world.store.load(Group::Staging, context_.domain.name, store::kOrderFile);
  if (!text) {
    return std::nullopt;
  }
  auto record = store::parse_order(*text, "order.json of " + context_.domain.name);
  if (!record) {
    context_.world.logger.debug(record.error().message);
    return std::nullopt;
  }
  return std::move(record).value();
}

/// Whose an order of mod_md is, the CA says when it is asked for it.
bool OrderFlow::is_ours(const store::OrderRecord& record) const {
  if (is_of_mod_md(record)) {
    return context_.session.is_at_this_ca(record.url);
  }
  return !record.url.empty() && record.ca_url == context_.ca_url &&
         record.account_url == context_.session.account_url() && record.key_spec == spec_.name() &&
         record.names == asked_names();
}

void OrderFlow::note_whose(store::OrderRecord& record) const {
  record.ca_url = context_.ca_url;
  record.account_url = context_.session.account_url();
  record.key_spec = spec_.name();
  record.names = asked_names();
}

/// An order that the CA still holds: is it for these names, and can it lead to a certificate of the
/// key that we have?
bool OrderFlow::can_be_used(const acme::Order& order) const {
  std::vector<std::string> ordered;
  for (const acme::Identifier& identifier : order.identifiers) {
    ordered.push_back(to_lower(identifier.value));
  }
  std::vector<std::string> asked = asked_names();
  std::sort(ordered.begin(), ordered.end());
  std::sort(asked.begin(), asked.end());
  if (order.status == OrderStatus::Invalid || ordered != asked) {
    return false;
  }
  const bool is_finalized =
      order.status == OrderStatus::Processing || order.status == OrderStatus::Valid;
  if (is_finalized) {
    return !key_is_new_;
  }
  return !order.expires || *order.expires > context_.world.clock.now();
}

Result<OrderFlow::Opened> OrderFlow::open_order() {
  if (auto record = load_record()) {
    record_ = *std::move(record);
    if (is_ours(record_)) {
      context_.journal.progress(
          fmt::format("Taking up the order for the {} certificate of {} again",
                      model::label_of(spec_), context_.domain.name));
      auto order = context_.session.fetch_order(record_.url);
      if (order && can_be_used(*order)) {
        note_whose(record_);
        return Opened{std::move(order).value(), Origin::TakenUp};
      }
      if (!order && !is_final_answer(order.error())) {
        return std::move(order).error();
      }
    }
    drop_order();
  }
  MD_ASSIGN_OR_RETURN(acme::Order order, create_order());
  return Opened{std::move(order), Origin::New};
}

/// What a CA refuses an order for is left out where it need not be there: first the certificate
/// that is replaced, then the profile.
Result<acme::Order> OrderFlow::request_order() {
  acme::OrderRequest request;
  request.profile = context_.profile;
  request.replaces = context_.replaces;
  for (const model::DnsName& name : names_) {
    request.identifiers.push_back(acme::identifier_of(name));
  }
  auto order = context_.session.create_order(request);
  if (!order && !request.replaces.empty() && is_refusal(order.error())) {
    order = request_without_replaces(request, order.error());
  }
  if (!order && !request.profile.empty() && may_be_about_profile(order.error())) {
    order = request_without_profile(request, std::move(order).error());
  }
  return order;
}

Result<acme::Order> OrderFlow::request_without_replaces(acme::OrderRequest& request,
                                                        const Error& refusal) {
  context_.journal.progress(
      fmt::format("Ordering without saying that {} is replaced, since the CA answers: {}",
                  request.replaces, describe_failure(refusal)));
  const std::string id = std::exchange(request.replaces, "");
  auto order = context_.session.create_order(request);
  if (order) {
    context_.journal.note(kReplacesRefused, refusal.problem->type, id);
  }
  return order;
}

Result<acme::Order> OrderFlow::request_without_profile(acme::OrderRequest& request, Error refusal) {
  if (context_.domain.settings.profile_mandatory == model::Switch::On) {
    if (is_about_profile(refusal)) {
      refusal.kind = ErrorKind::Permanent;
    }
    return refusal;
  }
  const std::string profile = std::exchange(request.profile, "");
  auto order = context_.session.create_order(request);
  if (order) {
    context_.world.logger.warning(
        {}, fmt::format("{}: the CA does not give us the profile '{}', it is left out: {}",
                        context_.domain.name, profile, describe_failure(refusal)));
  }
  return order;
}

Result<acme::Order> OrderFlow::create_order() {
  context_.journal.progress(
      ordering_activity(spec_, context_.domain, context_.profile, context_.replaces));
  MD_ASSIGN_OR_RETURN(acme::Order order, request_order());
  record_ = store::OrderRecord{};
  record_.url = order.url;
  note_whose(record_);
  MD_TRY_CONTEXT(save_record(Durability::Synced), "save the order");
  return order;
}

Status OrderFlow::save_record(Durability durability) {
  return context_.world.store.save(Group::Staging, context_.domain.name, store::kOrderFile,
                                   store::to_json(record_).dump(), durability);
}

/// Its challenges, too.
void OrderFlow::drop_order() {
  if (!record_.setups.empty()) {
    challenge_setup().take_away_all();
  }
  record_ = store::OrderRecord{};
  if (auto removed =
          context_.world.store.remove_file(Group::Staging, context_.domain.name, store::kOrderFile);
      !removed) {
    context_.world.logger.debug(removed.error().message);
  }
}

ChallengeSetup OrderFlow::challenge_setup() {
  return {context_.world, context_.challenge_keys, context_.domain, record_.setups,
          [this](std::vector<std::string> placed) { return remember(std::move(placed)); }};
}

/// What is in place is written before it is; that it is not any more, only of what may be taken
/// away but once.
Status OrderFlow::remember(std::vector<std::string> placed) {
  const bool is_noted = !placed.empty() || std::ranges::any_of(record_.setups, needs_one_teardown);
  record_.setups = std::move(placed);
  return is_noted ? save_record(Durability::Replaceable) : Status();
}

Status OrderFlow::authorize(const acme::Order& order, Origin origin) {
  ChallengeSetup setup = challenge_setup();
  Status status;
  if (order.status == OrderStatus::Pending) {
    Authorizations authorizations(context_, names_, setup);
    status = authorizations.complete(order);
    order_is_stale_ = authorizations.found_unusable() && origin == Origin::TakenUp;
  }
  if (status || status.error().kind != ErrorKind::Stopped) {
    // After a stop they are left in place: the CA may be about to look at them.
    setup.take_away_all();
  }
  return status;
}

/// With the last authorization an order is ready (RFC 8555 §7.1.6): the CA is not asked about that
/// first. One that lags behind says so, and is waited for.
Result<acme::Order> OrderFlow::finalize(acme::Order order, const Bytes& csr) {
  auto finalized = context_.session.finalize(order, csr);
  if (finalized || order.status != OrderStatus::Pending || !may_mean_not_ready(finalized.error())) {
    return finalized;
  }
  context_.journal.progress("Waiting for order to become ready");
  MD_ASSIGN_OR_RETURN(order, context_.session.await_order(order, OrderStatus::Pending, kPatience));
  if (order.status != OrderStatus::Ready) {
    return order;
  }
  return context_.session.finalize(order, csr);
}

Result<acme::Order> OrderFlow::issue(acme::Order order) {
  if (order.status == OrderStatus::Pending || order.status == OrderStatus::Ready) {
    context_.journal.progress(fmt::format("Creating {} CSR", model::label_of(spec_)));
    const bool must_staple = context_.domain.settings.must_staple == model::Switch::On;
    MD_ASSIGN_OR_RETURN_CONTEXT(const Bytes csr, crypto::make_csr(*key_, names_, must_staple),
                                "make the CSR");
    context_.journal.progress(fmt::format("Submitting {} CSR to CA", model::label_of(spec_)));
    MD_ASSIGN_OR_RETURN(order, finalize(std::move(order), csr));
  }
  if (order.status == OrderStatus::Ready || order.status == OrderStatus::Processing) {
    context_.journal.progress("Waiting for finalized order to become valid");
    MD_ASSIGN_OR_RETURN(order, await_issue(std::move(order)));
  }
  if (order.status != OrderStatus::Valid) {
    return invalid_order(order);
  }
  if (order.certificate.empty()) {
    return fail(ErrorKind::Rejected, "the order is valid but names no certificate");
  }
  return order;
}

/// Some CAs call an order ready for a while after they have taken the CSR.
Result<acme::Order> OrderFlow::await_issue(acme::Order order) {
  for (const OrderStatus left : {OrderStatus::Ready, OrderStatus::Processing}) {
    if (order.status == left) {
      MD_ASSIGN_OR_RETURN(order, context_.session.await_order(order, left, kPatience));
    }
  }
  return order;
}

Result<CertificateFacts> OrderFlow::stage_certificate(const acme::Order& order) {
  context_.journal.progress(fmt::format("Retrieving {} certificate chain for {}",
                                        model::label_of(spec_), context_.domain.name));
  MD_ASSIGN_OR_RETURN(auto chain, context_.session.download_certificate(order.certificate));
  const crypto::Certificate& leaf = chain.front();
  if (!leaf.matches(*key_)) {
    order_is_stale_ = true;
    return fail(ErrorKind::Rejected,
                fmt::format("the certificate that the CA issued (serial {}) is "
                            "not for the {} key of the CSR",
                            leaf.serial(), model::label_of(spec_)));
  }
  if (const auto missing = name_not_covered(context_.domain, facts_of(spec_, leaf))) {
    return fail(
        ErrorKind::Rejected,
        fmt::format("the certificate that the CA issued (serial {}) is not for {}: it names {}",
                    leaf.serial(), *missing, printable(join(leaf.dns_names(), " "))));
  }
  if (leaf.validity().until <= context_.world.clock.now()) {
    return fail(ErrorKind::Rejected,
                fmt::format("the certificate that the CA issued (serial {}) ended on {}",
                            leaf.serial(), format_http_date(leaf.validity().until)));
  }
  MD_ASSIGN_OR_RETURN(const std::string pem, crypto::to_pem(chain));
  const CertificateFacts facts = facts_of({spec_, *key_, std::move(chain)});
  store::FileStore& store = context_.world.store;
  MD_TRY_CONTEXT(renewal::stage_certificate(store, context_.domain.name, spec_, pem, store.key()),
                 "save the certificate");
  drop_order();
  return facts;
}

}  // namespace md::renewal
