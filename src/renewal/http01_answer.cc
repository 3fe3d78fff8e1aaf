// SPDX-License-Identifier: Apache-2.0
#include "renewal/http01_answer.h"

#include "base/text.h"
#include "renewal/challenge_setup.h"

namespace md::renewal {

bool is_answer_for_another(std::string_view answer, std::string_view token) {
  const auto dot = answer.find('.');
  return dot != std::string_view::npos && answer.substr(0, dot) != token &&
         is_token(answer.substr(0, dot)) && is_token(trim(answer.substr(dot + 1)));
}

}  // namespace md::renewal
