// SPDX-License-Identifier: Apache-2.0
#include "renewal/kept_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using model::KeySpec;
using store::Group;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RenewalBed;
using Kind = ActivationOutcome::Kind;

const KeySpec kOld = KeySpec::ec("P-256");
const KeySpec kNew = KeySpec::ec("P-384");

/// A domain with a live certificate, to which a key type is then added.
class KeptCertificatesTest : public ::testing::Test {
 protected:
  KeptCertificatesTest() {
    bed_.look_at_live = [this] {
      return load_set(bed_.store(), Group::Domains, bed_.domain, bed_.store().key()).facts();
    };
    bed_.check_until_finished();
    EXPECT_EQ(bed_.activate().kind, Kind::Activated);
    first_ = bed_.look_at_live().certificates.front().sha256_fingerprint;
    bed_.domain.settings.key_specs = {kOld, kNew};
  }
  [[nodiscard]] RenewalFacts facts() const {
    RenewalFacts facts;
    facts.live = bed_.look_at_live();
    return facts;
  }
  [[nodiscard]] KeptCertificates kept(const RenewalFacts& facts) const {
    return certificates_to_keep(bed_.domain, facts, bed_.clock.now());
  }

  RenewalBed bed_;
  std::string first_;
};

TEST_F(KeptCertificatesTest, OnlyTheMissingTypeIsOrdered) {  // VH-20
  bed_.check_until_finished();
  EXPECT_EQ(bed_.ca.orders(), 2U);
  EXPECT_THAT(bed_.staged_files(), Not(Contains("pubcert.p-256.pem")));
  EXPECT_TRUE(has_all_files(bed_.store(), Group::Staging, bed_.domain));
  EXPECT_EQ(bed_.look_at_live().certificates.front().sha256_fingerprint, first_);

  const ActivationOutcome outcome = bed_.activate();
  ASSERT_EQ(outcome.kind, Kind::Activated) << outcome.reason;
  ASSERT_EQ(outcome.set.size(), 2U);
  EXPECT_EQ(outcome.set[0].chain.front().sha256_fingerprint(), first_);
  EXPECT_EQ(outcome.set[1].spec, kNew);
  const CertificateSetFacts live = bed_.look_at_live();
  EXPECT_TRUE(live.is_complete()) << live.flaw;
  EXPECT_EQ(live.certificates.front().sha256_fingerprint, first_);
  EXPECT_THAT(bed_.staged_files(), ElementsAre("job.json"));
  bed_.check();
  EXPECT_EQ(bed_.ca.orders(), 2U) << "nothing is left to do";
}

TEST_F(KeptCertificatesTest, OneThatIsNotLiveAnyMoreIsOrderedAfterAll) {
  for (const auto moment : {ActivationMoment::Live, ActivationMoment::AtStart}) {
    bed_.check_until_finished();
    ASSERT_TRUE(save_kept(bed_.store(), bed_.domain.name, {{kOld.name(), "another"}}));
    const ActivationOutcome outcome = bed_.activate(moment);
    EXPECT_EQ(outcome.kind, moment == ActivationMoment::Live ? Kind::NotYet : Kind::Rejected);
    EXPECT_THAT(outcome.reason, ::testing::HasSubstr("certificate(P-256)"));
  }
  bed_.clock.advance(std::chrono::hours(1));
  bed_.check_until_finished();
  EXPECT_EQ(bed_.activate().kind, Kind::Activated);
  EXPECT_TRUE(bed_.look_at_live().is_complete());
}

TEST_F(KeptCertificatesTest, StayOnlyWhereNothingElseIsWanted) {
  EXPECT_THAT(kept(facts()), ElementsAre(std::pair(kOld.name(), first_)));

  RenewalFacts changed = facts();
  changed.requested = store::RenewalRequest{};
  EXPECT_THAT(kept(changed), IsEmpty()) << "an administrator wants them all";
  changed = facts();
  changed.revoked = true;
  EXPECT_THAT(kept(changed), IsEmpty());
  changed = facts();
  changed.live.certificates.front().fits_spec = false;
  EXPECT_THAT(kept(changed), IsEmpty()) << "another kind of key";
  changed = facts();
  changed.live.certificates.front().names.pop_back();
  EXPECT_THAT(kept(changed), IsEmpty()) << "a name was added";
  changed = facts();
  const TimePoint now = bed_.clock.now();
  changed.live.certificates.front().validity = {now - std::chrono::days(89),
                                                now + std::chrono::days(1)};
  EXPECT_THAT(kept(changed), IsEmpty()) << "due by itself";
  changed = facts();
  changed.live.flaw.clear();
  EXPECT_THAT(kept(changed), IsEmpty()) << "the set is whole";
}

}  // namespace
}  // namespace md::renewal
