// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/command.h"
#include "base/logger.h"
#include "base/random.h"
#include "base/waiter.h"
#include "cli/answer.h"
#include "http/client.h"
#include "store/file_store.h"

namespace md::cli {

/// Options that all commands have.
struct Options {
  std::vector<std::string> ca_urls;  ///< -a, in order of preference
  std::string ca_certificate_file;   ///< -C
  std::string store_dir;             ///< -d, as MDStoreDir
  std::string proxy;                 ///< -p
  std::string terms;                 ///< -t: URL of the terms of service that are agreed to
  int verbosity{0};                  ///< -v, less -q
  Format format{Format::Text};       ///< -j
};

/// What a command works with. All references outlive it.
struct Session {
  const Options& options;
  store::FileStore& store;
  const Clock& clock;
  RandomSource& random;
  Waiter& waiter;
  CommandRunner& commands;
  Logger& logger;
  http::Client& http;
  /// Told what is being done in long work; empty where nobody is watching.
  std::function<void(std::string_view activity)> progress{};
};

}  // namespace md::cli
