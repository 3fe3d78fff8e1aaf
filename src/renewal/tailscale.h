// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret_bytes.h"
#include "http/client.h"
#include "model/managed_domain.h"
#include "renewal/driver.h"
#include "renewal/job_journal.h"
#include "renewal/world.h"
#include "store/served_set.h"

namespace md::renewal {

/// Path of the socket in `file://localhost/var/run/tailscale/tailscaled.sock`; InvalidInput for
/// what names none.
Result<std::string> socket_path_of(const std::string& ca_url);

/// Gets the machine's certificate from the local tailscaled, by its LocalAPI over a unix socket
/// (spec/directives.md, "tailscale"). The daemon makes the key and talks to the CA itself; it is
/// told how long the certificate has to last, so that it renews when MDRenewWindow wants it to.
class TailscaleAttempt final : public Driver {
 public:
  TailscaleAttempt(const World& world, http::Client& http, const model::ManagedDomain& domain,
                   std::string ca_url, JobJournal& journal)
      : world_(world),
        http_(http),
        domain_(domain),
        ca_url_(std::move(ca_url)),
        journal_(journal) {}

  /// The one certificate. Permanent: the domain's names are not what tailscale has certificates
  /// for. NotFound, Denied: no daemon, or it does not let us in; what to do is in the message.
  Result<CertificateSetFacts> run() override;

 private:
  Status check_names() const;
  [[nodiscard]] Duration wanted_validity() const;
  Result<store::KeyedChain> fetch();
  Result<SecretBytes> ask(std::string_view query);
  [[nodiscard]] Error refused(const http::Response& response) const;
  Status check(const store::KeyedChain& keyed) const;
  Status stage(const store::KeyedChain& keyed);

  const World& world_;
  http::Client& http_;
  const model::ManagedDomain& domain_;
  const std::string ca_url_;
  JobJournal& journal_;
  std::string socket_;
};

}  // namespace md::renewal
