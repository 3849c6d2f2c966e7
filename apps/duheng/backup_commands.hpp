#pragma once

namespace CLI {
class App;
}

namespace duheng {

/// `duheng backup`, `restore`, `drill`.
void add_backup_commands(CLI::App& app, int& exit_code);

}  // namespace duheng
