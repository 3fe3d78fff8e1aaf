// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <random>

namespace md {

double SystemRandom::uniform() {
  std::random_device device;
  return std::generate_canonical<double, 53>(device);
}

}  // namespace md
