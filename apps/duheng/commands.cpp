#include "commands.hpp"

#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "platform/administration/administration.hpp"
#include "store/journal/journal.hpp"

namespace duheng {
namespace {

/// What every command needs: the machine's own clock, disk and randomness.
struct Machine {
  PosixDisk disk;
  SystemClock clock;
  SystemRandom random;
};

int report(const Error& error) {
  std::cerr << fmt::format("duheng: {} ({})\n", error.message, to_string(error.code));
  return 1;
}

struct Common {
  std::string data;
  Machine machine;
  Result<platform::Administration> open() {
    return platform::Administration::open(data, machine.disk, machine.clock, machine.random);
  }
};

std::shared_ptr<Common> common(CLI::App& command) {
  auto shared = std::make_shared<Common>();
  command.add_option("--data", shared->data, "The platform's data directory")
      ->required()
      ->check(CLI::ExistingDirectory);
  return shared;
}

void add_enrol(CLI::App& app, int& exit_code) {
  auto* enrol = app.add_subcommand("enrol", "Let something join the platform");
  enrol->require_subcommand(1);
  auto* gateway = enrol->add_subcommand("gateway", "Make a one-time code for a gateway");
  const auto shared = common(*gateway);
  auto name = std::make_shared<std::string>();
  auto organisation = std::make_shared<std::string>();
  auto hours = std::make_shared<double>(24);
  gateway->add_option("name", *name, "The gateway's name")->required();
  gateway->add_option("--organisation", *organisation,
                      "Make the gateway in the organisation with this code when it is not there");
  gateway->add_option("--valid-hours", *hours, "How long the code is good")
      ->check(CLI::Range(0.02, 720.0))
      ->capture_default_str();
  gateway->callback([=, &exit_code] {
    auto administration = shared->open();
    if (!administration) {
      exit_code = report(administration.error());
      return;
    }
    const auto code =
        administration->make_enrolment_code(*name, *organisation, static_cast<std::int64_t>(*hours * 3'600'000));
    if (!code) {
      exit_code = report(code.error());
      return;
    }
    std::cout << *code << '\n';
    std::cerr << fmt::format("Put this code into the gateway's code file. It works once, within {:g} h.\n", *hours);
  });
}

void add_user(CLI::App& app, int& exit_code) {
  auto* user = app.add_subcommand("user", "People who log in");
  user->require_subcommand(1);
  auto* create = user->add_subcommand(
      "create", "Make a user; prints a password made for them, which their first login asks to change");
  const auto shared = common(*create);
  auto name = std::make_shared<std::string>();
  auto role = std::make_shared<std::string>("viewer");
  auto organisation = std::make_shared<std::string>();
  create->add_option("name", *name)->required();
  create->add_option("--role", *role)->check(CLI::IsMember({"viewer", "operator", "admin"}))->capture_default_str();
  create->add_option("--organisation", *organisation,
                     "Code of the organisation they see, with all below it; empty: everything");
  create->callback([=, &exit_code] {
    auto administration = shared->open();
    if (!administration) {
      exit_code = report(administration.error());
      return;
    }
    const auto made = administration->create_user(*name, *platform::role_of(*role), *organisation, std::nullopt, true);
    if (!made) {
      exit_code = report(made.error());
      return;
    }
    std::cout << made->password << '\n';
  });
  auto* reset = user->add_subcommand("reset-password",
                                     "Print a new password, to be changed at the next login; ends the user's sessions");
  const auto reset_shared = common(*reset);
  auto reset_name = std::make_shared<std::string>();
  reset->add_option("name", *reset_name)->required();
  reset->callback([=, &exit_code] {
    auto administration = reset_shared->open();
    const auto password =
        administration ? administration->reset_password(*reset_name, true) : std::unexpected(administration.error());
    if (!password) {
      exit_code = report(password.error());
      return;
    }
    std::cout << *password << '\n';
  });
}

void add_world(CLI::App& app, int& exit_code) {
  auto* world = app.add_subcommand("world", "Organisations, sites, gateways and devices as files");
  world->require_subcommand(1);
  auto* load =
      world->add_subcommand("load", "Make what a YAML file names and is not there yet; the platform must not run");
  const auto shared = common(*load);
  auto file = std::make_shared<std::string>();
  load->add_option("file", *file)->required()->check(CLI::ExistingFile);
  load->callback([=, &exit_code] {
    const auto parsed = platform::load_world(*file);
    if (!parsed) {
      exit_code = report(parsed.error());
      return;
    }
    auto administration = shared->open();
    const auto made = administration ? administration->make_world(*parsed) : std::unexpected(administration.error());
    if (!made) {
      exit_code = report(made.error());
      return;
    }
    std::cout << fmt::format("made {} organisations, {} sites, {} gateways, {} devices; {} were there\n",
                             made->organisations, made->sites, made->gateways, made->devices, made->already_there);
  });
}

void add_verify(CLI::App& app, int& exit_code) {
  auto* verify =
      app.add_subcommand("verify", "Read every octet of the journal and check hashes and tags; changes nothing");
  const auto shared = common(*verify);
  verify->callback([=, &exit_code] {
    const platform::PlatformPaths paths(shared->data);
    const auto keys = crypto::LocalKeyProvider::open(shared->machine.disk, shared->machine.random, paths.master_key());
    if (!keys) {
      exit_code = report(keys.error());
      return;
    }
    const auto found = store::SegmentLog::verify_directory(shared->machine.disk, **keys, paths.journal(), "journal");
    if (!found) {
      exit_code = report(found.error());
      return;
    }
    for (const auto& finding : found->findings)
      std::cout << fmt::format("{} at octet {}: {}\n", finding.file, finding.offset, finding.what);
    std::cout << fmt::format("journal: {} segments, {} blocks, {} records, {} octets, {} findings\n", found->segments,
                             found->blocks, found->entries, found->bytes, found->findings.size());
    exit_code = found->sound() ? 0 : 1;
  });
}

}  // namespace

void add_administration_commands(CLI::App& app, int& exit_code) {
  add_enrol(app, exit_code);
  add_user(app, exit_code);
  add_world(app, exit_code);
  add_verify(app, exit_code);
}

}  // namespace duheng
