// SPDX-License-Identifier: Apache-2.0
#include "httpd/startup.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <unordered_set>

#include "config/challenge_choice.h"
#include "httpd/activator.h"
#include "httpd/child.h"
#include "httpd/child_access.h"
#include "httpd/configuration.h"
#include "httpd/directive_adapter.h"
#include "httpd/exchange_notice.h"
#include "httpd/guard.h"
#include "httpd/own_process.h"
#include "httpd/runtime.h"
#include "httpd/server_properties.h"
#include "httpd/start_certificates.h"
#include "httpd/start_memory.h"
#include "renewal/activation.h"
#include "renewal/ca_advice.h"
#include "renewal/certificate_seal.h"
#include "renewal/decide.h"
#include "store/domain_lock.h"
#include "store/lock.h"
#include "store/renewal_request.h"
#include "store/sync.h"

namespace md::httpd {
namespace {

/// Does, in order, what the start is made of. A domain that fails is reported and left behind; only
/// what concerns all of them ends the start.
class Startup {
 public:
  Startup(Runtime& runtime, Pass pass) : runtime_(runtime), pass_(pass) {}

  Status run(config::Plan plan) {
    MD_TRY(open_store());
    if (pass_ == Pass::Real) {
      note_exchange(runtime_);
    }
    adopt(std::move(plan));
    lock_store();
    recover();
    synchronise();
    activate();
    runtime_.side_work = std::make_unique<SideWork>([] { leave_the_servers_affairs("md-start"); });
    load_certificates(runtime_, pass_);
    if (pass_ == Pass::Real) {
      leave_records();
      report_files_that_children_cannot_read(runtime_);
      note_server_properties(*runtime_.store, runtime_.settings.port_map, runtime_.listened_ports,
                             runtime_.logger);
      MD_TRY(prepare_for_children());
    }
    if (lock_) {  // what is read and written under it belongs together
      runtime_.end_side_work();
    }
    return {};
  }

  Status run_without_domains() { return open_store(); }

 private:
  Status open_store() {
    store::FileStore::Options options;
    options.root = runtime_.settings.store_dir;
    if (::geteuid() == 0) {
      options.child_user = store::ChildUser{ap_unixd_config.user_id, ap_unixd_config.group_id};
    }
    using Tidying = store::FileStore::Tidying;
    options.tidying = pass_ == Pass::Real ? Tidying::Yes : Tidying::No;
    MD_ASSIGN_OR_RETURN(runtime_.store, store::FileStore::open(std::move(options), runtime_.files,
                                                               runtime_.logger));
    MD_TRY(runtime_.store->ensure_folder(store::kLockFolder, store::kLockFolderMode,
                                         /*for_child_user=*/true));
    MD_TRY(runtime_.store->ensure_folder(store::kRequestFolder, store::kRequestFolderMode,
                                         /*for_child_user=*/true));
    MD_TRY(runtime_.store->ensure_folder(renewal::kAdviceFolder, 0755, /*for_child_user=*/true));
    return {};
  }

  /// With MDStoreLocks, until we are done: of several servers that start at the same moment one
  /// activates what is staged, and the others find it active. Whoever does not get the lock leaves
  /// that to the one who has it.
  void lock_store() {
    const auto& locks = runtime_.settings.store_locks;
    if (!locks.timeout) {
      return;
    }
    StopSignal never_stopped;
    auto lock = store::FileLock::acquire(runtime_.store->path_of(store::kLockFile), *locks.timeout,
                                         never_stopped);
    if (lock) {
      lock_ = *std::move(lock);
      return;
    }
    may_activate_ = false;
    runtime_.logger.error(LogId{10398},
                          fmt::format("unable to obtain the lock of the store: {}. The start goes "
                                      "on, with the certificates that are in use; new ones are "
                                      "activated at the next reload",
                                      lock.error().message));
  }

  void adopt(config::Plan plan) {
    for (model::ManagedDomain& domain : plan.domains) {
      auto entry = std::make_unique<DomainRuntime>();
      entry->domain = std::move(domain);
      entry->position = runtime_.domains.size();
      entry->live.set(LiveSet::at_start({}));
      runtime_.domains.push_back(std::move(entry));
    }
    runtime_.names = std::move(plan.names);
  }

