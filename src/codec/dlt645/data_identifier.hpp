#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "codec/dlt645/control.hpp"
#include "codec/dlt645/error.hpp"

namespace duheng::dlt645 {

/// DI3 DI2 DI1 DI0 of the 2007 edition as one number, e.g. 0x00010000 (forward active energy, total).
struct DataIdentifier {
  std::uint32_t value = 0;
  static constexpr std::size_t size_octets = 4;

  /// DI0 first, as on the wire; `plain` must have four octets.
  [[nodiscard]] static constexpr DataIdentifier from_plain(std::span<const std::uint8_t> plain) noexcept {
    return {static_cast<std::uint32_t>(plain[0]) | static_cast<std::uint32_t>(plain[1]) << 8 |
            static_cast<std::uint32_t>(plain[2]) << 16 | static_cast<std::uint32_t>(plain[3]) << 24};
  }
  [[nodiscard]] constexpr std::array<std::uint8_t, size_octets> to_plain() const noexcept {
    return {di(0), di(1), di(2), di(3)};
  }
  /// DI0..DI3 by index.
  [[nodiscard]] constexpr std::uint8_t di(unsigned index) const noexcept {
    return static_cast<std::uint8_t>(value >> (8 * index));
  }
  /// The two octets DI0 DI1 of the 1997 edition.
  [[nodiscard]] static constexpr DataIdentifier from_plain_1997(std::span<const std::uint8_t> plain) noexcept {
    return {static_cast<std::uint32_t>(plain[0]) | static_cast<std::uint32_t>(plain[1]) << 8};
  }
  /// Eight hexadecimal digits, DI3 first.
  [[nodiscard]] std::string to_string() const;
  /// Errors: invalid_argument - not eight hexadecimal digits.
  [[nodiscard]] static Result<DataIdentifier> parse(std::string_view text);
  friend constexpr auto operator<=>(const DataIdentifier&, const DataIdentifier&) = default;
};

enum class Unit : std::uint8_t {
  none,
  kilowatt_hour,
  kilovar_hour,
  kilovolt_ampere_hour,
  kilowatt,
  kilovar,
  kilovolt_ampere,
  volt,
  ampere,
  hertz,
  degree,
  percent,
  celsius,
  second,
  minute,
  millisecond,
  yuan,
  yuan_per_kilowatt_hour,
  impulse_per_kilowatt_hour,
  impulse_per_kilovar_hour,
  ampere_hour,
};
/// As people write it: "kWh", "kvar", "V", "deg", "yuan" …; empty for none.
[[nodiscard]] std::string_view to_string(Unit unit) noexcept;

/// How the octets of one field are to be read. All BCD kinds are digits, low octet first; the time kinds are such
/// numbers too, e.g. 04000101 read as the number YYMMDDWW.
enum class FieldKind : std::uint8_t {
  bcd,               ///< decimal digits
  signed_bcd,        ///< the top bit of the last octet is the direction, 1 = negative
  date_weekday,      ///< YYMMDDWW, 0 = Sunday
  time,              ///< hhmmss
  date_time,         ///< YYMMDDhhmmss
  date_hour_minute,  ///< YYMMDDhhmm
  month_day_time,    ///< MMDDhhmm
  day_hour,          ///< DDhh
  zone_entry,        ///< MMDDNN: from this day, day table NN
  period_entry,      ///< hhmmNN: from this time, tariff NN
  holiday_entry,     ///< YYMMDDNN
  bits,              ///< status or mode word, a binary number
  digits,            ///< digits that are a name, not an amount: address, meter number
  identifier,        ///< a data identifier
  text,              ///< ASCII, last character first on the wire
  raw,               ///< octets without a known meaning; size 0 = all that are left
};

/// What a field is within its item.
enum class FieldRole : std::uint8_t { value, time, count, duration, begin, end, operator_code, identifier, energy };
[[nodiscard]] std::string_view to_string(FieldRole role) noexcept;

struct FieldFormat {
  FieldKind kind = FieldKind::raw;
  std::uint8_t size_octets = 0;
  std::int8_t exponent = 0;  ///< value = digits x 10^exponent
  Unit unit = Unit::none;
  FieldRole role = FieldRole::value;
};

/// How items follow one another in a payload. Items of a block have no separators; short blocks are allowed.
enum class Layout : std::uint8_t {
  single,            ///< one item
  tariffs,           ///< total, then tariff 1, 2 …
  settlements,       ///< now, then last settlement 1, 2 …
  phases,            ///< A, B, C
  total_and_phases,  ///< total, A, B, C
  entries,           ///< any number of like items
  record,            ///< one item of many fields; another length is kept as raw octets
};

enum class DataGroup : std::uint8_t { energy, demand, variable, event, parameter, freeze, load_record };
enum class Phase : std::uint8_t { none, a, b, c };

/// Name and words of one field of a record.
struct FieldText {
  std::string_view name;  ///< part of the product-wide register name, e.g. "voltage_a"
  Label label;
};

/// How a record with parts of varying number is cut.
enum class Composition : std::uint8_t {
  plain,         ///< the fields of the rule, one behind the other
  load_records,  ///< blocks A0 A0 … E5 (see record_blocks.hpp)
  freeze_block,  ///< everything one freeze holds
};

/// One line of the tables: what a family of data identifiers means. Lives for ever.
struct DataRule {
  constexpr DataRule() noexcept = default;
  constexpr DataRule(std::uint32_t rule_match, std::uint32_t rule_mask, std::string_view stem, Label text,
                     std::span<const FieldFormat> formats, Layout items = Layout::single,
                     std::span<const FieldText> texts = {}, Composition parts = Composition::plain) noexcept
      : match(rule_match),
        mask(rule_mask),
        name(stem),
        label(text),
        fields(formats),
        field_texts(texts),
        layout(items),
        composition(parts) {
    unsigned octets = 0;
    if (parts != Composition::plain) return;
    for (const FieldFormat& field : formats) {
      if (field.size_octets == 0) return;
      octets += field.size_octets;
    }
    item_octets = static_cast<std::uint8_t>(octets);
  }

