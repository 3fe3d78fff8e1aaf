// SPDX-License-Identifier: Apache-2.0
#pragma once

// The only door through which handles of OpenSSL leave this layer, for `httpd` and mod_ssl's hooks.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/certificate.h"
#include "crypto/private_key.h"

namespace md::crypto {

/// Borrowed: lives as long as the value it came from. OpenSSL's functions count references on
/// non-const pointers even where they only read.
EVP_PKEY* native_handle(const PrivateKey& key);
/// Made when it is first asked for (200 µs), and kept. Null if OpenSSL refuses a certificate that
/// could be read in parts: there is no use for it. Thread-safe.
X509* native_handle(const Certificate& certificate);

}  // namespace md::crypto
