// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"

/// OCSP answers for the certificates that are served: fetched ahead of time, kept over outages and
/// restarts, stapled from memory.
namespace md::ocsp {

/// SHA-1 of a certificate's DER: what mod_ssl asks by, and what files and status pages are named
/// after.
using StapleId = std::array<unsigned char, 20>;
std::string hex_of(const StapleId& id);

/// Digests are spread evenly as they are.
struct StapleIdHash {
  std::size_t operator()(const StapleId& id) const {
    std::size_t hash = 0;
    std::memcpy(&hash, id.data(), sizeof hash);
    return hash;
  }
};

/// The folder in the store of certificates that belong to no managed domain.
inline constexpr const char* kOthers = "other";

/// A certificate that gets a staple. Immutable.
struct Subject {
  std::string folder;  ///< in the store's `ocsp`: the managed domain's name, or kOthers
  StapleId id;
  crypto::Certificate certificate;
  crypto::Certificate issuer;
  std::string responder_url;

  /// "ocsp-<id>.json"
  [[nodiscard]] std::string answer_file() const;
  /// "job-<id>.json": how the fetches went. One for each certificate, since each backs off alone.
  [[nodiscard]] std::string job_file() const;
};

/// Of a chain, leaf first. NotFound where there is nothing to staple, which is no failure: the
/// certificate names no responder (OC-06), is self-signed (OC-15), or the chain lacks its issuer —
/// the message says which.
Result<Subject> subject_of(std::string folder, const std::vector<crypto::Certificate>& chain);

}  // namespace md::ocsp
