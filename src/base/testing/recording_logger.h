// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/logger.h"

namespace md::testing {

/// Keeps what was logged, for tests to look at. Thread-safe.
class RecordingLogger final : public Logger {
 public:
  struct Entry {
    LogLevel level;
    int id;
    std::string message;
  };

  void log(LogLevel level, LogId id, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    entries_.push_back({level, id.number, std::string(message)});
  }
  [[nodiscard]] bool is_enabled(LogLevel /*level*/) const override { return true; }

  [[nodiscard]] std::vector<Entry> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  [[nodiscard]] bool has(int id) const {
    for (const Entry& entry : entries()) {
      if (entry.id == id) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool mentions(std::string_view text) const {
    for (const Entry& entry : entries()) {
      if (entry.message.find(text) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace md::testing
