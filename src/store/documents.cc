// SPDX-License-Identifier: Apache-2.0
#include "store/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace md::store {
namespace {

using json::Value;

// What this module knows of md.json: all of it is written anew, the rest is kept.
// The last two were ours before we looked.
constexpr std::array<std::string_view, 27> kDomainMembers{"name",
                                                          "domains",
                                                          "contacts",
                                                          "transitive",
                                                          "ca",
                                                          "privkey",
                                                          "state",
                                                          "state-descr",
                                                          "renew-mode",
                                                          "renew-window",
                                                          "warn-window",
                                                          "require-https",
                                                          "must-staple",
                                                          "proto",
                                                          "stapling",
                                                          "profile",
                                                          "profile-mandatory",
                                                          "ari-renewals",
                                                          "cert-files",
                                                          "pkey-files",
                                                          "cmd-dns-01",
                                                          "ca-certs",
                                                          "proxy-url",
                                                          "proxy-ca-certs",
                                                          "eab",
                                                          "http-proxy",
                                                          "http-proxy-ca-certs"};
constexpr std::array<std::string_view, 8> kAuthorityMembers{
    "account", "proto", "url", "urls", "agreement", "challenges", "eab", "certs"};
constexpr std::string_view kAlpnProtocol = "acme-tls/1";  // RFC 8737 §6.2
constexpr std::array<std::string_view, 1> kProtocolMembers{kAlpnProtocol};

Result<Value> parse_object(std::string_view text, std::string_view what) {
  MD_ASSIGN_OR_RETURN(Value value, Value::parse(text, what));
  if (!value.is_object()) {
    return fail(ErrorKind::Corrupt, fmt::format("{} is not a JSON object", what));
  }
  return value;
}

std::string text_of(const Value& object, std::string_view member) {
  return object.get(member).as_string().value_or("");
}

/// Empty means "not there" in all documents of the store.
void set_text(Value& object, std::string_view member, const std::string& text) {
  if (!text.empty()) {
    object.set(member, text);
  }
}

void set_texts(Value& object, std::string_view member, const std::vector<std::string>& texts) {
  if (!texts.empty()) {
    object.set(member, texts);
  }
}

template <std::size_t N>
void keep_unknown(Value& target, const Value& source,
                  const std::array<std::string_view, N>& known) {
  for (const std::string& member : source.members()) {
    if (std::ranges::find(known, member) == known.end()) {
      target.set(member, source.get(member));
    }
  }
}

/// The same of a member that is an object; it is not there if nothing in it is unknown.
template <std::size_t N>
void keep_unknown_of(Value& target, const Value& source, std::string_view member,
                     const std::array<std::string_view, N>& known) {
  Value kept = Value::object();
  keep_unknown(kept, source.get(member), known);
  if (!kept.members().empty()) {
    target.set(member, std::move(kept));
  }
}

std::vector<std::string> texts_of(const std::vector<model::DnsName>& names) {
  std::vector<std::string> texts;
  texts.reserve(names.size());
  for (const model::DnsName& name : names) {
    texts.push_back(name.text());
  }
  return texts;
}

/// ServerAdmin holds an address, a URL or "[no address given]".
bool is_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != text.npos && at > 0 && at + 1 < text.size() &&
         text.find_first_of(" \t/[]<>") == text.npos;
}

}  // namespace

std::vector<std::string> contacts_of(const model::ManagedDomain& domain) {
  std::string contact = domain.settings.contact;
  if (contact.empty() && is_address(domain.server_admin)) {
    contact = domain.server_admin;
  }
  if (contact.empty()) {
    return domain.kept_contacts;
  }
  return {contact.starts_with("mailto:") ? contact : "mailto:" + contact};
}

