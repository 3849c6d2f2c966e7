#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::platform {

/// Stored: append, never renumber.
enum class ImportState : std::uint8_t {
  checking = 1,
  checked = 2,  ///< waits for somebody to commit it
  committing = 3,
  done = 4,
  failed = 5,
  cancelled = 6,
};
[[nodiscard]] std::string_view to_string(ImportState state) noexcept;

/// Stored: append, never renumber.
enum class CommitMode : std::uint8_t { all_or_nothing = 1, good_lines = 2 };

/// What there is to say about a line of a file.
struct ImportFinding {
  std::size_t line = 0;   ///< of the file, from 1
  std::string kind{};     ///< a word: an error's name, or one of the import's own
  bool is_fault = true;   ///< the line cannot be imported; otherwise it is only to be known before committing
  std::string column{};   ///< empty: the line as a whole
  std::string message{};  ///< in English
};

/// What a check counted.
struct ImportCounts {
  std::size_t lines = 0;
  std::size_t good_lines = 0;  ///< known and conflicting ones among them
  std::size_t bad_lines = 0;
  std::size_t doubled_lines = 0;   ///< an earlier line says the same: left out
  std::size_t known_lines = 0;     ///< what they say is stored already
  std::size_t conflict_lines = 0;  ///< something else is stored
};

/// How a file is to be read.
struct ImportOptions {
  std::string time_zone{};  ///< IANA; of times in the file that bear no offset; empty: such times are refused
};

struct FileImport {
  std::int64_t id = 0;
  std::string name{};
  std::string format{};  ///< csv, xlsx or parquet: how the file begins
  std::string sha256{};  ///< of the file as it was given; hexadecimal
  ImportState state = ImportState::checking;
  ImportOptions options{};
  ImportCounts counts{};
  std::size_t lines_checked = 0;
  std::size_t lines_made = 0;  ///< for good, whatever becomes of the rest
  std::int64_t started_utc_ms = 0;
  std::int64_t finished_utc_ms = 0;       ///< 0: not yet
  std::string reason{};                   ///< why it failed or was given up; in English
  std::vector<ImportFinding> findings{};  ///< the first FileImports::findings_shown_max; none in lists
};

}  // namespace duheng::platform
