// SPDX-License-Identifier: Apache-2.0
#include "crypto/issuer.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "crypto/internal/errors.h"
#include "crypto/internal/handles.h"
#include "crypto/native.h"

namespace md::crypto {
namespace {

using ContextPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;

bool has_signed(const Certificate& issuer, const Certificate& leaf) {
  EVP_PKEY* const key = X509_get0_pubkey(native_handle(issuer));
  return key != nullptr && X509_verify(native_handle(leaf), key) == 1;
}

}  // namespace

bool is_issued_by_ca_of(const std::vector<Certificate>& chain,
                        const std::vector<Certificate>& known) {
  const CleanErrors clean;
  return !chain.empty() && known.size() > 1 && has_signed(known[1], known[0]) &&
         has_signed(known[1], chain[0]);
}

bool is_trusted_by_system(const std::vector<Certificate>& chain, TimePoint now) {
  const CleanErrors clean;
  const TrustStorePtr roots(X509_STORE_new());
  const ContextPtr context(X509_STORE_CTX_new());
  const BorrowedCertificates others(sk_X509_new_null());
  if (chain.empty() || roots == nullptr || context == nullptr || others == nullptr ||
      X509_STORE_set_default_paths(roots.get()) != 1) {
    return false;
  }
  for (const Certificate& certificate : chain) {
    if (sk_X509_push(others.get(), native_handle(certificate)) == 0) {
      return false;
    }
  }
  if (X509_STORE_CTX_init(context.get(), roots.get(), native_handle(chain[0]), others.get()) != 1) {
    return false;
  }
  X509_STORE_CTX_set_time(context.get(), 0, std::chrono::system_clock::to_time_t(now));
  return X509_verify_cert(context.get()) == 1;
}

}  // namespace md::crypto
