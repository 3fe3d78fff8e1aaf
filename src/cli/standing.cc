// SPDX-License-Identifier: Apache-2.0
#include "cli/standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "crypto/certificate.h"
#include "renewal/facts.h"
#include "store/domain_settings.h"
#include "store/file_system.h"

namespace md::cli {
namespace {

using store::Group;

constexpr std::size_t kMaxCertificateFile = 1024UL * 1024UL;

/// A file that should hold a certificate, by what mod_md calls it: "rsa", or its number.
struct CertificateFile {
  std::string what;
  model::KeySpec spec;
  Result<std::string> pem;
};

std::vector<CertificateFile> files_of(const Session& session, const model::ManagedDomain& domain) {
  std::vector<CertificateFile> files;
  if (domain.is_static()) {
    store::PosixFileSystem system;
    for (const std::string& path : domain.settings.certificate_files) {
      files.push_back({std::to_string(files.size()), {}, system.read(path, kMaxCertificateFile)});
    }
    return files;
  }
  for (const model::KeySpec& spec : domain.settings.effective_key_specs()) {
    files.push_back(
        {spec.name(), spec,
         session.store.load(Group::Domains, domain.name, store::certificate_file(spec))});
  }
  return files;
}

/// What makes the certificate none that can be used for the domain; empty if it can.
std::string flaw_of(const model::ManagedDomain& domain, const std::string& what,
                    const renewal::CertificateFacts& facts) {
  if (renewal::name_not_covered(domain, facts)) {
    return fmt::format("certificate({}) does not cover all domains.", what);
  }
  const bool wants_staple = domain.settings.must_staple == model::Switch::On;
  if (!domain.is_static() && facts.must_staple != wants_staple) {
    return fmt::format("MD has MDMustStaple '{}', but certificate({}) {}",
                       wants_staple ? "on" : "off", what,
                       facts.must_staple ? "has that flag" : "has it not");
  }
  return "";
}

bool is_due(const model::ManagedDomain& domain, const renewal::CertificateFacts& facts,
            TimePoint now) {
  const model::Validity& validity = facts.validity;
  return validity.until - now <= domain.settings.renew_window.of(validity.length());
}

}  // namespace

Standing standing_of(const Session& session, const store::DomainRecord& record) {
  const auto domain = store::managed_domain_of(record);
  if (!domain) {
    return {.reason = domain.error().message};
  }
  Standing standing{.state = model::DomainState::Complete, .reason = "", .is_due = false};
  for (const CertificateFile& file : files_of(session, *domain)) {
    const auto chain = file.pem ? crypto::Certificate::chain_from_pem(*file.pem) : file.pem.error();
    std::string flaw;
    if (!chain) {
      flaw = fmt::format("certificate({}) is missing", file.what);
      standing.is_due = true;
    } else {
      const renewal::CertificateFacts facts = renewal::facts_of(file.spec, chain->front());
      flaw = flaw_of(*domain, file.what, facts);
      standing.is_due =
          standing.is_due || !flaw.empty() || is_due(*domain, facts, session.clock.now());
    }
    if (!flaw.empty() && standing.reason.empty()) {
      standing.state = model::DomainState::Incomplete;
      standing.reason = std::move(flaw);
    }
  }
  return standing;
}

}  // namespace md::cli
