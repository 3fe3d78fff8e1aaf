// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret_bytes.h"
#include "crypto/private_key.h"
#include "model/managed_domain.h"
#include "model/settings.h"
#include "renewal/world.h"

namespace md::renewal {

/// The keys of all tls-alpn-01 certificates that this process makes: an RSA key for each challenge
/// would cost more than all the rest of it. Made when first needed. Thread-safe.
class ChallengeKeys {
 public:
  explicit ChallengeKeys(const SecretBytes& store_key) : store_key_(store_key) {}

  struct Kept {
    crypto::PrivateKey key;
    std::string encrypted_pem;
  };
  Result<Kept> key_for(const model::KeySpec& spec);

 private:
  const SecretBytes& store_key_;
  std::mutex mutex_;
  std::vector<std::pair<model::KeySpec, Kept>> kept_;  // guarded by mutex_
};

/// A challenge that is in place, as order.json remembers it: "http-01:www.example.org:<mark>". The
/// mark tells orders for one name apart: the token, or the digest in the TXT record. mod_md writes
/// none.
struct PlacedChallenge {
  model::ChallengeType type{model::ChallengeType::Http01};
  std::string name;  ///< without "*."
  std::string mark;

  [[nodiscard]] std::string text() const;
  static std::optional<PlacedChallenge> parse(std::string_view text);
  friend bool operator==(const PlacedChallenge&, const PlacedChallenge&) = default;
};

/// What the CA is to find for one authorization.
struct ChallengeAnswer {
  model::ChallengeType type{model::ChallengeType::Http01};
  model::DnsName name;  ///< without "*."
  std::string token;
  std::string key_authorization;
};

/// The answers to the challenges of one order: puts them where the children, or the DNS, show them
/// to the CA, and takes them away again, each once. Thread-compatible.
class ChallengeSetup {
 public:
  /// `placed`: what an earlier process has left in place. `remember` is called with all that is, or
  /// may be, in place whenever that changes, before it does.
  ChallengeSetup(const World& world, ChallengeKeys& keys, const model::ManagedDomain& domain,
                 std::vector<std::string> placed,
                 std::function<Status(const std::vector<std::string>&)> remember);

  Status put(const ChallengeAnswer& answer);
  /// Failures are logged: there is nothing else to be done about them.
  void take_away_all();

 private:
  Status note(const PlacedChallenge& challenge);
  Status put_http(const ChallengeAnswer& answer);
  Status put_tls_alpn(const ChallengeAnswer& answer);
  Status put_dns(const ChallengeAnswer& answer);
  Status run_dns_command(std::string_view action, const std::string& name,
                         const std::string& digest) const;
  Status take_away(const PlacedChallenge& challenge);
  Status take_away_http(const PlacedChallenge& challenge);
  Status take_away_tls_alpn(const PlacedChallenge& challenge);

  const World& world_;
  ChallengeKeys& keys_;
  const model::ManagedDomain& domain_;
  std::vector<std::string> placed_;
  std::function<Status(const std::vector<std::string>&)> remember_;
};

/// What the TXT record of a dns-01 challenge holds (RFC 8555 §8.4).
std::string dns01_digest(std::string_view key_authorization);

/// A token may become the name of a file: base64url and not endless (RFC 8555 §8.1).
bool is_token(std::string_view text);

}  // namespace md::renewal
