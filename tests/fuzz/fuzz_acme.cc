// SPDX-License-Identifier: Apache-2.0
// What a CA may send: every resource, problem documents, certificates. The first byte chooses.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "acme/chain.h"
#include "acme/resources.h"
#include "base/text.h"
#include "http/url.h"
#include "time_per_byte.h"

namespace {

using md::json::Value;

void parse_resource(std::uint8_t which, const Value& value) {
  const std::string url = "https://ca.test/resource";
  switch (which % 6) {
    case 0:
      std::ignore = md::acme::parse_directory(value, url);
      break;
    case 1:
      std::ignore = md::acme::parse_account(value, url);
      break;
    case 2:
      std::ignore = md::acme::parse_order(value, url);
      break;
    case 3:
      if (const auto parsed = md::acme::parse_authorization(value, url)) {
        std::ignore = parsed->failure();
      }
      break;
    case 4:
      std::ignore = md::acme::parse_challenge(value);
      break;
    default:
      std::ignore = md::acme::is_permanent(md::acme::parse_problem(value, 400));
      break;
  }
}

void look_at(std::uint8_t which, std::string_view text) {
  if (which % 8 == 6) {
    if (const auto chain = md::acme::parse_chain(text, "answer")) {
      std::ignore = md::acme::in_order(*chain);
    }
  } else if (which % 8 == 7) {
    std::ignore = md::http::resolve_url("https://ca.test/a/b", std::string(text));
    std::ignore = md::printable(text);
  } else if (const auto value = Value::parse(text, "answer")) {
    parse_resource(which, *value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  md::fuzz::run_in_linear_time(size, std::chrono::milliseconds(20),
                               [&] { look_at(data[0], text); });
  return 0;
}
