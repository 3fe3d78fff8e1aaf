// SPDX-License-Identifier: Apache-2.0
#include "config/parsers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/leading_number.h"
#include "config/authorities.h"

namespace md::config {
namespace {

using model::KeySpec;

Error refuse(std::string message) {
  return fail(ErrorKind::InvalidInput, std::move(message));
}

bool is(std::string_view word, std::string_view keyword) {
  return equals_ignoring_case(word, keyword);
}

template <class T>
struct Keyword {
  std::string_view word;
  T value;
};

template <class T, std::size_t kCount>
std::optional<T> find_keyword(const std::array<Keyword<T>, kCount>& keywords,
                              std::string_view word) {
  for (const Keyword<T>& keyword : keywords) {
    if (is(word, keyword.word)) {
      return keyword.value;
    }
  }
  return std::nullopt;
}

std::optional<unsigned> read_number(std::string_view word) {
  unsigned number = 0;
  const auto* const end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(number) : std::nullopt;
}

bool is_digits(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::uint16_t> read_port(std::string_view word) {
  const auto number = is_digits(word) ? read_number(word) : std::nullopt;
  return number && *number > 0 && *number <= 65535
             ? std::optional(static_cast<std::uint16_t>(*number))
             : std::nullopt;
}

/// What mod_md takes for one: a number, whatever comes behind it.
std::optional<std::uint16_t> read_mapped_port(std::string_view word) {
  const auto leading = leading_number(word);
  return leading && leading->number > 0 && leading->number <= 65535
             ? std::optional(static_cast<std::uint16_t>(leading->number))
             : std::nullopt;
}

// One `a:b` of MDPortMap.
Status read_port_mapping(std::string_view word, model::PortMap& map) {
  const auto colon = word.find(':');
  const std::string_view outside = word.substr(0, colon);
  const auto number = leading_number(outside);
  const bool is_number = number && number->rest.empty();
  const bool is_http = is(outside, "http") || (is_number && number->number == 80);
  const bool is_https = is(outside, "https") || (is_number && number->number == 443);
  if (colon == std::string_view::npos || !(is_http || is_https || is_number)) {
    return refuse("no ':' after first port number");
  }
  if (!is_http && !is_https) {
    return refuse("mapped port number must be 80 or 443");
  }
  const std::string_view local = word.substr(colon + 1);
  const auto port = read_mapped_port(local);
  if (!port && !local.starts_with('-')) {
    return refuse("invalid number for port map, must be in ]0,65535]");
  }
  (is_http ? map.http : map.https) = port;
  return {};
}

std::string absolute(const Arguments& arguments, const std::string& path) {
  const std::string& root = arguments.environment.server_root;
  if (root.empty() || path.starts_with('/')) {
    return path;
  }
  return root.ends_with('/') ? root + path : fmt::format("{}/{}", root, path);
}

// RSA keys: `RSA`, `RSA 4096` or `RSA4096`. Sizes that OpenSSL does not make fail when it is asked.
Result<KeySpec> read_rsa(std::string_view bits_word) {
  if (bits_word.empty()) {
    return KeySpec::rsa();
  }
  const unsigned bits = read_number(bits_word).value_or(std::numeric_limits<unsigned>::max());
  if (bits < 2048) {
    return refuse("must be 2048 or higher in order to be considered safe.");
  }
  return KeySpec::rsa(bits);
}

Status add_key_spec(std::string_view word, KeySpec spec, std::vector<KeySpec>& specs) {
  if (std::ranges::any_of(specs, [&](const KeySpec& s) { return s.name() == spec.name(); })) {
    return refuse(fmt::format("two keys of type '{}' are not possible.",
                              spec.type == KeySpec::Type::Rsa ? "RSA" : word));
  }
  specs.push_back(std::move(spec));
  return {};
}

}  // namespace

Result<model::Switch> read_switch(std::string_view word) {
  if (is(word, "on")) {
    return model::Switch::On;
  }
  if (is(word, "off")) {
    return model::Switch::Off;
  }
  return refuse(fmt::format("unknown '{}', supported parameter values are 'on' and 'off'",
                            printable(word, 80)));
}

Result<std::chrono::milliseconds> read_duration(std::string_view word,
                                                std::chrono::milliseconds default_unit) {
  auto duration = parse_duration(word, default_unit);
  if (!duration) {
    return refuse(fmt::format("unrecognized duration format '{}'", printable(word, 80)));
  }
  return duration;
}

std::string read_path(const Arguments& arguments) {
  return is(arguments.first(), "none") ? "" : absolute(arguments, arguments.first());
}

bool are_empty(std::span<const std::string> words) {
  return std::ranges::all_of(words, [](const std::string& word) { return word.empty(); });
}

Result<std::string> read_proxy(std::string_view word) {
  if (is(word, "none")) {
    return std::string();
  }
  if (word.find_first_of(" \t") != std::string_view::npos) {
    return refuse("whitespace in uri");
  }
  const auto scheme_end = word.find("://");
  if (scheme_end == std::string_view::npos) {
    return refuse("missing uri scheme: the uri scheme must be http or https");
  }
  const std::string_view scheme = word.substr(0, scheme_end);
  if (!is(scheme, "http") && !is(scheme, "https")) {
    return refuse("uri scheme must be http or https");
  }
  std::string_view host = word.substr(scheme_end + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  host = host.substr(host.find('@') == std::string_view::npos ? 0 : host.find('@') + 1);
  const auto address_end = host.starts_with('[') ? host.find(']') : 0;
  const auto colon = host.find(':', address_end == std::string_view::npos ? 0 : address_end);
  if (colon != std::string_view::npos && !read_port(host.substr(colon + 1))) {
    return refuse("invalid port");
  }
  return std::string(word);
}

Status parse_members(const Arguments& arguments, Settings& settings) {
  if (arguments.words.size() > 1) {
    return refuse(fmt::format("{} is only valid inside a '<MDomainSet' context, not here",
                              arguments.directive));
  }
  constexpr std::array<Keyword<model::Members>, 2> kMembers{
      {{"auto", model::Members::Auto}, {"manual", model::Members::Manual}}};
  const auto members = find_keyword(kMembers, arguments.first());
  if (!members) {
    return refuse("unknown value, use \"auto|manual\"");
  }
  settings.members = members;
  return {};
}

Status parse_match_names(const Arguments& arguments, Settings& settings) {
  constexpr std::array<Keyword<model::MatchNames>, 2> kModes{
      {{"all", model::MatchNames::All}, {"servernames", model::MatchNames::ServerNames}}};
  const auto mode = find_keyword(kModes, arguments.first());
  if (!mode) {
    return refuse("invalid argument, must be a 'all' or 'servernames'");
  }
  settings.match_names = mode;
  return {};
}

Status parse_port_map(const Arguments& arguments, Settings& settings) {
  model::PortMap map = settings.port_map.value_or(model::PortMap());
  for (const std::string& word : arguments.words) {
    MD_TRY(read_port_mapping(word, map));
  }
  settings.port_map = map;
  return {};
}

Status parse_authorities(const Arguments& arguments, Settings& settings) {
  std::vector<model::CertificateAuthority> authorities;
  for (const std::string& word : arguments.words) {
    if (!word.empty()) {
      MD_ASSIGN_OR_RETURN(auto authority, parse_authority(word));
      authorities.push_back(std::move(authority));
    }
  }
  settings.authorities =
      authorities.empty() ? model::ResolvedSettings().authorities : std::move(authorities);
  return {};
}

Status parse_protocol(const Arguments& arguments, Settings& settings) {
  constexpr std::array<Keyword<model::CertificateProtocol>, 2> kProtocols{
      {{"ACME", model::CertificateProtocol::Acme},
       {"tailscale", model::CertificateProtocol::Tailscale}}};
  const auto protocol = find_keyword(kProtocols, arguments.first());
  if (!protocol) {
    return refuse(
        fmt::format("unknown protocol '{}', supported parameter values are 'ACME' and 'tailscale'",
                    printable(arguments.first(), 80)));
  }
  settings.protocol = protocol;
  return {};
}

Status parse_agreement(const Arguments& arguments, Settings& settings) {
  settings.agreement = is(arguments.first(), "accepted") ? "accepted" : arguments.first();
  return {};
}

Status parse_contact(const Arguments& arguments, Settings& settings) {
  constexpr std::string_view kScheme = "mailto:";
  const std::string_view address = arguments.first();
  settings.contact =
      is(address.substr(0, kScheme.size()), kScheme) ? address.substr(kScheme.size()) : address;
  return {};
}

Status parse_external_account(const Arguments& arguments, Settings& settings) {
  if (arguments.words.size() == 2) {
    settings.external_account = {arguments.words[0], arguments.words[1], ""};
    return {};
  }
  if (is(arguments.first(), "none")) {
    settings.external_account = model::ExternalAccount();
    return {};
  }
  const std::string path = absolute(arguments, arguments.first());
  model::ExternalAccount account;
  if (arguments.environment.read_external_account) {
    MD_ASSIGN_OR_RETURN_CONTEXT(account, arguments.environment.read_external_account(path),
                                arguments.directive);
  }
  account.file = path;
  settings.external_account = std::move(account);
  return {};
}

Status parse_http_proxy(const Arguments& arguments, Settings& settings) {
  MD_ASSIGN_OR_RETURN(settings.http_proxy, read_proxy(arguments.first()));
  return {};
}

Status parse_key_specs(const Arguments& arguments, Settings& settings) {
  std::vector<std::string> words(arguments.words.begin(), arguments.words.end());
  std::erase(words, "");
  if (words.empty() && arguments.words.size() > 1) {
    return {};  // variables without a value: as if it were not there
  }
  if (words.empty()) {
    return refuse("needs to specify the private key type");
  }
  std::vector<KeySpec> specs;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (is(word, "Default")) {
      if (words.size() > 1) {
        return refuse("'Default' allows no other parameter");
      }
    } else if (is(word, "RSA")) {
      const bool has_bits = i + 1 < words.size() && is_digits(words[i + 1]);
      MD_ASSIGN_OR_RETURN(const KeySpec spec, read_rsa(has_bits ? words[++i] : ""));
      MD_TRY(add_key_spec(word, spec, specs));
    } else if (is(word.substr(0, 3), "RSA") && is_digits(word.substr(3))) {
      MD_ASSIGN_OR_RETURN(const KeySpec spec, read_rsa(word.substr(3)));
      MD_TRY(add_key_spec(word, spec, specs));
    } else {
      MD_TRY(add_key_spec(word, KeySpec::ec(word), specs));
    }
  }
  settings.default_keys = specs.empty() ? model::Switch::On : model::Switch::Off;
  settings.key_specs = std::move(specs);
  return {};
}

Status parse_renew_mode(const Arguments& arguments, Settings& settings) {
  constexpr std::array<Keyword<model::RenewMode>, 3> kModes{{{"always", model::RenewMode::Always},
                                                             {"auto", model::RenewMode::Auto},
                                                             {"manual", model::RenewMode::Manual}}};
  const auto mode = find_keyword(kModes, arguments.first());
  if (!mode) {
    return refuse(
        fmt::format("unknown {} '{}', supported parameter values are 'always', 'auto' and 'manual'",
                    arguments.directive, printable(arguments.first(), 80)));
  }
  settings.renew_mode = mode;
  return {};
}

Status parse_initial_delay(const Arguments& arguments, Settings& settings) {
  MD_ASSIGN_OR_RETURN(const auto delay, read_duration(arguments.first(), std::chrono::seconds(1)));
  if (delay.count() < 0) {
    return refuse("initial delay must not be negative");
  }
  settings.initial_delay = delay;
  return {};
}

Status parse_check_interval(const Arguments& arguments, Settings& settings) {
  using std::chrono::seconds;
  MD_ASSIGN_OR_RETURN(const auto interval, read_duration(arguments.first(), seconds(1)));
  if (interval < seconds(1)) {
    return refuse("check interval cannot be less than one second");
  }
  settings.check_interval = interval;
  return {};
}

Status parse_retry_delay(const Arguments& arguments, Settings& settings) {
  MD_ASSIGN_OR_RETURN(const auto delay, read_duration(arguments.first(), std::chrono::seconds(1)));
  if (delay.count() <= 0) {
    return refuse("minimum delay must be greater than 0");
  }
  settings.retry_delay = delay;
  return {};
}

Status parse_retry_failover(const Arguments& arguments, Settings& settings) {
  const auto leading = leading_number(arguments.first());
  if (!leading || leading->number <= 0) {
    return refuse("invalid argument, must be a number > 0");
  }
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  settings.retry_failover = static_cast<unsigned>(std::min(leading->number, kMost));
  return {};
}

Status parse_challenges(const Arguments& arguments, Settings& settings) {
  model::ChallengeList challenges;
  for (const std::string& word : arguments.words) {
    if (!word.empty()) {
      challenges.add(word);
    }
  }
  settings.challenges = std::move(challenges);
  return {};
}

Status parse_dns01_version(const Arguments& arguments, Settings& settings) {
  const std::string& word = arguments.first();
  if (word != "1" && word != "2") {
    return refuse("Only versions `1` and `2` are supported");
  }
  settings.dns01_version = word == "1" ? 1 : 2;
  return {};
}

Status parse_require_https(const Arguments& arguments, Settings& settings) {
  constexpr std::array<Keyword<model::RequireHttps>, 3> kModes{
      {{"off", model::RequireHttps::Off},
       {"temporary", model::RequireHttps::Temporary},
       {"permanent", model::RequireHttps::Permanent}}};
  const auto mode = find_keyword(kModes, arguments.first());
  if (!mode) {
    return refuse(
        fmt::format("unknown '{}', supported parameter values are 'temporary' and 'permanent'",
                    printable(arguments.first(), 80)));
  }
  settings.require_https = mode;
  return {};
}

Status parse_monitor(const Arguments& arguments, Settings& settings) {
  settings.monitor = model::Monitor{arguments.words[0], arguments.words[1]};
  return {};
}

/// Older than several lifetimes makes sense here, so any share does.
Status parse_keep_response(const Arguments& arguments, Settings& settings) {
  constexpr std::int64_t kMostPercent = 100'000;  // a lifetime times it overflows nothing
  const auto leading = leading_number(arguments.first());
  if (leading && leading->rest.starts_with('%') && leading->number >= 100) {
    settings.stapling_keep_response =
        model::Window::percent(static_cast<unsigned>(std::min(leading->number, kMostPercent)));
    return {};
  }
  return parse_window<&Settings::stapling_keep_response>(arguments, settings);
}

Status parse_store_locks(const Arguments& arguments, Settings& settings) {
  using std::chrono::seconds;
  const std::string& word = arguments.first();
  if (is(word, "off")) {
    settings.store_locks = model::StoreLocks();
    return {};
  }
  const auto timeout = is(word, "on") ? Result<std::chrono::milliseconds>(seconds(5))
                                      : parse_duration(word, seconds(1));
  if (!timeout) {
    return refuse("neither 'on', 'off' or a duration specified");
  }
  settings.store_locks = model::StoreLocks{std::max(*timeout, std::chrono::milliseconds(0))};
  return {};
}

}  // namespace md::config
