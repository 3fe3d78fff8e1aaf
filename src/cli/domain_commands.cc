// SPDX-License-Identifier: Apache-2.0
#include "cli/domain_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "cli/domain_files.h"
#include "cli/standing.h"
#include "config/uri.h"
#include "model/managed_domain.h"
#include "status/md_status.h"
#include "store/sync.h"

namespace md::cli {
namespace {

using json::Value;
using store::DomainRecord;
using store::Group;

constexpr std::string_view kTailscale = "tailscale";

std::string describe(const DomainRecord& record) {
  return fmt::format("md: {} [{}]\n", printable(record.name), printable(join(record.names, ", ")));
}

/// md.json without secrets.
Value shown(const DomainRecord& record) {
  Value document = record.document;
  status::mask_secrets(document);
  return document;
}

/// The same, with what its certificates say now.
Value shown_with_standing(const Session& session, const DomainRecord& record) {
  const Standing standing = standing_of(session, record);
  Value document = shown(record);
  document.set("state", static_cast<int>(standing.state));
  document.erase("state-descr");
  if (!standing.reason.empty()) {
    document.set("state-descr", standing.reason);
  }
  document.set("renew", standing.is_due);
  return document;
}

void add_to(Answer& answer, const Session& session, const DomainRecord& record, Scope scope) {
  answer.output.push_back(scope == Scope::Files ? shown(record)
                                                : shown_with_standing(session, record));
  answer.text += describe(record);
}

Answer answer_about(const Session& session, const DomainRecord& record, Scope scope) {
  Answer answer;
  add_to(answer, session, record, scope);
  return answer;
}

Error invalid(std::string message) {
  return fail(ErrorKind::InvalidInput, std::move(message));
}

/// What cannot be read keeps nothing else from being shown.
void report_flaws(Session& session, const std::vector<Error>& flaws, Answer& answer) {
  for (std::size_t i = 1; i < flaws.size(); ++i) {
    session.logger.error({}, flaws[i].message);
  }
  if (!flaws.empty()) {
    answer.failure = {.error = flaws.front()};
  }
}

/// What `update` does to a domain's md.json.
class Changing {
 public:
  Changing(Session& session, DomainRecord& record, const Change& change, Scope scope)
      : session_(session), record_(record), values_(change.values), scope_(scope) {}

  std::optional<Failure> apply(const std::string& aspect) {
    using Step = std::optional<Failure> (Changing::*)();
    constexpr std::pair<std::string_view, Step> kSteps[] = {
        {"domains", &Changing::set_names},
        {"ca", &Changing::set_authority},
        {"account", &Changing::set_account},
        {"contacts", &Changing::set_contacts},
        {"agreement", &Changing::set_agreement}};
    for (const auto& [name, step] : kSteps) {
      if (aspect == name) {
        return (this->*step)();
      }
    }
    return Failure{.error = invalid(fmt::format("cannot update '{}': known are {}",
                                                printable(aspect, 80), kAspects)),
                   .status = kNotImplemented};
  }

 private:
  static std::optional<Failure> as_failure(const Status& status) {
    return status ? std::nullopt : std::optional(Failure{.error = status.error()});
  }

  std::optional<Failure> set_names() {
    if (values_.empty()) {
      return Failure{.error = invalid("a managed domain needs one DNS name at least"),
                     .status = kGeneralError};
    }
    return as_failure(take_names());
  }

  Status take_names() {
    const bool are_files = scope_ == Scope::Files;
    MD_ASSIGN_OR_RETURN(
        record_.names, parse_names(values_, are_files ? NameRules::Folders : NameRules::HostNames));
    if (!are_files) {
      MD_ASSIGN_OR_RETURN(const StoredDomains others, load_domains(session_.store));
      MD_TRY(check_overlap(others.records, record_.names, record_.name));
    }
    record_.document.set("domains", record_.names);
    return {};
  }

