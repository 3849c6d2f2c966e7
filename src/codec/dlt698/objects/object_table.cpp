#include "codec/dlt698/objects/object_table.hpp"

#include <algorithm>
#include <array>

#include "codec/dlt698/objects/shapes.hpp"

namespace duheng::dlt698::objects {

namespace {

constexpr std::string_view clause_objects = "DL/T 698.45-2017, interface classes and objects";
constexpr Shape logical_name{Type::octet_string, {"logical name", "逻辑名"}};

/// Names of the unit codes; empty = not assigned, or named otherwise by each source (48..50 pulse constants).
constexpr std::array<std::string_view, 57> unit_names{
    "",    "a",  "month", "week", "d",    "h",    "min",      "s",   "deg",  "degC", "yuan", "m",
    "m/s", "m3", "m3",    "m3/h", "m3/h", "m3/d", "m3/d",     "L",   "kg",   "N",    "Nm",   "Pa",
    "bar", "J",  "J/h",   "W",    "kW",   "VA",   "kVA",      "var", "kvar", "kWh",  "kVAh", "kvarh",
    "A",   "C",  "V",     "V/m",  "F",    "ohm",  "",         "Wb",  "T",    "A/m",  "H",    "Hz",
    "",    "",   "",      "%",    "byte", "dBm",  "yuan/kWh", "Ah",  "ms",
};

std::span<const Object> group_of(std::uint16_t oi) noexcept {
  switch (oi >> 12) {
    case 0x0:
      return table::energy_objects();
    case 0x1:
      return table::demand_objects();
    case 0x2:
      return table::variable_objects();
    case 0x3:
      return table::event_objects();
    case 0x4:
      return table::parameter_objects();
    case 0x5:
      return table::freeze_objects();
    case 0x6:
      return table::acquisition_objects();
    case 0x7:
      return table::collection_objects();
    case 0x8:
      return table::control_objects();
    case 0xF:
      return table::device_objects();
    default:
      return {};
  }
}

const Member* find_member(std::span<const Member> members, std::uint8_t number) noexcept {
  const auto found = std::ranges::find(members, number, &Member::number);
  return found == members.end() ? nullptr : &*found;
}

Label label_or(const Label& own, const Label& fallback) noexcept { return own.english.empty() ? fallback : own; }

/// True where attribute 2 is simply what the object's name says, so that naming it would only repeat.
bool is_plain_value(const Description& d) noexcept {
  if (d.is_method || d.number != 2) return false;
  switch (d.class_number) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 6:
    case 8:
    case 11:
      return d.whole == nullptr || d.whole->label.english.empty() || d.whole->type == Type::any;
    default:
      return false;
  }
}

/// Goes from the whole attribute to what the index picks.
void apply_index(Description& d) noexcept {
  if (d.whole == nullptr) return;
  d.shape = d.index == 0 ? d.whole : d.whole->type == Type::any ? nullptr : d.whole->part(d.index - 1U);
}

std::string_view letter(Phase phase) noexcept {
  static constexpr std::array<std::string_view, 4> letters{"", "a", "b", "c"};
  return letters[static_cast<std::size_t>(phase)];
}
std::string_view capital(Phase phase) noexcept {
  static constexpr std::array<std::string_view, 4> capitals{"", "A", "B", "C"};
  return capitals[static_cast<std::size_t>(phase)];
}

std::string with_number(std::string_view before, std::size_t number, std::string_view after = {}) {
  return std::string(before).append(std::to_string(number)).append(after);
}

void add(std::string& text, std::string_view more, Language language) {
  if (more.empty()) return;
  if (!text.empty()) text += language == Language::chinese ? "，" : ", ";
  text += more;
}

/// Part of a register name for one element of an array; empty pointer-like result = the product has no name.
bool append_element(std::string& name, const Description& d, std::size_t element) {
  switch (d.layout()) {
    case Layout::tariffs:
      if (element > 63) return false;
      if (d.phase != Phase::none) name.append("_").append(letter(d.phase));
      if (element > 0) {
        name += with_number("_tariff_", element);
      } else if (d.phase == Phase::none) {
        name += "_total";
      }
      return true;
    case Layout::phases:
    case Layout::total_and_phases: {
      const std::size_t place = d.layout() == Layout::phases ? element + 1 : element;
      if (place > 3) return false;
      name.append("_").append(place == 0 ? "total" : letter(static_cast<Phase>(place)));
      return true;
    }
    case Layout::numbered:
      name += with_number("_", element + 1);
      return true;
    case Layout::single:
      return element == 0;
    case Layout::harmonics:
    case Layout::records:
      return false;
  }
  return false;
}

}  // namespace

