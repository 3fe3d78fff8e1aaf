// SPDX-License-Identifier: Apache-2.0
#include "store/domain_settings.h"

#include <fmt/format.h>

#include "base/text.h"

namespace md::store {
namespace {

using json::Value;
using model::ResolvedSettings;

constexpr std::string_view kMailto = "mailto:";

Error senseless(const DomainRecord& record, std::string_view member, std::string_view why) {
  return fail(ErrorKind::Corrupt, fmt::format("{} of {}: '{}' makes no sense: {}", kDomainFile,
                                              record.name, member, printable(why, 80)));
}

void read_text(const Value& object, std::string_view member, std::string& target) {
  target = object.get(member).as_string().value_or(std::move(target));
}

void read_switch(const Value& object, std::string_view member, model::Switch& target) {
  if (const auto value = object.get(member).as_bool()) {
    target = *value ? model::Switch::On : model::Switch::Off;
  }
}

Status read_window(const DomainRecord& record, std::string_view member, model::Window& target) {
  const auto text = record.document.get(member).as_string();
  if (!text) {
    return {};
  }
  const auto window = model::Window::parse(*text);
  if (!window) {
    return senseless(record, member, *text);
  }
  target = *window;
  return {};
}

Result<model::KeySpec> read_key_spec(const DomainRecord& record, const Value& value) {
  const std::string type = value.get("type").as_string().value_or("");
  if (equals_ignoring_case(type, "RSA")) {
    const auto bits = value.get("bits").as_int().value_or(2048);
    return bits > 0 ? Result(model::KeySpec::rsa(static_cast<unsigned>(bits)))
                    : senseless(record, "privkey", std::to_string(bits));
  }
  const auto curve = value.get("curve").as_string();
  if (!equals_ignoring_case(type, "EC") || !curve || !check_name(*curve)) {
    return senseless(record, "privkey", value.dump_compact());
  }
  return model::KeySpec::ec(*curve);
}

Status read_key_specs(const DomainRecord& record, ResolvedSettings& settings) {
  const Value value = record.document.get("privkey");
  const std::vector<Value> list = value.is_object() ? std::vector{value} : value.elements();
  for (const Value& one : list) {
    if (equals_ignoring_case(one.get("type").as_string().value_or(""), "Default")) {
      settings.default_keys = model::Switch::On;
      continue;
    }
    MD_ASSIGN_OR_RETURN(model::KeySpec spec, read_key_spec(record, one));
    settings.key_specs.push_back(std::move(spec));
  }
  return {};
}

/// One mail address is what MDContactEmail says; other contacts a tool has written.
void read_contacts(const Value& document, model::ManagedDomain& domain) {
  std::vector<std::string> contacts = document.get("contacts").as_strings();
  if (contacts.size() == 1 && contacts.front().starts_with(kMailto)) {
    domain.settings.contact = contacts.front().substr(kMailto.size());
  } else {
    domain.kept_contacts = std::move(contacts);
  }
}

void read_authority(const Value& authority, ResolvedSettings& settings) {
  std::vector<std::string> urls = authority.get("urls").as_strings();
  if (const auto url = authority.get("url").as_string(); urls.empty() && url) {
    urls.push_back(*url);
  }
  if (!urls.empty()) {
    settings.authorities.clear();
  }
  for (std::string& url : urls) {
    settings.authorities.push_back({std::move(url), ""});
  }
  if (authority.get("proto").as_string() == "tailscale") {
    settings.protocol = model::CertificateProtocol::Tailscale;
  }
  for (const std::string& name : authority.get("challenges").as_strings()) {
    settings.challenges.add(name);
  }
  read_text(authority, "agreement", settings.agreement);
}

/// `old`: where this module had them at first.
void read_binding(const Value& document, const Value& old, ResolvedSettings& settings) {
  for (const Value& external : {old.get("eab"), document.get("eab")}) {
    read_text(external, "kid", settings.external_account.kid);
    read_text(external, "hmac", settings.external_account.hmac);
  }
  read_text(old, "certs", settings.ca_certificate_file);
  read_text(document, "ca-certs", settings.ca_certificate_file);
}

void read_proxies(const Value& document, ResolvedSettings& settings) {
  read_text(document, "http-proxy", settings.http_proxy);  // our first name for it
  read_text(document, "proxy-url", settings.http_proxy);
  read_text(document, "http-proxy-ca-certs", settings.http_proxy_ca_certificate_file);
  read_text(document, "proxy-ca-certs", settings.http_proxy_ca_certificate_file);
}

Status read_renewal(const DomainRecord& record, ResolvedSettings& settings) {
  const Value& document = record.document;
  if (const auto mode = document.get("renew-mode").as_int()) {
    constexpr auto kLast = static_cast<std::int64_t>(model::RenewMode::Always);
    if (*mode < 0 || *mode > kLast) {
      return senseless(record, "renew-mode", std::to_string(*mode));
    }
    settings.renew_mode = static_cast<model::RenewMode>(*mode);
  }
  MD_TRY(read_window(record, "renew-window", settings.renew_window));
  MD_TRY(read_window(record, "warn-window", settings.warn_window));
  read_switch(document, "ari-renewals", settings.renew_via_ari);
  read_switch(document, "must-staple", settings.must_staple);
  read_switch(document, "stapling", settings.stapling);
  read_text(document, "profile", settings.profile);
  read_switch(document, "profile-mandatory", settings.profile_mandatory);
  return {};
}

void read_web(const Value& document, ResolvedSettings& settings) {
  const auto require = document.get("require-https").as_string();
  if (require == "temporary") {
    settings.require_https = model::RequireHttps::Temporary;
  } else if (require == "permanent") {
    settings.require_https = model::RequireHttps::Permanent;
  }
  if (document.get("transitive").as_int() == 0) {
    settings.members = model::Members::Manual;
  }
}

}  // namespace

Result<model::ManagedDomain> managed_domain_of(const DomainRecord& record) {
  const Value& document = record.document;
  model::ManagedDomain domain;
  domain.name = record.name;
  for (const std::string& text : record.names) {
    domain.names.push_back(model::DnsName::as_configured(text));
  }
  if (domain.names.empty()) {
    return senseless(record, "domains", "it is empty");
  }
  ResolvedSettings& settings = domain.settings;
  read_contacts(document, domain);
  read_authority(document.get("ca"), settings);
  read_binding(document, document.get("ca"), settings);
  MD_TRY(read_key_specs(record, settings));
  MD_TRY(read_renewal(record, settings));
  read_web(document, settings);
  settings.certificate_files = document.get("cert-files").as_strings();
  settings.certificate_key_files = document.get("pkey-files").as_strings();
  read_text(document, "cmd-dns-01", settings.dns01_command);
  read_proxies(document, settings);
  domain.alpn_names = document.get("proto").get("acme-tls/1").as_strings();
  domain.is_used = true;
  return domain;
}

}  // namespace md::store
