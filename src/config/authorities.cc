// SPDX-License-Identifier: Apache-2.0
#include "config/authorities.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/uri.h"

namespace md::config {
namespace {

constexpr auto kAuthorities = std::to_array<KnownAuthority>({
    {"LetsEncrypt", "https://acme-v02.api.letsencrypt.org/directory"},
    {"LetsEncrypt-Test", "https://acme-staging-v02.api.letsencrypt.org/directory"},
    {"Buypass", "https://api.buypass.com/acme/directory", false},
    {"Buypass-Test", "https://api.test4.buypass.no/acme/directory", false},
    {"ZeroSSL", "https://acme.zerossl.com/v2/DV90"},
    {"Google", "https://dv.acme-v02.api.pki.goog/directory"},
    {"Google-Test", "https://dv.acme-v02.test-api.pki.goog/directory"},
    {"SSL.com", "https://acme.ssl.com/sslcom-dv-rsa"},
    {"Actalis", "https://acme-api.actalis.com/acme/directory"},
});

}  // namespace

std::span<const KnownAuthority> known_authorities() {
  return kAuthorities;
}

const KnownAuthority* find_authority(std::string_view name) {
  const auto* const found =
      std::find_if(kAuthorities.begin(), kAuthorities.end(),
                   [&](const KnownAuthority& ca) { return equals_ignoring_case(ca.name, name); });
  return found == kAuthorities.end() ? nullptr : found;
}

Result<model::CertificateAuthority> parse_authority(std::string_view text) {
  if (const KnownAuthority* known = find_authority(text)) {
    return model::CertificateAuthority{std::string(known->url), std::string(known->name)};
  }
  if (const std::string_view flaw = flaw_of_uri(text); !flaw.empty()) {
    std::string names;
    for (const KnownAuthority& known : kAuthorities) {
      names += fmt::format(" {}", known.name);
    }
    return fail(ErrorKind::InvalidInput,
                fmt::format("The CA name '{}' is not known and it is not a URL either ({}). Known "
                            "CA names are:{}.",
                            printable(text, 80), flaw, names));
  }
  return model::CertificateAuthority{std::string(text), ""};
}

}  // namespace md::config
