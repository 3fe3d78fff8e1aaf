// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace md {
namespace {

ErrorKind kind_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::NotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::Denied;
    case EEXIST:
    case ENOTEMPTY:
      return ErrorKind::Conflict;
    case EAGAIN:
    case EBUSY:
      return ErrorKind::Busy;
    case ETIMEDOUT:
      return ErrorKind::Timeout;
    default:
      return ErrorKind::Io;
  }
}

}  // namespace

Error fail_errno(int error_number, std::string message) {
  message += ": ";
  message += std::generic_category().message(error_number);
  return fail(kind_of_errno(error_number), std::move(message));
}

Error with_context(Error error, std::string_view attempted) {
  std::string message(attempted);
  message += ": ";
  message += error.message;
  error.message = std::move(message);
  return error;
}

}  // namespace md
