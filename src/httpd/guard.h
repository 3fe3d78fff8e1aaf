// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <utility>

#include "httpd/apache.h"

namespace md::httpd {

void log_escaped_exception(const char* what) noexcept;

/// Runs the body of a callback that C calls. Our code does not throw, the standard library may:
/// an exception ends here, in the log, and `on_exception` is the answer.
template <class Answer, class Body>
Answer guarded(Answer on_exception, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& escaped) {
    log_escaped_exception(escaped.what());
  } catch (...) {
    log_escaped_exception("unknown exception");
  }
  return on_exception;
}

template <class Body>
void guarded(Body&& body) noexcept {
  guarded(0, [&] {
    std::forward<Body>(body)();
    return 0;
  });
}

/// A C++ object that lives as long as an APR pool.
template <class T, class... Args>
T* pool_owned(apr_pool_t* pool, Args&&... args) {
  auto* const object = new T(std::forward<Args>(args)...);
  apr_pool_cleanup_register(
      pool, object,
      [](void* data) -> apr_status_t {
        delete static_cast<T*>(data);
        return APR_SUCCESS;
      },
      apr_pool_cleanup_null);
  return object;
}

}  // namespace md::httpd