  /// Before anything reads `domains/`: an activation that a death cut in two is completed.
  void recover() {
    if (!may_activate_) {
      return;  // it may be under way
    }
    const std::unordered_set<std::string> interrupted = folders(store::Group::Tmp);
    for (const auto& entry : runtime_.domains) {
      if (!interrupted.contains(entry->domain.name)) {
        continue;
      }
      const auto recovered =
          renewal::recover_interrupted_activation(*runtime_.store, entry->domain, runtime_.logger);
      if (!recovered) {
        runtime_.report(entry->domain, recovered.error().message);
      }
    }
  }

  /// Where domains lie is what mod_ssl's files depend on, in the trial as in earnest.
  void synchronise() {
    const auto seal_again = [this](const std::string& from, const std::string& to) {
      return renewal::seal_for_new_name(*runtime_.store, from, to, runtime_.store->key());
    };
    if (pass_ == Pass::Trial) {
      store::align_folders(*runtime_.store, runtime_.managed_domains(), runtime_.logger,
                           seal_again);
      return;
    }
    auto synced = store::sync_domains(*runtime_.store, runtime_.managed_domains(), runtime_.logger,
                                      seal_again);
    for (std::size_t i = 0; i < synced.size() && i < runtime_.domains.size(); ++i) {
      runtime_.domains[i]->domain.kept_contacts = std::move(synced[i].kept_contacts);
      runtime_.domains[i]->record = std::move(synced[i].record);
      runtime_.domains[i]->storing = synced[i].storing;
    }
  }

  void activate() {
    if (!may_activate_) {
      return;
    }
    const std::unordered_set<std::string> staged = folders(store::Group::Staging);
    for (const auto& entry : runtime_.domains) {
      if (staged.contains(entry->domain.name)) {
        activate(*entry);
      }
    }
  }

  std::unordered_set<std::string> folders(store::Group group) {
    const auto found = runtime_.store->folders(group);
    if (!found) {
      runtime_.logger.error({}, found.error().message);
      return {};
    }
    return {found->begin(), found->end()};
  }

  void activate(DomainRuntime& entry) {
    using Kind = renewal::ActivationOutcome::Kind;
    store_record_of(entry);
    const auto outcome = renewal::activate_staged(
        *runtime_.store, entry.domain, renewal::ActivationMoment::AtStart, runtime_.clock.now());
    if (!outcome) {
      runtime_.report(entry.domain, outcome.error().message);
    } else if (outcome->kind == Kind::Rejected) {
      runtime_.logger.error(LogId{10069},
                            fmt::format("{}: the staged certificates cannot be used, the renewal "
                                        "starts over: {}",
                                        entry.domain.name, outcome->reason));
    } else if (outcome->kind == Kind::Activated) {
      runtime_.logger.info({},
                           fmt::format("{}: the new certificate is activated", entry.domain.name));
      reload_record(entry);
    }
  }

  /// Activation takes what is stored, and goes on from there.
  void store_record_of(DomainRuntime& entry) {
    if (!store::is_due(entry.storing)) {
      return;
    }
    if (const auto saved = save(runtime_, entry)) {
      entry.storing = store::Storing::Done;
    } else {
      runtime_.report(entry.domain, saved.error().message);
    }
  }

  /// Activation has written a new md.json: the account and the CA in it are ours to show.
  void reload_record(DomainRuntime& entry) {
    const auto text =
        runtime_.store->load(store::Group::Domains, entry.domain.name, store::kDomainFile);
    auto record =
        text ? store::parse_domain(*text, "md.json") : Result<store::DomainRecord>(text.error());
    if (record) {
      store::keep_foreign_members(*record);
      entry.record = std::move(*record);
      entry.storing = store::Storing::Done;
    }
  }

  /// No process of this server reads md.json before there are children.
  void leave_records() {
    for (const auto& entry : runtime_.domains) {
      if (!store::is_due(entry->storing)) {
        continue;
      }
      const DomainRuntime& due = *entry;
      runtime_.side_work->add({[&runtime = runtime_, &due] { return save(runtime, due); },
                               [&runtime = runtime_, &due](const Result<std::string>& saved) {
                                 if (!saved) {
                                   runtime.report(due.domain, saved.error().message);
                                 }
                               }});
    }
  }

