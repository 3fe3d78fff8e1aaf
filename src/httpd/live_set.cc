// SPDX-License-Identifier: Apache-2.0
#include "httpd/live_set.h"

#include <algorithm>

#include "crypto/native.h"
#include "httpd/runtime.h"

namespace md::httpd {

std::shared_ptr<const LiveSet> LiveSet::at_start(renewal::CertificateSetFacts facts,
                                                 std::vector<Chain> chains) {
  std::shared_ptr<LiveSet> live(new LiveSet);
  live->facts_ = std::move(facts);
  live->chains_without_keys_ = std::move(chains);
  return live;
}

Result<std::shared_ptr<const LiveSet>> LiveSet::activated(store::ServedSet set,
                                                          std::uint64_t generation,
                                                          TimePoint when) {
  std::shared_ptr<LiveSet> live(new LiveSet);
  live->set_ = std::move(set);
  live->generation_ = generation;
  live->activated_at_ = when;
  for (const store::KeyedChain& keyed : live->set_) {
    live->facts_.certificates.push_back(renewal::facts_of(keyed));
    STACK_OF(X509)* const chain = sk_X509_new_null();
    live->chains_.push_back(chain);
    // OpenSSL's form of a certificate is made at the first use: here, not in a handshake.
    for (const crypto::Certificate& certificate : keyed.chain) {
      X509* const handle = crypto::native_handle(certificate);
      if (handle == nullptr) {
        return fail(ErrorKind::Crypto,
                    "OpenSSL refuses the certificate of " + certificate.subject_name());
      }
      const bool is_leaf = &certificate == &keyed.chain.front();
      if (!is_leaf && sk_X509_push(chain, handle) == 0) {
        return fail(ErrorKind::Crypto, "no memory for a certificate chain");
      }
    }
  }
  return std::shared_ptr<const LiveSet>(std::move(live));
}

std::shared_ptr<const LiveSet> LiveSet::without_keys(bool with_chains) const {
  std::shared_ptr<LiveSet> live(new LiveSet);
  live->facts_ = facts_;
  live->generation_ = generation_;
  live->activated_at_ = activated_at_;
  for (const store::KeyedChain& keyed : set_) {
    // Made anew: OpenSSL's form of a leaf is many times as large.
    const auto der = keyed.chain.front().to_der();
    auto leaf =
        der ? crypto::Certificate::from_der(*der) : Result<crypto::Certificate>(der.error());
    if (with_chains && leaf) {
      Chain& chain = live->chains_without_keys_.emplace_back(Chain{keyed.spec, keyed.chain});
      chain.certificates.front() = *std::move(leaf);
    }
  }
  return live;
}

LiveSet::~LiveSet() {
  for (STACK_OF(X509)* const chain : chains_) {
    sk_X509_free(chain);
  }
}

std::vector<crypto::Certificate> LiveSet::chain_of(const model::KeySpec& spec) const {
  for (const store::KeyedChain& keyed : set_) {
    if (keyed.spec == spec) {
      return keyed.chain;
    }
  }
  for (const Chain& chain : chains_without_keys_) {
    if (chain.spec == spec) {
      return chain.certificates;
    }
  }
  return {};
}

bool LiveSet::has(const crypto::Certificate& certificate) const {
  return std::ranges::any_of(facts_.certificates, [&](const renewal::CertificateFacts& facts) {
    return facts.sha256_fingerprint == certificate.sha256_fingerprint();
  });
}

bool LiveSet::fits(const TlsHost& host) const {
  const std::unique_ptr<SSL, decltype(&SSL_free)> rehearsal(SSL_new(host.context), SSL_free);
  return rehearsal != nullptr && apply(rehearsal.get(), host);
}

bool LiveSet::apply(SSL* ssl, const TlsHost& host) const {
  if (set_.empty()) {
    return false;
  }
  if (!host.has_own_files) {
    SSL_certs_clear(ssl);
  }
  bool all = true;
  for (std::size_t i = 0; i < set_.size(); ++i) {
    // The call takes references of its own; the stack is copied.
    all = SSL_use_cert_and_key(ssl, crypto::native_handle(set_[i].chain.front()),
                               crypto::native_handle(set_[i].key), chains_[i], 1) == 1 &&
          all;
  }
  return all;
}

}  // namespace md::httpd
