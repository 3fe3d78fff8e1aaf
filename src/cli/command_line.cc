// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "cli/acme_commands.h"
#include "cli/archive_commands.h"
#include "cli/certificate_commands.h"
#include "cli/domain_commands.h"
#include "cli/request_commands.h"
#include "cli/status_commands.h"

namespace md::cli {
namespace {

// How help lists commands that mod_md's tool does not have. It tells whose a command is, too.
const std::string kOwnCommands = "Commands beyond those of mod_md's tool";

/// What one command takes. CLI11 writes into it; the command reads it when it runs.
struct Arguments {
  std::vector<std::string> names;
  Change change;
  bool force{false};
  bool now{false};
  unsigned number{0};
  Drive drive;
  std::string reason{"unspecified"};
};

/// Whose command is it?
enum class Origin { ModMd, Ours };

/// Puts the commands into the tree; the one on the command line ends up in `invocation.run`.
class Tree {
 public:
  Tree(CLI::App& app, Invocation& invocation) : app_(app), invocation_(invocation) {
    add_options();
    add_domain_commands(app_);
    add_store_commands();
    add_status_commands();
    add_request_commands();
    add_archive_commands();
    add_certificate_commands();
    add_account_commands();
  }

 private:
  using Run = std::function<Result<Answer>(Session&, const Arguments&)>;
  using Shared = std::shared_ptr<Arguments>;

  void add_options() {
    Options& options = invocation_.options;
    app_.add_option(
            "-a,--acme,--ca", options.ca_urls,
            "URL of a CA, or its name where a CA is asked; add: several, for one after the other")
        ->allow_extra_args(false);
    app_.add_option("-C,--cafile,--ca-certs", options.ca_certificate_file,
                    "PEM file of roots to trust when talking to the CA");
    app_.add_option("-d,--dir", options.store_dir, "the store, as MDStoreDir");
    app_.add_option("-p,--proxy", options.proxy, "URL of a proxy to reach the CA by");
    app_.add_option("-t,--terms", options.terms,
                    "URL of the terms of service that are agreed to, or 'accepted'");
    app_.add_flag_callback(
        "-j,--json", [&] { options.format = Format::Json; }, "answer in JSON");
    app_.add_flag_function(
        "-v,--verbose", [&](std::int64_t n) { options.verbosity += static_cast<int>(n); },
        "say more; may be repeated");
    app_.add_flag_function(
        "-q,--quiet", [&](std::int64_t n) { options.verbosity -= static_cast<int>(n); },
        "say less; may be repeated");
  }

  std::pair<CLI::App*, Shared> add_command(CLI::App& parent, Origin origin, const std::string& name,
                                           const std::string& description, Run run) {
    CLI::App* command = parent.add_subcommand(name, description);
    command->fallthrough();
    if (origin == Origin::Ours) {
      command->group(kOwnCommands);
    }
    auto arguments = std::make_shared<Arguments>();
    command->callback([this, arguments, origin, run = std::move(run)] {
      invocation_.run = [arguments, run](Session& session) { return run(session, *arguments); };
      const bool is_brief = origin == Origin::ModMd && invocation_.options.verbosity <= 0;
      invocation_.detail = is_brief ? Detail::NotOfRefusals : Detail::Always;
      invocation_.may_be_first = origin == Origin::ModMd;
    });
    return {command, arguments};
  }

