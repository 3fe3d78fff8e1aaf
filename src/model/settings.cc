// SPDX-License-Identifier: Apache-2.0
#include "model/settings.h"

#include "base/text.h"

namespace md::model {

std::string_view name_of(ChallengeType type) {
  switch (type) {
    case ChallengeType::Http01:
      return "http-01";
    case ChallengeType::TlsAlpn01:
      return "tls-alpn-01";
    case ChallengeType::Dns01:
      return "dns-01";
  }
  return "";
}

std::optional<ChallengeType> challenge_type_named(std::string_view name) {
  for (const auto type : {ChallengeType::Http01, ChallengeType::TlsAlpn01, ChallengeType::Dns01}) {
    if (equals_ignoring_case(name, name_of(type))) {
      return type;
    }
  }
  return std::nullopt;
}

}  // namespace md::model
