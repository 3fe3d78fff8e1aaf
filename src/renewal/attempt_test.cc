// SPDX-License-Identifier: Apache-2.0
#include "renewal/attempt.h"

#include <gtest/gtest.h>

#include "renewal/testing/renewal_bed.h"

namespace md::renewal {
namespace {

using testing::RenewalBed;

TEST(Attempt, AsksTheCaForANameThatIsNoneB2) {
  RenewalBed bed;
  bed.ca.behaviour.rejected_names = {"inva!id.example.org"};
  bed.domain.names.push_back(model::DnsName::as_configured("Inva!id.example.org"));
  bed.check();
  const model::Job failed = bed.job();
  EXPECT_EQ(failed.errors, 1);
  EXPECT_EQ(failed.last.problem.type, "urn:ietf:params:acme:error:rejectedIdentifier");
  EXPECT_EQ(bed.ca.orders(), 0U);
}

TEST(Attempt, NotesThatThereIsNoContactAndGoesOnA16) {
  RenewalBed bed;
  bed.domain.settings.contact.clear();
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_TRUE(bed.logger.mentions(
      "No contact information is available for MD example.org. Configure one using the "
      "MDContactEmail or ServerAdmin directive"));
}

TEST(Attempt, NotesNoMissingContactWhereThereIsOneA16) {
  RenewalBed bed;
  bed.domain.settings.contact = "me@example.net";
  bed.check();
  EXPECT_TRUE(bed.has_staged());
  EXPECT_FALSE(bed.logger.mentions("No contact information"));
}

}  // namespace
}  // namespace md::renewal
