// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "acme/revocation.h"
#include "base/text.h"
#include "cli/certificate_commands.h"
#include "cli/domain_files.h"
#include "config/authorities.h"
#include "renewal/attempt.h"
#include "renewal/staged_set.h"
#include "store/domain_settings.h"

/// revoke: see certificate_commands.h.
namespace md::cli {
namespace {

using store::Group;

/// The CA that issued: what -a says, else what md.json has noted.
Result<std::string> issuer_url(const Session& session, const store::DomainRecord& record) {
  if (!session.options.ca_urls.empty()) {
    MD_ASSIGN_OR_RETURN(const model::CertificateAuthority ca,
                        config::parse_authority(session.options.ca_urls.front()));
    return ca.url;
  }
  if (record.ca_url.empty()) {
    return fail(ErrorKind::NotFound,
                fmt::format("nothing says which CA issued the certificates of {}: name it by -a",
                            record.name));
  }
  return record.ca_url;
}

http::Route route_to(const Session& session, const model::ManagedDomain& domain) {
  http::Route route = renewal::route_of(domain.settings);
  if (!session.options.ca_certificate_file.empty()) {
    route.ca_certificate_file = session.options.ca_certificate_file;
  }
  if (!session.options.proxy.empty()) {
    route.proxy = session.options.proxy;
  }
  return route;
}

}  // namespace

Result<Answer> revoke(Session& session, const std::string& name, const std::string& reason_name) {
  const auto reason = acme::revocation_reason_named(reason_name);
  if (!reason) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("'{}' is no reason to revoke: known are {}", printable(reason_name, 80),
                            acme::revocation_reason_names()));
  }
  MD_ASSIGN_OR_RETURN(const store::DomainRecord record, find_domain(session.store, name));
  MD_ASSIGN_OR_RETURN(const model::ManagedDomain domain, store::managed_domain_of(record));
  MD_ASSIGN_OR_RETURN(const std::string ca_url, issuer_url(session, record));
  const renewal::LoadedSet live =
      renewal::load_set(session.store, Group::Domains, domain, session.store.key());
  if (live.keyed.empty()) {
    return fail(ErrorKind::NotFound,
                fmt::format("{} has no certificate to revoke: {}", domain.name, live.flaw));
  }
  acme::NoncePool nonces;
  acme::Connection connection{session.http, session.clock, session.waiter, nonces,
                              route_to(session, domain)};
  MD_ASSIGN_OR_RETURN(const acme::Directory directory, acme::fetch_directory(connection, ca_url));
  Answer answer;
  for (const store::KeyedChain& keyed : live.keyed) {
    const std::string serial = keyed.chain.front().serial();
    MD_TRY_CONTEXT(
        acme::revoke_certificate(connection, directory, keyed.key, keyed.chain.front(), *reason),
        fmt::format("{}, serial {}", domain.name, serial));
    json::Value document = json::Value::object();
    document.set("name", domain.name).set("key", keyed.spec.name()).set("serial", serial);
    answer.output.push_back(std::move(document));
    answer.text += fmt::format("{}: the {} certificate with serial {} is revoked\n", domain.name,
                               keyed.spec.name(), serial);
  }
  answer.text +=
      fmt::format("It is in use until it is renewed: a2md renew --now {}\n", domain.name);
  return answer;
}

}  // namespace md::cli
