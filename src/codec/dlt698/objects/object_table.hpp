#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace duheng::dlt698::objects {

enum class Language : std::uint8_t { english, chinese };

/// A name in both languages; points into static tables.
struct Label {
  std::string_view english;
  std::string_view chinese;
  [[nodiscard]] constexpr std::string_view in(Language language) const noexcept {
    return language == Language::chinese ? chinese : english;
  }
};

/// The Data tags of the protocol by their numbers, and `any` where the standard leaves the type open.
enum class Type : std::uint8_t {
  null = 0,
  array = 1,
  structure = 2,
  boolean = 3,
  bit_string = 4,
  int32 = 5,
  uint32 = 6,
  octet_string = 9,
  visible_string = 10,
  utf8_string = 12,
  int8 = 15,
  int16 = 16,
  uint8 = 17,
  uint16 = 18,
  int64 = 20,
  uint64 = 21,
  enumeration = 22,
  float32 = 23,
  float64 = 24,
  date_time = 25,
  date = 26,
  time = 27,
  date_time_s = 28,
  oi = 80,
  oad = 81,
  road = 82,
  omd = 83,
  ti = 84,
  tsa = 85,
  mac = 86,
  rn = 87,
  region = 88,
  scaler_unit = 89,
  rsd = 90,
  csd = 91,
  ms = 92,
  sid = 93,
  sid_mac = 94,
  comdcb = 95,
  rcsd = 96,
  any = 255,
};

/// Units by their code in Scaler_Unit; from 128 on such as the code list does not name or names ambiguously.
enum class Unit : std::uint8_t {
  year = 1,
  month = 2,
  day = 4,
  hour = 5,
  minute = 6,
  second = 7,
  degree = 8,
  celsius = 9,
  yuan = 10,
  cubic_metre = 13,
  joule = 25,
  joule_per_hour = 26,
  watt = 27,
  kilowatt = 28,
  volt_ampere = 29,
  kilovolt_ampere = 30,
  var = 31,
  kilovar = 32,
  kilowatt_hour = 33,
  kilovolt_ampere_hour = 34,
  kilovar_hour = 35,
  ampere = 36,
  volt = 38,
  hertz = 47,
  percent = 51,
  byte = 52,
  decibel_milliwatt = 53,
  yuan_per_kilowatt_hour = 54,
  ampere_hour = 55,
  millisecond = 56,
  impulse_per_kilowatt_hour = 128,
  impulse_per_kilovar_hour = 129,
  decibel_microvolt = 130,
  centimetre = 131,
  ten_milliseconds = 132,
  none = 255,
};
/// As the product writes it, e.g. "kWh", "W", "deg", "degC", "yuan"; empty for none.
[[nodiscard]] std::string_view to_string(Unit unit) noexcept;
/// The name of a unit code as it stands in a Scaler_Unit; empty for 255 (none) and for codes that are not assigned.
[[nodiscard]] std::string_view unit_name(std::uint8_t code) noexcept;

/// What the elements of an array are.
enum class Layout : std::uint8_t {
  single,            ///< not an array, or one whose elements have no meaning of their own
  tariffs,           ///< total, then tariff 1, 2 …
  phases,            ///< A, B, C
  total_and_phases,  ///< total, A, B, C
  harmonics,         ///< total, then harmonic 2, 3 …
  numbered,          ///< 1, 2, 3 …
  records,           ///< as an index: the n-th latest record
};
enum class Phase : std::uint8_t { none, a, b, c };

/// How sure the table is of an entry; the standard's own text was not at hand.
enum class Certainty : std::uint8_t {
  several_sources,    ///< A: several independent public sources, or captures, agree
  one_source,         ///< B: one public source
  general_knowledge,  ///< K: no proof at hand
};

/// One value of an enumeration.
struct Choice {
  std::uint8_t value = 0;
  Label label;
};

/// What a Data looks like: a leaf with its unit and power of ten, a structure with its members, an array with the
/// shape of its elements. Immutable, lives for ever.
class Shape {
 public:
  constexpr Shape() noexcept = default;
  constexpr Shape(Type shape_type, Label name, int power = 0, Unit of_unit = Unit::none) noexcept
      : type(shape_type), exponent(static_cast<std::int8_t>(power)), unit(of_unit), label(name) {}

  Type type = Type::any;
  std::int8_t exponent = 0;  ///< of numbers: value = number x 10^exponent
  Unit unit = Unit::none;
  Layout layout = Layout::single;  ///< of arrays
  Label label;                     ///< what this part is within its parent

  /// Members of a structure, in order; more may follow them where `is_open`. One element for an array.
  [[nodiscard]] constexpr std::span<const Shape> parts() const noexcept { return {part_list_, part_count_}; }
  [[nodiscard]] constexpr std::span<const Choice> choices() const noexcept { return {choice_list_, choice_count_}; }
  /// The part of that place, or nullptr: an array answers its element for every place.
  [[nodiscard]] constexpr const Shape* part(std::size_t place) const noexcept {
    if (type == Type::array) return part_list_;
    return place < part_count_ ? part_list_ + place : nullptr;
  }
  /// The meaning of an enumeration's value, or nullptr.
  [[nodiscard]] constexpr const Label* choice(std::uint8_t value) const noexcept {
    for (const Choice& entry : choices()) {
      if (entry.value == value) return &entry.label;
    }
    return nullptr;
  }

