// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "model/key_spec.h"
#include "model/validity.h"

namespace md::model {

enum class Members { Auto, Manual };
enum class MatchNames { All, ServerNames };
enum class RenewMode { Manual = 0, Auto = 1, Always = 2 };  ///< numbers as in md.json
enum class RequireHttps { Off, Temporary, Permanent };
enum class CertificateProtocol { Acme, Tailscale };
enum class ChallengeType { Http01, TlsAlpn01, Dns01 };
enum class Switch { Off, On };

/// "http-01" and so on (RFC 8555 §8, RFC 8737).
std::string_view name_of(ChallengeType type);
std::optional<ChallengeType> challenge_type_named(std::string_view name);

/// MDCAChallenges: its words, in lower case and in order, each once. Words that are no known type
/// are kept, and never match. None at all: types are chosen by what the server can.
struct ChallengeList {
  std::vector<std::string> words;

  ChallengeList() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a list of types is one.
  ChallengeList(std::initializer_list<ChallengeType> types);

  void add(std::string_view word);
  [[nodiscard]] bool empty() const { return words.empty(); }
  [[nodiscard]] bool has(ChallengeType type) const;
  [[nodiscard]] std::vector<ChallengeType> types() const;
  [[nodiscard]] std::vector<std::string> unknown_words() const;
  friend bool operator==(const ChallengeList&, const ChallengeList&) = default;
};

/// A CA as configured: its directory URL, and the name it was given by if any.
struct CertificateAuthority {
  std::string url;
  std::string name;  ///< "LetsEncrypt"; empty if configured by URL
  friend bool operator==(const CertificateAuthority&, const CertificateAuthority&) = default;
};

/// External account binding (RFC 8555 §7.3.4). An empty kid means `none`.
struct ExternalAccount {
  std::string kid;
  std::string hmac;  ///< base64url, as configured. A secret: never shown.
  std::string file;  ///< where both were read from, if so
  friend bool operator==(const ExternalAccount&, const ExternalAccount&) = default;
};

/// How a request of a CA reaches us: the local port behind its port 80 or 443.
struct PortMap {
  std::optional<std::uint16_t> http{80};    ///< nullopt: not reachable (`http:-`)
  std::optional<std::uint16_t> https{443};  ///< nullopt: not reachable (`https:-`)
  friend bool operator==(const PortMap&, const PortMap&) = default;
};

/// `MDCertificateMonitor name url`.
struct Monitor {
  std::string name{"crt.sh"};
  std::string url{"https://crt.sh?q="};
  friend bool operator==(const Monitor&, const Monitor&) = default;
};

/// File lock around start-up sync: `off`, or how long to wait for it.
struct StoreLocks {
  std::optional<std::chrono::milliseconds> timeout;
  friend bool operator==(const StoreLocks&, const StoreLocks&) = default;
};

/// All that directives set, at one level of the configuration: the server's, a virtual host's or
/// one `<MDomain>`'s. `nullopt` means "not said here"; `config/directives.cc` has one row for each.
/// An empty string or list that is set means that `none` was said.
struct Settings {
  // Domains
  std::optional<Members> members;
  std::optional<MatchNames> match_names;
  std::optional<Switch> base_server;
  std::optional<PortMap> port_map;
  // CA and account
  std::optional<std::vector<CertificateAuthority>> authorities;
  std::optional<CertificateProtocol> protocol;
  std::optional<std::string> agreement;
  std::optional<std::string> contact;
  std::optional<ExternalAccount> external_account;
  std::optional<std::string> ca_certificate_file;
  std::optional<std::string> http_proxy;
  std::optional<std::string> http_proxy_ca_certificate_file;
  std::optional<std::string> profile;
  std::optional<Switch> profile_mandatory;
  // Keys and certificates
  std::optional<std::vector<KeySpec>> key_specs;
  std::optional<Switch> default_keys;
  std::optional<Switch> must_staple;
  std::optional<std::vector<std::string>> certificate_files;
  std::optional<std::vector<std::string>> certificate_key_files;
  // Renewal
  std::optional<RenewMode> renew_mode;
  std::optional<Window> renew_window;
  std::optional<Window> warn_window;
  std::optional<Switch> renew_via_ari;
  std::optional<std::chrono::milliseconds> check_interval;
  std::optional<std::chrono::milliseconds> initial_delay;
  std::optional<std::chrono::milliseconds> retry_delay;
  std::optional<unsigned> retry_failover;
  std::optional<std::chrono::milliseconds> activation_delay;
  std::optional<Switch> live_activation;
  // Challenges
  std::optional<ChallengeList> challenges;
  std::optional<std::string> dns01_command;
  std::optional<unsigned> dns01_version;
  // Events
  std::optional<std::string> notify_command;
  std::optional<std::string> message_command;
  // Web
  std::optional<RequireHttps> require_https;
  std::optional<Switch> server_status;
  std::optional<Switch> certificate_status;
  std::optional<Monitor> monitor;
  // Stapling
  std::optional<Switch> stapling;
  std::optional<Switch> staple_others;
  std::optional<Window> stapling_keep_response;
  std::optional<Window> stapling_renew_window;
  // Store
  std::optional<std::string> store_dir;
  std::optional<StoreLocks> store_locks;

