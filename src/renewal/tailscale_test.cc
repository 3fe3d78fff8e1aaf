// SPDX-License-Identifier: Apache-2.0
#include "renewal/tailscale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/scripted_client.h"
#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using http::testing::a_response;
using md::testing::RenewalBed;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kName = "host.tailnet.ts.net";
constexpr const char* kSocket = "/run/tailscaled.sock";
constexpr int kAttemptFailed = 10056;

/// A worker whose domain has certificates from a tailscaled, which `daemon_` stands for.
class TailscaleTest : public ::testing::Test {
 protected:
  TailscaleTest() {
    bed_.domain.settings.protocol = model::CertificateProtocol::Tailscale;
    bed_.domain.settings.authorities = {{std::string("file://localhost") + kSocket, ""}};
    bed_.domain.settings.key_specs = {};
    daemon_.answer = [this](const http::Request& request) -> Result<http::Response> {
      return a_response(200, answer_to(request));
    };
    renew(24h * 90);
  }

  /// The daemon has a new certificate.
  void renew(Duration lifetime) {
    const TimePoint now = bed_.clock.now();
    pair_ =
        md::testing::sample_chain(bed_.domain, model::KeySpec::ec("P-256"), {now, now + lifetime});
  }
  [[nodiscard]] std::string key_pem() const { return std::string(pair_->key.to_pem()->text()); }
  [[nodiscard]] std::string chain_pem() const { return *crypto::to_pem(pair_->chain); }
  [[nodiscard]] std::string answer_to(const http::Request& request) const {
    if (request.url.find("type=pair") != std::string::npos) {
      return key_pem() + chain_pem();
    }
    return request.url.find("type=key") != std::string::npos ? key_pem() : chain_pem();
  }
  TimePoint check() { return bed_.worker->renewer->check(bed_.domain, daemon_); }
  [[nodiscard]] std::vector<std::string> urls() const {
    std::vector<std::string> asked;
    for (const http::Request& request : daemon_.requests()) {
      asked.push_back(request.url);
    }
    return asked;
  }
  [[nodiscard]] std::string failure() const { return bed_.log_of(kAttemptFailed); }

  RenewalBed bed_{{kName}};
  http::testing::ScriptedClient daemon_;
  std::optional<store::KeyedChain> pair_;
};

TEST_F(TailscaleTest, AsksForAPairThatLastsAsLongAsTheRenewWindow) {
  check();
  EXPECT_THAT(urls(), ElementsAre("http://local-tailscaled.sock/localapi/v0/cert/"
                                  "host.tailnet.ts.net?type=pair&min_validity=2566680s"));
  const http::Request request = daemon_.requests().front();
  EXPECT_EQ(request.route.unix_socket, kSocket);
  EXPECT_EQ(request.headers.find("Sec-Tailscale"), "localapi");
  EXPECT_GE(request.limits.stall, 2min);  // a first certificate takes the daemon its time
  EXPECT_TRUE(bed_.job().finished);
  EXPECT_THAT(bed_.staged_files(),
              ElementsAre("job.json", "md.json", "privkey.p-256.pem", "pubcert.p-256.pem"));
  EXPECT_TRUE(bed_.has_staged());
}

TEST_F(TailscaleTest, FetchesOneByOneFromAnOlderDaemon) {
  daemon_.then(a_response(400, "invalid type; want \"crt\" (default) or \"key\"\n"));
  check();
  ASSERT_EQ(urls().size(), 3U);
  EXPECT_THAT(urls()[1], HasSubstr("?type=crt"));
  EXPECT_THAT(urls()[2], HasSubstr("?type=key"));
  EXPECT_TRUE(bed_.has_staged());
}

TEST_F(TailscaleTest, RenewsAsAWindowOfItsLifetimeSays) {
  renew(24h * 30);
  check();
  bed_.activate();
  bed_.clock.advance(24h * 15);
  check();
  EXPECT_EQ(urls().size(), 1U);
  bed_.clock.advance(24h * 6);
  renew(24h * 30);
  check();
  ASSERT_EQ(urls().size(), 2U);
  EXPECT_THAT(urls()[1], HasSubstr("min_validity=855960s"));  // 33 % of 30 days, and a little
  EXPECT_TRUE(bed_.has_staged());
}

