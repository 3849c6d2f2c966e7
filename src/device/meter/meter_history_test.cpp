// What a meter has recorded: a year of load records, freezes, settlements, demand, events.
#include <chrono>
#include <gtest/gtest.h>

#include "device/memory/ram_memory.hpp"
#include "device/meter/test_master.hpp"

namespace duheng::device {
namespace {

using namespace test;

constexpr std::int64_t midnight_ms = now_ms - 16 * hour_ms;  // in China

Reply load(VirtualMeter& meter, std::uint32_t identifier, std::uint8_t count,
           const std::optional<dlt645::DateTime>& from = {}, std::int64_t utc_ms = now_ms) {
  return ask(meter, utc_ms, dlt645::read_records_request(own_address(), {identifier}, count, from));
}

struct LoadRecord {
  std::int64_t time = 0;  // YYMMDDhhmm
  std::map<std::string, std::int64_t> values;
};
std::vector<LoadRecord> records_in(std::uint32_t identifier, const Bytes& payload) {
  const auto what = *dlt645::describe({identifier});
  dlt645::ValueList values;
  EXPECT_TRUE(dlt645::decode_values(what, payload, values));
  std::vector<LoadRecord> out;
  for (const auto& value : values) {
    if (out.size() <= value.element) out.resize(value.element + 1U);
    if (value.state != dlt645::ValueState::good) continue;
    if (value.kind == dlt645::FieldKind::date_hour_minute)
      out[value.element].time = value.mantissa;
    else
      out[value.element].values[dlt645::register_name(what, value.element, value.field)] = value.mantissa;
  }
  return out;
}

TEST(MeterHistory, ALoadRecordHasWhatTheRegistersShowedThen) {
  VirtualMeter meter(meter_options());
  const auto reply = load(meter, 0x06000001, 1, dlt645::DateTime{2025, 3, 7, 10, 45, 0});
  ASSERT_TRUE(reply.accepted());
  const auto found = records_in(0x06000001, reply.data);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].time, 2'503'071'045);
  const std::int64_t then = local_ms_of({2025, 3, 7, 10, 45, 0}) - 8 * hour_ms;
  const auto& values = found[0].values;
  EXPECT_EQ(values.size(), 29U);
  EXPECT_EQ(values.at("energy_active_import_total_load_record"), number(meter, 0x00010000, then));
  EXPECT_EQ(values.at("energy_active_export_total_load_record"), number(meter, 0x00020000, then));
  EXPECT_EQ(values.at("energy_reactive_combined_1_total_load_record"), number(meter, 0x00030000, then));
  EXPECT_EQ(values.at("energy_reactive_quadrant_1_total_load_record"), number(meter, 0x00050000, then));
  EXPECT_EQ(values.at("voltage_b_load_record"), number(meter, 0x02010200, then));
  EXPECT_EQ(values.at("current_c_load_record"), number(meter, 0x02020300, then));
  EXPECT_EQ(values.at("power_active_total_load_record"), number(meter, 0x02030000, then));
  EXPECT_EQ(values.at("power_reactive_a_load_record"), number(meter, 0x02040100, then));
  EXPECT_EQ(values.at("power_factor_total_load_record"), number(meter, 0x02060000, then));
  EXPECT_EQ(values.at("frequency_load_record"), number(meter, 0x02800002, then));
  EXPECT_EQ(values.at("demand_active_present_load_record"), number(meter, 0x02800004, then));
}

TEST(MeterHistory, AYearOfQuarterHoursIsThereWithoutAGap) {
  VirtualMeter meter(meter_options(false, false));
  std::int64_t own = local_ms_of(meter.clock(now_ms)) - 366 * day_ms;
  const std::int64_t first = own;
  std::int64_t last_energy = 0;
  std::size_t count = 0;
  const auto began = std::chrono::steady_clock::now();
  while (own <= local_ms_of(meter.clock(now_ms))) {
    const auto reply = load(meter, 0x06040001, 24, civil_time(own));
    ASSERT_TRUE(reply.accepted());
    for (const auto& record : records_in(0x06040001, reply.data)) {
      ASSERT_EQ(record.time, dlt645::to_digits(civil_time(own), dlt645::FieldKind::date_hour_minute));
      const std::int64_t energy = record.values.at("energy_active_import_total_load_record");
      ASSERT_GE(energy, last_energy);
      last_energy = energy;
      own += 15 * minute_ms;
      ++count;
    }
  }
  EXPECT_EQ(count, 366U * 96 + 1);
  EXPECT_EQ(own - first, static_cast<std::int64_t>(count) * 15 * minute_ms);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  RecordProperty("milliseconds", std::to_string(took.count()));
  const auto oldest = records_in(0x06040000, load(meter, 0x06040000, 1).data);
  EXPECT_LT(oldest[0].time, dlt645::to_digits(civil_time(first), dlt645::FieldKind::date_hour_minute));
  const auto newest = records_in(0x06040002, load(meter, 0x06040002, 3).data);
  ASSERT_EQ(newest.size(), 3U);
  EXPECT_EQ(newest[2].time, 2'511'211'600);
  EXPECT_EQ(newest[0].time, 2'511'211'530);
}

TEST(MeterHistory, AnIntervalHoldsFromWhenItWasWritten) {
  VirtualMeter meter(meter_options());
  ASSERT_TRUE(write(meter, 0x04000A02, {0x05, 0x00}).accepted());
  const std::int64_t later = now_ms + 40 * minute_ms;
  const auto found =
      records_in(0x06010001, load(meter, 0x06010001, 24, dlt645::DateTime{2025, 11, 21, 15, 30, 0}, later).data);
  std::vector<std::int64_t> times;
  for (const auto& record : found) times.push_back(record.time % 10'000);
  EXPECT_EQ(times, (std::vector<std::int64_t>{1530, 1545, 1600, 1605, 1610, 1615, 1620, 1625, 1630, 1635, 1640}));
  // All classes together: what was not due is left out.
  const auto all =
      records_in(0x06000001, load(meter, 0x06000001, 2, dlt645::DateTime{2025, 11, 21, 16, 10, 0}, later).data);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_FALSE(all[0].values.contains("power_active_total_load_record"));
  EXPECT_TRUE(all[1].values.contains("power_active_total_load_record"));
  EXPECT_TRUE(all[0].values.contains("voltage_a_load_record"));
}

TEST(MeterHistory, ATripShowsInTheRecordsAndAPowerFailureLeavesNone) {
  VirtualMeter meter(meter_options(true, false));
  ASSERT_TRUE(control(meter, dlt645::RelayCommand::trip, now_ms + 10 * minute_ms).accepted());
  ASSERT_TRUE(control(meter, dlt645::RelayCommand::close_direct, now_ms + 50 * minute_ms).accepted());
  ASSERT_TRUE(meter.begin_incident({.kind = MeterEvent::power_down,
                                    .begin_utc_ms = now_ms + 70 * minute_ms,
                                    .end_utc_ms = now_ms + 100 * minute_ms}));
  const std::int64_t later = now_ms + 130 * minute_ms;
  EXPECT_FALSE(read(meter, 0x00010000, now_ms + 80 * minute_ms).answered);
  const auto found =
      records_in(0x06000001, load(meter, 0x06000001, 20, dlt645::DateTime{2025, 11, 21, 16, 0, 0}, later).data);
  std::map<std::int64_t, LoadRecord> by_time;
  for (const auto& record : found) by_time[record.time % 10'000] = record;
  EXPECT_FALSE(by_time.contains(1715));
  EXPECT_FALSE(by_time.contains(1730));
  EXPECT_TRUE(by_time.contains(1745));
  const auto energy = [&](std::int64_t time) {
    return by_time.at(time).values.at("energy_active_import_total_load_record");
  };
  EXPECT_EQ(energy(1615), energy(1645));
  EXPECT_GT(energy(1700), energy(1645));
  EXPECT_EQ(by_time.at(1630).values.at("power_active_total_load_record"), 0);
  EXPECT_EQ(by_time.at(1630).values.at("current_a_load_record"), 0);
  EXPECT_GT(by_time.at(1630).values.at("voltage_a_load_record"), 2'000);
  EXPECT_NE(by_time.at(1700).values.at("power_active_total_load_record"), 0);
}

TEST(MeterHistory, SettingTheClockLeavesAGapOrRepeatsATime) {
  VirtualMeter meter(meter_options());
  ASSERT_TRUE(write(meter, 0x04000102, {0x00, 0x00, 0x18}).accepted());  // 16:00 becomes 18:00
  const std::int64_t later = now_ms + hour_ms;
  const auto found =
      records_in(0x06040001, load(meter, 0x06040001, 24, dlt645::DateTime{2025, 11, 21, 15, 30, 0}, later).data);
  std::vector<std::int64_t> times;
  for (const auto& record : found) times.push_back(record.time % 10'000);
  EXPECT_EQ(times, (std::vector<std::int64_t>{1530, 1545, 1800, 1815, 1830, 1845, 1900}));
  EXPECT_EQ(found[2].values.at("energy_active_import_total_load_record"), number(meter, 0x00010000, now_ms));
  // Back again: 19:00 becomes 17:00, and what it recorded then is recorded anew as it comes by.
  ASSERT_TRUE(write(meter, 0x04000102, {0x00, 0x00, 0x17}, later).accepted());
  const auto again = records_in(
      0x06040001, load(meter, 0x06040001, 1, dlt645::DateTime{2025, 11, 21, 18, 0, 0}, later + hour_ms).data);
  EXPECT_EQ(again[0].values.at("energy_active_import_total_load_record"), number(meter, 0x00010000, later + hour_ms));
}

TEST(MeterHistory, SixtyTwoDailyFreezesAndHourlyOnes) {
  VirtualMeter meter(meter_options());
  for (std::uint32_t last = 1; last <= 62; ++last) {
    const std::int64_t then = midnight_ms - (last - 1) * day_ms;
    EXPECT_EQ(numbers(meter, 0x05060100 | last), numbers(meter, 0x0001FF00, then));
    EXPECT_EQ(numbers(meter, 0x05060200 | last), numbers(meter, 0x0002FF00, then));
    EXPECT_EQ(number(meter, 0x05060000 | last),
              dlt645::to_digits(civil_time(then + 8 * hour_ms), dlt645::FieldKind::date_hour_minute));
  }
  EXPECT_TRUE(read(meter, 0x0506013F).refused);
  EXPECT_EQ(numbers(meter, 0x05040101), numbers(meter, 0x0001FF00, now_ms));
  EXPECT_EQ(numbers(meter, 0x0504010A), numbers(meter, 0x0001FF00, now_ms - 9 * hour_ms));
  EXPECT_TRUE(read(meter, 0x05050101).refused);  // no tariff was ever switched
}

TEST(MeterHistory, TheBlockOfAFreezeComesInTwoFramesAndHoldsItsParts) {
  VirtualMeter meter(meter_options());
  const auto block = read(meter, 0x0506FF02);
  ASSERT_TRUE(block.accepted());
  EXPECT_EQ(block.data.size(), 200U);
  const auto what = *dlt645::describe({0x0506FF02});
  dlt645::ValueList values;
  ASSERT_TRUE(dlt645::decode_values(what, block.data, values));
  const auto forward = numbers(meter, 0x05060102);
  for (std::size_t tariff = 0; tariff < forward.size(); ++tariff) {
    ASSERT_NE(values.find(tariff, 1), nullptr);
    EXPECT_EQ(values.find(tariff, 1)->mantissa, forward[tariff]);
  }
  const auto powers = numbers(meter, 0x05061002);
  ASSERT_EQ(powers.size(), 8U);
  EXPECT_EQ(values.find(0, 13)->mantissa, powers[0]);
  EXPECT_EQ(powers[0], number(meter, 0x02030000, midnight_ms - day_ms));
}

TEST(MeterHistory, AFollowingPartMayBeAskedAgainButNoneThatIsNotThere) {
  VirtualMeter meter(meter_options());
  EXPECT_TRUE(ask(meter, now_ms, dlt645::read_following_request(own_address(), {0x0506FF01}, 1)).refused);
  const auto first = meter.answer(now_ms, *dlt645::decode(dlt645::read_request(own_address(), {0x0506FF01}).view()));
  EXPECT_EQ(dlt645::decode_at_start(first->frame.view())->control(), 0xB1);
  const auto next = dlt645::read_following_request(own_address(), {0x0506FF01}, 1);
  const auto once = meter.answer(now_ms, *dlt645::decode(next.view()));
  const auto twice = meter.answer(now_ms, *dlt645::decode(next.view()));
  EXPECT_EQ(once->frame.to_bytes(), twice->frame.to_bytes());
  EXPECT_EQ(dlt645::decode_at_start(once->frame.view())->control(), 0x92);
  EXPECT_TRUE(ask(meter, now_ms, dlt645::read_following_request(own_address(), {0x0506FF01}, 2)).refused);
  EXPECT_TRUE(ask(meter, now_ms, dlt645::read_following_request(own_address(), {0x0506FF02}, 1)).refused);
  EXPECT_TRUE(read(meter, 0x00010000).accepted());
  EXPECT_TRUE(ask(meter, now_ms, next).refused);
}

TEST(MeterHistory, FreezesByCommand) {
  auto memory = std::make_shared<RamMemory>();
  auto meter = std::make_unique<VirtualMeter>(meter_options(), memory);
  EXPECT_TRUE(read(*meter, 0x05010101).refused);
  ASSERT_TRUE(ask(*meter, now_ms, dlt645::freeze_request(own_address(), {})).accepted());
  const auto broadcast = dlt645::freeze_request(dlt645::Address::broadcast(), {});
  EXPECT_FALSE(ask(*meter, now_ms + hour_ms, broadcast).answered);
  ASSERT_TRUE(ask(*meter, now_ms + 2 * hour_ms, dlt645::freeze_request(own_address(), {30, 6})).accepted());  // daily
  const auto other = dlt645::freeze_request(own_address(), {75});
  EXPECT_EQ(ask(*meter, now_ms, other).error_word, dlt645::error_bits::other_error);
  meter = std::make_unique<VirtualMeter>(meter_options(), memory);
  EXPECT_EQ(numbers(*meter, 0x05010102, now_ms + 2 * hour_ms), numbers(*meter, 0x0001FF00, now_ms));
  EXPECT_EQ(numbers(*meter, 0x05010101, now_ms + 2 * hour_ms), numbers(*meter, 0x0001FF00, now_ms + hour_ms));
  const std::int64_t later = now_ms + 3 * day_ms;
  EXPECT_EQ(number(*meter, 0x05000001, later), 2'511'240'630);
  EXPECT_EQ(number(*meter, 0x05000003, later), 2'511'220'630);
  EXPECT_TRUE(read(*meter, 0x05000004, later).refused);
  EXPECT_EQ(numbers(*meter, 0x05000102, later),
            numbers(*meter, 0x0001FF00, midnight_ms + 2 * day_ms + 6 * hour_ms + 30 * minute_ms));
}

TEST(MeterHistory, TwelveSettlementsByTheDaysThatHeldThen) {
  VirtualMeter meter(meter_options());
  const auto block = numbers(meter, 0x000100FF);
  ASSERT_EQ(block.size(), 13U);
  for (std::size_t last = 1; last <= 12; ++last) {
    const int months = 2025 * 12 + 10 - static_cast<int>(last - 1);
    const dlt645::DateTime month{
        static_cast<std::uint16_t>(months / 12), static_cast<std::uint8_t>(months % 12 + 1), 1, 0, 0, 0};
    EXPECT_EQ(block[last], number(meter, 0x00010000, local_ms_of(month) - 8 * hour_ms)) << last;
  }
  const auto count = number(meter, 0x03300C00);
  ASSERT_TRUE(write(meter, 0x04000B01, {0x06, 0x10}).accepted());  // from now on the 10th, 06:00
  const std::int64_t later = now_ms + 40 * day_ms;                 // 31 December
  EXPECT_EQ(number(meter, 0x00010001, later),
            number(meter, 0x00010000, local_ms_of({2025, 12, 10, 6, 0, 0}) - 8 * hour_ms));
  EXPECT_EQ(number(meter, 0x00010002, later), block[1]);
  EXPECT_EQ(number(meter, 0x00010003, later), block[2]);
  EXPECT_EQ(number(meter, 0x03300C00, later), count + 1);
  EXPECT_EQ(numbers(meter, 0x03300C01, later)[2], 100);
}

TEST(MeterHistory, MaximumDemandIsTheHighestQuarterHour) {
  VirtualMeter meter(meter_options());
  const auto demand = numbers(meter, 0x01010000);
  ASSERT_EQ(demand.size(), 2U);
  std::int64_t highest = 0;
  std::int64_t when = 0;
  const std::int64_t from = local_ms_of({2025, 11, 1, 0, 0, 0}) - 8 * hour_ms;
  const LoadCurve& curve = meter.quantities().curve();
  for (std::int64_t at = from; at + 15 * minute_ms <= now_ms; at += 15 * minute_ms) {
    const auto energy =
        curve.energy(at + 15 * minute_ms + 8 * hour_ms).import_mw_ns - curve.energy(at + 8 * hour_ms).import_mw_ns;
    const auto mean = static_cast<std::int64_t>(energy / 90'000'000'000'000);
    if (mean > highest) {
      highest = mean;
      when = at + 15 * minute_ms;
    }
  }
  EXPECT_EQ(demand[0], highest);
  EXPECT_EQ(demand[1], dlt645::to_digits(civil_time(when + 8 * hour_ms), dlt645::FieldKind::date_hour_minute));
  const auto block = numbers(meter, 0x0101FF00);
  ASSERT_EQ(block.size(), 10U);
  EXPECT_EQ(block[0], highest);
  EXPECT_EQ(numbers(meter, 0x01010001), numbers(meter, 0x01010000, from - 1));
}

TEST(MeterHistory, EveryEventHasItsCounterAndRecordsAndTheirSizes) {
  const std::map<EventLayout, std::size_t> sizes{
      {EventLayout::begin_end, 12},      {EventLayout::programming, 50}, {EventLayout::meter_clear, 106},
      {EventLayout::demand_clear, 202},  {EventLayout::event_clear, 14}, {EventLayout::clock_set, 16},
      {EventLayout::settlement, 16},     {EventLayout::cover, 60},       {EventLayout::phase, 131},
      {EventLayout::phase_current, 115}, {EventLayout::all_phases, 15},  {EventLayout::sequence, 76},
      {EventLayout::magnetic, 28},       {EventLayout::relay, 34},       {EventLayout::unbalance, 78},
      {EventLayout::over_limit, 20}};
  VirtualMeter meter(meter_options());
  for (const auto& info : meter_events()) {
    const std::uint8_t phase = info.per_phase ? 2 : 0;
    const std::uint32_t record =
        info.layout == EventLayout::relay
            ? (info.identifier & 0xFF000000U) | 0xFF00U
            : info.identifier | std::uint32_t{phase} << 8 | (info.layout == EventLayout::over_limit ? 0x100U : 0U);
    const auto before = meter.state().events.count(info.kind, phase);
    for (std::uint32_t last = 1; last <= before; ++last)
      EXPECT_EQ(read(meter, record | last).data.size(), sizes.at(info.layout)) << std::hex << record;
    if (before < 10) {
      EXPECT_TRUE(read(meter, record | (before + 1)).refused);
    }
    for (int i = 0; i < 12; ++i)
      ASSERT_TRUE(meter.begin_incident({.kind = info.kind,
                                        .phase = phase,
                                        .begin_utc_ms = now_ms - 60 * minute_ms + i * minute_ms,
                                        .end_utc_ms = now_ms - 60 * minute_ms + i * minute_ms + 30'000}));
    const auto counts = numbers(meter, info.identifier);
    ASSERT_FALSE(counts.empty());
    const std::size_t place = info.per_phase ? 2 : 0;
    EXPECT_EQ(counts[place], before + 12) << std::hex << info.identifier;
    for (std::uint32_t last = 1; last <= 10; ++last) {
      const auto reply = read(meter, record | last);
      EXPECT_EQ(reply.data.size(), sizes.at(info.layout)) << std::hex << record;
      dlt645::ValueList values;
      EXPECT_TRUE(dlt645::decode_values(*dlt645::describe({record | last}), reply.data, values)) << std::hex << record;
    }
    EXPECT_TRUE(read(meter, record | 11).refused);
    if (info.short_group != 0) {
      EXPECT_EQ(number(meter, std::uint32_t{info.short_group} << 24 | std::uint32_t{phase} << 16 | 1), before + 12);
    }
    if (info.has_minutes) {
      EXPECT_EQ(counts[place + 1], meter.state().events.duration_ms(info.kind, phase, now_ms) / minute_ms);
    }
  }
}

TEST(MeterHistory, EventsOfGroupsTellTheSameAsTheirRecordsPartByPart) {
  VirtualMeter meter(meter_options());
  const std::int64_t begin = now_ms - 60 * minute_ms;
  for (const auto kind : {MeterEvent::loss_of_voltage, MeterEvent::under_voltage, MeterEvent::loss_of_current})
    ASSERT_TRUE(
        meter.begin_incident({.kind = kind, .phase = 2, .begin_utc_ms = begin, .end_utc_ms = begin + 20 * minute_ms}));
  for (const auto kind : {MeterEvent::loss_of_voltage, MeterEvent::under_voltage, MeterEvent::loss_of_current}) {
    const auto& info = info_of(kind);
    const bool voltage = info.layout == EventLayout::phase;
    const std::uint32_t first = std::uint32_t{info.short_group} << 24 | 0x00020001;
    const std::uint32_t end_part = voltage ? 0x25 : 0x21;
    const auto record = read(meter, info.identifier | 0x0201).data;
    const auto part = [&](std::uint32_t number) { return read(meter, first | number << 8).data; };
    EXPECT_EQ(part(1), Bytes(record.begin(), record.begin() + 6));
    EXPECT_EQ(part(end_part), Bytes(record.begin() + 6, record.begin() + 12));
    // Energies now, increments there: forward active, 12 octets in; voltage of phase B, 12 + 16 + 29 + 16 octets in.
    const auto since = number(meter, first | (end_part + 1) << 8) - number(meter, first | 2U << 8);
    dlt645::ValueList values;
    ASSERT_TRUE(dlt645::decode_values(*dlt645::describe({info.identifier | 0x0201}), record, values));
    if (voltage) {
      EXPECT_EQ(values.find(0, 2)->mantissa, since);
      EXPECT_EQ(part(0x13), Bytes(record.begin() + 73, record.begin() + 75));
      EXPECT_EQ(part(0x21), Bytes(record.begin() + 115, record.begin() + 119));
    }
    EXPECT_GE(since, 0);
    EXPECT_GT(number(meter, first | 2U << 8), 0);
    for (std::uint32_t each = 1; each <= (voltage ? 0x35U : 0x31U); ++each) {
      const auto said = read(meter, first | each << 8);
      ASSERT_FALSE(said.refused) << std::hex << each;
      EXPECT_EQ(said.data.size(), dlt645::describe({first | each << 8})->item_octets) << std::hex << each;
    }
    EXPECT_TRUE(read(meter, first | (voltage ? 0x36U : 0x32U) << 8).refused);
    EXPECT_TRUE(read(meter, (first & 0xFFFFFF00) | 0x010B).refused);
  }
}

TEST(MeterHistory, EventsOfNoPhaseAreToldPartByPartToo) {
  VirtualMeter meter(meter_options());
  const std::int64_t begin = now_ms - 60 * minute_ms;
  const std::int64_t end = begin + 20 * minute_ms;
  for (const auto kind : {MeterEvent::voltage_sequence, MeterEvent::current_sequence, MeterEvent::voltage_unbalance,
                          MeterEvent::current_unbalance}) {
    const auto& info = info_of(kind);
    const bool is_unbalance = info.layout == EventLayout::unbalance;
    ASSERT_TRUE(meter.begin_incident({.kind = kind, .begin_utc_ms = begin, .end_utc_ms = end}));
    const std::uint32_t first = std::uint32_t{info.short_group} << 24 | 1U;
    const std::uint32_t end_part = is_unbalance ? 0x13 : 0x12;
    const auto record = read(meter, info.identifier | 1U).data;
    const auto part = [&](std::uint32_t number) { return read(meter, first | number << 8).data; };
    EXPECT_EQ(part(1), Bytes(record.begin(), record.begin() + 6)) << std::hex << first;
    EXPECT_EQ(part(end_part), Bytes(record.begin() + 6, record.begin() + 12));
    EXPECT_EQ(number(meter, first | 2U << 8), number(meter, 0x00010000, begin));
    EXPECT_EQ(number(meter, first | (end_part + 1) << 8), number(meter, 0x00010000, end));
    if (is_unbalance) {
      EXPECT_EQ(part(0x12), Bytes(record.begin() + 12, record.begin() + 14));
      EXPECT_GT(number(meter, first | 0x12U << 8), 1'000);  // more than 10 %
    }
    const std::uint32_t last = end_part + 16;
    for (std::uint32_t each = 1; each <= last; ++each) {
      const auto said = read(meter, first | each << 8);
      ASSERT_FALSE(said.refused) << std::hex << (first | each << 8);
      EXPECT_EQ(said.data.size(), dlt645::describe({first | each << 8})->item_octets) << std::hex << each;
    }
    EXPECT_TRUE(read(meter, first | (last + 1) << 8).refused);
  }
}

TEST(MeterHistory, WhatHappensOnTheLineShowsInWhatIsMeasured) {
  VirtualMeter meter(meter_options());
  const auto usual = numbers(meter, 0x0203FF00);
  using Kind = DeviceHappening::Kind;
  const auto during = [&](Kind kind, std::uint8_t phase) {
    meter.happen(now_ms, {kind, 1, phase});
    const auto powers = numbers(meter, 0x0203FF00);
    meter.happen(now_ms, {kind, 0, phase});
    EXPECT_EQ(powers[0], usual[0]) << "the sum is what the curve says";
    EXPECT_EQ(powers[0], powers[1] + powers[2] + powers[3]);
    return powers;
  };
  EXPECT_EQ(during(Kind::loss_of_current, 2)[2], 0);
  // It has solar panels: at this moment all phases export.
  EXPECT_GE(during(Kind::over_current, 3)[3] / usual[3], 2);
  EXPECT_GE(during(Kind::overload, 1)[1] / usual[1], 2);
  EXPECT_LT(during(Kind::reverse_flow, 2)[2] * usual[2], 0);
  EXPECT_EQ(numbers(meter, 0x0203FF00), usual);
  EXPECT_EQ(numbers(meter, 0x030C0000)[0], 0) << "of phase A none";
  EXPECT_EQ(numbers(meter, 0x030C0000)[4], 1);
  meter.happen(now_ms, {Kind::over_demand, 1});
  EXPECT_EQ(numbers(meter, 0x03120000)[0], 1);
  VirtualMeter one(meter_options(false));
  one.happen(now_ms, {Kind::voltage_unbalance, 1});
  EXPECT_EQ(numbers(one, 0x03090000)[0], 0) << "a single phase is in balance with itself";
}

TEST(MeterHistory, WhatNeverHappensIsCountedAsNothing) {
  VirtualMeter three(meter_options());
  VirtualMeter one(meter_options(false));
  EXPECT_EQ(numbers(three, 0x03060000), (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(numbers(three, 0x030D0000).size(), 6U);
  EXPECT_EQ(numbers(one, 0x030D0000).size(), 2U);
  EXPECT_EQ(number(three, 0x03301200), 0);
  EXPECT_TRUE(read(three, 0x03301201).refused);
  EXPECT_TRUE(read(three, 0x03100001).refused);
}

TEST(MeterHistory, AnIncidentHasItsEffectAndItsTimesAndEndsWhenTold) {
  VirtualMeter meter(meter_options());
  const std::int64_t end = now_ms + 20 * minute_ms;
  const auto usual = number(meter, 0x02010200);
  ASSERT_TRUE(meter.begin_incident({.kind = MeterEvent::loss_of_voltage, .phase = 2, .begin_utc_ms = now_ms}));
  EXPECT_EQ(number(meter, 0x04000505), 1);
  EXPECT_LT(number(meter, 0x02010200), usual / 2);
  EXPECT_EQ(numbers(meter, 0x03010201)[1], 0);  // lasts
  ASSERT_TRUE(meter.end_incident(MeterEvent::loss_of_voltage, 2, end));
  EXPECT_EQ(number(meter, 0x04000505, end), 0);
  const auto record = numbers(meter, 0x03010201, end + hour_ms);
  EXPECT_EQ(record[0], 251'121'160'000);
  EXPECT_EQ(record[1], 251'121'162'000);
  EXPECT_EQ(record[2], number(meter, 0x00010000, end) - number(meter, 0x00010000, now_ms));
  EXPECT_EQ(meter.end_incident(MeterEvent::loss_of_voltage, 2, end).error().code, ErrorCode::not_found);
  EXPECT_EQ(meter.begin_incident({.kind = MeterEvent::loss_of_voltage, .begin_utc_ms = end}).error().code,
            ErrorCode::invalid_argument);
  // A phase without current: the others carry the load, the sum stays.
  const auto before = numbers(meter, 0x0203FF00, end);
  ASSERT_TRUE(meter.begin_incident({.kind = MeterEvent::loss_of_current, .phase = 1, .begin_utc_ms = end}));
  const auto after = numbers(meter, 0x0203FF00, end);
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[1], 0);
  EXPECT_EQ(after[0], after[1] + after[2] + after[3]);
  EXPECT_EQ(number(meter, 0x02020100, end), 0);
}

TEST(MeterHistory, WhatAScenarioDoesIsNoticed) {
  using Kind = DeviceHappening::Kind;
  VirtualMeter meter(meter_options());
  const auto covers = number(meter, 0x03300D00);
  meter.happen(now_ms, {Kind::cover, 1});
  meter.happen(now_ms + minute_ms, {Kind::cover, 1});
  meter.happen(now_ms + 2 * minute_ms, {Kind::cover, 0});
  EXPECT_EQ(number(meter, 0x03300D00, now_ms + 3 * minute_ms), covers + 1);
  EXPECT_EQ(numbers(meter, 0x03300D01, now_ms + 3 * minute_ms)[1], 251'121'160'200);
  const auto magnets = number(meter, 0x03350000);
  meter.happen(now_ms + 3 * minute_ms, {Kind::magnetic_field, 1});
  EXPECT_EQ(number(meter, 0x03350000, now_ms + 3 * minute_ms), magnets + 1);
  const auto downs = number(meter, 0x03110000);
  meter.happen(now_ms + 4 * minute_ms, {Kind::power, 0});
  EXPECT_FALSE(read(meter, 0x03110000, now_ms + 5 * minute_ms).answered);
  meter.happen(now_ms + 9 * minute_ms, {Kind::power, 1});
  EXPECT_EQ(number(meter, 0x03110000, now_ms + 9 * minute_ms), downs + 1);
  EXPECT_EQ(number(meter, 0x00010000, now_ms + 9 * minute_ms), meter.energy_centikwh(now_ms + 4 * minute_ms, false, 0));
  meter.happen(now_ms + 10 * minute_ms, {Kind::clock_jump, 90'000});
  EXPECT_EQ(number(meter, 0x04000102, now_ms + 10 * minute_ms), 161'130);
  meter.happen(now_ms + 10 * minute_ms, {Kind::voltage, 850});
  EXPECT_EQ(number(meter, 0x04000504, now_ms + 11 * minute_ms), 2);
  meter.happen(now_ms + 12 * minute_ms, {Kind::voltage, 1'000});
  EXPECT_EQ(number(meter, 0x04000504, now_ms + 12 * minute_ms), 0);
}

}  // namespace
}  // namespace duheng::device
