#pragma once

namespace CLI {
class App;
}

namespace duheng {

/// `duheng enrol`, `user`, `world`, `verify`, `trace`: what is done on a platform's data directory.
void add_administration_commands(CLI::App& app, int& exit_code);

}  // namespace duheng
