// SPDX-License-Identifier: Apache-2.0
#include "httpd/child_access.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "base/descriptor.h"
#include "httpd/apache.h"
#include "store/trusted_way.h"

namespace md::httpd {
namespace {

/// By path: the directive that names it.
std::map<std::string, std::string> files_for_children(const Runtime& runtime) {
  std::map<std::string, std::string> files;
  for (const auto& entry : runtime.domains) {
    const model::ResolvedSettings& settings = entry->domain.settings;
    files.emplace(settings.ca_certificate_file, "MDCACertificateFile");
    files.emplace(settings.http_proxy_ca_certificate_file, "MDHttpProxyCACertificateFile");
  }
  files.erase("");
  return files;
}

/// 0, or the errno. What a process that was forked from one thread may do.
int error_of_reading(const std::string& path) {
  const Descriptor file(uninterrupted(
      [&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); }));
  return file.is_open() ? 0 : errno;
}

[[noreturn]] void try_as_child_user(const std::map<std::string, std::string>& files, int to) {
  const auto& config = ap_unixd_config;
  if (::initgroups(config.user_name, config.group_id) != 0 || ::setgid(config.group_id) != 0 ||
      ::setuid(config.user_id) != 0) {
    ::_exit(1);
  }
  for (const auto& [path, directive] : files) {
    const int error = error_of_reading(path);
    if (::write(to, &error, sizeof(error)) != sizeof(error)) {
      ::_exit(1);
    }
  }
  ::_exit(0);
}

/// In the order of `files`; fewer where it could not be found out.
std::vector<int> errors_of_child_user(const std::map<std::string, std::string>& files) {
  std::vector<int> errors;
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return errors;
  }
  const Descriptor from(ends[0]);
  Descriptor to(ends[1]);
  const pid_t process = ::fork();
  if (process == 0) {
    try_as_child_user(files, to.get());
  }
  to.close();
  int error = 0;
  while (process > 0 && errors.size() < files.size() &&
         uninterrupted([&] { return ::read(from.get(), &error, sizeof(error)); }) ==
             sizeof(error)) {
    errors.push_back(error);
  }
  if (process > 0) {
    uninterrupted([&] { return ::waitpid(process, nullptr, 0); });
  }
  return errors;
}

}  // namespace

void report_files_that_children_cannot_read(const Runtime& runtime) {
  const auto files = files_for_children(runtime);
  if (files.empty() || ::geteuid() != 0 || ap_unixd_config.user_id == 0) {
    return;
  }
  const std::vector<int> errors = errors_of_child_user(files);
  auto file = files.begin();
  for (const int error : errors) {
    const auto& [path, directive] = *file++;
    if (error != 0) {
      runtime.logger.error(
          {}, fmt::format("{} {}: {}, who orders certificates, cannot read it: {}. Give that user "
                          "the permission to read the file and to pass the folders above it",
                          directive, path, store::describe_user(ap_unixd_config.user_id),
                          std::generic_category().message(error)));
    }
  }
}

}  // namespace md::httpd
