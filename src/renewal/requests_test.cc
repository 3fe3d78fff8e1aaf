// SPDX-License-Identifier: Apache-2.0
#include "renewal/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RenewalBed;

enum class Urgency { Now, Whenever };

void put(RenewalBed& bed, const store::RenewalRequest& request) {
  const auto text = store::sealed_request(request, bed.domain.name, bed.store().key());
  ASSERT_TRUE(text);
  ASSERT_TRUE(bed.store().save_at_root(store::request_path(bed.domain.name), *text, 0644,
                                       store::Durability::Replaceable));
}

void ask(RenewalBed& bed, Urgency urgency = Urgency::Whenever) {
  const store::RenewalRequest request{urgency == Urgency::Now, bed.clock.now(), ""};
  put(bed, request);
}

bool is_asked(RenewalBed& bed) {
  return bool(bed.store().load_at_root(store::request_path(bed.domain.name)));
}

struct BedWithCertificate : RenewalBed {
  BedWithCertificate() {
    static_cast<void>(store().ensure_folder(store::kRequestFolder, 0755, true));
    check();
    static_cast<void>(activate());
    clock.advance(24h);
  }
};

TEST(RequestedRenewal, IsMadeThoughNothingIsDue) {
  BedWithCertificate bed;
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 1U);
  ask(bed);
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 2U);
  EXPECT_TRUE(bed.has_staged());
  EXPECT_FALSE(is_asked(bed));
  EXPECT_TRUE(bed.logger.mentions("a2md renew"));

  static_cast<void>(bed.activate());
  bed.clock.advance(1h);
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 2U);
}

TEST(RequestedRenewal, IsMadeWhateverTheModeIs) {
  BedWithCertificate bed;
  bed.domain.settings.renew_mode = model::RenewMode::Manual;
  ask(bed);
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 2U);
}

TEST(RequestedRenewal, WaitsForTheBackOffUnlessItIsUrgent) {
  BedWithCertificate bed;
  bed.ca.behaviour.rejected_names = {"example.org"};  // permanent: daily
  ask(bed);
  bed.check();
  EXPECT_EQ(bed.job().errors, 1U);
  EXPECT_TRUE(is_asked(bed));
  bed.clock.advance(1h);
  bed.check();
  EXPECT_EQ(bed.job().errors, 1U);

  ask(bed, Urgency::Now);
  bed.check();
  EXPECT_EQ(bed.job().errors, 2U);
  bed.clock.advance(1h);
  bed.check();  // `now` counts once
  EXPECT_EQ(bed.job().errors, 2U);
  EXPECT_TRUE(is_asked(bed));

  bed.ca.behaviour.rejected_names = {};
  ask(bed, Urgency::Now);
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_FALSE(is_asked(bed));
}

TEST(RequestedRenewal, IsNotPutOffForEverByACommandThatSaysNo) {
  BedWithCertificate bed;
  bed.listen_to_events();
  bed.commands.answer = [](auto&&) { return CommandOutcome{1, "not today"}; };
  ask(bed, Urgency::Now);
  const TimePoint next = bed.check();
  EXPECT_GT(next, bed.clock.now() + 1h);
  EXPECT_EQ(bed.ca.orders(), 1U);
}

TEST(RequestedRenewal, IsGoneOnWithAfterARestart) {
  BedWithCertificate bed;
  ask(bed);
  bed.ca.behaviour.polls_until_issued = 1000;
  bed.waiter.stop_after = bed.waiter.waited() + 10s;
  bed.check();
  EXPECT_TRUE(is_asked(bed));
  EXPECT_FALSE(bed.has_staged());

  bed.ca.behaviour.polls_until_issued = 1;
  bed.waiter.restart();
  bed.restart();
  bed.check_until_finished();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_FALSE(is_asked(bed));
  EXPECT_EQ(bed.ca.orders(), 2U);
}

TEST(RequestedRenewal, IsDoneOnceThoughTheWorkerDiesAtTheEnd) {
  BedWithCertificate bed;
  ask(bed);
  bed.check();
  static_cast<void>(bed.activate());
  // As if it had died before it removed the request and finished the job.
  const store::RenewalRequest begun{false, bed.clock.now(), "something else"};
  put(bed, begun);
  bed.check();
  EXPECT_FALSE(is_asked(bed));
  EXPECT_EQ(bed.ca.orders(), 2U);
}

