#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace duheng::platform {

namespace history_limits {
inline constexpr std::size_t file_bytes_max = 16U << 20;
inline constexpr std::size_t lines_max = 200'000;
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

}  // namespace duheng::platform
