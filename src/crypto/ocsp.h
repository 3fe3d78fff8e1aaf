// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "base/base64.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "model/validity.h"

namespace md::crypto {

/// What a responder says of a certificate (RFC 6960 §2.2). `unknown` is none of them: it refuses.
enum class OcspStatus { Good, Revoked };
/// "good", "revoked": as in the store and in status documents.
std::string_view name_of(OcspStatus status);

/// A responder's answer that may be stapled: verified, and about the certificate.
struct OcspAnswer {
  OcspStatus status{OcspStatus::Good};
  /// thisUpdate to nextUpdate; 12 hours where the responder promises no next one.
  model::Validity validity;
  Bytes der;  ///< as it came, for the handshake
};

/// Longer answers are none that a handshake should carry.
inline constexpr std::size_t kMaxOcspAnswer = std::size_t{64} * 1024;

/// DER of the question for one certificate, with SHA-1 ids and without a nonce, so that responders
/// and what lies between may answer from a cache (RFC 5019 §2.1).
Result<Bytes> make_ocsp_request(const Certificate& certificate, const Certificate& issuer);

/// Checks an answer as it came from the network or the disk (RFC 6960 §3.2): that it is one, that
/// it is about `certificate`, signed by `issuer` or by one that `issuer` has named for this, and
/// current at `now`. The errors say which: Corrupt if it cannot be read, Rejected otherwise.
Result<OcspAnswer> check_ocsp_answer(std::span<const unsigned char> der,
                                     const Certificate& certificate, const Certificate& issuer,
                                     TimePoint now);

}  // namespace md::crypto
