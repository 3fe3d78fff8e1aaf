// SPDX-License-Identifier: Apache-2.0
#include "renewal/challenge_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renewal/authorizations.h"
#include "renewal/challenge_files.h"
#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using model::ChallengeType;
using store::Group;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RenewalBed;

class ChallengeSetupTest : public ::testing::Test {
 protected:
  ChallengeSetup a_setup(std::vector<std::string> placed = {}) {
    return {world_, keys_, bed_.domain, std::move(placed),
            [this](const std::vector<std::string>& now) {
              remembered_ = now;
              return Status();
            }};
  }
  static ChallengeAnswer answer(ChallengeType type, const std::string& token) {
    return {type, *model::DnsName::parse("example.org"), token, token + ".thumbprint"};
  }
  [[nodiscard]] std::vector<std::string> files() {
    return *bed_.store().files(Group::Challenges, "example.org");
  }
  [[nodiscard]] std::string content(std::string_view file) {
    return bed_.store().load(Group::Challenges, "example.org", file).value_or("");
  }

  RenewalBed bed_{{"example.org"}};
  World world_{bed_.store(),  bed_.clock,  bed_.random, bed_.waiter,
               bed_.commands, bed_.logger, nullptr,     nullptr};
  ChallengeKeys keys_{bed_.store().key()};
  std::vector<std::string> remembered_;
};

TEST_F(ChallengeSetupTest, PutsTheExactKeyAuthorizationInPlace) {
  ChallengeSetup setup = a_setup();
  ASSERT_TRUE(setup.put(answer(ChallengeType::Http01, "token1")));
  EXPECT_EQ(content("acme-http-01.txt"), "token1.thumbprint");
  EXPECT_EQ(content("acme-http-01.token1.txt"), "token1.thumbprint");
  EXPECT_THAT(remembered_, ElementsAre("http-01:example.org:token1"));
  setup.take_away_all();
  EXPECT_THAT(bed_.challenge_folders(), IsEmpty());
  EXPECT_THAT(remembered_, IsEmpty());
}

TEST_F(ChallengeSetupTest, LeavesTheAnswersOfAnotherOrderForTheName) {  // AC-51
  ChallengeSetup first = a_setup();
  ChallengeSetup second = a_setup();
  ASSERT_TRUE(first.put(answer(ChallengeType::Http01, "token1")));
  ASSERT_TRUE(second.put(answer(ChallengeType::Http01, "token2")));
  EXPECT_EQ(content("acme-http-01.token1.txt"), "token1.thumbprint");
  first.take_away_all();
  EXPECT_THAT(files(), ElementsAre("acme-http-01.token2.txt", "acme-http-01.txt"));
  EXPECT_EQ(content("acme-http-01.txt"), "token2.thumbprint");
  second.take_away_all();
  EXPECT_THAT(bed_.challenge_folders(), IsEmpty());
}

TEST_F(ChallengeSetupTest, LeavesTheCertificateOfAnotherOrderForTheName) {
  ChallengeSetup first = a_setup();
  ChallengeSetup second = a_setup();
  ASSERT_TRUE(first.put(answer(ChallengeType::TlsAlpn01, "token1")));
  ASSERT_TRUE(second.put(answer(ChallengeType::TlsAlpn01, "token2")));
  first.take_away_all();
  EXPECT_EQ(files().size(), 4U);
  second.take_away_all();
  EXPECT_THAT(bed_.challenge_folders(), IsEmpty());
}

TEST_F(ChallengeSetupTest, EncryptsTheKeysOfItsCertificates) {
  ChallengeSetup setup = a_setup();
  ASSERT_TRUE(setup.put(answer(ChallengeType::TlsAlpn01, "token1")));
  EXPECT_THAT(files(),
              ElementsAre("acme-tls-alpn-01-privkey.p-256.pem", "acme-tls-alpn-01-privkey.pem",
                          "acme-tls-alpn-01-pubcert.p-256.pem", "acme-tls-alpn-01-pubcert.pem"));
  EXPECT_THAT(content("acme-tls-alpn-01-privkey.pem"), HasSubstr("ENCRYPTED PRIVATE KEY"));
}

TEST_F(ChallengeSetupTest, TakesAwayWhatAProcessBeforeLeft) {
  {
    ChallengeSetup setup = a_setup();
    ASSERT_TRUE(setup.put(answer(ChallengeType::Http01, "token1")));
  }
  a_setup({"http-01:example.org:token1", "nonsense", "tls-alpn-01:example.org"}).take_away_all();
  EXPECT_THAT(bed_.challenge_folders(), IsEmpty());
}

TEST_F(ChallengeSetupTest, RefusesATokenThatIsNone) {
  ChallengeSetup setup = a_setup();
  for (const std::string& token : {std::string("../../etc/passwd"), std::string(),
                                   std::string("a/b"), std::string(500, 'a')}) {
    EXPECT_FALSE(setup.put(answer(ChallengeType::Http01, token))) << token;
  }
  EXPECT_THAT(bed_.challenge_folders(), IsEmpty());
}

TEST_F(ChallengeSetupTest, WantsACommandForDns) {
  ChallengeSetup setup = a_setup();
  const Status put = setup.put(answer(ChallengeType::Dns01, "token1"));
  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().message, HasSubstr("MDChallengeDns01"));
}

TEST(PlacedChallenge, ReadsAddresses) {
  for (const std::string name : {"2001:db8::1", "192.0.2.1"}) {
    for (const std::string mark : {"token", ""}) {
      const PlacedChallenge placed{ChallengeType::TlsAlpn01, name, mark};
      EXPECT_EQ(PlacedChallenge::parse(placed.text()), placed) << placed.text();
    }
  }
  for (const std::string_view broken : {"http-01:[2001:db8::1", "http-01:[]:x", "http-01:[::1]x:y",
                                        "[::1]:http-01", "http-01:[::1]:x:y", "a]:["}) {
    EXPECT_EQ(PlacedChallenge::parse(broken), std::nullopt) << broken;
  }
}

TEST(PlacedChallenge, ReadsWhatItAndModMdWrite) {
  const PlacedChallenge ours{ChallengeType::Http01, "a.test", "token"};
  EXPECT_EQ(PlacedChallenge::parse(ours.text()), ours);
  EXPECT_EQ(PlacedChallenge::parse("tls-alpn-01:a.test"),
            (PlacedChallenge{ChallengeType::TlsAlpn01, "a.test", ""}));
  for (const char* text :
       {"", "http-01", "http-02:a.test", "http-01:../x", "http-01:a.test:../x", "a:b:c:d"}) {
    EXPECT_FALSE(PlacedChallenge::parse(text)) << text;
  }
}

TEST(LeastFailedFirst, PutsTypesThatFailedSinceTheLastSuccessFurtherBack) {
  const auto name = *model::DnsName::parse("a.test");
  const std::vector types{ChallengeType::TlsAlpn01, ChallengeType::Http01};
  model::Job job;
  job.add_log({{}, std::string(kChallengeFailed), "", "tls-alpn-01:a.test"});
  job.add_log({{}, "finished", "", ""});
  EXPECT_EQ(least_failed_first(types, name, job).front(), ChallengeType::TlsAlpn01);
  job.add_log({{}, std::string(kChallengeFailed), "", "tls-alpn-01:a.test"});
  EXPECT_EQ(least_failed_first(types, name, job).front(), ChallengeType::Http01);
  job.add_log({{}, std::string(kChallengeFailed), "", "http-01:a.test"});
  EXPECT_EQ(least_failed_first(types, name, job).front(), ChallengeType::TlsAlpn01);
}

}  // namespace
}  // namespace md::renewal
