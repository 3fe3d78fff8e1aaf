// SPDX-License-Identifier: Apache-2.0
#include "httpd/directive_adapter.h"

#include <fmt/format.h>

#include <memory>
#include <type_traits>

#include "base/text.h"
#include "config/directives.h"
#include "config/merge.h"
#include "httpd/apache_logger.h"
#include "httpd/external_account_file.h"
#include "httpd/guard.h"

namespace md::httpd {
namespace {

using config::Directive;
using config::DirectiveKind;
using config::Level;

/// Where the directives of a `<MDomain>` section go while it is read; httpd reads configurations in
/// one thread. Sections do not nest.
struct OpenSection {
  config::DomainDefinition* definition{nullptr};
};
OpenSection open_section;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

class SectionScope {
 public:
  explicit SectionScope(config::DomainDefinition& definition) {
    open_section.definition = &definition;
  }
  SectionScope(const SectionScope&) = delete;
  SectionScope& operator=(const SectionScope&) = delete;
  ~SectionScope() { open_section.definition = nullptr; }
};

config::ParseEnvironment parse_environment(apr_pool_t* pool) {
  config::ParseEnvironment environment;
  if (const char* const root = ap_server_root_relative(pool, "")) {
    environment.server_root = root;
  }
  environment.read_external_account = read_external_account_file;
  return environment;
}

std::vector<std::string> words_of(apr_pool_t* pool, const char* arguments) {
  std::vector<std::string> words;
  while (*arguments != '\0') {
    words.emplace_back(ap_getword_conf(pool, &arguments));
  }
  return words;
}

const char* text_in(apr_pool_t* pool, const std::string& text) {
  return apr_pstrmemdup(pool, text.data(), text.size());
}

/// Inside `<If>`, or one of the sections that go with it?
bool is_in_condition(const cmd_parms* command) {
  for (const ap_directive_t* section = command->directive->parent; section != nullptr;
       section = section->parent) {
    const std::string_view name(section->directive);
    if (equals_ignoring_case(name, "<If") || equals_ignoring_case(name, "<ElseIf") ||
        equals_ignoring_case(name, "<Else")) {
      return true;
    }
  }
  return false;
}

Level level_of(const cmd_parms* command) {
  if (open_section.definition != nullptr) {
    return Level::Domain;
  }
  return command->server->is_virtual ? Level::VirtualHost : Level::Server;
}

model::ConfigPlace place_of(const cmd_parms* command) {
  return {command->directive->filename, command->directive->line_num};
}

Status define_domain(cmd_parms* command, const Directive& directive,
                     const std::vector<std::string>& words,
                     decltype(config::parse_definition)& parse) {
  MD_TRY(config::check_use(directive, level_of(command), words.size()));
  MD_ASSIGN_OR_RETURN(auto definition, parse(words, place_of(command)));
  config_of(command->server).domains.push_back(std::move(definition));
  return {};
}

/// `<MDomain name…>` … `</MDomain>`; the arguments end with the bracket.
const char* read_section(cmd_parms* command, const Directive& directive, std::string arguments) {
  const auto bracket = arguments.rfind('>');
  if (bracket == std::string::npos) {
    return apr_pstrcat(command->pool, command->cmd->name, "> directive missing closing '>'",
                       nullptr);
  }
  arguments.resize(bracket);
  const auto words = words_of(command->pool, arguments.c_str());
  if (const auto defined = define_domain(command, directive, words, config::parse_section);
      !defined) {
    return text_in(command->pool, defined.error().message);
  }
  const SectionScope scope(config_of(command->server).domains.back());
  return ap_walk_config(command->directive->first_child, command, command->context);
}

Status run(cmd_parms* command, const Directive& directive, const std::vector<std::string>& words) {
  if (directive.kind == DirectiveKind::Domain) {
    return define_domain(command, directive, words, config::parse_definition);
  }
  const Level level = level_of(command);
  if (directive.kind == DirectiveKind::Members && level == Level::Domain) {
    config::add_names(words, *open_section.definition);
    return {};
  }
  model::Settings& settings = level == Level::Domain ? open_section.definition->settings
                                                     : config_of(command->server).settings;
  return config::apply(directive, level, words, parse_environment(command->temp_pool), settings);
}

/// Where a directive must not stand. As in mod_md, MDRequireHttps may stand in `<Files>`, and in
/// any section inside of `<MDomain>`.
unsigned forbidden_places(const Directive& directive, bool in_condition) {
  if (in_condition) {
    return NOT_IN_HTACCESS;
  }
  if (directive.scope != config::Scope::AlsoInConditions) {
    return NOT_IN_HTACCESS | NOT_IN_DIR_CONTEXT;
  }
  const bool in_domain = open_section.definition != nullptr;
  return NOT_IN_HTACCESS | (in_domain ? 0 : NOT_IN_DIRECTORY | NOT_IN_LOCATION);
}

/// What is said in `<Files>` holds for all requests, as in mod_md: that may surprise.
void warn_of_section(const cmd_parms* command) {
  const ap_directive_t* const section = command->directive->parent;
  if (command->path == nullptr || section == nullptr) {
    return;
  }
  ApacheLogger(command->server)
      .warning({}, fmt::format("{} in {}: the {}> around it counts for nothing. It holds for {}.",
                               command->cmd->name, place_of(command).text(), section->directive,
                               open_section.definition != nullptr
                                   ? "all of the Managed Domain"
                                   : "all Managed Domains of the server"));
}

/// Inside `<If>` there is one thing to say.
Status run_in_condition(cmd_parms* command, const Directive& directive,
                        const std::vector<std::string>& words, ConditionConfig& condition) {
  model::Settings settings;
  MD_TRY(config::apply(directive, Level::Condition, words, parse_environment(command->temp_pool),
                       settings));
  condition.require_https = settings.require_https;
  return {};
}

/// All directives come through here: httpd hands us the raw arguments, the row says the rest.
const char* on_directive(cmd_parms* command, void* directory_config,
                         const char* arguments) noexcept {
  return guarded<const char*>("mod_md: a defect: see the error log", [&]() -> const char* {
    const auto& directive = *static_cast<const Directive*>(command->cmd->cmd_data);
    const bool in_condition = open_section.definition == nullptr && is_in_condition(command);
    const unsigned forbidden = forbidden_places(directive, in_condition);
    if (const char* const misplaced = ap_check_cmd_context(command, forbidden)) {
      return misplaced;
    }
    if (in_condition) {
      const auto result = run_in_condition(command, directive, words_of(command->pool, arguments),
                                           *static_cast<ConditionConfig*>(directory_config));
      return result ? nullptr : text_in(command->pool, result.error().message);
    }
    warn_of_section(command);
    if (directive.kind == DirectiveKind::Section) {
      return read_section(command, directive, arguments);
    }
    const auto result = run(command, directive, words_of(command->pool, arguments));
    return result ? nullptr : text_in(command->pool, result.error().message);
  });
}

/// mod_ssl does not tell which hosts it is on for until it has started them, and by then it wants
/// their certificates. So we listen in on its switch: httpd hands a directive to every module that
/// knows it.
const char* on_ssl_engine(cmd_parms* command, void* /*directory_config*/,
                          const char* argument) noexcept {
  if (ap_find_linked_module("mod_ssl.c") == nullptr) {
    return "Invalid command 'SSLEngine', perhaps misspelled or defined by a module not included in "
           "the server configuration";
  }
  config_of(command->server).speaks_tls = equals_ignoring_case(argument, "on");
  return nullptr;
}

/// httpd fills in a name where none is said, and does not tell. So we listen in on ServerName, too.
const char* on_server_name(cmd_parms* command, void* /*directory_config*/,
                           const char* /*argument*/) noexcept {
  config_of(command->server).has_server_name = true;
  return nullptr;
}

command_rec make_command(const char* name, cmd_how how, void (*function)(), const char* help) {
  command_rec command{};
  command.name = name;
  command.func = reinterpret_cast<cmd_func>(function);
  command.req_override = RSRC_CONF;
  command.args_how = how;
  command.errmsg = help;
  return command;
}

std::vector<command_rec> make_commands() {
  std::vector<command_rec> commands;
  for (const Directive& directive : config::all_directives()) {
    command_rec command =
        make_command(directive.name.data(), RAW_ARGS, reinterpret_cast<void (*)()>(on_directive),
                     directive.help.data());
    command.cmd_data = const_cast<Directive*>(&directive);
    if (directive.scope == config::Scope::AlsoInConditions) {
      command.req_override |= ACCESS_CONF;
    }
    commands.push_back(command);
  }
  commands.push_back(make_command("SSLEngine", TAKE1, reinterpret_cast<void (*)()>(on_ssl_engine),
                                  "mod_ssl's switch, noted to know the TLS hosts"));
  commands.push_back(make_command("ServerName", TAKE1, reinterpret_cast<void (*)()>(on_server_name),
                                  "httpd's own, noted to know the hosts without one"));
  commands.push_back({});
  return commands;
}

}  // namespace

ServerConfig& config_of(const server_rec* server) {
  return *static_cast<ServerConfig*>(ap_get_module_config(server->module_config, &md_module));
}

void* create_server_config(apr_pool_t* pool, server_rec* /*server*/) noexcept {
  return guarded<void*>(nullptr, [&]() -> void* { return pool_owned<ServerConfig>(pool); });
}

void* merge_server_configs(apr_pool_t* pool, void* base, void* add) noexcept {
  return guarded<void*>(nullptr, [&]() -> void* {
    auto* const merged = pool_owned<ServerConfig>(pool);
    const auto& own = *static_cast<const ServerConfig*>(add);
    merged->settings =
        config::merge(static_cast<const ServerConfig*>(base)->settings, own.settings);
    merged->own_stapling = own.settings.stapling;
    merged->own_staple_others = own.settings.staple_others;
    merged->domains = own.domains;
    merged->has_server_name = own.has_server_name;
    merged->speaks_tls =
        own.speaks_tls ? own.speaks_tls : static_cast<const ServerConfig*>(base)->speaks_tls;
    return merged;
  });
}

const ConditionConfig& condition_of(const request_rec* request) {
  return *static_cast<const ConditionConfig*>(
      ap_get_module_config(request->per_dir_config, &md_module));
}

void* create_directory_config(apr_pool_t* pool, char* /*directory*/) noexcept {
  static_assert(std::is_trivially_destructible_v<ConditionConfig>);
  return std::construct_at(
      static_cast<ConditionConfig*>(apr_palloc(pool, sizeof(ConditionConfig))));
}

void* merge_directory_configs(apr_pool_t* pool, void* base, void* add) noexcept {
  auto* const merged = static_cast<ConditionConfig*>(create_directory_config(pool, nullptr));
  const auto& own = *static_cast<const ConditionConfig*>(add);
  merged->require_https = own.require_https
                              ? own.require_https
                              : static_cast<const ConditionConfig*>(base)->require_https;
  return merged;
}

const command_rec* directive_commands() noexcept {
  return guarded<const command_rec*>(nullptr, []() -> const command_rec* {
    static const std::vector<command_rec> commands = make_commands();
    return commands.data();
  });
}

}  // namespace md::httpd
