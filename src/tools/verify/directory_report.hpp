#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace duheng::tools {

struct DirectoryFinding {
  std::string file;          ///< within the directory
  std::uint64_t offset = 0;  ///< where that is known
  std::string what;
};

/// One thing that was checked: the journal, the seal, a database.
struct CheckedPart {
  std::string name;
  std::string how;  ///< what was compared with what
  std::uint64_t files = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

struct DirectoryReport {
  std::string directory;
  std::string kind;  ///< "platform", "gateway", "journal"
  bool sealed = false;
  std::vector<CheckedPart> parts;
  std::vector<DirectoryFinding> findings;
  std::vector<std::string> unproven;  ///< files that no check covers entirely, and why
};

}  // namespace duheng::tools
