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
  const auto text = store_.load_at_root(store::request_path(domain_name));
  if (!text && text.error().kind == ErrorKind::NotFound) {
    return std::nullopt;
  }
  auto request = text ? store::parse_renewal_request(*text, domain_name, store_.key())
                      : Result<store::RenewalRequest>(text.error());
  if (!request) {
    logger_.warning({}, fmt::format("{}: a request that is none is removed: {}", domain_name,
                                    request.error().message));
    remove(domain_name);
    return std::nullopt;
  }
  const Past past = past_of(domain_name);
  if (past.done.contains(request->requested)) {
    remove(domain_name);
    return std::nullopt;
  }
  request->now = request->now && !past.hurried.contains(request->requested);
  return *request;
}

Status RequestBox::note_begin(const std::string& domain_name, const std::string& live,
                              store::RenewalRequest& request) {
  if (!request.now && request.replacing == live) {
    return {};
  }
  const bool hurries = request.now;
  request.now = false;
  request.replacing = live;
  MD_ASSIGN_OR_RETURN(const std::string text,
                      store::sealed_request(request, domain_name, store_.key()));
  MD_TRY(store_.save_at_root(store::request_path(domain_name), text, store::kRequestFileMode,
                             store::Durability::Replaceable));
  if (hurries) {
    const std::lock_guard lock(mutex_);
    past_[domain_name].hurried.insert(request.requested);
  }
  return {};
}

void RequestBox::finish(const std::string& domain_name, const store::RenewalRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    past_[domain_name].done.insert(request.requested);
  }
  remove(domain_name);
}

RequestBox::Past RequestBox::past_of(const std::string& domain_name) {
  const std::lock_guard lock(mutex_);
  const auto found = past_.find(domain_name);
  return found == past_.end() ? Past() : found->second;
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
    numbers_.emplace(store::request_path(domains[i]), i);
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
    if (!store::is_request_file(file)) {
      continue;
    }
    const std::string path = fmt::format("{}/{}", store::kRequestFolder, file);
    const auto number = numbers_.find(path);
    if (number == numbers_.end()) {
      logger_.warning(
          {}, fmt::format("{} is removed: no managed domain has this name", printable(path)));
      std::ignore = store_.remove_at_root(path);
      continue;
    }
    // One that cannot be read is looked at by whoever looks after the domain.
    std::string text = store_.load_at_root(path).value_or("");
    const auto before = seen_.find(path);
    if (before == seen_.end() || before->second != text) {
      look_again(number->second);
    }
    found.emplace(path, std::move(text));
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
