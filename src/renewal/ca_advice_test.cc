// SPDX-License-Identifier: Apache-2.0
#include "renewal/ca_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RenewalBed;

constexpr int kAdviceAhead = 10515;
constexpr int kAdviceNow = 10517;

const TimePoint kNow = *parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT");

acme::RenewalInfo window(TimePoint start, TimePoint end) {
  acme::RenewalInfo info;
  info.window_start = start;
  info.window_end = end;
  return info;
}

TEST(ChooseMoment, IsUniformInTheWindow) {  // AC-37
  const auto info = window(kNow + 24h, kNow + 72h);
  EXPECT_EQ(choose_moment(info, std::nullopt, 0).renew_at, kNow + 24h);
  EXPECT_EQ(choose_moment(info, std::nullopt, 0.25).renew_at, kNow + 36h);
  EXPECT_EQ(choose_moment(info, std::nullopt, 0.5).renew_at, kNow + 48h);
  EXPECT_LE(choose_moment(info, std::nullopt, 1).renew_at, kNow + 72h);
  EXPECT_EQ(choose_moment(window(kNow, kNow), std::nullopt, 0.7).renew_at, kNow);
}

TEST(ChooseMoment, KeepsToItAsLongAsTheWindowIsTheSame) {  // AC-37
  const auto first = choose_moment(window(kNow + 24h, kNow + 72h), std::nullopt, 0.25);
  // A CA that gives fractions of seconds: files do not have them.
  const auto same = choose_moment(window(kNow + 24h + 300ms, kNow + 72h + 10ms), first, 0.9);
  EXPECT_EQ(same.renew_at, first.renew_at);
  const auto other = choose_moment(window(kNow + 24h, kNow + 73h), first, 0.9);
  EXPECT_GT(other.renew_at, kNow + 60h);
}

TEST(AdviceBook, IsReadAsItWasWritten) {
  AdviceBook book;
  book.followed = kNow;
  book.asked_at = kNow - 1h + 7ms;
  book.certificates["id.1"] = {"https://ca.test/dir",
                               CaAdvice{kNow, kNow + 2h, kNow + 1h, "https://ca.test/why"},
                               kNow + 6h};
  book.certificates["id.2"] = {"", std::nullopt, std::nullopt};
  const auto parsed = parse_advice_book(to_json(book).dump(), "it");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->followed, book.followed);
  EXPECT_EQ(parsed->asked_at, book.asked_at);
  EXPECT_EQ(parsed->certificates.size(), 2U);
  EXPECT_EQ(parsed->certificates.at("id.1").ca_url, "https://ca.test/dir");
  EXPECT_EQ(parsed->certificates.at("id.1").advice, book.certificates["id.1"].advice);
  EXPECT_EQ(parsed->certificates.at("id.1").ask_at, kNow + 6h);
  EXPECT_EQ(parsed->certificates.at("id.2").advice, std::nullopt);
  EXPECT_EQ(parsed->advices().by_certificate.size(), 1U);
  EXPECT_FALSE(parse_advice_book("no JSON", "it"));
  for (const char* senseless : {"-1", "9223372036854775807", "\"now\""}) {
    const std::string text = std::string(R"({"asked-at-ms":)") + senseless + "}";
    EXPECT_EQ(parse_advice_book(text, "it")->asked_at, std::nullopt) << senseless;
  }
  EXPECT_TRUE(parse_advice_book(R"({"certificates":[7,{},{"ari-cert-id":"x","window":3}]})", "it"));
}

TEST(AdviceBook, IsNotMisledByAClockThatWasSetBack) {  // PM-07
  AdviceRecord record;
  EXPECT_TRUE(is_time_to_ask(record, kNow));
  record.ask_at = kNow + 6h;
  EXPECT_FALSE(is_time_to_ask(record, kNow));
  EXPECT_TRUE(is_time_to_ask(record, kNow + 6h));
  record.ask_at = kNow + days(400);
  EXPECT_TRUE(is_time_to_ask(record, kNow));
}

/// With a certificate that the CA has opinions about.
struct AdvisedBed : RenewalBed {
  AdvisedBed() {
    static_cast<void>(store().ensure_folder(kAdviceFolder, 0755, true));
    check();
    static_cast<void>(activate());
    clock.advance(24h);
  }
  void suggest(std::chrono::hours from, std::chrono::hours until, const std::string& why = "") {
    ca.behaviour.suggested_window = {clock.now() + from, clock.now() + until};
    ca.behaviour.explanation_url = why;
  }
  /// As the pool does.
  void check_for(std::chrono::hours time) {
    const TimePoint end = clock.now() + time;
    while (clock.now() < end) {
      const TimePoint next = std::min(check(), end);
      clock.advance(std::max<std::chrono::milliseconds>(
          std::chrono::ceil<std::chrono::milliseconds>(next - clock.now()), 100ms));
    }
  }
  [[nodiscard]] unsigned questions() const { return ca.requests_to("/renewal-info"); }
};

