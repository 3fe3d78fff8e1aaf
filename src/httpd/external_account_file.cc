// SPDX-License-Identifier: Apache-2.0
#include "httpd/external_account_file.h"

#include <fmt/format.h>

#include "json/value.h"
#include "store/trusted_file.h"

namespace md::httpd {
namespace {

constexpr std::size_t kMaxSize = std::size_t{64} * 1024;

Result<std::string> element(const json::Value& document, std::string_view name,
                            const std::string& path) {
  const auto value = document.get(name).as_string();
  if (!value) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("JSON does not contain '{}' element: {}", name, path));
  }
  return *value;
}

}  // namespace

Result<model::ExternalAccount> read_external_account_file(const std::string& path) {
  auto text = store::read_trusted(path, kMaxSize);
  if (!text && text.error().kind == ErrorKind::NotFound) {
    return fail(ErrorKind::InvalidInput, "file not found: " + path);
  }
  if (!text) {
    return fail(ErrorKind::InvalidInput,
                fmt::format("error reading JSON file {}: {}", path, text.error().message));
  }
  const auto document = json::Value::parse(*text, path);
  if (!document) {
    // What stands in the file may be half a secret: the message says where, not what.
    return fail(ErrorKind::InvalidInput, fmt::format("error reading JSON file {}", path));
  }
  model::ExternalAccount account;
  MD_ASSIGN_OR_RETURN(account.kid, element(*document, "kid", path));
  MD_ASSIGN_OR_RETURN(account.hmac, element(*document, "hmac", path));
  account.file = path;
  return account;
}

}  // namespace md::httpd
