#include "codec/dlt645/data_identifier.hpp"

#include <charconv>

#include "codec/dlt645/data_table.hpp"

namespace duheng::dlt645 {

namespace {

constexpr std::string_view clause_identifiers = "DL/T 645-2007, Annex A";
constexpr std::uint8_t block = 0xFF;
constexpr std::uint8_t tariffs_max = 63;
constexpr std::uint8_t settlements_max = 12;
constexpr std::uint8_t harmonics_max = 21;

using Found = std::expected<DataDescription, DecodeError>;

Found unsupported() noexcept {
  return std::unexpected(DecodeError{ErrorCode::unsupported, Field::data_identifier, 0, 0, 0, clause_identifiers});
}

DataDescription from_rule(DataIdentifier identifier, DataGroup group, const DataRule& rule) noexcept {
  DataDescription d;
  d.identifier = identifier;
  d.group = group;
  d.layout = rule.layout;
  d.rule = &rule;
  d.field_list = rule.fields.data();
  d.field_count = static_cast<std::uint8_t>(rule.fields.size());
  d.item_octets = rule.item_octets;
  return d;
}

Found by_table(DataIdentifier identifier, DataGroup group) noexcept {
  const DataRule* rule = table::find_rule(identifier.value);
  if (rule == nullptr) return unsupported();
  DataDescription d = from_rule(identifier, group, *rule);
  // Where the rule leaves DI0 open, DI0 is a number: of a record, a table, a class.
  d.ordinal = (rule->mask & 0xFF) != 0 ? 0 : identifier.di(0);
  return d;
}

Found describe_energy_or_demand(DataIdentifier identifier) noexcept {
  const auto [quantity, phase] = table::quantity_of(identifier.di(2));
  if (quantity >= table::quantity_count) {
    return identifier.di(3) == 0 ? by_table(identifier, DataGroup::energy) : unsupported();
  }
  const bool is_energy = identifier.di(3) == 0;
  const std::uint8_t tariff = identifier.di(1);
  const std::uint8_t settlement = identifier.di(0);
  // Both at once would be a table of tables, which no edition defines.
  if ((tariff > tariffs_max && tariff != block) || (settlement > settlements_max && settlement != block) ||
      (tariff == block && settlement == block)) {
    return unsupported();
  }
  DataDescription d = from_rule(identifier, is_energy ? DataGroup::energy : DataGroup::demand,
                                is_energy ? table::energy_rules[quantity] : table::demand_rules[quantity]);
  d.phase = phase;
  if (tariff == block) {
    d.layout = Layout::tariffs;
  } else {
    d.tariff = tariff;
  }
  if (settlement == block) {
    d.layout = Layout::settlements;
  } else {
    d.settlement = settlement;
  }
  return d;
}

Found describe_harmonic(DataIdentifier identifier, const DataRule& rule) noexcept {
  const std::uint8_t phase = identifier.di(1);
  const std::uint8_t order = identifier.di(0);
  if (phase < 1 || phase > 3 || order == 0 || (order > harmonics_max && order != block)) return unsupported();
  DataDescription d = from_rule(identifier, DataGroup::variable, rule);
  d.phase = static_cast<Phase>(phase);
  if (order == block) {
    d.layout = Layout::entries;
  } else {
    d.ordinal = order;
  }
  return d;
}

Found describe_variable(DataIdentifier identifier) noexcept {
  const DataRule* rule = table::variable_rule(identifier.di(2));
  if (rule == nullptr) {
    rule = table::harmonic_rule(identifier.di(2));
    return rule != nullptr ? describe_harmonic(identifier, *rule) : by_table(identifier, DataGroup::variable);
  }
  const std::uint8_t part = identifier.di(1);
  if (identifier.di(0) != 0) return unsupported();
  DataDescription d = from_rule(identifier, DataGroup::variable, *rule);
  if (part == block) return d;
  if (part > 3 || (part == 0 && rule->layout == Layout::phases)) return unsupported();
  d.phase = static_cast<Phase>(part);
  d.in_total = part == 0;
  d.layout = Layout::single;
  return d;
}

Found describe_freeze(DataIdentifier identifier) noexcept {
  const std::uint8_t part = identifier.di(1);
  if (identifier.di(2) >= table::freeze_kinds || identifier.di(0) == 0) return unsupported();
  DataDescription d;
  if (part == 0) {
    d = from_rule(identifier, DataGroup::freeze, table::freeze_time_rule());
  } else if (part >= 1 && part <= 8) {
    d = from_rule(identifier, DataGroup::freeze, table::energy_rules[part]);
    d.layout = Layout::tariffs;
  } else if (part == 0x09 || part == 0x0A) {
    d = from_rule(identifier, DataGroup::freeze, table::demand_rules[part - 8U]);
    d.layout = Layout::tariffs;
  } else if (part == 0x10) {
    d = from_rule(identifier, DataGroup::freeze, table::freeze_powers_rule());
  } else if (part == block) {
    d = from_rule(identifier, DataGroup::freeze, table::freeze_block_rule());
  } else {
    return unsupported();
  }
  d.ordinal = identifier.di(0);
  return d;
}

Found describe_phase_event(DataIdentifier identifier) noexcept {
  Found d = by_table(identifier, DataGroup::event);
  if (d && identifier.di(2) >= 1 && identifier.di(2) <= 3) d->phase = static_cast<Phase>(identifier.di(2));
  return d;
}

constexpr std::string_view phase_letters[] = {"", "a", "b", "c"};
constexpr std::string_view phase_letters_upper[] = {"", "A", "B", "C"};

/// The part an element of a phase block stands for.
Phase element_phase(Layout layout, std::size_t element) noexcept {
  if (layout == Layout::phases) return element < 3 ? static_cast<Phase>(element + 1) : Phase::none;
  if (layout == Layout::total_and_phases) return element < 4 ? static_cast<Phase>(element) : Phase::none;
  return Phase::none;
}

std::string energy_name(const DataDescription& d, std::size_t element) {
  std::string name(d.rule->name);
  if (d.phase != Phase::none) name.append("_").append(phase_letters[static_cast<unsigned>(d.phase)]);
  const std::size_t tariff = d.layout == Layout::tariffs ? element : d.tariff;
  const std::size_t settlement = d.layout == Layout::settlements ? element : d.settlement;
  if (tariff != 0) {
    name += "_tariff_" + std::to_string(tariff);
  } else if (d.phase == Phase::none) {
    name += "_total";
  }
  if (settlement != 0) name += "_settlement_" + std::to_string(settlement);
  return name;
}

}  // namespace

std::string DataIdentifier::to_string() const {
  const std::uint8_t octets[] = {di(3), di(2), di(1), di(0)};
  return to_hex(octets);
}

Result<DataIdentifier> DataIdentifier::parse(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != 8 || fault != std::errc{} || end != text.data() + text.size()) {
    return fail(ErrorCode::invalid_argument, "a data identifier has eight hexadecimal digits");
  }
  return DataIdentifier{value};
}