  std::uint32_t match = 0;  ///< identifier & mask == match
  std::uint32_t mask = 0xFFFFFFFF;
  std::string_view name;  ///< stem of the product-wide register name; empty when it has none
  Label label;
  std::span<const FieldFormat> fields;
  std::span<const FieldText> field_texts;  ///< empty, or as many as fields
  Layout layout = Layout::single;
  Composition composition = Composition::plain;
  std::uint8_t item_octets = 0;  ///< size of one item; 0 when it takes what is left
};

/// What a data identifier stands for. Points into static tables; cheap to copy and to keep.
struct DataDescription {
  DataIdentifier identifier;
  DataGroup group = DataGroup::energy;
  Layout layout = Layout::single;
  Phase phase = Phase::none;
  bool in_total = false;        ///< variables: the total, where phases exist beside it
  std::uint8_t tariff = 0;      ///< energy and demand: 0 = total
  std::uint8_t settlement = 0;  ///< energy and demand: 0 = now, n = last n settlements ago
  std::uint8_t ordinal = 0;     ///< harmonics, freezes, records, tables: the number in DI0
  std::uint8_t field_count = 0;
  std::uint8_t item_octets = 0;             ///< size of one item; 0 when the item takes what is left
  Edition edition = Edition::edition_2007;  ///< 1997: `identifier` holds two octets, DI1 DI0
  const FieldFormat* field_list = nullptr;
  const DataRule* rule = nullptr;

  [[nodiscard]] constexpr std::span<const FieldFormat> fields() const noexcept { return {field_list, field_count}; }
  [[nodiscard]] constexpr bool is_block() const noexcept {
    return layout != Layout::single && layout != Layout::record;
  }
};

/// Looks a data identifier up. Constant time for energies, demands, variables and what is asked for often, a short
/// search for the rest. Errors: unsupported - this release has no meaning for it; keep the octets. Source: DL/T
/// 645-2007, Annex A; what is known of State Grid's additions.
[[nodiscard]] std::expected<DataDescription, DecodeError> describe(DataIdentifier identifier) noexcept;

/// The same for the two-octet identifiers of the 1997 edition, e.g. 9010H, forward active energy, total.
/// Errors: unsupported - this release has no meaning for it; keep the octets.
/// Source: DL/T 645-1997, Annexes A and B, as public knowledge gives them.
[[nodiscard]] std::expected<DataDescription, DecodeError> describe_1997(std::uint16_t identifier) noexcept;
/// The one of the two that the edition needs.
[[nodiscard]] inline std::expected<DataDescription, DecodeError> describe(DataIdentifier identifier,
                                                                          Edition edition) noexcept {
  return edition == Edition::edition_1997 ? describe_1997(static_cast<std::uint16_t>(identifier.value))
                                          : describe(identifier);
}

/// The most items a block of this layout may hold.
[[nodiscard]] constexpr std::size_t elements_max(Layout layout) noexcept {
  constexpr std::size_t per_layout[] = {1, 1 + 63, 1 + 12, 3, 4, 255, 1};
  return per_layout[static_cast<std::size_t>(layout)];
}

/// The product-wide register name of an element, the same for every protocol, e.g. "voltage_b" for element 1 of
/// 0201FF00, "energy_active_import_tariff_2_settlement_1"; empty when the product has no name for it.
/// Allocates; made once per register, not per reading.
[[nodiscard]] std::string register_name(const DataDescription& description, std::size_t element = 0,
                                        std::size_t field = 0);

enum class Language : std::uint8_t { english, chinese };
/// What the whole identifier holds, for people, e.g. "forward active energy, tariff 2, last settlement 1".
[[nodiscard]] std::string meaning_of(const DataDescription& description, Language language);
/// What a field of a record is, e.g. "voltage, phase A"; empty when the record does not name its fields.
[[nodiscard]] Label field_label(const DataDescription& description, std::size_t field) noexcept;
/// What one element of a block is, e.g. "tariff 2", "phase B"; empty for a single item.
[[nodiscard]] std::string element_label(const DataDescription& description, std::size_t element, Language language);

}  // namespace duheng::dlt645
