// SPDX-License-Identifier: Apache-2.0
#include "renewal/activation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "base/text.h"
#include "crypto/issuer.h"
#include "crypto/proven_key.h"
#include "renewal/certificate_seal.h"
#include "renewal/notify.h"
#include "store/documents.h"
#include "store/sync.h"

namespace md::renewal {
namespace {

using store::Durability;
using store::FileStore;
using store::Group;
using store::ServedSet;
using Kind = ActivationOutcome::Kind;

// mod_md's number for "staged data cannot be read, starting over".
constexpr std::string_view kRejectedProblem = "urn:org:apache:httpd:log:AH10069:";
constexpr std::string_view kKeptFile = "kept.json";
// The entry in the log of `domains/<md>/job.json` that says that the `installed` event was sent.
constexpr std::string_view kInstalledEntry = "message-installed";
// Somebody may make `domains/<md>` anew while it is exchanged.
constexpr int kMaxExchanges = 3;

/// The file that is written last into `tmp/<md>`: with it there the set is whole.
bool is_whole(const FileStore& store, const std::string& folder) {
  return store.exists(Group::Tmp, folder, store::kDomainFile) &&
         holds_any_set_file(store, Group::Tmp, folder);
}

/// Puts `tmp/<md>` in the place of `domains/<md>`. What that held goes to the archive, and comes
/// back if there is nothing to take its place.
Status exchange_live_folder_once(FileStore& store, const std::string& name) {
  MD_ASSIGN_OR_RETURN(const store::ArchivePlace place, store::find_archive_place(store, name));
  Status retired = store.move_folder(Group::Domains, name, Group::Archive, place.name);
  if (!retired && retired.error().kind != ErrorKind::NotFound) {
    return retired;
  }
  Status moved = store.move_folder(Group::Tmp, name, Group::Domains, name);
  if (!moved && retired) {
    (void)store.move_folder(Group::Archive, place.name, Group::Domains, name);
  }
  if (moved && retired) {
    // What cannot be removed now is the next time.
    (void)store::prune_archive(store, place);
  }
  return moved;
}

Status exchange_live_folder(FileStore& store, const std::string& name) {
  Status moved = exchange_live_folder_once(store, name);
  for (int attempt = 1; attempt < kMaxExchanges; ++attempt) {
    if (moved || moved.error().kind != ErrorKind::Conflict) {
      break;
    }
    moved = exchange_live_folder_once(store, name);
  }
  return moved;
}

/// One domain's activation. Lives for one call of `activate_staged`.
class Activation {
 public:
  Activation(FileStore& store, const model::ManagedDomain& domain, ActivationMoment moment,
             TimePoint now, const Announce& announce)
      : store_(store),
        domain_(domain),
        name_(domain.name),
        moment_(moment),
        now_(now),
        announce_(announce) {}

  Result<ActivationOutcome> run() {
    drop_unreadable_kept();
    LoadedSet staged = load_set(store_, Group::Staging, domain_, store_.key());
    if (!staged.has_any_file) {
      return ActivationOutcome{Kind::NothingStaged, "", {}};
    }
    const LoadedSet live = load_set(store_, Group::Domains, domain_, store_.key());
    if (is_remainder_of(live)) {
      return finish(live.keyed);
    }
    if (moment_ == ActivationMoment::AtStart && !staged.is_complete()) {
      staged = staged_by_any_version(std::move(staged), live);
    }
    if (moment_ == ActivationMoment::AtStart && is_stopgap(staged, live)) {
      flaw_of_new_set_ = std::exchange(staged.flaw, "");
    }
    const ServedSet own = staged.keyed;
    complete_with(live, domain_, staged);
    if (!staged.is_complete()) {
      return incomplete(staged);
    }
    if (const auto ready_at = held_back_until(staged.facts());
        ready_at && live.facts().is_usable(now_)) {
      MD_TRY(seal_again(own));
      return ActivationOutcome{
          Kind::NotYet,
          fmt::format("the new certificate is held back until {}", format_http_date(*ready_at)),
          {}};
    }
    if (moment_ == ActivationMoment::AtStart && is_outdated(staged.facts(), live.facts())) {
      return reject("the staged certificate has expired, the one in use has not");
    }
    MD_TRY_CONTEXT(write_new_set(staged.keyed), "write the new set");
    MD_TRY_CONTEXT(exchange_live_folder(store_, name_), "make the new set the live one");
    return finish(std::move(staged.keyed));
  }

