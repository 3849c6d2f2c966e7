#include "codec/dlt645/data_identifier.hpp"

#include <charconv>

#include "codec/dlt645/data_table.hpp"

namespace duheng::dlt645 {

namespace {

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

/// One of the quantities that have tariffs, not the prepayment group.
bool has_quantity(const DataDescription& d) noexcept {
  return d.edition == Edition::edition_1997 || table::quantity_of(d.identifier.di(2)).quantity < table::quantity_count;
}

/// Name of a field of a record, e.g. "voltage_a_load_record", "energy_active_import_tariff_1_freeze_daily_1".
std::string record_field_name(const DataDescription& d, std::size_t element, std::size_t field) {
  std::string name(d.rule->field_texts[field].name);
  const FieldRole role = d.fields()[field].role;
  switch (d.rule->composition) {
    case Composition::load_records:
      return name + "_load_record";
    case Composition::freeze_block:
      if (name.starts_with("energy") || name.starts_with("demand")) {
        name += element == 0 ? "_total" : "_tariff_" + std::to_string(element);
        if (role != FieldRole::value) name.append("_").append(to_string(role));
      }
      name.append("_freeze_").append(table::freeze_name(d.identifier.di(2))).append("_");
      return name + std::to_string(d.ordinal);
    case Composition::plain:
      break;
  }
  name = std::string(d.rule->name) + "_" + name;
  if (d.phase != Phase::none) name.append("_").append(phase_letters[static_cast<unsigned>(d.phase)]);
  return d.ordinal == 0 ? name : name + "_" + std::to_string(d.ordinal);
}

}  // namespace

Label field_label(const DataDescription& d, std::size_t field) noexcept {
  return d.rule != nullptr && field < d.rule->field_texts.size() ? d.rule->field_texts[field].label : Label{};
}

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
    case Unit::ampere_hour:
      return "Ah";
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

std::string register_name(const DataDescription& d, std::size_t element, std::size_t field) {
  if (d.rule == nullptr || (d.rule->name.empty() && d.rule->field_texts.empty()) ||
      (element >= elements_max(d.layout) && d.rule->composition == Composition::plain) || field >= d.field_count)
    return {};
  std::string name;
  const bool is_energy_like = d.group == DataGroup::energy || d.group == DataGroup::demand ||
                              (d.group == DataGroup::freeze && d.layout == Layout::tariffs);
  if (d.rule->composition != Composition::plain || !d.rule->field_texts.empty()) {
    return record_field_name(d, element, field);
  }
  if (is_energy_like && has_quantity(d)) {
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
      return {};
    case Layout::record:
      if (d.rule == nullptr || d.rule->composition == Composition::plain) return {};
      if (d.rule->composition == Composition::load_records) {
        ++element;
        return numbered("record", "第");
      }
      return element == 0 ? std::string() : numbered("tariff", "费率");
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
  const bool has_tariffs = (d.group == DataGroup::energy || d.group == DataGroup::demand) && has_quantity(d);
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
