// SPDX-License-Identifier: Apache-2.0
#include "status/md_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "model/key_label.h"

namespace md::status {
namespace {

using json::Value;
using renewal::CertificateFacts;
using renewal::CertificateSetFacts;

constexpr const char* kMasked = "***";

Value to_json(const model::Validity& validity) {
  Value value = Value::object();
  value.set_time("from", validity.from).set_time("until", validity.until);
  return value;
}

void set_if_known(Value& object, std::string_view member, const std::string& text) {
  if (!text.empty()) {
    object.set(member, text);
  }
}

/// `cert.<spec>` of md-status.
Value described(const CertificateFacts& certificate) {
  Value value = Value::object();
  set_if_known(value, "issuer-name", certificate.issuer);
  value.set("valid", to_json(certificate.validity))
      .set("serial", certificate.serial)
      .set("sha256-fingerprint", certificate.sha256_fingerprint);
  set_if_known(value, "ari-cert-id", certificate.ari_cert_id);
  return value;
}

/// `cert.<spec>.ari`: what the CA advises about when to renew it (AC-38).
Value described(const renewal::CaAdvice& advice) {
  Value window = Value::object();
  window.set_time("from", advice.window_start).set_time("until", advice.window_end);
  Value value = Value::object();
  value.set("suggested-window", std::move(window)).set_time("renew-at", advice.renew_at);
  set_if_known(value, "explanation-url", advice.explanation_url);
  return value;
}

Value described(const CertificateSetFacts& set, const std::map<std::string, Value>& ocsp,
                const renewal::CaAdvices& advices) {
  Value value = Value::object();
  for (const CertificateFacts& certificate : set.certificates) {
    Value one = described(certificate);
    if (const auto found = ocsp.find(certificate.spec.name()); found != ocsp.end()) {
      one.set("ocsp", found->second);
    }
    if (const auto found = advices.by_certificate.find(certificate.ari_cert_id);
        found != advices.by_certificate.end()) {
      one.set("ari", described(found->second));
    }
    value.set(model::label_of(certificate.spec), std::move(one));
  }
  if (const auto overlap = set.overlap()) {
    value.set("valid", to_json(*overlap));
  }
  return value;
}

/// As mod_md has it: whoever is used or renewed is looked after, if only to warn of the end of what
/// is not renewed (certificate files, MDRenewMode manual).
bool is_watched(const DomainStatus& status) {
  return status.domain.is_used || status.supervision.watched;
}

/// A renewal that went live and is still told of.
bool has_renewed(const DomainStatus& status) {
  return status.job && status.job->finished && status.activated;
}

Value renewal_of(const DomainStatus& status, Detail detail) {
  const bool is_active = has_renewed(status);
  Value renewal = store::to_json(*status.job);
  const Value log = renewal.get("log");
  renewal.erase("log");
  const CertificateSetFacts& renewed =
      status.staged.certificates.empty() && is_active ? status.live : status.staged;
  if (is_active) {
    renewal.set_time("activated", *status.activated);
  }
  if (detail == Detail::Full && !log.is_null()) {
    renewal.set("log", log);
  }
  renewal.set("cert", described(renewed, {}, {}));
  return renewal;
}

/// A proxy's URL without the password that it may hold.
std::string without_credentials(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t start = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t at = url.rfind('@', url.find('/', start));
  if (at == std::string::npos || at < start) {
    return url;
  }
  return url.substr(0, start) + kMasked + url.substr(at);
}

/// One certificate in certificate-status.
Value in_public(const CertificateFacts& certificate) {
  Value value = Value::object();
  value.set("valid", to_json(certificate.validity))
      .set("serial", certificate.serial)
      .set("sha256-fingerprint", certificate.sha256_fingerprint);
  return value;
}

/// `scts`: by these, whoever watches the logs can tell this certificate from one that was had by
/// fraud, before it is in use.
Value logged(const std::vector<crypto::SignedTimestamp>& timestamps) {
  Value list = Value::array();
  for (const crypto::SignedTimestamp& timestamp : timestamps) {
    Value one = Value::object();
    one.set("logid", timestamp.log_id)
        .set_time("signed", timestamp.signed_at)
        .set("signature", timestamp.signature)
        .set("signature-type", timestamp.signature_type);
    list.push_back(std::move(one));
  }
  return list;
}

/// `renewal.cert` in certificate-status.
Value announced(const CertificateSetFacts& staged) {
  Value value = described(staged, {}, {});
  for (const CertificateFacts& certificate : staged.certificates) {
    if (const std::string label = model::label_of(certificate.spec);
        !certificate.timestamps.empty()) {
      Value one = value.get(label);
      value.set(label, std::move(one.set("scts", logged(certificate.timestamps))));
    }
  }
  return value;
}

/// Certificates of files have no key type of their own there.
std::string label_of_certificate(const model::ManagedDomain& domain,
                                 const renewal::CertificateFacts& certificate, std::size_t number) {
  const auto specs =
      domain.is_static() ? domain.settings.effective_key_specs() : std::vector<model::KeySpec>();
  return model::label_of(number < specs.size() ? specs[number] : certificate.spec);
}

}  // namespace

bool is_renewing(const DomainStatus& status) {
  return status.job && (!status.job->finished || !status.staged.certificates.empty());
}

std::pair<model::DomainState, std::string> documented_state_of(const model::ManagedDomain& domain,
                                                               const CertificateSetFacts& live) {
  if (live.is_complete()) {
    const bool wants_staple =
        !domain.is_static() && domain.settings.must_staple == model::Switch::On;
    for (std::size_t i = 0; i < live.certificates.size(); ++i) {
      const renewal::CertificateFacts& certificate = live.certificates[i];
      const auto label = [&] { return label_of_certificate(domain, certificate, i); };
      if (renewal::name_not_covered(domain, certificate)) {
        return {model::DomainState::Incomplete,
                fmt::format("certificate({}) does not cover all domains.", label())};
      }
      if (wants_staple && !certificate.must_staple) {
        return {model::DomainState::Incomplete,
                fmt::format("'must-staple' is requested, but certificate({}) has it not enabled.",
                            label())};
      }
    }
  }
  // Nothing has expired by then.
  return renewal::state_of(live, TimePoint::min());
}

void mask_secrets(Value& document) {
  if (Value external = document.get("eab"); external.has("hmac")) {
    document.set("eab", external.set("hmac", kMasked));
  }
  // Below `ca`, and as `http-proxy`, in stores that early versions of this module have written.
  Value authority = document.get("ca");
  if (Value external = authority.get("eab"); external.has("hmac")) {
    authority.set("eab", external.set("hmac", kMasked));
    document.set("ca", std::move(authority));
  }
  for (const char* const member : {"proxy-url", "http-proxy"}) {
    if (const auto proxy = document.get(member).as_string()) {
      document.set(member, without_credentials(*proxy));
    }
  }
}

Value domain_status(const DomainStatus& status, Detail detail) {
  store::DomainRecord record = status.record;
  std::tie(record.state, record.state_description) =
      documented_state_of(status.domain, status.live);
  Value document = store::to_json(status.domain, record);
  mask_secrets(document);
  document.set("cert", described(status.live, status.ocsp, status.advices));
  if (status.due.renew_at) {
    document.set_time("renew-at", *status.due.renew_at);
  }
  document.set("watched", is_watched(status));
  if (status.due.due || is_renewing(status)) {
    document.set("renew", true);
  }
  if (is_renewing(status) || has_renewed(status)) {
    document.set("renewal", renewal_of(status, detail));
  }
  return document;
}

Value md_status(std::string_view version, const std::vector<DomainStatus>& domains) {
  std::vector<const DomainStatus*> sorted;
  sorted.reserve(domains.size());
  for (const DomainStatus& status : domains) {
    sorted.push_back(&status);
  }
  std::ranges::sort(sorted, {}, [](const DomainStatus* status) -> const std::string& {
    return status->domain.name;
  });
  Value list = Value::array();
  for (const DomainStatus* status : sorted) {
    list.push_back(domain_status(*status, Detail::Summary));
  }
  Value document = Value::object();
  document.set("version", version).set("managed-domains", std::move(list));
  return document;
}

std::optional<std::size_t> find_domain(const std::vector<model::ManagedDomain>& domains,
                                       std::string_view name) {
  const auto wanted = model::DnsName::as_configured(name);
  std::optional<std::size_t> covering;
  for (std::size_t i = 0; i < domains.size(); ++i) {
    const model::ManagedDomain& domain = domains[i];
    if (domain.name == wanted.text() ||
        std::ranges::find(domain.names, wanted) != domain.names.end()) {
      return i;
    }
    if (!covering && domain.covers(wanted)) {
      covering = i;
    }
  }
  return covering;
}

Value certificate_status(const DomainStatus& status) {
  Value document = Value::object();
  if (const auto overlap = status.live.overlap()) {
    document.set("valid", to_json(*overlap));
  }
  for (const model::KeySpec& spec : status.domain.settings.effective_key_specs()) {
    document.set(model::label_of(spec), Value::object());
  }
  for (const CertificateFacts& certificate : status.live.certificates) {
    document.set(model::label_of(certificate.spec), in_public(certificate));
  }
  if (is_renewing(status)) {
    document.set("renewal", Value::object().set("cert", announced(status.staged)));
  }
  return document;
}

}  // namespace md::status