TEST(CaAdvice, OfAWindowInThePastIsFollowedAtOnce) {  // AC-37
  AdvisedBed bed;
  bed.suggest(-48h, -24h);
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.orders(), 2U);
  EXPECT_TRUE(bed.logger.mentions("the CA advises to renew certificate(P-256)"));
}

TEST(CaAdvice, OfAWindowAheadIsFollowedAtTheMomentChosenOnce) {  // AC-37
  AdvisedBed bed;
  bed.suggest(100h, 200h);
  bed.random.value = 0.5;
  bed.check();
  EXPECT_FALSE(bed.has_staged());
  bed.random.value = 0.01;  // would be sooner
  bed.restart();
  bed.check_for(140h);
  EXPECT_FALSE(bed.has_staged());
  bed.random.value = 0.99;  // would be later
  bed.restart();
  bed.check_for(12h);
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.orders(), 2U);
}

TEST(CaAdvice, DoesNotPutOffWhatTheOwnWindowWants) {
  AdvisedBed bed;
  bed.suggest(24h * 80, 24h * 85);
  bed.check_for(24h * 64);
  EXPECT_TRUE(bed.has_staged());
}

TEST(CaAdvice, IsAskedForAsOftenAsTheCaLikes) {
  AdvisedBed bed;
  bed.suggest(24h * 50, 24h * 51);
  bed.random.value = 0;
  bed.ca.behaviour.rewrite = [](const http::Request& request, http::Response& response) {
    if (request.url.find("/renewal-info") != std::string::npos) {
      response.headers = {};
      response.headers.add("Retry-After", "36000");
    }
  };
  bed.check_for(99h);
  EXPECT_EQ(bed.questions(), 10U);
  bed.restart();  // which changes nothing
  bed.check_for(10h);
  EXPECT_EQ(bed.questions(), 11U);
}

TEST(CaAdvice, C4IsAskedForOnceMoreAfterAFullStart) {
  AdvisedBed bed;
  bed.suggest(24h * 50, 24h * 51);
  bed.check();
  EXPECT_EQ(bed.questions(), 1U);
  bed.clock.advance(1h);
  bed.restart();  // a reload
  bed.check();
  EXPECT_EQ(bed.questions(), 1U);
  bed.full_start = FullStart{bed.clock.now(), 0s};
  bed.restart();
  bed.check();
  EXPECT_EQ(bed.questions(), 2U);
  for (int reloads = 0; reloads < 2; ++reloads) {
    bed.clock.advance(1h);
    bed.restart();
    bed.check();
    EXPECT_EQ(bed.questions(), 2U) << "Retry-After has not passed";
  }
}

TEST(CaAdvice, C4IsFollowedAtOnceWhereAFullStartFindsAWindowInThePast) {
  AdvisedBed bed;
  bed.suggest(24h * 50, 24h * 51);
  bed.check();
  bed.suggest(-48h, -24h);
  bed.clock.advance(2ms);
  bed.full_start = FullStart{bed.clock.now(), 0s};
  bed.restart();
  bed.check();
  EXPECT_TRUE(bed.has_staged());
}

TEST(CaAdvice, C4ACaThatIsAwayAfterAFullStartIsAskedNoMoreOftenThanElse) {
  AdvisedBed bed;
  bed.check();
  bed.clock.advance(1h);
  bed.full_start = FullStart{bed.clock.now(), 0s};
  bed.restart();
  unsigned refused = 0;
  bed.ca.behaviour.rewrite = [&](const http::Request& request, http::Response& response) {
    if (request.url.find("/renewal-info") != std::string::npos) {
      ++refused;
      response.status = 503;
    }
  };
  bed.check();
  bed.check();
  EXPECT_EQ(refused, 1U);
}

TEST(CaAdvice, C4IsAskedForByEachOfManyDomainsInItsTurn) {
  AdvisedBed bed;
  bed.check();
  EXPECT_EQ(bed.questions(), 1U);
  bed.clock.advance(1s);
  bed.full_start = FullStart{bed.clock.now(), 2h};
  bed.restart();
  const TimePoint next = bed.check();
  EXPECT_EQ(bed.questions(), 1U) << "it is not the domain's turn yet";
  EXPECT_LE(next, bed.full_start->at + 2h);
  bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
  bed.check();
  EXPECT_EQ(bed.questions(), 2U);
}

