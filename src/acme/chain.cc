// SPDX-License-Identifier: Apache-2.0
#include "acme/chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"

namespace md::acme {
namespace {

// No CA's chain comes near; putting them in order takes time by the square.
constexpr std::size_t kLongestChain = 32;

Chain without_duplicates(const Chain& certificates) {
  Chain unique;
  std::vector<std::string> seen;
  for (const crypto::Certificate& certificate : certificates) {
    const std::string fingerprint = certificate.sha256_fingerprint();
    if (std::find(seen.begin(), seen.end(), fingerprint) == seen.end()) {
      seen.push_back(fingerprint);
      unique.push_back(certificate);
    }
  }
  return unique;
}

bool issued(const crypto::Certificate& issuer, const crypto::Certificate& other) {
  return !other.is_self_signed() && other.issuer_name() == issuer.subject_name();
}

bool is_leaf(const Chain& certificates, const crypto::Certificate& candidate) {
  return std::none_of(certificates.begin(), certificates.end(),
                      [&](const crypto::Certificate& other) { return issued(candidate, other); });
}

}  // namespace

Result<Chain> parse_chain(std::string_view body, std::string_view what) {
  Chain chain;
  if (body.find("-----BEGIN CERTIFICATE") != std::string_view::npos) {
    MD_ASSIGN_OR_RETURN_CONTEXT(chain, crypto::Certificate::chain_from_pem(body), what);
  } else if (auto single = crypto::Certificate::from_der(as_bytes(body))) {
    chain.push_back(std::move(single).value());
  }
  if (chain.empty()) {
    return fail(ErrorKind::Corrupt,
                fmt::format("{} holds no certificate; it starts with '{}'", what,
                            body.empty() ? "nothing at all" : printable(body, 80)));
  }
  if (chain.size() > kLongestChain) {
    return fail(ErrorKind::Corrupt, fmt::format("{} holds {} certificates, more than {}", what,
                                                chain.size(), kLongestChain));
  }
  return chain;
}

Chain in_order(const Chain& certificates) {
  Chain rest = without_duplicates(certificates);
  Chain ordered;
  auto next = std::find_if(rest.begin(), rest.end(), [&](const crypto::Certificate& certificate) {
    return is_leaf(rest, certificate);
  });
  while (next != rest.end()) {
    ordered.push_back(*next);
    rest.erase(next);
    next = std::find_if(rest.begin(), rest.end(), [&](const crypto::Certificate& certificate) {
      return issued(certificate, ordered.back());
    });
  }
  ordered.insert(ordered.end(), rest.begin(), rest.end());
  return ordered;
}

}  // namespace md::acme
