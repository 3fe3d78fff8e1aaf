// SPDX-License-Identifier: Apache-2.0
#include "config/merge.h"

#include <optional>
#include <tuple>

namespace md::config {
namespace {

using model::ResolvedSettings;
using model::Settings;

/// One setting: as configured and as resolved.
template <class T>
struct Member {
  std::optional<T> Settings::*configured;
  T ResolvedSettings::*resolved;
};

template <class T>
Member(std::optional<T> Settings::*, T ResolvedSettings::*) -> Member<T>;  // clang 14 wants it

// The one list of all settings.
#define MD_SETTING(name)                     \
  Member {                                   \
    &Settings::name, &ResolvedSettings::name \
  }
constexpr std::tuple kMembers{
    MD_SETTING(members),
    MD_SETTING(match_names),
    MD_SETTING(base_server),
    MD_SETTING(port_map),
    MD_SETTING(authorities),
    MD_SETTING(protocol),
    MD_SETTING(agreement),
    MD_SETTING(contact),
    MD_SETTING(external_account),
    MD_SETTING(ca_certificate_file),
    MD_SETTING(http_proxy),
    MD_SETTING(http_proxy_ca_certificate_file),
    MD_SETTING(profile),
    MD_SETTING(profile_mandatory),
    MD_SETTING(key_specs),
    MD_SETTING(default_keys),
    MD_SETTING(must_staple),
    MD_SETTING(certificate_files),
    MD_SETTING(certificate_key_files),
    MD_SETTING(renew_mode),
    MD_SETTING(renew_window),
    MD_SETTING(warn_window),
    MD_SETTING(renew_via_ari),
    MD_SETTING(check_interval),
    MD_SETTING(initial_delay),
    MD_SETTING(retry_delay),
    MD_SETTING(retry_failover),
    MD_SETTING(activation_delay),
    MD_SETTING(live_activation),
    MD_SETTING(challenges),
    MD_SETTING(dns01_command),
    MD_SETTING(dns01_version),
    MD_SETTING(notify_command),
    MD_SETTING(message_command),
    MD_SETTING(require_https),
    MD_SETTING(server_status),
    MD_SETTING(certificate_status),
    MD_SETTING(monitor),
    MD_SETTING(stapling),
    MD_SETTING(staple_others),
    MD_SETTING(stapling_keep_response),
    MD_SETTING(stapling_renew_window),
    MD_SETTING(store_dir),
    MD_SETTING(store_locks),
};
#undef MD_SETTING

template <class Visitor>
void for_each_member(const Visitor& visit) {
  std::apply([&](const auto&... member) { (visit(member), ...); }, kMembers);
}

// Counts the members of Settings, so that the compiler notices one that is missing above.
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
struct AnyOptional {
  template <class T>
  requires kIsOptional<T>
  // NOLINTNEXTLINE(google-explicit-constructor): stands in for any member of Settings.
  operator T() const;
};
template <class... Initializers>
consteval std::size_t count_members() {
  if constexpr (requires { Settings{Initializers{}..., AnyOptional{}}; }) {
    return count_members<Initializers..., AnyOptional>();
  } else {
    return sizeof...(Initializers);
  }
}
static_assert(count_members<>() == std::tuple_size_v<decltype(kMembers)>,
              "a member of Settings is missing in kMembers");

}  // namespace

Settings merge(const Settings& outer, const Settings& inner) {
  Settings merged = outer;
  for_each_member([&](const auto& member) {
    if (const auto& value = inner.*member.configured) {
      merged.*member.configured = value;
    }
  });
  return merged;
}

ResolvedSettings resolve(const Settings& settings) {
  return resolve(settings, ResolvedSettings());
}

ResolvedSettings resolve(const Settings& settings, ResolvedSettings outer) {
  for_each_member([&](const auto& member) {
    if (const auto& value = settings.*member.configured) {
      outer.*member.resolved = *value;
    }
  });
  return outer;
}

}  // namespace md::config
