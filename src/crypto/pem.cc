// SPDX-License-Identifier: Apache-2.0
#include "crypto/internal/pem.h"

#include <openssl/err.h>

#include <limits>

#include "crypto/internal/errors.h"

namespace md::crypto {
namespace {

/// Memory that PEM_read_bio_ex made with PEM_FLAG_SECURE.
struct FreeSecurely {
  void operator()(char* text) const noexcept { OPENSSL_secure_free(text); }
};
using SecureText = std::unique_ptr<char, FreeSecurely>;

bool is_at_end(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

}  // namespace

PemReader::PemReader(std::string_view pem) {
  if (!pem.empty() && pem.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    source_.reset(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  }
}

Result<PemBlock> PemReader::next() {
  if (source_ == nullptr) {
    return fail(ErrorKind::NotFound, "no PEM in it");
  }
  char* name = nullptr;
  char* headers = nullptr;
  unsigned char* der = nullptr;
  long size = 0;
  const int read = PEM_read_bio_ex(source_.get(), &name, &headers, &der, &size,
                                   PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE);
  if (read != 1) {
    return is_at_end(ERR_peek_last_error()) ? fail(ErrorKind::NotFound, "no PEM in it")
                                            : openssl_failure("read PEM", ErrorKind::Corrupt);
  }
  const SecureText own_name(name);
  const SecureText own_headers(headers);
  const auto length = static_cast<std::size_t>(size);
  PemBlock block{name, headers, SecretBytes(std::span<const unsigned char>(der, length))};
  OPENSSL_secure_clear_free(der, length);
  return block;
}

Result<SecretBytes> to_pem_block(const char* name, std::span<const unsigned char> der) {
  const BioPtr sink(BIO_new(BIO_s_secmem()));
  if (sink == nullptr ||
      PEM_write_bio(sink.get(), name, "", der.data(), static_cast<long>(der.size())) <= 0) {
    return openssl_failure("write PEM");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(sink.get(), &text);
  return SecretBytes(std::string_view(text, static_cast<std::size_t>(size)));
}

}  // namespace md::crypto
