#include "device/meter/meter_records.hpp"

#include <algorithm>

#include "device/meter/wire.hpp"

namespace duheng::device {
namespace {

using namespace wire;

constexpr std::uint8_t part_separator = 0xAA;
constexpr std::uint8_t record_begin = 0xA0;
constexpr std::uint8_t record_end = 0xE5;
constexpr std::uint8_t block = 0xFF;
constexpr std::uint8_t powers_part = 0x10;
constexpr std::uint8_t record_classes = 6;
constexpr std::int64_t count_most = 999'999;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::size_t programming_identifiers = 10;
constexpr std::size_t identifier_octets = 4;
constexpr std::size_t clear_values = 24;

void put_padded(Bytes& out, const Bytes& detail, std::size_t size, std::uint8_t filler) {
  for (std::size_t i = 0; i < size; ++i) out.push_back(i < detail.size() ? detail[i] : filler);
}

struct NamedEvent {
  const MeterEventInfo* info = nullptr;
  enum class What : std::uint8_t { counts, count, minutes, record, part } what = What::counts;
  std::uint8_t phase = 0;
  std::uint8_t last = 0;
  std::uint8_t part = 0;
};

std::optional<NamedEvent> named_in_group_3(std::uint32_t identifier) {
  const auto low = static_cast<std::uint8_t>(identifier);
  const auto phase = static_cast<std::uint8_t>(identifier >> 8);
  for (const auto& info : meter_events()) {
    if (identifier == info.identifier) return NamedEvent{.info = &info};
    const bool has_phase = info.per_phase && phase >= 1 && phase <= MeterQuantities::phase_count;
    if (info.per_phase != has_phase) continue;
    const std::uint32_t entry = info.layout == EventLayout::over_limit ? 0x0100U : 0U;
    const std::uint32_t first = info.identifier | entry | (has_phase ? std::uint32_t{phase} << 8 : 0U);
    if ((identifier & 0xFFFFFF00U) != (first & 0xFFFFFF00U) || low == 0 || low > EventBook::records_kept) continue;
    return NamedEvent{
        .info = &info, .what = NamedEvent::What::record, .phase = has_phase ? phase : std::uint8_t{0}, .last = low};
  }
  return std::nullopt;
}

std::optional<NamedEvent> named(dlt645::DataIdentifier identifier) {
  using What = NamedEvent::What;
  const std::uint8_t group = identifier.di(3);
  if (group == 3) return named_in_group_3(identifier.value);
  for (const auto& info : meter_events()) {
    if (info.layout == EventLayout::relay && info.identifier >> 24 == group) {
      if (identifier.value == info.identifier) return NamedEvent{.info = &info};
      if (identifier.di(2) == 0 && identifier.di(1) == block)
        return NamedEvent{.info = &info, .what = What::record, .last = identifier.di(0)};
      return std::nullopt;
    }
    if (info.short_group != group || group == 0) continue;
    const std::uint8_t phase = identifier.di(2);
    const bool fits = info.per_phase ? phase >= 1 && phase <= MeterQuantities::phase_count : phase == 0;
    if (!fits) return std::nullopt;
    const std::uint8_t part = identifier.di(1);
    if (part != 0)
      return NamedEvent{.info = &info, .what = What::part, .phase = phase, .last = identifier.di(0), .part = part};
    if (identifier.di(0) == 1) return NamedEvent{.info = &info, .what = What::count, .phase = phase};
    if (identifier.di(0) == 2) return NamedEvent{.info = &info, .what = What::minutes, .phase = phase};
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Bytes MeterRecords::counts(const MeterEventInfo& info) const {
  Bytes out;
  const std::uint8_t phases = !info.per_phase ? 1 : three_phase_ ? MeterQuantities::phase_count : 1;
  for (std::uint8_t i = 0; i < phases; ++i) {
    const auto phase = static_cast<std::uint8_t>(info.per_phase ? i + 1 : 0);
    put(out, count_3, std::min<std::int64_t>(state_.events.count(info.kind, phase), count_most));
    if (info.has_minutes)
      put(out, count_3, std::min(state_.events.duration_ms(info.kind, phase, utc_ms_) / minute_ms, count_most));
  }
  constexpr std::size_t demands_over_limit = 6;
  if (info.layout == EventLayout::over_limit)  // the other five never happen to this meter
    for (std::size_t i = 1; i < demands_over_limit; ++i) put(out, count_3, 0);
  return out;
}

void MeterRecords::put_energies(Bytes& out, std::int64_t utc_ms, std::size_t count) const {
  constexpr std::array<std::uint8_t, 6> quantities{1, 2, 5, 6, 7, 8};
  for (std::size_t i = 0; i < count; ++i) put(out, energy_4, *quantities_.energy(utc_ms, quantities[i], 0));
}

void MeterRecords::put_increments(Bytes& out, const EventRecord& record, std::int64_t share_per_mille) const {
  const std::int64_t end_utc_ms = std::min(record.end_utc_ms, utc_ms_);
  constexpr std::array<std::uint8_t, 4> quantities{1, 2, 3, 4};
  for (const auto quantity : quantities) {
    const std::int64_t since =
        *quantities_.energy(end_utc_ms, quantity, 0) - *quantities_.energy(record.begin_utc_ms, quantity, 0);
    // Below zero only where a counter rolled over or was cleared meanwhile.
    put(out, quantity < 3 ? energy_4 : energy_signed_4, std::max<std::int64_t>(since, 0) * share_per_mille / 1'000);
  }
}

void MeterRecords::put_phases(Bytes& out, const EventRecord& record, bool with_charge) const {
  const auto then = quantities_.measure(record.begin_utc_ms);
  put_increments(out, record, 1'000);
  for (std::size_t phase = 0; phase < MeterQuantities::phase_count; ++phase) {
    put_increments(out, record, quantities_.share_of_phase_per_mille(phase));
    put(out, voltage_2, then.voltage_decivolt[phase]);
    put(out, current_3, then.current_ma[phase]);
    put(out, power_3, then.power_active_deciwatt[phase + 1]);
    put(out, power_3, then.power_reactive_decivar[phase + 1]);
    put(out, factor_2, then.power_factor_per_mille[phase + 1]);
  }
  if (!with_charge) return;
  for (const auto charge : charges(record)) put(out, energy_4, charge);
}

/// As if the current at its beginning had flowed all the time.
std::array<std::int64_t, 4> MeterRecords::charges(const EventRecord& record) const {
  const auto then = quantities_.measure(record.begin_utc_ms);
  const std::int64_t length_ms = std::max<std::int64_t>(std::min(record.end_utc_ms, utc_ms_) - record.begin_utc_ms, 0);
  std::array<std::int64_t, 4> out{};
  for (std::size_t phase = 0; phase < MeterQuantities::phase_count; ++phase) {
    const std::int64_t amount = then.current_ma[phase] < 0 ? -then.current_ma[phase] : then.current_ma[phase];
    out[phase + 1] = amount * (length_ms / 1'000) / 36'000;
    out[0] += out[phase + 1];
  }
  return out;
}

/// In 0.01 %: the distance of the strongest and the weakest phase, by the strongest, at the beginning.
std::int64_t MeterRecords::unbalance_of(MeterEvent kind, const EventRecord& record) const {
  const auto then = quantities_.measure(record.begin_utc_ms);
  const auto& values = kind == MeterEvent::voltage_unbalance ? then.voltage_decivolt : then.current_ma;
  std::array<std::int64_t, MeterQuantities::phase_count> amounts{};
  for (std::size_t phase = 0; phase < amounts.size(); ++phase)
    amounts[phase] = values[phase] < 0 ? -values[phase] : values[phase];
  const auto [least, most] = std::ranges::minmax(amounts);
  return most == 0 ? 0 : (most - least) * 10'000 / most;
}

/// `quantity` from 0: forward, reverse, combined reactive 1 and 2. Without a phase the total.
void MeterRecords::put_energy_of(Bytes& out, std::int64_t utc_ms, std::size_t quantity,
                                 std::optional<std::size_t> phase) const {
  const auto number = static_cast<std::uint8_t>(quantity + 1);
  const std::int64_t total = *quantities_.energy(utc_ms, number, 0);
  const std::int64_t share = phase ? quantities_.share_of_phase_per_mille(*phase) : 1'000;
  put(out, number < 3 ? energy_4 : energy_signed_4, total * share / 1'000);
}

/// `value` from 0: four energies, voltage, current, active and reactive power, power factor.
void MeterRecords::put_phase_value(Bytes& out, const EventRecord& record, std::size_t phase, std::size_t value) const {
  const auto then = quantities_.measure(record.begin_utc_ms);
  switch (value) {
    case 4:
      return put(out, voltage_2, then.voltage_decivolt[phase]);
    case 5:
      return put(out, current_3, then.current_ma[phase]);
    case 6:
      return put(out, power_3, then.power_active_deciwatt[phase + 1]);
    case 7:
      return put(out, power_3, then.power_reactive_decivar[phase + 1]);
    case 8:
      return put(out, factor_2, then.power_factor_per_mille[phase + 1]);
    default:
      return put_energy_of(out, record.begin_utc_ms, value, phase);
  }
}

/// Source: DL/T 645-2007, Annex A: events of groups 10H..1CH; see codec/dlt645/group_event_rules.hpp.
std::optional<Bytes> MeterRecords::part(const MeterEventInfo& info, const EventRecord& record,
                                        std::uint8_t number) const {
  constexpr std::size_t totals = 4;
  const bool of_phases = info.layout == EventLayout::phase || info.layout == EventLayout::phase_current;
  const std::size_t values_of_phase = of_phases ? 9 : totals;
  const std::size_t parts_at_begin = 1 + totals + MeterQuantities::phase_count * values_of_phase;
  constexpr std::size_t parts_at_end = 1 + totals + MeterQuantities::phase_count * totals;
  Bytes out;
  std::size_t place = number - std::size_t{1};
  if (place == 0) {
    put_time(out, record.begin_own_ms);
    return out;
  }
  if (place < parts_at_begin) {
    if (--place < totals)
      put_energy_of(out, record.begin_utc_ms, place, std::nullopt);
    else
      put_phase_value(out, record, (place - totals) / values_of_phase, (place - totals) % values_of_phase);
    return out;
  }
  place -= parts_at_begin;
  if (info.layout == EventLayout::phase) {
    const auto charge = charges(record);
    if (place < charge.size()) {
      put(out, energy_4, charge[place]);
      return out;
    }
    place -= charge.size();
  }
  if (info.layout == EventLayout::unbalance && place-- == 0) {
    put(out, rate_2, unbalance_of(info.kind, record));
    return out;
  }
  if (place >= parts_at_end) return std::nullopt;
  const bool has_ended = record.has_ended(utc_ms_);
  if (place == 0) {
    has_ended ? put_time(out, record.end_own_ms) : put_no_time(out);
    return out;
  }
  --place;
  if (!has_ended) return Bytes(4, 0);
  put_energy_of(out, record.end_utc_ms, place % totals,
                place < totals ? std::nullopt : std::optional(place / totals - 1));
  return out;
}

Bytes MeterRecords::record(const MeterEventInfo& info, const EventRecord& record) const {
  Bytes out;
  const bool ended = record.has_ended(utc_ms_);
  const std::int64_t end_utc_ms = std::min(record.end_utc_ms, utc_ms_);
  const auto put_begin = [&] { put_time(out, record.begin_own_ms); };
  const auto put_end = [&] { ended ? put_time(out, record.end_own_ms) : put_no_time(out); };
  const auto put_operator = [&] { out.insert(out.end(), record.operator_code.begin(), record.operator_code.end()); };
  if (info.layout == EventLayout::clock_set) {
    put_operator();
    put_begin();
    put_end();
    return out;
  }
  put_begin();
  switch (info.layout) {
    case EventLayout::begin_end:
      put_end();
      break;
    case EventLayout::programming:
      put_operator();
      put_padded(out, record.detail, programming_identifiers * identifier_octets, 0xFF);
      break;
    case EventLayout::meter_clear:
      put_operator();
      put_padded(out, record.detail, clear_values * 4, 0);
      break;
    case EventLayout::demand_clear:
      put_operator();
      put_padded(out, record.detail, clear_values * 8, 0);
      break;
    case EventLayout::event_clear:
      put_operator();
      put_padded(out, record.detail, identifier_octets, 0xFF);
      break;
    case EventLayout::settlement:
      put_operator();
      put_padded(out, record.detail, 3 * 2, 0);
      break;
    case EventLayout::relay:
      put_operator();
      put_energies(out, record.begin_utc_ms, 6);
      break;
    case EventLayout::cover:
      put_end();
      put_energies(out, record.begin_utc_ms, 6);
      put_energies(out, end_utc_ms, 6);
      break;
    case EventLayout::magnetic:
      put_end();
      put_energies(out, record.begin_utc_ms, 2);
      put_energies(out, end_utc_ms, 2);
      break;
    case EventLayout::sequence:
    case EventLayout::unbalance:
      put_end();
      if (info.layout == EventLayout::unbalance) put(out, rate_2, unbalance_of(info.kind, record));
      put_increments(out, record, 1'000);
      for (std::size_t phase = 0; phase < MeterQuantities::phase_count; ++phase)
        put_increments(out, record, quantities_.share_of_phase_per_mille(phase));
      break;
    case EventLayout::over_limit: {
      put_end();
      const auto most = quantities_.max_demand(record.begin_utc_ms, end_utc_ms, false, 0);
      put_demand(out, most.deciwatt,
                 most.end_utc_ms ? std::optional(state_.clock.own_ms(*most.end_utc_ms)) : std::nullopt);
      break;
    }
    case EventLayout::all_phases:
      put(out, current_3, quantities_.measure(record.begin_utc_ms).current_ma[0]);
      put_end();
      break;
    case EventLayout::phase:
    case EventLayout::phase_current:
      put_end();
      put_phases(out, record, info.layout == EventLayout::phase);
      break;
    case EventLayout::clock_set:
      break;
  }
  return out;
}

/// Of what the standard counts and never happens to this meter.
std::optional<Bytes> MeterRecords::zero_counts(dlt645::DataIdentifier identifier) const {
  constexpr std::size_t demands_over_limit = 6;
  const auto what = dlt645::describe(identifier);
  if (!what || identifier.di(0) != 0) return std::nullopt;
  for (const auto& field : what->fields())
    if (field.kind != dlt645::FieldKind::bcd) return std::nullopt;
  std::size_t elements = 1;
  if (what->layout == dlt645::Layout::phases) elements = three_phase_ ? MeterQuantities::phase_count : 1;
  if (what->layout == dlt645::Layout::entries) elements = demands_over_limit;
  return Bytes(elements * what->item_octets, 0);
}

std::optional<Bytes> MeterRecords::event(dlt645::DataIdentifier identifier) const {
  const auto what = named(identifier);
  if (!what) return zero_counts(identifier);
  const auto& info = *what->info;
  Bytes out;
  switch (what->what) {
    case NamedEvent::What::counts:
      return counts(info);
    case NamedEvent::What::count:
      put(out, count_3, std::min<std::int64_t>(state_.events.count(info.kind, what->phase), count_most));
      return out;
    case NamedEvent::What::minutes:
      put(out, count_3, std::min(state_.events.duration_ms(info.kind, what->phase, utc_ms_) / minute_ms, count_most));
      return out;
    case NamedEvent::What::record:
    case NamedEvent::What::part:
      break;
  }
  const auto found = state_.events.record(info.kind, what->phase, what->last);
  if (!found || found->begin_utc_ms > utc_ms_) return std::nullopt;
  if (what->what == NamedEvent::What::record) return record(info, *found);
  return info.short_group != 0 ? part(info, *found, what->part) : std::nullopt;
}

std::optional<std::int64_t> MeterRecords::freeze_moment(dlt645::DataIdentifier identifier) const {
  const auto moments = quantities_.moments(utc_ms_);
  const std::size_t last = identifier.di(0);
  switch (identifier.di(2)) {
    case 0:
      return moments.timed(last);
    case 1:
      return moments.instant(last);
    case 4:
      return moments.hourly(last);
    case 6:
      return moments.daily(last);
    default:
      return std::nullopt;  // tables and tariffs were never switched
  }
}

void MeterRecords::put_powers(Bytes& out, std::int64_t utc_ms) const {
  const auto then = quantities_.measure(utc_ms);
  for (const auto power : then.power_active_deciwatt) put(out, power_3, power);
  for (const auto power : then.power_reactive_decivar) put(out, power_3, power);
}

std::optional<Bytes> MeterRecords::freeze(dlt645::DataIdentifier identifier) const {
  const auto moment = freeze_moment(identifier);
  if (!moment) return std::nullopt;
  Bytes out;
  const std::uint8_t part = identifier.di(1);
  if (part == powers_part) {
    put_powers(out, *moment);
    return out;
  }
  if (part != 0 && part != block) return std::nullopt;
  put(out, minute_5, dlt645::to_digits(civil_time(state_.clock.own_ms(*moment)), dlt645::FieldKind::date_hour_minute));
  if (part == 0) return out;
  for (std::uint8_t quantity = 1; quantity <= 8; ++quantity) {
    out.push_back(part_separator);
    const bool is_signed = quantity == 3 || quantity == 4;
    for (int tariff = 0; tariff <= MeterQuantities::tariff_count; ++tariff)
      put(out, is_signed ? energy_signed_4 : energy_4, *quantities_.energy(*moment, quantity, tariff));
  }
  out.insert(out.end(), 3, part_separator);  // no demands
  put_powers(out, *moment);
  return out;
}

void MeterRecords::put_class(Bytes& out, std::uint8_t number, std::int64_t utc_ms) const {
  const std::size_t phases = three_phase_ ? MeterQuantities::phase_count : 1;
  switch (number) {
    case 1: {
      const auto then = quantities_.measure(utc_ms);
      for (std::size_t phase = 0; phase < MeterQuantities::phase_count; ++phase)
        phase < phases ? put(out, voltage_2, then.voltage_decivolt[phase]) : put_absent(out, voltage_2);
      for (std::size_t phase = 0; phase < MeterQuantities::phase_count; ++phase)
        phase < phases ? put(out, current_3, then.current_ma[phase]) : put_absent(out, current_3);
      return put(out, frequency_2, then.frequency_centihertz);
    }
    case 2: {
      const auto then = quantities_.measure(utc_ms);
      for (const auto& powers : {then.power_active_deciwatt, then.power_reactive_decivar})
        for (std::size_t place = 0; place < powers.size(); ++place)
          place <= phases ? put(out, power_3, powers[place]) : put_absent(out, power_3);
      return;
    }
    case 3: {
      const auto then = quantities_.measure(utc_ms);
      for (std::size_t place = 0; place < then.power_factor_per_mille.size(); ++place)
        place <= phases ? put(out, factor_2, then.power_factor_per_mille[place]) : put_absent(out, factor_2);
      return;
    }
    case 4:
      for (std::uint8_t quantity = 1; quantity <= 4; ++quantity)
        put(out, quantity < 3 ? energy_4 : energy_signed_4, *quantities_.energy(utc_ms, quantity, 0));
      return;
    case 5:
      for (std::uint8_t quantity = 5; quantity <= 8; ++quantity)
        put(out, energy_4, *quantities_.energy(utc_ms, quantity, 0));
      return;
    default:
      put(out, power_3, quantities_.present_demand_deciwatt(utc_ms));
      put(out, power_3, quantities_.present_demand_decivar(utc_ms));
  }
}

void MeterRecords::put_load_record(Bytes& out, const MeterMoments::LoadMoment& moment,
                                   std::uint8_t record_class) const {
  const std::size_t begin = out.size();
  out.insert(out.end(), {record_begin, record_begin, 0});
  put(out, minute_5, dlt645::to_digits(civil_time(moment.own_ms), dlt645::FieldKind::date_hour_minute));
  for (std::uint8_t number = 1; number <= record_classes; ++number) {
    if (record_class != 0 && number != record_class) continue;
    if ((moment.classes >> (number - 1) & 1) != 0) put_class(out, number, moment.utc_ms);
    out.push_back(part_separator);
  }
  out[begin + 2] = static_cast<std::uint8_t>(out.size() - begin - 3);
  std::uint8_t sum = 0;
  for (std::size_t i = begin; i < out.size(); ++i) sum = static_cast<std::uint8_t>(sum + out[i]);
  out.insert(out.end(), {sum, record_end});
}

std::optional<Bytes> MeterRecords::load_records(const dlt645::ReadRequest& request) const {
  using From = MeterMoments::From;
  const std::uint8_t record_class = request.identifier.di(2);
  const std::uint8_t which = request.identifier.di(0);
  if (record_class > record_classes || request.identifier.di(1) != 0 || which > 2) return std::nullopt;
  const auto from = static_cast<From>(which);
  if (from == From::given && (!request.from || !dlt645::is_valid(*request.from))) return std::nullopt;
  const std::size_t count = std::min<std::size_t>(request.block_count.value_or(1), load_records_max);
  const std::int64_t from_own_ms = from == From::given ? local_ms_of(*request.from) : 0;
  const auto found = quantities_.moments(utc_ms_).load_records(record_class, from, from_own_ms, count);
  if (found.empty()) return std::nullopt;
  Bytes out;
  for (const auto& moment : found) put_load_record(out, moment, record_class);
  return out;
}

Bytes MeterRecords::energies_before_clear() const {
  Bytes out;
  put_energies(out, utc_ms_, 6);
  for (std::size_t phase = 0; phase < MeterQuantities::phase_count; ++phase)
    for (const std::uint8_t quantity : {1, 2, 5, 6, 7, 8})
      put(out, energy_4,
          *quantities_.energy(utc_ms_, quantity, 0) * quantities_.share_of_phase_per_mille(phase) / 1'000);
  return out;
}

Bytes MeterRecords::demands_before_clear() const {
  Bytes out;
  for (const bool reverse : {false, true}) {
    const auto demand = *quantities_.demand(utc_ms_, 0, reverse, 0);
    put_demand(out, demand.deciwatt,
               demand.end_utc_ms ? std::optional(state_.clock.own_ms(*demand.end_utc_ms)) : std::nullopt);
  }
  return out;
}

}  // namespace duheng::device
