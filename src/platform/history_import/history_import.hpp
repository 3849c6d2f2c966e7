#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/ids.hpp"

namespace duheng::platform {

namespace history_limits {
inline constexpr std::size_t file_bytes_max = 16U << 20;
inline constexpr std::size_t lines_max = 200'000;
inline constexpr std::size_t held_max = 4;      ///< files being checked, waiting to be committed, or committed
inline constexpr std::size_t listed_max = 100;  ///< of everybody; older ones are forgotten
inline constexpr std::size_t findings_shown_max = 200;
inline constexpr std::int64_t held_ms_max = 2 * 3'600'000;
inline constexpr std::size_t line_bytes_max = 8'192;
inline constexpr std::size_t lines_per_batch = 5'000;
inline constexpr std::size_t batch_bytes_wanted = 1U << 20;
}  // namespace history_limits

/// What the check has to say about a line.
enum class FindingKind : std::uint8_t {
  malformed_line,    ///< no record of the file's form
  unknown_device,    ///< none such, or another's
  not_read_then,     ///< the device had no sender at that time
  unknown_register,  ///< neither its readings nor its model know it
  bad_number,        ///< no decimal number, or finer than the register
  bad_unit,          ///< another unit than the register's
  bad_time,          ///< no time with an offset, before 2000, or in the future
  contradiction,     ///< an earlier line says another value for the same time
  doubled,           ///< an earlier line says the same: left out
  known,             ///< the same value is there already: becomes evidence
  conflict,          ///< another value is there already: both are kept
};
[[nodiscard]] std::string_view to_string(FindingKind kind) noexcept;
/// Whether the line cannot be imported. The others are to be known before committing.
[[nodiscard]] constexpr bool is_fault(FindingKind kind) noexcept { return kind < FindingKind::doubled; }

struct HistoryFinding {
  std::size_t line = 0;  ///< of the file, from 1
  FindingKind kind = FindingKind::malformed_line;
  std::string column{};
  std::string message{};  ///< in English
};

enum class HistoryState : std::uint8_t { checking, checked, committing, done, failed, cancelled };
[[nodiscard]] std::string_view to_string(HistoryState state) noexcept;

struct HistoryImport {
  std::int64_t id = 0;
  std::string name{};
  std::string sha256{};  ///< of the file as it was given; hexadecimal
  HistoryState state = HistoryState::checking;
  std::size_t lines = 0;
  std::size_t lines_checked = 0;
  std::size_t good_lines = 0;  ///< known and conflicting ones among them
  std::size_t bad_lines = 0;
  std::size_t doubled_lines = 0;  ///< left out
  std::size_t known_lines = 0;
  std::size_t conflict_lines = 0;
  std::size_t lines_imported = 0;  ///< durable in the journal
  std::int64_t started_utc_ms = 0;
  std::int64_t finished_utc_ms = 0;  ///< 0: not yet
  std::string reason{};
  std::vector<HistoryFinding> findings{};
};

enum class HistoryCommitMode : std::uint8_t { all_or_nothing, good_lines };

}  // namespace duheng::platform
