#include "device/cjt188/cjt188_state.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <regex>

#include "base/random.hpp"
#include "device/cjt188/cjt188_measures.hpp"

namespace duheng::device {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t january = 1'768'649'400'000;  // 2026-01-17 11:30, local

Interruptions::Integral linear() {
  return [](std::size_t count, std::int64_t local_ms) { return Interruptions::Wide{local_ms} * (count + 1); };
}
Interruptions::Wide withheld(const Interruptions& interruptions, std::size_t count, std::int64_t local_ms) {
  return interruptions.withheld(count, local_ms, [&](std::int64_t at) { return linear()(count, at); });
}

TEST(Interruptions, TakeAwayWhatRanByAndOnlyFromThenOn) {
  Interruptions interruptions;
  interruptions.begin(100, linear());
  interruptions.begin(150, linear());  // lasts already
  EXPECT_TRUE(interruptions.lasts());
  EXPECT_EQ(withheld(interruptions, 0, 50), 0);
  EXPECT_EQ(withheld(interruptions, 0, 130), 30);
  interruptions.end(200);
  interruptions.begin(180, linear());  // a clock set back: it follows the former one
  interruptions.end(260);
  EXPECT_EQ(withheld(interruptions, 0, 1'000), 160);
  EXPECT_EQ(withheld(interruptions, 1, 1'000), 320);
  EXPECT_EQ(withheld(interruptions, 0, 150), 50);
  EXPECT_TRUE(interruptions.covers(199));
  EXPECT_FALSE(interruptions.covers(260));
}

TEST(Interruptions, OldOnesAreSummedUpAndNothingComesBack) {
  Interruptions interruptions;
  for (int i = 0; i < 500; ++i) {
    interruptions.begin(i * 100, linear());
    interruptions.end(i * 100 + 40);
    EXPECT_EQ(withheld(interruptions, 0, (i + 1) * 100), (i + 1) * 40);
  }
  EXPECT_EQ(withheld(interruptions, 2, 60'000), 500 * 40 * 3);
}

Cjt188State any_state(std::uint64_t seed) {
  SeededRandom random(seed);
  Cjt188State out;
  const auto coin = [&] { return random.below(2) == 0; };
  out.correction_ms = static_cast<std::int64_t>(random.below(1'000'000)) - 500'000;
  out.drift_since_utc_ms = january;
  out.settlement_day = static_cast<std::uint8_t>(1 + random.below(28));
  out.reading_day = static_cast<std::uint8_t>(1 + random.below(28));
  out.powered = coin();
  out.debug_stage = coin();
  out.battery_low = coin();
  out.register_offset = static_cast<std::int64_t>(random.below(100'000)) - 50'000;
  out.sensed = {static_cast<std::int32_t>(random.below(8'000)),
                static_cast<std::int32_t>(random.below(400)) - 200,
                coin(),
                coin(),
                coin(),
                coin()};
  out.valve = {coin(), coin(), coin(), coin(), coin(), static_cast<GasValveLevel>(random.below(3))};
  for (std::uint64_t i = random.below(200); i > 0; --i) {
    const std::int64_t from = january + static_cast<std::int64_t>(random.below(1'000'000));
    out.interruptions.begin(from, linear());
    if (i > 1 || coin()) out.interruptions.end(from + static_cast<std::int64_t>(random.below(1'000'000)));
  }
  out.last_command = {random.next_u64(), 0x84, 0xA017, {}, january};
  random.fill(out.last_command.request_hash);
  for (std::uint64_t i = random.below(100); i > 0; --i)
    out.note(january + static_cast<std::int64_t>(i), static_cast<Cjt188Event>(1 + random.below(cjt188_event_last)));
  return out;
}

RC_GTEST_PROP(Cjt188StateProperty, ComesBackAsItWas, (std::uint64_t seed)) {
  const auto state = any_state(seed);
  const auto back = Cjt188State::decode(state.encode());
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == state);
}

RC_GTEST_PROP(Cjt188StateProperty, APartOfItIsNone, (std::uint64_t seed)) {
  const Bytes whole = any_state(seed).encode();
  const Bytes longer = [&] {
    Bytes out = whole;
    out.push_back(0);
    return out;
  }();
  RC_ASSERT(!Cjt188State::decode(longer));
  RC_ASSERT(!Cjt188State::decode(ByteView(whole).first(static_cast<std::size_t>(seed % whole.size()))));
}

TEST(Cjt188State, RefusesWhatNoMeterCanBe) {
  const auto refused = [](auto&& spoil) {
    Cjt188State state;
    spoil(state);
    return !Cjt188State::decode(state.encode());
  };
  EXPECT_FALSE(refused([](Cjt188State&) {}));
  EXPECT_TRUE(refused([](Cjt188State& s) { s.settlement_day = 0; }));
  EXPECT_TRUE(refused([](Cjt188State& s) { s.reading_day = 29; }));
  EXPECT_TRUE(refused([](Cjt188State& s) { s.correction_ms = INT64_MAX; }));
  EXPECT_TRUE(refused([](Cjt188State& s) { s.valve.level = static_cast<GasValveLevel>(3); }));
  EXPECT_TRUE(refused([](Cjt188State& s) { s.events.push_back({0, static_cast<Cjt188Event>(0)}); }));
  EXPECT_FALSE(Cjt188State::decode(Bytes{}));
  Bytes other = Cjt188State{}.encode();
  other[0] = 9;
  EXPECT_FALSE(Cjt188State::decode(other));
}

/// The octets of older releases stay readable; the same file seeds the fuzzer.
TEST(Cjt188State, TheKeptVectorsAreReadAsTheySay) {
  std::ifstream in(std::string(DUHENG_SOURCE_DIR) + "/src/device/cjt188/seeds/states.json");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  static const std::regex entry("\"result\": \"(valid|invalid)\",\\s*\"hex\": \"([0-9a-f]+)\"");
  std::size_t seen = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), entry), end; at != end; ++at, ++seen) {
    const auto octets = from_hex((*at)[2].str());
    ASSERT_TRUE(octets);
    const auto state = Cjt188State::decode(*octets);
    EXPECT_EQ(state.has_value(), (*at)[1] == "valid") << (*at)[2];
    EXPECT_TRUE(!state || state->encode() == *octets);
  }
  EXPECT_EQ(seen, 8U);
}

TEST(Cjt188Event, EveryOneHasAName) {
  for (std::uint8_t event = 1; event <= cjt188_event_last; ++event)
    EXPECT_NE(to_string(static_cast<Cjt188Event>(event)), "unknown");
  EXPECT_EQ(to_string(static_cast<Cjt188Event>(cjt188_event_last + 1)), "unknown");
}

/// HM-6.3.1.5: nothing is counted while it stands still, and everything goes on afterwards.
TEST(Cjt188Measures, AnInterruptionStopsHeatVolumeAndHours) {
  const Cjt188Measures measures(cjt188::meter_types::heat, 5, false);
  Interruptions none;
  Interruptions interruptions;
  measures.interrupt(january, true, interruptions);
  const std::int64_t later = january + 5 * hour_ms;
  using Purpose = ThermalCurve::Purpose;
  EXPECT_EQ(measures.energy(later, Purpose::heating, interruptions), measures.energy(january, Purpose::heating, none));
  EXPECT_EQ(measures.volume(later, interruptions), measures.volume(january, none));
  EXPECT_EQ(measures.working_hours(later, interruptions), measures.working_hours(january, none));
  EXPECT_EQ(measures.power_mw(later, interruptions), 0);
  EXPECT_GT(measures.energy(later, Purpose::heating, none), measures.energy(january, Purpose::heating, none));
  measures.interrupt(later, false, interruptions);
  EXPECT_EQ(measures.energy(later + hour_ms, Purpose::heating, interruptions) -
                measures.energy(later, Purpose::heating, interruptions),
            measures.energy(later + hour_ms, Purpose::heating, none) - measures.energy(later, Purpose::heating, none));
  // What lies before does not move.
  EXPECT_EQ(measures.energy(january - hour_ms, Purpose::heating, interruptions),
            measures.energy(january - hour_ms, Purpose::heating, none));
}

}  // namespace
}  // namespace duheng::device
