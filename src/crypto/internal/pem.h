// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/internal/handles.h"

namespace md::crypto {

/// One block between "-----BEGIN x-----" and "-----END x-----"; wiped when it goes away.
struct PemBlock {
  std::string name;     ///< "CERTIFICATE", "PRIVATE KEY"
  std::string headers;  ///< of RFC 1421, as "Proc-Type: 4,ENCRYPTED"; mostly empty
  SecretBytes der;
};

/// Reads the blocks of a PEM text one after the other, over any text between them. The text must
/// outlive it.
class PemReader {
 public:
  explicit PemReader(std::string_view pem);

  /// NotFound: there are no more. Corrupt: what is between the armour cannot be read.
  Result<PemBlock> next();

 private:
  BioPtr source_;
};

/// One block as text, wiped wherever OpenSSL had it.
Result<SecretBytes> to_pem_block(const char* name, std::span<const unsigned char> der);

}  // namespace md::crypto
