#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::device {

/// One thing that goes wrong, for some devices and some time.
struct ScenarioRule {
  enum class Kind : std::uint8_t {
    // What happens to an answer on its way; drawn anew for every answer.
    noise,             ///< `octets_min` to `octets_max` octets at `place`
    wrong_checksum,    ///< one octet of the checksum is changed
    delay,             ///< the answer begins `delay_ms` and up to `jitter_ms` later
    silence,           ///< nothing arrives
    half_frame,        ///< the answer breaks off somewhere, then silence
    duplicate_answer,  ///< the answer comes twice
    wrong_address,     ///< instead comes what another device on the line said last; silence when none has spoken
    garbage,           ///< instead comes noise; with `every_ms` again and again until the rule ends or the line is cut
    echo,              ///< the line repeats the question before the answer
    slow_octets,       ///< `gap_ms` between octets
    // What happens to the device itself; see DeviceHappening.
    clock_jump,  ///< `amount_from` milliseconds
    clock_drift,
    magnetic_field,
    electrostatic_discharge,
    radiated_field,
    cover_open,
    reverse,
    voltage,    ///< from `amount_from` to `amount_to` per mille in steps of `step_ms`
    battery,    ///< likewise in mV
    power_cut,  ///< the device is off and keeps silent
    press_button,
    sensor_broken,
    valve_leaking,  ///< lets through although it is closed, and does not know it
    // On the lines of electricity meters, the first five of phase `phase`.
    phase_break,
    loss_of_current,
    over_current,
    overload,
    reverse_flow,
    voltage_sequence,
    current_sequence,
    voltage_unbalance,
    current_unbalance,
    over_demand,
    terminal_cover,
  };
  static constexpr std::size_t kinds = static_cast<std::size_t>(Kind::terminal_cover) + 1;
  enum class Place : std::uint8_t { before, within, after };
  static constexpr std::int64_t no_end = INT64_MAX;

  Kind kind = Kind::silence;
  int line = 0;  ///< in the file
  // Which devices: those that every list, unless empty, names; of these a share drawn from the seed.
  std::vector<std::string> devices;
  std::vector<std::string> models;
  std::uint32_t fraction_ppm = 1'000'000;
  std::uint32_t probability_ppm = 1'000'000;
  // When, since the start of the program.
  std::int64_t from_ms = 0;
  std::int64_t until_ms = no_end;
  // How.
  Place place = Place::before;
  std::uint32_t octets_min = 1;
  std::uint32_t octets_max = 16;
  std::int64_t delay_ms = 0;
  std::int64_t jitter_ms = 0;
  std::int64_t gap_ms = 0;
  std::int64_t every_ms = 0;
  std::int64_t step_ms = 0;
  std::int64_t amount_from = 0;
  std::int64_t amount_to = 0;
  std::uint8_t phase = 0;  ///< 1 A, 2 B, 3 C; 0: all

  [[nodiscard]] bool is_of_device() const noexcept { return kind >= Kind::clock_jump; }
  [[nodiscard]] bool holds_at(std::int64_t elapsed_ms) const noexcept {
    return from_ms <= elapsed_ms && elapsed_ms < until_ms;
  }
};
[[nodiscard]] std::string_view to_string(ScenarioRule::Kind kind) noexcept;

/// A scenario file; see packaging/examples/scenarios and this folder's README.
struct ScenarioPlan {
  std::string file;
  std::uint64_t seed = 1;
  std::vector<ScenarioRule> rules;  ///< at most 1,000
};
/// Errors: as base/config.hpp.
[[nodiscard]] Result<ScenarioPlan> load_scenario(const std::string& path);
[[nodiscard]] Result<ScenarioPlan> parse_scenario(std::string_view text, const std::string& name);

}  // namespace duheng::device
