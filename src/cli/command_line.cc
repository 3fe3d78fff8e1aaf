// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>

#include "cli/domain_commands.h"

namespace md::cli {
namespace {

/// What one command takes. CLI11 writes into it; the command reads it when it runs.
struct Arguments {
  std::vector<std::string> names;
  Change change;
  bool force{false};
};

/// Puts the commands into the tree; the one on the command line ends up in `invocation.run`.
class Tree {
 public:
  Tree(CLI::App& app, Invocation& invocation) : app_(app), invocation_(invocation) {
    add_options();
    add_domain_commands(app_);
    add_store_commands();
  }

 private:
  using Run = std::function<Result<Answer>(Session&, const Arguments&)>;
  using Shared = std::shared_ptr<Arguments>;

  void add_options() {
    Options& options = invocation_.options;
    app_.add_option("-a,--ca", options.ca_urls, "URL or name of a CA; several: one after the other")
        ->allow_extra_args(false);
    app_.add_option("-C,--ca-certs", options.ca_certificate_file,
                    "PEM file of roots to trust when talking to the CA");
    app_.add_option("-d,--dir", options.store_dir, "the store, as MDStoreDir")
        ->capture_default_str();
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

  std::pair<CLI::App*, Shared> add_command(CLI::App& parent, const std::string& name,
                                           const std::string& description, Run run) {
    CLI::App* command = parent.add_subcommand(name, description);
    command->fallthrough();
    auto arguments = std::make_shared<Arguments>();
    command->callback([this, arguments, run = std::move(run)] {
      invocation_.run = [arguments, run](Session& session) { return run(session, *arguments); };
    });
    return {command, arguments};
  }

  /// Those that are there below `store`, too; `add` differs in the state that it gives.
  void add_domain_commands(CLI::App& parent) {
    const bool in_store = &parent != &app_;
    const auto state = in_store ? model::DomainState::Unknown : model::DomainState::Incomplete;
    add_command(parent, "list", "the managed domains in the store",
                [](Session& session, const Arguments&) { return list(session); });
    const auto [adding, to_add] =
        add_command(parent, "add", "a new managed domain of these names",
                    [state](Session& session, const Arguments& arguments) {
                      return add(session, arguments.names, state);
                    });
    adding->preparse_callback([this](std::size_t) { invocation_.makes_store = true; });
    adding->add_option("names", to_add->names, "DNS names; the first is its name, too")->required();
    const auto [updating, to_update] =
        add_command(parent, "update", "change what a managed domain says",
                    [](Session& session, const Arguments& arguments) {
                      return update(session, arguments.change);
                    });
    updating->add_option("name", to_update->change.name, "the managed domain")->required();
    updating->add_option("aspect", to_update->change.aspect,
                         std::string("what to change: ") + kAspects);
    updating->add_option("values", to_update->change.values, "its new values");
  }

  void add_store_commands() {
    CLI::App* store = app_.add_subcommand("store", "the files alone");
    store->fallthrough()->require_subcommand(1);
    add_domain_commands(*store);
    const auto [removing, to_remove] =
        add_command(*store, "remove", "move managed domains to the archive",
                    [](Session& session, const Arguments& arguments) {
                      return remove(session, arguments.names,
                                    arguments.force ? Missing::IsFine : Missing::IsAnError);
                    });
    removing->add_option("names", to_remove->names, "the managed domains")->required();
    removing->add_flag("-f,--force", to_remove->force, "unknown names are no error");
  }

  CLI::App& app_;
  Invocation& invocation_;
};

void set_up(CLI::App& app) {
  app.name("a2md");
  app.require_subcommand(1);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

/// Also where the line could not be parsed to its end.
Format format_of(const std::vector<std::string>& arguments) {
  const auto is_json = [](const std::string& word) {
    const bool short_options = word.size() > 1 && word[0] == '-' && word[1] != '-';
    return word == "--json" || (short_options && word.find('j') != std::string::npos);
  };
  return std::ranges::any_of(arguments, is_json) ? Format::Json : Format::Text;
}

Rendered rendered_refusal(const CLI::ParseError& error, Format format) {
  std::string message = error.what();
  return render(fail(ErrorKind::InvalidInput, message + "; see `a2md --help`"), format);
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
  app.set_version_flag("-V,--version", "a2md " + version, "print the version");
  Invocation invocation;
  const Tree tree(app, invocation);
  std::ranges::reverse(arguments);  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return Rendered{app.help(), "", 0};
  } catch (const CLI::CallForVersion& call) {
    return Rendered{std::string(call.what()) + "\n", "", 0};
  } catch (const CLI::ParseError& error) {
    return rendered_refusal(error, format);
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
