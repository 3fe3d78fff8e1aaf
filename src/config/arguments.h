// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/settings.h"

/// Namespace of the configuration: directives, merging, and what virtual hosts make of it all.
namespace md::config {

/// What parsing needs to know of the world. Used while the configuration is read only, by its one
/// thread.
struct ParseEnvironment {
  /// Where relative paths begin; empty: paths stay as they are written.
  std::string server_root;
  /// Reads `{"kid":…,"hmac":…}`; its error is shown with the directive's name in front. Unset: only
  /// the path is recorded.
  std::function<Result<model::ExternalAccount>(const std::string& path)> read_external_account;
};

/// The words after a directive's name, without quotes.
struct Arguments {
  std::string_view directive;  ///< as in the table
  std::span<const std::string> words;
  const ParseEnvironment& environment;

  [[nodiscard]] const std::string& first() const { return words.front(); }
};

/// Writes what the arguments say into one member of Settings, or says what is wrong with them.
/// Called with as many words as the directive's row allows.
using Parser = Status (*)(const Arguments& arguments, model::Settings& settings);

}  // namespace md::config
