// SPDX-License-Identifier: Apache-2.0
#include "cli/domain_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/domain_files.h"
#include "config/authorities.h"
#include "http/url.h"
#include "status/md_status.h"
#include "store/sync.h"

namespace md::cli {
namespace {

using json::Value;
using store::DomainRecord;
using store::Group;

std::string describe(const DomainRecord& record) {
  return fmt::format("{}: {}\n", printable(record.name), printable(join(record.names, " ")));
}

/// md.json without secrets.
Value shown(const DomainRecord& record) {
  Value document = record.document;
  status::mask_secrets(document);
  return document;
}

Answer answer_about(const DomainRecord& record) {
  return {{shown(record)}, describe(record)};
}

Error invalid(std::string message) {
  return fail(ErrorKind::InvalidInput, std::move(message));
}

Status set_authority(Value& authority, const std::vector<std::string>& values) {
  if (values.empty() || values.size() > 2) {
    return invalid("update … ca: expected the URL of a CA's directory, and maybe its protocol");
  }
  const std::string protocol = values.size() > 1 ? values[1] : "ACME";
  if (!equals_ignoring_case(protocol, "ACME") && !equals_ignoring_case(protocol, "tailscale")) {
    return invalid(fmt::format("Unknown CA protocol: '{}'; known are ACME and tailscale",
                               printable(protocol, 80)));
  }
  MD_ASSIGN_OR_RETURN(const model::CertificateAuthority ca, config::parse_authority(values[0]));
  const bool tailscale = equals_ignoring_case(protocol, "tailscale");
  authority.set("proto", tailscale ? "tailscale" : "ACME");
  authority.erase("url");  // of the CA that issued: not this one
  authority.set("urls", std::vector<std::string>{ca.url});
  return {};
}

Status set_account(Session& session, Value& authority, const std::vector<std::string>& values) {
  if (values.size() != 1) {
    return invalid("update … account: expected the id of one account, as below accounts/");
  }
  MD_TRY(store::check_name(values[0]));
  if (!session.store.exists(Group::Accounts, values[0], store::kAccountFile)) {
    return fail(ErrorKind::NotFound,
                fmt::format("no account '{}' in {}/accounts", printable(values[0], 80),
                            session.store.root().string()));
  }
  authority.set("account", values[0]);
  return {};
}

Status set_agreement(Value& authority, const std::vector<std::string>& values) {
  if (values.size() != 1 || (values[0] != "accepted" && !http::is_http_url(values[0]))) {
    return invalid("update … agreement: expected 'accepted', or the URL of the terms of service");
  }
  authority.set("agreement", values[0]);
  return {};
}

Status set_names(Session& session, DomainRecord& record, const std::vector<std::string>& values) {
  MD_ASSIGN_OR_RETURN(const std::vector<model::DnsName> names, parse_names(values));
  MD_ASSIGN_OR_RETURN(const StoredDomains others, load_domains(session.store));
  MD_TRY(check_overlap(others.records, names, record.name));
  record.names.clear();
  for (const model::DnsName& name : names) {
    record.names.push_back(name.text());
  }
  record.document.set("domains", record.names);
  return {};
}

Status apply_options(const Options& options, Value& authority) {
  if (!options.ca_urls.empty()) {
    std::vector<std::string> urls;
    for (const std::string& text : options.ca_urls) {
      MD_ASSIGN_OR_RETURN(const model::CertificateAuthority ca, config::parse_authority(text));
      urls.push_back(ca.url);
    }
    authority.set("urls", urls);
  }
  return options.terms.empty() ? Status() : set_agreement(authority, {options.terms});
}

Status apply(Session& session, DomainRecord& record, const Change& change) {
  Value authority = record.document.get("ca");
  MD_TRY(apply_options(session.options, authority));
  if (!session.options.ca_certificate_file.empty()) {
    record.document.set("ca-certs", session.options.ca_certificate_file);
  }
  if (change.aspect == "domains") {
    MD_TRY(set_names(session, record, change.values));
  } else if (change.aspect == "ca") {
    MD_TRY(set_authority(authority, change.values));
  } else if (change.aspect == "account") {
    MD_TRY(set_account(session, authority, change.values));
  } else if (change.aspect == "contacts") {
    MD_ASSIGN_OR_RETURN(const std::vector<std::string> contacts, parse_contacts(change.values));
    record.document.set("contacts", contacts);
  } else if (change.aspect == "agreement") {
    MD_TRY(set_agreement(authority, change.values));
  } else if (!change.aspect.empty()) {
    return invalid(
        fmt::format("cannot update '{}': known are {}", printable(change.aspect, 80), kAspects));
  }
  record.document.set("ca", std::move(authority));
  return {};
}

Status archive(Session& session, const std::string& name) {
  MD_ASSIGN_OR_RETURN(const store::FileLock lock, lock_domain(session.store, name));
  MD_ASSIGN_OR_RETURN(const std::string archived, store::free_archive_name(session.store, name));
  MD_TRY(session.store.move_folder(Group::Domains, name, Group::Archive, archived));
  return session.store.remove_folder(Group::Staging, name);
}

}  // namespace

Result<Answer> list(Session& session) {
  MD_ASSIGN_OR_RETURN(const StoredDomains domains, load_domains(session.store));
  if (!domains.flaws.empty()) {
    return domains.flaws.front();
  }
  Answer answer;
  for (const DomainRecord& record : domains.records) {
    answer.output.push_back(shown(record));
    answer.text += describe(record);
  }
  return answer;
}

Result<Answer> add(Session& session, const std::vector<std::string>& texts,
                   model::DomainState state) {
  MD_ASSIGN_OR_RETURN(const std::vector<model::DnsName> names, parse_names(texts));
  model::ManagedDomain domain;
  domain.name = names.front().text();
  domain.names = names;
  DomainRecord record;
  record.name = domain.name;
  record.state = state;
  record.document = store::to_json(domain, record);
  for (const model::DnsName& name : names) {
    record.names.push_back(name.text());
  }
  MD_TRY(apply(session, record, {}));
  MD_ASSIGN_OR_RETURN(const store::FileLock lock, lock_domain(session.store, domain.name));
  MD_ASSIGN_OR_RETURN(const StoredDomains others, load_domains(session.store));
  MD_TRY(check_overlap(others.records, names, ""));
  if (session.store.folder_exists(Group::Domains, domain.name)) {
    return fail(ErrorKind::Conflict,
                fmt::format("{} is in use: {} is there already", domain.name,
                            session.store.path(Group::Domains, domain.name, "")));
  }
  MD_TRY(save_domain(session.store, record));
  return answer_about(record);
}

Result<Answer> update(Session& session, const Change& change) {
  MD_ASSIGN_OR_RETURN(const DomainRecord found, find_domain(session.store, change.name));
  MD_ASSIGN_OR_RETURN(const store::FileLock lock, lock_domain(session.store, found.name));
  // Once more, now that nobody else may change it.
  MD_ASSIGN_OR_RETURN(DomainRecord record, find_domain(session.store, found.name));
  MD_TRY_CONTEXT(apply(session, record, change), "update " + record.name);
  MD_TRY(save_domain(session.store, record));
  return answer_about(record);
}

Result<Answer> remove(Session& session, const std::vector<std::string>& names, Missing missing) {
  Answer answer;
  for (const std::string& name : names) {
    auto record = find_domain(session.store, name);
    if (!record) {
      if (record.error().kind == ErrorKind::NotFound && missing == Missing::IsFine) {
        continue;
      }
      return record.error();
    }
    MD_TRY_CONTEXT(archive(session, record->name), "remove " + record->name);
    answer.output.push_back(shown(*record));
    answer.text += fmt::format("{}: moved to the archive\n", record->name);
  }
  return answer;
}

}  // namespace md::cli