 private:
  /// What lies in staging at a start may be what another version has left there, without a seal.
  /// Where this one has made the live set, somebody else may have laid it there: he can copy keys
  /// that he cannot read, but no CA issues for them.
  [[nodiscard]] LoadedSet staged_by_any_version(LoadedSet sealed, const LoadedSet& live) const {
    LoadedSet any = load_staged_of_any_version(store_, domain_, store_.key());
    const bool is_genuine = !is_live_set_ours() || is_newer_and_issued(any, live);
    return is_genuine ? any : std::move(sealed);
  }

  /// By the CA of the live set, or by one that this system trusts; for the domain's names and no
  /// others, so that it cannot be that of another domain.
  [[nodiscard]] bool is_newer_and_issued(const LoadedSet& staged, const LoadedSet& live) const {
    return std::ranges::all_of(staged.keyed, [&](const store::KeyedChain& keyed) {
      const auto is_of_same_ca = [&](const store::KeyedChain& one) {
        return crypto::is_issued_by_ca_of(keyed.chain, one.chain);
      };
      const auto is_older = [&](const store::KeyedChain& one) {
        return one.chain.front().validity().from < keyed.chain.front().validity().from;
      };
      return names_the_domain_alone(keyed.chain.front()) &&
             std::ranges::all_of(live.keyed, is_older) &&
             (std::ranges::any_of(live.keyed, is_of_same_ca) ||
              crypto::is_trusted_by_system(keyed.chain, now_));
    });
  }

  /// Where a name was added since, what is staged is still better than a live set that lacks names,
  /// too: it serves until the next one is there.
  [[nodiscard]] bool is_stopgap(const LoadedSet& staged, const LoadedSet& live) const {
    const std::size_t kinds = domain_.settings.effective_key_specs().size();
    if (staged.is_complete() || live.is_complete() || staged.keyed.size() != kinds) {
      return false;
    }
    return std::ranges::all_of(staged.keyed, [&](const store::KeyedChain& keyed) {
      const crypto::Certificate& leaf = keyed.chain.front();
      const auto is_no_better = [&](const store::KeyedChain& one) {
        const crypto::Certificate& known = one.chain.front();
        return known.validity().from < leaf.validity().from &&
               std::ranges::all_of(domain_.names, [&](const model::DnsName& name) {
                 return leaf.covers(name) || !known.covers(name);
               });
      };
      const auto is_covered = [&](const model::DnsName& name) { return leaf.covers(name); };
      return keyed.key.fits(keyed.spec) && now_ < leaf.validity().until &&
             std::ranges::any_of(domain_.names, is_covered) &&
             std::ranges::all_of(live.keyed, is_no_better);
    });
  }

  [[nodiscard]] bool names_the_domain_alone(const crypto::Certificate& leaf) const {
    std::set<std::string> asked;
    for (const model::DnsName& name : model::without_covered(domain_.names)) {
      asked.insert(name.text());
    }
    const auto names = leaf.alternative_names();
    return std::set<std::string>(names.begin(), names.end()) == asked;
  }

  [[nodiscard]] bool is_live_set_ours() const {
    const auto text = store_.load(Group::Domains, name_, store::kJobFile);
    const auto document =
        text ? json::Value::parse(*text, store::kJobFile) : Result<json::Value>(text.error());
    return document && store::parse_job(*document).last_logged(kActivatedEntry);
  }

  /// Whoever looks at it next demands the seal.
  Status seal_again(const ServedSet& staged) {
    if (moment_ == ActivationMoment::Live) {
      return {};
    }
    for (const store::KeyedChain& keyed : staged) {
      MD_ASSIGN_OR_RETURN(const std::string pem, crypto::to_pem(keyed.chain));
      MD_TRY(stage_certificate(store_, name_, keyed.spec, pem, store_.key()));
    }
    return {};
  }

