#include "codec/cjt188/layout.hpp"

#include <array>
#include <iterator>

namespace duheng::cjt188 {

namespace {

constexpr std::string_view clause_data = "CJ/T 188-2018, data format";

constexpr FieldFormat with_unit(FieldRole role, Quantity quantity, std::int8_t exponent = -2, std::uint8_t size = 4) {
  return {FieldKind::number_with_unit, role, size, exponent, Unit::none, quantity, ScaleSource::field};
}
constexpr FieldFormat number(FieldRole role, std::uint8_t size, std::int8_t exponent, Unit unit) {
  return {FieldKind::number, role, size, exponent, unit, Quantity::none, ScaleSource::field};
}
constexpr FieldFormat scaled(FieldRole role, std::uint8_t size, ScaleSource scale, Unit unit = Unit::none) {
  return {FieldKind::number, role, size, 0, unit, Quantity::none, scale};
}
constexpr FieldFormat plain(FieldKind kind, FieldRole role, std::uint8_t size) {
  return {kind, role, size, 0, Unit::none, Quantity::none, ScaleSource::field};
}
constexpr FieldFormat status_word = plain(FieldKind::status, FieldRole::status, 2);
constexpr FieldFormat clock_time = plain(FieldKind::time, FieldRole::time, 7);

using enum FieldRole;

constexpr FieldFormat water_fields[] = {with_unit(current_volume, Quantity::volume),
                                        with_unit(settlement_volume, Quantity::volume), clock_time, status_word};
constexpr FieldFormat heat_2004_fields[] = {with_unit(settlement_energy, Quantity::energy),
                                            with_unit(current_energy, Quantity::energy),
                                            with_unit(power, Quantity::power),
                                            with_unit(flow, Quantity::flow, -4),
                                            with_unit(total_flow, Quantity::volume),
                                            number(supply_temperature, 3, -2, Unit::degree_celsius),
                                            number(return_temperature, 3, -2, Unit::degree_celsius),
                                            number(work_hours, 3, 0, Unit::hour),
                                            clock_time,
                                            status_word};
constexpr FieldFormat heat_2018_fields[] = {with_unit(settlement_energy, Quantity::energy),
                                            with_unit(current_energy, Quantity::energy),
                                            with_unit(power, Quantity::power, -2, 3),
                                            with_unit(flow, Quantity::flow, -3, 3),
                                            with_unit(total_flow, Quantity::volume),
                                            number(supply_temperature, 2, -2, Unit::degree_celsius),
                                            number(return_temperature, 2, -2, Unit::degree_celsius),
                                            number(work_hours, 4, 0, Unit::hour),
                                            clock_time,
                                            status_word};
constexpr FieldFormat metering_2_fields[] = {with_unit(settlement_energy, Quantity::energy),
                                             with_unit(settlement_cooling, Quantity::energy),
                                             with_unit(current_energy, Quantity::energy),
                                             with_unit(current_cooling, Quantity::energy),
                                             with_unit(power, Quantity::power, -2, 3),
                                             with_unit(flow, Quantity::flow, -4, 3),
                                             with_unit(total_flow, Quantity::volume),
                                             number(supply_temperature, 2, -2, Unit::degree_celsius),
                                             number(return_temperature, 2, -2, Unit::degree_celsius),
                                             scaled(supply_pressure, 2, ScaleSource::pressure),
                                             scaled(return_pressure, 2, ScaleSource::pressure),
                                             number(work_hours, 4, 0, Unit::hour),
                                             clock_time,
                                             status_word};
constexpr FieldFormat settlement_fields[] = {with_unit(settlement_value, Quantity::volume)};
constexpr FieldFormat settlement_one_heat_fields[] = {with_unit(settlement_value, Quantity::energy)};
constexpr FieldFormat settlement_heat_fields[] = {with_unit(settlement_energy, Quantity::energy),
                                                  with_unit(settlement_cooling, Quantity::energy),
                                                  with_unit(total_flow, Quantity::volume)};
constexpr FieldFormat freeze_fields[] = {
    clock_time, with_unit(total_flow, Quantity::volume), with_unit(flow, Quantity::flow, -4),
    number(temperature, 3, -2, Unit::degree_celsius), scaled(pressure, 3, ScaleSource::pressure)};
constexpr FieldFormat power_4_fields[] = {with_unit(power, Quantity::power)};
constexpr FieldFormat power_3_fields[] = {with_unit(power, Quantity::power, -2, 3)};
constexpr FieldFormat return_3_fields[] = {number(return_temperature, 3, -2, Unit::degree_celsius)};
constexpr FieldFormat return_2_fields[] = {number(return_temperature, 2, -2, Unit::degree_celsius)};
constexpr FieldFormat supply_3_fields[] = {number(supply_temperature, 3, -2, Unit::degree_celsius)};
constexpr FieldFormat supply_2_fields[] = {number(supply_temperature, 2, -2, Unit::degree_celsius)};
constexpr FieldFormat hours_3_fields[] = {number(work_hours, 3, 0, Unit::hour)};
constexpr FieldFormat hours_4_fields[] = {number(work_hours, 4, 0, Unit::hour)};
constexpr FieldFormat time_fields[] = {clock_time};
constexpr FieldFormat price_fields[] = {
    scaled(price_1, 3, ScaleSource::price, Unit::yuan), scaled(volume_1, 3, ScaleSource::step_volume),
    scaled(price_2, 3, ScaleSource::price, Unit::yuan), scaled(volume_2, 3, ScaleSource::step_volume),
    scaled(price_3, 3, ScaleSource::price, Unit::yuan), number(start_day, 1, 0, Unit::none)};
constexpr FieldFormat day_fields[] = {number(day, 1, 0, Unit::none)};
constexpr FieldFormat purchase_fields[] = {
    plain(FieldKind::octet, purchase_sequence, 1), number(purchase_this, 4, -2, Unit::yuan),
    number(purchase_total, 4, -2, Unit::yuan), number(purchase_remaining, 4, -2, Unit::yuan), status_word};
constexpr FieldFormat purchase_answer_fields[] = {plain(FieldKind::octet, purchase_sequence, 1), status_word};
constexpr FieldFormat key_fields[] = {plain(FieldKind::octet, key_version, 1), plain(FieldKind::raw, key, 8)};
constexpr FieldFormat address_fields[] = {plain(FieldKind::address, address, 7)};
constexpr FieldFormat sync_fields[] = {with_unit(sync_value, Quantity::volume)};
constexpr FieldFormat sync_heat_fields[] = {with_unit(sync_value, Quantity::energy)};
constexpr FieldFormat valve_fields[] = {plain(FieldKind::octet, valve_command, 1)};
constexpr FieldFormat valve_word_fields[] = {plain(FieldKind::raw, valve_command, 2)};
constexpr FieldFormat status_fields[] = {status_word};

/// The values of a list of fields, all but what stands in the octets.
template <const auto& fields>
constexpr auto values_of = [] {
  std::array<Value, std::size(fields)> values{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const FieldFormat& field = fields[i];
    Value& value = values[i];
    value.offset = static_cast<std::uint16_t>(at);
    value.size_octets = field.size_octets;
    value.exponent = field.exponent;
    value.unit = field.unit;
    value.kind = field.kind;
    value.role = field.role;
    at += field.wire_octets();
  }
  return values;
}();

/// The first `count` fields of a list.
template <const auto& fields>
constexpr Layout layout_of(bool front = false, std::size_t count = std::size(fields)) {
  std::size_t octets = 0;
  for (std::size_t i = 0; i < count; ++i) octets += fields[i].wire_octets();
  return {
      fields,     values_of<fields>.data(), static_cast<std::uint8_t>(count), static_cast<std::uint8_t>(octets), front,
      clause_data};
}

constexpr Layout nothing{nullptr, nullptr, 0, 0, false, clause_data};

enum class Place : std::uint8_t { question_write, answer_read, answer_write };

constexpr std::uint8_t bit(MeterFamily family) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(family));
}
// A type that names no family is judged by length alone.
constexpr std::uint8_t unnamed = bit(MeterFamily::unknown) | bit(MeterFamily::user_defined) | bit(MeterFamily::any);
constexpr std::uint8_t volumes = bit(MeterFamily::water) | bit(MeterFamily::gas) | unnamed;
constexpr std::uint8_t heats = bit(MeterFamily::heat) | unnamed;
constexpr std::uint8_t all = volumes | heats;

