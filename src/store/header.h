// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret_bytes.h"
#include "json/value.h"

namespace md::store {

/// `md_store.json`: the version of the layout and the key of the store. All errors are worded by
/// the caller, who knows the path and how to recover.
struct Header {
  double version{0};
  SecretBytes key;
  json::Value document;  ///< all of it; holds the key, too
};

/// Corrupt unless the key is there and well-formed. A version that is no number counts as today's.
Result<Header> parse_header(std::string_view text);
/// The document of a new store with that key.
std::string make_header_text(const SecretBytes& key);
/// `document` with the present version, else unchanged.
std::string upgraded_header_text(const json::Value& document);

}  // namespace md::store
