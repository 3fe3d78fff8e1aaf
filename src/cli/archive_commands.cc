// SPDX-License-Identifier: Apache-2.0
#include "cli/archive_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/domain_files.h"
#include "crypto/certificate.h"
#include "renewal/certificate_seal.h"
#include "renewal/staged_set.h"
#include "status/overview.h"
#include "store/domain_settings.h"

namespace md::cli {
namespace {

using json::Value;
using store::Durability;
using store::Group;

/// The n of "<name>.<n>"; nullopt for folders of others.
std::optional<unsigned> number_of(const std::string& folder, const std::string& name) {
  if (!folder.starts_with(name + ".")) {
    return std::nullopt;
  }
  const char* const begin = folder.data() + name.size() + 1;
  const char* const end = folder.data() + folder.size();
  unsigned number = 0;
  const auto [stop, failed] = std::from_chars(begin, end, number);
  return failed == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

renewal::LoadedSet load_archived(const Session& session, model::ManagedDomain domain,
                                 unsigned number) {
  domain.name = fmt::format("{}.{}", domain.name, number);
  return renewal::load_set(session.store, Group::Archive, domain, session.store.key());
}

Value document_of(unsigned number, const renewal::CertificateSetFacts& facts) {
  Value document = Value::object();
  document.set("number", static_cast<std::int64_t>(number));
  if (const auto valid = facts.overlap()) {
    document.set_time("from", valid->from).set_time("until", valid->until);
  }
  Value certificates = Value::object();
  for (const renewal::CertificateFacts& one : facts.certificates) {
    certificates.set(one.spec.name(),
                     Value::object().set("serial", one.serial).set("issuer", one.issuer));
  }
  document.set("cert", std::move(certificates));
  if (!facts.flaw.empty()) {
    document.set("flaw", facts.flaw);
  }
  return document;
}

std::vector<std::string> row_of(unsigned number, const renewal::CertificateSetFacts& facts) {
  const auto valid = facts.overlap();
  return {std::to_string(number), valid ? md::status::format_day(valid->from) : "-",
          valid ? md::status::format_day(valid->until) : "-",
          facts.certificates.empty() ? "-" : facts.certificates.front().serial, facts.flaw};
}

/// Keys are encrypted there, as in every folder that the server's children may read.
Status stage_one(Session& session, const std::string& name, const store::KeyedChain& keyed) {
  MD_ASSIGN_OR_RETURN(const std::string key,
                      keyed.key.to_encrypted_pem(session.store.key().bytes()));
  MD_ASSIGN_OR_RETURN(const std::string chain, crypto::to_pem(keyed.chain));
  MD_TRY(session.store.save(Group::Staging, name, store::key_file(keyed.spec), key,
                            Durability::Synced));
  return renewal::stage_certificate(session.store, name, keyed.spec, chain, session.store.key());
}

/// The job says that it is done: nothing was renewed, so there is nothing to tell.
Status stage(Session& session, const std::string& name, const renewal::LoadedSet& set) {
  model::Job job;
  job.name = name;
  job.finished = true;
  job.notified = true;
  job.notified_renewed = true;
  job.last_run = std::chrono::floor<std::chrono::seconds>(session.clock.now());
  job.valid_from = set.facts().overlap()->from;
  MD_TRY(session.store.remove_folder(Group::Staging, name));
  MD_TRY(session.store.save(Group::Staging, name, store::kJobFile, store::to_json(job).dump(),
                            Durability::Synced));
  for (const store::KeyedChain& keyed : set.keyed) {
    MD_TRY(stage_one(session, name, keyed));
  }
  return {};
}

Error no_such_set(const std::string& name, unsigned number) {
  return fail(ErrorKind::NotFound,
              fmt::format("the archive has no {}.{}: `a2md history {}` shows what it has", name,
                          number, name));
}

Status check_usable(const renewal::LoadedSet& set, TimePoint now) {
  if (!set.is_complete()) {
    return fail(ErrorKind::Corrupt, "the set cannot be used: " + set.flaw);
  }
  const model::Validity valid = *set.facts().overlap();
  if (!valid.contains(now)) {
    return fail(ErrorKind::Conflict,
                fmt::format("it is valid from {} until {}, and not now",
                            format_http_date(valid.from), format_http_date(valid.until)));
  }
  return {};
}

}  // namespace

Result<Answer> history(Session& session, const std::string& name) {
  MD_ASSIGN_OR_RETURN(const store::DomainRecord record, find_domain(session.store, name));
  MD_ASSIGN_OR_RETURN(const model::ManagedDomain domain, store::managed_domain_of(record));
  MD_ASSIGN_OR_RETURN(const std::vector<std::string> folders,
                      session.store.folders(Group::Archive));
  std::vector<std::pair<unsigned, renewal::CertificateSetFacts>> sets;
  for (const std::string& folder : folders) {
    if (const auto number = number_of(folder, domain.name)) {
      sets.emplace_back(*number, load_archived(session, domain, *number).facts());
    }
  }
  // Numbers do not tell: mod_md takes the first that is free.
  std::ranges::sort(sets, std::greater<>(), [](const auto& set) {
    const auto& certificates = set.second.certificates;
    const auto from = certificates.empty() ? TimePoint{} : certificates.front().validity.from;
    return std::pair(from, set.first);
  });
  Answer answer;
  std::vector<std::vector<std::string>> rows{{"N", "FROM", "UNTIL", "SERIAL", "FLAW"}};
  for (const auto& [number, facts] : sets) {
    answer.output.push_back(document_of(number, facts));
    rows.push_back(row_of(number, facts));
  }
  answer.text =
      sets.empty() ? fmt::format("{}: nothing in the archive\n", domain.name) : table(rows);
  return answer;
}

Result<Answer> restore(Session& session, const std::string& name, unsigned number) {
  MD_ASSIGN_OR_RETURN(const store::DomainRecord record, find_domain(session.store, name));
  MD_ASSIGN_OR_RETURN(const model::ManagedDomain domain, store::managed_domain_of(record));
  MD_ASSIGN_OR_RETURN(const store::FileLock lock, lock_domain(session.store, domain.name));
  const std::string folder = fmt::format("{}.{}", domain.name, number);
  if (!session.store.folder_exists(Group::Archive, folder)) {
    return no_such_set(domain.name, number);
  }
  const renewal::LoadedSet set = load_archived(session, domain, number);
  MD_TRY_CONTEXT(check_usable(set, session.clock.now()), "restore " + folder);
  MD_TRY_CONTEXT(stage(session, domain.name, set), "restore " + folder);
  return Answer{{document_of(number, set.facts())},
                fmt::format("{}: staged. A running server serves it in a moment (with "
                            "MDLiveActivation off after a reload), else its next start does.\n",
                            folder)};
}

}  // namespace md::cli
