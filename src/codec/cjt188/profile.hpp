#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "codec/cjt188/cipher_profile.hpp"
#include "codec/cjt188/data_identifier.hpp"
#include "codec/cjt188/time.hpp"
#include "codec/cjt188/unit.hpp"

namespace duheng::cjt188 {

enum class Edition : std::uint8_t { edition_2004, edition_2018 };

/// Where the unit octet of a heat meter's number stands.
enum class UnitPosition : std::uint8_t {
  detect,  ///< behind, unless every unit octet there is 00H and a fitting unit stands in front of each number
  behind,  ///< as the standard has it
  in_front,
};

/// What the first energy of a heat meter's metering data is.
enum class FirstEnergy : std::uint8_t { settlement, cooling };

enum class ValveState : std::uint8_t { unknown, open, closed, fault };
/// "open", "closed" ...
[[nodiscard]] std::string_view to_string(ValveState state) noexcept;

/// How the two octets of the status word ST are read; the raw word stays with the value. An octet index of 2 means that
/// the word does not tell.
/// Source: CJ/T 188-2004, status ST, as most makers read it; some count its bits from the other end.
struct StatusProfile {
  static constexpr std::uint8_t not_told = 2;
  std::uint8_t valve_octet = 0;
  std::uint8_t valve_mask = 0x03;
  std::uint8_t valve_open = 0x00;  ///< the masked octet
  std::uint8_t valve_closed = 0x01;
  std::uint8_t valve_fault = 0x03;
  std::uint8_t battery_octet = 0;
  std::uint8_t battery_mask = 0x04;  ///< set: the battery is low
};
struct StatusMeaning {
  ValveState valve = ValveState::unknown;
  bool battery_known = false;
  bool battery_low = false;
  friend bool operator==(const StatusMeaning&, const StatusMeaning&) = default;
};
/// `first` and `second` as they travel.
[[nodiscard]] StatusMeaning read_status(const StatusProfile& profile, std::uint8_t first, std::uint8_t second) noexcept;

enum class ValveCommand : std::uint8_t { unknown, open, close, vendor_free_open, vendor_free_close, vendor_read_state };
/// What a valve octet means, or how a command is sent.
struct ValveCode {
  std::uint8_t code;
  ValveCommand command;
};

/// A power of ten that no public source lays down; the maker's manual does.
struct OptionalExponent {
  bool known = false;
  std::int8_t exponent = 0;
};

/// Everything in which one maker's meters differ from another's. A device model carries one; reading needs hardly any
/// of it, since most variants can be told apart by their octets.
struct Profile {
  std::string_view name = "standard_2004";
  Edition edition = Edition::edition_2004;
  IdentifierOrder identifier_order = IdentifierOrder::low_first;  ///< to send; received either way
  TimeOrder time_order = TimeOrder::second_first;                 ///< to send, and when two orders fit
  UnitPosition unit_position = UnitPosition::detect;
  FirstEnergy first_energy = FirstEnergy::settlement;
  StatusProfile status = {};
  std::span<const ValveCode> valve_codes = {};
  std::uint8_t valve_write_octets = 1;
  // Units of numbers whose unit octet is 00H ("not said"); none: stays without.
  ScaledUnit fallback_volume = {};
  ScaledUnit fallback_energy = {};
  ScaledUnit fallback_power = {};
  ScaledUnit fallback_flow = {};
  OptionalExponent price_exponent = {};        ///< price1..3 of the price table
  OptionalExponent step_volume_exponent = {};  ///< volume1, volume2 of the price table
  OptionalExponent pressure_exponent = {};
  std::uint8_t preamble_octets = 4;
  std::uint8_t read_data_octets_max = 255;   ///< the 2004 text says 64H; meters exceed it
  std::uint8_t write_data_octets_max = 255;  ///< the 2004 text says 32H
  const CipherProfile* cipher = nullptr;     ///< none: plain text
};

/// The profiles that come with the product: the editions, and the variants captures show.
[[nodiscard]] std::span<const Profile> known_profiles() noexcept;
/// nullptr when there is none of that name.
[[nodiscard]] const Profile* find_profile(std::string_view name) noexcept;
/// Reads everything the octets tell by themselves: "standard_2004" with the valve octets of all known makers.
[[nodiscard]] const Profile& default_profile() noexcept;

[[nodiscard]] ValveCommand valve_command_of(const Profile& profile, std::uint8_t code) noexcept;
/// The octet for a command; false when the profile has none.
[[nodiscard]] bool find_valve_code(const Profile& profile, ValveCommand command, std::uint8_t& code) noexcept;
[[nodiscard]] Label valve_command_label(ValveCommand command) noexcept;
[[nodiscard]] ScaledUnit fallback_unit(const Profile& profile, Quantity quantity) noexcept;

}  // namespace duheng::cjt188