  static Result<std::string> save(Runtime& runtime, const DomainRuntime& entry) {
    MD_TRY(store::save_record(*runtime.store, entry.domain, entry.record, entry.storing));
    return std::string();
  }

  Status prepare_for_children() {
    runtime_.curl = std::make_unique<http::CurlGlobal>();
    if (auto tally = AttemptTally::create()) {
      runtime_.attempts = std::move(*tally);
    } else {
      runtime_.logger.warning({}, tally.error().message + "; attempts are not counted");
    }
    if (runtime_.settings.live_activation == model::Switch::Off) {
      return {};
    }
    MD_ASSIGN_OR_RETURN(runtime_.bundles,
                        store::ServedBundles::create(*runtime_.store, runtime_.logger));
    std::vector<std::string> names;
    for (const auto& entry : runtime_.domains) {
      names.push_back(entry->domain.name);
    }
    return make_generation_table(names);
  }

  Status make_generation_table(const std::vector<std::string>& names) {
    auto made = store::GenerationTable::create(
        runtime_.store->path_of(store::kServedFolder) / "generations", names);
    if (!made) {
      runtime_.logger.error({}, made.error().message + "; it is kept in memory alone");
      made = store::GenerationTable::create_unnamed(names);
    }
    MD_ASSIGN_OR_RETURN(runtime_.generations, std::move(made));
    return {};
  }

