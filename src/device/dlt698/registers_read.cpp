// What the meter's objects hold.
#include <cmath>

#include "codec/dlt698/message.hpp"
#include "codec/dlt698/objects/object_table.hpp"
#include "device/dlt698/calendar.hpp"
#include "device/dlt698/registers.hpp"

namespace duheng::device::meter698 {
namespace {

using dlt698::Node;
using dlt698::Oad;
using dlt698::Type;
namespace make = dlt698::make;
namespace objects = dlt698::objects;
namespace types = dlt698::types;
using Read = Registers::Read;
using Elements = std::vector<Node>;

constexpr std::uint8_t logical_name = 1;
constexpr std::uint8_t value = 2;
constexpr std::uint8_t scale = 3;
constexpr std::uint8_t precise_value = 4;
constexpr std::uint8_t precise_scale = 5;
constexpr std::int64_t steps_per_centikwh = 100;
constexpr std::size_t status_word_count = 7;
constexpr std::uint32_t status_word_bits = 16;
constexpr std::uint16_t record_state_reports = 0x3300;
constexpr std::uint32_t event_links[] = {0x00100201, 0x00200201};

Read refuse(Dar why) { return std::unexpected(why); }

/// Index 0 asks for the whole, n for the n-th element.
Read picked(Elements elements, std::uint8_t index) {
  if (index == 0) return make::array(std::move(elements));
  if (index > elements.size()) return refuse(Dar::out_of_range);
  return std::move(elements[index - 1]);
}
Read only(Node node, std::uint8_t index) {
  if (index != 0) return refuse(Dar::out_of_range);
  return node;
}
template <class Values>
Elements numbers(const Type& type, const Values& values, std::size_t first, std::size_t count) {
  Elements out;
  for (std::size_t i = first; i < first + count; ++i) out.push_back(make::number(type, values[i]));
  return out;
}
Node bits(std::initializer_list<bool> set, std::uint32_t count) {
  Bytes octets((count + 7) / 8);
  std::size_t place = 0;
  for (const bool bit : set) {
    if (bit) octets[place / 8] |= static_cast<std::uint8_t>(0x80 >> place % 8);
    ++place;
  }
  return make::bit_string(octets, count);
}
Node enumeration(std::uint8_t code) { return make::number(types::enumeration, code); }

/// Power of ten and unit, as the object table has them.
Read scaler_unit(std::uint16_t oi, std::uint8_t attribute) {
  const auto what = objects::describe(Oad{oi, attribute, 0}.value());
  if (!what || what->whole == nullptr) return refuse(Dar::undefined);
  const objects::Shape* leaf = what->whole;
  if (leaf->type == objects::Type::array) leaf = leaf->part(0);
  const std::uint8_t octets[] = {static_cast<std::uint8_t>(leaf->exponent), static_cast<std::uint8_t>(leaf->unit)};
  return make::octets(types::scaler_unit, octets);
}

/// sqrt(P^2 + Q^2).
std::int64_t apparent(std::int64_t active, std::int64_t reactive) {
  return std::llround(std::hypot(static_cast<double>(active), static_cast<double>(reactive)));
}

bool is_energy(std::uint16_t oi) { return oi <= 0x00A0 && oi % 0x10 == 0; }
bool is_demand(std::uint16_t oi) { return oi == 0x1010 || oi == 0x1020; }
bool is_variable(std::uint16_t oi) {
  return oi == 0x2000 || oi == 0x2001 || oi == 0x2004 || oi == 0x2005 || oi == 0x2006 || oi == 0x200A || oi == 0x200F ||
         oi == 0x2014 || oi == 0x2017 || oi == 0x2018;
}
bool is_parameter(std::uint16_t oi) {
  return oi == 0x4000 || oi == 0x4001 || oi == 0x4002 || oi == 0x4100 || oi == 0x4101 || oi == 0x4116 || oi == 0x4300 ||
         oi == 0x4401;
}
bool is_control(std::uint16_t oi) {
  return oi == 0x8000 || oi == 0x8001 || oi == 0xF201 || oi == 0xF205 || oi == 0xF206;
}

Elements event_link_nodes() {
  Elements out;
  for (const auto link : event_links) out.push_back(make::oad(Oad::from(link)));
  return out;
}
Node occurrence(const EventTotals& totals) {
  return make::structure({make::number(types::double_long_unsigned, totals.count),
                          make::number(types::double_long_unsigned, totals.seconds)});
}
Elements oads(std::span<const Oad> list) {
  Elements out;
  for (const Oad oad : list) out.push_back(make::oad(oad));
  return out;
}

}  // namespace

std::optional<EventObject> Registers::event_table(Oad table) const noexcept {
  constexpr std::uint8_t phase_a_table = 6;
  if (table.attribute >= phase_a_table + phases()) return std::nullopt;
  if (table.attribute >= phase_a_table) return find_phase_event(table.oi, table.attribute - phase_a_table);
  const auto* object = find_event_object(table.oi);
  return object != nullptr && table.attribute == value ? std::optional(*object) : std::nullopt;
}

bool has_object(std::uint16_t oi) noexcept {
  return find_phase_event(oi, 0) || is_energy(oi) || is_demand(oi) || is_variable(oi) || is_parameter(oi) ||
         is_control(oi) || find_event_object(oi) != nullptr || find_freeze_object(oi) != nullptr;
}
Dar why_missing(std::uint16_t oi) noexcept { return has_object(oi) ? Dar::undefined : Dar::no_object; }

Read Registers::get(std::int64_t utc_ms, Oad oad) const {
  if (!has_object(oad.oi)) return refuse(Dar::no_object);
  if (oad.feature() != 0) return refuse(Dar::undefined);
  if (oad.attribute == logical_name) {
    const std::uint8_t name[] = {static_cast<std::uint8_t>(oad.oi >> 8), static_cast<std::uint8_t>(oad.oi)};
    return only(make::octet_string(name), oad.index);
  }
  if (const auto* object = find_event_object(oad.oi)) return event(utc_ms, oad, *object);
  if (find_phase_event(oad.oi, 0)) return phase_event(utc_ms, oad);
  if (const auto* object = find_freeze_object(oad.oi)) return freeze(utc_ms, oad, *object);
  if (is_parameter(oad.oi)) return parameter(utc_ms, oad);
  if (is_control(oad.oi)) return control(oad);
  return measured(utc_ms, oad);
}

Read Registers::measured(std::int64_t utc_ms, Oad oad) const {
  if (is_energy(oad.oi)) return energy(utc_ms, oad);
  if (is_demand(oad.oi)) return demand(utc_ms, oad);
  if (!is_variable(oad.oi)) return refuse(why_missing(oad.oi));
  if (oad.attribute == scale) return scaler_unit(oad.oi, value);
  return oad.attribute == value ? variable(utc_ms, oad) : refuse(Dar::undefined);
}

Read Registers::energy(std::int64_t utc_ms, Oad oad) const {
  if (oad.attribute == scale) return scaler_unit(oad.oi, value);
  if (oad.attribute == precise_scale) return scaler_unit(oad.oi, precise_value);
  const auto quantity = static_cast<std::uint8_t>(oad.oi >> 4);
  const bool is_signed = quantity == 0 || quantity == 3 || quantity == 4;
  const bool is_precise = oad.attribute == precise_value && quantity <= 2;
  if (oad.attribute != value && !is_precise) return refuse(Dar::undefined);
  const Type& type = is_precise ? (is_signed ? types::long64 : types::long64_unsigned)
                                : (is_signed ? types::double_long : types::double_long_unsigned);
  const auto shown = [&](int tariff) {
    if (!is_precise) return metering_.energy_centi(utc_ms, quantity, tariff);
    const auto part = [&](bool reverse) { return metering_.energy_deciwatthour(utc_ms, reverse, tariff); };
    // A signed register gives a bit of its digits to the sign, as that of the DL/T 645 meter does.
    constexpr std::int64_t combined_limit = Metering::energy_limit_centikwh * steps_per_centikwh * 8 / 10;
    return quantity == 0 ? (part(false) + part(true)) % combined_limit : part(quantity == 2);
  };
  Elements elements;
  for (int tariff = 0; tariff <= Metering::tariffs; ++tariff) elements.push_back(make::number(type, shown(tariff)));
  return picked(std::move(elements), oad.index);
}

/// Since the last settlement, or since it was cleared.
std::int64_t Registers::demand_from_utc_ms(std::int64_t utc_ms) const {
  const auto settled = freeze_records(utc_ms, *find_freeze_object(0x5005));
  const std::int64_t from = std::max(metering_.known_from_utc_ms(), state_.demand_cleared_utc_ms);
  return settled.size() == 0 ? from : std::max(from, settled.at(settled.size() - 1).local_ms - zone_ms_);
}

Read Registers::demand(std::int64_t utc_ms, Oad oad) const {
  if (oad.attribute == scale) {
    constexpr std::uint8_t kilowatt_4[] = {0xFC, 28};
    return make::octets(types::scaler_unit, kilowatt_4);
  }
  if (oad.attribute != value) return refuse(Dar::undefined);
  const std::int64_t from_utc_ms = demand_from_utc_ms(utc_ms);
  Elements elements;
  for (int tariff = 0; tariff <= Metering::tariffs; ++tariff) {
    const auto most = metering_.demand(from_utc_ms, utc_ms, oad.oi == 0x1020, tariff);
    elements.push_back(
        make::structure({make::number(types::double_long_unsigned, most.deciwatt),
                         most.end_utc_ms ? moment_node(true_local_ms(*most.end_utc_ms)) : make::date_time_s({})}));
  }
  return picked(std::move(elements), oad.index);
}

Read Registers::variable(std::int64_t utc_ms, Oad oad) const {
  const Measurement now = metering_.measure(utc_ms);
  const std::size_t count = phases();
  switch (oad.oi) {
    case 0x2000:
      return picked(numbers(types::long_unsigned, now.voltage_decivolt, 0, count), oad.index);
    case 0x2001:
      return picked(numbers(types::double_long, now.current_ma, 0, count), oad.index);
    case 0x2004:
      return picked(numbers(types::double_long, now.power_active_deciwatt, 0, count + 1), oad.index);
    case 0x2005:
      return picked(numbers(types::double_long, now.power_reactive_decivar, 0, count + 1), oad.index);
    case 0x2006: {
      std::array<std::int64_t, 4> powers{};
      for (std::size_t i = 0; i < powers.size(); ++i)
        powers[i] = apparent(now.power_active_deciwatt[i], now.power_reactive_decivar[i]);
      return picked(numbers(types::double_long, powers, 0, count + 1), oad.index);
    }
    case 0x200A:
      return picked(numbers(types::long_integer, now.power_factor_per_mille, 0, count + 1), oad.index);
    case 0x200F:
      return only(make::number(types::long_unsigned, now.frequency_centihertz), oad.index);
    case 0x2017:
      return only(make::number(types::double_long, metering_.present_demand_deciwatt(utc_ms)), oad.index);
    case 0x2018:
      return only(make::number(types::double_long, metering_.present_demand_decivar(utc_ms)), oad.index);
    default:
      return picked(status_words(utc_ms), oad.index);
  }
}

/// Bits as those of the DL/T 645 meter; bit 0 is the first of the bit-string.
Registers::Elements Registers::status_words(std::int64_t utc_ms) const {
  Elements words;
  for (std::size_t number = 1; number <= status_word_count; ++number) {
    const std::uint16_t word = metering_.status_word(utc_ms, number);
    Bytes octets(2);
    for (std::size_t bit = 0; bit < status_word_bits; ++bit)
      if ((word >> bit & 1) != 0) octets[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    words.push_back(make::bit_string(octets, status_word_bits));
  }
  return words;
}

Read Registers::parameter(std::int64_t utc_ms, Oad oad) const {
  if (oad.oi == 0x4300) return device(oad);
  if (oad.attribute != value) return refuse(Dar::undefined);
  switch (oad.oi) {
    case 0x4000:
      return only(moment_node(clock_local_ms(utc_ms)), oad.index);
    case 0x4001:
    case 0x4002: {
      const ByteView wire = (oad.oi == 0x4001 ? address_ : options_.address).wire_octets();
      return only(make::octet_string(Bytes(wire.rbegin(), wire.rend())), oad.index);
    }
    case 0x4100:
    case 0x4101:  // it measures by blocks: each begins where the last ended
      return only(make::number(types::unsigned_integer, state_.demand_period_minutes), oad.index);
    case 0x4116: {
      Elements days;
      for (const auto& day : state_.settlements.back().days)
        days.push_back(make::structure(
            {make::number(types::unsigned_integer, day.day), make::number(types::unsigned_integer, day.hour)}));
      return picked(std::move(days), oad.index);
    }
    default:
      return refuse(Dar::refused);  // a password is not told
  }
}

Read Registers::device(Oad oad) const {
  switch (oad.attribute) {
    case 2:
      return only(make::visible_string("Duheng virtual meter"), oad.index);
    case 3: {
      Elements parts;
      for (const auto* text : {"DUHE", "0001", "260101", "0001", "260101", "        "})
        parts.push_back(make::visible_string(text));
      return oad.index == 0 ? Read(make::structure(std::move(parts))) : picked(std::move(parts), oad.index);
    }
    case 4:
      return only(moment_node(true_local_ms(metering_.installed_utc_ms())), oad.index);
    case 6:
      return picked({make::visible_string("DL/T 698.45")}, oad.index);
    default:
      return refuse(Dar::undefined);
  }
}

Read Registers::control(Oad oad) const {
  const auto& relay = state_.relay;
  const bool is_open = !relay.is_closed();
  if (oad.oi == 0x8000) {
    if (oad.attribute == 3) return only(bits({is_open}, 8), oad.index);
    if (oad.attribute == 4) return only(bits({relay.alarm}, 8), oad.index);
    if (oad.attribute == 5) return only(bits({relay.commanded_open}, 8), oad.index);
    return refuse(Dar::undefined);
  }
  if (oad.attribute != value) return refuse(Dar::undefined);
  if (oad.oi == 0x8001) return only(enumeration(static_cast<std::uint8_t>(relay.keep)), oad.index);
  if (oad.oi == 0xF201) {
    constexpr std::uint8_t meter_reading = 1;
    return picked({make::structure({make::visible_string("RS-485 1"), make::octets(types::comdcb, state_.line.comdcb),
                                    enumeration(meter_reading)})},
                  oad.index);
  }
  if (oad.oi == 0xF206) return picked({enumeration(relay.alarm ? 1 : 0)}, oad.index);
  constexpr std::uint8_t holding = 1;
  constexpr std::uint8_t wired = 1;
  return picked({make::structure({make::visible_string("relay 1"), enumeration(is_open ? 1 : 0), enumeration(holding),
                                  enumeration(wired)})},
                oad.index);
}

Node Registers::event_cell(const EventRecord& record, const EventObject& object, Oad column) const {
  switch (column.oi) {
    case 0x2022:
      return make::number(types::double_long_unsigned, record.number);
    case 0x201E:
      return moment_node(record.begin_local_ms);
    case 0x2020:
      return record.end_local_ms == never_ms ? make::null() : moment_node(record.end_local_ms);
    case record_state_reports:
      return make::array({});
    default:
      break;
  }
  if (object.own_column != 0 && column.value() == object.own_column) {
    Elements list;
    for (const auto item : record.objects) {
      const std::uint8_t octets[] = {static_cast<std::uint8_t>(item >> 24), static_cast<std::uint8_t>(item >> 16),
                                     static_cast<std::uint8_t>(item >> 8), static_cast<std::uint8_t>(item)};
      list.push_back(make::octets(object.kind == EventKind::programming ? types::oad : types::omd, octets));
    }
    return make::array(std::move(list));
  }
  // What was measured then, of the time for which single pauses are remembered: at the beginning, or at the end.
  constexpr std::uint8_t at_end = 4;
  std::int64_t utc_ms = record.utc_ms;
  if (column.feature() == at_end) {
    if (record.end_local_ms == never_ms) return make::null();
    utc_ms += std::max<std::int64_t>(record.end_local_ms - record.begin_local_ms, 0);
  }
  const bool is_known = (is_energy(column.oi) || is_variable(column.oi)) && utc_ms >= metering_.known_from_utc_ms();
  if (!is_known) return make::null();
  return measured(utc_ms, {column.oi, column.attribute_number(), column.index}).value_or(make::null());
}

Node Registers::freeze_cell(const FrozenMoment& moment, const FreezeObject& object, Oad column) const {
  if (column.oi == 0x2021) return moment_node(moment.local_ms);
  if (column.oi == 0x2023) return make::number(types::double_long_unsigned, moment.number);
  for (const Oad linked : object.columns)
    if (linked.oi == column.oi && linked.attribute == column.attribute &&
        (linked.index == 0 || linked.index == column.index))
      return measured(moment.local_ms - zone_ms_, column).value_or(make::null());
  return make::null();  // not frozen
}

Read Registers::event(std::int64_t utc_ms, Oad oad, const EventObject& object) const {
  const auto u16 = [](std::size_t number) {
    return make::number(types::long_unsigned, static_cast<std::int64_t>(number));
  };
  switch (oad.attribute) {
    case 2:
      return picked(event_records(utc_ms, oad), oad.index);
    case 3:
      return picked(event_link_nodes(), oad.index);
    case 4:
      return only(u16(events_.records(state_, object, utc_ms).size()), oad.index);
    case 5:
      return only(u16(EventBook::records_max), oad.index);
    case 7:
      return picked({make::structure({make::null(), occurrence(events_.totals(state_, object, utc_ms))})}, oad.index);
    case 8:
      return only(enumeration(0), oad.index);
    case 9:
      return only(make::boolean(true), oad.index);
    default:
      return refuse(Dar::undefined);
  }
}

/// The newest is number one.
Registers::Elements Registers::event_records(std::int64_t utc_ms, Oad table) const {
  Elements out;
  const auto selection =
      select(utc_ms, {table.oi, table.attribute, 0}, dlt698::prototype(types::rsd), dlt698::prototype(types::rcsd));
  if (selection)
    for (std::size_t i = selection->size(); i-- > 0;) out.push_back(make::structure(row(*selection, i)));
  return out;
}

Read Registers::phase_event(std::int64_t utc_ms, Oad oad) const {
  switch (oad.attribute) {
    case 2:
      return picked(event_link_nodes(), oad.index);
    case 3: {
      Elements counts;
      for (std::size_t phase = 0; phase < phases(); ++phase) {
        const auto records = events_.records(state_, *find_phase_event(oad.oi, phase), utc_ms);
        counts.push_back(make::number(types::long_unsigned, static_cast<std::int64_t>(records.size())));
      }
      return oad.index == 0 ? Read(make::structure(std::move(counts))) : picked(std::move(counts), oad.index);
    }
    case 4:
      return only(make::number(types::long_unsigned, EventBook::records_max), oad.index);
    case 10: {
      Elements totals{make::null()};
      EventTotals all;
      for (std::size_t phase = 0; phase < phases(); ++phase) {
        const auto of_one = events_.totals(state_, *find_phase_event(oad.oi, phase), utc_ms);
        all.count += of_one.count;
        all.seconds += of_one.seconds;
        totals.push_back(occurrence(of_one));
      }
      totals[0] = occurrence(all);
      return picked(std::move(totals), oad.index);
    }
    default:
      return event_table(oad) ? picked(event_records(utc_ms, oad), oad.index) : refuse(Dar::undefined);
  }
}

Read Registers::freeze(std::int64_t utc_ms, Oad oad, const FreezeObject& object) const {
  if (oad.attribute == 2) {
    if (oad.index == 0) return refuse(Dar::unavailable);  // a year is asked for by record
    auto records = freeze_records(utc_ms, object);
    records.keep_nth_last(oad.index);
    if (records.size() == 0) return refuse(Dar::unavailable);
    RecordSelection selection{{oad.oi, oad.attribute, 0}, {{0x2023, 2, 0}, {0x2021, 2, 0}}, &object, {}, records, {}};
    selection.columns.insert(selection.columns.end(), object.columns.begin(), object.columns.end());
    return make::structure(row(selection, 0));
  }
  if (oad.attribute != 3) return refuse(Dar::undefined);
  Elements links;
  for (Node& link : oads(object.columns))
    links.push_back(make::structure({make::number(types::long_unsigned, object.period), std::move(link),
                                     make::number(types::long_unsigned, object.depth)}));
  return picked(std::move(links), oad.index);
}

FreezeRecords Registers::freeze_records(std::int64_t utc_ms, const FreezeObject& object) const {
  return {object,
          state_,
          true_local_ms(metering_.installed_utc_ms()),
          true_local_ms(metering_.known_from_utc_ms()),
          true_local_ms(utc_ms),
          zone_ms_};
}

std::vector<Node> Registers::row(const RecordSelection& selection, std::size_t place) const {
  Elements cells;
  if (selection.freezes) {
    const auto moment = selection.freezes->at(place);
    for (const Oad column : selection.columns) cells.push_back(freeze_cell(moment, *selection.freeze_object, column));
    return cells;
  }
  for (const Oad column : selection.columns)
    cells.push_back(event_cell(selection.events[place], selection.event_object, column));
  return cells;
}

}  // namespace duheng::device::meter698
