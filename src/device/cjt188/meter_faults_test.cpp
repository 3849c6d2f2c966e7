// Power cuts at every write, batteries that run down, magnets and discharges: what HM-6.2.4 to 6.2.7, 6.3.1.4, 6.3.1.5
// and 7.2.11 ask of gas and heat meters.
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>

#include "base/random.hpp"
#include "device/cjt188/virtual_cjt188_meter.hpp"
#include "device/memory/ram_memory.hpp"

namespace duheng::device {
namespace {

using cjt188::Address;
using cjt188::DataIdentifier;
using cjt188::FieldRole;
using cjt188::Peer;
using Happening = DeviceHappening::Kind;
namespace identifiers = cjt188::identifiers;
namespace types = cjt188::meter_types;

constexpr std::int64_t january = 1'768'620'600'000;  // 2026-01-17 11:30 in UTC+8
constexpr std::int64_t hour_ms = 3'600'000;
const Address address = *Address::parse("20260000000001");

/// A meter with a memory and a master.
struct Bench {
  explicit Bench(std::uint8_t type, const char* profile = "standard_2004", bool debug_stage = false) {
    options.address = address;
    options.meter_type = type;
    options.profile = cjt188::find_profile(profile);
    options.seed = 5;
    options.has_valve = type == types::gas;
    options.debug_stage = debug_stage;
    options.memory = memory;
    restart();
  }
  /// A new program, the same memory.
  void restart() { meter = std::make_unique<VirtualCjt188Meter>(options); }
  [[nodiscard]] Peer peer() const {
    Peer out{options.meter_type, options.address, options.profile, 0x42};
    out.preamble_octets = 0;
    return out;
  }
  std::optional<cjt188::FrameView> send(std::int64_t at, const cjt188::BuiltFrame& question) {
    const auto said = meter->answer(at, question->view());
    if (!said) return std::nullopt;
    octets = said->octets;
    return *cjt188::decode_at_start(octets);
  }
  /// True when it answered and did not refuse.
  bool write(std::int64_t at, DataIdentifier identifier, const Bytes& payload) {
    const auto frame = send(at, cjt188::write_request(peer(), identifier, payload));
    return frame && !frame->is_error();
  }
  Bytes payload(std::int64_t at, DataIdentifier identifier) {
    const auto frame = send(at, cjt188::read_request(peer(), identifier));
    if (!frame || frame->is_error()) return {};
    const auto content = cjt188::parse_message(*frame, options.profile->identifier_order)->payload;
    return {content.begin(), content.end()};
  }
  std::int64_t value(std::int64_t at, FieldRole role, DataIdentifier identifier = identifiers::metering) {
    const Bytes content = payload(at, identifier);
    const auto layout = cjt188::find_layout(cjt188::Message(identifier, options.meter_type, content));
    cjt188::ValueList values;
    if (!layout || !cjt188::decode_values(**layout, content, *options.profile, values)) return -1;
    const auto* found = values.find(role);
    return found != nullptr && found->state == cjt188::ValueState::good ? found->mantissa : -1;
  }
  void happen(std::int64_t at, Happening kind, std::int64_t amount = 0) { meter->happen(at, {kind, amount}); }
  std::vector<Cjt188Event> events() const {
    std::vector<Cjt188Event> out;
    for (const auto& event : meter->events()) out.push_back(event.event);
    return out;
  }
  /// What must be the same before and after an interruption: totals, hours, all settlements, both days.
  std::map<std::string, std::int64_t> data(std::int64_t at) {
    std::map<std::string, std::int64_t> out;
    const bool heats = cjt188::family_of(options.meter_type) == cjt188::MeterFamily::heat;
    if (heats) {
      for (const auto role : {FieldRole::current_energy, FieldRole::total_flow, FieldRole::work_hours})
        out["metering " + std::to_string(static_cast<int>(role))] = value(at, role);
    } else {
      out["volume"] = value(at, FieldRole::current_volume);
    }
    for (std::uint16_t month = 0; month < 12; ++month) {
      const DataIdentifier identifier{static_cast<std::uint16_t>(identifiers::settlement_last_month.value + month)};
      out[identifier.to_string()] = value(at, FieldRole::settlement_value, identifier);
    }
    out["settlement day"] = value(at, FieldRole::day, identifiers::settlement_day);
    out["reading day"] = value(at, FieldRole::day, identifiers::reading_day);
    return out;
  }
  std::uint16_t status(std::int64_t at) { return static_cast<std::uint16_t>(value(at, FieldRole::status)); }
  cjt188::StatusMeaning meaning(std::int64_t at) {
    const auto word = status(at);
    return cjt188::read_status(options.profile->status, static_cast<std::uint8_t>(word),
                               static_cast<std::uint8_t>(word >> 8));
  }
  Cjt188MeterOptions options;
  std::shared_ptr<RamMemory> memory = std::make_shared<RamMemory>();
  std::unique_ptr<VirtualCjt188Meter> meter;
  Bytes octets;
};

/// Everything that makes a meter write.
struct Writing {
  const char* name;
  std::function<void(Bench&, std::int64_t)> act;
};
const std::vector<Writing>& writings() {
  static const std::vector<Writing> all{
      {"clock",
       [](Bench& b, std::int64_t at) { b.write(at, identifiers::write_clock, *from_hex("00 00 12 18 01 26 20")); }},
      {"settlement day", [](Bench& b, std::int64_t at) { b.write(at, identifiers::write_settlement_day, {0x20}); }},
      {"reading day", [](Bench& b, std::int64_t at) { b.write(at, identifiers::write_reading_day, {0x21}); }},
      {"close", [](Bench& b, std::int64_t at) { b.write(at, identifiers::valve, {0x99}); }},
      {"permit", [](Bench& b, std::int64_t at) { b.write(at, identifiers::valve, {0x55}); }},
      {"button", [](Bench& b, std::int64_t at) { b.meter->press_button(at); }},
      {"magnet", [](Bench& b, std::int64_t at) { b.happen(at, Happening::magnetic_field, 1); }},
      {"discharge", [](Bench& b, std::int64_t at) { b.happen(at, Happening::electrostatic_discharge); }},
      {"radiation", [](Bench& b, std::int64_t at) { b.happen(at, Happening::radiated_field, 1); }},
      {"battery low", [](Bench& b, std::int64_t at) { b.happen(at, Happening::battery, 4'700); }},
      {"battery empty", [](Bench& b, std::int64_t at) { b.happen(at, Happening::battery, 4'000); }},
      {"cover", [](Bench& b, std::int64_t at) { b.happen(at, Happening::cover, 1); }},
      {"reverse", [](Bench& b, std::int64_t at) { b.happen(at, Happening::reverse, 1); }},
      {"clock jump", [](Bench& b, std::int64_t at) { b.happen(at, Happening::clock_jump, -60'000); }},
      {"power off", [](Bench& b, std::int64_t at) { b.happen(at, Happening::power, 0); }},
  };
  return all;
}

/// The supply fails at the n-th octet written, for every n, while the meter does `writing`; later it comes back.
/// `prepare` brings it into a state before. Returns how many cuts there were.
int cut_everywhere(const Writing& writing, std::uint8_t type, const char* profile,
                   const std::function<void(Bench&)>& prepare) {
  int cuts = 0;
  for (std::uint64_t octets = 0;; ++octets) {
    Bench bench(type, profile);
    prepare(bench);
    auto before = bench.data(january);
    const bool was_open = bench.meter->valve_is_open();
    bench.memory->cut_after(octets);
    writing.act(bench, january);
    const bool was_cut = !bench.memory->is_powered();
    const std::string what = std::string(writing.name) + " cut after " + std::to_string(octets);
    if (was_cut) {
      EXPECT_FALSE(bench.meter->is_powered()) << what;
      EXPECT_FALSE(bench.meter->valve_is_open()) << what;  // HM-6.2.5
      EXPECT_TRUE(bench.payload(january, identifiers::metering).empty()) << what;
    }
    bench.memory->restart();
    const std::int64_t later = january + 3 * hour_ms;
    if (!bench.meter->is_powered()) bench.happen(later, Happening::power, 1);
    const std::int64_t at = was_cut ? later : january;
    auto after = bench.data(at);
    EXPECT_FALSE(bench.options.has_valve && was_cut && bench.meter->valve_is_open()) << what;
    EXPECT_FALSE(!was_open && bench.meter->valve_is_open() && std::string(writing.name) != "button") << what;
    // The days are the old or the new ones; a new settlement day moves the settlements with it, as it always does.
    EXPECT_TRUE(after["settlement day"] == before["settlement day"] || after["settlement day"] == 20) << what;
    EXPECT_TRUE(after["reading day"] == before["reading day"] || after["reading day"] == 21) << what;
    const bool day_moved = after["settlement day"] != before["settlement day"];
    for (const auto& [name, value] : before) {
      const bool may_move = name.ends_with("day") || (day_moved && name.starts_with("D1"));
      EXPECT_TRUE(may_move || after[name] == value) << what << " " << name;
    }
    // It goes on by itself: heat and water at once, gas when somebody opened the valve.
    const std::int64_t much_later = at + 72 * hour_ms;
    if (!bench.options.has_valve && std::string(writing.name) != "reverse" && bench.meter->is_powered()) {
      EXPECT_GT(bench.meter->readout(much_later).volume(much_later + 8 * hour_ms),
                bench.meter->readout(at).volume(at + 8 * hour_ms))
          << what;
    }
    // A new program finds the same.
    const auto last = bench.data(much_later);
    bench.restart();
    EXPECT_EQ(bench.data(much_later), last) << what;
    if (!was_cut) return cuts;
    ++cuts;
  }
}

/// HM-6.2.4: after a loss of power at any instant the data at power-up equal those before.
TEST(GasMeter, KeepsItsDataWhereverThePowerFails) {
  const auto prepare = [](Bench& bench) {
    ASSERT_TRUE(bench.write(january - 100 * hour_ms, identifiers::valve, {0x99}));
    ASSERT_TRUE(bench.write(january - 90 * hour_ms, identifiers::valve, {0x55}));
    bench.meter->press_button(january - 80 * hour_ms);
    ASSERT_TRUE(bench.meter->valve_is_open());
  };
  for (const auto& writing : writings()) {
    const int cuts = cut_everywhere(writing, types::gas, "standard_2004", prepare);
    // Open already: a permission changes nothing but is stored all the same; a button does nothing.
    EXPECT_GT(cuts, 50) << writing.name;
  }
}

TEST(GasMeter, AClosedOneStaysClosedWhereverThePowerFails) {
  for (const auto& writing : writings()) {
    if (std::string(writing.name) == "button") continue;
    EXPECT_GT(cut_everywhere(writing, types::gas, "standard_2004",
                             [](Bench& bench) { bench.write(january - hour_ms, identifiers::valve, {0x99}); }),
              50)
        << writing.name;
  }
}

/// HM-6.3.1.5: heat, volume, hours and history are kept, and it measures on by itself.
TEST(HeatMeter, KeepsHeatVolumeHoursAndHistoryWhereverThePowerFails) {
  for (const char* profile : {"standard_2004", "standard_2018"})
    for (const auto& writing : writings()) {
      const std::string name = writing.name;
      if (name == "close" || name == "permit" || name == "button" || name == "discharge") continue;
      EXPECT_GT(cut_everywhere(writing, types::heat, profile,
                               [](Bench& bench) {
                                 bench.happen(january - 60 * hour_ms, Happening::power, 0);
                                 bench.happen(january - 50 * hour_ms, Happening::power, 1);
                               }),
                50)
          << writing.name;
    }
}

TEST(WaterMeter, KeepsItsDataWhereverThePowerFails) {
  for (const auto& writing : writings()) {
    const std::string name = writing.name;
    if (name != "clock" && name != "settlement day" && name != "reading day" && name != "power off") continue;
    EXPECT_GT(cut_everywhere(writing, types::cold_water, "standard_2004", [](Bench&) {}), 50) << name;
  }
}

TEST(HeatMeter, WithoutSupplyItCountsNothingAndGoesOnAfterwards) {
  Bench bench(types::heat);
  const auto before = bench.data(january);
  bench.happen(january, Happening::power, 0);
  EXPECT_TRUE(bench.payload(january + hour_ms, identifiers::metering).empty());
  const std::int64_t later = january + 30 * hour_ms;
  bench.happen(later, Happening::power, 1);
  EXPECT_EQ(bench.data(later), before);
  EXPECT_EQ(bench.events(), (std::vector{Cjt188Event::power_failed, Cjt188Event::power_restored}));
  EXPECT_NE(bench.status(later) >> 8 & cjt188_status::power_failed, 0);
  EXPECT_EQ(bench.status(later + 25 * hour_ms) >> 8 & cjt188_status::power_failed, 0);
  const std::int64_t next_day = later + 24 * hour_ms;
  EXPECT_GT(bench.value(next_day, FieldRole::current_energy),
            before.at("metering " + std::to_string(static_cast<int>(FieldRole::current_energy))));
  // The clock has a cell of its own.
  EXPECT_EQ(bench.value(later, FieldRole::time), 20260118173000);
}

/// HM-6.3.1.6: a magnet is noted and changes nothing of what is measured.
TEST(HeatMeter, AMagnetChangesNothingOfWhatItMeasures) {
  Bench near_magnet(types::heat);
  Bench alone(types::heat);
  near_magnet.happen(january, Happening::magnetic_field, 1);
  for (std::int64_t at = january; at < january + 48 * hour_ms; at += 5 * hour_ms)
    EXPECT_EQ(near_magnet.data(at), alone.data(at));
  EXPECT_EQ(near_magnet.events(), std::vector{Cjt188Event::magnetic_field});
  EXPECT_NE(near_magnet.status(january) >> 8 & cjt188_status::magnetic_field, 0);
}

/// HM-6.3.1.4: shown in the frame, and kept as an event.
TEST(HeatMeter, ShowsAndNotesAnUndervoltage) {
  Bench bench(types::heat);
  for (std::int32_t mv = 6'000; mv >= 4'000; mv -= 10) {
    bench.happen(january, Happening::battery, mv);
    EXPECT_EQ(bench.meaning(january).battery_low, mv < 4'800) << mv;
  }
  const auto low = bench.data(january);
  for (std::int32_t mv = 4'000; mv <= 6'000; mv += 10) {
    bench.happen(january, Happening::battery, mv);
    EXPECT_EQ(bench.meaning(january).battery_low, mv < 4'900) << mv;
  }
  EXPECT_EQ(bench.data(january), low);
  EXPECT_EQ(bench.events(), (std::vector{Cjt188Event::undervoltage_noticed, Cjt188Event::voltage_restored}));
  const Bytes newest = bench.payload(january, cjt188_identifiers::event_log);
  EXPECT_EQ(newest, *from_hex("07 00 30 11 17 01 26 20"));
}

/// HM-6.2.6: first level noticed, second level closes, and nothing is lost or garbled on the way down and up.
TEST(GasMeter, TheVoltageGoesDownAndUpAgain) {
  Bench bench(types::gas);
  const auto before = bench.data(january);
  for (std::int32_t mv = 6'000; mv >= 3'500; mv -= 10) {
    bench.happen(january, Happening::battery, mv);
    EXPECT_EQ(bench.meter->valve_is_open(), mv >= 4'400) << mv;
    EXPECT_EQ(bench.meaning(january).battery_low, mv < 4'800) << mv;
    EXPECT_EQ(bench.data(january), before) << mv;
  }
  EXPECT_NE(bench.status(january) >> 8 & cjt188_status::battery_empty, 0);
  const std::int64_t later = january + 5 * hour_ms;
  for (std::int32_t mv = 3'500; mv <= 6'000; mv += 10) bench.happen(later, Happening::battery, mv);
  EXPECT_EQ(bench.data(later), before);
  using enum Cjt188Event;
  EXPECT_EQ(bench.events(), (std::vector{undervoltage_noticed, closed_by_undervoltage, voltage_restored}));
  EXPECT_FALSE(bench.meter->valve_is_open());
  bench.meter->press_button(later);
  EXPECT_TRUE(bench.meter->valve_is_open());
  EXPECT_GT(bench.value(later + 24 * hour_ms, FieldRole::current_volume), before.at("volume"));
}

/// HM-6.2.5, over the meter: in every state the battery is taken out, and the valve is closed.
TEST(GasMeter, TakingOutTheBatteryClosesTheValveInEveryState) {
  for (const auto& writing : writings()) {
    Bench bench(types::gas);
    writing.act(bench, january);
    bench.happen(january + 1'000, Happening::power, 0);
    EXPECT_FALSE(bench.meter->valve_is_open()) << writing.name;
    EXPECT_FALSE(bench.meter->state().valve.open) << writing.name;
    bench.happen(january + 2'000, Happening::battery, 6'000);
    bench.happen(january + 3'000, Happening::power, 1);
    EXPECT_FALSE(bench.meter->valve_is_open()) << writing.name;
    EXPECT_EQ(bench.meaning(january + 4'000).valve, cjt188::ValveState::closed) << writing.name;
  }
}

/// HM-6.2.7.1 to 6.2.7.3: the valve closes, the data stand, the event is reported in the status word and readable.
TEST(GasMeter, EveryKindOfInterferenceClosesAndIsReported) {
  struct Kind {
    Happening happening;
    bool lasts;
    std::uint8_t flag;
    Cjt188Event event;
    Cjt188Event closed;
  };
  using enum Cjt188Event;
  for (const auto& kind :
       {Kind{Happening::electrostatic_discharge, false, cjt188_status::interference, electrostatic_discharge,
             closed_by_discharge},
        Kind{Happening::radiated_field, true, cjt188_status::interference, radiated_field, closed_by_radiated_field},
        Kind{Happening::magnetic_field, true, cjt188_status::magnetic_field, magnetic_field, closed_by_magnet}}) {
    Bench bench(types::gas);
    const auto before = bench.data(january);
    EXPECT_EQ(bench.status(january) >> 8, 0);
    bench.happen(january, kind.happening, 1);
    EXPECT_FALSE(bench.meter->valve_is_open());
    EXPECT_EQ(bench.data(january + hour_ms), before);
    EXPECT_EQ(bench.meaning(january).valve, cjt188::ValveState::closed);
    EXPECT_NE(bench.status(january + 20 * hour_ms) >> 8 & kind.flag, 0);
    EXPECT_EQ(bench.events(), (std::vector{kind.event, kind.closed}));
    EXPECT_EQ(bench.payload(january, cjt188_identifiers::event_log)[0], static_cast<std::uint8_t>(kind.closed));
    EXPECT_EQ(bench.payload(january, {0xE101})[0], static_cast<std::uint8_t>(kind.event));
    EXPECT_TRUE(bench.payload(january, {0xE102}).empty());
    if (kind.lasts) {
      bench.meter->press_button(january + hour_ms);
      EXPECT_FALSE(bench.meter->valve_is_open());
      EXPECT_NE(bench.status(january + 50 * hour_ms) >> 8 & kind.flag, 0);  // it lasts
      bench.happen(january + 60 * hour_ms, kind.happening, 0);
      EXPECT_TRUE(bench.write(january + 60 * hour_ms, identifiers::valve, {0x55}));
      EXPECT_FALSE(bench.meter->valve_is_open());
    }
    bench.happen(january + 61 * hour_ms, Happening::button);
    EXPECT_TRUE(bench.meter->valve_is_open());
    EXPECT_EQ(bench.status(january + 86 * hour_ms) >> 8 & kind.flag, 0);
  }
}

/// HM-7.2.11a: a worn seat: the meter says "closed", and what is drawn goes through; tight again, it stands. All the
/// while the meter knows nothing of it, and a restart changes nothing.
TEST(GasMeter, AClosedValveThatLeaksLetsThroughWhatIsDrawn) {
  Bench bench(types::gas);
  bench.happen(january, Happening::valve_seat, 1);
  EXPECT_TRUE(bench.meter->valve_is_open());
  ASSERT_TRUE(bench.write(january, identifiers::valve, {0x99}));
  EXPECT_EQ(bench.meaning(january).valve, cjt188::ValveState::closed);
  const auto closed_at = bench.value(january, FieldRole::current_volume);
  const auto a_day_later = bench.value(january + 24 * hour_ms, FieldRole::current_volume);
  EXPECT_GT(a_day_later, closed_at);
  Bench tight(types::gas);
  EXPECT_EQ(tight.value(january + 24 * hour_ms, FieldRole::current_volume), a_day_later) << "as much as is drawn";
  EXPECT_EQ(bench.meaning(january + 24 * hour_ms).valve, cjt188::ValveState::closed);
  EXPECT_EQ(bench.events(), std::vector{Cjt188Event::closed_by_command});
  bench.restart();
  bench.happen(january + 24 * hour_ms, Happening::valve_seat, 1);  // what surrounds it is the world's to say again
  EXPECT_GT(bench.value(january + 48 * hour_ms, FieldRole::current_volume), a_day_later);
  bench.happen(january + 48 * hour_ms, Happening::valve_seat, 0);
  const auto mended = bench.value(january + 48 * hour_ms, FieldRole::current_volume);
  EXPECT_EQ(bench.value(january + 96 * hour_ms, FieldRole::current_volume), mended);
}

/// HM-7.2.11: whatever a master writes and whatever happens to supply and memory, nothing but the button opens it.
RC_GTEST_PROP(GasMeterProperty, OnlyTheButtonOpensTheValve, (std::uint64_t seed)) {
  SeededRandom random(seed);
  Bench bench(types::gas, "any_maker", random.below(2) == 0);
  std::int64_t now = january;
  bool was_open = bench.meter->valve_is_open();
  for (int step = 0; step < 60; ++step) {
    now += static_cast<std::int64_t>(random.below(3 * hour_ms));
    const bool pressed = random.below(8) == 0;
    if (pressed) {
      bench.meter->press_button(now);
    } else if (random.below(3) == 0) {
      const Bytes payload{static_cast<std::uint8_t>(random.below(256))};
      const DataIdentifier written{static_cast<std::uint16_t>(0xA010 + random.below(12))};
      const DataIdentifier identifier = random.below(2) == 0 ? identifiers::valve : written;
      static_cast<void>(bench.write(now, identifier, random.below(2) == 0 ? payload : Bytes{0x55}));
    } else if (random.below(4) == 0) {
      bench.memory->cut_after(random.below(300));
    } else if (random.below(3) == 0) {
      bench.memory->restart();
      bench.happen(now, Happening::power, static_cast<std::int64_t>(random.below(2)));
    } else if (bench.meter->is_powered() && random.below(4) == 0) {
      // A restart of the program is no loss of power: an open valve may be found open, a closed one never.
      const bool open_before = bench.meter->valve_is_open();
      bench.restart();
      RC_ASSERT(open_before || !bench.meter->valve_is_open());
    } else {
      const auto kind = static_cast<Happening>(random.below(static_cast<std::uint64_t>(Happening::power)));
      bench.happen(now, kind, static_cast<std::int64_t>(random.below(2)) * 5'000);
    }
    const bool is_open = bench.meter->valve_is_open();
    RC_ASSERT(was_open || !is_open || pressed);
    was_open = is_open;
  }
}

TEST(Cjt188Memory, WhatMastersWroteIsThereAfterARestart) {
  Bench bench(types::gas);
  ASSERT_TRUE(bench.write(january, identifiers::write_clock, *from_hex("00 00 12 18 01 26 20")));
  ASSERT_TRUE(bench.write(january, identifiers::write_settlement_day, {0x09}));
  ASSERT_TRUE(bench.write(january, identifiers::write_reading_day, {0x28}));
  ASSERT_TRUE(bench.write(january, identifiers::valve, {0x99}));
  const auto before = bench.data(january);
  bench.restart();
  EXPECT_EQ(bench.data(january + 50 * hour_ms), before);
  EXPECT_EQ(bench.value(january, FieldRole::time), 20260118120000);
  EXPECT_EQ(bench.value(january, FieldRole::day, identifiers::settlement_day), 9);
  EXPECT_EQ(bench.value(january, FieldRole::day, identifiers::reading_day), 28);
  EXPECT_FALSE(bench.meter->valve_is_open());
  bench.meter->press_button(january);
  EXPECT_FALSE(bench.meter->valve_is_open());  // it still needs a permission
  EXPECT_EQ(bench.events().size(), 5U);
}

/// The count of commands tells after a kill whether the last one was carried out; refused and lost ones do not count.
TEST(Cjt188Memory, CommandsAreCountedOverRestarts) {
  Bench bench(types::gas);
  std::vector<DeviceCommand> told;
  const auto listen = [&] {
    bench.meter->listen_to_commands([&](const DeviceCommand& done) { told.push_back(done); });
  };
  listen();
  EXPECT_FALSE(bench.meter->last_command());
  ASSERT_TRUE(bench.write(january, identifiers::valve, {0x99}));
  EXPECT_FALSE(bench.write(january, identifiers::write_settlement_day, {0x31}));
  EXPECT_GE(bench.value(january, FieldRole::current_volume), 0);
  bench.memory->cut_after(10);
  EXPECT_FALSE(bench.write(january, identifiers::valve, {0x55}));
  bench.memory->restart();
  bench.happen(january + hour_ms, Happening::power, 1);
  bench.restart();
  listen();
  ASSERT_TRUE(bench.write(january + hour_ms, identifiers::valve, {0x55}));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].number, 1U);
  EXPECT_EQ(told[0].function, 0x04);
  EXPECT_EQ(told[0].identifier, 0xA017U);
  EXPECT_EQ(told[1].number, 2U);
  EXPECT_NE(told[0].request_hash, told[1].request_hash);
  EXPECT_EQ(bench.meter->last_command(), told[1]);
}

/// A full disk is no power cut: the meter changes nothing, does not answer, and answers again what it can read.
TEST(Cjt188Memory, WhatCannotBeStoredIsNotDone) {
  struct FullMemory final : DeviceMemory {
    std::optional<Bytes> load(std::string_view) const override { return std::nullopt; }
    Result<void> store(std::string_view, ByteView) override {
      if (full) return fail(ErrorCode::storage_full, "no space");
      return {};
    }
    bool full = true;
  };
  const auto full = std::make_shared<FullMemory>();
  Bench bench(types::gas);
  bench.options.memory = full;
  bench.restart();
  EXPECT_FALSE(bench.write(january, identifiers::valve, {0x99}));
  EXPECT_TRUE(bench.meter->valve_is_open());
  EXPECT_GE(bench.value(january, FieldRole::current_volume), 0);
  full->full = false;
  EXPECT_TRUE(bench.write(january, identifiers::valve, {0x99}));
  EXPECT_FALSE(bench.meter->valve_is_open());
}

TEST(Cjt188Memory, OfAnotherMeterIsNotBelieved) {
  Bench bench(types::cold_water);
  ASSERT_TRUE(bench.memory->store("cjt188", Bytes{1, 2, 3}));
  bench.restart();
  EXPECT_EQ(bench.value(january, FieldRole::day, identifiers::settlement_day), 1);
  EXPECT_TRUE(bench.write(january, identifiers::write_settlement_day, {0x05}));
}

TEST(Cjt188Meter, ItsClockDriftsAndJumps) {
  Bench bench(types::cold_water);
  bench.happen(january, Happening::clock_drift, 1'000);
  EXPECT_EQ(bench.value(january + 10 * hour_ms, FieldRole::time), 20260117213036);
  bench.happen(january + 10 * hour_ms, Happening::clock_drift, 0);
  EXPECT_EQ(bench.value(january + 11 * hour_ms, FieldRole::time), 20260117223036);
  bench.happen(january + 11 * hour_ms, Happening::clock_jump, -36'000);
  EXPECT_EQ(bench.value(january + 11 * hour_ms, FieldRole::time), 20260117223000);
  bench.restart();
  EXPECT_EQ(bench.value(january + 12 * hour_ms, FieldRole::time), 20260117233000);
}

TEST(Cjt188Meter, ReversedItStandsStillAndSaysSo) {
  Bench bench(types::hot_water);
  const auto before = bench.value(january, FieldRole::current_volume);
  bench.happen(january, Happening::reverse, 1);
  bench.happen(january, Happening::cover, 1);
  EXPECT_EQ(bench.value(january + 48 * hour_ms, FieldRole::current_volume), before);
  EXPECT_EQ(bench.status(january + 48 * hour_ms) >> 8, cjt188_status::reversed | cjt188_status::cover_open);
  bench.happen(january + 48 * hour_ms, Happening::reverse, 0);
  EXPECT_EQ(bench.value(january + 48 * hour_ms, FieldRole::current_volume), before);
  EXPECT_GT(bench.value(january + 96 * hour_ms, FieldRole::current_volume), before);
}

TEST(Cjt188Meter, InItsDebugStageTheRegisterCanBeSet) {
  Bench bench(types::cold_water, "standard_2004", true);
  const auto sync = [&](std::uint32_t centi, cjt188::Unit unit) {
    const auto frame = bench.send(january, cjt188::write_sync_request(bench.peer(), centi, {unit, 0}));
    return frame && !frame->is_error();
  };
  EXPECT_TRUE(sync(12'345, cjt188::Unit::cubic_metre));
  EXPECT_EQ(bench.value(january, FieldRole::current_volume), 12'345);
  EXPECT_FALSE(sync(1, cjt188::Unit::litre));
  EXPECT_TRUE(bench.write(january, identifiers::factory_enable, {}));
  EXPECT_FALSE(bench.write(january, identifiers::factory_enable, {}));
  EXPECT_FALSE(sync(1, cjt188::Unit::cubic_metre));
  bench.restart();
  EXPECT_EQ(bench.value(january, FieldRole::current_volume), 12'345);
  EXPECT_FALSE(sync(1, cjt188::Unit::cubic_metre));
  const auto renamed = bench.send(january, cjt188::write_address_request(bench.peer(), *Address::parse("7")));
  ASSERT_TRUE(renamed);
  EXPECT_TRUE(renamed->is_error());
}

TEST(Cjt188Meter, HistoryOf2018) {
  Bench heat(types::heat, "standard_2018");
  for (std::uint16_t month = 0; month < 12; ++month)
    EXPECT_EQ(heat.value(january, FieldRole::settlement_energy, {static_cast<std::uint16_t>(0xD200 + month)}),
              heat.value(january, FieldRole::settlement_value, {static_cast<std::uint16_t>(0xD120 + month)}));
  EXPECT_GE(heat.value(january, FieldRole::settlement_energy, {0xD217}), 0);
  EXPECT_EQ(heat.value(january, FieldRole::settlement_energy, {0xD218}), -1);
  // Midnight three days ago, and what the meter showed then.
  const std::int64_t midnight = january - (3 * 24 + 11) * hour_ms - hour_ms / 2;
  EXPECT_EQ(heat.value(january, FieldRole::time, {0xD303}), 20260114000000);
  EXPECT_EQ(heat.value(january, FieldRole::total_flow, {0xD303}), heat.value(midnight, FieldRole::total_flow));
  EXPECT_EQ(heat.value(january, FieldRole::temperature, {0xD303}), heat.value(midnight, FieldRole::supply_temperature));
  EXPECT_TRUE(heat.payload(january, {0xD33E}).empty());
  Bench water(types::cold_water, "standard_2018");
  EXPECT_EQ(water.value(january, FieldRole::settlement_value, {0xD201}),
            water.value(january, FieldRole::settlement_value, {0xD121}));
  Bench old(types::cold_water);
  EXPECT_TRUE(old.payload(january, {0xD200}).empty());
  EXPECT_TRUE(old.payload(january, {0xD300}).empty());
}

/// Sixty-four newest events, and the clock's mistake in no other year.
TEST(Cjt188Meter, KeepsTheNewestEventsAndRefusesClocksOfOtherCenturies) {
  Bench bench(types::gas);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(bench.write(january + i, identifiers::valve, {0x99}));
  EXPECT_EQ(bench.events().size(), 64U);
  EXPECT_EQ(bench.payload(january, {0xE13F}).size(), 8U);
  EXPECT_FALSE(bench.write(january, identifiers::write_clock, *from_hex("00 00 12 18 01 26 21")));
  EXPECT_FALSE(bench.write(january, identifiers::write_clock, *from_hex("00 00 12 32 01 26 20")));
}

}  // namespace
}  // namespace duheng::device
