// SPDX-License-Identifier: Apache-2.0
#include "cli/request_commands.h"

#include <fmt/format.h>

#include "cli/domain_files.h"
#include "store/renewal_request.h"

namespace md::cli {
namespace {

Result<std::vector<std::string>> known_names(const Session& session,
                                             const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const std::string& name : names) {
    MD_ASSIGN_OR_RETURN(const store::DomainRecord record, find_domain(session.store, name));
    known.push_back(record.name);
  }
  return known;
}

json::Value document_of(const std::string& name, const store::RenewalRequest& request) {
  json::Value document = json::Value::object();
  document.set("name", name);
  const json::Value value = store::to_json(request);
  for (const std::string& member : value.members()) {
    document.set(member, value.get(member));
  }
  return document;
}

}  // namespace

Result<Answer> renew(Session& session, const std::vector<std::string>& names, Haste haste) {
  MD_ASSIGN_OR_RETURN(const std::vector<std::string> known, known_names(session, names));
  MD_TRY(session.store.ensure_folder(store::kRequestFolder, store::kRequestFolderMode, true));
  const store::RenewalRequest request{
      .now = haste == Haste::AtOnce,
      .requested = std::chrono::floor<std::chrono::seconds>(session.clock.now())};
  Answer answer;
  for (const std::string& name : known) {
    MD_ASSIGN_OR_RETURN(const std::string text,
                        store::sealed_request(request, name, session.store.key()));
    MD_TRY(session.store.save_at_root(store::request_path(name), text, store::kRequestFileMode,
                                      store::Durability::Synced));
    answer.output.push_back(document_of(name, request));
    answer.text +=
        fmt::format("{}: the server is asked to renew it{}\n", name, request.now ? " now" : "");
  }
  return answer;
}

Result<Answer> cancel(Session& session, const std::vector<std::string>& names) {
  MD_ASSIGN_OR_RETURN(const std::vector<std::string> known, known_names(session, names));
  Answer answer;
  for (const std::string& name : known) {
    const std::string path = store::request_path(name);
    if (const auto asked = session.store.load_at_root(path);
        !asked && asked.error().kind == ErrorKind::NotFound) {
      return fail(ErrorKind::NotFound, fmt::format("{}: no renewal is asked for", name));
    }
    MD_TRY(session.store.remove_at_root(path));
    json::Value document = json::Value::object();
    answer.output.push_back(document.set("name", name));
    answer.text += fmt::format("{}: the renewal is not asked for any more\n", name);
  }
  return answer;
}

}  // namespace md::cli
