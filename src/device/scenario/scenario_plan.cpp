#include "device/scenario/scenario_plan.hpp"

#include <fmt/format.h>

#include "base/config.hpp"
#include "base/decimal.hpp"

namespace duheng::device {
namespace {

using Kind = ScenarioRule::Kind;

constexpr std::array<std::string_view, ScenarioRule::kinds> names{"noise",
                                                                  "wrong_checksum",
                                                                  "delay",
                                                                  "silence",
                                                                  "half_frame",
                                                                  "duplicate_answer",
                                                                  "wrong_address",
                                                                  "garbage",
                                                                  "echo",
                                                                  "slow_octets",
                                                                  "clock_jump",
                                                                  "clock_drift",
                                                                  "magnetic_field",
                                                                  "electrostatic_discharge",
                                                                  "radiated_field",
                                                                  "cover_open",
                                                                  "reverse",
                                                                  "voltage",
                                                                  "battery",
                                                                  "power_cut",
                                                                  "press_button",
                                                                  "sensor_broken",
                                                                  "valve_leaking",
                                                                  "phase_break",
                                                                  "loss_of_current",
                                                                  "over_current",
                                                                  "overload",
                                                                  "reverse_flow",
                                                                  "voltage_sequence",
                                                                  "current_sequence",
                                                                  "voltage_unbalance",
                                                                  "current_unbalance",
                                                                  "over_demand",
                                                                  "terminal_cover"};

constexpr std::size_t rules_max = 1'000;
constexpr std::size_t names_max = 100'000;
constexpr std::int64_t time_ms_max = 366LL * 86'400'000;
constexpr std::int64_t line_ms_max = 600'000;
constexpr std::int64_t octets_most = 4'096;
constexpr std::int64_t ramp_steps_max = 10'000;
constexpr std::int64_t clock_jump_ms_max = 10LL * 366 * 86'400'000;

/// A share from 0 to 1 as millionths.
std::uint32_t share(const ConfigNode& node, std::string_view key) {
  constexpr std::uint32_t all = 1'000'000;
  if (!node.has(key)) return all;
  const auto number = Decimal::parse(node.number(key));
  const auto scaled = number ? number->rescaled(-6) : number;
  if (scaled && scaled->mantissa >= 0 && scaled->mantissa <= all) return static_cast<std::uint32_t>(scaled->mantissa);
  node.reject(key, "must be from 0 to 1 with at most six decimals");
  return all;
}

std::vector<std::string> names_of(const ConfigNode& node, std::string_view key) {
  std::vector<std::string> out;
  if (!node.has(key)) return out;
  for (const auto& item : node.items(key)) out.push_back(item.as_text());
  if (out.empty() || out.size() > names_max) node.reject(key, "names nobody, or too many");
  return out;
}

bool is_instant(Kind kind) {
  return kind == Kind::clock_jump || kind == Kind::electrostatic_discharge || kind == Kind::press_button;
}
bool is_ramp(Kind kind) { return kind == Kind::voltage || kind == Kind::battery; }

void read_time(const ConfigNode& node, ScenarioRule& out) {
  if (is_instant(out.kind)) {
    out.from_ms = node.integer("at_ms", {0, time_ms_max});
    return;
  }
  out.from_ms = node.integer("from_ms", {0, time_ms_max}, 0);
  if (is_ramp(out.kind))
    out.until_ms = node.integer("until_ms", {0, time_ms_max});
  else if (node.has("until_ms"))
    out.until_ms = node.integer("until_ms", {0, time_ms_max});
  if (out.until_ms <= out.from_ms) node.reject("until_ms", "must be later than 'from_ms'");
}

void read_octets(const ConfigNode& node, ScenarioRule& out) {
  const auto octets = node.section("octets");
  out.octets_min = static_cast<std::uint32_t>(octets.integer("min", {1, octets_most}, 1));
  out.octets_max =
      static_cast<std::uint32_t>(octets.integer("max", {1, octets_most}, std::max<std::int64_t>(out.octets_min, 16)));
  if (out.octets_max < out.octets_min) octets.reject("max", "is less than 'min'");
}

void read_ramp(const ConfigNode& node, ScenarioRule& out) {
  const bool is_battery = out.kind == Kind::battery;
  const IntegerRule range{0, is_battery ? 100'000 : 2'000};
  out.amount_from = node.integer(is_battery ? "from_mv" : "from_per_mille", range);
  out.amount_to = node.integer(is_battery ? "to_mv" : "to_per_mille", range);
  out.step_ms = node.integer("step_ms", {1, time_ms_max});
  if ((out.until_ms - out.from_ms) / out.step_ms > ramp_steps_max)
    node.reject("step_ms", fmt::format("makes more than {} steps", ramp_steps_max));
}

/// What a kind needs besides devices, time and probability.
void read_details(const ConfigNode& node, ScenarioRule& out) {
  switch (out.kind) {
    case Kind::noise:
      out.place = static_cast<ScenarioRule::Place>(node.choice("place", {"before", "within", "after"}));
      return read_octets(node, out);
    case Kind::garbage:
      out.every_ms = node.integer("every_ms", {0, line_ms_max}, 0);
      return read_octets(node, out);
    case Kind::delay:
      out.delay_ms = node.integer("delay_ms", {0, line_ms_max});
      out.jitter_ms = node.integer("jitter_ms", {0, line_ms_max}, 0);
      return;
    case Kind::slow_octets:
      out.gap_ms = node.integer("gap_ms", {1, line_ms_max});
      return;
    case Kind::clock_jump:
      out.amount_from = node.integer("jump_ms", {-clock_jump_ms_max, clock_jump_ms_max});
      return;
    case Kind::clock_drift:
      out.amount_from = node.integer("drift_ppm", {-100'000, 100'000});
      return;
    case Kind::voltage:
    case Kind::battery:
      return read_ramp(node, out);
    case Kind::phase_break:
    case Kind::loss_of_current:
    case Kind::over_current:
    case Kind::overload:
    case Kind::reverse_flow:
      out.phase = static_cast<std::uint8_t>(node.choice("phase", {"all", "a", "b", "c"}, 0));
      return;
    default:
      return;
  }
}

ScenarioRule read_rule(const ConfigNode& node) {
  ScenarioRule out;
  out.line = node.line();
  out.kind = static_cast<Kind>(node.choice("kind", {names.begin(), names.end()}));
  out.devices = names_of(node, "devices");
  out.models = names_of(node, "models");
  out.fraction_ppm = share(node, "fraction");
  // What happens to a device happens once; which devices it happens to is the fraction's business.
  if (!out.is_of_device()) out.probability_ppm = share(node, "probability");
  read_time(node, out);
  read_details(node, out);
  return out;
}

Result<ScenarioPlan> read(const ConfigFile& file, std::string name) {
  const auto root = file.root();
  ScenarioPlan out;
  out.file = std::move(name);
  out.seed = static_cast<std::uint64_t>(root.integer("seed", {0, INT64_MAX}, 1));
  for (const auto& node : root.items("rules")) {
    if (out.rules.size() == rules_max) {
      node.reject(fmt::format("is more than {} rules", rules_max));
      break;
    }
    out.rules.push_back(read_rule(node));
  }
  if (out.rules.empty()) root.reject("rules", "must hold at least one rule");
  DUHENG_CHECK(file.finish());
  return out;
}

}  // namespace

std::string_view to_string(ScenarioRule::Kind kind) noexcept { return names[static_cast<std::size_t>(kind)]; }

Result<ScenarioPlan> load_scenario(const std::string& path) {
  DUHENG_TRY(const auto file, ConfigFile::load(path));
  return read(file, path);
}

Result<ScenarioPlan> parse_scenario(std::string_view text, const std::string& name) {
  DUHENG_TRY(const auto file, ConfigFile::parse(text, name));
  return read(file, name);
}

}  // namespace duheng::device
