// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/clock.h"
#include "base/logger.h"
#include "model/validity.h"
#include "store/store.h"

/// What becomes of answers that nobody needs any more (MDStaplingKeepResponse).
namespace md::ocsp {

/// What the decision about a kept file rests on.
struct KeptFile {
  std::optional<model::Validity> validity;  ///< of the answer in it; nullopt: nothing can be read
  Duration age{0};                          ///< since it was written
};
/// Older than `keep`, by its file or by its answer.
bool is_outdated(const KeptFile& file, const model::Window& keep, TimePoint now);

struct RetentionWorld {
  store::Store& store;
  Logger& logger;
  /// Since the file at that path was written; nullopt: it cannot be told, and the file stays.
  std::function<std::optional<Duration>(const std::string& path)> age_of;
};
/// Removes what is outdated from all folders, in the parent at start. `in_use`: hex ids of the
/// certificates whose valid answers are being stapled. Those stay, however old they are: a
/// responder may be away for long. What fails is logged.
void drop_outdated(const RetentionWorld& world, const std::unordered_set<std::string>& in_use,
                   const model::Window& keep, TimePoint now);

}  // namespace md::ocsp