  /// Those that are there below `store`, too: about the files alone.
  void add_domain_commands(CLI::App& parent) {
    const bool in_store = &parent != &app_;
    const Scope scope = in_store ? Scope::Files : Scope::Domains;
    const auto [listing, to_list] = add_command(
        parent, Origin::ModMd, "list", "the managed domains in the store",
        [scope](Session& session, const Arguments& arguments) {
          return scope == Scope::Files ? list_files(session) : list(session, arguments.names);
        });
    if (!in_store) {
      listing->add_option("names", to_list->names, "the managed domains; none: all");
    }
    const auto [adding, to_add] =
        add_command(parent, Origin::ModMd, "add", "a new managed domain of these names",
                    [scope](Session& session, const Arguments& arguments) {
                      return add(session, arguments.names, scope);
                    });
    adding->preparse_callback([this](std::size_t) { invocation_.makes_store = true; });
    adding->add_option("names", to_add->names, "DNS names; the first is its name, too");
    const auto [updating, to_update] =
        add_command(parent, Origin::ModMd, "update", "change what a managed domain says",
                    [scope](Session& session, const Arguments& arguments) {
                      return update(session, arguments.change, scope);
                    });
    updating->add_option("name", to_update->change.name, "the managed domain");
    updating->add_option("aspect", to_update->change.aspect,
                         std::string("what to change: ") + kAspects);
    updating->add_option("values", to_update->change.values, "its new values");
  }

  void add_store_commands() {
    CLI::App* store = app_.add_subcommand("store", "the files alone");
    store->fallthrough()->require_subcommand(1);
    add_domain_commands(*store);
    const auto [removing, to_remove] =
        add_command(*store, Origin::ModMd, "remove",
                    "remove managed domains; keys and certificates go to the archive",
                    [](Session& session, const Arguments& arguments) {
                      return remove(session, arguments.names,
                                    arguments.force ? Missing::IsFine : Missing::IsAnError);
                    });
    removing->add_option("names", to_remove->names, "the managed domains");
    removing->add_flag("-f,--force", to_remove->force, "unknown names are no error");
  }

  void add_status_commands() {
    const auto [showing, to_show] =
        add_command(app_, Origin::Ours, "status",
                    "how managed domains stand: state, days left, renewal, last error",
                    [](Session& session, const Arguments& arguments) {
                      return status(session, arguments.names);
                    });
    showing->add_option("names", to_show->names, "the managed domains; none: all");
    const auto [explaining, to_explain] =
        add_command(app_, Origin::Ours, "explain", "why a managed domain is renewed, or not",
                    [](Session& session, const Arguments& arguments) {
                      return explain(session, arguments.change.name);
                    });
    explaining->add_option("name", to_explain->change.name, "the managed domain")->required();
    const auto [checking, to_check] =
        add_command(app_, Origin::Ours, "check",
                    "what is wrong; exit code 0: nothing, 1: a warning, 2: critical",
                    [](Session& session, const Arguments& arguments) {
                      return check(session, arguments.names);
                    });
    checking->add_option("names", to_check->names, "the managed domains; none: all");
  }

  void add_request_commands() {
    const auto [renewing, to_renew] = add_command(
        app_, Origin::Ours, "renew", "ask the running server to renew",
        [](Session& session, const Arguments& arguments) {
          return renew(session, arguments.names, arguments.now ? Haste::AtOnce : Haste::InTurn);
        });
    renewing->add_option("names", to_renew->names, "the managed domains")->required();
    renewing->add_flag("--now", to_renew->now, "do not wait after failed attempts");
    const auto [cancelling, to_cancel] =
        add_command(app_, Origin::Ours, "cancel", "take back what renew has asked",
                    [](Session& session, const Arguments& arguments) {
                      return cancel(session, arguments.names);
                    });
    cancelling->add_option("names", to_cancel->names, "the managed domains")->required();
  }

  void add_archive_commands() {
    const auto [looking, to_look] =
        add_command(app_, Origin::Ours, "history", "earlier certificates, in the archive",
                    [](Session& session, const Arguments& arguments) {
                      return history(session, arguments.change.name);
                    });
    looking->add_option("name", to_look->change.name, "the managed domain")->required();
    const auto [restoring, to_restore] =
        add_command(app_, Origin::Ours, "restore", "use certificates from the archive again",
                    [](Session& session, const Arguments& arguments) {
                      return restore(session, arguments.change.name, arguments.number);
                    });
    restoring->add_option("name", to_restore->change.name, "the managed domain")->required();
    restoring->add_option("n", to_restore->number, "its number, as history shows it")->required();
  }

