#include <algorithm>

#include "codec/dlt645/data_rules.hpp"
#include "codec/dlt645/event_rules.hpp"
#include "codec/dlt645/frequent.hpp"
#include "codec/dlt645/group_event_rules.hpp"

namespace duheng::dlt645 {

namespace {

constexpr std::string_view clause_identifiers = "DL/T 645-2007, Annex A";
constexpr std::uint8_t block = 0xFF;
constexpr std::uint8_t harmonics_max = 21;

using Found = std::expected<DataDescription, DecodeError>;

constexpr Found unsupported() noexcept {
  return std::unexpected(DecodeError{ErrorCode::unsupported, Field::data_identifier, 0, 0, 0, clause_identifiers});
}

/// A rule, or none. GCC under -fsanitize=undefined does not compare addresses at compile time, hence the flag.
struct RuleFound {
  const DataRule* rule = nullptr;
  bool found = false;
};

template <std::size_t N>
constexpr RuleFound find_in(const DataRule (&rules)[N], std::uint32_t identifier) noexcept {
  for (const DataRule& rule : rules) {
    if ((identifier & rule.mask) == rule.match) return {&rule, true};
  }
  return {};
}

/// Everything found by match and mask: 0080.., 0090.., 0280.., 03.., 04.., 06.., 10...
constexpr RuleFound find_rule(std::uint32_t identifier) noexcept {
  const auto di3 = identifier >> 24;
  if (di3 == 0x00) return find_in(table::energy_table, identifier);
  if (di3 == 0x02) return find_in(table::variable_table, identifier);
  if (di3 == 0x04) return find_in(table::parameter_table, identifier);
  if (di3 == 0x03 || (di3 >= 0x1D && di3 <= 0x22)) return find_in(table::event_table, identifier);
  if (di3 == 0x06) return find_in(table::load_record_table, identifier);
  if (di3 >= 0x10 && di3 <= 0x1C) return find_in(table::phase_event_table, identifier);
  return {};
}

/// 0201..0209 by DI2, or nothing.
constexpr RuleFound variable_rule(std::uint8_t di2) noexcept {
  if (di2 < 1 || di2 > table::variable_rules.size()) return {};
  return {&table::variable_rules[di2 - 1U], true};
}
/// 020A, 020B.
constexpr RuleFound harmonic_rule(std::uint8_t di2) noexcept {
  if (di2 != 0x0A && di2 != 0x0B) return {};
  return {&table::harmonic_rules[di2 - 0x0AU], true};
}

constexpr DataDescription from_rule(DataIdentifier identifier, DataGroup group, const DataRule& rule) noexcept {
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

constexpr Found by_table(DataIdentifier identifier, DataGroup group) noexcept {
  const auto [rule, found] = find_rule(identifier.value);
  if (!found) return unsupported();
  DataDescription d = from_rule(identifier, group, *rule);
  // Where the rule leaves DI0 open, DI0 is a number: of a record, a table, a class.
  d.ordinal = (rule->mask & 0xFF) != 0 ? 0 : identifier.di(0);
  return d;
}

constexpr Found describe_energy_or_demand(DataIdentifier identifier) noexcept {
  const auto [quantity, phase] = table::quantity_of(identifier.di(2));
  if (quantity >= table::quantity_count) {
    return identifier.di(3) == 0 ? by_table(identifier, DataGroup::energy) : unsupported();
  }
  const bool is_energy = identifier.di(3) == 0;
  const std::uint8_t tariff = identifier.di(1);
  const std::uint8_t settlement = identifier.di(0);
  // Both at once would be a table of tables, which no edition defines.
  if ((tariff > table::tariffs_max && tariff != block) ||
      (settlement > table::settlements_max && settlement != block) || (tariff == block && settlement == block)) {
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

constexpr Found describe_harmonic(DataIdentifier identifier, const DataRule& rule) noexcept {
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

constexpr Found describe_variable(DataIdentifier identifier) noexcept {
  const auto [rule, found] = variable_rule(identifier.di(2));
  if (!found) {
    const auto [harmonic, is_harmonic] = harmonic_rule(identifier.di(2));
    return is_harmonic ? describe_harmonic(identifier, *harmonic) : by_table(identifier, DataGroup::variable);
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

constexpr Found describe_freeze(DataIdentifier identifier) noexcept {
  const std::uint8_t part = identifier.di(1);
  if (identifier.di(2) >= table::freeze_kinds || identifier.di(0) == 0) return unsupported();
  DataDescription d;
  if (part == 0) {
    d = from_rule(identifier, DataGroup::freeze, table::freeze_time_entry);
  } else if (part >= 1 && part <= 8) {
    d = from_rule(identifier, DataGroup::freeze, table::energy_rules[part]);
    d.layout = Layout::tariffs;
  } else if (part == 0x09 || part == 0x0A) {
    d = from_rule(identifier, DataGroup::freeze, table::demand_rules[part - 8U]);
    d.layout = Layout::tariffs;
  } else if (part == 0x10) {
    d = from_rule(identifier, DataGroup::freeze, table::freeze_powers_entry);
  } else if (part == block) {
    d = from_rule(identifier, DataGroup::freeze, table::freeze_block_entry);
  } else {
    return unsupported();
  }
  d.ordinal = identifier.di(0);
  return d;
}

constexpr Found describe_phase_event(DataIdentifier identifier) noexcept {
  const bool of_none = table::is_no_phase_group(identifier.di(3)) && identifier.di(2) == 0;
  const bool has_phase = identifier.di(2) >= 1 && identifier.di(2) <= 3;
  const auto [part, is_part] = table::group_event_part(identifier.di(3), identifier.di(1));
  const bool fits = table::is_no_phase_group(identifier.di(3)) ? of_none : has_phase;
  if (fits && is_part && identifier.di(0) >= 1 && identifier.di(0) <= table::group_event_records_max) {
    DataDescription of_part = from_rule(identifier, DataGroup::event, *part);
    of_part.ordinal = identifier.di(0);
    of_part.phase = static_cast<Phase>(identifier.di(2));
    return of_part;
  }
  Found d = by_table(identifier, DataGroup::event);
  if (d && has_phase) d->phase = static_cast<Phase>(identifier.di(2));
  return d;
}

constexpr Found describe_by_rules(DataIdentifier identifier) noexcept {
  switch (identifier.di(3)) {
    case 0x00:
    case 0x01:
      return describe_energy_or_demand(identifier);
    case 0x02:
      return describe_variable(identifier);
    case 0x03:
    case 0x1D:
    case 0x1E:
    case 0x1F:
    case 0x20:
    case 0x21:
    case 0x22:
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

/// What gateways ask for again and again: totals and tariffs now, the instantaneous variables, the clock.
constexpr std::uint32_t frequent_identifiers[] = {
    0x00000000, 0x00010000, 0x00020000, 0x00010100, 0x00010200, 0x00010300, 0x00010400, 0x00020100, 0x00020200,
    0x00020300, 0x00020400, 0x0000FF00, 0x0001FF00, 0x0002FF00, 0x00030000, 0x00040000, 0x00050000, 0x00060000,
    0x00070000, 0x00080000, 0x02010100, 0x02010200, 0x02010300, 0x0201FF00, 0x02020100, 0x02020200, 0x02020300,
    0x0202FF00, 0x02030000, 0x02030100, 0x02030200, 0x02030300, 0x0203FF00, 0x02040000, 0x02040100, 0x02040200,
    0x02040300, 0x0204FF00, 0x02050000, 0x02050100, 0x02050200, 0x02050300, 0x0205FF00, 0x02060000, 0x02060100,
    0x02060200, 0x02060300, 0x0206FF00, 0x02800001, 0x02800002, 0x02800007, 0x04000101, 0x04000102, 0x00010001};
constexpr std::size_t frequent_count = std::size(frequent_identifiers);

/// No two of them share a place; the multiplier was found by trial.
constexpr bool places_differ() noexcept {
  std::array<bool, table::frequent_places> taken{};
  for (const std::uint32_t identifier : frequent_identifiers) {
    if (taken[table::frequent_place(identifier)]) return false;
    taken[table::frequent_place(identifier)] = true;
  }
  return true;
}
static_assert(places_differ());

constexpr auto make_items() noexcept {
  std::array<table::FrequentItem, frequent_count> items{};
  for (std::size_t i = 0; i < frequent_count; ++i) {
    items[i].description = *describe_by_rules({frequent_identifiers[i]});
    items[i].digits = digit_format_of(items[i].description.fields()[0]);
    items[i].elements_max = static_cast<std::uint32_t>(elements_max(items[i].description.layout));
  }
  return items;
}
constexpr std::array<table::FrequentItem, frequent_count> items_made = make_items();
static_assert(std::ranges::all_of(items_made,
                                  [](const table::FrequentItem& item) {
                                    return item.description.field_count == 1 && item.description.item_octets >= 2 &&
                                           item.description.item_octets <= 4 &&
                                           holds_digits(item.description.fields()[0].kind);
                                  }),
              "answers with these identifiers are read as runs of two to four octets of digits");

}  // namespace

namespace table {

constinit const FrequentItem* const frequent_items = items_made.data();
constinit const std::array<std::uint8_t, frequent_places> frequent_index = [] {
  std::array<std::uint8_t, frequent_places> index{};
  for (std::size_t i = 0; i < frequent_count; ++i) {
    index[frequent_place(frequent_identifiers[i])] = static_cast<std::uint8_t>(i);
  }
  return index;
}();

std::string_view freeze_name(std::uint8_t di2) noexcept { return di2 < freeze_kinds ? freezes[di2].name : ""; }
Label freeze_label(std::uint8_t di2) noexcept { return di2 < freeze_kinds ? freezes[di2].label : Label{}; }

}  // namespace table

std::expected<DataDescription, DecodeError> describe(DataIdentifier identifier) noexcept {
  if (const auto* item = table::find_frequent(identifier)) return item->description;
  return describe_by_rules(identifier);
}

}  // namespace duheng::dlt645
