#include "codec/cjt188/value.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "codec/cjt188/address.hpp"
#include "codec/cjt188/bcd.hpp"

namespace duheng::cjt188 {

namespace {

constexpr std::string_view clause_formats = "CJ/T 188-2018, data format";

DecodeError fault(ErrorCode code, Field field, std::size_t offset) noexcept {
  return {code, field, 0, 0, static_cast<std::uint32_t>(offset), clause_formats};
}

/// Whether units stand in front although the layout has them behind: all there say nothing, and each number has an
/// octet before it that is a unit of its quantity.
bool units_stand_in_front(const Layout& layout, const std::uint8_t* payload) noexcept {
  std::size_t at = 0;
  for (const FieldFormat& field : layout.fields()) {
    if (field.kind == FieldKind::number_with_unit) {
      if (payload[at + field.size_octets] != 0) return false;
      if (quantity_of(unit_of(payload[at]).unit) != field.quantity) return false;
    }
    at += field.wire_octets();
  }
  return true;
}

bool take_units_in_front(const Layout& layout, const std::uint8_t* payload, UnitPosition position) noexcept {
  if (!layout.unit_may_stand_in_front || position == UnitPosition::behind) return false;
  return position == UnitPosition::in_front || units_stand_in_front(layout, payload);
}

constexpr std::uint32_t all_ones(std::size_t size) noexcept {
  return static_cast<std::uint32_t>(0xFFFFFFFFULL >> (8 * (4 - size)));
}

/// Eight good digits to a number.
constexpr std::int64_t to_number(std::uint32_t word) noexcept {
  const std::uint32_t pairs = word - 6 * ((word >> 4) & 0x0F0F0F0FU);
  const std::uint32_t fours = (pairs & 0x00FF00FFU) + 100 * ((pairs >> 8) & 0x00FF00FFU);
  return (fours & 0xFFFFU) + 10'000 * (fours >> 16);
}

/// Why digits are no number; returns the index of the first bad octet, or `size` for "no value".
[[gnu::noinline]] std::size_t judge_bad_digits(Value& value, std::uint32_t word, std::size_t size) noexcept {
  value.mantissa = 0;
  value.state = word == all_ones(size) ? ValueState::no_value : ValueState::invalid;
  if (value.state == ValueState::no_value) return size;
  return static_cast<std::size_t>(std::countr_zero(bcd::bad_digits(word))) / 8;
}

/// Sets mantissa and state; returns the index of the first bad octet, or `size`.
inline std::size_t read_digits(Value& value, const std::uint8_t* from, std::size_t size) noexcept {
  const std::uint32_t word = bcd::load(from, size);
  if (bcd::bad_digits(word) != 0) [[unlikely]]
    return judge_bad_digits(value, word, size);
  value.mantissa = to_number(word);
  value.state = ValueState::good;
  return size;
}

void set_unit(Value& value, const FieldFormat& field, std::uint8_t code, const Profile& profile) noexcept {
  ScaledUnit unit = unit_of(code);
  value.unit_code = code;
  if (code == 0) {
    unit = fallback_unit(profile, field.quantity);
    value.unit_from_profile = unit.unit != Unit::none;
  }
  value.unit = unit.unit;
  value.unit_scale = unit.scale;
}

const OptionalExponent& exponent_of(const Profile& profile, ScaleSource source) noexcept {
  switch (source) {
    case ScaleSource::price:
      return profile.price_exponent;
    case ScaleSource::step_volume:
      return profile.step_volume_exponent;
    default:
      return profile.pressure_exponent;
  }
}

void set_profile_scale(Value& value, const FieldFormat& field, const Profile& profile) noexcept {
  const OptionalExponent& exponent = exponent_of(profile, field.scale);
  value.exponent = exponent.exponent;
  if (!exponent.known && value.state == ValueState::good) value.state = ValueState::unscaled;
}

/// Reads what is no packed number; false when it cannot be.
bool read_other(Value& value, const FieldFormat& field, const std::uint8_t* from, const Profile& profile) noexcept {
  value.state = ValueState::good;
  switch (field.kind) {
    case FieldKind::time: {
      const DecodedTime time = decode_time(from, profile.time_order);
      value.time_order = time.order;
      value.mantissa = time.digits;
      if (time.state == DecodedTime::State::no_value) value.state = ValueState::no_value;
      if (time.state != DecodedTime::State::invalid) return true;
      value.state = ValueState::invalid;
      return false;
    }
    case FieldKind::status:
      value.mantissa = from[0] | from[1] << 8;
      return true;
    case FieldKind::octet:
      value.mantissa = from[0];
      return true;
    default:
      value.mantissa = 0;
      return true;
  }
}

bool is_number(FieldKind kind) noexcept { return kind == FieldKind::number || kind == FieldKind::number_with_unit; }

}  // namespace

const Value* ValueList::find(FieldRole role) const noexcept {
  for (const Value& value : *this) {
    if (value.role == role) return &value;
  }
  return nullptr;
}

std::expected<void, DecodeError> decode_values(const Layout& layout, ByteView payload, const Profile& profile,
                                               ValueList& out) noexcept {
  out.clear();
  if (payload.size() != layout.octets) {
    return std::unexpected(
        fault(ErrorCode::malformed, Field::data, std::min<std::size_t>(payload.size(), layout.octets)));
  }
  const std::uint8_t* const octets = payload.data();
  const std::size_t in_front = take_units_in_front(layout, octets, profile.unit_position) ? 1 : 0;
  std::size_t first_bad = payload.size();
  const auto note_bad = [&](std::size_t offset) { first_bad = std::min(first_bad, offset); };
  for (std::size_t i = 0; i < layout.field_count; ++i) {
    const FieldFormat& field = layout.field_list[i];
    Value& value = out.values_[i];
    value = layout.value_list[i];
    const std::size_t at = value.offset;
    if (field.kind == FieldKind::number_with_unit) {
      const std::size_t digits = at + in_front;
      value.offset = static_cast<std::uint16_t>(digits);
      value.unit_in_front = in_front != 0;
      const std::size_t bad = read_digits(value, octets + digits, field.size_octets);
      if (bad != field.size_octets) note_bad(digits + bad);
      set_unit(value, field, octets[in_front != 0 ? at : at + field.size_octets], profile);
    } else if (field.kind == FieldKind::number) {
      const std::size_t bad = read_digits(value, octets + at, field.size_octets);
      if (bad != field.size_octets) note_bad(at + bad);
      if (field.scale != ScaleSource::field) set_profile_scale(value, field, profile);
    } else if (!read_other(value, field, octets + at, profile)) {
      note_bad(at);
    }
  }
  out.size_ = layout.field_count;
  if (profile.first_energy == FirstEnergy::cooling && layout.unit_may_stand_in_front) {
    out.values_[0].role = FieldRole::current_cooling;
  }
  if (first_bad != payload.size()) return std::unexpected(fault(ErrorCode::bad_bcd_digit, Field::value, first_bad));
  return {};
}

std::expected<void, DecodeError> encode_values(const Layout& layout, std::span<const Value> values, ByteView octets,
                                               std::span<std::uint8_t> out) noexcept {
  const auto refuse = [](ErrorCode code, std::size_t at) { return std::unexpected(fault(code, Field::value, at)); };
  if (values.size() != layout.field_count || out.size() != layout.octets ||
      (!octets.empty() && octets.size() != layout.octets)) {
    return refuse(ErrorCode::invalid_argument, 0);
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const FieldFormat& field = layout.field_list[i];
    const Value& value = values[i];
    if (value.kind != field.kind) return refuse(ErrorCode::invalid_argument, at);
    const bool has_unit = field.kind == FieldKind::number_with_unit;
    std::uint8_t* const to = out.data() + at + (has_unit && value.unit_in_front ? 1 : 0);
    const bool has_content = value.state == ValueState::good || value.state == ValueState::unscaled;
    if (is_number(field.kind)) {
      if (!has_content) {
        std::memset(to, 0xFF, field.size_octets);
      } else if (!bcd::store(value.mantissa, to, field.size_octets)) {
        return refuse(ErrorCode::limit_exceeded, at);
      }
      if (has_unit) out[value.unit_in_front ? at : at + field.size_octets] = value.unit_code;
    } else if (field.kind == FieldKind::time) {
      if (has_content) {
        const auto wire = encode_time(from_digits(value.mantissa), value.time_order);
        std::memcpy(to, wire.data(), wire.size());
      } else {
        std::memset(to, 0xFF, field.size_octets);
      }
    } else if (field.kind == FieldKind::status || field.kind == FieldKind::octet) {
      for (std::size_t k = 0; k < field.size_octets; ++k) to[k] = static_cast<std::uint8_t>(value.mantissa >> (8 * k));
    } else if (octets.empty()) {
      std::memset(to, 0, field.size_octets);
    } else {
      std::memcpy(to, octets.data() + at, field.size_octets);
    }
    at += field.wire_octets();
  }
  return {};
}

std::string to_text(const Value& value, ByteView payload) {
  const ByteView octets = payload.subspan(value.offset, value.size_octets);
  switch (value.kind) {
    case FieldKind::number:
    case FieldKind::number_with_unit:
      return value.state == ValueState::good ? value.field_decimal().to_string() : std::string();
    case FieldKind::time: {
      if (value.state != ValueState::good) return {};
      // CCYYMMDDhhmmss with its separators.
      std::string text = std::to_string(value.mantissa);
      text.insert(12, ":").insert(10, ":").insert(8, " ").insert(6, "-").insert(4, "-");
      return text;
    }
    case FieldKind::octet:
      return std::to_string(value.mantissa);
    case FieldKind::address:
      return Address::from_wire(octets).to_string();
    case FieldKind::status:
    case FieldKind::raw:
      break;
  }
  return to_hex(octets, ' ');
}

std::string unit_text(const Value& value) {
  std::string text(to_string(value.unit));
  if (value.unit_scale == 1) text += " x10";
  if (value.unit_scale == 2) text += " x100";
  return text;
}

}  // namespace duheng::cjt188