TEST(RequestedRenewal, ThatCannotBeReadIsToldAndRemoved) {
  BedWithCertificate bed;
  ASSERT_TRUE(bed.store().save_at_root(store::request_path(bed.domain.name), "renew, please", 0644,
                                       store::Durability::Replaceable));
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 1U);
  EXPECT_FALSE(is_asked(bed));
  EXPECT_TRUE(bed.logger.mentions("a request that is none is removed"));
}

TEST(RequestedRenewal, M11_CountsOnceHoweverOftenItsFileIsPutBack) {
  for (const Urgency urgency : {Urgency::Now, Urgency::Whenever}) {
    BedWithCertificate bed;
    ask(bed, urgency);
    const std::string path = store::request_path(bed.domain.name);
    const std::string kept = bed.store().load_at_root(path).value();
    for (int i = 0; i < 5; ++i) {
      bed.check();
      static_cast<void>(bed.activate());
      bed.clock.advance(1h);
      ASSERT_TRUE(bed.store().save_at_root(path, kept, 0644, store::Durability::Replaceable));
    }
    EXPECT_EQ(bed.ca.orders(), 2U);
  }
}

TEST(RequestedRenewal, M11_HurriesOnceHoweverOftenItsFileIsPutBack) {
  BedWithCertificate bed;
  bed.ca.behaviour.rejected_names = {"example.org"};  // permanent: daily
  ask(bed, Urgency::Now);
  const std::string path = store::request_path(bed.domain.name);
  const std::string kept = bed.store().load_at_root(path).value();
  for (int i = 0; i < 5; ++i) {
    bed.check();
    bed.clock.advance(1h);
    ASSERT_TRUE(bed.store().save_at_root(path, kept, 0644, store::Durability::Replaceable));
  }
  EXPECT_EQ(bed.job().errors, 1U);
}

TEST(RequestedRenewal, M11_OfSomebodyWithoutTheStoresKeyIsNone) {
  BedWithCertificate bed;
  const store::RenewalRequest request{true, bed.clock.now(), ""};
  ASSERT_TRUE(bed.store().save_at_root(store::request_path(bed.domain.name),
                                       store::to_json(request).dump(), 0644,
                                       store::Durability::Replaceable));
  bed.check();
  EXPECT_EQ(bed.ca.orders(), 1U);
  EXPECT_FALSE(is_asked(bed));
  EXPECT_TRUE(bed.logger.mentions("its seal is not of this store"));
}

TEST(RequestWatch, TellsOfNewAndChangedRequests) {
  BedWithCertificate bed;
  std::vector<std::size_t> told;
  RequestWatch watch(
      bed.store(), {"other.org", "example.org"}, [&](std::size_t i) { told.push_back(i); },
      bed.logger);
  watch.look();
  EXPECT_THAT(told, IsEmpty());
  ask(bed);
  watch.look();
  watch.look();
  EXPECT_THAT(told, ElementsAre(1U));
  bed.clock.advance(10s);
  ask(bed, Urgency::Now);
  watch.look();
  EXPECT_THAT(told, ElementsAre(1U, 1U));
  ASSERT_TRUE(bed.store().remove_at_root(store::request_path(bed.domain.name)));  // a2md cancel
  watch.look();
  EXPECT_THAT(told, ElementsAre(1U, 1U));
}

TEST(RequestWatch, RemovesRequestsAboutUnknownDomains) {
  BedWithCertificate bed;
  RequestWatch watch(
      bed.store(), {"other.org"}, [](std::size_t) { FAIL(); }, bed.logger);
  ask(bed);
  watch.look();
  EXPECT_FALSE(is_asked(bed));
  EXPECT_TRUE(bed.logger.mentions("requests/example.org.json is removed"));
}

TEST(RequestWatch, LooksOnAThreadOfItsOwn) {
  BedWithCertificate bed;
  StopSignal stop;
  StopSignal told;
  RequestWatch watch(
      bed.store(), {"example.org"}, [&](std::size_t) { told.stop(); }, bed.logger);
  watch.start(stop, {});
  ask(bed);
  EXPECT_FALSE(told.wait_for(60s));  // ends as soon as it is told
  stop.stop();
  watch.join();
}

}  // namespace
}  // namespace md::renewal
