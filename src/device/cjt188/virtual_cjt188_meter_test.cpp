#include "device/cjt188/virtual_cjt188_meter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "device/cjt188/cjt188_line.hpp"

namespace duheng::device {
namespace {

using cjt188::Address;
using cjt188::DataIdentifier;
using cjt188::FieldRole;
using cjt188::Peer;
using Purpose = ThermalCurve::Purpose;
namespace identifiers = cjt188::identifiers;

constexpr std::int64_t january = 1'768'620'600'000;  // 2026-01-17 11:30 in UTC+8
constexpr std::int64_t july = 1'752'219'000'000;     // 2025-07-11 15:30
constexpr std::int64_t hour_ms = 3'600'000;

Cjt188MeterOptions options_for(std::uint8_t type, const char* profile = "standard_2004", std::uint64_t seed = 5) {
  Cjt188MeterOptions out;
  out.address = *Address::parse("20260000000001");
  out.meter_type = type;
  out.profile = cjt188::find_profile(profile);
  out.seed = seed;
  out.has_valve = type == cjt188::meter_types::gas;
  return out;
}
Peer peer_of(const Cjt188MeterOptions& options) { return {options.meter_type, options.address, options.profile, 0x42}; }

struct Reading {
  cjt188::ValueList values;
  [[nodiscard]] std::int64_t operator[](FieldRole role) const {
    const auto* value = values.find(role);
    EXPECT_NE(value, nullptr) << static_cast<int>(role);
    EXPECT_TRUE(value == nullptr || value->state == cjt188::ValueState::good);
    return value != nullptr ? value->mantissa : 0;
  }
};
/// Asks and decodes as a gateway would.
Reading ask(VirtualCjt188Meter& meter, const Cjt188MeterOptions& options, std::int64_t at,
            DataIdentifier identifier = identifiers::metering) {
  Reading out;
  auto peer = peer_of(options);
  peer.preamble_octets = 0;
  const auto said = meter.answer(at, cjt188::read_request(peer, identifier)->view());
  EXPECT_TRUE(said);
  if (!said) return out;
  EXPECT_EQ(said->identifier, identifier.value);
  const auto frame = cjt188::decode_at_start(said->octets);
  EXPECT_EQ(frame->control(), 0x81);
  const auto message = cjt188::parse_message(*frame, options.profile->identifier_order);
  EXPECT_TRUE(message);
  EXPECT_EQ(message->sequence, 0x42);
  EXPECT_EQ(message->identifier.order, options.profile->identifier_order);
  const auto layout = cjt188::find_layout(*message);
  EXPECT_TRUE(layout);
  EXPECT_TRUE(cjt188::decode_values(**layout, message->payload, *options.profile, out.values));
  return out;
}
std::optional<cjt188::FrameView> write(VirtualCjt188Meter& meter, Peer peer, std::int64_t at, DataIdentifier identifier,
                                       ByteView payload, Bytes& octets) {
  peer.preamble_octets = 0;
  const auto said = meter.answer(at, cjt188::write_request(peer, identifier, payload)->view());
  if (!said) return std::nullopt;
  octets = said->octets;
  return *cjt188::decode_at_start(octets);
}

TEST(VirtualCjt188Meter, WaterHasVolumeSettlementClockAndStatus) {
  for (const char* profile : {"standard_2004", "water_high_first", "water_year_first"}) {
    const auto options = options_for(cjt188::meter_types::cold_water, profile);
    VirtualCjt188Meter meter(options);
    const auto now = ask(meter, options, january);
    EXPECT_EQ(now[FieldRole::current_volume], meter.readout(january).volume(january + 8 * hour_ms));
    EXPECT_EQ(now[FieldRole::time], 20260117113000);
    EXPECT_EQ(now[FieldRole::status], 0);
    EXPECT_EQ(now.values[0].unit, cjt188::Unit::cubic_metre);
    // 2026-01-01 00:00 in UTC+8 is 16 days 11:30 before.
    const std::int64_t settled = january - (16 * 24 + 11) * hour_ms - hour_ms / 2;
    EXPECT_EQ(now[FieldRole::settlement_volume], ask(meter, options, settled)[FieldRole::current_volume]);
    EXPECT_EQ(ask(meter, options, january, {0xD120})[FieldRole::settlement_value], now[FieldRole::settlement_volume]);
    EXPECT_LT(ask(meter, options, january, {0xD12B})[FieldRole::settlement_value], now[FieldRole::settlement_volume]);
    EXPECT_EQ(ask(meter, options, january, identifiers::clock)[FieldRole::time], 20260117113000);
  }
}

TEST(VirtualCjt188Meter, AReadingGoesOnAfterARestart) {
  const auto options = options_for(cjt188::meter_types::gas);
  VirtualCjt188Meter before(options);
  VirtualCjt188Meter after(options);
  const auto first = ask(before, options, january)[FieldRole::current_volume];
  EXPECT_EQ(ask(after, options, january)[FieldRole::current_volume], first);
  EXPECT_GE(ask(after, options, january + hour_ms)[FieldRole::current_volume], first);
}

/// Energy, power, flow and temperatures of one answer fit together to the last digit shown.
RC_GTEST_PROP(VirtualCjt188MeterProperty, HeatIsConsistent, (std::uint64_t seed, std::uint32_t offset, bool is_new)) {
  const auto options = options_for(cjt188::meter_types::heat, is_new ? "standard_2018" : "standard_2004", seed);
  VirtualCjt188Meter meter(options);
  const std::int64_t at = 1'735'700'000'000 + static_cast<std::int64_t>(offset) * 7;  // 2025
  const auto now = ask(meter, options, at);
  const auto later = ask(meter, options, at + hour_ms);
  for (const FieldRole role : {FieldRole::current_energy, FieldRole::total_flow, FieldRole::work_hours})
    RC_ASSERT(later[role] >= now[role]);
  RC_ASSERT(now[FieldRole::settlement_energy] <= now[FieldRole::current_energy]);
  const double flow = static_cast<double>(now[FieldRole::flow]) / (is_new ? 1e3 : 1e4);
  const double step = is_new ? 1e-3 : 1e-4;
  const double difference =
      static_cast<double>(now[FieldRole::supply_temperature] - now[FieldRole::return_temperature]) / 100.0;
  const double power = static_cast<double>(now[FieldRole::power]) / 100.0;
  RC_ASSERT(difference >= 0);
  RC_ASSERT(power >= flow * difference * 1.163 - 0.01);
  RC_ASSERT(power <= (flow + step) * difference * 1.163 + 0.01);
}

TEST(VirtualCjt188Meter, EveryKindOfHeatMeterCountsInItsSeason) {
  struct Kind {
    std::uint8_t type;
    const char* profile;
    DataIdentifier identifier;
    bool heats;
    bool cools;
  };
  for (const auto& kind :
       {Kind{0x20, "standard_2004", {0x901F}, true, false}, Kind{0x20, "standard_2018", {0x901F}, true, false},
        Kind{0x21, "heat_with_cooling", {0x901F}, false, true}, Kind{0x22, "standard_2018", {0x911F}, true, true}}) {
    const auto options = options_for(kind.type, kind.profile);
    VirtualCjt188Meter meter(options);
    const auto energy = [&](std::int64_t at, FieldRole role) {
      const auto reading = ask(meter, options, at, kind.identifier);
      const auto* value = reading.values.find(role);
      return value != nullptr ? value->mantissa : -1;
    };
    EXPECT_EQ(energy(january + 24 * hour_ms, FieldRole::current_energy) > energy(january, FieldRole::current_energy),
              kind.heats);
    EXPECT_EQ(energy(july + 24 * hour_ms, FieldRole::current_energy), energy(july, FieldRole::current_energy));
    if (!kind.cools) continue;
    EXPECT_GT(energy(july + 24 * hour_ms, FieldRole::current_cooling), energy(july, FieldRole::current_cooling));
    EXPECT_EQ(energy(january + 24 * hour_ms, FieldRole::current_cooling), energy(january, FieldRole::current_cooling));
    const auto summer = ask(meter, options, july, kind.identifier);
    EXPECT_LT(summer[FieldRole::supply_temperature], summer[FieldRole::return_temperature]);
    EXPECT_GT(summer[FieldRole::power], 0);
  }
}

TEST(VirtualCjt188Meter, HeatMeterShowsUndervoltage) {
  const auto options = options_for(cjt188::meter_types::heat);
  VirtualCjt188Meter meter(options);
  const auto before = ask(meter, options, january);
  EXPECT_FALSE(cjt188::read_status(options.profile->status, static_cast<std::uint8_t>(before[FieldRole::status]), 0)
                   .battery_low);
  meter.happen(january, {DeviceHappening::Kind::battery, 4'700});
  const auto low = ask(meter, options, january);
  EXPECT_TRUE(
      cjt188::read_status(options.profile->status, static_cast<std::uint8_t>(low[FieldRole::status]), 0).battery_low);
  EXPECT_EQ(low[FieldRole::current_energy], before[FieldRole::current_energy]);
}

TEST(VirtualCjt188Meter, RemoteOpenOnlyPermitsAndAClosedValveStopsTheGas) {
  const auto options = options_for(cjt188::meter_types::gas);
  VirtualCjt188Meter meter(options);
  Bytes octets;
  const auto closed = write(meter, peer_of(options), january, identifiers::valve, Bytes{0x99}, octets);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->control(), 0x84);
  const auto valve = [&] {
    const auto word = static_cast<std::uint16_t>(ask(meter, options, january)[FieldRole::status]);
    return cjt188::read_status(options.profile->status, static_cast<std::uint8_t>(word), word >> 8).valve;
  };
  EXPECT_EQ(valve(), cjt188::ValveState::closed);
  const auto at_close = ask(meter, options, january)[FieldRole::current_volume];
  const std::int64_t later = january + 48 * hour_ms;
  EXPECT_EQ(ask(meter, options, later)[FieldRole::current_volume], at_close);
  EXPECT_EQ(meter.measures().flow_microlitre_h(later + 8 * hour_ms, meter.state().interruptions), 0);
  const auto permitted = write(meter, peer_of(options), later, identifiers::valve, Bytes{0x55}, octets);
  ASSERT_TRUE(permitted);
  EXPECT_FALSE(permitted->is_error());
  EXPECT_EQ(valve(), cjt188::ValveState::closed);
  EXPECT_EQ(meter.readout(later).status() >> 8, cjt188_status::waits_for_local_action);
  meter.press_button(later);
  EXPECT_EQ(valve(), cjt188::ValveState::open);
  // It goes on where it stood: what the closed valve kept back never comes.
  EXPECT_EQ(ask(meter, options, later)[FieldRole::current_volume], at_close);
  EXPECT_GT(ask(meter, options, later + 24 * hour_ms)[FieldRole::current_volume], at_close);
  ASSERT_EQ(meter.events().size(), 3U);
  EXPECT_EQ(meter.events()[2].event, Cjt188Event::opened_locally);
}

/// HM-7.2.11 over the bus: whatever a master sends, it opens nothing.
RC_GTEST_PROP(VirtualCjt188MeterProperty, NoFrameOpensTheValve, (const std::vector<std::uint8_t>& codes)) {
  const auto options = options_for(cjt188::meter_types::gas, "any_maker");
  VirtualCjt188Meter meter(options);
  Bytes octets;
  static_cast<void>(write(meter, peer_of(options), january, identifiers::valve, Bytes{0x99}, octets));
  RC_ASSERT(!meter.valve_is_open());
  for (const std::uint8_t code : codes) {
    static_cast<void>(write(meter, peer_of(options), january, identifiers::valve, Bytes{code}, octets));
    static_cast<void>(write(meter, peer_of(options), january, identifiers::valve, Bytes{0x55}, octets));
    RC_ASSERT(!meter.valve_is_open());
  }
}

TEST(VirtualCjt188Meter, WithoutABatteryItIsDeadAndNothingIsLost) {
  const auto options = options_for(cjt188::meter_types::gas);
  VirtualCjt188Meter meter(options);
  const auto before = ask(meter, options, january)[FieldRole::current_volume];
  meter.happen(january, {DeviceHappening::Kind::power, 0});
  auto peer = peer_of(options);
  peer.preamble_octets = 0;
  EXPECT_FALSE(meter.answer(january, cjt188::read_request(peer, identifiers::metering)->view()));
  meter.happen(january + hour_ms, {DeviceHappening::Kind::power, 1});
  EXPECT_FALSE(meter.valve_is_open());
  EXPECT_EQ(ask(meter, options, january + hour_ms)[FieldRole::current_volume], before);
}

TEST(VirtualCjt188Meter, ClockAndSettlementDayCanBeWritten) {
  auto options = options_for(cjt188::meter_types::cold_water);
  options.clock_drift_ppm = 50;
  VirtualCjt188Meter meter(options);
  EXPECT_NE(ask(meter, options, january)[FieldRole::time], 20260117113000);
  auto peer = peer_of(options);
  peer.preamble_octets = 0;
  const auto set = cjt188::write_clock_request(peer, cjt188::from_digits(20260117113000));
  ASSERT_TRUE(meter.answer(january, set->view()));
  EXPECT_EQ(ask(meter, options, january)[FieldRole::time], 20260117113000);
  ASSERT_TRUE(meter.answer(january, cjt188::write_settlement_day_request(peer, 15)->view()));
  EXPECT_EQ(ask(meter, options, january, identifiers::settlement_day)[FieldRole::day], 15);
  const std::int64_t settled = january - (2 * 24 + 11) * hour_ms - hour_ms / 2;  // 2026-01-15 00:00
  EXPECT_EQ(ask(meter, options, january)[FieldRole::settlement_volume],
            ask(meter, options, settled)[FieldRole::current_volume]);
}

TEST(VirtualCjt188Meter, RefusesWhatItDoesNotKnow) {
  const auto options = options_for(cjt188::meter_types::cold_water);
  VirtualCjt188Meter meter(options);
  auto peer = peer_of(options);
  peer.preamble_octets = 0;
  const auto reason = [&](const cjt188::BuiltFrame& question) {
    const auto said = meter.answer(january, question->view());
    EXPECT_TRUE(said);
    const auto frame = cjt188::decode_at_start(said->octets);
    const auto refusal = cjt188::parse_error_reply(*frame);
    EXPECT_TRUE(refusal);
    EXPECT_EQ(refusal->sequence, 0x42);
    return refusal->status[1];
  };
  EXPECT_EQ(reason(cjt188::read_request(peer, {0x911F})), cjt188_refusals::unknown_identifier);
  EXPECT_EQ(reason(cjt188::read_request(peer, {0x903F})), cjt188_refusals::unknown_identifier);
  EXPECT_EQ(reason(cjt188::valve_request(peer, cjt188::ValveCommand::close)), cjt188_refusals::unknown_identifier);
  EXPECT_EQ(reason(cjt188::write_settlement_day_request(peer, 31)), cjt188_refusals::unacceptable_value);
  EXPECT_EQ(reason(cjt188::read_key_version_request(peer)), cjt188_refusals::unknown_function);
}

TEST(VirtualCjt188Meter, WildcardFindsTheOneOnTheLineAndStrangersGetNoAnswer) {
  DeviceBus bus(cjt188_line());
  bus.add(std::make_shared<VirtualCjt188Meter>(options_for(cjt188::meter_types::cold_water)));
  DeviceBusPort port(bus);
  std::vector<std::string> names;
  bool collided = false;
  const auto say = [&](const Peer& peer) {
    const auto question = cjt188::read_address_request(peer);
    for (const std::uint8_t octet : question->view())
      port.octets(
          january, {&octet, 1}, [](ByteView) {},
          [&](const BusAnswer& answer) {
            names.push_back(answer.address.to_string());
            collided = collided || answer.collision;
          });
  };
  say({cjt188::meter_types::any, Address::wildcard()});
  EXPECT_EQ(names, std::vector<std::string>{"20260000000001"});
  say({cjt188::meter_types::gas, *Address::parse("20260000000001")});
  say({cjt188::meter_types::cold_water, *Address::parse("20260000000002")});
  EXPECT_EQ(names.size(), 1U);
  auto second = options_for(cjt188::meter_types::cold_water);
  second.address = *Address::parse("20260000000002");
  bus.add(std::make_shared<VirtualCjt188Meter>(second));
  say({cjt188::meter_types::any, Address::wildcard()});
  EXPECT_TRUE(collided);
}

TEST(VirtualCjt188Meter, AQuestionOfAnotherProtocolDoesNotBlockTheNextOne) {
  DeviceBus bus(cjt188_line());
  bus.add(std::make_shared<VirtualCjt188Meter>(options_for(cjt188::meter_types::cold_water)));
  DeviceBusPort port(bus);
  int answers = 0;
  const auto say = [&](std::int64_t at, ByteView octets) {
    port.octets(at, octets, [](ByteView) {}, [&](const BusAnswer&) { ++answers; });
  };
  // DL/T 645: read address. For CJ/T 188 it is the beginning of a long frame.
  say(january, *from_hex("68 AA AA AA AA AA AA 68 13 00 DF 16"));
  say(january + 3'000, cjt188::read_address_request({cjt188::meter_types::any, Address::wildcard()})->view());
  EXPECT_EQ(answers, 1);
}

}  // namespace
}  // namespace duheng::device
