// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <thread>

#include "base/base64.h"
#include "base/command.h"
#include "base/secret_bytes.h"
#include "base/snapshot.h"
#include "base/testing/fake_clock.h"
#include "base/testing/scoped_temp_dir.h"
#include "base/text.h"
#include "base/waiter.h"

namespace md {
namespace {

using namespace std::chrono_literals;

Result<int> half(int number) {
  if (number % 2 != 0) {
    return fail(ErrorKind::InvalidInput, "odd");
  }
  return number / 2;
}

Result<int> quarter(int number) {
  MD_ASSIGN_OR_RETURN_CONTEXT(const int once, half(number), "first half");
  MD_ASSIGN_OR_RETURN_CONTEXT(const int twice, half(once), "second half");
  return twice;
}

TEST(Result, CarriesValuesAndErrorsWithTheirContext) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "second half: odd");
  EXPECT_EQ(quarter(5).error().message, "first half: odd");
  EXPECT_EQ(quarter(5).error().kind, ErrorKind::InvalidInput);
}

TEST(Result, TellsErrnoByKindAndWords) {
  const Error error = fail_errno(ENOENT, "read 'x'");
  EXPECT_EQ(error.kind, ErrorKind::NotFound);
  EXPECT_EQ(error.message, "read 'x': No such file or directory");
}

TEST(Base64, KnowsTheVectorsOfRfc4648) {
  for (const auto& [plain, coded] : std::vector<std::pair<std::string, std::string>>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(encode_base64(as_bytes(plain)), coded);
    const Bytes decoded = *decode_base64(coded);
    EXPECT_EQ(std::string(decoded.begin(), decoded.end()), plain);
  }
  EXPECT_EQ(encode_base64url(Bytes{0xFB, 0xFF}), "-_8");
  EXPECT_FALSE(decode_base64url("a+b/"));
  EXPECT_FALSE(decode_base64url("a"));
}

TEST(Text, HttpDatesSurviveARoundTrip) {
  const std::string text = "Sun, 22 Nov 2026 12:41:24 GMT";
  EXPECT_EQ(format_http_date(*parse_http_date(text)), text);
  for (const char* bad : {"", "Sun, 32 Nov 2026 12:41:24 GMT", "Sun, 22 Nov 2026 25:41:24 GMT",
                          "22 Nov 2026", "Sun, 22 Foo 2026 12:41:24 GMT"}) {
    EXPECT_FALSE(parse_http_date(bad)) << bad;
  }
}

TEST(Text, TimesBeyondReachAreTheNearestWithin) {
  EXPECT_EQ(*parse_rfc3339("9999-12-31T23:59:59Z"), *parse_rfc3339("2200-01-01T00:00:00Z"));
  EXPECT_EQ(format_http_date(*parse_http_date("Wed, 25 Nov 1013 12:00:00 GMT")),
            "Sun, 01 Jan 1950 00:00:00 GMT");
}

TEST(Text, Rfc3339KnowsZonesAndFractions) {
  const TimePoint expected = *parse_http_date("Sun, 22 Nov 2026 12:41:24 GMT");
  EXPECT_EQ(*parse_rfc3339("2026-11-22T12:41:24Z"), expected);
  EXPECT_EQ(*parse_rfc3339("2026-11-22T12:41:24.123456789Z"), expected);
  EXPECT_EQ(*parse_rfc3339("2026-11-22T14:41:24+02:00"), expected);
  EXPECT_FALSE(parse_rfc3339("2026-11-22"));
  EXPECT_FALSE(parse_rfc3339("2026-11-22T12:41:24"));
  EXPECT_FALSE(parse_rfc3339("2026-11-22T12:41:24."));
}

