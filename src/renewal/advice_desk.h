// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "acme/client.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "model/managed_domain.h"
#include "renewal/ca_advice.h"
#include "renewal/facts.h"
#include "renewal/world.h"

namespace md::renewal {

/// Asks CAs about the certificates that they have issued, no more often than they like, and keeps
/// what they say. That one cannot be asked is no error of anybody's: it is asked again later. For
/// one domain, callers hold its lock. Thread-safe.
class AdviceDesk {
 public:
  explicit AdviceDesk(const World& world) : world_(world) {}

  /// What is known. A file that cannot be read says nothing.
  [[nodiscard]] AdviceBook load(const model::ManagedDomain& domain) const;
  /// Asks about those live certificates whose time has come. True: something was asked, and `book`
  /// is what is known now.
  bool ask(const model::ManagedDomain& domain, const CertificateSetFacts& live, AdviceBook& book,
           acme::Connection connection);
  /// When the first of the live certificates is to be asked about; nullopt: none is.
  [[nodiscard]] std::optional<TimePoint> next_question(const model::ManagedDomain& domain,
                                                       const CertificateSetFacts& live,
                                                       const AdviceBook& book) const;
  /// The CA to ask about a certificate: the one that issued it. Empty: unknown.
  [[nodiscard]] std::string issuer_of(const model::ManagedDomain& domain, const AdviceBook& book,
                                      const std::string& ari_cert_id) const;
  /// `ca_url` has issued these. `followed`: it had advised so.
  enum class Cause { Ours, Advice };
  void note_issue(const model::ManagedDomain& domain, const CertificateSetFacts& issued,
                  const std::string& ca_url, Cause cause);

 private:
  /// Where a CA gives renewal information; kept for a while, since all its certificates ask.
  struct Service {
    acme::Directory directory;
    std::optional<Error> failure;
    TimePoint until{};
  };
  Result<acme::Directory> find_service(acme::Connection& connection, const std::string& ca_url);
  void ask_about(const model::ManagedDomain& domain, const CertificateFacts& certificate,
                 AdviceRecord& record, acme::Connection& connection);
  void explain(const model::ManagedDomain& domain, const CertificateFacts& certificate,
               const CaAdvice& advice) const;
  void save(const model::ManagedDomain& domain, const AdviceBook& book) const;
  [[nodiscard]] std::optional<TimePoint> question_after_start(const model::ManagedDomain& domain,
                                                              const AdviceBook& book) const;

  const World& world_;
  std::mutex mutex_;
  std::map<std::string, Service> services_;  // by CA URL, guarded by mutex_
};

}  // namespace md::renewal