std::string_view to_string(Unit unit) noexcept {
  switch (unit) {
    case Unit::none:
      return "";
    case Unit::kilowatt_hour:
      return "kWh";
    case Unit::kilovar_hour:
      return "kvarh";
    case Unit::kilovolt_ampere_hour:
      return "kVAh";
    case Unit::kilowatt:
      return "kW";
    case Unit::kilovar:
      return "kvar";
    case Unit::kilovolt_ampere:
      return "kVA";
    case Unit::volt:
      return "V";
    case Unit::ampere:
      return "A";
    case Unit::hertz:
      return "Hz";
    case Unit::degree:
      return "deg";
    case Unit::percent:
      return "%";
    case Unit::celsius:
      return "degC";
    case Unit::second:
      return "s";
    case Unit::minute:
      return "min";
    case Unit::millisecond:
      return "ms";
    case Unit::yuan:
      return "yuan";
    case Unit::yuan_per_kilowatt_hour:
      return "yuan/kWh";
    case Unit::impulse_per_kilowatt_hour:
      return "imp/kWh";
    case Unit::impulse_per_kilovar_hour:
      return "imp/kvarh";
  }
  return "";
}

std::string_view to_string(FieldRole role) noexcept {
  switch (role) {
    case FieldRole::value:
      return "value";
    case FieldRole::time:
      return "time";
    case FieldRole::count:
      return "count";
    case FieldRole::duration:
      return "duration";
    case FieldRole::begin:
      return "begin";
    case FieldRole::end:
      return "end";
    case FieldRole::operator_code:
      return "operator";
    case FieldRole::identifier:
      return "identifier";
    case FieldRole::energy:
      return "energy";
  }
  return "value";
}

Found describe(DataIdentifier identifier) noexcept {
  switch (identifier.di(3)) {
    case 0x00:
    case 0x01:
      return describe_energy_or_demand(identifier);
    case 0x02:
      return describe_variable(identifier);
    case 0x03:
    case 0x1D:
    case 0x1E:
      return by_table(identifier, DataGroup::event);
    case 0x04:
      return by_table(identifier, DataGroup::parameter);
    case 0x05:
      return describe_freeze(identifier);
    case 0x06:
      return by_table(identifier, DataGroup::load_record);
    default:
      return describe_phase_event(identifier);
  }
}

std::size_t elements_max(Layout layout) noexcept {
  switch (layout) {
    case Layout::single:
    case Layout::record:
      return 1;
    case Layout::tariffs:
      return 1 + tariffs_max;
    case Layout::settlements:
      return 1 + settlements_max;
    case Layout::phases:
      return 3;
    case Layout::total_and_phases:
      return 4;
    case Layout::entries:
      return 255;
  }
  return 1;
}