  /// A note of certificates that stay, of no use to anybody, would be read again at each look. What
  /// cannot be removed (a folder of that name) keeps no set from going live.
  void drop_unreadable_kept() {
    const auto text = load_staged(kKeptFile);
    const bool is_useless =
        text ? !json::Value::parse(*text, kKeptFile) : text.error().kind == ErrorKind::Corrupt;
    if (is_useless) {
      std::ignore = store_.remove_file(Group::Staging, name_, kKeptFile);
    }
  }

  /// Is there nothing in staging but what is live? Then a death has kept us from dropping it.
  [[nodiscard]] bool is_remainder_of(const LoadedSet& live) const {
    bool any = false;
    for (const store::KeyedChain& keyed : live.keyed) {
      const auto certificate = load_staged(store::certificate_file(keyed.spec));
      const auto key = load_staged(store::key_file(keyed.spec));
      if (!is_absent(certificate) && !(certificate && is_same_leaf(*certificate, keyed))) {
        return false;
      }
      if (!is_absent(key) && !(key && is_key_of(*key, keyed))) {
        return false;
      }
      any = any || certificate || key;
    }
    return any && live.is_complete();
  }

  [[nodiscard]] static bool is_absent(const Result<std::string>& file) {
    return !file && file.error().kind == ErrorKind::NotFound;
  }

  [[nodiscard]] static bool is_same_leaf(const std::string& pem, const store::KeyedChain& live) {
    const auto chain = crypto::Certificate::chain_from_pem(pem);
    return chain && chain->front().sha256_fingerprint() == live.chain.front().sha256_fingerprint();
  }

  [[nodiscard]] bool is_key_of(const std::string& pem, const store::KeyedChain& live) const {
    const auto key = crypto::key_from_encrypted_pem(pem, store_.key().bytes());
    return key && live.chain.front().matches(*key);
  }

  [[nodiscard]] Result<std::string> load_staged(std::string_view file) const {
    return store_.load(Group::Staging, name_, file);
  }

  Result<ActivationOutcome> incomplete(const LoadedSet& staged) {
    if (moment_ == ActivationMoment::Live) {
      return ActivationOutcome{Kind::NotYet, staged.flaw, {}};
    }
    if (staged.is_broken) {
      return reject(staged.flaw);
    }
    if (has_all_files(store_, Group::Staging, domain_)) {
      return fail(ErrorKind::Io, staged.flaw);
    }
    // The renewal goes on with what it has (PM-01), unless it thinks that it is done (ST-02).
    const auto job = staged_job();
    return job && !job->get("finished").as_bool().value_or(false)
               ? ActivationOutcome{Kind::NotYet, staged.flaw, {}}
               : reject(staged.flaw);
  }

  [[nodiscard]] Result<json::Value> staged_job() const {
    MD_ASSIGN_OR_RETURN(const std::string text, load_staged(store::kJobFile));
    return json::Value::parse(text, store_.path(Group::Staging, name_, store::kJobFile));
  }

  [[nodiscard]] std::optional<TimePoint> held_back_until(const CertificateSetFacts& staged) const {
    TimePoint ready_at = TimePoint::min();
    for (const CertificateFacts& certificate : staged.certificates) {
      const model::Validity& validity = certificate.validity;
      const auto delay = std::min<std::chrono::milliseconds>(domain_.settings.activation_delay,
                                                             validity.length() / 2);
      ready_at = std::max(ready_at, validity.from + delay);
    }
    return now_ < ready_at ? std::optional(ready_at) : std::nullopt;
  }

  [[nodiscard]] bool is_outdated(const CertificateSetFacts& staged,
                                 const CertificateSetFacts& live) const {
    return live.is_usable(now_) && staged.overlap()->until <= now_;
  }

  /// Fills `tmp/<md>`; what a death has left there before goes away.
  Status write_new_set(const ServedSet& set) {
    MD_TRY(store_.remove_folder(Group::Tmp, name_));
    MD_ASSIGN_OR_RETURN(const std::string account, promote_own_account());
    for (const store::KeyedChain& keyed : set) {
      MD_ASSIGN_OR_RETURN(const SecretBytes key, keyed.key.to_pem());
      MD_TRY(write(store::key_file(keyed.spec), key.text()));
      MD_ASSIGN_OR_RETURN(const std::string chain, crypto::to_pem(keyed.chain));
      MD_TRY(write(store::certificate_file(keyed.spec), chain));
    }
    MD_TRY(write(store::kJobFile, job_of_new_set(set).dump()));
    const auto record = record_of_new_set(account);
    model::ManagedDomain written = domain_;
    if (store::contacts_of(domain_).empty()) {  // at a start before the store was looked at
      written.kept_contacts = record.document.get("contacts").as_strings();
    }
    return write(store::kDomainFile, store::to_json(written, record).dump());
  }

