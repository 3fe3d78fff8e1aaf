// SPDX-License-Identifier: Apache-2.0
#include "store/served_bundles.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/file_name.h"
#include "crypto/digest.h"

namespace md::store {
namespace {

constexpr std::string_view kExtension = ".bundle";
constexpr mode_t kFolderMode = 0755;
// Children of another user read them; whoever else does has nothing without the key.
constexpr mode_t kFileMode = 0644;
constexpr std::size_t kKeyLength = 32;
constexpr std::size_t kMostDigits = 9;
// Servers that share a store and start at the same moment do not write the same files.
constexpr std::size_t kLongestStep = 4096;

/// The number in "<md>.<number>.bundle"; 0 for bundles without one, which older versions wrote;
/// nullopt for other files.
std::optional<std::size_t> start_of(std::string_view file) {
  if (!file.ends_with(kExtension)) {
    return std::nullopt;
  }
  file.remove_suffix(kExtension.size());
  const std::string_view digits = file.substr(file.rfind('.') + 1);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_number =
      error == std::errc() && end == digits.data() + digits.size() && digits.size() <= kMostDigits;
  return is_number ? number : 0;
}

/// Bundles of the latest start stay. Its number; 0: there are none.
std::size_t drop_old(FileStore& store, const std::vector<std::string>& files, Logger& logger) {
  std::size_t latest = 0;
  for (const std::string& file : files) {
    latest = std::max(latest, start_of(file).value_or(0));
  }
  for (const std::string& file : files) {
    const auto start = start_of(file);
    if (!start || (*start == latest && latest != 0)) {
      continue;
    }
    if (const auto removed = store.remove_at_root(fmt::format("{}/{}", kServedFolder, file));
        !removed) {
      logger.error({}, removed.error().message);
    }
  }
  return latest;
}

}  // namespace

Result<std::unique_ptr<ServedBundles>> ServedBundles::create(FileStore& store, Logger& logger) {
  MD_TRY(store.ensure_folder(kServedFolder, kFolderMode, /*for_child_user=*/false));
  const auto files = store.files_at_root(kServedFolder);
  if (!files) {
    logger.error({}, files.error().message);
  }
  const std::size_t latest = files ? drop_old(store, *files, logger) : 0;
  MD_ASSIGN_OR_RETURN(const SecretBytes random, crypto::random_bytes(2));
  const std::size_t step = (random.bytes()[0] * 256U + random.bytes()[1]) % kLongestStep;
  MD_ASSIGN_OR_RETURN(SecretBytes key, crypto::random_bytes(kKeyLength));
  return std::unique_ptr<ServedBundles>(
      new ServedBundles(store, std::move(key), latest + 1 + step));
}

Status ServedBundles::save(std::string_view domain_name, const ServedSet& set) {
  MD_ASSIGN_OR_RETURN(const Bytes sealed, seal_bundle(set, domain_name, key_));
  const std::string_view content(reinterpret_cast<const char*>(sealed.data()), sealed.size());
  return store_.save_at_root(path_of(domain_name), content, kFileMode, Durability::Replaceable);
}

Result<ServedSet> ServedBundles::load(std::string_view domain_name) const {
  MD_ASSIGN_OR_RETURN(const std::string sealed, store_.load_at_root(path_of(domain_name)));
  return open_bundle(as_bytes(sealed), domain_name, key_);
}

std::string ServedBundles::path_of(std::string_view domain_name) const {
  return fmt::format("{}/{}.{}{}", kServedFolder, file_name_for(domain_name), start_, kExtension);
}

}  // namespace md::store