std::string_view to_string(Unit unit) noexcept {
  switch (unit) {
    case Unit::impulse_per_kilowatt_hour:
      return "imp/kWh";
    case Unit::impulse_per_kilovar_hour:
      return "imp/kvarh";
    case Unit::decibel_microvolt:
      return "dBuV";
    case Unit::centimetre:
      return "cm";
    case Unit::ten_milliseconds:
      return "10 ms";
    default:
      return unit_name(static_cast<std::uint8_t>(unit));
  }
}

std::string_view unit_name(std::uint8_t code) noexcept {
  return code < unit_names.size() ? unit_names[code] : std::string_view{};
}

std::string_view to_string(LookupError error) noexcept {
  switch (error) {
    case LookupError::unknown_object:
      return "unknown_object";
    case LookupError::unknown_attribute:
      return "unknown_attribute";
    case LookupError::unknown_method:
      return "unknown_method";
  }
  return "unknown";
}

const InterfaceClass* find_class(std::uint8_t number) noexcept {
  const auto classes = table::interface_classes();
  return number >= 1 && number <= classes.size() ? &classes[number - 1U] : nullptr;
}

const Object* find_object(std::uint16_t oi, Phase* phase) noexcept {
  if (phase != nullptr) *phase = Phase::none;
  std::uint16_t wanted = oi;
  if (oi < 0x2000) {
    const unsigned digit = oi & 0xFU;
    // Combined active energy is the one that has no phases.
    if (digit > 3 || (digit > 0 && oi < 0x0010)) return nullptr;
    wanted = static_cast<std::uint16_t>(oi & 0xFFF0);
    if (phase != nullptr) *phase = static_cast<Phase>(digit);
  }
  const auto group = group_of(wanted);
  const auto found = std::ranges::lower_bound(group, wanted, {}, &Object::oi);
  return found != group.end() && found->oi == wanted ? &*found : nullptr;
}

std::span<const std::span<const Object>> all_objects() noexcept {
  static const std::array<std::span<const Object>, 10> groups{
      table::energy_objects(),    table::demand_objects(), table::variable_objects(),    table::event_objects(),
      table::parameter_objects(), table::freeze_objects(), table::acquisition_objects(), table::collection_objects(),
      table::control_objects(),   table::device_objects(),
  };
  return groups;
}

std::expected<Description, LookupError> describe(std::uint32_t oad) noexcept {
  Description d;
  d.oi = static_cast<std::uint16_t>(oad >> 16);
  d.number = static_cast<std::uint8_t>(oad >> 8 & 0x1F);
  d.feature = static_cast<std::uint8_t>(oad >> 13 & 0x07);
  d.index = static_cast<std::uint8_t>(oad);
  d.clause = clause_objects;
  const Object* object = find_object(d.oi, &d.phase);
  if (object == nullptr) return std::unexpected(LookupError::unknown_object);
  const InterfaceClass* interface_class = find_class(object->class_number);
  d.object = object->label;
  d.class_number = object->class_number;
  d.certainty = object->certainty;
  if (d.number == 0) {
    d.member = {"all attributes", "全部属性"};
    return d;
  }
  if (d.number == 1) {
    d.member = logical_name.label;
    d.whole = &logical_name;
    apply_index(d);
    return d;
  }
  const Member* general = interface_class != nullptr ? find_member(interface_class->attributes, d.number) : nullptr;
  const bool holds_value = d.number == 2 && object->value.type != Type::any;
  const Member* own = holds_value ? nullptr : find_member(object->attributes, d.number);
  if (!holds_value && own == nullptr && general == nullptr) return std::unexpected(LookupError::unknown_attribute);
  d.whole = holds_value ? &object->value : own != nullptr ? &own->shape : &general->shape;
  d.member = label_or(d.whole->label, general != nullptr ? general->shape.label : Label{});
  if (own != nullptr && own->certainty > d.certainty) d.certainty = own->certainty;
  if (d.feature == 0) {
    const bool is_register = d.number == 2 || (d.number == 4 && d.class_number == 1);
    if (own != nullptr && !own->register_stem.empty()) {
      d.stem = own->register_stem;
    } else if (is_register) {
      d.stem = object->register_stem;
    }
  }
  apply_index(d);
  return d;
}

