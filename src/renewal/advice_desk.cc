// SPDX-License-Identifier: Apache-2.0
#include "renewal/advice_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace md::renewal {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr LogId kAdviceAhead{10515};
constexpr LogId kAdviceNow{10517};

constexpr mode_t kFolderMode = 0755;
constexpr mode_t kFileMode = 0644;

// A directory hardly ever changes; a CA that is away soon comes back.
constexpr hours kServiceLife{6};
constexpr minutes kFailureLife{10};
// After a question that got no answer.
constexpr Duration kAskAgain = hours(1);
constexpr Duration kLongestRest = hours(24);

}  // namespace

AdviceBook AdviceDesk::load(const model::ManagedDomain& domain) const {
  const std::string path = advice_path(domain.name);
  const auto text = world_.store.load_at_root(path);
  auto book = text ? parse_advice_book(*text, path) : Result<AdviceBook>(text.error());
  if (!book && book.error().kind != ErrorKind::NotFound) {
    world_.logger.debug(
        fmt::format("{}: what the CA advised is lost: {}", domain.name, book.error().message));
  }
  return std::move(book).value_or(AdviceBook{});
}

void AdviceDesk::save(const model::ManagedDomain& domain, const AdviceBook& book) const {
  const auto write = [&] {
    return world_.store.save_at_root(advice_path(domain.name), to_json(book).dump(), kFileMode,
                                     store::Durability::Replaceable);
  };
  Status saved = write();
  if (!saved) {
    // Folders may be deleted while the server runs; where we may, we make this one again.
    static_cast<void>(world_.store.ensure_folder(kAdviceFolder, kFolderMode, true));
    saved = write();
  }
  if (!saved) {
    world_.logger.info({}, fmt::format("{}: what the CA advises cannot be kept: {}", domain.name,
                                       saved.error().message));
  }
}

std::string AdviceDesk::issuer_of(const model::ManagedDomain& domain, const AdviceBook& book,
                                  const std::string& ari_cert_id) const {
  const auto found = book.certificates.find(ari_cert_id);
  if (found != book.certificates.end() && !found->second.ca_url.empty()) {
    return found->second.ca_url;
  }
  return world_.issuing_ca ? world_.issuing_ca(domain) : "";
}

bool AdviceDesk::ask(const model::ManagedDomain& domain, const CertificateSetFacts& live,
                     AdviceBook& book, acme::Connection connection) {
  const TimePoint now = world_.clock.now();
  const auto once_more = question_after_start(domain, book);
  const bool is_once_more = once_more && *once_more <= now;
  bool asked = false;
  AdviceBook current;
  current.followed = book.followed;
  for (const CertificateFacts& certificate : live.certificates) {
    if (certificate.ari_cert_id.empty()) {
      continue;
    }
    AdviceRecord record = book.certificates[certificate.ari_cert_id];
    record.ca_url = issuer_of(domain, book, certificate.ari_cert_id);
    const bool is_time = is_once_more || is_time_to_ask(record, world_.clock.now());
    if (is_time && !world_.waiter.get().stopped()) {
      ask_about(domain, certificate, record, connection);
      asked = true;
    }
    current.certificates.insert_or_assign(certificate.ari_cert_id, std::move(record));
  }
  if (asked) {
    book = std::move(current);  // without those that are not live any more
    book.asked_at = now;
    save(domain, book);
  }
  return asked;
}

