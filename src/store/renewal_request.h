// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "json/value.h"

/// What an administrator asks of the server that runs: one file for each managed domain,
/// `requests/<md>.json` at the root of the store. `a2md` writes and deletes them, the worker child
/// reads them and deletes those that are done. Every program with the child's uid may write there,
/// so a request bears a seal that only who knows the store's key can make.
namespace md::store {

inline constexpr std::string_view kRequestFolder = "requests";
inline constexpr mode_t kRequestFolderMode = 0755;
inline constexpr mode_t kRequestFileMode = 0644;

/// Renew the domain's certificates, though nothing else may want it.
struct RenewalRequest {
  bool now{false};        ///< do not wait for the back-off of failed attempts, once
  TimePoint requested{};  ///< whole seconds
  /// Of the worker: what was live when it began, so that it knows when it is done. Empty: not
  /// begun.
  std::string replacing{};
  friend bool operator==(const RenewalRequest&, const RenewalRequest&) = default;
};

/// Strict, as only we write them: what is no such request, or has no seal for that domain, is
/// Corrupt, and the message says why.
Result<RenewalRequest> parse_renewal_request(std::string_view text, std::string_view domain_name,
                                             const SecretBytes& store_key);
/// `{"action":"renew","now":true,"requested":"<HTTP date>"}`
json::Value to_json(const RenewalRequest& request);
/// The file for it: the same with `seal`.
Result<std::string> sealed_request(const RenewalRequest& request, std::string_view domain_name,
                                   const SecretBytes& store_key);

/// "requests/<md>.json", for FileStore's load_at_root, save_at_root, and remove_at_root.
std::string request_path(std::string_view domain_name);
/// Can a file of that name in `requests/` be a request?
bool is_request_file(std::string_view file_name);

}  // namespace md::store
