// SPDX-License-Identifier: Apache-2.0
#include "ocsp/stapler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"
#include "base/testing/fixed_random.h"
#include "base/testing/recording_logger.h"
#include "base/text.h"
#include "crypto/testing/test_responder.h"
#include "http/testing/scripted_client.h"
#include "store/documents.h"
#include "store/testing/memory_store.h"

namespace md::ocsp {
namespace {

using crypto::testing::IssueOptions;
using crypto::testing::make_ocsp_answer;
using crypto::testing::OcspOptions;
using crypto::testing::TestCa;
using http::testing::a_response;
using http::testing::ScriptedClient;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using store::Group;
using ::testing::HasSubstr;

const TestCa& ca() {
  static const TestCa authority;
  return authority;
}

std::vector<crypto::Certificate> chain(const IssueOptions& options = {}) {
  return ca()
      .issue({model::DnsName::parse("example.org").value()}, crypto::testing::shared_ec_key(),
             {parse_rfc3339("2020-01-01T00:00:00Z").value(),
              parse_rfc3339("2090-01-01T00:00:00Z").value()},
             options)
      .value();
}

IssueOptions with_responder(std::string url = "http://ocsp.example.org") {
  IssueOptions options;
  options.ocsp_url = std::move(url);
  return options;
}

std::string as_text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

class StaplerTest : public ::testing::Test {
 protected:
  std::string answer(const std::function<void(OcspOptions&)>& change = {}) {
    OcspOptions options;
    options.this_update = std::chrono::floor<seconds>(clock.now()) - hours(1);
    options.next_update = options.this_update + days(3);
    if (change) {
      change(options);
    }
    return as_text(make_ocsp_answer(ca(), subject.certificate, options));
  }
  TimePoint check() { return stapler.check(subject, client); }
  StaplePtr kept() {
    auto staple = load_staple(store, subject, clock.now());
    return staple ? *staple : nullptr;
  }
  model::Job job() {
    const auto text = store.load(Group::Ocsp, "example.org", subject.job_file());
    return text ? store::parse_job(json::Value::parse(*text, "job").value()) : model::Job{};
  }

