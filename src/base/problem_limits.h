// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace md {

// What is kept of a problem document. It goes into logs, status documents and files that are read
// again: a CA's long answer must not make those unreadable.
inline constexpr std::size_t kMaxSubproblems = 100;
inline constexpr std::size_t kMaxProblemType = 256;
inline constexpr std::size_t kMaxProblemDetail = 2048;
inline constexpr std::size_t kMaxSubproblemDetail = 512;
inline constexpr std::size_t kMaxIdentifier = 260;

}  // namespace md
