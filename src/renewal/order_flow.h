// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acme/client.h"
#include "base/result.h"
#include "crypto/private_key.h"
#include "model/managed_domain.h"
#include "renewal/challenge_setup.h"
#include "renewal/events.h"
#include "renewal/facts.h"
#include "renewal/job_journal.h"
#include "renewal/world.h"
#include "store/documents.h"

namespace md::renewal {

/// What one attempt hands to the order of each of its key specs.
struct OrderContext {
  const World& world;
  const model::ManagedDomain& domain;
  const std::string& ca_url;
  std::string profile;   ///< to ask for; empty: none
  std::string replaces;  ///< ARI id of the certificate that is replaced; empty: none
  JobJournal& journal;
  Events& events;
  ChallengeKeys& challenge_keys;
  acme::Session& session;
};

/// May a new certificate be for that key? One that is live may be smaller, until it is due.
bool is_large_enough(const crypto::PrivateKey& key, const model::KeySpec& spec);

/// The entry in a job's log that says which certificate (ARI id) the CA does not want to see
/// replaced.
inline constexpr std::string_view kReplacesRefused = "replaces-refused";

/// What the job says while the CA is asked for an order.
std::string ordering_activity(const model::KeySpec& spec, const model::ManagedDomain& domain,
                              std::string_view profile, std::string_view replaces);

/// Obtains the certificate of one key spec and stages it: take up the order under way, or make one
/// → authorizations → challenges → finalize → download → check. May be killed at any instruction:
/// the key is in staging before the CA hears of it, the order as soon as it exists. The caller
/// holds the domain's lock. Thread-compatible.
class OrderFlow {
 public:
  OrderFlow(OrderContext context, model::KeySpec spec);

  /// What was staged. After an error the order stays to be taken up again, unless the CA has said
  /// its last word on it.
  Result<CertificateFacts> run();

 private:
  enum class Origin { TakenUp, New };
  struct Opened {
    acme::Order order;
    Origin origin{Origin::New};
  };

  Result<CertificateFacts> obtain(Opened& opened);
  Status prepare_key();
  Status make_key();
  Result<Opened> open_order();
  std::optional<store::OrderRecord> load_record();
  [[nodiscard]] bool is_ours(const store::OrderRecord& record) const;
  void note_whose(store::OrderRecord& record) const;
  [[nodiscard]] bool can_be_used(const acme::Order& order) const;
  Result<acme::Order> create_order();
  Result<acme::Order> request_order();
  Result<acme::Order> request_without_replaces(acme::OrderRequest& request, const Error& refusal);
  Result<acme::Order> request_without_profile(acme::OrderRequest& request, Error refusal);
  Status save_record(store::Durability durability);
  void drop_order();

  Status authorize(const acme::Order& order, Origin origin);
  Result<acme::Order> issue(acme::Order order);
  Result<acme::Order> finalize(acme::Order order, const Bytes& csr);
  Result<acme::Order> await_issue(acme::Order order);
  Result<CertificateFacts> stage_certificate(const acme::Order& order);

  ChallengeSetup challenge_setup();
  Status remember(std::vector<std::string> placed);
  [[nodiscard]] std::vector<std::string> asked_names() const;

  OrderContext context_;
  const model::KeySpec spec_;
  const std::vector<model::DnsName> names_;
  std::optional<crypto::PrivateKey> key_;
  bool key_is_new_{false};
  /// The order turned out to be of no use, through no fault of the names: an old one may be
  /// replaced at once.
  bool order_is_stale_{false};
  store::OrderRecord record_;
};

}  // namespace md::renewal
