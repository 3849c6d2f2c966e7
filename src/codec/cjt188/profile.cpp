#include "codec/cjt188/profile.hpp"

#include <array>

namespace duheng::cjt188 {

namespace {

constexpr ValveCode standard_valve[] = {{0x55, ValveCommand::open}, {0x99, ValveCommand::close}};
constexpr ValveCode vendor_valve[] = {{0x55, ValveCommand::open},
                                      {0x99, ValveCommand::close},
                                      {0x66, ValveCommand::vendor_free_open},
                                      {0x77, ValveCommand::vendor_free_close},
                                      {0x00, ValveCommand::vendor_read_state}};

constexpr ScaledUnit cubic_metres{Unit::cubic_metre, 0};

constexpr Profile make_standard_2004() {
  Profile profile;
  profile.valve_codes = standard_valve;
  return profile;
}
constexpr Profile make_standard_2018() {
  Profile profile = make_standard_2004();
  profile.name = "standard_2018";
  profile.edition = Edition::edition_2018;
  return profile;
}
constexpr Profile make_any_maker() {
  Profile profile = make_standard_2004();
  profile.name = "any_maker";
  profile.valve_codes = vendor_valve;
  return profile;
}
/// Water meters and NB-IoT gateways that send the identifier as it is written.
constexpr Profile make_water_high_first() {
  Profile profile = make_any_maker();
  profile.name = "water_high_first";
  profile.identifier_order = IdentifierOrder::high_first;
  profile.fallback_volume = cubic_metres;
  return profile;
}
/// NB-IoT devices whose time follows the printed order.
constexpr Profile make_water_year_first() {
  Profile profile = make_water_high_first();
  profile.name = "water_year_first";
  profile.time_order = TimeOrder::year_first;
  return profile;
}
/// Radio module on gas meters: units 00H, century before the year at the end.
constexpr Profile make_gas_radio_module() {
  Profile profile = make_any_maker();
  profile.name = "gas_radio_module";
  profile.time_order = TimeOrder::century_sixth;
  profile.fallback_volume = cubic_metres;
  profile.preamble_octets = 3;
  return profile;
}
constexpr Profile make_heat_unit_in_front() {
  Profile profile = make_any_maker();
  profile.name = "heat_unit_in_front";
  profile.identifier_order = IdentifierOrder::high_first;
  profile.unit_position = UnitPosition::in_front;
  return profile;
}
/// Ultrasonic heat meters of type 25H: the first energy counts cooling.
constexpr Profile make_heat_with_cooling() {
  Profile profile = make_any_maker();
  profile.name = "heat_with_cooling";
  profile.first_energy = FirstEnergy::cooling;
  return profile;
}
/// Meters that count the bits of ST from the other end.
constexpr Profile make_status_from_top() {
  Profile profile = make_any_maker();
  profile.name = "status_from_top";
  profile.status = {0, 0xC0, 0x00, 0x40, 0xC0, 0, 0x20};
  return profile;
}
/// Valve written as a status word of two octets.
constexpr Profile make_valve_word() {
  Profile profile = make_any_maker();
  profile.name = "valve_word";
  profile.valve_write_octets = 2;
  return profile;
}

constexpr std::array profiles = {make_any_maker(),          make_standard_2004(),     make_standard_2018(),
                                 make_water_high_first(),   make_water_year_first(),  make_gas_radio_module(),
                                 make_heat_unit_in_front(), make_heat_with_cooling(), make_status_from_top(),
                                 make_valve_word()};

}  // namespace

std::string_view to_string(ValveState state) noexcept {
  switch (state) {
    case ValveState::open:
      return "open";
    case ValveState::closed:
      return "closed";
    case ValveState::fault:
      return "fault";
    case ValveState::unknown:
      break;
  }
  return "unknown";
}

StatusMeaning read_status(const StatusProfile& profile, std::uint8_t first, std::uint8_t second) noexcept {
  const std::uint8_t octets[] = {first, second};
  StatusMeaning meaning;
  if (profile.valve_octet < StatusProfile::not_told) {
    const auto bits = static_cast<std::uint8_t>(octets[profile.valve_octet] & profile.valve_mask);
    meaning.valve = bits == profile.valve_open     ? ValveState::open
                    : bits == profile.valve_closed ? ValveState::closed
                    : bits == profile.valve_fault  ? ValveState::fault
                                                   : ValveState::unknown;
  }
  if (profile.battery_octet < StatusProfile::not_told) {
    meaning.battery_known = true;
    meaning.battery_low = (octets[profile.battery_octet] & profile.battery_mask) != 0;
  }
  return meaning;
}

std::span<const Profile> known_profiles() noexcept { return profiles; }

const Profile* find_profile(std::string_view name) noexcept {
  for (const Profile& profile : profiles) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

const Profile& default_profile() noexcept { return profiles[0]; }

ValveCommand valve_command_of(const Profile& profile, std::uint8_t code) noexcept {
  for (const ValveCode& entry : profile.valve_codes) {
    if (entry.code == code) return entry.command;
  }
  return ValveCommand::unknown;
}

bool find_valve_code(const Profile& profile, ValveCommand command, std::uint8_t& code) noexcept {
  for (const ValveCode& entry : profile.valve_codes) {
    if (entry.command != command) continue;
    code = entry.code;
    return true;
  }
  return false;
}

Label valve_command_label(ValveCommand command) noexcept {
  switch (command) {
    case ValveCommand::open:
      return {"open", "开阀"};
    case ValveCommand::close:
      return {"close", "关阀"};
    case ValveCommand::vendor_free_open:
      return {"vendor free-open", "厂商自定义：自由开阀"};
    case ValveCommand::vendor_free_close:
      return {"vendor free-close", "厂商自定义：自由关阀（除锈）"};
    case ValveCommand::vendor_read_state:
      return {"vendor read state", "厂商自定义：读阀门状态"};
    case ValveCommand::unknown:
      break;
  }
  return {"unknown", "未知"};
}

ScaledUnit fallback_unit(const Profile& profile, Quantity quantity) noexcept {
  switch (quantity) {
    case Quantity::volume:
      return profile.fallback_volume;
    case Quantity::energy:
      return profile.fallback_energy;
    case Quantity::power:
      return profile.fallback_power;
    case Quantity::flow:
      return profile.fallback_flow;
    default:
      return {};
  }
}

}  // namespace duheng::cjt188
