#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "model/reading.hpp"

namespace duheng {

/// What a platform wants done at one device. The id is the platform's, random, and the same order for ever: a gateway
/// that has seen it answers with what became of it and does nothing again.
using OrderId = std::array<std::uint8_t, 16>;

/// Numbered as in control.proto. Stored: append, never renumber.
enum class OrderKind : std::uint8_t {
  read = 1,       ///< registers, now, before all polling
  command = 2,    ///< a command of the device's model, at most once
  parameter = 3,  ///< writes one parameter of the model, at most once, and reads it back
  history = 4,    ///< load profile, freezes or event records between two times
};
[[nodiscard]] std::string_view to_string(OrderKind kind) noexcept;

/// What became of an order at one device. Stored: append, never renumber.
enum class OrderState : std::uint8_t {
  waiting = 1,    ///< the gateway has it
  under_way = 2,  ///< its first octet has left, or may have
  done = 3,       ///< answered, and where the model names a read-back, that agrees
  refused = 4,    ///< the device, or the gateway before asking it, said no: nothing was changed
  unknown = 5,    ///< nobody knows whether it was done: the answer was lost and the read-back, if any, too
  failed = 6,     ///< the device answered, but the read-back shows that it was not done; or reading got no answer
  expired = 7,    ///< its time was over before it was begun
  cancelled = 8,  ///< before it was begun
};
[[nodiscard]] std::string_view to_string(OrderState state) noexcept;
[[nodiscard]] constexpr bool is_final(OrderState state) noexcept { return state >= OrderState::done; }

struct OrderArgument {
  std::string name;
  std::string value;  ///< as text; the model says of what type
};

struct FieldOrder {
  OrderId id{};
  std::string device_uid;
  OrderKind kind = OrderKind::read;
  std::string name;                      ///< of the model's command, parameter or history
  std::vector<std::string> registers;    ///< read: names in the model's groups or parameters
  std::string item;                      ///< read: one item as a model file writes it, in place of `registers`
  std::vector<OrderArgument> arguments;  ///< command: by name; parameter: "value"
  std::string password;                  ///< secret: never logged, never stored at a gateway
  std::string operator_code;             ///< whom the device notes down as its author
  std::int64_t lifetime_ms = 60'000;     ///< from its arrival at the gateway: not begun by then, it expires
  std::int64_t from_utc_ms = 0;          ///< history: (from, to]
  std::int64_t to_utc_ms = 0;
};

/// One value that an order brought, exactly as the device gave it.
struct OrderValue {
  std::string register_name;
  std::string unit;
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
  std::int64_t mantissa = 0;
  Quality quality = Quality::good;
  std::int64_t time_utc_ms = 0;
  bool read_back = false;  ///< asked for after a command, to see what it did
};

/// What went over the line for an order; secrets in it are overwritten (see drivers::Driver::mask_secrets).
struct OrderFrame {
  Protocol protocol = Protocol::unknown;
  Bytes request;
  Bytes response;
  std::int64_t sent_utc_ms = 0;
  std::int64_t received_utc_ms = 0;
};

struct OrderReport {
  OrderId id{};
  OrderState state = OrderState::waiting;
  std::string
      reason;  ///< machine word, e.g. "no_answer", "password_wrong", "read_back_differs"; empty when all is well
  std::string detail;  ///< for people, in English
  std::int64_t utc_ms = 0;
  std::vector<OrderValue> values;
  std::vector<OrderFrame> frames;
};

}  // namespace duheng