  Status write(std::string_view file, std::string_view content) {
    return store_.save(Group::Tmp, name_, file, content, Durability::Synced);
  }

  /// The job that made the set, as far as it is known what each member means: it comes from where
  /// others may write, and is root's from now on. Files come before the job's last word: it may not
  /// know yet that it has finished.
  [[nodiscard]] json::Value job_of_new_set(const ServedSet& set) const {
    const auto staged = staged_job();
    model::Job job = staged ? store::parse_job(*staged) : model::Job();
    job.name = name_;
    job.finished = true;
    if (!job.valid_from) {
      job.valid_from = set.front().chain.front().validity().from;
    }
    // What is noted of the life of a live set is noted by us alone.
    std::erase_if(job.log, [](const model::JobLogEntry& entry) {
      return entry.type == kActivatedEntry || entry.type == kInstalledEntry;
    });
    job.add_log({now_, std::string(kActivatedEntry), "", ""});
    return store::to_json(job);
  }

  [[nodiscard]] bool is_own_authority(const std::string& ca_url) const {
    const auto& authorities = domain_.settings.authorities;
    return std::ranges::any_of(authorities, [&](const model::CertificateAuthority& authority) {
      return authority.url == ca_url;
    });
  }

  /// The staged account becomes the server's, if it is one at a CA that the domain may use. Empty:
  /// it is not, or there is none. Any other error ends the activation: a disk that fails once must
  /// not cost the account.
  Result<std::string> promote_own_account() {
    const auto text = store_.load(Group::Staging, name_, store::kAccountFile);
    if (!text && text.error().kind != ErrorKind::NotFound &&
        text.error().kind != ErrorKind::Corrupt) {
      return text.error();
    }
    const auto record = text ? store::parse_account(*text, store::kAccountFile)
                             : Result<store::AccountRecord>(text.error());
    if (!record || !is_own_authority(record->ca_url)) {
      return std::string();
    }
    auto account = promote_account(store_, name_);
    const bool is_unusable = !account && account.error().kind == ErrorKind::Corrupt;
    return is_unusable ? std::string() : std::move(account);
  }

  /// Of staging nothing is taken but which CA has issued, if that is one that the domain may have.
  [[nodiscard]] store::DomainRecord record_of_new_set(const std::string& account) const {
    const auto live = load_record(Group::Domains);
    store::DomainRecord result = live ? *live : store::DomainRecord();
    const std::string ca_url_before = result.ca_url;
    const auto staged = load_record(Group::Staging);
    if (staged && is_own_authority(staged->ca_url)) {
      result.ca_url = staged->ca_url;
    }
    if (result.ca_url.empty() && !domain_.settings.authorities.empty()) {
      result.ca_url = domain_.settings.authorities.front().url;
    }
    std::string used = account.empty() ? account_at(result.ca_url) : account;
    if (!used.empty() || result.ca_url != ca_url_before) {
      result.account = std::move(used);
    }
    result.state =
        flaw_of_new_set_.empty() ? model::DomainState::Complete : model::DomainState::Incomplete;
    result.state_description = flaw_of_new_set_;
    return result;
  }

  [[nodiscard]] Result<store::DomainRecord> load_record(Group group) const {
    MD_ASSIGN_OR_RETURN(const std::string text, store_.load(group, name_, store::kDomainFile));
    return store::parse_domain(text, store_.path(group, name_, store::kDomainFile));
  }

  /// The account that this domain shares with others at that CA; empty if none is known. Whoever
  /// has no binding (any more) may use one that has.
  [[nodiscard]] std::string account_at(const std::string& ca_url) const {
    const std::string& kid = domain_.settings.external_account.kid;
    std::vector<std::string> bound;
    const auto ids = store_.folders(Group::Accounts);
    for (const std::string& id : ids ? *ids : std::vector<std::string>()) {
      const auto text = store_.load(Group::Accounts, id, store::kAccountFile);
      const auto account =
          text ? store::parse_account(*text, id) : Result<store::AccountRecord>(text.error());
      if (!account || account->status != "valid" || account->ca_url != ca_url) {
        continue;
      }
      if (account->external_kid == kid) {
        return id;
      }
      bound.push_back(id);
    }
    return kid.empty() && bound.size() == 1 ? bound.front() : "";
  }

