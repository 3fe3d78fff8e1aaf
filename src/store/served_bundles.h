// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/logger.h"
#include "base/result.h"
#include "base/secret_bytes.h"
#include "store/file_store.h"
#include "store/served_set.h"

namespace md::store {

/// Bundles, and the table that says what went live.
inline constexpr std::string_view kServedFolder = "served";

/// The certificate sets that went live since this start of the server: one file a domain in
/// `served/`, which children read though they must not read `domains/`. The key that seals them is
/// made at each start and is in the memory of the server's processes alone: who learns it, or the
/// store's key, opens the bundles of no other start. Made by the parent, inherited by children; the
/// activator saves. Thread-safe.
class ServedBundles {
 public:
  /// Bundles of the start before stay, for children of it that still have connections; older ones
  /// are removed. `store` outlives the object.
  static Result<std::unique_ptr<ServedBundles>> create(FileStore& store, Logger& logger);

  Status save(std::string_view domain_name, const ServedSet& set);
  /// A bundle of another start, of another domain, or one that is damaged: Corrupt.
  [[nodiscard]] Result<ServedSet> load(std::string_view domain_name) const;
  /// "served/<md>.<number of the start>.bundle"
  [[nodiscard]] std::string path_of(std::string_view domain_name) const;

 private:
  ServedBundles(FileStore& store, SecretBytes key, std::size_t start)
      : store_(store), key_(std::move(key)), start_(start) {}

  FileStore& store_;
  SecretBytes key_;
  std::size_t start_;
};

}  // namespace md::store
