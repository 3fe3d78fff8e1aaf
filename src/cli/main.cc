// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/command.h"
#include "base/random.h"
#include "base/text.h"
#include "base/waiter.h"
#include "cli/command_line.h"
#include "cli/terminal_logger.h"
#include "http/curl_client.h"
#include "store/file_system.h"
#include "store/layout.h"

namespace {

using md::Result;
using md::cli::Answer;
using md::cli::Rendered;

int print(const Rendered& rendered) {
  std::ignore = std::fputs(rendered.standard_output.c_str(), stdout);
  std::ignore = std::fputs(rendered.standard_error.c_str(), stderr);
  return std::fflush(stdout) == 0 ? rendered.exit_code : 1;
}

/// Whom the server's children run as: the store has folders of theirs.
std::optional<md::store::ChildUser> child_user_of(const std::filesystem::path& root) {
  struct stat status {};
  if (::geteuid() != 0 || ::stat((root / "challenges").c_str(), &status) != 0) {
    return std::nullopt;
  }
  return md::store::ChildUser{status.st_uid, status.st_gid};
}

/// An empty folder may become a store by any command, one that is not there by those of mod_md's
/// tool; anything else only where that is said.
md::Status check_root(const std::filesystem::path& root, bool may_be_first) {
  std::error_code failed;
  if (may_be_first && !std::filesystem::exists(root, failed) && !failed) {
    return {};
  }
  if (std::filesystem::exists(root / md::store::kHeaderFile, failed) ||
      (std::filesystem::is_empty(root, failed) && !failed)) {
    return {};
  }
  return md::fail(md::ErrorKind::NotFound,
                  root.string() + " is no store: name it by -d, as MDStoreDir does");
}

Result<Answer> run(const md::cli::Invocation& invocation) {
  if (invocation.options.store_dir.empty()) {
    return md::fail(md::ErrorKind::InvalidInput,
                    "need store directory: name it by -d, as MDStoreDir does");
  }
  const std::filesystem::path root = std::filesystem::absolute(invocation.options.store_dir);
  if (!invocation.makes_store) {
    MD_TRY(check_root(root, invocation.may_be_first));
  }
  md::cli::TerminalLogger logger(invocation.options.verbosity);
  md::store::PosixFileSystem files;
  MD_ASSIGN_OR_RETURN(const auto store,
                      md::store::FileStore::open({.root = root,
                                                  .child_user = child_user_of(root),
                                                  .tidying = md::store::FileStore::Tidying::No},
                                                 files, logger));
  const md::SystemClock clock;
  md::SystemRandom random;
  md::StopSignal waiter;  // nobody stops it: an interrupt ends the process, and the next goes on
  md::PosixCommandRunner commands;
  const md::http::CurlGlobal curl;
  md::http::CurlClient http("a2md/" MD_VERSION " (Apache httpd mod_md)");
  md::cli::Session session{invocation.options, *store, clock, random, waiter,
                           commands,           logger, http};
  const bool is_watched = ::isatty(STDERR_FILENO) != 0 && invocation.options.verbosity >= 0;
  if (is_watched && invocation.options.format == md::cli::Format::Text) {
    session.progress = [](std::string_view activity) {
      std::ignore = std::fputs((md::printable(activity) + "\n").c_str(), stderr);
    };
  }
  return invocation.run(session);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto parsed = md::cli::parse_command_line(arguments, MD_VERSION);
  if (const auto* rendered = std::get_if<Rendered>(&parsed)) {
    return print(*rendered);
  }
  const auto& invocation = std::get<md::cli::Invocation>(parsed);
  return print(md::cli::render(run(invocation), invocation.options.format, invocation.detail));
}