  void add_certificate_commands() {
    const auto [driving, to_drive] =
        add_command(app_, Origin::ModMd, "drive", "obtain and install certificates that are due",
                    [](Session& session, const Arguments& arguments) {
                      return drive(session, arguments.drive);
                    });
    driving->add_option("names", to_drive->drive.names, "the managed domains; none: all");
    driving->add_option("-c,--challenge", to_drive->drive.challenge,
                        "this one alone: http-01, tls-alpn-01 or dns-01");
    driving->add_flag("-f,--force", to_drive->drive.force, "also what is not due");
    driving->add_flag("-r,--reset", to_drive->drive.reset,
                      "drop what an earlier attempt has staged");
    driving->add_flag("--no-contact", to_drive->drive.no_contact,
                      "register an account though no contact is known");
    const auto [revoking, to_revoke] =
        add_command(app_, Origin::Ours, "revoke", "have the CA revoke the certificates in use",
                    [](Session& session, const Arguments& arguments) {
                      return revoke(session, arguments.change.name, arguments.reason);
                    });
    revoking->add_option("name", to_revoke->change.name, "the managed domain")->required();
    revoking->add_option("--reason", to_revoke->reason, "why, by its name in RFC 5280")
        ->capture_default_str();
  }

  void add_account_commands() {
    CLI::App* acme = app_.add_subcommand("acme", "accounts with CAs");
    acme->fallthrough()->require_subcommand(1);
    const auto [registering, to_register] =
        add_command(*acme, Origin::ModMd, "newreg", "register an account with the CA of -a",
                    [](Session& session, const Arguments& arguments) {
                      return register_account(session, arguments.names);
                    });
    registering->add_option("contacts", to_register->names, "mail addresses");
    const auto [authorizing, to_authorize] =
        add_command(*acme, Origin::Ours, "authz",
                    "what the CA wants to see for names, by an order that is left alone",
                    [](Session& session, const Arguments& arguments) {
                      return show_authorizations(session, arguments.change.name, arguments.names);
                    });
    authorizing->add_option("id", to_authorize->change.name, "the account")->required();
    authorizing->add_option("names", to_authorize->names, "DNS names")->required();
    add_account_command(*acme, "delreg", "take an account out of the store, and deactivate it",
                        deactivate_accounts);
    add_account_command(*acme, "agree", "agree to the CA's present terms, which -t names",
                        agree_to_terms);
    add_account_command(*acme, "validate", "ask the CA about an account", validate_accounts);
  }

  void add_account_command(CLI::App& parent, const std::string& name,
                           const std::string& description,
                           Result<Answer> (*run)(Session&, const std::vector<std::string>&)) {
    const auto [command, arguments] = add_command(
        parent, Origin::ModMd, name, description,
        [run](Session& session, const Arguments& given) { return run(session, given.names); });
    command->add_option("ids", arguments->names, "their folders below accounts/");
  }

