// SPDX-License-Identifier: Apache-2.0
// What may lie in the store: every document and key file. Whatever is taken must survive being
// written and read again.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <tuple>

#include "crypto/certificate.h"
#include "crypto/private_key.h"
#include "store/documents.h"
#include "time_per_byte.h"

namespace {

using namespace md::store;

void expect(bool holds) {
  if (!holds) {
    std::abort();
  }
}

template <class Parse>
void read_write_read(Parse parse, std::string_view text) {
  const auto first = parse(text);
  if (first) {
    const std::string written = to_json(*first).dump();
    const auto second = parse(written);
    expect(second.has_value());
    expect(to_json(*second).dump() == written);
  }
}

void parse_document(std::uint8_t which, std::string_view text) {
  const auto job = [](std::string_view job_text) -> md::Result<md::model::Job> {
    MD_ASSIGN_OR_RETURN(const auto value, md::json::Value::parse(job_text, "job.json"));
    return parse_job(value);
  };
  switch (which % 6) {
    case 0:
      std::ignore = parse_domain(text, "md.json");
      break;
    case 1:
      read_write_read(job, text);
      break;
    case 2:
      read_write_read([](auto t) { return parse_account(t, "account.json"); }, text);
      break;
    case 3:
      read_write_read([](auto t) { return parse_order(t, "order.json"); }, text);
      break;
    case 4:
      read_write_read([](auto t) { return parse_ocsp(t, "ocsp.json"); }, text);
      break;
    default:
      std::ignore = md::crypto::PrivateKey::from_pem(text, {});
      std::ignore = md::crypto::Certificate::chain_from_pem(text);
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) {
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    // A key may be encrypted with as many rounds as are allowed.
    md::fuzz::run_in_linear_time(size, std::chrono::milliseconds(data[0] % 6 == 5 ? 500 : 20),
                                 [&] { parse_document(data[0], text); });
  }
  return 0;
}
