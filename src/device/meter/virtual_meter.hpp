#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "codec/dlt645/address.hpp"
#include "codec/dlt645/frame.hpp"
#include "codec/dlt645/message.hpp"
#include "codec/dlt645/value.hpp"
#include "device/bus/device_bus.hpp"
#include "device/meter/load_curve.hpp"

namespace duheng::device {

struct VirtualMeterOptions {
  dlt645::Address address;
  std::uint64_t seed = 1;
  bool three_phase = false;
  bool exports = false;                    ///< has solar panels
  std::int32_t zone_offset_minutes = 480;  ///< civil time of its clock, fixed
  std::int32_t clock_offset_ms = 0;        ///< how wrong its clock was set at installation
  std::int32_t clock_drift_ppm = 0;        ///< and how much faster it runs than true time
};

/// What a meter measures at one moment; import is positive, export negative. Absent phases are 0.
struct Measurement {
  std::array<std::int64_t, 4> power_active_deciwatt{};   ///< total, A, B, C in 0.1 W
  std::array<std::int64_t, 4> power_reactive_decivar{};  ///< total, A, B, C in 0.1 var
  std::array<std::int64_t, 4> power_factor_per_mille{};  ///< total, A, B, C
  std::array<std::int64_t, 3> voltage_decivolt{};
  std::array<std::int64_t, 3> current_ma{};
  std::int64_t frequency_centihertz = 0;
};

/// A DL/T 645-2007 meter that exists only in memory: questions in, answers out, no sockets and no clock of its own. All
/// it shows follows from its seed and the time, so that it goes on where it was after a restart; only a clock
/// correction by broadcast is forgotten then. Registers, freezes and tariffs run on true civil time, the clock
/// registers on its own clock.
///
/// Answers: energy forward, reverse and combined (totals, tariffs, blocks, 12 settlements at month ends), voltage,
/// current, active and reactive power, power factor (single and block), frequency, date, time, status words, address
/// and meter number, number of tariffs, daily freezes (time, forward and reverse energy, 62 days), read address.
/// Everything that changes the meter is refused with "password error", as by a meter whose password the master does not
/// have.
class VirtualMeter final : public VirtualDevice {
 public:
  explicit VirtualMeter(const VirtualMeterOptions& options);

  [[nodiscard]] const VirtualMeterOptions& options() const noexcept { return options_; }
  [[nodiscard]] const dlt645::Address& address() const noexcept { return options_.address; }
  /// The meter's own view of the time, as digits of its registers.
  [[nodiscard]] dlt645::DateTime clock(std::int64_t utc_ms) const;
  [[nodiscard]] Measurement measure(std::int64_t utc_ms) const;
  /// Forward or reverse energy in 0.01 kWh; tariff 0 is the total, 1 to 4 sharp, peak, flat, valley.
  [[nodiscard]] std::int64_t energy_centikwh(std::int64_t utc_ms, bool reverse, int tariff) const;

  struct Answer {
    dlt645::FrameBuffer frame;
    dlt645::DataIdentifier identifier;  ///< 0 when the answer names none
  };
  /// The answer to a question meant for this meter; nothing when it keeps silent (not meant, broadcast, an answer
  /// itself).
  [[nodiscard]] std::optional<Answer> answer(std::int64_t utc_ms, const dlt645::FrameView& question);

  [[nodiscard]] const std::string& uid() const noexcept override { return uid_; }
  [[nodiscard]] std::uint64_t bus_key() const noexcept override;
  [[nodiscard]] std::optional<DeviceAnswer> answer(std::int64_t utc_ms, ByteView question) override;

 private:
  [[nodiscard]] std::int64_t local_ms(std::int64_t utc_ms) const noexcept;
  [[nodiscard]] std::int64_t clock_local_ms(std::int64_t utc_ms) const noexcept;
  void set_clock(std::int64_t utc_ms, ByteView plain);
  [[nodiscard]] std::optional<std::size_t> payload_of(std::int64_t utc_ms, const dlt645::DataDescription& what,
                                                      std::span<std::uint8_t> out) const;
  [[nodiscard]] std::optional<std::int64_t> value_of(std::int64_t utc_ms, const dlt645::DataDescription& what,
                                                     std::size_t element) const;
  [[nodiscard]] std::optional<std::int64_t> energy_of(std::int64_t utc_ms, const dlt645::DataDescription& what,
                                                      std::size_t element) const;
  [[nodiscard]] std::optional<std::int64_t> variable_of(std::int64_t utc_ms, std::uint32_t identifier,
                                                        std::size_t element) const;
  [[nodiscard]] std::optional<std::int64_t> parameter_of(std::int64_t utc_ms, std::uint32_t identifier,
                                                         std::size_t element) const;
  [[nodiscard]] std::optional<std::int64_t> freeze_of(std::int64_t utc_ms, const dlt645::DataDescription& what,
                                                      std::size_t element) const;

  VirtualMeterOptions options_;
  std::string uid_;
  LoadCurve curve_;
  std::int64_t installed_utc_ms_;
  std::int64_t initial_centikwh_;
  std::int64_t correction_ms_ = 0;
  std::int64_t corrected_day_ = INT64_MIN;
};

/// The key under which a bus finds the meter of that address.
[[nodiscard]] std::uint64_t bus_key_of(const dlt645::Address& address) noexcept;

/// "2007-04-01" and so on from a count of milliseconds in local time.
[[nodiscard]] dlt645::DateTime civil_time(std::int64_t local_ms) noexcept;
/// The reverse of civil_time(), for dates that exist.
[[nodiscard]] std::int64_t local_ms_of(const dlt645::DateTime& time) noexcept;

}  // namespace duheng::device
