// SPDX-License-Identifier: Apache-2.0
#include "httpd/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/file_name.h"
#include "base/text.h"
#include "config/challenge_choice.h"
#include "config/merge.h"
#include "crypto/private_key.h"
#include "httpd/apache_logger.h"
#include "httpd/directive_adapter.h"
#include "httpd/runtime.h"
#include "ocsp/choice.h"

namespace md::httpd {
namespace {

constexpr std::string_view kAlpnProtocol = "acme-tls/1";

std::vector<std::string> strings_of(const apr_array_header_t* names) {
  std::vector<std::string> strings;
  for (int i = 0; names != nullptr && i < names->nelts; ++i) {
    strings.emplace_back(APR_ARRAY_IDX(names, i, const char*));
  }
  return strings;
}

bool offers_acme_tls(const server_rec* host) {
  const auto* const core =
      static_cast<const core_server_config*>(ap_get_core_module_config(host->module_config));
  const auto protocols = strings_of(core->protocols);
  return std::find(protocols.begin(), protocols.end(), kAlpnProtocol) != protocols.end();
}

/// A host without any directive of ours, ServerName among them, has the main server's
/// configuration.
bool is_name_filled_in(const server_rec* host, const server_rec* base_server) {
  const ServerConfig& own = config_of(host);
  return !own.has_server_name || (host != base_server && &own == &config_of(base_server));
}

config::VirtualHost describe(server_rec* host, const server_rec* base_server) {
  config::VirtualHost described;
  described.server_name = host->server_hostname == nullptr ? "" : host->server_hostname;
  described.is_name_filled_in = is_name_filled_in(host, base_server);
  described.aliases = strings_of(host->names);
  for (std::string& pattern : strings_of(host->wild_names)) {
    described.aliases.push_back(std::move(pattern));
  }
  described.speaks_tls = speaks_tls(host);
  described.is_base_server = host->is_virtual == 0;
  described.offers_acme_tls = offers_acme_tls(host);
  for (const server_addr_rec* address = host->addrs; address != nullptr; address = address->next) {
    described.ports.push_back(address->host_port);
  }
  described.match_names = config_of(host).settings.match_names.value_or(model::MatchNames::All);
  described.server_admin = host->server_admin == nullptr ? "" : host->server_admin;
  described.place = {host->defn_name == nullptr ? "" : host->defn_name,
                     static_cast<int>(host->defn_line_number)};
  return described;
}

std::vector<std::uint16_t> listened_ports() {
  std::vector<std::uint16_t> ports;
  for (const ap_listen_rec* listener = ap_listeners; listener != nullptr;
       listener = listener->next) {
    if (listener->bind_addr != nullptr) {
      ports.push_back(listener->bind_addr->port);
    }
  }
  return ports;
}

using Words = std::unordered_map<std::string, std::optional<model::Switch>>;

/// `sections`: MDStapling in the sections of managed domains, by name.
HostStapling stapling_at(const server_rec* host, const server_rec* base_server,
                         const Words& sections, const model::ManagedDomain* domain) {
  const ServerConfig& own = config_of(host);
  const ServerConfig& base = config_of(base_server);
  ocsp::StaplingWords words;
  words.in_server = base.settings.stapling;
  words.others_in_server = base.settings.staple_others;
  // A host without any directive of ours has the main server's configuration; that has no own ones.
  if (&own != &base) {
    words.in_host = own.own_stapling;
    words.others_in_host = own.own_staple_others;
  }
  HostStapling stapling;
  stapling.others = ocsp::staples_others(words);
  if (domain != nullptr) {
    const auto section = sections.find(domain->name);
    words.in_section = section != sections.end() ? section->second : std::nullopt;
    stapling.managed = ocsp::staples_managed(words);
  }
  return stapling;
}

/// What OpenSSL cannot make is found by whoever needs it; the administrator learns of it at once.
void check_keys(config::Plan& plan) {
  constexpr unsigned kMostRsaBits = 16384;
  std::unordered_set<std::string> reported;
  for (const model::ManagedDomain& domain : plan.domains) {
    for (const model::KeySpec& spec : domain.settings.key_specs) {
      const bool is_rsa = spec.type == model::KeySpec::Type::Rsa;
      const bool can_be_made =
          is_rsa ? spec.bits <= kMostRsaBits : crypto::is_known_curve(spec.curve);
      const std::string words =
          is_rsa ? fmt::format("RSA {}", spec.bits) : printable(spec.curve, 80);
      if (!can_be_made && reported.insert(words).second) {
        plan.findings.push_back(
            {LogLevel::Warning, LogId{},
             fmt::format("MDPrivateKeys '{}' of Managed Domain '{}' is {}: there will be no such "
                         "certificate.",
                         words, domain.name,
                         is_rsa ? "larger than any key that OpenSSL makes"
                                : "neither RSA nor an elliptic curve that OpenSSL knows")});
      }
    }
  }
}

}  // namespace

bool speaks_tls(server_rec* host) {
  if (const auto said = config_of(host).speaks_tls) {
    return *said;
  }
  const char* const protocol = ap_get_server_protocol(host);
  return protocol != nullptr && std::string_view(protocol) == "https" &&
         ap_find_linked_module("mod_ssl.c") != nullptr;
}

bool Configuration::is_usable() const {
  return !plan.is_fatal();
}

bool Configuration::has_errors() const {
  return std::any_of(plan.findings.begin(), plan.findings.end(),
                     [](const config::Finding& found) { return found.level == LogLevel::Error; });
}

Configuration read_configuration(apr_pool_t* pool, server_rec* base_server) {
  std::vector<server_rec*> servers;
  std::vector<config::VirtualHost> hosts;
  std::vector<config::DomainDefinition> definitions;
  Words stapling_in_sections;
  const ServerConfig* base_config = &config_of(base_server);
  for (server_rec* host = base_server; host != nullptr; host = host->next) {
    servers.push_back(host);
    hosts.push_back(describe(host, base_server));
    const ServerConfig& own = config_of(host);
    // A host without any directive of ours has the very configuration of the main server.
    if (host == base_server || &own != base_config) {
      for (config::DomainDefinition definition : own.domains) {
        stapling_in_sections.emplace(file_name_for(definition.names.front().text()),
                                     definition.settings.stapling);
        definition.settings = config::merge(own.settings, definition.settings);
        definitions.push_back(std::move(definition));
      }
    }
  }
  Configuration configuration;
  configuration.server_settings = config::resolve(base_config->settings);
  if (const char* const absolute =
          ap_server_root_relative(pool, configuration.server_settings.store_dir.c_str())) {
    configuration.server_settings.store_dir = absolute;
  }
  configuration.plan = config::make_plan(definitions, hosts, base_config->settings);
  check_keys(configuration.plan);
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const auto domain = configuration.plan.host_domains[i];
    if (domain) {
      configuration.domain_of_host.emplace(servers[i], *domain);
    }
    const HostStapling stapling =
        stapling_at(servers[i], base_server, stapling_in_sections,
                    domain ? &configuration.plan.domains[*domain] : nullptr);
    if (stapling.managed || stapling.others) {
      configuration.stapling.emplace(servers[i], stapling);
    }
  }
  configuration.listened_ports = listened_ports();
  return configuration;
}

void report_findings(const Configuration& configuration, server_rec* base_server, Findings which) {
  ApacheLogger logger(base_server);
  for (const config::Finding& finding : configuration.plan.findings) {
    if (which == Findings::All || finding.is_fatal ||
        (which == Findings::ErrorsOnly && finding.level == LogLevel::Error)) {
      logger.log(finding.level, finding.id, finding.message);
    }
  }
}

renewal::ChallengeChoice challenge_choice_of(const Runtime& runtime) {
  return [ports = runtime.listened_ports](
             const model::ManagedDomain& domain,
             const model::DnsName& name) -> Result<std::vector<model::ChallengeType>> {
    MD_ASSIGN_OR_RETURN(const auto chosen, config::choose_challenges(domain, ports));
    for (const config::NameChallenges& choice : chosen) {
      if (choice.name == name) {
        return choice.types;
      }
    }
    return fail(ErrorKind::Internal,
                fmt::format("{} is no name that an order of {} has", name.text(), domain.name));
  };
}

}  // namespace md::httpd