struct Rule {
  std::uint16_t first;
  std::uint16_t last;
  Place place;
  std::uint8_t families;
  Layout layout;
};

constexpr auto read = Place::answer_read;
constexpr auto question = Place::question_write;
constexpr auto answer = Place::answer_write;

// Within one identifier and place the lengths differ.
constexpr Rule rules_90[] = {
    {0x901F, 0x901F, read, volumes, layout_of<water_fields>()},
    {0x901F, 0x901F, read, heats, layout_of<heat_2004_fields>(true)},
    {0x901F, 0x901F, read, heats, layout_of<heat_2018_fields>(true)},
    {0x903F, 0x903F, read, heats, layout_of<power_4_fields>()},
    {0x903F, 0x903F, read, heats, layout_of<power_3_fields>()},
    {0x904F, 0x904F, read, heats, layout_of<return_3_fields>()},
    {0x904F, 0x904F, read, heats, layout_of<return_2_fields>()},
    {0x905F, 0x905F, read, heats, layout_of<supply_3_fields>()},
    {0x905F, 0x905F, read, heats, layout_of<supply_2_fields>()},
    {0x906F, 0x906F, read, heats, layout_of<hours_3_fields>()},
    {0x906F, 0x906F, read, heats, layout_of<hours_4_fields>()},
    {0x907F, 0x907F, read, all, layout_of<time_fields>()},
};
constexpr Rule rules_91[] = {{0x911F, 0x911F, read, heats, layout_of<metering_2_fields>()}};
constexpr Rule rules_81[] = {
    {0x8102, 0x8102, read, all, layout_of<price_fields>(false, 5)},
    {0x8103, 0x8104, read, all, layout_of<day_fields>()},
    {0x8105, 0x8105, read, all, layout_of<purchase_fields>()},
    {0x8106, 0x8106, read, all, layout_of<key_fields>(false, 1)},
    {0x810A, 0x810A, read, all, nothing},
    {0x810A, 0x810A, read, all, layout_of<address_fields>()},
};
constexpr Rule rules_a0[] = {
    {0xA010, 0xA010, question, all, layout_of<price_fields>()},
    {0xA011, 0xA012, question, all, layout_of<day_fields>()},
    {0xA013, 0xA013, question, all, layout_of<purchase_fields>(false, 2)},
    {0xA014, 0xA014, question, all, layout_of<key_fields>()},
    {0xA015, 0xA015, question, all, layout_of<time_fields>()},
    {0xA016, 0xA016, question, volumes, layout_of<sync_fields>()},
    {0xA016, 0xA016, question, bit(MeterFamily::heat), layout_of<sync_heat_fields>()},
    {0xA017, 0xA017, question, all, layout_of<valve_fields>()},
    {0xA017, 0xA017, question, all, layout_of<valve_word_fields>()},
    {0xA018, 0xA018, question, all, layout_of<address_fields>()},
    {0xA019, 0xA019, question, all, nothing},
    {0xA013, 0xA013, answer, all, layout_of<purchase_answer_fields>()},
    {0xA014, 0xA014, answer, all, layout_of<key_fields>(false, 1)},
    // Makers differ in which writes they answer with ST; either form is taken.
    {0xA010, 0xA019, answer, all, nothing},
    {0xA010, 0xA019, answer, all, layout_of<status_fields>()},
};
constexpr Rule rules_a1[] = {
    {0xA101, 0xA107, answer, all, nothing},
    {0xA101, 0xA107, answer, all, layout_of<status_fields>()},
};
constexpr Rule rules_d1[] = {
    {0xD120, 0xD12B, read, volumes, layout_of<settlement_fields>()},
    {0xD120, 0xD12B, read, bit(MeterFamily::heat), layout_of<settlement_one_heat_fields>()},
};
constexpr Rule rules_d2[] = {
    {0xD200, 0xD2FF, read, volumes, layout_of<settlement_fields>()},
    {0xD200, 0xD2FF, read, heats, layout_of<settlement_heat_fields>()},
};
constexpr Rule rules_d3_d4[] = {{0xD300, 0xD4FF, read, all, layout_of<freeze_fields>()}};

