#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "platform/alarms/alarm_condition.hpp"

namespace duheng::platform::alarms {

/// One text in the two languages of the product. `{name}` stands for the fact of that name.
struct KindText {
  std::string_view zh_cn;
  std::string_view en;
};

/// What is known about a kind of alarm before one exists. The list is alarm_kinds.cpp; README.md tells how to add one.
struct AlarmKind {
  std::string_view word;                  ///< snake_case, never changed once released: it is stored
  Severity severity = Severity::warning;  ///< the usual one; whoever raises it may say another
  /// The subject gives no sign of itself. Such an alarm holds back those of the same nature below it in the topology:
  /// who cannot be heard because the way there is broken is not broken itself.
  bool is_silence = false;
  std::int64_t delay_ms = 0;      ///< the condition must hold so long before it is shown
  std::int64_t rest_ms = 60'000;  ///< over for less than this and there again: the same alarm, which does not ring anew
  std::int64_t release_ms = 300'000;  ///< held back, and the cause is over: still so after this, it comes up itself
  KindText title;
  KindText message;  ///< one sentence with the facts
  KindText remedy;   ///< what to do
};

/// Sorted by word.
[[nodiscard]] std::span<const AlarmKind> alarm_kinds() noexcept;

/// A kind nobody listed gets an entry that shows its word: an alarm is never lost because a text is missing.
[[nodiscard]] AlarmKind alarm_kind(std::string_view word) noexcept;
[[nodiscard]] bool is_listed_kind(std::string_view word) noexcept;

/// The kind that stands for many of one kind at once; see AlarmMachine.
inline constexpr std::string_view flood_kind = "alarm_flood";

}  // namespace duheng::platform::alarms
