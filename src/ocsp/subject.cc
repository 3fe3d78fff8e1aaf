// SPDX-License-Identifier: Apache-2.0
#include "ocsp/subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/base64.h"

namespace md::ocsp {

std::string hex_of(const StapleId& id) {
  return encode_hex(id);
}

std::string Subject::answer_file() const {
  return "ocsp-" + hex_of(id) + ".json";
}

std::string Subject::job_file() const {
  return "job-" + hex_of(id) + ".json";
}

Result<Subject> subject_of(std::string folder, const std::vector<crypto::Certificate>& chain) {
  if (chain.empty()) {
    return fail(ErrorKind::NotFound, "there is no certificate");
  }
  const crypto::Certificate& leaf = chain.front();
  const std::string name = fmt::format("the certificate with serial {}", leaf.serial());
  if (leaf.is_self_signed()) {
    return fail(ErrorKind::NotFound, name + " is self-signed: nobody can vouch for it");
  }
  auto responder = leaf.ocsp_responder_url();
  if (!responder) {
    return fail(ErrorKind::NotFound, name + " names no OCSP responder");
  }
  const auto issuer = std::find_if(chain.begin() + 1, chain.end(), [&](const auto& candidate) {
    return candidate.subject_name() == leaf.issuer_name();
  });
  if (issuer == chain.end()) {
    return fail(ErrorKind::NotFound,
                fmt::format("{} comes without its issuer {}, which OCSP needs: add that to the "
                            "certificate file",
                            name, leaf.issuer_name()));
  }
  return Subject{std::move(folder), leaf.sha1_id(), leaf, *issuer, *std::move(responder)};
}

}  // namespace md::ocsp
