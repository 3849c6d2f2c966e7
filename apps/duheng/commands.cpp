#include "commands.hpp"

#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "backup_commands.hpp"
#include "platform/administration/administration.hpp"
#include "store/seal/directory_lock.hpp"
#include "tools/trace/trace.hpp"
#include "tools/verify/verify.hpp"

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
  auto* verify = app.add_subcommand(
      "verify",
      "Check every file of a platform's or gateway's data directory whose program does not run; changes nothing");
  auto options = std::make_shared<tools::VerifyOptions>();
  verify->add_option("directories,--data", options->directories, "Data directories")->check(CLI::ExistingDirectory);
  auto* journal = verify->add_option("--journal", options->journal, "Instead: a journal, or copies of its segments")
                      ->check(CLI::ExistingDirectory);
  auto* key =
      verify->add_option("--key", options->key_file, "The key file that opens --journal")->check(CLI::ExistingFile);
  journal->needs(key);
  verify->add_flag("--deep", options->deep, "Read the databases through their engines even where a seal proves them");
  verify->add_flag("--json", options->json, "One JSON object for each directory");
  verify->add_flag("--progress", options->progress, "Tell on standard error what is being read");
  verify->callback([options, &exit_code] {
    if (options->directories.empty() && options->journal.empty()) {
      std::cerr << "name a data directory, or --journal with --key\n";
      exit_code = tools::verify_unusable;
      return;
    }
    exit_code = tools::run_verify(*options, std::cout, std::cerr);
  });
}

void add_keys(CLI::App& app, int& exit_code) {
  auto* keys = app.add_subcommand("keys", "Keys of data at rest");
  keys->require_subcommand(1);
  auto* rotate = keys->add_subcommand(
      "rotate", "Make a new key for what is written from the next start on; old data keeps needing the old key files");
  auto data = std::make_shared<std::string>();
  rotate->add_option("--data", *data, "Data directory of a platform or a gateway that does not run")
      ->required()
      ->check(CLI::ExistingDirectory);
  rotate->callback([data, &exit_code] {
    Machine machine;
    const std::string of_platform = platform::PlatformPaths(*data).master_key();
    const std::string path = machine.disk.exists(of_platform) ? of_platform : *data + "/master.key";
    const auto lock = store::DirectoryLock::take(*data);
    const auto version = lock ? crypto::LocalKeyProvider::add_version(machine.disk, machine.random, path)
                              : Result<std::uint32_t>(std::unexpected(lock.error()));
    if (!version) {
      exit_code = report(version.error());
      return;
    }
    std::cout << *version << '\n';
    std::cerr << fmt::format("Version {} is used from the next start on. Back up {}.{} with the older ones.\n",
                             *version, path, *version);
  });
}

void add_trace(CLI::App& app, int& exit_code) {
  auto* trace = app.add_subcommand("trace", "Print the whole way of a figure back to the octets of its frames");
  auto options = std::make_shared<tools::TraceOptions>();
  auto* url = trace->add_option("--url", options->url, "Of a running platform, e.g. https://localhost:8443");
  trace->add_option("--user", options->user, "Who asks it")->needs(url);
  trace->add_option("--password-file", options->password_file, "The password in its first line; -: standard input")
      ->needs(url);
  trace->add_option("--ca", options->authority_file, "PEM that the platform's certificate must lead to")
      ->needs(url)
      ->check(CLI::ExistingFile);
  trace->add_option("--data", options->data, "Or: data directory of a platform that does not run")
      ->check(CLI::ExistingDirectory);
  trace->add_option("--frame", options->frame, "A frame's number as the web pages show it");
  trace->add_option("--device", options->device, "The device's uid, with --register");
  trace->add_option("--register", options->register_name, "e.g. energy_active_import_total");
  trace->add_option("--gateway", options->gateway, "The gateway's id, when several have sent the device");
  trace->add_option("--time", options->time, "Of a value, e.g. 2026-11-21T00:00:00+08:00; without it the latest");
  trace->add_option("--from", options->from, "A consumption after this moment ...");
  trace->add_option("--to", options->to, "... up to and with this one");
  trace->add_option("--day", options->day, "The consumption of a civil day, YYYY-MM-DD");
  trace->add_option("--month", options->month, "The consumption of a month, YYYY-MM");
  trace
      ->add_option("--bucket", options->bucket, "The row kept of the bucket that --day lies in, and the same made anew")
      ->check(CLI::IsMember({"hour", "day", "week", "month", "year"}));
  trace->add_option("--point", options->point, "A metering point's id: what it consumed, over exchanges of meters");
  trace->add_option("--zone", options->zone, "Of --day and --month")->capture_default_str();
  trace->add_option("--lang", options->language)->check(CLI::IsMember({"en", "zh"}))->capture_default_str();
  trace->add_flag("--json", options->json, "One JSON object");
  trace->callback([options, &exit_code] { exit_code = tools::run_trace(*options, std::cin, std::cout, std::cerr); });
}

}  // namespace

void add_administration_commands(CLI::App& app, int& exit_code) {
  add_enrol(app, exit_code);
  add_user(app, exit_code);
  add_world(app, exit_code);
  add_verify(app, exit_code);
  add_trace(app, exit_code);
  add_keys(app, exit_code);
  add_backup_commands(app, exit_code);
}

}  // namespace duheng
