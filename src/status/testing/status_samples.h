// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <string>

#include "base/text.h"
#include "status/server_status.h"

namespace md::status::testing {

inline const TimePoint kNow = *parse_http_date("Sun, 22 Nov 2026 12:42:38 GMT");

/// Managed domains in every state, and staples: what pages are rendered from.
class StatusSamples {
 public:
  /// A certificate of which a third is over, due in 60 days.
  DomainStatus& add_good(const std::string& name) {
    DomainStatus& status = add(name);
    renewal::CertificateFacts facts;
    facts.spec = model::KeySpec::rsa();
    facts.validity = {kNow - days(45), kNow + days(90)};
    facts.sha256_fingerprint = "abc123";
    for (const model::DnsName& each : status.domain.names) {
      facts.names.push_back(each.text());
    }
    facts.issuer = "/CN=Some CA";
    status.live.certificates = {facts};
    status.due = {false, "not due before long", kNow + days(60)};
    return status;
  }
  DomainStatus& add_due(const std::string& name) {
    DomainStatus& status = add(name);
    status.live.flaw = "certificate(rsa) is missing";
    status.due = {true, "certificate(rsa) is missing", kNow};
    return status;
  }
  DomainStatus& add_running(const std::string& name) {
    DomainStatus& status = add_due(name);
    status.job = model::Job();
    status.job->last_run = kNow - std::chrono::seconds(5);
    status.job->last.activity = "Waiting for order to become ready";
    return status;
  }
  DomainStatus& add_failed(const std::string& name, const std::string& words) {
    DomainStatus& status = add_due(name);
    status.job = model::Job();
    status.job->errors = 3;
    status.job->last_run = kNow - std::chrono::hours(1);
    status.job->next_run = kNow + std::chrono::hours(1);
    status.job->last.status = 22;
    status.job->last.status_description = "Invalid argument";
    status.job->last.problem = {"urn:ietf:params:acme:error:rejectedIdentifier", words, 400, {}};
    return status;
  }
  DomainStatus& add_ready(const std::string& name) {
    DomainStatus& status = add_good(name);
    status.due = {true, "certificate(rsa) expires", kNow};
    status.staged = status.live;
    status.job = model::Job();
    status.job->finished = true;
    return status;
  }
  DomainStatus& add_expired(const std::string& name) {
    DomainStatus& status = add_good(name);
    status.live.certificates.front().validity.until = kNow - days(1);
    status.due = {true, "certificate(rsa) has expired", kNow};
    return status;
  }
  DomainStatus& add_unused(const std::string& name) {
    DomainStatus& status = add_good(name);
    status.supervision = {false, "no virtual host uses it"};
    return status;
  }

  void stop_stapling() {
    for (model::ManagedDomain& domain : configured_) {
      domain.settings.stapling = model::Switch::Off;
    }
  }
  void staple(const std::string& domain, const std::string& url = "http://ocsp.example.org/") {
    StaplingStatus one{domain, "514342b2", "good", {}, url, {}};
    one.validity = {kNow, *parse_http_date("Wed, 25 Nov 2026 12:42:24 GMT")};
    one.job.next_run = kNow + std::chrono::hours(1);
    staplings_.push_back(one);
  }
  void staple_unknown(const std::string& domain) {
    staplings_.push_back({domain, "514342b2", "", {}, "http://ocsp.example.org/", {}});
  }

  [[nodiscard]] ServerStatus all() const {
    return {{domains_.begin(), domains_.end()}, staplings_};
  }

 private:
  static Duration days(int count) { return std::chrono::hours(24 * count); }

  DomainStatus& add(const std::string& name) {
    model::ManagedDomain& domain = configured_.emplace_back();
    domain.name = name;
    for (const std::string& each : {name, "www." + name}) {
      if (auto parsed = model::DnsName::parse(each)) {
        domain.names.push_back(*std::move(parsed));
      }
    }
    domain.settings.stapling = model::Switch::On;
    domain.settings.authorities = {{"https://ca.example.org:14000/dir", ""}};
    records_.emplace_back().ca_url = "https://ca.example.org:14000/dir";
    domains_.push_back({.domain = domain,
                        .record = records_.back(),
                        .live = {},
                        .job = {},
                        .staged = {},
                        .activated = {},
                        .due = {},
                        .supervision = {true, "a virtual host uses it"},
                        .ocsp = {}});
    return domains_.back();
  }

  // Statuses borrow from these.
  std::list<model::ManagedDomain> configured_;
  std::list<store::DomainRecord> records_;
  std::list<DomainStatus> domains_;
  std::vector<StaplingStatus> staplings_;
};

}  // namespace md::status::testing
