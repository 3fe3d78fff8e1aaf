// SPDX-License-Identifier: Apache-2.0
#include "renewal/challenge_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "renewal/challenge_files.h"
#include "store/documents.h"

namespace md::renewal {
namespace {

using model::ChallengeType;
using store::Durability;
using store::Group;

// DNS providers take their time; a command that waits for its record to be seen takes more.
constexpr std::chrono::minutes kDnsCommandTimeout{10};
constexpr std::chrono::hours kCertificateBegan{24};
constexpr std::chrono::hours kCertificateLasts{24 * 7};
constexpr std::size_t kMarkLength = 16;
constexpr std::size_t kMaxTokenLength = 128;

std::string mark_of(const crypto::Certificate& certificate) {
  return certificate.sha256_fingerprint().substr(0, kMarkLength);
}

}  // namespace

std::string dns01_digest(std::string_view key_authorization) {
  return encode_base64url(crypto::sha256(as_bytes(key_authorization)));
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTokenLength &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

Result<ChallengeKeys::Kept> ChallengeKeys::key_for(const model::KeySpec& spec) {
  const std::lock_guard lock(mutex_);
  for (const auto& [known, kept] : kept_) {
    if (known == spec) {
      return kept;
    }
  }
  MD_ASSIGN_OR_RETURN(const auto key, crypto::PrivateKey::generate(spec));
  MD_ASSIGN_OR_RETURN(const std::string pem, key.to_encrypted_pem(store_key_.bytes()));
  kept_.emplace_back(spec, Kept{key, pem});
  return kept_.back().second;
}

std::string PlacedChallenge::text() const {
  const bool is_ip6 = name.find(':') != std::string::npos;
  return fmt::format("{}:{}{}{}{}{}", model::name_of(type), is_ip6 ? "[" : "", name,
                     is_ip6 ? "]" : "", mark.empty() ? "" : ":", mark);
}

std::optional<PlacedChallenge> PlacedChallenge::parse(std::string_view text) {
  std::vector<std::string> parts = split(text, ':');
  // An IPv6 address stands in brackets.
  const auto open = text.find(":[");
  const auto close = text.find(']');
  if (open != std::string_view::npos && close != std::string_view::npos && open < close) {
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') {
      return std::nullopt;
    }
    parts = split(rest, ':');  // of which the first is empty
    parts.front() = text.substr(open + 1, close - open);
    parts.insert(parts.begin(), std::string(text.substr(0, open)));
  }
  if (parts.size() < 2 || parts.size() > 3) {
    return std::nullopt;
  }
  const auto type = model::challenge_type_named(parts[0]);
  const auto name = model::DnsName::parse(parts[1]);
  const std::string mark = parts.size() == 3 ? parts[2] : "";
  if (!type || !name || name->is_wildcard() || (!mark.empty() && !is_token(mark))) {
    return std::nullopt;
  }
  return PlacedChallenge{*type, name->text(), mark};
}

ChallengeSetup::ChallengeSetup(const World& world, ChallengeKeys& keys,
                               const model::ManagedDomain& domain, std::vector<std::string> placed,
                               std::function<Status(const std::vector<std::string>&)> remember)
    : world_(world),
      keys_(keys),
      domain_(domain),
      placed_(std::move(placed)),
      remember_(std::move(remember)) {}

Status ChallengeSetup::put(const ChallengeAnswer& answer) {
  if (!is_token(answer.token)) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("the token '{}' of the CA is none", printable(answer.token, 80)));
  }
  switch (answer.type) {
    case ChallengeType::Http01:
      return put_http(answer);
    case ChallengeType::TlsAlpn01:
      return put_tls_alpn(answer);
    case ChallengeType::Dns01:
      return put_dns(answer);
  }
  return fail(ErrorKind::Internal, "a challenge of an unknown type");
}

/// Before anything is put in place: whoever comes after us has to know what to take away.
Status ChallengeSetup::note(const PlacedChallenge& challenge) {
  const std::string text = challenge.text();
  if (std::find(placed_.begin(), placed_.end(), text) != placed_.end()) {
    return {};
  }
  placed_.push_back(text);
  return remember_(placed_);
}

Status ChallengeSetup::put_http(const ChallengeAnswer& answer) {
  const std::string& folder = answer.name.text();
  MD_TRY(note({answer.type, folder, answer.token}));
  MD_TRY(world_.store.save(Group::Challenges, folder, http01_file(answer.token),
                           answer.key_authorization, Durability::Replaceable));
  return world_.store.save(Group::Challenges, folder, store::kHttp01File, answer.key_authorization,
                           Durability::Replaceable);
}

