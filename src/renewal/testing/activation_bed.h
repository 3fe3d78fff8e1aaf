// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/testing/recording_logger.h"
#include "base/testing/scoped_temp_dir.h"
#include "renewal/activation.h"
#include "renewal/testing/staged_samples.h"
#include "store/testing/faulty_file_system.h"

/// For tests of activation: a store on disk, with a domain, sets and accounts to put there.
namespace md::renewal {

using store::Group;

inline const TimePoint kNow = *parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT");
inline const std::string kName = "example.org";
inline constexpr std::string_view kAccount = R"({"status": "valid", "ca-url":
  "https://ca.example.net:14000/dir", "url": "https://ca.example.net:14000/account/7",
  "contact": ["mailto:admin@example.org"], "registration": {"status": "valid"}})";
inline constexpr std::string_view kStagedDomain = R"({"name": "example.org", "state": 1,
  "state-descr": "certificate(rsa) is missing", "from-the-future": {"a": 1},
  "ca": {"url": "https://ca.example.net:14000/dir", "proto": "ACME"}})";
inline constexpr std::string_view kFinishedJob = R"({"name": "example.org", "finished": true,
  "errors": 0, "log": {"entries": [{"type": "finished",
  "when": "Sun, 22 Nov 2026 11:00:00 GMT"}]}})";

inline std::vector<std::string> serials(const store::ServedSet& set) {
  std::vector<std::string> texts;
  for (const store::KeyedChain& keyed : set) {
    texts.push_back(keyed.chain.front().serial());
  }
  return texts;
}

/// A store on disk, opened through a file system that fails when told.
class OpenStore {
 public:
  explicit OpenStore(const std::filesystem::path& root) {
    auto opened = store::FileStore::open({root, std::nullopt}, faulty, logger);
    if (opened) {
      store = std::move(opened).value();
    }
  }
  testing::RecordingLogger logger;
  store::PosixFileSystem files;
  testing::FaultyFileSystem faulty{files};
  std::unique_ptr<store::FileStore> store;
};

class ActivationTest : public ::testing::Test {
 protected:
  ActivationTest() : opened_(directory_.path() / "md"), store_(*opened_.store) {}

  void put(Group group, const std::string& file, std::string_view content) {
    ASSERT_TRUE(store_.save(group, kName, file, content, store::Durability::Synced));
  }
  void put_live(const store::ServedSet& set) {
    testing::put_set(store_, Group::Domains, kName, set, store_.key());
    put(Group::Domains, "md.json", R"({"name": "example.org", "state": 2})");
  }
  void stage(const store::ServedSet& set) {
    testing::stage_set(store_, kName, set, store_.key());
    put(Group::Staging, "md.json", kStagedDomain);
    put(Group::Staging, "job.json", kFinishedJob);
  }
  void stage_account() {
    put(Group::Staging, "account.json", kAccount);
    put(Group::Staging, "account.pem", *account_key_.to_encrypted_pem(store_.key().bytes()));
  }
  Result<std::string> promote() { return promote_account(store_, kName); }
  ActivationOutcome activate(ActivationMoment moment, TimePoint now = kNow) {
    auto outcome = activate_staged(store_, domain_, moment, now);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : ActivationOutcome();
  }
  [[nodiscard]] store::ServedSet a_set(Duration age = std::chrono::hours(1),
                                       Duration left = std::chrono::days(90)) const {
    return testing::sample_set(domain_, {kNow - age, kNow + left});
  }
  [[nodiscard]] LoadedSet live() const {
    return load_set(store_, Group::Domains, domain_, store_.key());
  }
  [[nodiscard]] json::Value document(Group group, const std::string& folder,
                                     const std::string& file) const {
    return *json::Value::parse(store_.load(group, folder, file).value_or("null"), file);
  }
  [[nodiscard]] std::vector<std::string> staged_files() const {
    return *store_.files(Group::Staging, kName);
  }

  testing::ScopedTempDir directory_{testing::directory_in_memory()};
  OpenStore opened_;
  store::FileStore& store_;
  model::ManagedDomain domain_ = testing::sample_domain({kName, "www.example.org"});
  crypto::PrivateKey account_key_ = *crypto::PrivateKey::generate(model::KeySpec::ec("P-256"));
};

}  // namespace md::renewal
