// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "acme/testing/fake_acme_server.h"
#include "base/testing/fake_clock.h"
#include "base/testing/fake_command_runner.h"
#include "base/testing/fixed_random.h"
#include "base/testing/recording_logger.h"
#include "base/testing/scoped_temp_dir.h"
#include "crypto/digest.h"
#include "json/value.h"
#include "renewal/activation.h"
#include "renewal/challenge_files.h"
#include "renewal/challenge_setup.h"
#include "renewal/renewer.h"
#include "renewal/staged_set.h"
#include "renewal/testing/sample_sets.h"
#include "store/testing/faulty_file_system.h"

namespace md::testing {

/// An http::Client whose process dies at a request: from then on nothing is sent, and, by
/// `on_death`, nothing written.
class MortalClient final : public http::Client {
 public:
  enum class Moment { Never, Before, After };

  MortalClient(http::Client& inner, const FaultyFileSystem& files) : inner_(inner), files_(files) {}
  void die_at(unsigned request, Moment moment, std::function<void()> on_death) {
    at_ = request;
    moment_ = moment;
    on_death_ = std::move(on_death);
  }
  [[nodiscard]] bool is_dead() const { return dead_; }

  Result<http::Response> send(const http::Request& request, const Waiter& waiter) override {
    if (files_.has_crashed()) {
      return fail(ErrorKind::Stopped, "killed");
    }
    const bool now = !dead_ && moment_ != Moment::Never && ++sent_ == at_;
    if (dead_ || (now && moment_ == Moment::Before)) {
      return die();
    }
    auto response = inner_.send(request, waiter);
    return now ? die() : response;
  }

 private:
  Result<http::Response> die() {
    if (!std::exchange(dead_, true)) {
      on_death_();
    }
    return fail(ErrorKind::Stopped, "killed");
  }

  http::Client& inner_;
  const FaultyFileSystem& files_;
  unsigned at_{0};
  unsigned sent_{0};
  Moment moment_{Moment::Never};
  std::function<void()> on_death_;
  bool dead_{false};
};

/// What a worker child is made of; another one on the same store takes over when it is gone.
class Worker {
 public:
  Worker(const std::filesystem::path& root, http::Client& ca, Clock& clock, RandomSource& random,
         Waiter& waiter, CommandRunner& commands, Logger& logger, renewal::ChallengeChoice choose,
         renewal::LiveFacts live_facts, bool activates_live,
         std::optional<renewal::FullStart> full_start = {})
      : client(ca, files), store_(open(root, logger)) {
    renewal::World world{*store_,
                         clock,
                         random,
                         waiter,
                         commands,
                         logger,
                         std::move(choose),
                         std::move(live_facts),
                         activates_live,
                         model::KeySpec::ec("P-256")};  // made in no time
    world.full_start = full_start;
    renewer = std::make_unique<renewal::Renewer>(std::move(world));
  }
  [[nodiscard]] store::FileStore& store() { return *store_; }

  store::PosixFileSystem posix;
  FaultyFileSystem files{posix};
  MortalClient client;
  std::unique_ptr<renewal::Renewer> renewer;

 private:
  std::unique_ptr<store::FileStore> open(const std::filesystem::path& root, Logger& logger) {
    auto opened = store::FileStore::open({root, std::nullopt}, files, logger);
    return std::move(opened).value();
  }
  std::unique_ptr<store::FileStore> store_;
};

/// A server with one managed domain, a CA, a clock of its own, and somebody who activates.
class RenewalBed {
 public:
  explicit RenewalBed(const std::vector<std::string>& names = {"example.org", "www.example.org"})
      : domain(sample_domain(names)) {
    domain.settings.authorities = {{ca.directory_url(), ""}};
    domain.settings.agreement = "accepted";
    domain.settings.contact = "admin@example.org";
    domain.settings.key_specs = {model::KeySpec::ec("P-256")};
    ca.behaviour.clock = &clock;
    ca.behaviour.validate = [this](const auto& type, const auto& name, const auto& token,
                                   const auto& key_authorization) {
      return is_in_place(type, name, token, key_authorization);
    };
    std::filesystem::create_directory(directory.path() / "md");
    restart();
    static_cast<void>(store().ensure_folder("locks", 0755, true));
  }

