// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "acme/testing/fake_acme_server.h"
#include "base/testing/fake_clock.h"
#include "base/testing/fake_command_runner.h"
#include "base/testing/fixed_random.h"
#include "base/testing/recording_logger.h"
#include "base/testing/scoped_temp_dir.h"
#include "cli/command_line.h"
#include "store/file_system.h"

namespace md::testing {

/// A store of its own, and a2md at work in it.
class SessionFixture : public ::testing::Test {
 public:
  SessionFixture() {
    auto opened =
        store::FileStore::open({.root = dir_.path(), .child_user = std::nullopt}, files_, logger_);
    ca_.behaviour.clock = &clock_;
    EXPECT_TRUE(opened) << opened.error().message;
    store_ = std::move(opened).value();
  }

 protected:
  store::FileStore& store() { return *store_; }
  FakeClock& clock() { return clock_; }
  /// What people were told meanwhile.
  [[nodiscard]] const std::vector<std::string>& progress() const { return progress_; }
  /// What was logged, a line each.
  [[nodiscard]] std::string logged() const {
    std::string lines;
    for (const RecordingLogger::Entry& entry : logger_.entries()) {
      lines += entry.message + "\n";
    }
    return lines;
  }
  acme::testing::FakeAcmeServer& ca() { return ca_; }

  /// What the command answers: all of it, with its failure.
  cli::Answer answer_to(const std::vector<std::string>& arguments) {
    auto parsed = cli::parse_command_line(arguments, "1.2.3");
    if (const auto* rendered = std::get_if<cli::Rendered>(&parsed)) {
      return cli::refusal({.error = fail(ErrorKind::InvalidInput, rendered->standard_error)});
    }
    auto& invocation = std::get<cli::Invocation>(parsed);
    cli::Session session{invocation.options, *store_, clock_, random_, waiter_,
                         commands_,          logger_, ca_};
    session.progress = [this](std::string_view activity) { progress_.emplace_back(activity); };
    auto answer = invocation.run(session);
    return answer ? *std::move(answer) : cli::refusal({.error = answer.error()});
  }
  /// The same; a failure is an error, and so is a line that cannot be parsed.
  Result<cli::Answer> run(const std::vector<std::string>& arguments) {
    cli::Answer answer = answer_to(arguments);
    if (answer.failure) {
      return answer.failure->error;
    }
    return answer;
  }
  /// The only document of the answer; null if the command failed, which is a failure of the test.
  json::Value document_of(const std::vector<std::string>& arguments) {
    const auto answer = run(arguments);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer && answer->output.size() == 1 ? answer->output.front() : json::Value();
  }
  std::string error_of(const std::vector<std::string>& arguments) {
    const auto answer = run(arguments);
    EXPECT_FALSE(answer);
    return answer ? "" : answer.error().message;
  }

 private:
  ScopedTempDir dir_;
  store::PosixFileSystem files_;
  RecordingLogger logger_;
  FakeClock clock_;
  std::vector<std::string> progress_;
  FixedRandom random_;
  FakeWaiter waiter_{clock_};
  FakeCommandRunner commands_;
  acme::testing::FakeAcmeServer ca_;
  std::unique_ptr<store::FileStore> store_;
};

}  // namespace md::testing
