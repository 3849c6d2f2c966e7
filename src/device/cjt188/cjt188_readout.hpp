#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "codec/cjt188/message.hpp"
#include "codec/cjt188/value.hpp"
#include "device/cjt188/cjt188_measures.hpp"
#include "device/cjt188/cjt188_meter_options.hpp"
#include "device/cjt188/cjt188_state.hpp"

namespace duheng::device {

/// Local civil time of a meter that lives in a fixed zone.
[[nodiscard]] cjt188::DateTime civil_of(std::int64_t local_ms);
[[nodiscard]] std::int64_t local_ms_of(const cjt188::DateTime& time);

/// What a meter shows of itself at one moment: the payloads of its answers. Good during one question.
class Cjt188Readout {
 public:
  Cjt188Readout(const Cjt188MeterOptions& options, const Cjt188Measures& measures, const Cjt188State& state,
                std::int64_t utc_ms)
      : options_(options), measures_(measures), state_(state), utc_ms_(utc_ms) {}

  /// Nothing when the meter has no such thing; `out` holds at least 64 octets.
  [[nodiscard]] std::optional<std::size_t> payload(cjt188::DataIdentifier identifier,
                                                   std::span<std::uint8_t> out) const;
  /// The two octets of ST, the first low.
  [[nodiscard]] std::uint16_t status() const;
  [[nodiscard]] std::int64_t local_ms() const noexcept { return utc_ms_ + options_.zone_offset_minutes * 60'000LL; }
  /// The meter's own clock, which drifts and is set.
  [[nodiscard]] std::int64_t clock_local_ms() const noexcept;
  /// In 0.01 m3, as the register shows it.
  [[nodiscard]] std::int64_t volume(std::int64_t local_ms) const;

 private:
  [[nodiscard]] bool heats() const noexcept;
  [[nodiscard]] bool is_new() const noexcept { return options_.profile->edition == cjt188::Edition::edition_2018; }
  [[nodiscard]] std::size_t payload_octets(cjt188::DataIdentifier identifier) const noexcept;
  [[nodiscard]] std::size_t history_octets(cjt188::DataIdentifier identifier) const noexcept;
  [[nodiscard]] std::optional<std::size_t> event_payload(std::size_t back, std::span<std::uint8_t> out) const;
  [[nodiscard]] std::int64_t settled_local_ms(int months_back) const;
  [[nodiscard]] std::int64_t moment_of(cjt188::DataIdentifier identifier) const;
  [[nodiscard]] std::int64_t settlement(std::int64_t local_ms) const;
  [[nodiscard]] std::int64_t energy_first(cjt188::DataIdentifier identifier, std::int64_t settled_ms) const;
  [[nodiscard]] bool happened_lately(std::initializer_list<Cjt188Event> events) const;
  void fill(cjt188::Value& value, const cjt188::FieldFormat& field, cjt188::DataIdentifier identifier) const;
  [[nodiscard]] bool fill_totals(cjt188::Value& value, cjt188::FieldRole role, cjt188::DataIdentifier identifier) const;
  [[nodiscard]] bool fill_present(cjt188::Value& value, const cjt188::FieldFormat& field, std::int64_t at) const;

  const Cjt188MeterOptions& options_;
  const Cjt188Measures& measures_;
  const Cjt188State& state_;
  std::int64_t utc_ms_;
};

}  // namespace duheng::device