  /// Builders for the tables; what they point at must live for ever.
  [[nodiscard]] constexpr Shape with_parts(const Shape* list, std::size_t count) const noexcept {
    Shape copy = *this;
    copy.part_list_ = list;
    copy.part_count_ = static_cast<std::uint8_t>(count);
    return copy;
  }
  [[nodiscard]] constexpr Shape with_choices(const Choice* list, std::size_t count) const noexcept {
    Shape copy = *this;
    copy.choice_list_ = list;
    copy.choice_count_ = static_cast<std::uint8_t>(count);
    return copy;
  }
  [[nodiscard]] constexpr Shape with_layout(Layout of_elements) const noexcept {
    Shape copy = *this;
    copy.layout = of_elements;
    return copy;
  }

 private:
  std::uint8_t part_count_ = 0;
  std::uint8_t choice_count_ = 0;
  const Shape* part_list_ = nullptr;
  const Choice* choice_list_ = nullptr;
};

/// An attribute, or a method with the shape of its argument. The shape's label is its name; an empty one takes the
/// name that the interface class gives to the number.
struct Member {
  std::uint8_t number = 0;
  Shape shape;
  std::string_view register_stem{};  ///< of its own, e.g. "current_neutral"; else the object's
  Certainty certainty = Certainty::one_source;
};

/// An interface class: what all its objects have.
struct InterfaceClass {
  std::uint8_t number = 0;
  Label label;
  std::span<const Member> attributes;
  std::span<const Member> methods;
};
/// Classes 1..26, or nullptr.
[[nodiscard]] const InterfaceClass* find_class(std::uint8_t number) noexcept;

/// One line of the object tables. Energies and demands stand once for the total and their three phases.
struct Object {
  std::uint16_t oi = 0;
  std::uint8_t class_number = 0;
  Certainty certainty = Certainty::several_sources;  ///< of name and class
  Label label;
  Shape value;  ///< of attribute 2 (3 of no class); type `any` where the class says it
  std::string_view register_stem{};
  std::span<const Member> attributes{};  ///< beside attribute 2, or instead of the class's
  std::span<const Member> methods{};
};

enum class LookupError : std::uint8_t {
  unknown_object = 1,     ///< not in this release's tables, e.g. a vendor's; keep the data as they are
  unknown_attribute = 2,  ///< the object is known, this attribute of it is not
  unknown_method = 3,     ///< the object is known, this method of it is not
};
[[nodiscard]] std::string_view to_string(LookupError error) noexcept;

/// What an OAD or OMD stands for. Points into static tables; cheap to copy and to keep.
struct Description {
  std::uint16_t oi = 0;
  std::uint8_t number = 0;   ///< of the attribute or method; attribute 0 = all attributes
  std::uint8_t feature = 0;  ///< bits 5-7 of the attribute octet
  std::uint8_t index = 0;    ///< 0 = the whole; n = its n-th element, member or latest record
  std::uint8_t class_number = 0;
  bool is_method = false;
  Phase phase = Phase::none;  ///< of energies and demands of one phase
  Certainty certainty = Certainty::several_sources;
  Label object;           ///< e.g. "forward active energy"
  Label member;           ///< name of the attribute or method
  const Shape* whole{};   ///< of the attribute without index; nullptr when unknown
  const Shape* shape{};   ///< of what is read with this index; nullptr when unknown
  std::string_view stem;  ///< of the product's register names; empty when it has none
  std::string_view clause;

  /// The array's kind, when the whole is one.
  [[nodiscard]] Layout layout() const noexcept { return whole != nullptr ? whole->layout : Layout::single; }
};

/// Looks an OAD up: OI, attribute octet (number and feature), index, as they stand on the wire.
/// Logarithmic in the table's size, no allocation.
/// Errors: see LookupError; in each case the octets stay readable as plain Data.
/// Source: DL/T 698.45-2017, interface classes and object identifiers, from public code and pages.
[[nodiscard]] std::expected<Description, LookupError> describe(std::uint32_t oad) noexcept;
/// The same for an OMD: OI, method, operation mode.
[[nodiscard]] std::expected<Description, LookupError> describe_method(std::uint32_t omd) noexcept;
/// The object alone, e.g. for type OI; nullptr when unknown. `phase` tells which phase of it, where it has phases.
[[nodiscard]] const Object* find_object(std::uint16_t oi, Phase* phase = nullptr) noexcept;
/// All objects of this release in order, for listings and tests.
[[nodiscard]] std::span<const std::span<const Object>> all_objects() noexcept;

/// Exponent and unit that the product stores a register with. The number itself is the wire's: 1234 in steps of 0.1 W
/// is stored as 1234 in steps of 0.0001 kW, so that DL/T 645 and 698.45 give one series the same unit.
struct RegisterScale {
  std::int8_t exponent = 0;
  Unit unit = Unit::none;
};
[[nodiscard]] RegisterScale register_scale(const Shape& leaf) noexcept;

/// The product-wide register name of one value, the same as DL/T 645 gives it, e.g. "voltage_b" for element 1 of
/// 20000200 or element 0 of 20000202, "energy_active_import_tariff_2" for 00100203; "demand_active_import_total_time"
/// for field 1. Empty when the product has none. `element` counts from 0 within what the OAD reads.
/// Allocates; made once per register, not per reading.
[[nodiscard]] std::string register_name(const Description& description, std::size_t element = 0, std::size_t field = 0);

/// For people: object, phase, attribute unless it is the plain value, index, e.g. "forward active energy, tariff 2".
[[nodiscard]] std::string meaning_of(const Description& description, Language language);
/// What one element is, counted from 0, e.g. "tariff 2", "phase B", "no. 3"; empty for Layout::single.
[[nodiscard]] std::string element_label(Layout layout, std::size_t element, Language language);

}  // namespace duheng::dlt698::objects