std::string register_name(const DataDescription& d, std::size_t element, std::size_t field) {
  if (d.rule == nullptr || d.rule->name.empty() || element >= elements_max(d.layout) || field >= d.field_count)
    return {};
  std::string name;
  const bool is_energy_like = d.group == DataGroup::energy || d.group == DataGroup::demand ||
                              (d.group == DataGroup::freeze && d.layout == Layout::tariffs);
  if (is_energy_like && table::quantity_of(d.identifier.di(2)).quantity < table::quantity_count) {
    name = energy_name(d, element);
  } else {
    name = d.rule->name;
    const Phase phase = d.is_block() && d.phase == Phase::none ? element_phase(d.layout, element) : d.phase;
    if (phase != Phase::none) {
      name.append("_").append(phase_letters[static_cast<unsigned>(phase)]);
    } else if (d.in_total || (d.layout == Layout::total_and_phases && element == 0)) {
      name += "_total";
    }
    if (d.layout == Layout::entries) name += "_" + std::to_string(element + 1);
    if (d.ordinal != 0 && d.group != DataGroup::freeze) name += "_" + std::to_string(d.ordinal);
  }
  if (d.group == DataGroup::freeze) {
    if (d.layout == Layout::record) name += "_" + std::to_string(field);
    name.append("_freeze_").append(table::freeze_name(d.identifier.di(2))).append("_") += std::to_string(d.ordinal);
  }
  const FieldRole role = d.fields()[field].role;
  if (role != FieldRole::value) name.append("_").append(to_string(role));
  return name;
}

std::string element_label(const DataDescription& d, std::size_t element, Language language) {
  const bool chinese = language == Language::chinese;
  const auto numbered = [&](std::string_view english, std::string_view word) {
    return chinese ? std::string(word) + std::to_string(element) : std::string(english) + " " + std::to_string(element);
  };
  switch (d.layout) {
    case Layout::single:
    case Layout::record:
      return {};
    case Layout::tariffs:
      if (element == 0) return chinese ? "总" : "total";
      return numbered("tariff", "费率");
    case Layout::settlements:
      if (element == 0) return chinese ? "当前" : "now";
      return chinese ? "上" + std::to_string(element) + "结算日" : "last settlement " + std::to_string(element);
    case Layout::phases:
    case Layout::total_and_phases: {
      const Phase phase = element_phase(d.layout, element);
      if (phase == Phase::none) return chinese ? "总" : "total";
      const std::string letter(phase_letters_upper[static_cast<unsigned>(phase)]);
      return chinese ? letter + "相" : "phase " + letter;
    }
    case Layout::entries:
      ++element;
      return numbered("entry", "第");
  }
  return {};
}

std::string meaning_of(const DataDescription& d, Language language) {
  const bool chinese = language == Language::chinese;
  const std::string separator = chinese ? "，" : ", ";
  std::string text;
  if (d.group == DataGroup::freeze) {
    const Label freeze = table::freeze_label(d.identifier.di(2));
    text = chinese ? "上" + std::to_string(d.ordinal) + "次" + std::string(freeze.chinese)
                   : std::string(freeze.english) + " " + std::to_string(d.ordinal);
    text += separator;
  }
  text += chinese ? d.rule->label.chinese : d.rule->label.english;
  if (d.phase != Phase::none) {
    const std::string letter(phase_letters_upper[static_cast<unsigned>(d.phase)]);
    text += separator + (chinese ? letter + "相" : "phase " + letter);
  } else if (d.in_total) {
    text += separator + (chinese ? "总" : "total");
  }
  const bool has_tariffs = (d.group == DataGroup::energy || d.group == DataGroup::demand) &&
                           table::quantity_of(d.identifier.di(2)).quantity < table::quantity_count;
  if (d.layout == Layout::tariffs) {
    text += separator + (chinese ? "总及各费率" : "total, tariff 1..n");
  } else if (has_tariffs) {
    text += separator;
    if (d.tariff == 0) {
      text += chinese ? "总" : "total";
    } else {
      text += (chinese ? "费率" : "tariff ") + std::to_string(d.tariff);
    }
  }
  if (d.layout == Layout::settlements) {
    text += separator + (chinese ? "当前及上1..n结算日" : "now, last settlement 1..n");
  } else if (has_tariffs && d.settlement != 0) {
    const auto number = std::to_string(d.settlement);
    text += separator + (chinese ? "上" + number + "结算日" : "last settlement " + number);
  }
  if (d.layout == Layout::phases && d.phase == Phase::none && d.group == DataGroup::variable) {
    text += separator + (chinese ? "A、B、C相" : "phases A,B,C");
  } else if (d.layout == Layout::total_and_phases) {
    text += separator + (chinese ? "总、A、B、C相" : "total and phases A,B,C");
  } else if (d.group != DataGroup::freeze && d.ordinal != 0) {
    text += " " + std::to_string(d.ordinal);
  }
  return text;
}

}  // namespace duheng::dlt645
