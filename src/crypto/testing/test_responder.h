// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/base64.h"
#include "crypto/certificate.h"
#include "crypto/private_key.h"
#include "crypto/testing/test_ca.h"

namespace md::crypto::testing {

/// How a responder answers, right or wrong.
struct OcspOptions {
  enum class Says { Good, Revoked, Unknown };
  enum class Signer { Issuer, Delegate, DelegateWithoutUsage, Stranger };
  enum class Hash { Sha1, Sha256 };
  Says says{Says::Good};
  Signer signer{Signer::Issuer};
  Hash hash{Hash::Sha1};
  TimePoint this_update{};
  std::optional<TimePoint> next_update;
  /// Instead of an answer: one of OpenSSL's OCSP_RESPONSE_STATUS_… (3: tryLater).
  int refusal{0};
};

/// DER of what a responder of the CA answers when asked about `certificate`.
Bytes make_ocsp_answer(const TestCa& ca, const Certificate& certificate,
                       const OcspOptions& options);

}  // namespace md::crypto::testing
