// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "renewal/facts.h"

namespace md::renewal {

/// What a look at a domain's files in `domains/` came to.
struct KnownSet {
  /// All that it rests on: configured names and key specs, stamps of the files. Where that has
  /// changed, nothing is known.
  std::string basis;
  CertificateSetFacts facts;
  bool has_any_file{false};
  /// Until when the fallbacks that were chosen can be used; nullopt if none was.
  std::optional<TimePoint> fallbacks_until;
};

/// What has been found out before, so that the second pass of a start, a reload, and the next start
/// need not read and parse files that are the same: that is most of what a domain costs them. As
/// bytes it outlives the module, which httpd unloads in between, and the server. Thread-compatible.
class KnownSets {
 public:
  /// nullptr unless it is still so.
  [[nodiscard]] const KnownSet* find(std::string_view domain, std::string_view basis,
                                     TimePoint now) const;
  void remember(std::string_view domain, KnownSet set);
  /// Of a domain that both know, `others` is right.
  void add(const KnownSets& others);

  /// What another version of the module has written, or nobody, or a disk has changed, is nothing.
  static KnownSets from_bytes(std::string_view bytes);
  /// The same for the same sets.
  [[nodiscard]] std::string to_bytes() const;

 private:
  std::unordered_map<std::string, KnownSet> sets_;
};

}  // namespace md::renewal
