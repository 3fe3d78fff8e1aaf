// SPDX-License-Identifier: Apache-2.0
#include "config/domain_definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace md::config {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> texts(const std::vector<model::DnsName>& names) {
  std::vector<std::string> result;
  for (const auto& name : names) {
    result.push_back(name.text());
  }
  return result;
}

TEST(DomainDefinition, KeepsOrderAndDropsDuplicates) {  // VH-08
  const std::vector<std::string> words{"Example.ORG", "www.example.org.", "example.org",
                                       "*.Example.org", "mail.example.org:8443"};
  const auto definition = parse_definition(words, {"a.conf", 3});
  ASSERT_TRUE(definition);
  EXPECT_THAT(texts(definition->names),
              ElementsAre("example.org", "www.example.org", "*.example.org", "mail.example.org"));
  EXPECT_EQ(definition->settings.members, std::nullopt);
  EXPECT_EQ(definition->place.text(), "a.conf:3");
}

TEST(DomainDefinition, TakesAutoAndManualAnywhere) {
  const std::vector<std::string> words{"a.test", "Manual", "b.test"};
  const auto definition = parse_definition(words, {});
  ASSERT_TRUE(definition);
  EXPECT_THAT(texts(definition->names), ElementsAre("a.test", "b.test"));
  EXPECT_EQ(definition->settings.members, model::Members::Manual);
}

TEST(DomainDefinition, NeedsAName) {
  for (const auto& words : {std::vector<std::string>{}, std::vector<std::string>{"auto"}}) {
    const auto definition = parse_definition(words, {});
    ASSERT_FALSE(definition);
    EXPECT_EQ(definition.error().message, "needs at least one domain name");
  }
}

TEST(DomainDefinition, NamesTheWordThatIsNoName) {
  const std::vector<std::string> words{"a.test", "a/b"};
  EXPECT_THAT(parse_definition(words, {}).error().message,
              ::testing::StartsWith("'a/b' is not a DNS name"));
}

TEST(DomainDefinition, GrowsByMembers) {
  auto definition = *parse_definition(std::vector<std::string>{"a.test", "auto"}, {});
  ASSERT_TRUE(add_names(std::vector<std::string>{"b.test", "A.test"}, definition));
  ASSERT_TRUE(add_names(std::vector<std::string>{"manual"}, definition));
  EXPECT_THAT(texts(definition.names), ElementsAre("a.test", "b.test"));
  EXPECT_EQ(definition.settings.members, model::Members::Manual);
  EXPECT_FALSE(add_names(std::vector<std::string>{".."}, definition));
}

}  // namespace
}  // namespace md::config
