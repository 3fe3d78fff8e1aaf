// SPDX-License-Identifier: Apache-2.0
#include "ocsp/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "store/documents.h"

namespace md::ocsp {
namespace {

using store::Group;

constexpr std::string_view kAnswerPrefix = "ocsp-";
constexpr std::string_view kJobPrefix = "job-";
constexpr std::string_view kSuffix = ".json";
// A share of a life that is not known is taken of a week: as long as answers usually live.
constexpr std::chrono::hours kUsualLife{24 * 7};

Duration length_of(const model::Window& keep, Duration life) {
  return keep.fixed_length().value_or(keep.of(life));
}

/// The certificate's id in a name like "ocsp-<id>.json"; nullopt: the file is none of ours.
std::optional<std::string> id_in(std::string_view file) {
  for (const std::string_view prefix : {kAnswerPrefix, kJobPrefix}) {
    if (file.starts_with(prefix) && file.ends_with(kSuffix)) {
      return std::string(file.substr(prefix.size(), file.size() - prefix.size() - kSuffix.size()));
    }
  }
  return std::nullopt;
}

std::optional<model::Validity> validity_in(const store::Store& store, const std::string& folder,
                                           const std::string& file) {
  const auto text = store.load(Group::Ocsp, folder, file);
  const auto record =
      text ? store::parse_ocsp(*text, file) : Result<store::OcspRecord>(text.error());
  return record ? std::optional(record->validity) : std::nullopt;
}

void look_at(const RetentionWorld& world, const std::string& folder, const std::string& file,
             const std::unordered_set<std::string>& in_use, const auto& outdated) {
  const auto id = id_in(file);
  if (!id || in_use.contains(*id)) {
    return;
  }
  const auto age = world.age_of(world.store.path(Group::Ocsp, folder, file));
  if (!age) {
    return;
  }
  KeptFile kept{std::nullopt, *age};
  if (file.starts_with(kAnswerPrefix)) {
    kept.validity = validity_in(world.store, folder, file);
  }
  if (!outdated(kept)) {
    return;
  }
  world.logger.debug(fmt::format("ocsp/{}/{} is old and goes", folder, file));
  if (auto removed = world.store.remove_file(Group::Ocsp, folder, file); !removed) {
    world.logger.warning({}, removed.error().message);
  }
}

}  // namespace

bool is_outdated(const KeptFile& file, const model::Window& keep, TimePoint now) {
  if (!file.validity) {
    return file.age > length_of(keep, kUsualLife);
  }
  const auto since = std::chrono::duration_cast<Duration>(now - file.validity->from);
  return std::max(file.age, since) > length_of(keep, file.validity->length());
}

void drop_outdated(const RetentionWorld& world, const std::unordered_set<std::string>& in_use,
                   const model::Window& keep, TimePoint now) {
  const auto folders = world.store.folders(Group::Ocsp);
  if (!folders) {
    world.logger.warning({}, folders.error().message);
    return;
  }
  const auto outdated = [&](const KeptFile& file) { return is_outdated(file, keep, now); };
  for (const std::string& folder : *folders) {
    const auto files = world.store.files(Group::Ocsp, folder);
    if (!files) {
      world.logger.warning({}, files.error().message);
      continue;
    }
    for (const std::string& file : *files) {
      look_at(world, folder, file, in_use, outdated);
    }
  }
}

}  // namespace md::ocsp
