// SPDX-License-Identifier: Apache-2.0
#include "renewal/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <new>
#include <set>

#include "base/testing/fake_clock.h"
#include "model/managed_domain.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;

class NoClient final : public http::Client {
 public:
  Result<http::Response> send(const http::Request& /*request*/, const Waiter& /*waiter*/) override {
    return fail(ErrorKind::Network, "no network");
  }
};

model::ManagedDomain a_domain(int number) {
  model::ManagedDomain domain;
  domain.name = "d" + std::to_string(number) + ".test";
  return domain;
}

std::vector<model::ManagedDomain> domains(int count) {
  std::vector<model::ManagedDomain> all;
  all.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    all.push_back(a_domain(i));
  }
  return all;
}

/// Counts what the pool does and lets tests wait for it.
struct Watch {
  void note(const std::string& name) {
    {
      const std::lock_guard lock(mutex);
      ++checks[name];
      ++total;
    }
    changed.notify_all();
  }
  template <class Condition>
  bool wait_until(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 20s, condition);
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, int> checks;
  int total{0};
};

class WorkerPoolTest : public ::testing::Test {
 protected:
  using Check = std::function<TimePoint(const model::ManagedDomain&, http::Client&)>;
  std::unique_ptr<WorkerPool> make_pool(int count, Check check, WorkerPool::Options options = {}) {
    return std::make_unique<WorkerPool>(
        static_cast<std::size_t>(count),
        [all = domains(count), check = std::move(check)](std::size_t i, http::Client& client) {
          return check(all[i], client);
        },
        [this] {
          ++clients;
          return std::make_unique<NoClient>();
        },
        clock, stop, std::move(options));
  }

  SystemClock clock;
  StopSignal stop;
  Watch watch;
  std::atomic<int> clients{0};
};

TEST_F(WorkerPoolTest, ChecksEachDomainAgainWhenItWants) {
  auto pool = make_pool(3, [&](const model::ManagedDomain& domain, http::Client&) {
    watch.note(domain.name);
    return clock.now() + 100ms;
  });
  pool->start();
  EXPECT_TRUE(watch.wait_until([&] {
    return watch.checks["d0.test"] >= 3 && watch.checks["d1.test"] >= 3 &&
           watch.checks["d2.test"] >= 3;
  }));
  pool->stop_and_join();
}

TEST_F(WorkerPoolTest, LooksAgainAtOnceWhenSomethingHasHappened) {
  auto pool = make_pool(2, [&](const model::ManagedDomain& domain, http::Client&) {
    watch.note(domain.name);
    return clock.now() + 1h;
  });
  pool->start();
  ASSERT_TRUE(watch.wait_until([&] { return watch.total == 2; }));
  pool->look_again(1);
  pool->look_again(1);
  EXPECT_TRUE(watch.wait_until([&] { return watch.checks["d1.test"] >= 2; }));
  EXPECT_EQ(watch.checks["d0.test"], 1);
  pool->stop_and_join();
}

TEST_F(WorkerPoolTest, LooksAgainAfterACheckDuringWhichSomethingHasHappened) {
  WorkerPool* running = nullptr;
  auto pool = make_pool(1, [&](const model::ManagedDomain& domain, http::Client&) {
    if (watch.total == 0) {
      running->look_again(0);
    }
    watch.note(domain.name);
    return clock.now() + 1h;
  });
  running = pool.get();
  pool->start();
  EXPECT_TRUE(watch.wait_until([&] { return watch.total == 2; }));
  ASSERT_TRUE(stop.wait_for(200ms));
  EXPECT_EQ(watch.total, 2);
  pool->stop_and_join();
}

TEST_F(WorkerPoolTest, KeepsQuietDuringTheInitialDelay) {  // PM-06
  WorkerPool::Options options;
  options.initial_delay = 1h;
  auto pool = make_pool(
      1,
      [&](const model::ManagedDomain& domain, http::Client&) {
        watch.note(domain.name);
        return clock.now() + 1h;
      },
      options);
  pool->start();
  ASSERT_TRUE(stop.wait_for(50ms));
  pool->stop_and_join();
  EXPECT_EQ(watch.total, 0);
  EXPECT_EQ(clients, 0);
}

TEST_F(WorkerPoolTest, OneThatHangsHoldsBackItselfAlone) {
  WorkerPool::Options options;
  options.max_threads = 2;
  auto pool = make_pool(
      5,
      [&](const model::ManagedDomain& domain, http::Client&) {
        watch.note(domain.name);
        if (domain.name == "d0.test") {
          static_cast<void>(stop.wait_for(1h));
        }
        return clock.now() + 100ms;
      },
      options);
  pool->start();
  EXPECT_TRUE(watch.wait_until([&] { return watch.checks["d4.test"] >= 3; }));
  EXPECT_EQ(watch.checks["d0.test"], 1);
  const auto before = std::chrono::steady_clock::now();
  pool->stop_and_join();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
}