Status ChallengeSetup::put_tls_alpn(const ChallengeAnswer& answer) {
  const std::string& folder = answer.name.text();
  const TimePoint now = world_.clock.now();
  const model::Validity validity{now - kCertificateBegan, now + kCertificateLasts};
  struct Files {
    model::KeySpec spec;
    std::string key_pem;
    std::string certificate_pem;
  };
  std::vector<Files> files;
  std::string mark;
  for (const model::KeySpec& spec : {challenge_rsa_spec(), challenge_ec_spec()}) {
    MD_ASSIGN_OR_RETURN(const ChallengeKeys::Kept kept, keys_.key_for(spec));
    MD_ASSIGN_OR_RETURN(const auto certificate,
                        crypto::make_challenge_certificate(kept.key, answer.name,
                                                           answer.key_authorization, validity));
    MD_ASSIGN_OR_RETURN(std::string pem, certificate.to_pem());
    files.push_back({spec, kept.encrypted_pem, std::move(pem)});
    mark = mark_of(certificate);  // the EC one's in the end
  }
  MD_TRY(note({answer.type, folder, mark}));
  for (const Files& one : files) {
    MD_TRY(world_.store.save(Group::Challenges, folder, tls_alpn_key_file(one.spec), one.key_pem,
                             Durability::Replaceable));
    MD_TRY(world_.store.save(Group::Challenges, folder, tls_alpn_certificate_file(one.spec),
                             one.certificate_pem, Durability::Replaceable));
  }
  return {};
}

Status ChallengeSetup::put_dns(const ChallengeAnswer& answer) {
  const std::string digest = dns01_digest(answer.key_authorization);
  MD_TRY(note({answer.type, answer.name.text(), digest}));
  return run_dns_command("setup", answer.name.text(), digest);
}

Status ChallengeSetup::run_dns_command(std::string_view action, const std::string& name,
                                       const std::string& digest) const {
  std::vector<std::string> argv = split_words(domain_.settings.dns01_command);
  if (argv.empty()) {
    return fail(ErrorKind::InvalidInput, "dns-01 needs a command: MDChallengeDns01 is not set");
  }
  const std::string attempted =
      fmt::format("MDChallengeDns01 {} {} {}", argv.front(), action, name);
  argv.emplace_back(action);
  argv.push_back(name);
  if (!digest.empty()) {
    argv.push_back(digest);
  }
  auto outcome = world_.commands.run(argv, kDnsCommandTimeout, world_.waiter);
  if (!outcome) {
    return with_context(std::move(outcome).error(), attempted);
  }
  if (!outcome->succeeded()) {
    const std::string output = printable(trim(outcome->output));
    return fail(ErrorKind::Rejected,
                fmt::format("{}: exit code {}{}{}", attempted, outcome->exit_code,
                            output.empty() ? "" : ": ", output));
  }
  return {};
}

void ChallengeSetup::take_away_all() {
  std::vector<std::string> placed;
  placed.swap(placed_);
  if (placed.empty()) {
    return;
  }
  const auto complain = [&](const Status& status, const std::string& what) {
    if (!status) {
      world_.logger.warning({}, fmt::format("{}: take away challenge {}: {}", domain_.name, what,
                                            status.error().message));
    }
  };
  for (const std::string& text : placed) {
    if (const auto challenge = PlacedChallenge::parse(text)) {
      complain(take_away(*challenge), text);
    }
  }
  complain(remember_(placed_), "notes");
}

Status ChallengeSetup::take_away(const PlacedChallenge& challenge) {
  switch (challenge.type) {
    case ChallengeType::Dns01:
      return run_dns_command("teardown", challenge.name,
                             domain_.settings.dns01_version >= 2 ? challenge.mark : "");
    case ChallengeType::Http01:
      MD_TRY(take_away_http(challenge));
      break;
    case ChallengeType::TlsAlpn01:
      MD_TRY(take_away_tls_alpn(challenge));
      break;
  }
  // Another order that begins for this name in this very moment makes its folder again; one that
  // has begun has files in it.
  const auto left = world_.store.files(Group::Challenges, challenge.name);
  if (left && left->empty()) {
    return world_.store.remove_folder(Group::Challenges, challenge.name);
  }
  return {};
}

/// The token's file is this order's own. The plain one is shared by all orders for the name: it is
/// taken away only while it holds our answer.
Status ChallengeSetup::take_away_http(const PlacedChallenge& challenge) {
  const std::string& folder = challenge.name;
  if (!challenge.mark.empty()) {
    MD_TRY(world_.store.remove_file(Group::Challenges, folder, http01_file(challenge.mark)));
    const auto current = world_.store.load(Group::Challenges, folder, store::kHttp01File);
    if (current && !current->starts_with(challenge.mark + ".")) {
      return {};
    }
  }
  return world_.store.remove_file(Group::Challenges, folder, store::kHttp01File);
}

/// A handshake names no token, so that these files are shared, too, and the order that came last
/// has them.
Status ChallengeSetup::take_away_tls_alpn(const PlacedChallenge& challenge) {
  const std::string& folder = challenge.name;
  const auto pem =
      world_.store.load(Group::Challenges, folder, tls_alpn_certificate_file(challenge_ec_spec()));
  if (pem && !challenge.mark.empty()) {
    const auto current = crypto::Certificate::chain_from_pem(*pem);
    if (current && !current->empty() && mark_of(current->front()) != challenge.mark) {
      return {};
    }
  }
  for (const model::KeySpec& spec : {challenge_rsa_spec(), challenge_ec_spec()}) {
    MD_TRY(world_.store.remove_file(Group::Challenges, folder, tls_alpn_certificate_file(spec)));
    MD_TRY(world_.store.remove_file(Group::Challenges, folder, tls_alpn_key_file(spec)));
  }
  return {};
}

}  // namespace md::renewal
