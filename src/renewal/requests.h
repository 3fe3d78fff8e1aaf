// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/logger.h"
#include "base/waiter.h"
#include "store/file_store.h"
#include "store/renewal_request.h"

/// What an administrator has asked of the running server (store/renewal_request.h).
namespace md::renewal {

/// The request about each domain, for whoever holds the domain's lock. Thread-safe.
class RequestBox {
 public:
  RequestBox(store::FileStore& store, Logger& logger) : store_(store), logger_(logger) {}

  /// nullopt: nothing is asked. What cannot be read as a request is told in a warning, and removed.
  [[nodiscard]] std::optional<store::RenewalRequest> load(const std::string& domain_name);
  /// An attempt begins, to replace what is live: the file says so from here on, and `now` is used
  /// up. An error: that cannot be noted, and `now` must not be heeded, or it would be for ever.
  Status note_begin(const std::string& domain_name, const std::string& live,
                    store::RenewalRequest& request);
  /// It is done.
  void finish(const std::string& domain_name, const store::RenewalRequest& request);

 private:
  /// What is asked again with the same file, which a program may have kept, counts no more.
  struct Past {
    std::set<TimePoint> done;     ///< when those that are done were written
    std::set<TimePoint> hurried;  ///< when those whose `now` was heeded were written
  };

  [[nodiscard]] Past past_of(const std::string& domain_name);
  void remove(const std::string& domain_name);

  store::FileStore& store_;
  Logger& logger_;
  std::mutex mutex_;
  std::map<std::string, Past> past_;  // by domain, guarded by mutex_
};

/// Looks for new requests every half second, on a thread of its own. `look` for tests; `start` and
/// `join` from one thread.
class RequestWatch {
 public:
  /// `domains` by number; `look_again` is called with the number of one that something new is asked
  /// of. Both references outlive it.
  RequestWatch(store::FileStore& store, const std::vector<std::string>& domains,
               std::function<void(std::size_t)> look_again, Logger& logger);
  RequestWatch(const RequestWatch&) = delete;
  RequestWatch& operator=(const RequestWatch&) = delete;
  ~RequestWatch() { join(); }

  /// Requests about domains that nobody knows are told in a warning, and removed.
  void look();

  /// Watches until `waiter` is stopped, for what is asked from now on: the pool looks at all
  /// domains at its start anyway. `on_thread_start`: as in WorkerPool::Options; may be empty.
  /// False: no thread could be made; call it again later.
  bool start(Waiter& waiter, std::function<void(const char* role)> on_thread_start);
  /// After the stop.
  void join();

 private:
  void look(const std::function<void(std::size_t)>& look_again);
  void watch(Waiter& waiter);

  store::FileStore& store_;
  std::map<std::string, std::size_t> numbers_;  // of the domains, by the path of their request
  const std::function<void(std::size_t)> look_again_;
  Logger& logger_;
  std::map<std::string, std::string> seen_;  // what each file said at the last look
  bool folder_failed_{false};
  std::thread thread_;
};

}  // namespace md::renewal
