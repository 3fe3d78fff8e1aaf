// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "config/arguments.h"
#include "model/settings.h"

// The parsers that the directive table names. `kMember` is the member of Settings to write.
namespace md::config {

using model::Settings;

Result<model::Switch> read_switch(std::string_view word);
Result<std::chrono::milliseconds> read_duration(std::string_view word,
                                                std::chrono::milliseconds default_unit);
/// Relative to the server's root; `none` becomes empty.
std::string read_path(const Arguments& arguments);
Result<std::string> read_proxy(std::string_view word);

/// Nothing but empty words, as variables without a value leave them.
bool are_empty(std::span<const std::string> words);

Status parse_members(const Arguments& arguments, Settings& settings);
Status parse_match_names(const Arguments& arguments, Settings& settings);
Status parse_port_map(const Arguments& arguments, Settings& settings);
Status parse_authorities(const Arguments& arguments, Settings& settings);
Status parse_protocol(const Arguments& arguments, Settings& settings);
Status parse_agreement(const Arguments& arguments, Settings& settings);
Status parse_contact(const Arguments& arguments, Settings& settings);
Status parse_external_account(const Arguments& arguments, Settings& settings);
Status parse_http_proxy(const Arguments& arguments, Settings& settings);
Status parse_key_specs(const Arguments& arguments, Settings& settings);
Status parse_renew_mode(const Arguments& arguments, Settings& settings);
Status parse_initial_delay(const Arguments& arguments, Settings& settings);
Status parse_check_interval(const Arguments& arguments, Settings& settings);
Status parse_retry_delay(const Arguments& arguments, Settings& settings);
Status parse_retry_failover(const Arguments& arguments, Settings& settings);
Status parse_challenges(const Arguments& arguments, Settings& settings);
Status parse_dns01_version(const Arguments& arguments, Settings& settings);
Status parse_require_https(const Arguments& arguments, Settings& settings);
Status parse_monitor(const Arguments& arguments, Settings& settings);
Status parse_keep_response(const Arguments& arguments, Settings& settings);
Status parse_store_locks(const Arguments& arguments, Settings& settings);

template <auto kMember>
Status parse_switch(const Arguments& arguments, Settings& settings) {
  MD_ASSIGN_OR_RETURN(settings.*kMember, read_switch(arguments.first()));
  return {};
}

/// The word as it is.
template <auto kMember>
Status parse_text(const Arguments& arguments, Settings& settings) {
  settings.*kMember = arguments.first();
  return {};
}

/// A path, or `none`.
template <auto kMember>
Status parse_path(const Arguments& arguments, Settings& settings) {
  settings.*kMember = read_path(arguments);
  return {};
}

/// One more path in a list.
template <auto kMember>
Status append_path(const Arguments& arguments, Settings& settings) {
  auto& paths = settings.*kMember;
  if (!paths) {
    paths.emplace();
  }
  paths->push_back(read_path(arguments));
  return {};
}

/// A command and its arguments, kept as one line that `split_words` takes apart. No words: none.
template <auto kMember>
Status parse_command(const Arguments& arguments, Settings& settings) {
  settings.*kMember = are_empty(arguments.words) ? "" : join_words(arguments.words);
  return {};
}

template <auto kMember>
Status parse_window(const Arguments& arguments, Settings& settings) {
  auto window = model::Window::parse(arguments.first());
  if (!window) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("{} {}", arguments.directive, window.error().message));
  }
  settings.*kMember = *std::move(window);
  return {};
}

/// A number without a unit counts `DefaultUnit`s.
template <auto kMember, class DefaultUnit>
Status parse_duration_in(const Arguments& arguments, Settings& settings) {
  MD_ASSIGN_OR_RETURN(settings.*kMember, read_duration(arguments.first(), DefaultUnit(1)));
  return {};
}

}  // namespace md::config
