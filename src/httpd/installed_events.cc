// SPDX-License-Identifier: Apache-2.0
#include "httpd/installed_events.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/signals_blocked.h"
#include "httpd/guard.h"
#include "httpd/thread_setup.h"
#include "renewal/activation.h"
#include "renewal/events.h"

namespace md::httpd {
namespace {

constexpr std::string_view kInstalled = "installed";
constexpr std::string_view kInstalledEntry = "message-installed";

}  // namespace

InstalledEvents::~InstalledEvents() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.stop();
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void InstalledEvents::announce(const model::ManagedDomain& domain) {
  if (domain.settings.message_command.empty()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  // One that waits already is told of what is live when its turn comes.
  if (std::ranges::none_of(waiting_,
                           [&](const auto& waiting) { return waiting.name == domain.name; })) {
    waiting_.push_back(domain);
  }
  if (!thread_.joinable()) {
    const SignalsBlocked blocked;
    thread_ = std::thread([this] {
      prepare_thread("md-events");
      guarded([this] { deliver(); });
    });
  }
  wake_.notify_all();
}

void InstalledEvents::deliver() {
  while (true) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) {
      return;
    }
    const model::ManagedDomain domain = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    send(domain);
  }
}

/// Notes in the job that its event is sent, if it has not been. Before it is told: whoever ends us
/// while the command runs does not end the command, and it would be told twice.
bool InstalledEvents::note(const model::ManagedDomain& domain) {
  const auto held = hold_jobs();
  const auto text = runtime_.store->load(store::Group::Domains, domain.name, store::kJobFile);
  if (!text) {
    return false;  // No job, no renewal: the set was there before us.
  }
  const auto document = json::Value::parse(*text, "job.json");
  model::Job job = document ? store::parse_job(*document) : model::Job();
  if (!job.last_logged(renewal::kActivatedEntry) || job.last_logged(kInstalledEntry)) {
    return false;
  }
  job.add_log({runtime_.clock.now(), std::string(kInstalledEntry), "", ""});
  const auto noted = runtime_.store->save(store::Group::Domains, domain.name, store::kJobFile,
                                          store::to_json(job).dump(), store::Durability::Synced);
  if (!noted) {
    runtime_.logger.error({}, noted.error().message);
  }
  return noted.has_value();
}

void InstalledEvents::send(const model::ManagedDomain& domain) {
  if (!note(domain)) {
    return;
  }
  model::Job unused;
  renewal::Events events(runtime_.commands, runtime_.clock, stop_, runtime_.logger);
  if (const auto told = events.send(domain, kInstalled, unused); !told) {
    // Not repeated: the administrator is told here, and the certificate is in use.
    runtime_.logger.error(LogId{10109}, told.error().message);
  }
}

}  // namespace md::httpd
