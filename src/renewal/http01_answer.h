// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace md::renewal {

/// Is what a host's plain file (`store::kHttp01File`) holds the answer of another order, for
/// another token? Otherwise it is what is served, whoever has written it: commands may change it.
bool is_answer_for_another(std::string_view answer, std::string_view token);

}  // namespace md::renewal
