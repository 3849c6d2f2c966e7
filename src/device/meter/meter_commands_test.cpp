// Commands: who may, what changes, what the meter shows of it afterwards.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "device/memory/ram_memory.hpp"
#include "device/meter/test_master.hpp"

namespace duheng::device {
namespace {

using namespace test;
using dlt645::Function;
using dlt645::RelayCommand;

constexpr std::uint8_t password_error = dlt645::error_bits::password_error;
constexpr std::uint8_t other_error = dlt645::error_bits::other_error;
constexpr std::int64_t relay_open = 1 << 4;
constexpr std::int64_t command_open = 1 << 6;
constexpr std::int64_t alarm = 1 << 7;
constexpr std::int64_t kept = 1 << 12;

dlt645::Authority wrong(std::uint8_t level = 2) { return {level, {0x00, 0x00, 0x01}, {}}; }

class MeterCommands : public testing::Test {
 protected:
  void restart() { meter_ = std::make_unique<VirtualMeter>(meter_options(), memory_); }
  std::shared_ptr<RamMemory> memory_ = std::make_shared<RamMemory>();
  std::unique_ptr<VirtualMeter> meter_ = std::make_unique<VirtualMeter>(meter_options(), memory_);
};

TEST_F(MeterCommands, ATrippedRelayStopsPowerAndEnergyAndStaysOpenOverARestart) {
  const auto before = numbers(*meter_, 0x0001FF00);
  ASSERT_TRUE(control(*meter_, RelayCommand::trip).accepted());
  EXPECT_EQ(number(*meter_, 0x04000503), relay_open | command_open);
  restart();
  const std::int64_t later = now_ms + 3 * hour_ms;
  EXPECT_EQ(number(*meter_, 0x04000503, later), relay_open | command_open);
  EXPECT_EQ(numbers(*meter_, 0x0001FF00, later), before);
  EXPECT_EQ(numbers(*meter_, 0x0203FF00, later), (std::vector<std::int64_t>{0, 0, 0, 0}));
  EXPECT_EQ(numbers(*meter_, 0x0202FF00, later), (std::vector<std::int64_t>{0, 0, 0}));
  EXPECT_GT(numbers(*meter_, 0x0201FF00, later)[0], 2'000);
  ASSERT_TRUE(control(*meter_, RelayCommand::close_direct, later).accepted());
  EXPECT_EQ(number(*meter_, 0x04000503, later), 0);
  EXPECT_NE(number(*meter_, 0x02030000, later + minute_ms), 0);
  // To the last unit what the curve gave in the meantime is missing, and nothing else.
  VirtualMeter never(meter_options());
  const auto tolerance = 1;  // 0.01 kWh: three roundings
  const std::int64_t end = later + 5 * hour_ms;
  EXPECT_NEAR(number(*meter_, 0x00010000, end),
              number(never, 0x00010000, end) - (number(never, 0x00010000, later) - number(never, 0x00010000, now_ms)),
              tolerance);
  EXPECT_EQ(number(*meter_, 0x1D000001, end),
            static_cast<std::int64_t>(never.state().events.count(MeterEvent::trip, 0)) + 1);
}

TEST_F(MeterCommands, PermissionWaitsForTheButton) {
  ASSERT_TRUE(control(*meter_, RelayCommand::trip).accepted());
  EXPECT_FALSE(*meter_->press_button(now_ms));
  ASSERT_TRUE(control(*meter_, RelayCommand::close_permit, now_ms + minute_ms).accepted());
  EXPECT_EQ(number(*meter_, 0x04000503, now_ms + minute_ms), relay_open);
  EXPECT_EQ(number(*meter_, 0x02030000, now_ms + minute_ms), 0);
  restart();
  EXPECT_TRUE(*meter_->press_button(now_ms + 2 * minute_ms));
  EXPECT_EQ(number(*meter_, 0x04000503, now_ms + 3 * minute_ms), 0);
  EXPECT_NE(number(*meter_, 0x02030000, now_ms + 3 * minute_ms), 0);
}

TEST_F(MeterCommands, NoCommandReachesAMeterThroughAWildcard) {
  for (const auto& address : {dlt645::Address::wildcard(), *dlt645::Address::parse("AAAAAA000161")}) {
    const auto trip = dlt645::control_request(address, authority(), RelayCommand::trip, {2040, 1, 1, 0, 0, 0});
    EXPECT_FALSE(ask(*meter_, now_ms, trip).answered);
    const auto clear = dlt645::clear_request(address, Function::clear_meter, authority());
    EXPECT_FALSE(ask(*meter_, now_ms, clear).answered);
    EXPECT_TRUE(
        ask(*meter_, now_ms, *dlt645::write_request(address, {0x04000301}, authority(), Bytes{0x04})).accepted());
  }
  EXPECT_EQ(number(*meter_, 0x04000503), 0);
}

TEST_F(MeterCommands, KeptSuppliedItDoesNotTrip) {
  ASSERT_TRUE(control(*meter_, RelayCommand::keep_power).accepted());
  EXPECT_EQ(number(*meter_, 0x04000503), kept);
  const auto trip = control(*meter_, RelayCommand::trip);
  EXPECT_EQ(trip.error_word, other_error);
  EXPECT_EQ(number(*meter_, 0x04000503), kept);
  ASSERT_TRUE(control(*meter_, RelayCommand::keep_power_release).accepted());
  ASSERT_TRUE(control(*meter_, RelayCommand::alarm).accepted());
  EXPECT_EQ(number(*meter_, 0x04000503), alarm);
  ASSERT_TRUE(control(*meter_, RelayCommand::alarm_release).accepted());
  ASSERT_TRUE(control(*meter_, RelayCommand::trip).accepted());
  EXPECT_EQ(number(*meter_, 0x04000503), relay_open | command_open);
}

TEST_F(MeterCommands, ACommandThatCameTooLateOrIsUnknownIsRefused) {
  const auto late = dlt645::control_request(own_address(), authority(), RelayCommand::trip, {2025, 11, 21, 15, 59, 59});
  EXPECT_EQ(ask(*meter_, now_ms, late).error_word, other_error);
  const auto unknown =
      dlt645::control_request(own_address(), authority(), static_cast<RelayCommand>(0x4D), {2040, 1, 1, 0, 0, 0});
  EXPECT_EQ(ask(*meter_, now_ms, unknown).error_word, other_error);
  EXPECT_EQ(number(*meter_, 0x04000503), 0);
  EXPECT_FALSE(meter_->last_command());
}

TEST_F(MeterCommands, ThreeWrongPasswordsLockItForADayByItsOwnClock) {
  const Bytes screens{0x09};
  EXPECT_EQ(write(*meter_, 0x04000301, screens, now_ms, wrong()).error_word, password_error);
  ASSERT_TRUE(write(*meter_, 0x04000301, screens).accepted());  // a right one ends the count
  for (int i = 0; i < 3; ++i) {
    restart();  // nor does a restart start it anew
    EXPECT_EQ(write(*meter_, 0x04000301, {0x07}, now_ms, wrong()).error_word, password_error);
  }
  restart();
  EXPECT_EQ(write(*meter_, 0x04000301, {0x07}).error_word, password_error);
  EXPECT_EQ(control(*meter_, RelayCommand::trip, now_ms + day_ms - 1'000).error_word, password_error);
  EXPECT_EQ(number(*meter_, 0x04000301), 9);
  EXPECT_EQ(number(*meter_, 0x04000503), 0);
  ASSERT_TRUE(write(*meter_, 0x04000301, {0x07}, now_ms + day_ms).accepted());
  EXPECT_EQ(number(*meter_, 0x04000301), 7);
}

TEST_F(MeterCommands, LevelsMayWhatTheyMay) {
  EXPECT_TRUE(write(*meter_, 0x04000301, {0x03}, now_ms, authority(4)).accepted());
  EXPECT_EQ(write(*meter_, 0x04000301, {0x04}, now_ms, authority(5)).error_word, password_error);
  EXPECT_EQ(write(*meter_, 0x04000301, {0x04}, now_ms, authority(0x98)).error_word, password_error);
  const auto clear = dlt645::clear_request(own_address(), Function::clear_meter, authority(4));
  EXPECT_EQ(ask(*meter_, now_ms, clear).error_word, password_error);
  // A level that may not is no guess at a password.
  EXPECT_TRUE(write(*meter_, 0x04000301, {0x05}).accepted());
}

TEST_F(MeterCommands, APasswordIsChangedByItsOwnLevelOrAHigherOne) {
  const auto change = [&](std::array<std::uint8_t, 4> from, std::array<std::uint8_t, 4> to, std::uint32_t which) {
    return ask(*meter_, now_ms, dlt645::change_password_request(own_address(), {which}, from, to));
  };
  const auto done = change({2, 0x56, 0x34, 0x12}, {4, 1, 2, 3}, 0x04000C05);
  ASSERT_TRUE(done.accepted());
  EXPECT_EQ(done.data, (Bytes{4, 1, 2, 3}));
  EXPECT_EQ(write(*meter_, 0x04000301, {0x03}, now_ms, authority(4)).error_word, password_error);
  restart();
  EXPECT_TRUE(write(*meter_, 0x04000301, {0x03}, now_ms, {4, {1, 2, 3}, {}}).accepted());
  EXPECT_TRUE(write(*meter_, 0x04000301, {0x03}).accepted());
  EXPECT_EQ(change({4, 1, 2, 3}, {2, 9, 9, 9}, 0x04000C03).error_word, password_error);
  EXPECT_EQ(change({2, 0x56, 0x34, 0x12}, {3, 9, 9, 9}, 0x04000C03).error_word, other_error);
  EXPECT_EQ(read(*meter_, 0x04000C03).error_word, dlt645::error_bits::no_requested_data);
}

TEST_F(MeterCommands, DateAndTimeAreSetAndKeptAndWrittenDown) {
  const auto count = number(*meter_, 0x03300400);
  ASSERT_TRUE(write(*meter_, 0x04000102, {0x30, 0x45, 0x16}).accepted());  // 16:45:30
  EXPECT_EQ(number(*meter_, 0x04000102), 164'530);
  restart();
  EXPECT_EQ(number(*meter_, 0x04000102, now_ms + 30'000), 164'600);
  ASSERT_TRUE(write(*meter_, 0x04000101, {0x06, 0x22, 0x11, 0x25}, now_ms + 30'000).accepted());
  EXPECT_EQ(number(*meter_, 0x04000101, now_ms + 30'000), 25'112'206);
  EXPECT_EQ(number(*meter_, 0x03300400), count + 2);
  const auto record = numbers(*meter_, 0x03300401, now_ms + 30'000);
  EXPECT_EQ(record[1], 251'121'164'600);
  EXPECT_EQ(record[2], 251'122'164'600);
  EXPECT_EQ(write(*meter_, 0x04000102, {0x00, 0x60, 0x16}).error_word, other_error);
  EXPECT_EQ(write(*meter_, 0x04000102, {0x00, 0x0A, 0x16}).error_word, other_error);
  EXPECT_EQ(write(*meter_, 0x04000101, {0x01, 0x30, 0x02, 0x25}).error_word, other_error);
}

TEST_F(MeterCommands, ParametersKeepWhatWasWrittenAndRefuseWhatIsNone) {
  ASSERT_TRUE(write(*meter_, 0x04000409, {0x00, 0x64, 0x00}).accepted());
  ASSERT_TRUE(write(*meter_, 0x04000B01, {0x00, 0x15}).accepted());  // the 15th, 00:00
  ASSERT_TRUE(write(*meter_, 0x04000A02, {0x30, 0x00}).accepted());
  restart();
  EXPECT_EQ(number(*meter_, 0x04000409), 6'400);
  EXPECT_EQ(number(*meter_, 0x04000B01), 1'500);
  EXPECT_EQ(number(*meter_, 0x04000B02), 9'999);
  EXPECT_EQ(number(*meter_, 0x04000A02), 30);
  EXPECT_EQ(number(*meter_, 0x04000A03), 15);
  EXPECT_EQ(write(*meter_, 0x04000B01, {0x00, 0x31}).error_word, other_error);
  EXPECT_EQ(write(*meter_, 0x04000A02, {0x07, 0x00}).error_word, other_error);
  EXPECT_EQ(write(*meter_, 0x04000409, {0x00, 0x64}).error_word, other_error);
  EXPECT_EQ(write(*meter_, 0x04000204, {0x05}).error_word, other_error);  // fixed
  EXPECT_EQ(write(*meter_, 0x04999999, {0x05}).error_word, dlt645::error_bits::no_requested_data);
  EXPECT_EQ(number(*meter_, 0x04000409), 6'400);
  const auto record = numbers(*meter_, 0x03300001);
  EXPECT_EQ(record[2], 0x04000A02);
  EXPECT_EQ(record[3], 0xFFFFFFFF);  // no other in that session
}

TEST_F(MeterCommands, EveryParameterOfTheTableIsReadableAndWritableOnesTakeTheirOwnValue) {
  VirtualMeter fresh(meter_options());
  for (const auto& parameter : meter_parameters()) {
    const auto reply = read(fresh, parameter.identifier);
    ASSERT_TRUE(reply.accepted()) << std::hex << parameter.identifier;
    EXPECT_EQ(numbers_in(parameter.identifier, reply.data).size(), 1U) << std::hex << parameter.identifier;
    const auto written = write(fresh, parameter.identifier, reply.data);
    EXPECT_EQ(written.accepted(), parameter.writable) << std::hex << parameter.identifier;
  }
  EXPECT_EQ(numbers(fresh, 0x04010000), (std::vector<std::int64_t>{10'101}));
  // A curve's slots are 11.25 min long, and so are its tariffs' limits.
  EXPECT_EQ(numbers(fresh, 0x04010001), (std::vector<std::int64_t>{4, 80'302, 120'003, 170'302, 190'701, 210'003}));
}

TEST_F(MeterCommands, ClearingTheMeterStartsItAtNothingAndIsWrittenDown) {
  const auto energy = number(*meter_, 0x00010000);
  const auto clear = dlt645::clear_request(own_address(), Function::clear_meter, authority());
  ASSERT_TRUE(ask(*meter_, now_ms, clear).accepted());
  restart();
  for (const auto value : numbers(*meter_, 0x0001FF00)) EXPECT_EQ(value, 0);
  EXPECT_TRUE(read(*meter_, 0x05060101).refused);
  EXPECT_TRUE(read(*meter_, 0x00010001).refused);
  EXPECT_EQ(number(*meter_, 0x03110000), 0);
  const auto record = read(*meter_, 0x03300101);
  ASSERT_EQ(record.data.size(), 106U);
  const Bytes first(record.data.begin() + 10, record.data.begin() + 14);
  EXPECT_EQ(numbers_in(0x00010000, first)[0], energy);
  VirtualMeter never(meter_options());
  const std::int64_t later = now_ms + 40 * day_ms;
  EXPECT_NEAR(number(*meter_, 0x00010000, later), number(never, 0x00010000, later) - energy, 1);
  EXPECT_EQ(number(*meter_, 0x00010001, later),
            number(*meter_, 0x00010000, now_ms + (9 * 24 + 8) * hour_ms));  // 1 December, 00:00
}

TEST_F(MeterCommands, ClearingDemandAndEvents) {
  const auto before = numbers(*meter_, 0x01010000);
  EXPECT_GT(before[0], 0);
  ASSERT_TRUE(
      ask(*meter_, now_ms, dlt645::clear_request(own_address(), Function::clear_demand, authority())).accepted());
  EXPECT_EQ(numbers(*meter_, 0x01010000)[0], 0);
  EXPECT_GT(numbers(*meter_, 0x01010000, now_ms + 30 * minute_ms + day_ms)[0], 0);
  const auto record = read(*meter_, 0x03300201);
  ASSERT_EQ(record.data.size(), 202U);
  EXPECT_EQ(numbers_in(0x01010000, Bytes(record.data.begin() + 10, record.data.begin() + 18)), before);

  ASSERT_TRUE(meter_->begin_incident({.kind = MeterEvent::cover_open, .begin_utc_ms = now_ms}));
  const auto others = number(*meter_, 0x03300E00);
  const auto clear = [&](std::uint32_t which) {
    return ask(*meter_, now_ms, dlt645::clear_events_request(own_address(), authority(), {which}));
  };
  EXPECT_EQ(clear(0x03300AFF).error_word, dlt645::error_bits::no_requested_data);
  EXPECT_EQ(clear(0x033003FF).error_word, other_error);
  ASSERT_TRUE(clear(0x03300DFF).accepted());
  EXPECT_EQ(number(*meter_, 0x03300D00), 0);
  EXPECT_TRUE(read(*meter_, 0x03300D01).refused);
  EXPECT_EQ(number(*meter_, 0x03300E00), others);
  EXPECT_EQ(numbers(*meter_, 0x03300301)[2], 0x03300DFF);
  ASSERT_TRUE(clear(0xFFFFFFFF).accepted());
  EXPECT_EQ(number(*meter_, 0x03300E00), 0);
  EXPECT_EQ(number(*meter_, 0x03110000), 0);
  EXPECT_GE(number(*meter_, 0x03300300), 2);  // who cleared stays
}

TEST_F(MeterCommands, WhatNeedsASecurityModuleOrTheProgrammingKeyIsRefused) {
  const auto security = dlt645::security_request(own_address(), {0x070000FF}, {1, 2, 3, 4}, Bytes(8, 0x11));
  const auto answer = meter_->answer(now_ms, *dlt645::decode(security->view()));
  ASSERT_TRUE(answer);
  const auto frame = dlt645::decode_at_start(answer->frame.view());
  EXPECT_EQ(frame->control(), 0xC3);
  EXPECT_EQ(dlt645::parse_security_error(frame->plain_data().view()), 0x0004);
  EXPECT_FALSE(meter_->answer(now_ms, *dlt645::decode(dlt645::write_address_request(own_address()).view())));
}

TEST_F(MeterCommands, SpeedAndOutputAreAnsweredByRepeatingThem) {
  EXPECT_EQ(ask(*meter_, now_ms, dlt645::change_speed_request(own_address(), 0x08)).data, (Bytes{0x08}));
  EXPECT_EQ(number(*meter_, 0x04000703), 0x08);
  EXPECT_EQ(ask(*meter_, now_ms, dlt645::change_speed_request(own_address(), 0x0C)).error_word,
            dlt645::error_bits::speed_cannot_be_changed);
  EXPECT_EQ(ask(*meter_, now_ms, dlt645::multi_function_output_request(own_address(), 1)).data, (Bytes{0x01}));
  EXPECT_EQ(ask(*meter_, now_ms, dlt645::multi_function_output_request(own_address(), 7)).error_word, other_error);
}

TEST_F(MeterCommands, BroadcastTimeKeepsAwayFromMidnightAndIsKept) {
  const auto set = [&](std::int64_t utc_ms, const dlt645::DateTime& time) {
    EXPECT_FALSE(meter_->answer(utc_ms, *dlt645::decode(dlt645::broadcast_time(time).view())));
  };
  const std::int64_t midnight = now_ms + 8 * hour_ms;
  set(midnight - 2 * minute_ms, {2025, 11, 21, 23, 57, 0});
  EXPECT_EQ(number(*meter_, 0x04000102, midnight - 2 * minute_ms), 235'800);
  set(midnight + 2 * minute_ms, {2025, 11, 22, 0, 3, 0});
  EXPECT_EQ(number(*meter_, 0x04000102, midnight + 2 * minute_ms), 200);
  set(midnight + 6 * minute_ms, {2025, 11, 22, 0, 5, 0});
  restart();
  EXPECT_EQ(number(*meter_, 0x04000102, midnight + 6 * minute_ms), 500);
  set(midnight + 7 * minute_ms, {2025, 11, 22, 0, 7, 0});  // the second time on that day, over a restart
  EXPECT_EQ(number(*meter_, 0x04000102, midnight + 7 * minute_ms), 600);
}

TEST_F(MeterCommands, EachIsCountedAndToldOnce) {
  std::vector<DeviceCommand> told;
  meter_->listen_to_commands([&](const DeviceCommand& command) { told.push_back(command); });
  ASSERT_TRUE(control(*meter_, RelayCommand::trip).accepted());
  EXPECT_FALSE(write(*meter_, 0x04000301, {0x09}, now_ms, wrong()).accepted());
  ASSERT_TRUE(write(*meter_, 0x04000301, {0x09}, now_ms + 5).accepted());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].function, 0x1C);
  EXPECT_EQ(told[0].identifier, 0x1AU);
  EXPECT_EQ(told[1].number, 2U);
  EXPECT_EQ(told[1].identifier, 0x04000301U);
  EXPECT_NE(told[0].request_hash, told[1].request_hash);
  restart();
  EXPECT_EQ(meter_->last_command(), told[1]);
}

TEST_F(MeterCommands, AMemoryThatCannotBeReadIsShown) {
  ASSERT_TRUE(memory_->store("dlt645", Bytes{1, 2, 3}));
  restart();
  EXPECT_EQ(number(*meter_, 0x04000501) & 1 << 13, 1 << 13);
  EXPECT_GT(number(*meter_, 0x00010000), 0);
}

RC_GTEST_PROP(MeterCommandsProperty, NothingWithoutTheRightPasswordChangesAnything,
              (std::uint8_t function, Bytes data, bool broadcast)) {
  VirtualMeter meter(meter_options());
  const auto before = encode_meter_state(meter.state());
  const auto code = static_cast<std::uint8_t>(function % 32);
  RC_PRE(code != 0x08 && code != 0x16);  // those need none
  data.resize(std::min<std::size_t>(data.size(), 50));
  const auto frame =
      dlt645::encode({broadcast ? dlt645::Address::broadcast() : own_address(), code, ByteView(data), 0});
  RC_PRE(frame.has_value());
  static_cast<void>(meter.answer(now_ms, *dlt645::decode(frame->view())));
  MeterState after = meter.state();
  after.passwords.wrong = 0;  // but for that it counts
  RC_ASSERT(encode_meter_state(after) == before);
}

}  // namespace
}  // namespace duheng::device