namespace {

Value authority_of(const model::ManagedDomain& domain, const DomainRecord& record) {
  const model::ResolvedSettings& settings = domain.settings;
  Value authority = Value::object();
  set_text(authority, "account", record.account);
  authority.set("proto",
                settings.protocol == model::CertificateProtocol::Tailscale ? "tailscale" : "ACME");
  set_text(authority, "url", record.ca_url);
  std::vector<std::string> urls;
  for (const model::CertificateAuthority& one : settings.authorities) {
    urls.push_back(one.url);
  }
  set_texts(authority, "urls", urls);
  set_text(authority, "agreement", settings.agreement);
  set_texts(authority, "challenges", settings.challenges.words);
  keep_unknown(authority, record.document.get("ca"), kAuthorityMembers);
  return authority;
}

Value to_json(const model::KeySpec& spec) {
  Value value = Value::object();
  if (spec.type == model::KeySpec::Type::Rsa) {
    return value.set("type", "RSA").set("bits", static_cast<std::int64_t>(spec.bits));
  }
  return value.set("type", "EC").set("curve", spec.curve);
}

/// mod_md writes a single spec as it is and several as a list. There is no member where the
/// configuration has no MDPrivateKeys.
void set_key_specs(Value& document, const model::ResolvedSettings& settings) {
  const std::vector<model::KeySpec>& specs = settings.key_specs;
  if (specs.empty()) {
    if (settings.default_keys == model::Switch::On) {
      document.set("privkey", Value::object().set("type", "Default"));
    }
    return;
  }
  if (specs.size() == 1) {
    document.set("privkey", to_json(specs.front()));
    return;
  }
  Value list = Value::array();
  for (const model::KeySpec& spec : specs) {
    list.push_back(to_json(spec));
  }
  document.set("privkey", std::move(list));
}

/// What becomes of a domain's certificates. MDRenewMode auto renews none that come from files.
model::RenewMode effective_mode(const model::ManagedDomain& domain) {
  const model::RenewMode mode = domain.settings.renew_mode;
  return domain.is_static() && mode == model::RenewMode::Auto ? model::RenewMode::Manual : mode;
}

void set_require_https(Value& document, model::RequireHttps require) {
  switch (require) {
    case model::RequireHttps::Off:
      return;
    case model::RequireHttps::Temporary:
      document.set("require-https", "temporary");
      return;
    case model::RequireHttps::Permanent:
      document.set("require-https", "permanent");
      return;
  }
}

void set_protocols(Value& document, const model::ManagedDomain& domain, const Value& stored) {
  Value protocols = Value::object();
  protocols.set(kAlpnProtocol, domain.alpn_names);
  keep_unknown(protocols, stored.get("proto"), kProtocolMembers);
  document.set("proto", std::move(protocols));
}

model::DomainState state_of(const Value& value) {
  const auto number = value.as_int().value_or(0);
  constexpr auto kLast = static_cast<std::int64_t>(model::DomainState::Error);
  return number >= 0 && number <= kLast ? static_cast<model::DomainState>(number)
                                        : model::DomainState::Unknown;
}

}  // namespace

Result<DomainRecord> parse_domain(std::string_view text, std::string_view what) {
  DomainRecord record;
  MD_ASSIGN_OR_RETURN(record.document, parse_object(text, what));
  const Value authority = record.document.get("ca");
  record.name = text_of(record.document, "name");
  record.names = record.document.get("domains").as_strings();
  record.account = text_of(authority, "account");
  record.ca_url = text_of(authority, "url");
  record.state = state_of(record.document.get("state"));
  record.state_description = text_of(record.document, "state-descr");
  return record;
}

void keep_foreign_members(DomainRecord& record) {
  Value foreign = Value::object();
  keep_unknown(foreign, record.document, kDomainMembers);
  keep_unknown_of(foreign, record.document, "ca", kAuthorityMembers);
  keep_unknown_of(foreign, record.document, "proto", kProtocolMembers);
  record.document = foreign.members().empty() ? Value() : std::move(foreign);
}

