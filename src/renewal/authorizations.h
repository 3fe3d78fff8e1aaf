// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "acme/client.h"
#include "base/result.h"
#include "model/dns_name.h"
#include "renewal/challenge_setup.h"
#include "renewal/order_flow.h"

namespace md::renewal {

/// Proves to the CA that the names of one order are ours: those whose authorization is valid
/// already are left alone, for the others a challenge is set up, the CA told, and its verdict
/// awaited (RFC 8555 §7.5). Thread-compatible.
class Authorizations {
 public:
  /// `names`: what was ordered; nothing else is answered for.
  Authorizations(OrderContext& context, const std::vector<model::DnsName>& names,
                 ChallengeSetup& setup)
      : context_(context), names_(names), setup_(setup) {}

  Status complete(const acme::Order& order);

  /// An authorization was neither valid nor pending when it was looked at first (AC-12, AC-13).
  [[nodiscard]] bool found_unusable() const { return found_unusable_; }

 private:
  struct Pending {
    acme::Authorization authorization;
    model::DnsName name;  ///< as ordered: a wildcard with its "*."
    acme::Challenge challenge;
    model::ChallengeType type{model::ChallengeType::Http01};
  };

  Status look_at(const std::string& url);
  static std::vector<std::string> spellings_of(const acme::Authorization& authorization);
  Result<model::DnsName> ordered_name(const acme::Authorization& authorization) const;
  Result<std::vector<model::ChallengeType>> choices(const acme::Authorization& authorization,
                                                    const model::DnsName& name) const;
  Status set_up(acme::Authorization authorization, const model::DnsName& name);
  Status announce(model::ChallengeType type, const model::DnsName& name);
  Status tell(Pending& pending);
  Result<std::optional<Problem>> await(const Pending& pending, bool is_lost);

  OrderContext& context_;
  const std::vector<model::DnsName>& names_;
  ChallengeSetup& setup_;
  std::vector<Pending> pending_;
  bool found_unusable_{false};
};

/// The job's log remembers which challenges failed for which name, so that the next attempt tries
/// another type first.
inline constexpr std::string_view kChallengeFailed = "challenge-failed";
/// `types` in their order, those that failed more often since the last success further back.
std::vector<model::ChallengeType> least_failed_first(std::vector<model::ChallengeType> types,
                                                     const model::DnsName& name,
                                                     const model::Job& job);

}  // namespace md::renewal
