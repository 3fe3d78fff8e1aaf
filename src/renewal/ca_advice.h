// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "acme/client.h"
#include "base/clock.h"
#include "base/result.h"
#include "json/value.h"

/// What CAs advise about when to renew (RFC 9773, "ARI"), and what we have made of it. Pure; asking
/// and keeping is AdviceDesk's.
namespace md::renewal {

/// About one certificate. Times are of whole seconds.
struct CaAdvice {
  TimePoint window_start{};
  TimePoint window_end{};
  TimePoint renew_at{};  ///< chosen once inside the window
  std::string explanation_url;
  friend bool operator==(const CaAdvice&, const CaAdvice&) = default;
};

/// A moment of the window, uniformly at random; the one chosen before, as long as the window is
/// the same (RFC 9773 §4.2). `uniform` is in [0, 1).
CaAdvice choose_moment(const acme::RenewalInfo& info, const std::optional<CaAdvice>& before,
                       double uniform);

/// What decisions need of it.
struct CaAdvices {
  std::map<std::string, CaAdvice> by_certificate;  ///< by ari_cert_id
  std::map<std::string, std::string> issuers;      ///< URL of the CA, by ari_cert_id
  /// When a renewal that the CA had advised was done last: a CA that advises to renew what it has
  /// just issued is not followed at once.
  std::optional<TimePoint> followed;
};

/// What is kept of a certificate.
struct AdviceRecord {
  std::string ca_url;               ///< the CA that issued it; empty: unknown
  std::optional<CaAdvice> advice;   ///< nullopt: the CA has none, or could not be asked yet
  std::optional<TimePoint> ask_at;  ///< not to be asked earlier; nullopt: never asked
};

/// What is kept of a domain: `renewal-info/<md>.json` at the root of the store.
struct AdviceBook {
  std::map<std::string, AdviceRecord> certificates;  ///< by ari_cert_id
  std::optional<TimePoint> followed;
  std::optional<TimePoint> asked_at;  ///< the last time that a CA was asked

  [[nodiscard]] CaAdvices advices() const;
};
Result<AdviceBook> parse_advice_book(std::string_view text, std::string_view what);
json::Value to_json(const AdviceBook& book);

inline constexpr std::string_view kAdviceFolder = "renewal-info";
/// "renewal-info/<md>.json", for FileStore's load_at_root and save_at_root.
std::string advice_path(std::string_view domain_name);

/// A full start of the server: CAs are asked once more, whatever they said of asking again, each
/// domain at a moment of its own within `spread`.
struct FullStart {
  TimePoint at{};
  Duration spread{0};
};

/// When the CA is to be asked about the domain once more after `start`; nullopt: it has been.
std::optional<TimePoint> question_after(const FullStart& start, std::string_view domain_name,
                                        const AdviceBook& book);

/// Is it time to ask the CA? A time that no clock of ours can have meant says nothing (PM-07).
bool is_time_to_ask(const AdviceRecord& record, TimePoint now);

}  // namespace md::renewal
