#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "base/error.hpp"
#include "drivers/models/validation_rule.hpp"
#include "drivers/protocol/operations.hpp"
#include "model/reading.hpp"

namespace duheng::drivers {

/// One value of a meter type: where it stands in an answer, what it is, what is plausible.
struct ModelItem {
  static constexpr std::uint16_t no_slot = UINT16_MAX;
  std::string register_name;
  std::string unit;
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
  std::uint16_t register_slot = 0;  ///< place among the model's registers, the same for all items of one register
  ValidationRule rule;
  [[nodiscard]] Register as_register() const noexcept { return {register_name, unit, exponent, kind}; }
};

/// One question and the values its answer holds.
struct ModelQuestion {
  Query query;
  std::shared_ptr<const AnswerReader> reader;
  std::vector<ModelItem> items;  ///< by ItemValue::item
};

/// What a command or a write may do to people and things when it is given by mistake.
enum class Danger : std::uint8_t {
  none,
  supply,        ///< somebody loses water, gas, power or heat, or gets it back unawares
  irreversible,  ///< what the device counted or noted down is gone
};
[[nodiscard]] std::string_view to_string(Danger danger) noexcept;

enum class ArgumentType : std::uint8_t { integer, decimal, text, time, choice };
[[nodiscard]] std::string_view to_string(ArgumentType type) noexcept;

struct ModelChoice {
  std::string value;          ///< as an order names it
  std::int64_t mantissa = 0;  ///< as the device reads it back
  std::string title_english;
  std::string title_chinese;
};

/// What a command or a write is given, always as text: an integer or a decimal in plain notation, in `unit`; a time as
/// YYYY-MM-DDThh:mm:ss by the device's civil clock; a choice's value.
struct ModelArgument {
  std::string name;
  std::string title_english;
  std::string title_chinese;
  ArgumentType type = ArgumentType::text;
  std::string unit;
  std::optional<Decimal> minimum;  ///< of integer and decimal; of text: characters
  std::optional<Decimal> maximum;
  std::vector<ModelChoice> choices;
  bool required = true;
  bool secret = false;  ///< never shown, never logged, e.g. a new password
};
/// Errors: invalid_argument - the text is not of the argument's type, out of range or no choice.
[[nodiscard]] Result<void> check_argument(const ModelArgument& argument, std::string_view text);

/// What to ask after a command to see what it did.
struct ReadBack {
  struct Expectation {
    std::uint32_t item = 0;  ///< of the question
    /// bit_set and event: (mantissa & mask) == value. Without `argument` also for decimals, with all bits.
    std::uint64_t mask = UINT64_MAX;
    std::uint64_t value = 0;
    std::string argument;  ///< instead: the register equals this argument
  };
  ModelQuestion question;
  std::vector<Expectation> expectations;  ///< all must hold
  std::int64_t within_ms = 30'000;        ///< ask again until they hold or this has passed since the command's answer
  std::int64_t first_after_ms = 1'000;
};

/// What a gateway does itself; see maintenance.hpp.
enum class Maintenance : std::uint8_t { none, ping, channel_restart, gateway_restart };

/// A command; its name is the same for all models that have it, e.g. relay_trip.
struct ModelCommand {
  std::string name;
  std::string title_english;
  std::string title_chinese;
  Danger danger = Danger::none;
  std::vector<ModelArgument> arguments;
  std::shared_ptr<const Operation> operation;  ///< null: `maintenance` says what is done
  std::optional<ReadBack> read_back;
  Maintenance maintenance = Maintenance::none;
};
/// Errors: invalid_argument - one is missing, unknown, or wrong; the message names it.
[[nodiscard]] Result<void> check_arguments(std::span<const ModelArgument> arguments, const OperationInputs& inputs);
/// What a read-back must find. Errors: invalid_argument - the argument it compares with is missing or wrong.
[[nodiscard]] Result<bool> holds(const ReadBack& read_back, std::span<const ModelArgument> arguments,
                                 const OperationInputs& inputs, std::span<const ItemValue> values);

/// Something that the device keeps and that can be read and, mostly, written.
struct ModelParameter {
  std::string name;
  std::string title_english;
  std::string title_chinese;
  Danger danger = Danger::none;
  ModelArgument value;                     ///< what may be written; its name is "value"
  std::shared_ptr<const Operation> write;  ///< null: read only
  ModelQuestion question;                  ///< reads it
  std::uint32_t item = 0;                  ///< of the question
};
/// What the register must read back after `text` was written, in its exponent.
/// Errors: invalid_argument - not a value of this argument, or finer than the register.
[[nodiscard]] Result<std::int64_t> expected_mantissa(const ModelArgument& argument, const ModelItem& item,
                                                     std::string_view text);

enum class HistoryKind : std::uint8_t { profile, daily_freeze, monthly_freeze, events };
[[nodiscard]] std::string_view to_string(HistoryKind kind) noexcept;

/// What the device remembers: load profile, freezes, settlements, events.
struct ModelHistory {
  std::string name;
  std::string title_english;
  std::string title_chinese;
  HistoryKind kind = HistoryKind::profile;
  std::int64_t interval_ms = 0;        ///< 0: irregular
  std::int64_t depth_days = 0;         ///< how far back it goes
  std::int64_t fetch_interval_ms = 0;  ///< how often to fetch what is new; 0: only on demand
  std::vector<ModelItem> items;        ///< by HistoryValue::item
  std::shared_ptr<const HistoryPlan> plan;
};

/// One value that a clock question brought.
struct ClockPart {
  std::uint32_t question = 0;  ///< place in ModelClock::questions
  std::uint32_t item = 0;
  std::int64_t mantissa = 0;
};

struct ModelClock {
  /// To be asked one right behind the other. Their registers are `clock` (CCYYMMDDhhmmss), or `clock_date` (YYMMDDWW)
  /// and `clock_time` (hhmmss).
  std::vector<ModelQuestion> questions;
  std::int64_t tolerance_ms = 0;           ///< beyond it the clock is worth a correction
  std::int64_t broadcast_step_max_ms = 0;  ///< what a device takes from a broadcast; 0: it takes none
  std::string set_command;                 ///< empty: there is none
  std::string broadcast_command;
  std::int64_t check_interval_ms = 0;
};
/// The moment that the device's clock showed. Nothing when a part is missing or names no time that exists, and in the
/// minute before and after midnight when date and time came in two answers: ask again then.
[[nodiscard]] std::optional<std::int64_t> device_utc_ms(const ModelClock& clock, std::span<const ClockPart> parts,
                                                        std::int32_t zone_offset_minutes);

}  // namespace duheng::drivers
