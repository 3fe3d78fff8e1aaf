// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <array>
#include <string_view>

#include "store/store.h"

/// Layout 3.0 of the store on disk, as data (spec/store.md).
namespace md::store {

inline constexpr std::string_view kHeaderFile = "md_store.json";
inline constexpr double kStoreVersion = 3.0;
inline constexpr std::size_t kStoreKeyLength = 48;

/// How the folders and files of one group are made.
struct GroupLayout {
  Group group;
  bool for_child_user;
  bool for_child_group;  ///< root's, but the child user's group reads it
  mode_t folder_mode;
  mode_t file_mode;
};

inline constexpr std::array<GroupLayout, 7> kGroups{{
    // Accounts hold the key of an external account, staging the configuration with all its secrets:
    // nothing for other users of the machine.
    {Group::Accounts, false, true, 0750, 0640},
    {Group::Archive, false, false, 0700, 0600},
    {Group::Challenges, true, false, 0755, 0644},
    {Group::Domains, false, false, 0700, 0600},
    {Group::Ocsp, true, false, 0755, 0644},
    {Group::Staging, true, false, 0755, 0600},
    {Group::Tmp, false, false, 0700, 0600},
}};

/// What a certificate and the state of its renewal are is no secret, and monitoring of other users
/// reads it in staging. The other files there have keys, and settings that may be secret.
constexpr mode_t mode_of_file(const GroupLayout& layout, std::string_view file) {
  const bool is_public = file.starts_with("pubcert.") || file == "job.json";
  return layout.group == Group::Staging && is_public ? 0644 : layout.file_mode;
}

constexpr std::size_t index_of(Group group) {
  return static_cast<std::size_t>(group);
}
constexpr const GroupLayout& layout_of(Group group) {
  return kGroups[index_of(group)];
}

/// Files under way to their name; left behind by a process that died.
inline constexpr std::string_view kTemporaryPrefix = ".tmp-";

}  // namespace md::store
