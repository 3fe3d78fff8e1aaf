// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/result.h"

/// What root asks of a folder before it writes there and gives it owners and modes: who could put
/// something else in its place would have root act on files of his choice.
namespace md::store {

/// No link on the way to `path`, nor `path` itself, is another user's than `trusted` or root's.
/// What is not there yet is fine. Denied: the message names the link, whose it is, and what to do.
Status check_links(const std::filesystem::path& path, uid_t trusted);

/// The folder, if it is there, is of `trusted` or root. Denied: the message names the folder, its
/// owner, and what to do. Where the file system does not keep the owner of a file that is made
/// (root squashed on NFS), owners mean nothing: no objection.
Status check_owner(const std::filesystem::path& folder, uid_t trusted);
/// Nobody but its owner and root's group may write to the folder, if it is there. Denied, and
/// squashed owners, as above.
Status check_folder_is_private(const std::filesystem::path& folder);

/// Of the folders above: whoever may write to one of them can exchange what is below, unless the
/// folder is one like /tmp. Denied as above.
Status check_parents(const std::filesystem::path& folder, uid_t trusted);

/// "user 33 (www-data)".
std::string describe_user(uid_t uid);

}  // namespace md::store
