// SPDX-License-Identifier: Apache-2.0
#include "config/domain_checks.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "config/authorities.h"

namespace md::config {
namespace {

using model::ManagedDomain;

void check_hosts(const ManagedDomain& domain, bool has_tls_host, std::vector<Finding>& findings) {
  if (!domain.is_used) {
    findings.push_back({LogLevel::Warning, LogId{10045},
                        fmt::format("No VirtualHost matches Managed Domain {}", domain.name)});
  } else if (!has_tls_host && domain.settings.require_https != model::RequireHttps::Off) {
    findings.push_back(
        {LogLevel::Warning, LogId{10105},
         fmt::format("MD {} does not match any VirtualHost with 'SSLEngine on', but is configured "
                     "to require https. This cannot work.",
                     domain.name)});
  }
}

void check_static_files(const ManagedDomain& domain, std::vector<Finding>& findings) {
  const std::size_t certificates = domain.settings.certificate_files.size();
  const std::size_t keys = domain.settings.certificate_key_files.size();
  if (certificates == keys) {
    return;
  }
  const bool has_keys_only = certificates == 0;
  findings.push_back(
      {LogLevel::Error, LogId{has_keys_only ? 10171 : 10170},
       has_keys_only
           ? fmt::format("The Managed Domain '{}' has MDCertificateKeyFile(s) but no "
                         "MDCertificateFile.",
                         domain.name)
           : fmt::format("The Managed Domain '{}' needs one MDCertificateKeyFile for each "
                         "MDCertificateFile.",
                         domain.name),
       /*is_fatal=*/true});
}

void warn(std::vector<Finding>& findings, std::string message) {
  findings.push_back({LogLevel::Warning, LogId{}, std::move(message)});
}

void check_names(const ManagedDomain& domain, std::vector<Finding>& findings) {
  for (const model::DnsName& name : domain.names) {
    if (!name.is_valid()) {
      warn(findings, fmt::format("The Managed Domain '{}' has the name '{}': {}. The CA is asked "
                                 "for it all the same.",
                                 printable(domain.name, 80), printable(name.text(), 80),
                                 model::DnsName::parse(name.text()).error().message));
    }
  }
}

/// `reported`: words that an earlier domain has, too.
void check_challenges(const ManagedDomain& domain, std::set<std::string>& reported,
                      std::vector<Finding>& findings) {
  for (const std::string& word : domain.settings.challenges.unknown_words()) {
    if (reported.insert(word).second) {
      warn(findings, fmt::format("MDCAChallenges '{}' of Managed Domain '{}' is no challenge type "
                                 "that is known, and never matches. Known are 'tls-alpn-01', "
                                 "'http-01' and 'dns-01'.",
                                 printable(word, 80), printable(domain.name, 80)));
    }
  }
}

void check_windows(const ManagedDomain& domain, std::set<std::string>& reported,
                   std::vector<Finding>& findings) {
  const std::pair<std::string_view, model::Window> windows[]{
      {"MDRenewWindow", domain.settings.renew_window},
      {"MDWarnWindow", domain.settings.warn_window}};
  for (const auto& [directive, window] : windows) {
    const bool is_negative = window.fixed_length().value_or(Duration(0)) < Duration(0);
    if (is_negative && reported.insert(fmt::format("{} {}", directive, window.text())).second) {
      warn(findings, fmt::format("{} {} of Managed Domain '{}' is less than nothing: it counts as "
                                 "0.",
                                 directive, window.text(), domain.name));
    }
  }
}

bool is_socket(const model::CertificateAuthority& authority) {
  return equals_ignoring_case(std::string_view(authority.url).substr(0, 5), "file:");
}

bool is_http(const model::CertificateAuthority& authority) {
  const std::string url = to_lower(authority.url);
  return url.starts_with("http://") || url.starts_with("https://");
}

/// The socket of tailscaled is a CA for one protocol, and the only one for it.
void check_protocol(const ManagedDomain& domain, std::vector<Finding>& findings) {
  const bool is_tailscale = domain.settings.protocol == model::CertificateProtocol::Tailscale;
  for (const model::CertificateAuthority& authority : domain.settings.authorities) {
    if (!is_tailscale && !is_socket(authority) && !is_http(authority)) {
      warn(findings, fmt::format("The Managed Domain '{}' cannot have certificates from {}: a CA "
                                 "is asked by http or https.",
                                 domain.name, printable(authority.url, 200)));
    } else if (is_socket(authority) != is_tailscale) {
      findings.push_back(
          {LogLevel::Warning, LogId{},
           fmt::format("The Managed Domain '{}' cannot have certificates from {} with "
                       "MDCertificateProtocol {}: {}.",
                       domain.name, authority.url, is_tailscale ? "tailscale" : "ACME",
                       is_tailscale
                           ? "MDCertificateAuthority has to name the socket of tailscaled, "
                             "file://localhost/…"
                           : "files are sockets of tailscaled")});
    }
  }
  if (is_tailscale && domain.settings.must_staple == model::Switch::On) {
    findings.push_back({LogLevel::Warning, LogId{},
                        fmt::format("The Managed Domain '{}' is to have certificates from "
                                    "tailscale, where must-staple cannot be asked for: "
                                    "MDMustStaple is without effect.",
                                    domain.name)});
  }
  if (!is_tailscale || (domain.names.size() == 1 && !domain.names.front().is_wildcard())) {
    return;
  }
  findings.push_back({LogLevel::Warning, LogId{},
                      fmt::format("The Managed Domain '{}' is to have certificates from tailscale, "
                                  "which are for one name each, without wildcards.",
                                  domain.name)});
}

void check_authorities(const ManagedDomain& domain, std::set<std::string>& reported,
                       std::vector<Finding>& findings) {
  for (const auto& authority : domain.settings.authorities) {
    const KnownAuthority* known = find_authority(authority.name);
    if (known == nullptr || known->still_issues || !reported.insert(authority.name).second) {
      continue;
    }
    findings.push_back({LogLevel::Warning, LogId{},
                        fmt::format("The CA '{}', used by Managed Domain '{}', no longer issues "
                                    "certificates: choose another MDCertificateAuthority.",
                                    authority.name, domain.name)});
  }
}

}  // namespace

void check_server(const model::ResolvedSettings& settings, std::vector<Finding>& findings) {
  if (settings.activation_delay.count() < 0) {
    warn(findings, "MDActivationDelay is less than nothing: it counts as 0.");
  }
  const auto keep = settings.stapling_keep_response.fixed_length();
  if (keep && *keep < Duration(0)) {
    warn(findings, "MDStaplingKeepResponse is less than nothing: it counts as 0.");
  }
  const auto renew = settings.stapling_renew_window.fixed_length();
  if (renew && *renew < Duration(0)) {
    warn(findings, "MDStaplingRenewWindow is less than nothing: it counts as 0.");
  }
}

void check_domains(std::span<const ManagedDomain> domains, const std::vector<bool>& has_tls_host,
                   std::vector<Finding>& findings) {
  std::set<std::string> reported_authorities;
  std::set<std::string> reported_words;
  for (std::size_t i = 0; i < domains.size(); ++i) {
    const ManagedDomain& domain = domains[i];
    check_hosts(domain, has_tls_host[i], findings);
    check_names(domain, findings);
    check_challenges(domain, reported_words, findings);
    check_windows(domain, reported_words, findings);
    check_static_files(domain, findings);
    check_protocol(domain, findings);
    check_authorities(domain, reported_authorities, findings);
  }
}

}  // namespace md::config