  Result<ActivationOutcome> finish(ServedSet set) {
    if (announce_) {
      MD_TRY_CONTEXT(announce_(set), "publish the new set");
    }
    MD_TRY_CONTEXT(drop_staged(), "remove what is live now from staging");
    return ActivationOutcome{Kind::Activated, "", std::move(set)};
  }

  Status drop_staged() {
    if (moment_ == ActivationMoment::AtStart && !is_job_of_use()) {
      return store_.remove_folder(Group::Staging, name_);
    }
    return remove_staged_except({store::kJobFile});
  }

  /// Has the `renewed` event not been delivered yet (SE-12), or MDNotifyCmd not succeeded? Or did
  /// the CA not do what it was asked for (must-staple, say), so that the new set is due again, but
  /// not at once (AC-40)? A restart must not make us forget either.
  [[nodiscard]] bool is_job_of_use() const {
    const auto document = staged_job();
    if (!document) {
      return false;
    }
    const model::Job job = store::parse_job(*document);
    const model::ResolvedSettings& settings = domain_.settings;
    const bool is_untold =
        job.finished && ((!job.notified_renewed && !settings.message_command.empty()) ||
                         (!job.notified && !settings.notify_command.empty()));
    return is_untold || (job.errors > 0 && job.next_run && *job.next_run > now_);
  }

  Status remove_staged_except(std::initializer_list<std::string_view> kept) {
    MD_ASSIGN_OR_RETURN(const auto files, store_.files(Group::Staging, name_));
    for (const std::string& file : files) {
      if (std::ranges::find(kept, file) == kept.end()) {
        MD_TRY(store_.remove_file(Group::Staging, name_, file));
      }
    }
    return {};
  }

  /// Makes the renewal start over. The job goes first: with the files but half gone it must not
  /// call itself finished.
  Result<ActivationOutcome> reject(const std::string& reason) {
    const auto document = staged_job();
    model::Job job = document ? store::parse_job(*document) : model::Job();
    job.name = name_;
    forget_failing_command(job);
    job.finished = job.notified = job.notified_renewed = false;
    job.next_run.reset();
    job.valid_from.reset();
    ++job.errors;
    job.last = {EINVAL, "Invalid argument", "activating the staged certificates",
                Problem{std::string(kRejectedProblem), reason, 0, {}}};
    job.add_log({now_, "renewal-error", std::string(kRejectedProblem), reason});
    MD_TRY(store_.save(Group::Staging, name_, store::kJobFile, store::to_json(job).dump(),
                       Durability::Synced));
    MD_TRY(remove_staged_except({store::kJobFile, store::kAccountFile, store::kAccountKeyFile}));
    return ActivationOutcome{Kind::Rejected, reason, {}};
  }

  FileStore& store_;
  const model::ManagedDomain& domain_;
  const std::string& name_;
  const ActivationMoment moment_;
  const TimePoint now_;
  const Announce& announce_;
  std::string flaw_of_new_set_;  // that it has all the same
};

}  // namespace

Result<ActivationOutcome> activate_staged(FileStore& store, const model::ManagedDomain& domain,
                                          ActivationMoment moment, TimePoint now,
                                          const Announce& announce) {
  return Activation(store, domain, moment, now, announce).run();
}

Status recover_interrupted_activation(FileStore& store, const model::ManagedDomain& domain,
                                      Logger& logger) {
  const std::string& name = domain.name;
  if (!store.folder_exists(Group::Tmp, name) || !holds_any_set_file(store, Group::Tmp, name)) {
    return {};
  }
  if (holds_any_set_file(store, Group::Domains, name) || !is_whole(store, name)) {
    return store.remove_folder(Group::Tmp, name);
  }
  MD_TRY_CONTEXT(exchange_live_folder(store, name), "finish the activation of " + name);
  logger.notice({}, fmt::format("{}: its activation was interrupted and is finished now", name));
  return {};
}

}  // namespace md::renewal