  Subject subject = subject_of("example.org", chain(with_responder())).value();
  md::testing::FakeClock clock;
  md::testing::FakeWaiter waiter{clock};
  md::testing::FixedRandom random{0.5};
  md::testing::RecordingLogger logger;
  md::testing::MemoryStore store;
  ScriptedClient client;
  std::vector<std::string> reports;
  int published{0};  // an answer counts twice: as soon as it is kept, and with its job
  StaplePtr seen;
  Stapler stapler{{store, clock, random, waiter, logger, http::Route{}, model::Window::percent(33),
                   [this](const Subject&, const Result<StaplePtr>& outcome, model::Job&) {
                     reports.push_back(outcome ? std::string(name_of((*outcome)->status))
                                               : outcome.error().message);
                   },
                   [this](const Subject&) { ++published; },
                   [this](const Subject&, const StaplePtr& staple) { seen = staple; }}};
};

TEST_F(StaplerTest, FetchesKeepsAndPublishesAnAnswer) {
  client.then(a_response(200, answer()));
  const TimePoint next = check();
  ASSERT_NE(kept(), nullptr);
  EXPECT_EQ(kept()->status, crypto::OcspStatus::Good);
  EXPECT_GT(next, clock.now() + days(1));
  EXPECT_LT(next, clock.now() + days(2) + hours(1));
  EXPECT_EQ(published, 2);
  EXPECT_THAT(reports, ::testing::ElementsAre("good"));
  EXPECT_TRUE(job().finished);
  EXPECT_THAT(job().last.problem.detail, HasSubstr("certificate status is GOOD"));
}

TEST_F(StaplerTest, AsksByGetWithTheQuestionInTheUrl) {
  client.then(a_response(200, answer()));
  check();
  const auto requests = client.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, http::Request::Method::Get);
  EXPECT_TRUE(requests[0].url.starts_with("http://ocsp.example.org/M"));
  EXPECT_EQ(requests[0].url.find_first_of("+=", 8), std::string::npos);
  EXPECT_LE(requests[0].limits.body, crypto::kMaxOcspAnswer);
}

TEST_F(StaplerTest, AsksByPostWhereTheUrlIsLong) {
  subject = subject_of("example.org",
                       chain(with_responder("http://ocsp.example.org/" + std::string(200, 'x'))))
                .value();
  client.then(a_response(200, answer()));
  check();
  ASSERT_EQ(client.requests().size(), 1U);
  EXPECT_EQ(client.requests()[0].method, http::Request::Method::Post);
  EXPECT_EQ(client.requests()[0].headers.find("Content-Type"), "application/ocsp-request");
}

TEST_F(StaplerTest, AsksByPostWhereGetIsRefused) {
  client.then(a_response(405)).then(a_response(200, answer()));
  check();
  EXPECT_EQ(client.requests().size(), 2U);
  EXPECT_NE(kept(), nullptr);
}

// OC-08: the heart of it.
TEST_F(StaplerTest, AnAnswerIsKeptOverAnOutageAndRefreshedAfterwards) {
  client.then(a_response(200, answer()));
  clock.advance(std::chrono::duration_cast<std::chrono::milliseconds>(check() - clock.now()));
  // Down for half a day: nothing is lost, and it is not asked all the time.
  int asked = 0;
  const TimePoint up_again = clock.now() + hours(12);
  while (clock.now() < up_again) {
    client.then(fail(ErrorKind::Network, "connection refused"));
    const TimePoint next = check();
    ASSERT_GT(next, clock.now());
    ASSERT_NE(kept(), nullptr);
    ++asked;
    clock.advance(std::chrono::duration_cast<std::chrono::milliseconds>(next - clock.now()));
  }
  EXPECT_LT(asked, 40);
  const TimePoint old_end = kept()->validity.until;
  client.then(a_response(200, answer()));
  check();
  EXPECT_GT(kept()->validity.until, old_end);
  EXPECT_EQ(job().errors, 0U);
}

// OC-09, PM-01: the count of errors and the time of the next try survive the process.
TEST_F(StaplerTest, BacksOffOverRestarts) {
  client.then(fail(ErrorKind::Network, "connection refused"));
  const TimePoint next = check();
  EXPECT_EQ(next, clock.now() + seconds(30));
  EXPECT_EQ(check(), std::chrono::floor<seconds>(next));
  EXPECT_EQ(client.requests().size(), 1U);
  EXPECT_EQ(job().errors, 1U);
}

TEST_F(StaplerTest, ComesBackWhenTheResponderAsksTo) {
  client.then(a_response(503, "busy", {{"Retry-After", "600"}}));
  EXPECT_EQ(check(), clock.now() + minutes(10));
  EXPECT_THAT(reports.front(), HasSubstr("it answers 503: busy"));
}

struct BadAnswer {
  const char* name;
  std::function<std::string(const std::string& good)> body;
  const char* reason;
};

class BadStaple : public StaplerTest, public ::testing::WithParamInterface<BadAnswer> {};

// OC-16: and each of these leaves what is in use alone.
TEST_P(BadStaple, NeverReplacesAGoodOne) {
  client.then(a_response(200, answer()));
  const TimePoint refresh = check();
  const TimePoint good_until = kept()->validity.until;
  clock.advance(std::chrono::duration_cast<std::chrono::milliseconds>(refresh - clock.now()));
  client.then(a_response(200, GetParam().body(answer())));
  check();
  ASSERT_NE(kept(), nullptr);
  EXPECT_EQ(kept()->validity.until, good_until);
  EXPECT_THAT(reports.back(), HasSubstr(GetParam().reason));
  EXPECT_THAT(reports.back(), HasSubstr("http://ocsp.example.org"));
  EXPECT_TRUE(logger.mentions("goes on being stapled"));
  EXPECT_EQ(published, 3);  // the answer, and twice how an attempt went
}

INSTANTIATE_TEST_SUITE_P(
    All, BadStaple,
    ::testing::Values(
        BadAnswer{"Html", [](const auto&) { return "<html>Welcome</html>"; }, "no OCSP answer"},
        BadAnswer{"Empty", [](const auto&) { return ""; }, "no OCSP answer"},
        BadAnswer{"Half", [](const auto& good) { return good.substr(0, good.size() / 2); },
                  "no OCSP answer"},
        BadAnswer{"TryLater",
                  [](const auto&) {
                    OcspOptions options;
                    options.refusal = 3;
                    return as_text(make_ocsp_answer(ca(), chain().front(), options));
                  },
                  "trylater"},
        BadAnswer{"AboutAnother",
                  [](const auto&) {
                    return as_text(make_ocsp_answer(ca(), chain().front(), OcspOptions{}));
                  },
                  "not about the certificate"}),
    [](const auto& row) { return row.param.name; });

// OC-07
TEST_F(StaplerTest, AKeptAnswerThatIsBrokenCountsAsNone) {
  client.then(a_response(200, answer()));
  check();
  const std::string file = subject.answer_file();
  for (const char* const broken : {"", "{}", R"({"response":"AAAA","status":"good"})",
                                   R"({"response":"AAAA","status":"good","valid":)"
                                   R"({"from":"Sun, 22 Nov 2026 12:42:24 GMT",)"
                                   R"("until":"Wed, 25 Nov 2026 12:42:24 GMT"}})"}) {
    ASSERT_TRUE(store.save(Group::Ocsp, "example.org", file, broken, store::Durability::Synced));
    EXPECT_EQ(kept(), nullptr) << broken;
  }
}

TEST_F(StaplerTest, AStoreThatCannotBeWrittenIsAnErrorAndNothingIsPublished) {
  store.fault = [](std::string_view operation, Group, std::string_view,
                   std::string_view file) -> std::optional<Error> {
    return operation == "save" && file.starts_with("ocsp-")
               ? std::optional(fail(ErrorKind::Io, "no space left on device"))
               : std::nullopt;
  };
  client.then(a_response(200, answer()));
  check();
  EXPECT_EQ(kept(), nullptr);
  EXPECT_THAT(reports.front(), HasSubstr("no space left on device"));
}

// OC-04
TEST_F(StaplerTest, AStopIsNoFailure) {
  waiter.stop();
  check();
  EXPECT_TRUE(reports.empty());
  EXPECT_EQ(job().errors, 0U);
}

// OC-14: a revocation is an answer like any other here; it is stapled, and told.
TEST_F(StaplerTest, ARevocationIsKeptAndTold) {
  client.then(a_response(200, answer([](auto& o) { o.says = OcspOptions::Says::Revoked; })));
  check();
  ASSERT_NE(kept(), nullptr);
  EXPECT_EQ(kept()->status, crypto::OcspStatus::Revoked);
  EXPECT_THAT(reports, ::testing::ElementsAre("revoked"));
}

TEST(StapleSubjectTest, SaysWhyThereIsNothingToStaple) {
  const auto reason = [](const std::vector<crypto::Certificate>& certificates) {
    const auto subject = subject_of("x", certificates);
    EXPECT_FALSE(subject);
    EXPECT_EQ(subject.error().kind, ErrorKind::NotFound);
    return subject.error().message;
  };
  // OC-06
  EXPECT_THAT(reason(chain()), HasSubstr("names no OCSP responder"));
  // OC-15
  EXPECT_THAT(reason({ca().root()}), HasSubstr("is self-signed"));
  IssueOptions alone = with_responder();
  alone.intermediate_in_chain = false;
  EXPECT_THAT(reason(chain(alone)), HasSubstr("comes without its issuer"));
}

// Another process has fetched it: this one's handshakes may not know yet.
TEST_F(StaplerTest, TellsOfAnAnswerThatIsFresh) {
  client.then(a_response(200, answer()));
  check();
  EXPECT_EQ(seen, nullptr);
  check();
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(seen->der, kept()->der);
  EXPECT_EQ(client.requests().size(), 1U);
}

TEST(StapleCacheTest, FindsWhatIsValidAlone) {
  StapleCache cache;
  const md::testing::FakeClock clock;
  const TimePoint now = clock.now();
  const StapleId known{1};
  const StapleId unknown{2};
  EXPECT_EQ(cache.find(known, now), std::nullopt);
  auto staple = std::make_shared<crypto::OcspAnswer>();
  staple->validity = {now, now + hours(1)};
  cache.replace({{known, staple}, {unknown, nullptr}});
  EXPECT_EQ(cache.find(known, now), StaplePtr(staple));
  EXPECT_EQ(cache.find(unknown, now), StaplePtr());
  EXPECT_EQ(cache.find(StapleId{3}, now), std::nullopt);
  // Its certificate is ours still.
  EXPECT_EQ(cache.find(known, now + hours(1)), StaplePtr());
}

}  // namespace
}  // namespace md::ocsp