  friend bool operator==(const Settings&, const Settings&) = default;
};

/// The same after merging, with the defaults of `spec/directives.md` where nothing was said.
struct ResolvedSettings {
  Members members{Members::Auto};
  MatchNames match_names{MatchNames::All};
  Switch base_server{Switch::Off};
  PortMap port_map;
  std::vector<CertificateAuthority> authorities{
      {"https://acme-v02.api.letsencrypt.org/directory", ""}};
  CertificateProtocol protocol{CertificateProtocol::Acme};
  std::string agreement;  ///< "accepted", a URL, or empty: not agreed
  std::string contact;    ///< without `mailto:`; empty: ServerAdmin, if that is an address
  ExternalAccount external_account;
  std::string ca_certificate_file;
  std::string http_proxy;
  std::string http_proxy_ca_certificate_file;
  std::string profile;
  Switch profile_mandatory{Switch::Off};
  std::vector<KeySpec> key_specs;    ///< empty: Default
  Switch default_keys{Switch::Off};  ///< `Default` was said, which md.json tells
  Switch must_staple{Switch::Off};
  std::vector<std::string> certificate_files;
  std::vector<std::string> certificate_key_files;
  RenewMode renew_mode{RenewMode::Auto};
  Window renew_window{Window::percent(33)};
  Window warn_window{Window::percent(10)};
  Switch renew_via_ari{Switch::On};
  std::chrono::milliseconds check_interval{std::chrono::hours(12)};
  std::chrono::milliseconds initial_delay{0};
  std::chrono::milliseconds retry_delay{std::chrono::seconds(30)};
  unsigned retry_failover{13};
  std::chrono::milliseconds activation_delay{0};
  Switch live_activation{Switch::On};
  ChallengeList challenges;
  std::string dns01_command;
  unsigned dns01_version{1};
  std::string notify_command;
  std::string message_command;
  RequireHttps require_https{RequireHttps::Off};
  Switch server_status{Switch::On};
  Switch certificate_status{Switch::On};
  Monitor monitor;
  Switch stapling{Switch::Off};
  Switch staple_others{Switch::On};
  Window stapling_keep_response{Window::of_length(std::chrono::hours(24 * 7))};
  Window stapling_renew_window{Window::percent(33)};
  std::string store_dir{"md"};
  StoreLocks store_locks;

  /// The key specs to have certificates for; never empty. tailscale has one certificate for each
  /// name, with a key of its own choice: P-256.
  [[nodiscard]] std::vector<KeySpec> effective_key_specs() const {
    if (protocol == CertificateProtocol::Tailscale) {
      return {key_specs.empty() ? KeySpec::ec("P-256") : key_specs.front()};
    }
    return key_specs.empty() ? default_key_specs() : key_specs;
  }
  friend bool operator==(const ResolvedSettings&, const ResolvedSettings&) = default;
};

}  // namespace md::model
