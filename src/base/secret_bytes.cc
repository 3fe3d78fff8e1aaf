// SPDX-License-Identifier: Apache-2.0
#include "base/secret_bytes.h"

#include <cstring>

namespace md {

void wipe(void* memory, std::size_t size) noexcept {
  if (size != 0) {
    explicit_bzero(memory, size);
  }
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    clear();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

void SecretBytes::clear() noexcept {
  wipe(bytes_.data(), bytes_.size());
  bytes_.clear();
}

}  // namespace md
