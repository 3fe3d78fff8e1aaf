// SPDX-License-Identifier: Apache-2.0
#include "store/renewal_request.h"

#include <fmt/format.h>

#include "base/text.h"
#include "store/layout.h"

namespace md::store {
namespace {

constexpr std::string_view kRenew = "renew";
constexpr std::string_view kExtension = ".json";

}  // namespace

Result<RenewalRequest> parse_renewal_request(std::string_view text, std::string_view what) {
  MD_ASSIGN_OR_RETURN(const json::Value value, json::Value::parse(text, what));
  const auto action = value.get("action").as_string();
  if (action != kRenew) {
    return fail(ErrorKind::Corrupt,
                fmt::format("{}: its action is '{}', the only one known is '{}'", what,
                            printable(action.value_or("")), kRenew));
  }
  const auto requested = value.get("requested").as_time();
  if (!requested) {
    return fail(ErrorKind::Corrupt, fmt::format("{}: 'requested' is no HTTP date", what));
  }
  return RenewalRequest{value.get("now").as_bool().value_or(false), *requested,
                        value.get("replacing").as_string().value_or("")};
}

json::Value to_json(const RenewalRequest& request) {
  json::Value value = json::Value::object();
  value.set("action", kRenew).set("now", request.now).set_time("requested", request.requested);
  if (!request.replacing.empty()) {
    value.set("replacing", request.replacing);
  }
  return value;
}

std::string request_path(std::string_view domain_name) {
  return fmt::format("{}/{}{}", kRequestFolder, domain_name, kExtension);
}

std::optional<std::string> domain_of_request(std::string_view file_name) {
  if (!file_name.ends_with(kExtension) || file_name.starts_with(kTemporaryPrefix) ||
      file_name.size() == kExtension.size()) {
    return std::nullopt;
  }
  return std::string(file_name.substr(0, file_name.size() - kExtension.size()));
}

}  // namespace md::store
