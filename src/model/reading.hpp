#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace duheng {

/// How a series' mantissas are to be understood. Stored: append, never renumber.
enum class SeriesKind : std::uint8_t {
  decimal = 0,    ///< value = mantissa x 10^exponent
  ieee_bits = 1,  ///< the mantissa holds the bits of a double
  bit_set = 2,    ///< status words; the meaning of each bit stands in the device model
  event = 3,      ///< something happened; the mantissa is the device's own code or count
};

/// Who made a time stamp. Stored: append, never renumber.
enum class TimeSource : std::uint8_t { meter = 0, gateway = 1, platform = 2 };

/// Findings on a reading, as a bit set; 0 is "good". Stored: append, never renumber.
enum class Quality : std::uint16_t {
  good = 0,
  out_of_range = 1U << 0,      ///< outside the range the device model states
  rate_exceeded = 1U << 1,     ///< changed faster than the device model allows
  decreased = 1U << 2,         ///< a register that only counts up went down: roll-over, exchange, reset or fault
  clock_suspect = 1U << 3,     ///< the time stamp's source was not in step
  invalid_content = 1U << 4,   ///< the frame was whole, its content not (digits, calendar); the mantissa means nothing
  no_value = 1U << 5,          ///< the device answered "no value" (e.g. absent phase); the mantissa means nothing
  corrected = 1U << 6,         ///< the platform: a person's correction is in force, the value read stands beside it
  estimated = 1U << 7,         ///< the platform: nobody read this; estimated by a named method
  time_implausible = 1U << 8,  ///< the platform: stamped far in the future or before 2000; kept, out of aggregates
};
[[nodiscard]] constexpr Quality operator|(Quality a, Quality b) noexcept {
  return static_cast<Quality>(static_cast<std::uint16_t>(a) | static_cast<std::uint16_t>(b));
}
[[nodiscard]] constexpr bool has(Quality set, Quality flag) noexcept {
  return (static_cast<std::uint16_t>(set) & static_cast<std::uint16_t>(flag)) != 0;
}
/// The set's names, e.g. "out_of_range,decreased"; "good" for none.
[[nodiscard]] std::string to_string(Quality quality);
[[nodiscard]] std::string_view to_string(SeriesKind kind) noexcept;
[[nodiscard]] std::string_view to_string(TimeSource source) noexcept;

/// What one register of a device is: the immutable part of a series. `name` is the product's own name of the register,
/// the same for every protocol, e.g. "energy_active_import_total", "voltage_a"; the unit is that of value = mantissa x
/// 10^exponent, e.g. "kWh". A change of exponent, unit or kind is another series.
struct Register {
  std::string_view name;
  std::string_view unit;
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
  friend bool operator==(const Register&, const Register&) = default;
};

/// One value as the gateway understood it.
struct Reading {
  std::uint32_t register_index = 0;  ///< into the batch's register table
  std::int64_t mantissa = 0;
  std::int64_t time_utc_ms = 0;  ///< end of the interval for interval values
  TimeSource time_source = TimeSource::gateway;
  Quality quality = Quality::good;
};

/// Which protocol carried a frame. Stored: append, never renumber.
enum class Protocol : std::uint8_t {
  unknown = 0,
  dlt645_2007 = 1,
  dlt645_1997 = 2,
  cjt188 = 3,
  dlt698_45 = 4,
  modbus_rtu = 5,
  modbus_tcp = 6,
  modbus_ascii = 7,
  snmp = 8,
  icmp_echo = 9
};
[[nodiscard]] std::string_view to_string(Protocol protocol) noexcept;

/// A question and its answer as they went over the channel: the evidence behind readings.
struct Frame {
  std::uint32_t device_index = 0;  ///< into the batch's device table
  Protocol protocol = Protocol::unknown;
  std::int64_t sent_utc_ms = 0;      ///< when the question was handed to the channel; 0 when the device spoke unasked
  std::int64_t received_utc_ms = 0;  ///< when the answer's last octet came, gateway's clock
  ByteView request;                  ///< empty when the device spoke unasked
  ByteView response;                 ///< empty when no answer came
};

/// Where a frame stands in the journal: record number and place in the record's batch, in one integer. 0 is "none".
struct FrameReference {
  std::int64_t value = 0;
  static constexpr int index_bits = 16;
  [[nodiscard]] static constexpr FrameReference make(std::uint64_t record_number, std::uint32_t frame_index) noexcept {
    return {static_cast<std::int64_t>(record_number << index_bits | frame_index)};
  }
  [[nodiscard]] constexpr std::uint64_t record_number() const noexcept {
    return static_cast<std::uint64_t>(value) >> index_bits;
  }
  [[nodiscard]] constexpr std::uint32_t frame_index() const noexcept {
    return static_cast<std::uint32_t>(value) & ((1U << index_bits) - 1);
  }
  friend bool operator==(const FrameReference&, const FrameReference&) = default;
};

}  // namespace duheng
