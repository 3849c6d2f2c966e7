#pragma once
#include <string>

namespace CLI {
class App;
}

namespace duheng {

/// `duheng conformity`: judges a device type's declaration, clause by clause. The product's own rule sets lie in
/// `share_directory`/rules.
void add_conformity_command(CLI::App& app, const std::string& share_directory, int& exit_code);

}  // namespace duheng
