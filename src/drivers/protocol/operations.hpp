#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.hpp"
#include "base/error.hpp"
#include "drivers/bus/query.hpp"
#include "drivers/protocol/driver.hpp"
#include "model/field_parity.hpp"

namespace duheng::drivers {

/// What a command or a write is given.
struct OperationInputs {
  std::map<std::string, std::string, std::less<>> arguments;  ///< by the names the model gives them, as text
  std::string password;                                       ///< as its digits are written; secret
  std::string operator_code;                                  ///< as its digits are written
  std::int64_t utc_ms = 0;
  std::int32_t zone_offset_minutes = 480;  ///< of the civil time that the device keeps
};

/// How octets travel on a serial line. What is 0 or nothing is not said, or stays as it was.
struct LineFormat {
  std::uint32_t baud = 0;
  std::optional<FieldParity> parity{};
  [[nodiscard]] bool says_nothing() const noexcept { return baud == 0 && !parity; }
  friend bool operator==(const LineFormat&, const LineFormat&) = default;
};

/// How a device is reached once it has obeyed an operation that changes that. What is empty or 0 stays as it was.
struct NewPlace {
  std::string address;     ///< as Driver::address() takes it
  std::uint32_t baud = 0;  ///< of its serial line
  /// The operation reaches every device on the line, whatever its address: it is for a device that is alone there.
  bool reaches_all = false;
  /// The new speed or parity is meant for every device of the line, each told by itself, then for the line: see
  /// Operation::tell_format().
  bool whole_line = false;
  std::optional<FieldParity> parity{};  ///< of its serial line
  [[nodiscard]] LineFormat format() const noexcept { return {baud, parity}; }
  friend bool operator==(const NewPlace&, const NewPlace&) = default;
};

/// A command or write of a model, ready to be built. Immutable; shared by all devices of the model.
class Operation {
 public:
  virtual ~Operation() = default;
  /// What is to be asked, in this order, each only after the one before was answered and not refused (select before
  /// operate, connect before set). What changes the device is `at_most_once`.
  /// Errors: invalid_argument - an argument is missing, of the wrong form or out of range; forbidden - a password is
  /// needed. Nothing has been sent then.
  [[nodiscard]] virtual Result<std::vector<Query>> build(const OperationInputs& inputs) const = 0;
  /// Whether a password is needed.
  [[nodiscard]] virtual bool needs_password() const = 0;
  /// Goes to every device on the line and has no answer.
  [[nodiscard]] virtual bool is_broadcast() const { return false; }
  /// Nothing: the device is reached afterwards as before. Its answer may come from the old place, from the new one, or
  /// not at all: where the device is must be tried. Looks at the arguments alone; what is wrong with them build() says.
  [[nodiscard]] virtual std::optional<NewPlace> moves_to(const OperationInputs& inputs) const {
    static_cast<void>(inputs);
    return std::nullopt;
  }
  /// What asks the device for a speed or parity, whatever the arguments say of it: how a device is told again, or told
  /// back. The last question is the change; those before it change nothing (a CONNECT).
  /// Errors: unsupported - the operation changes no such thing; else as build().
  [[nodiscard]] virtual Result<std::vector<Query>> tell_format(const LineFormat& format,
                                                               const OperationInputs& inputs) const {
    static_cast<void>(format), static_cast<void>(inputs);
    return fail(ErrorCode::unsupported, "it changes nothing about the line");
  }
};

/// The argument of a command that changes a speed or a parity: with any value but "0" it is for the whole line.
inline constexpr std::string_view whole_line_argument = "whole_line";
[[nodiscard]] inline bool wants_whole_line(const OperationInputs& inputs) {
  const auto found = inputs.arguments.find(whole_line_argument);
  return found != inputs.arguments.end() && !found->second.empty() && found->second != "0";
}

/// A value out of a device's memory, with the device's own stamp.
struct HistoryValue {
  std::uint32_t item = 0;  ///< as ItemValue
  ItemState state = ItemState::good;
  std::int64_t mantissa = 0;
  std::int8_t exponent = 0;
  std::string_view unit;
  std::int64_t time_utc_ms = 0;  ///< end of the interval, by the device's clock and the zone given
};

struct HistoryRange {
  std::int64_t from_utc_ms = 0;  ///< (from, to]
  std::int64_t to_utc_ms = 0;
  std::int64_t now_utc_ms = 0;
  std::int32_t zone_offset_minutes = 480;
};

/// Reading one range out of one device's memory: a small state machine.
class HistoryRun {
 public:
  virtual ~HistoryRun() = default;
  /// The next question; nothing when the range is done, or the device has no more.
  [[nodiscard]] virtual std::optional<Query> next() = 0;
  /// Values of the answer to what next() gave last, those outside the range left out. False: the payload does not fit;
  /// keep the frame as evidence. next() goes on behind it.
  [[nodiscard]] virtual bool answered(ByteView payload, std::vector<HistoryValue>& out) = 0;
  /// The device refused; often "there is no such record". True: that is a plain end or gap, not a fault.
  [[nodiscard]] virtual bool refused(std::uint32_t error) = 0;
  /// Everything up to here, and not beyond, has been read or is known not to exist.
  [[nodiscard]] virtual std::int64_t complete_through_utc_ms() const = 0;
};

/// Load profile, freezes or event records of a model. Immutable; shared by all devices of the model.
class HistoryPlan {
 public:
  virtual ~HistoryPlan() = default;
  [[nodiscard]] virtual std::unique_ptr<HistoryRun> begin(const HistoryRange& range) const = 0;
  /// Values of this history in what a device tells of its own accord (Exchange::unasked); none where the protocol has
  /// no such thing.
  virtual void take_report(ByteView payload, const HistoryRange& range, std::vector<HistoryValue>& out) const {
    static_cast<void>(payload), static_cast<void>(range), static_cast<void>(out);
  }
};

}  // namespace duheng::drivers
