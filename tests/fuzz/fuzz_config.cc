// SPDX-License-Identifier: Apache-2.0
// Lines of a configuration, and the small languages in it: names, durations, windows, dates, words.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/text.h"
#include "config/directives.h"
#include "config/domain_definition.h"
#include "http/url.h"
#include "model/dns_name.h"
#include "model/validity.h"
#include "time_per_byte.h"

namespace {

void expect(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void run_directive(std::vector<std::string> words) {
  const auto* const directive = words.empty() ? nullptr : md::config::find_directive(words.front());
  if (directive == nullptr || directive->parse == nullptr) {
    return;
  }
  words.erase(words.begin());
  for (const auto level : {md::config::Level::Server, md::config::Level::Domain}) {
    md::model::Settings settings;
    if (directive->kind == md::config::DirectiveKind::Setting) {
      std::ignore = md::config::apply(*directive, level, words, {}, settings);
    }
  }
}

void parse_small_things(std::string_view text) {
  if (const auto name = md::model::DnsName::parse(text)) {
    const auto again = md::model::DnsName::parse(name->text());
    expect(again.has_value() && *again == *name);
    expect(name->text().find('/') == std::string::npos && name->text() != ".." &&
           name->text() != ".");
  }
  if (const auto window = md::model::Window::parse(text)) {
    const auto again = md::model::Window::parse(window->text());
    expect(again.has_value() && *again == *window);
  }
  if (const auto date = md::parse_http_date(text)) {
    const auto again = md::parse_http_date(md::format_http_date(*date));
    expect(again.has_value() && *again == *date);
  }
  std::ignore = md::parse_rfc3339(text);
  std::ignore = md::parse_duration(text, std::chrono::seconds(1));
  std::ignore = md::http::parse_url(text);
}

void look_at(std::string_view text) {
  const auto words = md::split_words(text);
  expect(md::split_words(md::join_words(words)) == words);
  std::ignore = md::config::parse_domain_names(words);
  run_directive(words);
  parse_small_things(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  md::fuzz::run_in_linear_time(size, std::chrono::milliseconds(20), [&] { look_at(text); });
  return 0;
}
