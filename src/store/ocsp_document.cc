// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "store/documents.h"

/// ocsp-<id>.json: see documents.h.
namespace md::store {

using json::Value;

Result<OcspRecord> parse_ocsp(std::string_view text, std::string_view what) {
  MD_ASSIGN_OR_RETURN(const Value value, Value::parse(text, what));
  const auto response = value.get("response").as_string();
  const auto status = value.get("status").as_string();
  const auto from = value.get("valid").get("from").as_time();
  const auto until = value.get("valid").get("until").as_time();
  if (!response || !status || !from || !until) {
    return fail(ErrorKind::Corrupt,
                fmt::format("{}: it lacks response, status or the time it is valid", what));
  }
  OcspRecord record;
  MD_ASSIGN_OR_RETURN_CONTEXT(record.response, decode_base64url(*response), what);
  record.status = *status;
  record.validity = {*from, *until};
  return record;
}

Value to_json(const OcspRecord& record) {
  Value valid = Value::object();
  valid.set_time("from", record.validity.from).set_time("until", record.validity.until);
  Value value = Value::object();
  value.set("response", encode_base64url(record.response))
      .set("status", record.status)
      .set("valid", std::move(valid));
  return value;
}

}  // namespace md::store