static_assert(rules_90[0].layout.octets == 19 && rules_90[1].layout.octets == 43 && rules_90[2].layout.octets == 40);
static_assert(rules_81[2].layout.octets == 15 && rules_a0[0].layout.octets == 16);
static_assert(rules_d3_d4[0].layout.octets == 23 && rules_d2[1].layout.octets == 15);

std::span<const Rule> rules_of(std::uint8_t high) noexcept {
  switch (high) {
    case 0x90:
      return rules_90;
    case 0x91:
      return rules_91;
    case 0x81:
      return rules_81;
    case 0xA0:
      return rules_a0;
    case 0xA1:
      return rules_a1;
    case 0xD1:
      return rules_d1;
    case 0xD2:
      return rules_d2;
    case 0xD3:
    case 0xD4:
      return rules_d3_d4;
    default:
      return {};
  }
}

DecodeError no_layout(ErrorCode code, std::size_t offset) noexcept {
  return {code, Field::data, 0, 0, static_cast<std::uint32_t>(offset), clause_data};
}

}  // namespace

std::expected<const Layout*, DecodeError> find_layout(const Message& message) noexcept {
  constexpr std::size_t payload_offset = Message::payload_offset;
  const std::size_t size = message.payload.size();
  if (message.is_partial || message.function_class == FunctionClass::vendor || !message.identifier.known) {
    return std::unexpected(no_layout(ErrorCode::unsupported, payload_offset));
  }
  if (!message.from_slave && message.function_class == FunctionClass::reads) {
    if (size == 0) return &nothing;
    return std::unexpected(no_layout(ErrorCode::unsupported, payload_offset));
  }
  const Place place = !message.from_slave ? question : message.function_class == FunctionClass::reads ? read : answer;
  const std::uint16_t identifier = message.identifier.identifier.value;
  const std::uint8_t family = bit(family_of(message.meter_type));
  std::size_t nearest = 0;
  bool is_known = false;
  for (const Rule& rule : rules_of(message.identifier.identifier.high())) {
    if (identifier < rule.first || identifier > rule.last || rule.place != place || (rule.families & family) == 0) {
      continue;
    }
    if (rule.layout.octets == size) return &rule.layout;
    is_known = true;
    if (rule.layout.octets > nearest && rule.layout.octets < size) nearest = rule.layout.octets;
  }
  if (!is_known) return std::unexpected(no_layout(ErrorCode::unsupported, payload_offset));
  return std::unexpected(no_layout(ErrorCode::malformed, payload_offset + (nearest == 0 ? size : nearest)));
}

