// SPDX-License-Identifier: Apache-2.0
#include "acme/revocation.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "acme/exchange.h"
#include "base/base64.h"
#include "base/text.h"

namespace md::acme {
namespace {

constexpr std::array<std::pair<std::string_view, RevocationReason>, 5> kReasons{{
    {"unspecified", RevocationReason::Unspecified},
    {"keyCompromise", RevocationReason::KeyCompromise},
    {"affiliationChanged", RevocationReason::AffiliationChanged},
    {"superseded", RevocationReason::Superseded},
    {"cessationOfOperation", RevocationReason::CessationOfOperation},
}};

}  // namespace

std::optional<RevocationReason> revocation_reason_named(std::string_view name) {
  const auto found = std::ranges::find_if(
      kReasons, [&](const auto& reason) { return equals_ignoring_case(reason.first, name); });
  return found == kReasons.end() ? std::nullopt : std::optional(found->second);
}

std::string revocation_reason_names() {
  std::vector<std::string> names;
  names.reserve(kReasons.size());
  for (const auto& reason : kReasons) {
    names.emplace_back(reason.first);
  }
  return join(names, ", ");
}

Status revoke_certificate(Connection& connection, const Directory& directory,
                          const crypto::PrivateKey& key, const crypto::Certificate& certificate,
                          RevocationReason reason) {
  if (directory.revoke_cert.empty()) {
    return fail(ErrorKind::Permanent, "the CA at " + directory.url + " offers no revocation");
  }
  MD_ASSIGN_OR_RETURN(const Bytes der, certificate.to_der());
  json::Value payload = json::Value::object();
  payload.set("certificate", encode_base64url(der)).set("reason", static_cast<int>(reason));
  const auto answer =
      post_signed(connection, directory, {key, ""}, directory.revoke_cert, payload.dump_compact());
  return answer ? Status() : with_context(answer.error(), "revoke the certificate");
}

}  // namespace md::acme
