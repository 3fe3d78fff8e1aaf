// SPDX-License-Identifier: Apache-2.0
#include "renewal/static_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "renewal/decide.h"
#include "renewal/testing/sample_sets.h"

namespace md::renewal {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr hours kDay{24};
const TimePoint kNow = TimePoint(std::chrono::seconds(1'800'000'000));

class StaticSetTest : public ::testing::Test {
 protected:
  StaticSetTest() {
    add_pair(md::testing::sample_chain(domain_, model::KeySpec::rsa(), kValidity));
  }

  /// One more MDCertificateFile with its key.
  void add_pair(const store::KeyedChain& keyed) {
    const std::string number = std::to_string(domain_.settings.certificate_files.size());
    domain_.settings.certificate_files.push_back("/etc/cert" + number);
    domain_.settings.certificate_key_files.push_back("/etc/key" + number);
    files_["/etc/cert" + number] = *crypto::to_pem(keyed.chain);
    files_["/etc/key" + number] = std::string(keyed.key.to_pem()->text());
  }
  [[nodiscard]] StaticSet load() const {
    return load_static_set(domain_, [this](const std::string& path) -> Result<std::string> {
      const auto found = files_.find(path);
      return found != files_.end() ? Result<std::string>(found->second)
                                   : fail(ErrorKind::NotFound, path + ": No such file");
    });
  }

  static constexpr hours kLeft = 20 * kDay;
  const model::Validity kValidity{kNow - 70 * kDay, kNow + kLeft};
  model::ManagedDomain domain_ = md::testing::sample_domain({"a.test"});
  std::map<std::string, std::string> files_;
};

TEST_F(StaticSetTest, IsReadFromItsFiles) {
  add_pair(md::testing::sample_chain(domain_, model::KeySpec::ec("P-256"), kValidity));
  const StaticSet set = load();
  EXPECT_TRUE(set.facts.is_complete());
  EXPECT_THAT(set.facts.certificates, SizeIs(2));
  EXPECT_EQ(set.facts.certificates[1].spec.name(), "1");
  EXPECT_THAT(set.files, ElementsAre(std::pair("/etc/cert0", "/etc/key0"),
                                     std::pair("/etc/cert1", "/etc/key1")));
  EXPECT_THAT(set.complaints, IsEmpty());
}

TEST_F(StaticSetTest, LeavesOutWhatCannotBeUsedAndSaysWhy) {
  const auto pair = md::testing::sample_chain(domain_, model::KeySpec::ec("P-256"), kValidity);
  const std::pair<std::function<void()>, const char*> defects[] = {
      {[&] { files_.erase("/etc/cert1"); }, "/etc/cert1: No such file"},
      {[&] { files_.erase("/etc/key1"); }, "/etc/key1: No such file"},
      {[&] { files_["/etc/cert1"] = "none"; }, "/etc/cert1: no certificate in it"},
      {[&] { files_["/etc/key1"] = "none"; }, "/etc/key1"},
      {[&] { files_["/etc/key1"] = files_["/etc/key0"]; }, "/etc/key1: is not the key"},
  };
  for (const auto& [damage, words] : defects) {
    domain_.settings.certificate_files.resize(1);
    domain_.settings.certificate_key_files.resize(1);
    add_pair(pair);
    damage();
    const StaticSet set = load();
    EXPECT_THAT(set.files, ElementsAre(std::pair("/etc/cert0", "/etc/key0"))) << words;
    EXPECT_THAT(set.complaints, ElementsAre(HasSubstr(words)));
    EXPECT_FALSE(set.facts.is_complete());
  }
}

TEST_F(StaticSetTest, TakesKeysThatOnlyTheTlsModuleCanRead) {
  files_["/etc/key0"] =
      *crypto::testing::shared_rsa_key().to_encrypted_pem(as_bytes("a pass phrase"));
  EXPECT_THAT(load().files, SizeIs(1));
}

TEST_F(StaticSetTest, GivesWayToANewerSetOfTheStoreThatIsValid) {  // VH-22
  const CertificateSetFacts files = load().facts;
  const auto stored = [&](TimePoint from, TimePoint until) {
    CertificateSetFacts set = files;
    set.certificates.front().validity = {from, until};
    return set;
  };
  EXPECT_TRUE(is_stored_set_newer(files, stored(kNow - kDay, kNow + 10 * kDay), kNow));
  EXPECT_FALSE(is_stored_set_newer(files, stored(kNow - 80 * kDay, kNow + 90 * kDay), kNow));
  EXPECT_FALSE(is_stored_set_newer(files, stored(kNow - 3 * kDay, kNow - kDay), kNow));
  EXPECT_FALSE(is_stored_set_newer(files, {{}, "certificate(rsa) is missing"}, kNow));
  const TimePoint later = kNow + kLeft + kDay;
  EXPECT_TRUE(is_stored_set_newer(files, stored(kNow - 80 * kDay, later + kDay), later));
  EXPECT_TRUE(is_stored_set_newer({{}, "gone"}, stored(kNow - 80 * kDay, later), kNow));
}

TEST_F(StaticSetTest, IsWarnedOfInItsWarnWindow) {
  domain_.settings.renew_mode = model::RenewMode::Auto;
  EXPECT_EQ(warning_of(domain_, load().facts, kNow), "");
  const TimePoint late = kNow + 12 * kDay;
  EXPECT_THAT(warning_of(domain_, load().facts, late), HasSubstr("replace them"));
  domain_.settings.renew_mode = model::RenewMode::Always;
  EXPECT_THAT(warning_of(domain_, load().facts, late), HasSubstr("renewed at the CA"));
}

TEST_F(StaticSetTest, IsRenewedOnlyWhereTheModeIsAlways) {  // VH-22
  RenewalFacts facts;
  facts.live = load().facts;
  domain_.settings.renew_mode = model::RenewMode::Auto;
  EXPECT_EQ(decide_renewal(domain_, facts, {}, kNow).action, RenewalDecision::Action::Nothing);
  domain_.settings.renew_mode = model::RenewMode::Always;
  EXPECT_EQ(decide_renewal(domain_, facts, {}, kNow).action, RenewalDecision::Action::Renew);
}

}  // namespace
}  // namespace md::renewal
