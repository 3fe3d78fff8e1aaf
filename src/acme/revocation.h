// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "acme/client.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/private_key.h"

namespace md::acme {

/// Why a certificate is revoked, as a subscriber may say (RFC 5280 §5.3.1).
enum class RevocationReason {
  Unspecified = 0,
  KeyCompromise = 1,
  AffiliationChanged = 3,
  Superseded = 4,
  CessationOfOperation = 5,
};
/// By RFC 5280's name, in any case: "keyCompromise"; nullopt for others.
std::optional<RevocationReason> revocation_reason_named(std::string_view name);
/// All names, for messages.
std::string revocation_reason_names();

/// POST revokeCert, signed with the certificate's own key: whoever has that may revoke it, and no
/// account is needed (RFC 8555 §7.6). Permanent where the CA offers no revocation.
Status revoke_certificate(Connection& connection, const Directory& directory,
                          const crypto::PrivateKey& key, const crypto::Certificate& certificate,
                          RevocationReason reason);

}  // namespace md::acme