Value to_json(const model::ManagedDomain& domain, const DomainRecord& record) {
  const model::ResolvedSettings& settings = domain.settings;
  const auto is_on = [](model::Switch value) { return value == model::Switch::On; };
  Value document = Value::object();
  document.set("name", domain.name)
      .set("domains", texts_of(domain.names))
      .set("contacts", contacts_of(domain))
      .set("transitive", settings.members == model::Members::Auto ? 1 : 0)
      .set("ca", authority_of(domain, record));
  set_key_specs(document, settings);
  document.set("state", static_cast<int>(record.state));
  set_text(document, "state-descr", record.state_description);
  document.set("renew-mode", static_cast<int>(effective_mode(domain)))
      .set("renew-window", settings.renew_window.text())
      .set("warn-window", settings.warn_window.text());
  set_require_https(document, settings.require_https);
  document.set("must-staple", is_on(settings.must_staple));
  set_protocols(document, domain, record.document);
  set_texts(document, "cert-files", settings.certificate_files);
  set_texts(document, "pkey-files", settings.certificate_key_files);
  document.set("stapling", is_on(settings.stapling));
  set_text(document, "cmd-dns-01", settings.dns01_command);
  set_text(document, "proxy-url", settings.http_proxy);
  set_text(document, "ca-certs", settings.ca_certificate_file);
  set_text(document, "proxy-ca-certs", settings.http_proxy_ca_certificate_file);
  if (!settings.external_account.kid.empty()) {
    document.set("eab", Value::object()
                            .set("kid", settings.external_account.kid)
                            .set("hmac", settings.external_account.hmac));
  }
  set_text(document, "profile", settings.profile);
  document.set("profile-mandatory", is_on(settings.profile_mandatory))
      .set("ari-renewals", is_on(settings.renew_via_ari));
  keep_unknown(document, record.document, kDomainMembers);
  return document;
}

Result<AccountRecord> parse_account(std::string_view text, std::string_view what) {
  MD_ASSIGN_OR_RETURN(const Value document, parse_object(text, what));
  const Value external = document.get("eab");
  return AccountRecord{.status = text_of(document, "status"),
                       .url = text_of(document, "url"),
                       .ca_url = text_of(document, "ca-url"),
                       .contacts = document.get("contact").as_strings(),
                       .orders = text_of(document, "orders"),
                       .external_kid = text_of(external, "kid"),
                       .external_hmac = text_of(external, "hmac"),
                       .registration = document.get("registration")};
}

Value to_json(const AccountRecord& account) {
  Value document = Value::object();
  document.set("status", account.status).set("url", account.url).set("ca-url", account.ca_url);
  document.set("contact", account.contacts);
  if (!account.registration.is_null()) {
    document.set("registration", account.registration);
  }
  set_text(document, "orders", account.orders);
  if (!account.external_kid.empty()) {
    document.set(
        "eab", Value::object().set("kid", account.external_kid).set("hmac", account.external_hmac));
  }
  return document;
}

Result<OrderRecord> parse_order(std::string_view text, std::string_view what) {
  MD_ASSIGN_OR_RETURN(const Value document, parse_object(text, what));
  return OrderRecord{.url = text_of(document, "url"),
                     .ca_url = text_of(document, "ca-url"),
                     .account_url = text_of(document, "account-url"),
                     .key_spec = text_of(document, "key-spec"),
                     .names = document.get("domains").as_strings(),
                     .setups = document.get("challenge-setups").as_strings()};
}

Value to_json(const OrderRecord& order) {
  Value document = Value::object();
  return document.set("url", order.url)
      .set("ca-url", order.ca_url)
      .set("account-url", order.account_url)
      .set("key-spec", order.key_spec)
      .set("domains", order.names)
      .set("challenge-setups", order.setups);
}

std::string key_file(const model::KeySpec& spec) {
  return "privkey" + spec.file_suffix() + ".pem";
}

std::string certificate_file(const model::KeySpec& spec) {
  return "pubcert" + spec.file_suffix() + ".pem";
}

}  // namespace md::store