  /// A worker child starts; the one before is gone.
  void restart() {
    worker.reset();
    worker = std::make_unique<Worker>(
        directory.path() / "md", ca, clock, random, waiter, commands, logger,
        [this](const model::ManagedDomain&, const model::DnsName& name) { return choose(name); },
        [this](const model::ManagedDomain&) { return live_facts(); }, activates_live, full_start);
  }
  TimePoint check() { return worker->renewer->check(domain, worker->client); }
  /// Checks as the pool does until nothing is staged unfinished, at most `times`.
  void check_until_finished(int times = 20) {
    for (int i = 0; i < times && !(job().finished && has_staged()); ++i) {
      const TimePoint next = check();
      if (next > clock.now()) {
        clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - clock.now()));
      }
    }
  }
  /// What the activator does.
  renewal::ActivationOutcome activate(
      renewal::ActivationMoment moment = renewal::ActivationMoment::Live) {
    auto outcome = renewal::activate_staged(store(), domain, moment, clock.now());
    if (!outcome) {
      return {renewal::ActivationOutcome::Kind::Rejected, outcome.error().message, {}};
    }
    if (outcome->kind == renewal::ActivationOutcome::Kind::Activated) {
      renewal::LoadedSet set;
      set.keyed = outcome->set;
      live = set.facts();
    }
    return std::move(outcome).value();
  }

  [[nodiscard]] store::FileStore& store() { return worker->store(); }
  [[nodiscard]] bool has_staged() {
    return renewal::load_set(store(), store::Group::Staging, domain, store().key()).is_complete();
  }
  [[nodiscard]] model::Job job() { return job_of(domain.name); }
  [[nodiscard]] model::Job job_of(const std::string& name) {
    const auto text = store().load(store::Group::Staging, name, store::kJobFile);
    const auto value = text ? json::Value::parse(*text, "job.json") : fail(ErrorKind::NotFound, "");
    return value ? store::parse_job(*value) : model::Job{};
  }
  [[nodiscard]] std::vector<std::string> staged_files() {
    return store().files(store::Group::Staging, domain.name).value_or({});
  }
  [[nodiscard]] std::vector<std::string> challenge_folders() {
    return store().folders(store::Group::Challenges).value_or({});
  }
  /// The events that MDMessageCmd was told, without the domain's name.
  [[nodiscard]] std::vector<std::string> events() const {
    std::vector<std::string> told;
    for (const auto& argv : commands.calls()) {
      if (argv.front() == "/bin/message") {
        told.push_back(argv[argv.size() - 2]);
      }
    }
    return told;
  }
  void listen_to_events() { domain.settings.message_command = "/bin/message"; }
  [[nodiscard]] int count_log(int id) const {
    int count = 0;
    for (const auto& entry : logger.entries()) {
      count += entry.id == id ? 1 : 0;
    }
    return count;
  }
  [[nodiscard]] std::string log_of(int id) const {
    std::string message;
    for (const auto& entry : logger.entries()) {
      message = entry.id == id ? entry.message : message;
    }
    return message;
  }

  ScopedTempDir directory;
  FakeClock clock;
  FakeWaiter waiter{clock};
  FixedRandom random;
  RecordingLogger logger;
  FakeCommandRunner commands;
  acme::testing::FakeAcmeServer ca;
  model::ManagedDomain domain;
  bool activates_live{true};
  std::optional<renewal::FullStart> full_start{};  ///< of the next worker
  renewal::CertificateSetFacts live{{}, "certificate(p-256) is missing"};
  /// In place of `live`, if set.
  std::function<renewal::CertificateSetFacts()> look_at_live;
  std::vector<model::ChallengeType> choice{model::ChallengeType::TlsAlpn01,
                                           model::ChallengeType::Http01};
  std::unique_ptr<Worker> worker;

 private:
  [[nodiscard]] renewal::CertificateSetFacts live_facts() const {
    return look_at_live ? look_at_live() : live;
  }
  Result<std::vector<model::ChallengeType>> choose(const model::DnsName& name) const {
    if (name.is_wildcard()) {
      return std::vector{model::ChallengeType::Dns01};
    }
    return choice;
  }

  /// What a CA's validation finds.
  bool is_in_place(const std::string& type, const std::string& name, const std::string& token,
                   const std::string& key_authorization) {
    if (type == "http-01") {
      const auto own = store().load(store::Group::Challenges, name, renewal::http01_file(token));
      const auto plain = store().load(store::Group::Challenges, name, store::kHttp01File);
      return own && *own == key_authorization && plain && *plain == key_authorization;
    }
    if (type == "tls-alpn-01") {
      return shows_certificate(name, renewal::challenge_rsa_spec(), key_authorization) &&
             shows_certificate(name, renewal::challenge_ec_spec(), key_authorization);
    }
    const std::vector<std::string> wanted{"setup", name, renewal::dns01_digest(key_authorization)};
    for (const auto& argv : commands.calls()) {
      if (std::search(argv.begin(), argv.end(), wanted.begin(), wanted.end()) != argv.end()) {
        return true;
      }
    }
    return false;
  }
  bool shows_certificate(const std::string& name, const model::KeySpec& spec,
                         const std::string& key_authorization) {
    const auto pem =
        store().load(store::Group::Challenges, name, renewal::tls_alpn_certificate_file(spec));
    const auto key_pem =
        store().load(store::Group::Challenges, name, renewal::tls_alpn_key_file(spec));
    if (!pem || !key_pem) {
      return false;
    }
    const auto chain = crypto::Certificate::chain_from_pem(*pem);
    const auto key = crypto::PrivateKey::from_pem(*key_pem, store().key().bytes());
    if (!chain || !key || !chain->front().matches(*key) || !key->fits(spec)) {
      return false;
    }
    const Bytes der = *chain->front().to_der();
    const auto digest = crypto::sha256(as_bytes(key_authorization));
    return std::search(der.begin(), der.end(), digest.begin(), digest.end()) != der.end();
  }
};

}  // namespace md::testing