TEST(QuestionAfter, C4IsSpreadOverTime) {
  std::vector<TimePoint> moments;
  for (int i = 0; i < 1000; ++i) {
    moments.push_back(*question_after({kNow, 1000s}, "d" + std::to_string(i) + ".test", {}));
    EXPECT_GE(moments.back(), kNow);
    EXPECT_LT(moments.back(), kNow + 1000s);
  }
  for (auto from = kNow; from < kNow + 1000s; from += 100s) {
    const auto count = std::count_if(moments.begin(), moments.end(), [&](TimePoint moment) {
      return moment >= from && moment < from + 100s;
    });
    EXPECT_GT(count, 50) << "of about 100";
  }
  EXPECT_EQ(question_after({kNow, 0s}, "a.test", {}), kNow);
  AdviceBook book;
  book.asked_at = kNow;
  EXPECT_EQ(question_after({kNow, 0s}, "a.test", book), std::nullopt);
  EXPECT_EQ(question_after({kNow + 1ms, 0s}, "a.test", book), kNow + 1ms);
}

TEST(CaAdvice, IsOfTheCaThatIssued) {
  AdvisedBed bed;
  bed.domain.settings.authorities = {{"https://other.test/dir", ""}, {bed.ca.directory_url(), ""}};
  bed.suggest(-48h, -24h);
  bed.check();
  EXPECT_EQ(bed.questions(), 1U);
  EXPECT_EQ(bed.job().errors, 1U);  // the new one is of the CA whose turn it is
}

TEST(CaAdvice, IsToldOnce) {  // AC-38
  AdvisedBed bed;
  bed.suggest(100h, 200h, "https://ca.test/why");
  bed.check();
  EXPECT_THAT(bed.log_of(kAdviceAhead), HasSubstr("https://ca.test/why"));
  bed.restart();
  bed.check_for(50h);
  EXPECT_GT(bed.questions(), 5U);
  EXPECT_EQ(bed.count_log(kAdviceAhead), 1);
  bed.suggest(-2h, -1h, "https://ca.test/worse");
  bed.check_for(8h);
  EXPECT_EQ(bed.count_log(kAdviceAhead), 1);
  EXPECT_EQ(bed.count_log(kAdviceNow), 1);
  EXPECT_TRUE(bed.logger.mentions("(see https://ca.test/worse)"));
}

TEST(CaAdvice, ThatCannotBeHadIsNoErrorOfTheDomain) {
  AdvisedBed bed;
  bed.ca.behaviour.intercept =
      [](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.url.find("/renewal-info") == std::string::npos) {
      return std::nullopt;
    }
    http::Response response;
    response.status = 500;
    return Result<http::Response>(response);
  };
  bed.check_for(24h);
  EXPECT_EQ(bed.job().errors, 0U);
  for (const auto& entry : bed.logger.entries()) {
    EXPECT_GT(entry.level, LogLevel::Warning) << entry.message;
  }
  bed.ca.behaviour.intercept = nullptr;
  bed.suggest(-2h, -1h);
  bed.check_for(2h);
  EXPECT_TRUE(bed.has_staged());
}

TEST(CaAdvice, IsNotAskedForWhereItIsTurnedOff) {
  AdvisedBed bed;
  bed.domain.settings.renew_via_ari = model::Switch::Off;
  bed.suggest(-48h, -24h);
  bed.check_for(48h);
  EXPECT_EQ(bed.questions(), 0U);
  EXPECT_FALSE(bed.has_staged());
}

TEST(CaAdvice, ToRenewAgainAndAgainIsNotFollowed) {
  AdvisedBed bed;
  bed.suggest(-48h, -24h);
  unsigned orders = bed.ca.orders();
  for (int day = 0; day < 20; ++day) {
    bed.check_for(24h);
    static_cast<void>(bed.activate());
  }
  EXPECT_GE(bed.ca.orders(), orders + 4);  // each 1/20 of the lifetime, 4.5 days
  EXPECT_LE(bed.ca.orders(), orders + 6);
}

TEST(CaAdvice, IsAnsweredByOrdersThatSayWhatTheyReplace) {
  AdvisedBed bed;
  const std::string id = bed.live.certificates.front().ari_cert_id;
  EXPECT_THAT(bed.ca.last_order(), Not(HasSubstr("replaces")));
  bed.suggest(-48h, -24h);
  bed.check();
  EXPECT_THAT(bed.ca.last_order(), HasSubstr(id));
}