void AdviceDesk::ask_about(const model::ManagedDomain& domain, const CertificateFacts& certificate,
                           AdviceRecord& record, acme::Connection& connection) {
  Result<acme::RenewalInfo> info = fail(ErrorKind::NotFound, "nobody knows which CA issued it");
  if (!record.ca_url.empty()) {
    const auto service = find_service(connection, record.ca_url);
    info = service ? acme::fetch_renewal_info(connection, *service, certificate.ari_cert_id)
                   : Result<acme::RenewalInfo>(service.error());
  }
  const TimePoint now = world_.clock.now();
  // Many certificates that were first seen together drift apart.
  const double jitter = 1 + world_.random.uniform() / 10;
  const auto after = [&](Duration pause) {
    return now + std::chrono::duration_cast<Duration>(pause * jitter);
  };
  if (!info) {
    const Duration asked = info.error().retry_after.value_or(Duration(0));
    record.ask_at = after(std::clamp<Duration>(asked, kAskAgain, kLongestRest));
    world_.logger.debug(fmt::format("{}: no advice about certificate({}): {}", domain.name,
                                    certificate.spec.name(), info.error().message));
    return;
  }
  const std::string told = record.advice ? record.advice->explanation_url : "";
  record.advice = choose_moment(*info, record.advice, world_.random.uniform());
  record.ask_at = after(info->retry_after);
  world_.logger.debug(fmt::format("{}: the CA advises to renew certificate({}) at {}", domain.name,
                                  certificate.spec.name(),
                                  format_http_date(record.advice->renew_at)));
  if (!record.advice->explanation_url.empty() && record.advice->explanation_url != told) {
    explain(domain, certificate, *record.advice);
  }
}

void AdviceDesk::explain(const model::ManagedDomain& domain, const CertificateFacts& certificate,
                         const CaAdvice& advice) const {
  const bool is_past = advice.renew_at <= world_.clock.now();
  world_.logger.notice(
      is_past ? kAdviceNow : kAdviceAhead,
      fmt::format("{}: the CA advises to renew certificate({}) {}, for the reason given at {}",
                  domain.name, certificate.spec.name(),
                  is_past ? std::string("now")
                          : fmt::format("between {} and {}", format_http_date(advice.window_start),
                                        format_http_date(advice.window_end)),
                  printable(advice.explanation_url)));
}

Result<acme::Directory> AdviceDesk::find_service(acme::Connection& connection,
                                                 const std::string& ca_url) {
  const TimePoint now = world_.clock.now();
  {
    const std::lock_guard lock(mutex_);
    const auto known = services_.find(ca_url);
    if (known != services_.end() && now < known->second.until &&
        known->second.until <= now + kServiceLife) {
      const Service& service = known->second;
      return service.failure ? Result<acme::Directory>(*service.failure) : service.directory;
    }
  }
  auto directory = acme::fetch_directory(connection, ca_url);
  if (!directory && directory.error().kind == ErrorKind::Stopped) {
    return directory;
  }
  Service service;
  service.until = now + (directory ? minutes(kServiceLife) : kFailureLife);
  if (directory) {
    service.directory = *directory;
  } else {
    service.failure = directory.error();
  }
  const std::lock_guard lock(mutex_);
  services_.insert_or_assign(ca_url, std::move(service));
  return directory;
}

void AdviceDesk::note_issue(const model::ManagedDomain& domain, const CertificateSetFacts& issued,
                            const std::string& ca_url, Cause cause) {
  AdviceBook book = load(domain);
  for (const CertificateFacts& certificate : issued.certificates) {
    if (!certificate.ari_cert_id.empty()) {
      book.certificates[certificate.ari_cert_id].ca_url = ca_url;
    }
  }
  if (cause == Cause::Advice) {
    book.followed = world_.clock.now();
  }
  save(domain, book);
}

std::optional<TimePoint> AdviceDesk::question_after_start(const model::ManagedDomain& domain,
                                                          const AdviceBook& book) const {
  return world_.full_start ? question_after(*world_.full_start, domain.name, book) : std::nullopt;
}

std::optional<TimePoint> AdviceDesk::next_question(const model::ManagedDomain& domain,
                                                   const CertificateSetFacts& live,
                                                   const AdviceBook& book) const {
  std::optional<TimePoint> first;
  for (const CertificateFacts& certificate : live.certificates) {
    if (certificate.ari_cert_id.empty()) {
      continue;
    }
    const auto found = book.certificates.find(certificate.ari_cert_id);
    const bool was_asked = found != book.certificates.end() && found->second.ask_at;
    const TimePoint ask_at = was_asked ? *found->second.ask_at : TimePoint{};
    first = first ? std::min(*first, ask_at) : ask_at;
  }
  const auto once_more = question_after_start(domain, book);
  return first && once_more ? std::min(*first, *once_more) : first;
}

}  // namespace md::renewal