TEST(Text, DurationsKnowTheirUnits) {
  struct Row {
    const char* text;
    std::chrono::milliseconds expected;
  };
  for (const Row& row :
       {Row{"5", 5s}, Row{"90d", 90 * 24h}, Row{"12h", 12h}, Row{"5mi", 5min}, Row{"200ms", 200ms},
        Row{"2W", 14 * 24h}, Row{"0", 0s}, Row{"-7d", -7 * 24h}, Row{"-1", -1s}, Row{"+5s", 5s},
        Row{" 5s", 5s}, Row{"10days", 240h}, Row{"10mix", 10min},
        Row{"99999999999999d", 36525 * 24h}, Row{"-99999999999999d", -36525 * 24h}}) {
    EXPECT_EQ(*parse_duration(row.text, 1s), row.expected) << row.text;
  }
  for (const char* bad :
       {"", " ", "-", "+", "+-1s", "d", "1y", "1m", "1 d", "0x10", "99999999999999999999"}) {
    EXPECT_FALSE(parse_duration(bad, 1s)) << bad;
  }
}

TEST(Text, DescribesDurationsForPeople) {
  EXPECT_EQ(describe_duration(0s), "0 seconds");
  EXPECT_EQ(describe_duration(61s), "1 minute 1 second");
  EXPECT_EQ(describe_duration(49h), "2 days 1 hour");
  EXPECT_EQ(describe_duration(-30s), "minus 30 seconds");
}

TEST(Text, PrintableHidesControlCharactersAndCuts) {
  EXPECT_EQ(printable("a\nb\x1b[31m"), "a b [31m");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable("aäb", 2), "a…");  // not half a character
  EXPECT_EQ(printable("ä", 2), "ä");
}

TEST(StopSignal, InterruptsAWait) {
  StopSignal signal;
  std::jthread stopper([&] { signal.stop(); });
  EXPECT_FALSE(signal.wait_for(1h));
  EXPECT_TRUE(signal.stopped());
}

TEST(PosixCommandRunner, TellsExitCodeAndOutput) {
  const StopSignal running;
  PosixCommandRunner runner;
  const auto outcome =
      runner.run({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, 10s, running);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_code, 3);
  EXPECT_EQ(outcome->output, "out\nerr\n");
}

TEST(PosixCommandRunner, EndsACommandThatHangs) {
  const StopSignal running;
  PosixCommandRunner runner;
  const auto outcome = runner.run({"/bin/sh", "-c", "sleep 60 & wait"}, 100ms, running);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::Timeout);
}

TEST(PosixCommandRunner, LeavesACommandToItsWorkWhenTheServerStops) {
  StopSignal stopping;
  stopping.stop();
  PosixCommandRunner runner;
  const testing::ScopedTempDir directory;
  const std::string file = (directory.path() / "done").string();
  const auto outcome = runner.run({"/bin/sh", "-c", "echo on; touch \"$0\"", file}, 10s, stopping);
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->goes_on);
  const StopSignal running;
  EXPECT_TRUE(
      runner
          .run({"/bin/sh", "-c", "until test -e \"$0\"; do sleep 0.01; done", file}, 10s, running)
          ->succeeded());
}

TEST(PosixCommandRunner, NamesACommandThatIsMissing) {
  const StopSignal running;
  PosixCommandRunner runner;
  const auto outcome = runner.run({"/nowhere/at-all"}, 1s, running);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::NotFound);
  EXPECT_NE(outcome.error().message.find("/nowhere/at-all"), std::string::npos);
}

TEST(Snapshot, ReadersSeeWholeValuesWhileTheyAreReplaced) {
  using Value = std::pair<int, int>;
  Snapshot<Value> snapshot(std::make_shared<const Value>(0, 0));
  std::vector<std::jthread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      for (int n = 0; n < 2000; ++n) {
        const auto value = snapshot.get();
        ASSERT_EQ(value->first, value->second);
      }
    });
  }
  for (int n = 1; n < 2000; ++n) {
    snapshot.set(std::make_shared<const Value>(n, n));
  }
}

TEST(SecretBytes, AreEmptyAfterAMove) {
  SecretBytes first(std::string_view("secret"));
  const SecretBytes second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(second.text(), "secret");
}

}  // namespace
}  // namespace md
