// SPDX-License-Identifier: Apache-2.0
#include "model/settings.h"

#include <algorithm>

#include "base/text.h"

namespace md::model {

std::string_view name_of(ChallengeType type) {
  switch (type) {
    case ChallengeType::Http01:
      return "http-01";
    case ChallengeType::TlsAlpn01:
      return "tls-alpn-01";
    case ChallengeType::Dns01:
      return "dns-01";
  }
  return "";
}

std::optional<ChallengeType> challenge_type_named(std::string_view name) {
  for (const auto type : {ChallengeType::Http01, ChallengeType::TlsAlpn01, ChallengeType::Dns01}) {
    if (equals_ignoring_case(name, name_of(type))) {
      return type;
    }
  }
  return std::nullopt;
}

ChallengeList::ChallengeList(std::initializer_list<ChallengeType> types) {
  for (const ChallengeType type : types) {
    add(name_of(type));
  }
}

void ChallengeList::add(std::string_view word) {
  std::string lower = to_lower(word);
  if (std::find(words.begin(), words.end(), lower) == words.end()) {
    words.push_back(std::move(lower));
  }
}

bool ChallengeList::has(ChallengeType type) const {
  return std::find(words.begin(), words.end(), name_of(type)) != words.end();
}

std::vector<ChallengeType> ChallengeList::types() const {
  std::vector<ChallengeType> known;
  for (const std::string& word : words) {
    if (const auto type = challenge_type_named(word)) {
      known.push_back(*type);
    }
  }
  return known;
}

std::vector<std::string> ChallengeList::unknown_words() const {
  std::vector<std::string> unknown;
  std::copy_if(words.begin(), words.end(), std::back_inserter(unknown),
               [](const std::string& word) { return !challenge_type_named(word); });
  return unknown;
}

}  // namespace md::model
