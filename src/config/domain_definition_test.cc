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
  for (const auto& words : {std::vector<std::string>{}, std::vector<std::string>{"auto"},
                            std::vector<std::string>{""}}) {
    const auto definition = parse_definition(words, {});
    ASSERT_FALSE(definition);
    EXPECT_EQ(definition.error().message, "needs at least one domain name");
  }
}

TEST(DomainDefinition, KeepsWordsThatAreNoNamesB2) {
  const std::vector<std::string> words{"a.test", "Inva!id.test", "", "a/b", "inva!id.test"};
  const auto definition = parse_definition(words, {});
  ASSERT_TRUE(definition);
  EXPECT_THAT(texts(definition->names), ElementsAre("a.test", "inva!id.test", "a/b"));
  EXPECT_FALSE(definition->names[1].is_valid());
}

TEST(DomainDefinition, IsOfAnEmptyNameWhereAllWordsAreEmptyB2) {
  const auto definition = parse_definition(std::vector<std::string>{"", ""}, {});
  ASSERT_TRUE(definition);
  EXPECT_THAT(texts(definition->names), ElementsAre(""));
}

TEST(DomainDefinition, OfASectionHasItsFirstWordAsName) {
  struct Row {
    std::vector<std::string> words;
    std::vector<std::string> names;
    std::optional<model::Members> members;
  };
  for (const Row& row :
       {Row{{"auto"}, {"auto"}, {}}, Row{{"manual", "a.test"}, {"manual", "a.test"}, {}},
        Row{{"Auto", "auto", "b.test"}, {"auto", "b.test"}, model::Members::Auto},
        Row{{"a.test", "manual"}, {"a.test"}, model::Members::Manual},
        Row{{"", "a.test", ""}, {"a.test"}, {}}, Row{{"", ""}, {""}, {}}}) {
    const auto definition = parse_section(row.words, {"a.conf", 3});
    ASSERT_TRUE(definition) << row.words.front();
    EXPECT_EQ(texts(definition->names), row.names);
    EXPECT_EQ(definition->settings.members, row.members) << row.words.front();
    EXPECT_EQ(definition->place.text(), "a.conf:3");
  }
  EXPECT_EQ(parse_section({}, {}).error().message, "needs at least one domain name");
}

TEST(DomainDefinition, GrowsByMembers) {
  auto definition = *parse_definition(std::vector<std::string>{"a.test", "auto"}, {});
  add_names(std::vector<std::string>{"b.test", "A.test", ""}, definition);
  add_names(std::vector<std::string>{"manual", ".."}, definition);
  add_names({}, definition);
  EXPECT_THAT(texts(definition.names), ElementsAre("a.test", "b.test", ".."));
  EXPECT_EQ(definition.settings.members, model::Members::Manual);
}

}  // namespace
}  // namespace md::config