TEST(CaAdvice, IsNotAnsweredWhereItIsOffOrTheCaGivesNone) {  // AC-35
  for (const bool is_off : {true, false}) {
    AdvisedBed bed;
    bed.ca.behaviour.renewal_info = is_off;
    bed.domain.settings.renew_via_ari = is_off ? model::Switch::Off : model::Switch::On;
    bed.clock.advance(24h * 70);
    bed.check();
    EXPECT_TRUE(bed.has_staged());
    EXPECT_EQ(bed.ca.orders(), 2U);
    EXPECT_THAT(bed.ca.last_order(), Not(HasSubstr("replaces")));
  }
}

TEST(CaAdvice, IsNotAnsweredToAnotherCa) {
  AdvisedBed bed;
  AdviceBook book;
  book.certificates[bed.live.certificates.front().ari_cert_id].ca_url = "https://other.test/dir";
  ASSERT_TRUE(bed.store().save_at_root(advice_path(bed.domain.name), to_json(book).dump(), 0644,
                                       store::Durability::Replaceable));
  bed.clock.advance(24h * 70);
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_EQ(bed.ca.orders(), 2U);
  EXPECT_THAT(bed.ca.last_order(), Not(HasSubstr("replaces")));
}

TEST(CaAdvice, OrdersAnewWhereTheCaSaysItIsReplacedAlready) {  // AC-36
  for (const char* type : {"alreadyReplaced", "malformed", "unauthorized"}) {
    AdvisedBed bed;
    unsigned refused = 0;
    bool is_first = true;
    bed.ca.behaviour.rewrite = [&](const http::Request& request, http::Response& response) {
      if (!request.url.ends_with("/new-order") || !std::exchange(is_first, false)) {
        return;
      }
      ++refused;
      response.status = 409;
      response.body = std::string(R"({"type":"urn:ietf:params:acme:error:)") + type + "\"}";
    };
    bed.clock.advance(24h * 70);
    bed.check();
    EXPECT_EQ(refused, 1U);
    EXPECT_TRUE(bed.has_staged()) << type;
    EXPECT_EQ(bed.job().errors, 0U);
    EXPECT_THAT(bed.ca.last_order(), Not(HasSubstr("replaces")));
  }
}

/// A CA that refuses, in those words, all orders that say what they replace.
void refuse_replaces(RenewalBed& bed, int status, const std::string& type) {
  bed.ca.behaviour.rewrite = [&bed, status, type](const http::Request& request,
                                                  http::Response& response) {
    if (request.url.ends_with("/new-order") &&
        bed.ca.last_order().find("replaces") != std::string::npos) {
      response.status = status;
      response.body = R"({"type":"urn:ietf:params:acme:error:)" + type + "\"}";
    }
  };
}

TEST(CaAdvice, Reports8N1IsNotAnsweredWhereTheCaRefusesThatInWhateverWords) {
  for (const auto& [status, type] :
       {std::pair(409, "conflict"), std::pair(500, "serverInternal"),
        std::pair(400, "rejectedIdentifier"), std::pair(400, "badRequest")}) {
    AdvisedBed bed;
    refuse_replaces(bed, status, type);
    bed.clock.advance(24h * 70);
    bed.check();
    EXPECT_TRUE(bed.has_staged()) << type;
    EXPECT_EQ(bed.job().errors, 0U);
  }
}

TEST(CaAdvice, Reports8ARefusalIsRememberedForThatCertificate) {
  AdvisedBed bed;
  refuse_replaces(bed, 409, "conflict");
  bed.ca.behaviour.validate = [](auto&&...) { return false; };
  bed.clock.advance(24h * 70);
  TimePoint next = bed.check();
  EXPECT_EQ(bed.job().errors, 1U);
  EXPECT_EQ(bed.ca.requests_to("/new-order"), 3U);
  for (int errors = 2; errors < 4; ++errors) {
    bed.clock.advance(std::chrono::ceil<std::chrono::milliseconds>(next - bed.clock.now()));
    next = bed.check();
  }
  EXPECT_EQ(bed.ca.requests_to("/new-order"), 5U) << "once for each attempt";
}

TEST(CaAdvice, Reports8ARateLimitIsNoRefusal) {
  AdvisedBed bed;
  refuse_replaces(bed, 429, "rateLimited");
  bed.clock.advance(24h * 70);
  bed.check();
  EXPECT_FALSE(bed.has_staged());
  EXPECT_EQ(bed.ca.requests_to("/new-order"), 2U);
}

}  // namespace
}  // namespace md::renewal
