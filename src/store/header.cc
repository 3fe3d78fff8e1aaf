// SPDX-License-Identifier: Apache-2.0
#include "store/header.h"

#include <fmt/format.h>

#include <charconv>

#include "base/base64.h"
#include "store/layout.h"

namespace md::store {

namespace {

/// As lenient as mod_md: the number may stand in quotes, and what is none is not worth a refused
/// start.
double version_of(const json::Value& value) {
  if (const auto number = value.as_number()) {
    return *number;
  }
  const std::string text = value.as_string().value_or("");
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() ? number : kStoreVersion;
}

}  // namespace

Result<Header> parse_header(std::string_view text) {
  // The text holds a key, so the parser's error, which shows its start, does not go any further.
  auto parsed = json::Value::parse(text, kHeaderFile);
  if (!parsed || !parsed->is_object()) {
    return fail(ErrorKind::Corrupt, text.empty() ? "it is empty" : "it is not a JSON object");
  }
  const auto encoded = parsed->get("key").as_string();
  auto key = decode_base64url(encoded.value_or(""));
  if (!key || key->size() != kStoreKeyLength) {
    return fail(ErrorKind::Corrupt,
                fmt::format("its key is not {} bytes in base64url", kStoreKeyLength));
  }
  const double version = version_of(parsed->get("store").get("version"));
  Header header{version, SecretBytes(std::span<const unsigned char>(*key)), *std::move(parsed)};
  wipe(key->data(), key->size());
  return header;
}

std::string make_header_text(const SecretBytes& key) {
  json::Value document = json::Value::object();
  document.set("store", json::Value::object().set("version", kStoreVersion));
  document.set("key", encode_base64url(key.bytes()));
  return document.dump();
}

std::string upgraded_header_text(const json::Value& document) {
  json::Value upgraded = document;
  json::Value store = document.get("store");
  upgraded.set("store", store.set("version", kStoreVersion));
  return upgraded.dump();
}

}  // namespace md::store
