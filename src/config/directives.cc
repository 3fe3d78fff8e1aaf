// SPDX-License-Identifier: Apache-2.0
#include "config/directives.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/parsers.h"

namespace md::config {
namespace {

using model::Settings;
using std::chrono::days;
using std::chrono::seconds;

constexpr auto kGlobal = Scope::Global;
constexpr auto kDomain = Scope::Domain;
constexpr auto kBoth = Scope::GlobalAndDomain;

constexpr Arity kOne{1, 1};
constexpr Arity kOneOrTwo{1, 2};
constexpr Arity kTwo{2, 2};
constexpr Arity kSome{1, Arity::kAny};
constexpr Arity kFree{0, Arity::kAny};  // the parser has better words for "none"

// clang-format off
constexpr auto kDirectives = std::to_array<Directive>({
    // Domains
    {"MDomain", kGlobal, kFree, nullptr, "name… [auto|manual]", "",
     "A group of server names with one certificate.", DirectiveKind::Domain},
    {"<MDomain", kGlobal, kFree, nullptr, "name… [auto|manual]>", "",
     "Container for a managed domain and the settings that are its own.", DirectiveKind::Section},
    {"<MDomainSet", kGlobal, kFree, nullptr, "name… [auto|manual]>", "",
     "The same as <MDomain>.", DirectiveKind::Section},
    {"MDMember", kBoth, kSome, parse_members, "name… | auto|manual", "auto",
     "Names to add to a managed domain; outside of one, 'auto' or 'manual'.",
     DirectiveKind::Members},
    {"MDMembers", kBoth, kSome, parse_members, "name… | auto|manual", "auto",
     "Whether the names of a matching TLS host join its managed domain by themselves.",
     DirectiveKind::Members},
    {"MDMatchNames", kGlobal, kOne, parse_match_names, "all|servernames", "all",
     "Determines how DNS names are matched to vhosts."},
    {"MDBaseServer", kGlobal, kOne, parse_switch<&Settings::base_server>, "on|off", "off",
     "Allow managing of the base server outside virtual hosts."},
    {"MDPortMap", kGlobal, kOneOrTwo, parse_port_map, "a:b [c:d]", "http:80 https:443",
     "Declare the mapped ports 80 and 443 on the local server. E.g. 80:8000 to indicate that the "
     "server port 8000 is reachable as port 80 from the internet. Use 80:- to indicate that port "
     "80 is not reachable from the outside."},
    // CA and account
    {"MDCertificateAuthority", kBoth, kFree, parse_authorities, "url|name…",
     "https://acme-v02.api.letsencrypt.org/directory",
     "URL(s) or known name(s) of the CA issuing the certificates."},
    {"MDCertificateProtocol", kBoth, kOne, parse_protocol, "ACME|tailscale", "ACME",
     "Protocol used to obtain and renew certificates."},
    {"MDCertificateAgreement", kBoth, kOne, parse_agreement, "accepted|url", "",
     "either 'accepted' or the URL of CA Terms-of-Service agreement you accept"},
    {"MDContactEmail", kBoth, kOne, parse_contact, "address", "",
     "Email address used for account registration"},
    {"MDExternalAccountBinding", kBoth, kOneOrTwo, parse_external_account,
     "kid hmac | file.json | none", "none",
     "Set the external account binding keyid and hmac values to use at CA"},
    {"MDCACertificateFile", kBoth, kOne, parse_path<&Settings::ca_certificate_file>, "path|none",
     "none", "File with the root certificates to trust when talking to the CA."},
    {"MDHttpProxy", kBoth, kOne, parse_http_proxy, "url|none", "none",
     "URL of a HTTP(S) proxy to use for outgoing connections"},
    {"MDHttpProxyCACertificateFile", kBoth, kOne,
     parse_path<&Settings::http_proxy_ca_certificate_file>, "path|none", "none",
     "File with the root certificates to trust when talking to an https proxy."},
    {"MDProfile", kBoth, kOne, parse_text<&Settings::profile>, "name", "",
     "The name of an CA profile to order certificates for."},
    {"MDProfileMandatory", kBoth, kOne, parse_switch<&Settings::profile_mandatory>, "on|off",
     "off", "Fail the renewal if the CA does not offer the profile."},
    // Keys and certificates
    {"MDPrivateKeys", kBoth, kFree, parse_key_specs, "Default | RSA [bits] | curve…", "Default",
     "Type(s) and size of the private keys to make."},
    {"MDMustStaple", kBoth, kOne, parse_switch<&Settings::must_staple>, "on|off", "off",
     "Enable/Disable the Must-Staple flag for new certificates."},
    {"MDCertificateFile", kDomain, kOne, append_path<&Settings::certificate_files>, "path", "",
     "File with a certificate chain (PEM) to use instead of one from a CA."},
    {"MDCertificateKeyFile", kDomain, kOne, append_path<&Settings::certificate_key_files>, "path",
     "", "File with the private key (PEM) of the MDCertificateFile."},
    // Renewal
    {"MDRenewMode", kBoth, kOne, parse_renew_mode, "always|auto|manual", "auto",
     "Controls how renewal of Managed Domain certificates shall be handled."},
    {"MDDriveMode", kBoth, kOne, parse_renew_mode, "always|auto|manual", "auto",
     "Old name of MDRenewMode."},
    {"MDRenewWindow", kBoth, kOne, parse_window<&Settings::renew_window>, "window", "33%",
     "Time length for renewal before certificate expires (defaults to days)."},
    {"MDWarnWindow", kBoth, kOne, parse_window<&Settings::warn_window>, "window", "10%",
     "When less time remains for a certificate, send our/log a warning (defaults to days)."},
    {"MDRenewViaARI", kBoth, kOne, parse_switch<&Settings::renew_via_ari>, "on|off", "on",
     "Enable/Disable ACME ARI (RFC 9773) to trigger renewals."},
    {"MDCheckInterval", kGlobal, kOne, parse_check_interval, "duration", "12h",
     "Time between checks of the certificates (defaults to seconds)."},
    {"MDInitialDelay", kGlobal, kOne, parse_initial_delay, "duration", "0",
     "Time to wait after the start before the first check (defaults to seconds)."},
    {"MDRetryDelay", kGlobal, kOne, parse_retry_delay, "duration", "30s",
     "Time to wait after the first failed renewal; doubles each time (defaults to seconds)."},
    {"MDRetryFailover", kGlobal, kOne, parse_retry_failover, "n", "13",
     "The number of errors before a failover to another CA is triggered."},
    {"MDActivationDelay", kGlobal, kOne, parse_duration_in<&Settings::activation_delay, days>,
     "duration", "0", "How long to hold back a new certificate (defaults to days)."},
    {"MDLiveActivation", kGlobal, kOne, parse_switch<&Settings::live_activation>, "on|off", "on",
     "Use new certificates at once, without a reload of the server."},
    // Challenges
    {"MDCAChallenges", kBoth, kFree, parse_challenges, "type…", "",
     "A list of challenge types to be used."},
    {"MDChallengeDns01", kBoth, kFree, parse_command<&Settings::dns01_command>,
     "command [args]", "", "The command that sets up and removes the TXT records of dns-01."},
    {"MDChallengeDns01Version", kBoth, kOne, parse_dns01_version, "1|2", "1",
     "2: the teardown of dns-01 is told the challenge data, too."},
    // Events
    {"MDNotifyCmd", kGlobal, kFree, parse_command<&Settings::notify_command>, "command [args]",
     "", "Command to run when a certificate was renewed; the managed domain's name is added."},
    {"MDMessageCmd", kGlobal, kFree, parse_command<&Settings::message_command>, "command [args]",
     "", "Command to run on events; the event and the managed domain's name are added."},
    // Web
    {"MDRequireHttps", Scope::AlsoInConditions, kOne, parse_require_https,
     "off|temporary|permanent", "off", "Redirect non-secure requests to the https: equivalent."},
    {"MDServerStatus", kBoth, kOne, parse_switch<&Settings::server_status>, "on|off", "on",
     "On to see Managed Domains in server-status."},
    {"MDCertificateStatus", kBoth, kOne, parse_switch<&Settings::certificate_status>, "on|off",
     "on", "On to see Managed Domain expose /.httpd/certificate-status."},
    {"MDCertificateMonitor", kBoth, kTwo, parse_monitor, "name url", "crt.sh https://crt.sh?q=",
     "Set name and URL pattern for a certificate monitoring site."},
    {"MDCertificateCheck", kBoth, kTwo, parse_monitor, "name url", "crt.sh https://crt.sh?q=",
     "Set name and URL pattern for a certificate monitoring site."},
    // Stapling
    {"MDStapling", kBoth, kOne, parse_switch<&Settings::stapling>, "on|off", "off",
     "Enable/Disable OCSP Stapling for this/all Managed Domain(s)."},
    {"MDStapleOthers", kBoth, kOne, parse_switch<&Settings::staple_others>, "on|off", "on",
     "Enable/Disable OCSP Stapling for certificates not in Managed Domain(s)."},
    {"MDStaplingKeepResponse", kBoth, kOne, parse_keep_response, "window", "7d",
     "The amount of time to keep an OCSP response in the store."},
    {"MDStaplingRenewWindow", kBoth, kOne, parse_window<&Settings::stapling_renew_window>,
     "window", "33%", "When to renew an OCSP response: when less than this is left of it."},
    // Store
    {"MDStoreDir", kGlobal, kOne, parse_text<&Settings::store_dir>, "path", "md",
     "the directory for file system storage of managed domain data."},
    {"MDStoreLocks", kGlobal, kOne, parse_store_locks, "on|off|duration", "off",
     "Configure locking of store for updates."},
});
// clang-format on

std::string arity_words(Arity arity) {
  if (arity.at_most == Arity::kAny) {
    return "requires at least one argument";
  }
  if (arity.at_least != arity.at_most) {
    return fmt::format("takes {}-{} arguments", arity.at_least, arity.at_most);
  }
  return arity.at_most == 1 ? "takes one argument" : "takes two arguments";
}

/// Where httpd counts the arguments of a directive itself, an empty one is none.
std::span<const std::string> as_httpd_counts(Arity arity, std::span<const std::string> words) {
  const bool is_counted = arity.at_least > 0 && arity.at_most != Arity::kAny;
  const auto empty = std::ranges::find(words, "");
  return is_counted ? words.first(static_cast<std::size_t>(empty - words.begin())) : words;
}

bool may_stand(Scope scope, Level level) {
  switch (level) {
    case Level::Server:
    case Level::VirtualHost:
      return scope != Scope::Domain;
    case Level::Domain:
      return scope != Scope::Global;
    case Level::Condition:
      return scope == Scope::AlsoInConditions;
  }
  return false;
}

std::string misplaced_words(std::string_view name, Level level) {
  switch (level) {
    case Level::Server:
    case Level::VirtualHost:
      return fmt::format("{} is only valid inside a '<MDomainSet' context, not here", name);
    case Level::Domain:
      return fmt::format("{} is not allowed inside an '<MDomainSet' context", name);
    case Level::Condition:
      break;
  }
  return fmt::format("{} not allowed in <If> context", name);
}

}  // namespace

std::span<const Directive> all_directives() {
  return kDirectives;
}

const Directive* find_directive(std::string_view name) {
  const auto* const found =
      std::find_if(kDirectives.begin(), kDirectives.end(),
                   [&](const Directive& d) { return equals_ignoring_case(d.name, name); });
  return found == kDirectives.end() ? nullptr : found;
}

Status check_use(const Directive& directive, Level level, std::size_t argument_count) {
  if (!may_stand(directive.scope, level)) {
    return fail(ErrorKind::InvalidInput, misplaced_words(directive.name, level));
  }
  if (argument_count < directive.arity.at_least || argument_count > directive.arity.at_most) {
    return fail(ErrorKind::InvalidInput, fmt::format("{} {}, {}", directive.name,
                                                     arity_words(directive.arity), directive.help));
  }
  return {};
}

Status apply(const Directive& directive, Level level, std::span<const std::string> words,
             const ParseEnvironment& environment, Settings& settings) {
  words = as_httpd_counts(directive.arity, words);
  MD_TRY(check_use(directive, level, words.size()));
  const bool is_setting = directive.kind == DirectiveKind::Setting ||
                          (directive.kind == DirectiveKind::Members && level != Level::Domain);
  if (!is_setting) {
    return fail(ErrorKind::Internal, fmt::format("{} is no setting", directive.name));
  }
  return directive.parse(Arguments{directive.name, words, environment}, settings);
}

std::string_view describe(Scope scope) {
  switch (scope) {
    case Scope::Global:
      return "G";
    case Scope::Domain:
      return "M";
    case Scope::GlobalAndDomain:
      return "GM";
    case Scope::AlsoInConditions:
      return "GM, `<If>`";
  }
  return "";
}

}  // namespace md::config
