// SPDX-License-Identifier: Apache-2.0
#include "renewal/requests.h"

#include <fmt/format.h>

#include <exception>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace md::renewal {
namespace {

// Half of what is promised, since a look takes time, too.
constexpr std::chrono::milliseconds kLookInterval{500};

}  // namespace

std::optional<store::RenewalRequest> RequestBox::load(const std::string& domain_name) {
  const std::string path = store::request_path(domain_name);
  const auto text = store_.load_at_root(path);
  if (!text && text.error().kind == ErrorKind::NotFound) {
    return std::nullopt;
  }
  auto request = text ? store::parse_renewal_request(*text, path)
                      : Result<store::RenewalRequest>(text.error());
  if (request) {
    return *request;
  }
  logger_.warning({}, fmt::format("{}: a request that is none is removed: {}", domain_name,
                                  request.error().message));
  remove(domain_name);
  return std::nullopt;
}

Status RequestBox::note_begin(const std::string& domain_name, const std::string& live,
                              store::RenewalRequest& request) {
  if (!request.now && request.replacing == live) {
    return {};
  }
  request.now = false;
  request.replacing = live;
  return store_.save_at_root(store::request_path(domain_name),
                             store::to_json(request).dump_compact(), store::kRequestFileMode,
                             store::Durability::Replaceable);
}

void RequestBox::remove(const std::string& domain_name) {
  if (const Status removed = store_.remove_at_root(store::request_path(domain_name)); !removed) {
    logger_.warning({}, fmt::format("{}: {}", domain_name, removed.error().message));
  }
}

RequestWatch::RequestWatch(store::FileStore& store, const std::vector<std::string>& domains,
                           std::function<void(std::size_t)> look_again, Logger& logger)
    : store_(store), look_again_(std::move(look_again)), logger_(logger) {
  for (std::size_t i = 0; i < domains.size(); ++i) {
    numbers_.emplace(domains[i], i);
  }
}

void RequestWatch::look() {
  look(look_again_);
}

void RequestWatch::look(const std::function<void(std::size_t)>& look_again) {
  const auto files = store_.files_at_root(store::kRequestFolder);
  if (!files) {
    if (!std::exchange(folder_failed_, true)) {
      logger_.warning({},
                      fmt::format("requests to renew cannot be seen: {}", files.error().message));
    }
    return;
  }
  folder_failed_ = false;
  std::map<std::string, std::string> found;
  for (const std::string& file : *files) {
    const auto domain = store::domain_of_request(file);
    if (!domain) {
      continue;
    }
    const auto number = numbers_.find(*domain);
    if (number == numbers_.end()) {
      logger_.warning({}, fmt::format("a request about {} is removed: no managed domain has this "
                                      "name",
                                      printable(*domain)));
      std::ignore = store_.remove_at_root(store::request_path(*domain));
      continue;
    }
    // One that cannot be read is looked at by whoever looks after the domain.
    std::string text = store_.load_at_root(store::request_path(*domain)).value_or("");
    const auto before = seen_.find(*domain);
    if (before == seen_.end() || before->second != text) {
      look_again(number->second);
    }
    found.emplace(*domain, std::move(text));
  }
  seen_ = std::move(found);
}

bool RequestWatch::start(Waiter& waiter, std::function<void(const char* role)> on_thread_start) {
  if (thread_.joinable()) {
    return true;
  }
  look([](std::size_t) {});
  try {
    thread_ = std::thread([this, &waiter, announce = std::move(on_thread_start)] {
      if (announce) {
        announce("md-requests");
      }
      watch(waiter);
    });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void RequestWatch::watch(Waiter& waiter) {
  while (waiter.wait_for(kLookInterval)) {
    try {
      look();
    } catch (const std::exception&) {
      // Out of memory: the next look may find some.
    }
  }
}

void RequestWatch::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

}  // namespace md::renewal
