// SPDX-License-Identifier: Apache-2.0
#include "json/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

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

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxValues = 20'000;
constexpr std::size_t kMaxMembers = 1'000;

std::string repeated(std::string_view head, std::size_t count,
                     const std::function<std::string(std::size_t)>& part, std::string_view tail) {
  std::string text(head);
  for (std::size_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ",") + part(i);
  }
  return text += tail;
}

TEST(Value, H1_IsReadUpToItsBounds) {
  const auto list = [](std::size_t count) {
    return repeated(
        "[", count, [](std::size_t) { return "{}"; }, "]");
  };
  const auto object = [](std::size_t count) {
    return repeated(
        "{", count, [](std::size_t i) { return "\"" + std::to_string(i) + "\":0"; }, "}");
  };
  EXPECT_EQ(Value::parse(list(kMaxValues - 1), "list")->elements().size(), kMaxValues - 1);
  EXPECT_EQ(Value::parse(object(kMaxMembers), "object")->members().size(), kMaxMembers);
  const auto deep = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(Value::parse(deep(kMaxDepth), "deep"));
  using ::testing::HasSubstr;
  EXPECT_THAT(Value::parse(list(kMaxValues), "list").error().message, HasSubstr("20000 values"));
  EXPECT_THAT(Value::parse(object(kMaxMembers + 1), "object").error().message,
              HasSubstr("1000 members"));
  EXPECT_THAT(Value::parse(deep(kMaxDepth + 1), "deep").error().message, HasSubstr("deeply"));
}

/// The shapes that cost the most for their size, each of about a mebibyte.
std::vector<std::string> costly_documents() {
  constexpr std::size_t kSize = std::size_t{1024} * 1024;
  const auto index = [](std::size_t i) { return std::to_string(i); };
  const auto full_object = [&](std::size_t) {
    return repeated(
        "{", kMaxMembers, [&](std::size_t i) { return "\"" + index(i) + "\":0"; }, "}");
  };
  std::string nested = std::string(kMaxDepth - 1, '[');
  nested += repeated(
      "", kSize / 3, [](std::size_t) { return "[]"; }, "");
  nested += std::string(kMaxDepth - 1, ']');
  return {
      repeated(
          "[", kSize / 3, [](std::size_t) { return "{}"; }, "]"),
      repeated(
          "[", 5000, [](std::size_t) { return "{}"; }, "]"),
      repeated(
          "{", kSize / 9, [&](std::size_t i) { return "\"" + index(i) + "\":0"; }, "}"),
      repeated(
          "{", kSize / 9, [](std::size_t) { return "\"aa\":0"; }, "}"),
      repeated("[", kMaxValues / (kMaxMembers + 1), full_object, "]"),
      nested,
      std::string(kSize, '['),
      "[" + std::string(kSize, '1') + "]",
      "[0." + std::string(kSize, '9') + "e-400]",
      "\"" + std::string(kSize, 'x') + "\"",
      "\"" +
          repeated(
              "", kSize / 7, [](std::size_t) { return "\\u0000"; }, "") +
          "\"",
  };
}

TEST(Value, H1_CostsAMomentWhateverTheShape) {
  for (const std::string& text : costly_documents()) {
    const auto begun = std::chrono::steady_clock::now();
    const auto value = Value::parse(text, "costly");
    const std::string written = value ? value->dump() : value.error().message;
    const auto took = std::chrono::steady_clock::now() - begun;
    // A quadratic way takes seconds to minutes.
    EXPECT_LT(took, std::chrono::milliseconds(900)) << text.substr(0, 40);
  }
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