Label role_label(FieldRole role) noexcept {
  static constexpr Label labels[] = {
      {"current volume", "当前累积流量"},
      {"volume on the settlement day", "结算日累积流量"},
      {"value on the settlement day", "结算日累积量"},
      {"heat on the settlement day", "结算日热量"},
      {"cooling on the settlement day", "结算日冷量"},
      {"current heat", "当前热量"},
      {"current cooling", "当前冷量"},
      {"power", "热功率"},
      {"flow rate", "流量"},
      {"cumulative volume", "累积流量"},
      {"supply temperature", "供水温度"},
      {"return temperature", "回水温度"},
      {"temperature", "温度"},
      {"supply pressure", "供水压力"},
      {"return pressure", "回水压力"},
      {"pressure", "压力"},
      {"working hours", "累计工作时间"},
      {"time", "实时时间"},
      {"status ST", "状态ST"},
      {"price 1", "价格一"},
      {"volume 1", "用量一"},
      {"price 2", "价格二"},
      {"volume 2", "用量二"},
      {"price 3", "价格三"},
      {"start day", "启用日"},
      {"day", "日"},
      {"purchase sequence number", "购入序号"},
      {"this purchase", "本次购入金额"},
      {"purchased in all", "累计购入金额"},
      {"remaining amount", "剩余金额"},
      {"key version", "密钥版本号"},
      {"key", "密钥"},
      {"address", "地址"},
      {"mechanical register value", "机电同步数据"},
      {"valve command", "阀门控制操作"},
  };
  static_assert(std::size(labels) == static_cast<std::size_t>(FieldRole::valve_command) + 1);
  return labels[static_cast<std::size_t>(role)];
}

std::string_view register_name(FieldRole role, MeterFamily family) noexcept {
  switch (role) {
    case FieldRole::current_volume:
    case FieldRole::total_flow:
      return "volume_total";
    case FieldRole::settlement_volume:
      return "volume_settlement";
    case FieldRole::settlement_value:
      return family == MeterFamily::heat ? "energy_heat_settlement" : "volume_settlement";
    case FieldRole::settlement_energy:
      return "energy_heat_settlement";
    case FieldRole::settlement_cooling:
      return "energy_cooling_settlement";
    case FieldRole::current_energy:
      return "energy_heat_total";
    case FieldRole::current_cooling:
      return "energy_cooling_total";
    case FieldRole::power:
      return "power_heat";
    case FieldRole::flow:
      return "flow_rate";
    case FieldRole::supply_temperature:
      return "temperature_supply";
    case FieldRole::return_temperature:
      return "temperature_return";
    case FieldRole::supply_pressure:
      return "pressure_supply";
    case FieldRole::return_pressure:
      return "pressure_return";
    case FieldRole::work_hours:
      return "working_hours";
    case FieldRole::time:
      return "clock";
    case FieldRole::status:
      return "status_word";
    case FieldRole::purchase_remaining:
      return "amount_remaining";
    case FieldRole::purchase_total:
      return "amount_purchased_total";
    default:
      return {};
  }
}

}  // namespace duheng::cjt188