  /// Any protocol is noted: `drive` and the server know which there are.
  std::optional<Failure> set_authority() {
    if (values_.empty()) {
      return Failure{
          .error = invalid("update … ca: expected the URL of a CA's directory, and maybe "
                           "its protocol"),
          .is_usage = true};
    }
    if (const Status checked = check_ca_url(values_[0]); !checked) {
      return as_failure(checked);
    }
    const std::string protocol = values_.size() > 1 ? values_[1] : "ACME";
    const bool is_tailscale = equals_ignoring_case(protocol, kTailscale);
    Value authority = record_.document.get("ca");
    authority.set("proto", is_tailscale ? std::string(kTailscale) : protocol);
    authority.erase("url");  // of the CA that issued: not this one
    authority.set("urls", std::vector<std::string>{values_[0]});
    record_.document.set("ca", std::move(authority));
    return std::nullopt;
  }

  /// One that is not there may come: an account is made, or brought from elsewhere, later.
  std::optional<Failure> set_account() {
    if (!values_.empty() &&
        (!store::check_name(values_[0]) ||
         !session_.store.exists(Group::Accounts, values_[0], store::kAccountFile))) {
      session_.logger.warning(
          {}, fmt::format("there is no account '{}' in {}/accounts", printable(values_[0], 80),
                          session_.store.root().string()));
    }
    set_member_of_authority("account");
    return std::nullopt;
  }

  std::optional<Failure> set_contacts() {
    const auto contacts = parse_contacts(values_);
    if (!contacts) {
      return Failure{.error = contacts.error()};
    }
    record_.document.set("contacts", *contacts);
    return std::nullopt;
  }

  std::optional<Failure> set_agreement() {
    if (!values_.empty() && values_[0] != "accepted" && !config::flaw_of_uri(values_[0]).empty()) {
      return Failure{.error = invalid("update … agreement: expected 'accepted', or the URL of the "
                                      "terms of service")};
    }
    set_member_of_authority("agreement");
    return std::nullopt;
  }

  /// The first word; none: the member goes.
  void set_member_of_authority(std::string_view member) {
    Value authority = record_.document.get("ca");
    if (values_.empty()) {
      authority.erase(member);
    } else {
      authority.set(member, values_[0]);
    }
    record_.document.set("ca", std::move(authority));
  }

