// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "status/server_status.h"

/// What monitoring systems scrape (docs/metrics.md). Pure.
namespace md::status {

/// Attempts at one CA that ended in one way.
struct AttemptCount {
  std::string ca_url;
  std::string failure;  ///< problem type; empty: they have succeeded
  std::uint64_t attempts{0};
  std::chrono::milliseconds took{0};  ///< all together
};

struct MetricFacts {
  ServerStatus status;
  std::vector<AttemptCount> attempts;  ///< since the server's start or reload
  /// How often a set went live since, in the order of `status.domains`.
  std::vector<std::uint64_t> generations;
};

/// The two forms differ in the names of counters and in their last line.
enum class MetricFormat {
  Prometheus,   ///< text format 0.0.4
  OpenMetrics,  ///< 1.0
};
std::string_view content_type_of(MetricFormat format);

std::string metrics(const MetricFacts& facts, MetricFormat format, TimePoint now);

}  // namespace md::status