  Runtime& runtime_;
  Pass pass_;
  std::optional<store::FileLock> lock_;
  bool may_activate_{true};
};

int check_config(apr_pool_t* pconf, apr_pool_t* /*plog*/, apr_pool_t* /*ptemp*/,
                 server_rec* base_server) noexcept {
  return guarded<int>(HTTP_INTERNAL_SERVER_ERROR, [&] {
    const Configuration configuration = read_configuration(pconf, base_server);
    const bool only_testing = ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST;
    // A start reports the rest in post_config, when the error log is open.
    report_findings(configuration, base_server, only_testing ? Findings::All : Findings::FatalOnly);
    // A test fails for a host that a start would leave behind (docs: AH10042).
    const bool is_fine = only_testing ? !configuration.has_errors() : configuration.is_usable();
    return is_fine ? OK : HTTP_INTERNAL_SERVER_ERROR;
  });
}

/// Nothing is managed, but there is a store: `a2md drive` may put answers to challenges there. What
/// is wrong with it is no reason not to start.
void serve_challenges_alone(const Configuration& configuration, server_rec* base_server,
                            apr_pool_t* pconf) {
  const std::string& folder = configuration.server_settings.store_dir;
  std::error_code unknown;
  if (!config_of(base_server).settings.store_dir &&
      !std::filesystem::is_directory(folder, unknown)) {
    return;
  }
  auto runtime = std::make_unique<Runtime>(base_server);
  runtime->settings = configuration.server_settings;
  if (const Status opened = Startup(*runtime, current_pass()).run_without_domains(); !opened) {
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, base_server,
                 "mod_md: challenges are not answered: %s", opened.error().message.c_str());
    return;
  }
  install_runtime(std::move(runtime), pconf);
}

/// Whom no challenge type fits is told at once, not weeks later when the certificate is due.
void report_missing_challenges(const Runtime& runtime) {
  for (const auto& entry : runtime.domains) {
    const model::ManagedDomain& domain = entry->domain;
    if (domain.settings.protocol == model::CertificateProtocol::Acme &&
        renewal::supervision_of(domain).watched) {
      const auto chosen = config::choose_challenges(domain, runtime.listened_ports);
      if (!chosen) {
        runtime.report(domain, chosen.error().problem->detail);
      }
    }
  }
}

int prepare_runtime(apr_pool_t* pconf, server_rec* base_server) {
  const Pass pass = current_pass();
  Configuration configuration = read_configuration(pconf, base_server);
  if (!configuration.is_usable()) {
    report_findings(configuration, base_server, Findings::FatalOnly);
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  if (pass == Pass::Trial) {
    // mod_ssl may end the start for want of a certificate that they keep from it.
    report_findings(configuration, base_server, Findings::ErrorsOnly);
  } else {
    report_findings(configuration, base_server, Findings::All);
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, base_server, "AH10071: mod_md (v%s) starting",
                 MD_VERSION);
  }
  if (configuration.plan.domains.empty() && configuration.stapling.empty()) {
    serve_challenges_alone(configuration, base_server, pconf);
    return OK;
  }
  auto runtime = std::make_unique<Runtime>(base_server);
  runtime->settings = configuration.server_settings;
  static_cast<void>(full_start(base_server, runtime->clock));
  runtime->listened_ports = configuration.listened_ports;
  runtime->domain_of_host = std::move(configuration.domain_of_host);
  if (!configuration.stapling.empty()) {
    runtime->stapling = std::make_unique<Stapling>(*runtime, std::move(configuration.stapling));
  }
  const auto prepared = Startup(*runtime, pass).run(std::move(configuration.plan));
  if (!prepared) {
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, base_server, "mod_md cannot start: %s",
                 prepared.error().message.c_str());
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  if (runtime->side_work != nullptr) {
    runtime->side_work->begin();
  }
  install_runtime(std::move(runtime), pconf);
  if (pass == Pass::Real) {
    report_missing_challenges(*current_runtime());
    // Without it nothing is renewed, which is said in the log; what is there is served all the
    // same.
    std::ignore = register_worker(pconf, base_server);
  }
  return OK;
}

/// Before mod_ssl's, which asks for certificate files, and before mod_watchdog's.
int post_config_before_ssl(apr_pool_t* pconf, apr_pool_t* /*plog*/, apr_pool_t* /*ptemp*/,
                           server_rec* base_server) noexcept {
  return guarded<int>(HTTP_INTERNAL_SERVER_ERROR,
                      [&] { return prepare_runtime(pconf, base_server); });
}

/// A TLS module without mod_ssl's init_server hook never asks us in a handshake: what a child took
/// for live would not be served.
void turn_off_live_activation_if_impossible(Runtime& runtime) {
  bool has_tls_host = false;
  for (server_rec* host = runtime.server; host != nullptr; host = host->next) {
    const auto found = runtime.domain_of_host.find(host);
    if (found == runtime.domain_of_host.end()) {
      continue;
    }
    const DomainRuntime& entry = *runtime.domains[found->second];
    has_tls_host = has_tls_host || (speaks_tls(host) && !entry.domain.is_static());
    if (!entry.tls_hosts.empty()) {
      return;
    }
  }
  if (runtime.generations != nullptr && has_tls_host) {
    runtime.generations.reset();
    runtime.logger.warning({},
                           "the TLS module does not let certificates go live: new ones are "
                           "activated at the next reload");
  }
}

bool begin_stapling(Runtime& runtime) {
  const auto begun = runtime.stapling != nullptr ? runtime.stapling->begin() : Status();
  if (!begun) {
    runtime.logger.error({}, fmt::format("stapling cannot begin: {}", begun.error().message));
  }
  return static_cast<bool>(begun);
}

/// After everything that may yet end the start.
int post_config_last(apr_pool_t* pconf, apr_pool_t* /*plog*/, apr_pool_t* /*ptemp*/,
                     server_rec* base_server) noexcept {
  return guarded<int>(HTTP_INTERNAL_SERVER_ERROR, [&] {
    Runtime* const runtime = current_runtime();
    if (runtime != nullptr) {
      runtime->end_side_work();
    }
    if (current_pass() == Pass::Real && runtime != nullptr) {
      turn_off_live_activation_if_impossible(*runtime);
      if (!begin_stapling(*runtime)) {
        return HTTP_INTERNAL_SERVER_ERROR;
      }
      if (!runtime->domains.empty()) {
        // Without it certificates go live at the next reload: said in the log, no reason to stop.
        std::ignore = start_activator(pconf, base_server);
      }
    }
    return OK;
  });
}

}  // namespace

Pass current_pass() {
  return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG ? Pass::Trial : Pass::Real;
}

void register_startup_hooks() {
  static const char* const mod_ssl[] = {"mod_ssl.c", nullptr};
  ap_hook_check_config(check_config, nullptr, nullptr, APR_HOOK_MIDDLE);
  ap_hook_post_config(post_config_before_ssl, nullptr, mod_ssl, APR_HOOK_FIRST);
  ap_hook_post_config(post_config_last, mod_ssl, nullptr, APR_HOOK_REALLY_LAST);
}

}  // namespace md::httpd
