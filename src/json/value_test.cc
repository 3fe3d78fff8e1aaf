// SPDX-License-Identifier: Apache-2.0
#include "json/value.h"

#include <gtest/gtest.h>

namespace md::json {
namespace {

TEST(Value, ReadsWhatIsThereAndNothingElse) {
  const auto value = *Value::parse(R"({"a":1,"b":"x","c":["p",2,"q"],"d":true})", "sample");
  EXPECT_EQ(value.get("a").as_int(), 1);
  EXPECT_EQ(value.get("b").as_string(), "x");
  EXPECT_EQ(value.get("c").as_strings(), (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(value.get("d").as_bool(), true);
  EXPECT_EQ(value.get("a").as_string(), std::nullopt);
  EXPECT_TRUE(value.get("missing").is_null());
  EXPECT_TRUE(value.get("a").get("deeper").is_null());
  EXPECT_TRUE(value.get("b").elements().empty());
}

TEST(Value, KeepsTheOrderOfMembersThroughChanges) {
  auto value = *Value::parse(R"({"z":1,"a":2,"m":3})", "sample");
  value.set("a", 4).set("new", "x");
  value.erase("m");
  EXPECT_EQ(value.dump_compact(), R"({"z":1,"a":4,"new":"x"})");
}

TEST(Value, NamesWhatIsNotJson) {
  for (const char* bad : {"", "{", "<html>", "{\"a\":}", "[1,2", "{} trailing"}) {
    const auto value = Value::parse(bad, "answer of the CA");
    ASSERT_FALSE(value) << bad;
    EXPECT_EQ(value.error().kind, ErrorKind::Corrupt);
    EXPECT_NE(value.error().message.find("answer of the CA"), std::string::npos);
  }
}

TEST(Value, RefusesDocumentsThatAreNestedToExhaustion) {
  const std::string deep = std::string(2000, '[') + std::string(2000, ']');
  EXPECT_FALSE(Value::parse(deep, "deep"));
}

TEST(Value, WritesBytesThatAreNotUtf8) {
  EXPECT_NO_THROW(static_cast<void>(Value("\xff\xfe").dump()));
}

TEST(Value, TimesAreHttpDates) {
  const auto value = *Value::parse(R"({"t":"Sun, 22 Nov 2026 12:41:24 GMT","u":"soon"})", "x");
  ASSERT_TRUE(value.get("t").as_time());
  EXPECT_EQ(Value::object().set_time("t", *value.get("t").as_time()).get("t"), value.get("t"));
  EXPECT_FALSE(value.get("u").as_time());
}

}  // namespace
}  // namespace md::json
