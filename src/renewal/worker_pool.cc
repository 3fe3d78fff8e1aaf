// SPDX-License-Identifier: Apache-2.0
#include "renewal/worker_pool.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <queue>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace md::renewal {
namespace {

using std::chrono::milliseconds;

// How long the scheduler sleeps at most: a clock that is set, or a stop that nobody told us of, is
// noticed within this time.
constexpr milliseconds kLongestNap{1000};
// However soon a check wants to be called again, nothing spins.
constexpr milliseconds kShortestInterval{100};
// After a check that broke (out of memory), or when no thread can be made.
constexpr milliseconds kAfterTrouble{10'000};
// A thread without work for so long ends.
constexpr std::chrono::seconds kIdleTime{60};
// A clock that goes back further than this has been set (PM-07).
constexpr std::chrono::seconds kClockJump{60};

}  // namespace

class WorkerPool::Impl {
 public:
  Impl(std::size_t things, Check check,
       std::function<std::unique_ptr<http::Client>()> make_http_client, const Clock& clock,
       StopSignal& stop, Options options)
      : check_(std::move(check)),
        make_http_client_(std::move(make_http_client)),
        clock_(clock),
        stop_(stop),
        options_(std::move(options)),
        things_(things) {}

  bool start();
  void look_again(std::size_t thing);
  void stop_and_join();

 private:
  /// Where a thing stands. Its one valid appointment is the one at `due` while it waits; others
  /// were overtaken by `look_again`.
  struct Thing {
    enum class State { Waiting, Ready, Running };
    State state{State::Waiting};
    TimePoint due{};
    bool again{false};  ///< something has happened while it was being looked at
  };
  struct Appointment {
    TimePoint due;
    std::size_t thing;
    // For a heap with the earliest on top.
    friend bool operator<(const Appointment& a, const Appointment& b) { return a.due > b.due; }
  };
  using Lock = std::unique_lock<std::mutex>;
  using Threads = std::list<std::thread>;

  void schedule();
  void collect_due(TimePoint now);
  void follow_clock(TimePoint now);
  void make_threads();
  void join_ended(Lock& lock);
  void work(Threads::iterator self);
  std::optional<std::size_t> next_job(Lock& lock);
  void appoint(std::size_t thing, TimePoint due);
  TimePoint check(std::size_t thing, http::Client& client);
  void announce(const char* role) const;
  [[nodiscard]] bool ending() const { return ended_ || stop_.stopped(); }

  const Check check_;
  const std::function<std::unique_ptr<http::Client>()> make_http_client_;
  const Clock& clock_;
  StopSignal& stop_;
  const Options options_;

