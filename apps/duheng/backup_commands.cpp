#include "backup_commands.hpp"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "tools/backup/backup.hpp"

namespace duheng {
namespace {

void add_place(CLI::App& command, store::PlaceAddress& place) {
  command.add_option("--place", place.address, "A directory, or sftp://user@host[:port]/directory")->required();
  command.add_option("--host-key", place.host_key_sha256, "Of sftp: the server's key as ssh-keygen -lf prints it");
  command.add_option("--identity", place.key_file, "Of sftp: a private key without a passphrase, mode 0600")
      ->check(CLI::ExistingFile);
}

/// One of the two ways to the keys.
void add_keys(CLI::App& command, std::string& passphrase_file, std::string& key_file) {
  auto* group = command.add_option_group("keys", "What opens the backup");
  group->add_option("--passphrase-file", passphrase_file, "The recovery passphrase in its first line, mode 0600")
      ->check(CLI::ExistingFile);
  group->add_option("--key-file", key_file, "Or: a copy of keys/master.key, its later versions beside it")
      ->check(CLI::ExistingFile);
  group->require_option(1);
}

void add_backup(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "backup", "Make a backup of a platform that does not run (a running one makes its own, and on demand)");
  auto options = std::make_shared<tools::BackupOptions>();
  options->product = DUHENG_VERSION;
  command->add_option("--data", options->data, "The platform's data directory")
      ->required()
      ->check(CLI::ExistingDirectory);
  add_place(*command, options->place);
  command
      ->add_option("--passphrase-file", options->passphrase_file,
                   "Seal the keys anew under the passphrase in its first line, mode 0600")
      ->check(CLI::ExistingFile);
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([options, &exit_code] { exit_code = tools::run_backup(*options, std::cout, std::cerr); });
}

void add_restore(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("restore", "Compare everything in a backup, then write it into a new directory");
  auto options = std::make_shared<tools::RestoreOptions>();
  add_place(*command, options->place);
  add_keys(*command, options->passphrase_file, options->key_file);
  command->add_option("--into", options->into, "The data directory to be; must not be there, or be empty")->required();
  command->add_option("--set", options->set, "Number of the set; without it the newest");
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([options, &exit_code] { exit_code = tools::run_restore(*options, std::cout, std::cerr); });
}

void add_drill(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "drill", "Try a backup: restore it into a directory that goes again, verify everything, tell how long it took");
  auto options = std::make_shared<tools::DrillOptions>();
  add_place(*command, options->place);
  add_keys(*command, options->passphrase_file, options->key_file);
  command->add_option("--set", options->set, "Number of the set; without it the newest");
  command
      ->add_option("--scratch", options->scratch, "Where the directory is made; without it the one for temporary files")
      ->check(CLI::ExistingDirectory);
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([options, &exit_code] { exit_code = tools::run_drill(*options, std::cout, std::cerr); });
}

}  // namespace

void add_backup_commands(CLI::App& app, int& exit_code) {
  add_backup(app, exit_code);
  add_restore(app, exit_code);
  add_drill(app, exit_code);
}

}  // namespace duheng