std::expected<Description, LookupError> describe_method(std::uint32_t omd) noexcept {
  Description d;
  d.oi = static_cast<std::uint16_t>(omd >> 16);
  d.number = static_cast<std::uint8_t>(omd >> 8);
  d.is_method = true;
  d.clause = clause_objects;
  const Object* object = find_object(d.oi, &d.phase);
  if (object == nullptr) return std::unexpected(LookupError::unknown_object);
  const InterfaceClass* interface_class = find_class(object->class_number);
  const Member* general = interface_class != nullptr ? find_member(interface_class->methods, d.number) : nullptr;
  const Member* own = find_member(object->methods, d.number);
  if (own == nullptr && general == nullptr) return std::unexpected(LookupError::unknown_method);
  d.object = object->label;
  d.class_number = object->class_number;
  d.certainty = std::max(object->certainty, (own != nullptr ? own : general)->certainty);
  d.whole = own != nullptr ? &own->shape : &general->shape;
  d.shape = d.whole;
  d.member = label_or(d.whole->label, general != nullptr ? general->shape.label : Label{});
  return d;
}

RegisterScale register_scale(const Shape& leaf) noexcept {
  const auto kilo = static_cast<std::int8_t>(leaf.exponent - 3);
  switch (leaf.unit) {
    case Unit::watt:
      return {kilo, Unit::kilowatt};
    case Unit::var:
      return {kilo, Unit::kilovar};
    case Unit::volt_ampere:
      return {kilo, Unit::kilovolt_ampere};
    default:
      return {leaf.exponent, leaf.unit};
  }
}

std::string register_name(const Description& description, std::size_t element, std::size_t field) {
  const Description& d = description;
  if (d.stem.empty() || d.whole == nullptr) return {};
  if (d.index > 0) {
    // An index has picked one element already.
    if (element != 0 || d.layout() == Layout::single) return {};
    element = d.index - 1U;
  }
  const Shape* item = d.whole->type == Type::array ? d.whole->part(0) : d.whole;
  const bool is_demand = d.class_number == 2;
  if (item == nullptr || (item->type == Type::structure && !is_demand) || item->type == Type::array) return {};
  if (field > (is_demand ? 1U : 0U)) return {};
  std::string name(d.stem);
  if (!append_element(name, d, element)) return {};
  if (field == 1) name += "_time";
  return name;
}

std::string element_label(Layout layout, std::size_t element, Language language) {
  const bool chinese = language == Language::chinese;
  switch (layout) {
    case Layout::single:
      return {};
    case Layout::tariffs:
      if (element == 0) return chinese ? "总" : "total";
      return with_number(chinese ? "费率" : "tariff ", element);
    case Layout::phases:
    case Layout::total_and_phases: {
      const std::size_t place = layout == Layout::phases ? element + 1 : element;
      if (place == 0) return chinese ? "总" : "total";
      if (place > 3) return chinese ? with_number("第", element + 1, "个") : with_number("no. ", element + 1);
      const auto name = capital(static_cast<Phase>(place));
      return chinese ? std::string(name) + "相" : "phase " + std::string(name);
    }
    case Layout::harmonics:
      if (element == 0) return chinese ? "总" : "total";
      return chinese ? with_number("", element + 1, "次谐波") : with_number("harmonic ", element + 1);
    case Layout::numbered:
      return chinese ? with_number("第", element + 1, "个") : with_number("no. ", element + 1);
    case Layout::records:
      return chinese ? with_number("最近第", element + 1, "条记录") : with_number("latest record ", element + 1);
  }
  return {};
}

std::string meaning_of(const Description& description, Language language) {
  const Description& d = description;
  const bool chinese = language == Language::chinese;
  std::string text;
  if (d.phase != Phase::none && chinese) text.append(capital(d.phase)).append("相");
  text += d.object.in(language);
  if (d.phase != Phase::none && !chinese) text.append(", phase ").append(capital(d.phase));
  if (!is_plain_value(d)) add(text, d.member.in(language), language);
  if (d.feature != 0) add(text, with_number(chinese ? "特征" : "feature ", d.feature), language);
  if (d.index == 0) return text;
  if (d.whole != nullptr && d.whole->type == Type::structure && d.shape != nullptr) {
    add(text, d.shape->label.in(language), language);
  } else if (d.layout() != Layout::single) {
    add(text, element_label(d.layout(), d.index - 1U, language), language);
  } else {
    add(text, chinese ? with_number("第", d.index, "个") : with_number("no. ", d.index), language);
  }
  return text;
}

}  // namespace duheng::dlt698::objects