TEST_F(TailscaleTest, WaitsForADaemonThatHasNothingNewer) {
  check();
  bed_.activate();
  bed_.clock.advance(24h * 70);
  check();
  EXPECT_THAT(failure(), HasSubstr("tailscaled has no newer certificate yet"));
  EXPECT_FALSE(bed_.has_staged());
  EXPECT_EQ(bed_.job().errors, 1U);
}

TEST_F(TailscaleTest, SaysWhatToDoAboutASocketThatCannotBeUsed) {
  daemon_.then(fail(ErrorKind::NotFound, "connect to /run/tailscaled.sock: No such file"));
  TimePoint next = check();
  EXPECT_THAT(failure(),
              HasSubstr("is tailscaled running, and is /run/tailscaled.sock the socket"));
  EXPECT_EQ(bed_.job().last.status, ENOENT);
  bed_.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed_.clock.now()));
  daemon_.then(fail(ErrorKind::Denied, "connect to /run/tailscaled.sock: Permission denied"));
  next = check();
  EXPECT_THAT(failure(), HasSubstr("the user of httpd's child processes (User) may not use"));
  bed_.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed_.clock.now()));
  daemon_.then(a_response(403, "cert access denied\n"));
  check();
  EXPECT_THAT(failure(), AllOf(HasSubstr("cert access denied"), HasSubstr("TS_PERMIT_CERT_UID")));
  EXPECT_EQ(bed_.job().errors, 3U);
}

TEST_F(TailscaleTest, PassesTheDaemonsWordsOn) {
  daemon_.then(a_response(500, "invalid domain \"x\"; must be one of [\"y\"]\n"));
  check();
  EXPECT_THAT(failure(), HasSubstr("tailscaled at /run/tailscaled.sock answers 500: invalid domain "
                                   "\"x\"; must be one of [\"y\"]"));
}

TEST_F(TailscaleTest, RefusesWhatIsNoPairForTheName) {
  const std::string other_key(crypto::testing::shared_ec_key().to_pem()->text());
  model::ManagedDomain other = bed_.domain;
  other.names = md::testing::dns_names({"other.ts.net"});
  const TimePoint now = bed_.clock.now();
  const auto foreign =
      md::testing::sample_chain(other, model::KeySpec::ec("P-256"), {now, now + 24h * 90});
  const std::pair<std::string, const char*> answers[] = {
      {other_key + chain_pem(), "do not match"},
      {std::string(foreign.key.to_pem()->text()) + *crypto::to_pem(foreign.chain),
       "it names other.ts.net"},
      {key_pem(), "no certificate in it"},
      {chain_pem(), "private key from tailscaled"},
      {"<html>", "certificate from tailscaled"},
  };
  for (const auto& [answer, words] : answers) {
    daemon_.then(a_response(200, answer));
    const TimePoint next = check();
    EXPECT_THAT(failure(), HasSubstr(words));
    EXPECT_FALSE(bed_.has_staged());
    bed_.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed_.clock.now()));
  }
}

TEST_F(TailscaleTest, IsNotAskedForSeveralNamesOrWildcards) {
  for (const auto& names : {std::vector<std::string>{kName, "www.ts.net"}, {"*.ts.net"}}) {
    bed_.domain.names = md::testing::dns_names(names);
    const TimePoint next = check();
    EXPECT_THAT(failure(), HasSubstr("one name each, without wildcards"));
    EXPECT_GE(next - bed_.clock.now(), 12h);
    bed_.clock.advance(24h * 2);
  }
  EXPECT_EQ(urls().size(), 0U);
}

TEST(TailscaleSocket, IsThePathOfAFileUrl) {
  EXPECT_EQ(*socket_path_of("file://localhost/var/run/tailscaled.sock"),
            "/var/run/tailscaled.sock");
  EXPECT_EQ(*socket_path_of("FILE:///run/x.sock"), "/run/x.sock");
  for (const char* url : {"https://acme-v02.api.letsencrypt.org/directory", "file://localhost",
                          "file://localhost/", "file://elsewhere/run/x.sock", "/run/x.sock", ""}) {
    EXPECT_THAT(socket_path_of(url).error().message, HasSubstr("MDCertificateAuthority has to be"))
        << url;
  }
}

}  // namespace
}  // namespace md::renewal
