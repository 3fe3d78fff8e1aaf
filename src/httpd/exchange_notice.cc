// SPDX-License-Identifier: Apache-2.0
#include "httpd/exchange_notice.h"

#include <algorithm>

#include "httpd/directive_adapter.h"
#include "httpd/runtime.h"
#include "store/documents.h"

namespace md::httpd {
namespace {

// Ours alone: other modules leave files at the root of the store as they are.
constexpr std::string_view kNoticesFile = "notices.json";

/// Of a start before this one. A new store has no md.json yet.
bool has_domains(const store::FileStore& store) {
  const auto folders = store.folders(store::Group::Domains);
  return folders && std::ranges::any_of(*folders, [&](const std::string& folder) {
           return store.exists(store::Group::Domains, folder, store::kDomainFile);
         });
}

bool may_rely_on_the_reload(const Runtime& runtime) {
  const bool has_commands =
      !runtime.settings.notify_command.empty() || !runtime.settings.message_command.empty();
  return has_commands && !config_of(runtime.server).settings.live_activation;
}

}  // namespace

void note_exchange(const Runtime& runtime) {
  if (runtime.store->load_at_root(kNoticesFile)) {
    return;
  }
  if (has_domains(*runtime.store) && may_rely_on_the_reload(runtime)) {
    runtime.logger.log(
        LogLevel::Notice, {},
        "this store was another mod_md's: new certificates now go live within seconds, without a "
        "reload, and MDNotifyCmd and MDMessageCmd 'renewed' run just before that, 'installed' "
        "just after. With 'MDLiveActivation off' they wait for the next reload, as before. This "
        "is said once");
  }
  const Status saved = runtime.store->save_at_root(
      kNoticesFile, json::Value::object().set("live-activation", "said").dump(), 0600,
      store::Durability::Replaceable);
  if (!saved) {
    runtime.logger.debug(saved.error().message);
  }
}

}  // namespace md::httpd
