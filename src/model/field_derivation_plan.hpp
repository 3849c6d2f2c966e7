#pragma once
// What a platform's plan says a gateway makes of readings. Part of model/field_plan.hpp.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duheng {

namespace field_plan_limits {
inline constexpr std::size_t rules_max = 50'000;
inline constexpr std::size_t rule_bytes_max = 2'048;
inline constexpr std::size_t sums_max = 1'000;
inline constexpr std::size_t sum_members_max = 20'000;       ///< of one sum
inline constexpr std::size_t sum_members_all_max = 200'000;  ///< named by all sums of a plan together
inline constexpr std::size_t sum_register_bytes_max = 53;    ///< room for "_incomplete" behind it
}  // namespace field_plan_limits

/// One rule for the values of one device.
struct FieldRule {
  std::string device;  ///< its uid
  std::string into;    ///< the result's register, each once for a device
  /// The rule as drivers::write_processing_rule() writes it. Both ends read it with the reader of a gateway's own
  /// file, so a gateway of an older release tells a key that it does not know instead of passing over it.
  std::string text;
  friend bool operator==(const FieldRule&, const FieldRule&) = default;
};

/// A group of meters whose registers are added up at the settlement instants, as people write it: in a plan or in a
/// gateway's own file.
struct FieldSum {
  std::string uid;  ///< of the gateway's virtual device that has the sum
  std::string register_name = "energy_active_import_total";
  std::string unit = "kWh";
  std::int8_t exponent = -4;           ///< of the sum; a member's value that is finer counts as missing
  std::int64_t interval_ms = 900'000;  ///< instants are its multiples since 1970 in UTC
  std::int64_t tolerance_ms = 0;       ///< a value so near to the instant counts as of that instant
  std::int64_t wait_ms = 1'800'000;    ///< after the last value that came, until it is told how many are missing
  std::string channel;                 ///< all devices on it, besides the members named
  std::vector<std::string> members;    ///< device uids, rising, each once
  friend bool operator==(const FieldSum&, const FieldSum&) = default;
};
struct FieldSumFault {
  std::string_view key;  ///< as a gateway's file names it; empty: the whole
  std::string reason;
};
/// What is wrong with it, if anything. The order of `members` is not looked at.
[[nodiscard]] std::optional<FieldSumFault> find_fault(const FieldSum& sum);

/// A problem's reason begins so when it is one of a rule (`rule <into>: ...`; the subject is the device, which serves)
/// or of a sum (the subject is its uid).
inline constexpr std::string_view rule_problem_prefix = "rule ";
inline constexpr std::string_view sum_problem_prefix = "sum: ";

}  // namespace duheng