  std::thread scheduler_;
  std::mutex mutex_;
  std::condition_variable scheduler_wakes_;
  std::condition_variable work_is_there_;
  // All below is guarded by mutex_.
  std::vector<Thing> things_;
  std::priority_queue<Appointment> appointments_;
  std::deque<std::size_t> ready_;  // things whose time has come
  Threads threads_;
  Threads ended_threads_;  // have left their loop, not yet joined
  std::size_t idle_{0};
  TimePoint last_seen_{};
  bool ended_{false};
};

void WorkerPool::Impl::announce(const char* role) const {
  if (options_.on_thread_start) {
    options_.on_thread_start(role);
  }
}

bool WorkerPool::Impl::start() {
  const TimePoint now = clock_.now();
  {
    const Lock lock(mutex_);
    if (ended_ || scheduler_.joinable()) {
      return true;
    }
    last_seen_ = now;
    for (std::size_t i = 0; i < things_.size(); ++i) {
      appoint(i, now + options_.initial_delay);
    }
  }
  try {
    scheduler_ = std::thread([this] { schedule(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

/// The caller holds mutex_.
void WorkerPool::Impl::appoint(std::size_t thing, TimePoint due) {
  things_[thing].state = Thing::State::Waiting;
  things_[thing].due = due;
  appointments_.push({due, thing});
}

void WorkerPool::Impl::look_again(std::size_t thing) {
  {
    const Lock lock(mutex_);
    if (things_[thing].state == Thing::State::Running) {
      things_[thing].again = true;
    } else if (things_[thing].state == Thing::State::Waiting) {
      appoint(thing, clock_.now());
    }
  }
  scheduler_wakes_.notify_all();
}

void WorkerPool::Impl::stop_and_join() {
  stop_.stop();
  {
    const Lock lock(mutex_);
    ended_ = true;
  }
  scheduler_wakes_.notify_all();
  work_is_there_.notify_all();
  if (scheduler_.joinable()) {
    scheduler_.join();
  }
  // The scheduler alone makes threads; it is gone, so the lists only shrink.
  Lock lock(mutex_);
  while (!threads_.empty() || !ended_threads_.empty()) {
    scheduler_wakes_.wait(lock, [this] { return !ended_threads_.empty(); });
    join_ended(lock);
  }
}

void WorkerPool::Impl::schedule() {
  announce("md-worker");
  Lock lock(mutex_);
  while (!ending()) {
    const TimePoint now = clock_.now();
    follow_clock(now);
    collect_due(now);
    make_threads();
    join_ended(lock);
    milliseconds nap = kLongestNap;
    if (!appointments_.empty()) {
      // Rounded up: waking a moment too early would mean another round.
      nap = std::min(nap, std::chrono::ceil<milliseconds>(appointments_.top().due - now));
    }
    if (nap > milliseconds(0) && !ended_) {
      scheduler_wakes_.wait_for(lock, nap);
    }
  }
}

/// A clock that was set back leaves appointments in a future that is far away: they move with it.
void WorkerPool::Impl::follow_clock(TimePoint now) {
  if (now + kClockJump < last_seen_) {
    const auto jump = last_seen_ - now;
    appointments_ = {};
    for (std::size_t i = 0; i < things_.size(); ++i) {
      if (things_[i].state == Thing::State::Waiting) {
        appoint(i, things_[i].due - jump);
      }
    }
  }
  last_seen_ = now;
}

void WorkerPool::Impl::collect_due(TimePoint now) {
  std::size_t found = 0;
  for (; !appointments_.empty() && appointments_.top().due <= now; appointments_.pop()) {
    const auto [due, thing] = appointments_.top();
    if (things_[thing].state == Thing::State::Waiting && things_[thing].due == due) {
      things_[thing].state = Thing::State::Ready;
      ready_.push_back(thing);
      ++found;
    }
  }
  if (found == 1) {
    work_is_there_.notify_one();
  } else if (found > 1) {
    work_is_there_.notify_all();
  }
}

void WorkerPool::Impl::make_threads() {
  const std::size_t limit = std::max<std::size_t>(options_.max_threads, 1);
  std::size_t wanted = ready_.size() > idle_ ? ready_.size() - idle_ : 0;
  for (; wanted > 0 && threads_.size() < limit; --wanted) {
    threads_.emplace_back();
    const auto self = std::prev(threads_.end());
    try {
      // The new thread takes mutex_ before it looks at `self`.
      *self = std::thread([this, self] { work(self); });
    } catch (const std::system_error&) {
      // The system's limit: those that are there do the work; if there are none, the next round,
      // within kLongestNap, tries again.
      threads_.erase(self);
      return;
    }
  }
}

void WorkerPool::Impl::join_ended(Lock& lock) {
  Threads ended;
  ended.swap(ended_threads_);
  if (ended.empty()) {
    return;
  }
  lock.unlock();
  for (std::thread& thread : ended) {
    thread.join();
  }
  lock.lock();
}

void WorkerPool::Impl::work(Threads::iterator self) {
  announce("md-job");
  {
    const std::unique_ptr<http::Client> client = make_http_client_();
    Lock lock(mutex_);
    while (const std::optional<std::size_t> thing = next_job(lock)) {
      lock.unlock();
      TimePoint due = check(*thing, *client);
      lock.lock();
      if (std::exchange(things_[*thing].again, false)) {
        due = clock_.now() + kShortestInterval;
      }
      const bool is_next = appointments_.empty() || due < appointments_.top().due;
      appoint(*thing, due);
      if (is_next) {
        scheduler_wakes_.notify_all();
      }
    }
  }
  const Lock lock(mutex_);
  ended_threads_.splice(ended_threads_.end(), threads_, self);
  scheduler_wakes_.notify_all();
}

/// Waits for a thing whose time has come; nullopt: end this thread.
std::optional<std::size_t> WorkerPool::Impl::next_job(Lock& lock) {
  ++idle_;
  work_is_there_.wait_for(lock, kIdleTime, [this] { return ending() || !ready_.empty(); });
  --idle_;
  if (ending() || ready_.empty()) {
    return std::nullopt;
  }
  const std::size_t thing = ready_.front();
  ready_.pop_front();
  things_[thing].state = Thing::State::Running;
  return thing;
}

TimePoint WorkerPool::Impl::check(std::size_t thing, http::Client& client) {
  try {
    const TimePoint due = check_(thing, client);
    return std::max(due, clock_.now() + kShortestInterval);
  } catch (const std::exception&) {
    // The standard library may throw where memory is short: this thing waits, the server lives.
    return clock_.now() + kAfterTrouble;
  }
}

WorkerPool::WorkerPool(std::size_t things, Check check,
                       std::function<std::unique_ptr<http::Client>()> make_http_client,
                       const Clock& clock, StopSignal& stop, Options options)
    : impl_(std::make_unique<Impl>(things, std::move(check), std::move(make_http_client), clock,
                                   stop, std::move(options))) {}

WorkerPool::~WorkerPool() {
  impl_->stop_and_join();
}

bool WorkerPool::start() {
  return impl_->start();
}

void WorkerPool::look_again(std::size_t thing) {
  impl_->look_again(thing);
}

void WorkerPool::stop_and_join() {
  impl_->stop_and_join();
}

}  // namespace md::renewal