TEST_F(WorkerPoolTest, UsesNoMoreThreadsThanAllowedAndAClientForEach) {
  WorkerPool::Options options;
  options.max_threads = 4;
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  auto pool = make_pool(
      40,
      [&](const model::ManagedDomain& domain, http::Client&) {
        const int now = ++running;
        int known = most;
        while (now > known && !most.compare_exchange_weak(known, now)) {
        }
        static_cast<void>(stop.wait_for(5ms));
        --running;
        watch.note(domain.name);
        return clock.now() + 1h;
      },
      options);
  pool->start();
  EXPECT_TRUE(watch.wait_until([&] { return watch.total == 40; }));
  pool->stop_and_join();
  EXPECT_EQ(most, 4);
  EXPECT_EQ(clients, 4);
}

TEST_F(WorkerPoolTest, AnnouncesItsThreads) {
  std::mutex mutex;
  std::multiset<std::string> roles;
  WorkerPool::Options options;
  options.on_thread_start = [&](const char* role) {
    const std::lock_guard lock(mutex);
    roles.insert(role);
  };
  auto pool = make_pool(
      1,
      [&](const model::ManagedDomain& domain, http::Client&) {
        watch.note(domain.name);
        return clock.now() + 1h;
      },
      options);
  pool->start();
  EXPECT_TRUE(watch.wait_until([&] { return watch.total == 1; }));
  pool->stop_and_join();
  EXPECT_EQ(roles, (std::multiset<std::string>{"md-worker", "md-job"}));
}

TEST_F(WorkerPoolTest, LooksAfterTenThousandDomains) {
  constexpr int kCount = 10'000;
  WorkerPool::Options options;
  options.max_threads = 8;
  auto pool = make_pool(
      kCount,
      [&](const model::ManagedDomain& domain, http::Client&) {
        watch.note(domain.name);
        return clock.now() + 1h;
      },
      options);
  pool->start();
  EXPECT_TRUE(watch.wait_until([&] { return watch.total == kCount; }));
  pool->stop_and_join();
  EXPECT_EQ(watch.checks.size(), std::size_t{kCount});
  for (const auto& [name, times] : watch.checks) {
    ASSERT_EQ(times, 1) << name;
  }
}

TEST_F(WorkerPoolTest, DoesNotSpinWhateverTheCheckSays) {
  auto pool = make_pool(1, [&](const model::ManagedDomain& domain, http::Client&) {
    watch.note(domain.name);
    return clock.now() - 1h;
  });
  pool->start();
  EXPECT_TRUE(watch.wait_until([&] { return watch.total >= 2; }));
  ASSERT_TRUE(stop.wait_for(200ms));
  pool->stop_and_join();
  EXPECT_LT(watch.total, 8);
}

TEST_F(WorkerPoolTest, SurvivesACheckThatThrows) {
  auto pool = make_pool(2, [&](const model::ManagedDomain& domain, http::Client&) -> TimePoint {
    watch.note(domain.name);
    if (domain.name == "d0.test") {
      throw std::bad_alloc();
    }
    return clock.now() + 100ms;
  });
  pool->start();
  EXPECT_TRUE(watch.wait_until([&] { return watch.checks["d1.test"] >= 3; }));
  pool->stop_and_join();
  EXPECT_EQ(watch.checks["d0.test"], 1);
}

TEST_F(WorkerPoolTest, FollowsAClockThatIsSetBack) {
  testing::FakeClock wall;
  WorkerPool pool(
      1,
      [&](std::size_t, http::Client&) {
        watch.note("d0.test");
        return wall.now() + 1h;
      },
      [] { return std::make_unique<NoClient>(); }, wall, stop, {});
  pool.start();
  EXPECT_TRUE(watch.wait_until([&] { return watch.total == 1; }));
  wall.advance(-std::chrono::hours(24 * 10));
  ASSERT_TRUE(stop.wait_for(1500ms));  // it has noticed
  wall.advance(1h);
  EXPECT_TRUE(watch.wait_until([&] { return watch.total == 2; }));
  pool.stop_and_join();
}

TEST_F(WorkerPoolTest, StopsWithoutHavingStartedAndTwice) {
  auto pool = make_pool(1, [&](const model::ManagedDomain&, http::Client&) { return clock.now(); });
  pool->stop_and_join();
  pool->start();
  pool->stop_and_join();
  EXPECT_EQ(watch.total, 0);
}

}  // namespace
}  // namespace md::renewal
