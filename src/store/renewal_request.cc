// SPDX-License-Identifier: Apache-2.0
#include "store/renewal_request.h"

#include <fmt/format.h>

#include "base/file_name.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "store/layout.h"

namespace md::store {
namespace {

constexpr std::string_view kRenew = "renew";
constexpr std::string_view kExtension = ".json";
constexpr std::string_view kPurpose = "mod_md request to renew";

Result<std::string> seal_of(const json::Value& request, std::string_view domain_name,
                            const SecretBytes& store_key) {
  return crypto::seal_of_texts(store_key.bytes(), kPurpose, {domain_name, request.dump_compact()});
}

}  // namespace

Result<RenewalRequest> parse_renewal_request(std::string_view text, std::string_view domain_name,
                                             const SecretBytes& store_key) {
  const std::string what = request_path(domain_name);
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
  const RenewalRequest request{value.get("now").as_bool().value_or(false), *requested,
                               value.get("replacing").as_string().value_or("")};
  MD_ASSIGN_OR_RETURN(const std::string seal, seal_of(to_json(request), domain_name, store_key));
  if (!crypto::is_same_secret(value.get("seal").as_string().value_or(""), seal)) {
    return fail(ErrorKind::Corrupt,
                fmt::format("{}: neither a2md nor the server has written it: its seal is not of "
                            "this store",
                            what));
  }
  return request;
}

Result<std::string> sealed_request(const RenewalRequest& request, std::string_view domain_name,
                                   const SecretBytes& store_key) {
  json::Value document = to_json(request);
  MD_ASSIGN_OR_RETURN(const std::string seal, seal_of(document, domain_name, store_key));
  document.set("seal", seal);
  return document.dump();
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
  return fmt::format("{}/{}{}", kRequestFolder, file_name_for(domain_name), kExtension);
}

bool is_request_file(std::string_view file_name) {
  return file_name.ends_with(kExtension) && !file_name.starts_with(kTemporaryPrefix) &&
         file_name.size() > kExtension.size();
}

}  // namespace md::store