  CLI::App& app_;
  Invocation& invocation_;
};

void set_up(CLI::App& app) {
  app.name("a2md");
  app.require_subcommand(1);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

/// CLI11 has one version flag; callbacks of the same kind make two.
void add_versions(CLI::App& app, const std::string& own) {
  const auto answers = [](std::string version) {
    return [words = "version: " + std::move(version)] { throw CLI::CallForVersion(words, 0); };
  };
  app.add_flag_callback("-V", answers(kStandsInFor),
                        "print the version of mod_md's tool that this one stands in for")
      ->trigger_on_parse();
  app.add_flag_callback("--version", answers(own), "print the version of this tool")
      ->trigger_on_parse();
}

/// Also where the line could not be parsed to its end.
Format format_of(const std::vector<std::string>& arguments) {
  const auto is_json = [](const std::string& word) {
    const bool short_options = word.size() > 1 && word[0] == '-' && word[1] != '-';
    return word == "--json" || (short_options && word.find('j') != std::string::npos);
  };
  return std::ranges::any_of(arguments, is_json) ? Format::Json : Format::Text;
}

/// The command that the line names, as far as it does.
const CLI::App* chosen_command(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().back();
  }
  return command;
}

Rendered rendered_help(const CLI::App& app) {
  const bool is_ours = chosen_command(app)->get_group() == kOwnCommands;
  return is_ours ? Rendered{app.help(), "", 0} : Rendered{"", app.help(), 2};
}

Rendered rendered_refusal(const CLI::App& app, const CLI::ParseError& error, Format format) {
  const std::vector<std::string> unknown = app.remaining(true);
  const bool is_ours = chosen_command(app)->get_group() == kOwnCommands;
  const bool is_option =
      unknown.empty() ? error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ArgumentMismatch)
                      : unknown.front().starts_with('-');
  const std::string message =
      unknown.empty() ? std::string(error.what())
                      : fmt::format("'{}' is no command or option of a2md", unknown.front());
  Failure failure{.error = fail(ErrorKind::InvalidInput, message + "; see `a2md --help`")};
  failure.is_usage = !is_ours && (is_option || unknown.empty());
  Rendered rendered =
      render(refusal(std::move(failure)), format, is_ours ? Detail::Always : Detail::NotOfRefusals);
  if (!is_ours && is_option) {
    rendered.exit_code = 2;
  }
  return rendered;
}

/// mod_md's tool takes the options for all commands before the command: what is written so behind
/// it, in one word ("-a.example.org"), is a name that begins with a hyphen more likely than one.
std::optional<std::string> misplaced_option(const std::vector<std::string>& arguments) {
  constexpr std::string_view kWithValue = "aCdpt";
  const auto takes_next = [&](const std::string& word) {
    return word.size() == 2 && word[0] == '-' && kWithValue.find(word[1]) != std::string_view::npos;
  };
  bool is_behind_command = false;
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& word = arguments[i];
    if (takes_next(word)) {
      ++i;
    } else if (!word.starts_with('-')) {
      is_behind_command = true;
    } else if (is_behind_command && word.size() > 2 && takes_next(word.substr(0, 2))) {
      return word;
    }
  }
  return std::nullopt;
}

void collect_names(const CLI::App& app, const std::string& prefix,
                   std::vector<std::string>& names) {
  for (const CLI::App* command : app.get_subcommands({})) {
    const std::string name = prefix + command->get_name();
    if (command->get_subcommands({}).empty()) {
      names.push_back(name);
    }
    collect_names(*command, name + " ", names);
  }
}

}  // namespace

std::variant<Invocation, Rendered> parse_command_line(std::vector<std::string> arguments,
                                                      const std::string& version) {
  const Format format = format_of(arguments);
  CLI::App app("Looks after the managed domains of mod_md: what is in its store, and what to do.");
  set_up(app);
  add_versions(app, version);
  Invocation invocation;
  const Tree tree(app, invocation);
  if (const auto misplaced = misplaced_option(arguments)) {
    return Rendered{
        "",
        fmt::format("a2md: '{}' is no option here; see `a2md --help`\n", printable(*misplaced, 80)),
        2};
  }
  std::ranges::reverse(arguments);  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return rendered_help(app);
  } catch (const CLI::CallForVersion& call) {
    return Rendered{std::string(call.what()) + "\n", "", 0};
  } catch (const CLI::ParseError& error) {
    return rendered_refusal(app, error, format);
  }
  return invocation;
}

std::vector<std::string> command_names() {
  CLI::App app;
  set_up(app);
  Invocation invocation;
  const Tree tree(app, invocation);
  std::vector<std::string> names;
  collect_names(app, "", names);
  std::ranges::sort(names);
  return names;
}

}  // namespace md::cli