  Session& session_;
  DomainRecord& record_;
  const std::vector<std::string>& values_;
  Scope scope_;
};

/// md.json of a new domain: as the server would write it, with all defaults but a CA.
Result<DomainRecord> new_record(const Session& session, std::vector<std::string> names,
                                model::DomainState state) {
  model::ManagedDomain domain;
  domain.name = names.front();
  domain.settings.authorities.clear();
  for (const std::string& url : session.options.ca_urls) {
    MD_TRY(check_ca_url(url));
    domain.settings.authorities.push_back({url, ""});
  }
  DomainRecord record;
  record.name = domain.name;
  record.state = state;
  record.names = std::move(names);
  record.document = store::to_json(domain, record);
  record.document.set("domains", record.names);
  return record;
}

/// Is there nothing that could be missed: no key, no certificate?
bool is_description_alone(const Session& session, const std::string& name) {
  const auto files = session.store.files(Group::Domains, name);
  return files && std::ranges::all_of(*files, [](const std::string& file) {
           return file == store::kDomainFile || file == store::kJobFile;
         });
}

Status remove_one(Session& session, const std::string& name) {
  MD_ASSIGN_OR_RETURN(const store::FileLock lock, lock_domain(session.store, name));
  if (is_description_alone(session, name)) {
    MD_TRY(session.store.remove_folder(Group::Domains, name));
  } else {
    MD_ASSIGN_OR_RETURN(const auto place, store::find_archive_place(session.store, name));
    const std::string& archived = place.name;
    MD_TRY(session.store.move_folder(Group::Domains, name, Group::Archive, archived));
  }
  return session.store.remove_folder(Group::Staging, name);
}

}  // namespace

Result<Answer> list(Session& session, const std::vector<std::string>& names) {
  Answer answer;
  for (const std::string& name : names) {
    const auto record = find_domain(session.store, name);
    if (!record) {
      answer.failure = {.error = record.error()};
      return answer;
    }
    add_to(answer, session, *record, Scope::Domains);
  }
  if (!names.empty()) {
    return answer;
  }
  MD_ASSIGN_OR_RETURN(const StoredDomains domains, load_domains(session.store));
  for (const DomainRecord& record : domains.records) {
    add_to(answer, session, record, Scope::Domains);
  }
  report_flaws(session, domains.flaws, answer);
  return answer;
}

Result<Answer> list_files(Session& session) {
  MD_ASSIGN_OR_RETURN(const StoredDomains domains, load_domains_as_added(session.store));
  Answer answer;
  for (const DomainRecord& record : domains.records) {
    add_to(answer, session, record, Scope::Files);
  }
  report_flaws(session, domains.flaws, answer);
  return answer;
}

Result<Answer> add(Session& session, const std::vector<std::string>& texts, Scope scope) {
  const bool are_files = scope == Scope::Files;
  if (texts.empty()) {
    return refusal({.error = invalid("a managed domain needs one DNS name at least"),
                    .is_said_in_json = false});
  }
  MD_ASSIGN_OR_RETURN(std::vector<std::string> names,
                      parse_names(texts, are_files ? NameRules::Folders : NameRules::HostNames));
  MD_ASSIGN_OR_RETURN(
      const DomainRecord record,
      new_record(session, std::move(names),
                 are_files ? model::DomainState::Unknown : model::DomainState::Incomplete));
  MD_ASSIGN_OR_RETURN(const store::FileLock lock, lock_domain(session.store, record.name));
  if (session.store.folder_exists(Group::Domains, record.name)) {
    return refusal(
        {.error = fail(ErrorKind::Conflict, fmt::format("{} is there already", record.name)),
         .is_said_in_json = false});
  }
  if (!are_files) {
    MD_ASSIGN_OR_RETURN(const StoredDomains others, load_domains(session.store));
    MD_TRY(check_overlap(others.records, record.names, ""));
  }
  MD_TRY(save_domain(session.store, record));
  return answer_about(session, record, scope);
}

Result<Answer> update(Session& session, const Change& change, Scope scope) {
  if (change.name.empty()) {
    return refusal(
        {.error = invalid("update: expected the name of a managed domain"), .is_usage = true});
  }
  MD_ASSIGN_OR_RETURN(const DomainRecord found, find_domain(session.store, change.name));
  MD_ASSIGN_OR_RETURN(const store::FileLock lock, lock_domain(session.store, found.name));
  // Once more, now that nobody else may change it.
  MD_ASSIGN_OR_RETURN(DomainRecord record, find_domain(session.store, found.name));
  if (!change.aspect.empty()) {
    if (auto failure = Changing(session, record, change, scope).apply(change.aspect)) {
      failure->error = with_context(std::move(failure->error), "update " + record.name);
      return refusal(*std::move(failure));
    }
    MD_TRY(save_domain(session.store, record));
  }
  return answer_about(session, record, scope);
}

Result<Answer> remove(Session& session, const std::vector<std::string>& names, Missing missing) {
  if (names.empty()) {
    return refusal(
        {.error = invalid("remove: expected names of managed domains"), .is_usage = true});
  }
  for (const std::string& name : names) {
    const auto record = find_domain(session.store, name);
    if (!record && record.error().kind == ErrorKind::NotFound && missing == Missing::IsFine) {
      continue;
    }
    if (!record) {
      return record.error();
    }
    MD_TRY_CONTEXT(remove_one(session, record->name), "remove " + record->name);
  }
  return Answer();
}

}  // namespace md::cli
