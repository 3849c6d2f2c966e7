#include "device/meter/virtual_meter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::device {
namespace {

using dlt645::Address;
using dlt645::DataIdentifier;

constexpr std::int64_t now_ms = 1'763'712'000'000;  // 2025-11-21T08:00:00Z, a Friday, 16:00 in China
const Address own = *Address::parse("202600000161");

VirtualMeterOptions options(bool three_phase = false, bool exports = false) {
  return {.address = own, .seed = 77, .three_phase = three_phase, .exports = exports};
}

struct Read {
  bool error = false;
  std::uint8_t error_word = 0;
  std::vector<std::int64_t> values;
};
Read read(VirtualMeter& meter, std::uint32_t identifier, std::int64_t utc_ms = now_ms, const Address& address = own) {
  const auto question = dlt645::read_request(address, {identifier});
  const auto answer = meter.answer(utc_ms, *dlt645::decode(question.view()));
  EXPECT_TRUE(answer);
  const auto frame = dlt645::decode_at_start(answer->frame.view());
  EXPECT_TRUE(frame);
  EXPECT_EQ(frame->address(), own);
  Read out;
  const auto plain = frame->plain_data();
  out.error = frame->is_error();
  if (out.error) {
    out.error_word = plain.view()[0];
    return out;
  }
  const auto reply = dlt645::parse_read_reply(*frame, plain.view());
  EXPECT_EQ(reply->identifier.value, identifier);
  dlt645::ValueList values;
  EXPECT_TRUE(dlt645::decode_values(*dlt645::describe({identifier}), reply->payload, values));
  for (const auto& value : values) {
    EXPECT_EQ(value.state, dlt645::ValueState::good);
    EXPECT_TRUE(dlt645::is_calendar_valid(value));
    out.values.push_back(value.mantissa);
  }
  return out;
}

TEST(VirtualMeter, ShowsItsCivilTime) {
  VirtualMeter meter(options());
  EXPECT_EQ(read(meter, 0x04000101).values, (std::vector<std::int64_t>{25'112'105}));
  EXPECT_EQ(read(meter, 0x04000102).values, (std::vector<std::int64_t>{160'000}));
  EXPECT_EQ(read(meter, 0x04000102, now_ms + 3'725'999).values, (std::vector<std::int64_t>{170'205}));
  EXPECT_EQ(read(meter, 0x04000503).values, (std::vector<std::int64_t>{0}));
  EXPECT_EQ(read(meter, 0x040005FF).values.size(), 7U);
}

TEST(VirtualMeter, SinglePhaseValuesFitTogether) {
  VirtualMeter meter(options());
  for (int minute = 0; minute < 1'440; minute += 7) {
    const std::int64_t at = now_ms + minute * 60'000LL;
    const double volt = static_cast<double>(read(meter, 0x02010100, at).values[0]) / 10;
    const double ampere = static_cast<double>(read(meter, 0x02020100, at).values[0]) / 1'000;
    const double watt = static_cast<double>(read(meter, 0x02030000, at).values[0]) / 10;
    const double factor = static_cast<double>(read(meter, 0x02060100, at).values[0]) / 1'000;
    EXPECT_GT(volt, 205);
    EXPECT_LT(volt, 235);
    EXPECT_NEAR(volt * ampere * factor, watt, 0.01 * watt + 0.5);
    EXPECT_EQ(read(meter, 0x02030100, at).values[0], read(meter, 0x02030000, at).values[0]);
    EXPECT_NEAR(static_cast<double>(read(meter, 0x02800002, at).values[0]), 5'000, 5);
  }
  EXPECT_TRUE(read(meter, 0x02010200).error);  // no phase B
  EXPECT_EQ(read(meter, 0x0201FF00).values.size(), 1U);
  EXPECT_EQ(read(meter, 0x0203FF00).values.size(), 2U);
}

TEST(VirtualMeter, ThreePhaseBlocksEqualTheirParts) {
  VirtualMeter meter(options(true));
  const auto power = read(meter, 0x0203FF00).values;
  ASSERT_EQ(power.size(), 4U);
  EXPECT_EQ(power[0], power[1] + power[2] + power[3]);
  for (std::uint32_t part = 0; part < 4; ++part) EXPECT_EQ(read(meter, 0x02030000 | part << 8).values[0], power[part]);
  EXPECT_EQ(read(meter, 0x0201FF00).values.size(), 3U);
  EXPECT_EQ(read(meter, 0x0202FF00).values.size(), 3U);
  EXPECT_EQ(read(meter, 0x0206FF00).values.size(), 4U);
}

TEST(VirtualMeter, EnergyGoesOnAfterARestartAndFreezesEqualMidnight) {
  VirtualMeter first(options(true, true));
  VirtualMeter second(options(true, true));
  const auto block = read(first, 0x0001FF00).values;
  ASSERT_EQ(block.size(), 5U);
  EXPECT_EQ(read(second, 0x0001FF00).values, block);
  EXPECT_EQ(read(second, 0x00010000).values[0], block[0]);
  EXPECT_EQ(read(second, 0x00010300).values[0], block[3]);
  EXPECT_GT(read(second, 0x00010000, now_ms + 86'400'000).values[0], block[0] + 100);
  EXPECT_GT(read(second, 0x00020000).values[0], 0);
  const std::int64_t midnight = now_ms - 16 * 3'600'000;
  EXPECT_EQ(read(first, 0x05060101).values, read(first, 0x0001FF00, midnight).values);
  EXPECT_EQ(read(first, 0x05060103).values, read(first, 0x0001FF00, midnight - 2 * 86'400'000LL).values);
  EXPECT_EQ(read(first, 0x05060001).values, (std::vector<std::int64_t>{2'511'210'000}));
  const std::int64_t month = now_ms - (20 * 24 + 16) * 3'600'000LL;
  EXPECT_EQ(read(first, 0x00010001).values, read(first, 0x00010000, month).values);
  EXPECT_TRUE(read(first, 0x05060141).error);
}

TEST(VirtualMeter, UnknownAndForbiddenAreRefusedInTheProtocolsOwnWay) {
  VirtualMeter meter(options());
  const auto unknown = read(meter, 0x02999900);
  EXPECT_TRUE(unknown.error);
  EXPECT_EQ(unknown.error_word, 0x02);
  const Bytes period{0x15};
  const auto write = dlt645::write_request(own, {0x04000103}, {}, period);
  const auto answer = meter.answer(now_ms, *dlt645::decode(write->view()));
  ASSERT_TRUE(answer);
  const auto frame = dlt645::decode_at_start(answer->frame.view());
  EXPECT_EQ(frame->control(), 0xD4);
  EXPECT_EQ(frame->plain_octet(0), 0x04);
}

TEST(VirtualMeter, AddressesThatDoNotMeanItStayUnanswered) {
  VirtualMeter meter(options());
  const auto ask = [&](const Address& address) {
    const auto question = dlt645::read_request(address, {0x00010000});
    return meter.answer(now_ms, *dlt645::decode(question.view())).has_value();
  };
  EXPECT_TRUE(ask(own));
  EXPECT_TRUE(ask(Address::wildcard()));
  EXPECT_TRUE(ask(*Address::parse("AAAAAA000161")));
  EXPECT_FALSE(ask(*Address::parse("AAAAAA000162")));
  EXPECT_FALSE(ask(Address::broadcast()));
  EXPECT_FALSE(ask(*Address::parse("202600000162")));
  const auto address = dlt645::read_address_request();
  const auto answer = meter.answer(now_ms, *dlt645::decode(address.view()));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->frame.to_bytes(), dlt645::read_address_reply(own).to_bytes());
  // An answer on the line is nobody's question.
  EXPECT_FALSE(meter.answer(now_ms, *dlt645::decode(answer->frame.view())));
}

TEST(VirtualMeter, ClockDriftsAndBroadcastCorrectsItOnceADayByFiveMinutesAtMost) {
  auto fast = options();
  fast.clock_offset_ms = 60'000;
  VirtualMeter meter(fast);
  EXPECT_EQ(read(meter, 0x04000102).values[0], 160'100);
  const auto set = [&](std::int64_t utc_ms, const dlt645::DateTime& time) {
    const auto frame = dlt645::broadcast_time(time);
    EXPECT_FALSE(meter.answer(utc_ms, *dlt645::decode(frame.view())));
  };
  set(now_ms, {2025, 11, 21, 17, 0, 0});  // an hour: refused
  EXPECT_EQ(read(meter, 0x04000102).values[0], 160'100);
  set(now_ms, {2025, 11, 21, 16, 0, 0});
  EXPECT_EQ(read(meter, 0x04000102).values[0], 160'000);
  set(now_ms, {2025, 11, 21, 16, 1, 0});  // the second time today
  EXPECT_EQ(read(meter, 0x04000102).values[0], 160'000);
  set(now_ms + 86'400'000, {2025, 11, 22, 16, 1, 0});
  EXPECT_EQ(read(meter, 0x04000102, now_ms + 86'400'000).values[0], 160'100);
  auto drifting = options();
  drifting.clock_drift_ppm = 10;  // 0.864 s a day
  VirtualMeter other(drifting);
  const auto early = local_ms_of(other.clock(now_ms)) - now_ms;
  const auto later = local_ms_of(other.clock(now_ms + 100 * 86'400'000LL)) - now_ms - 100 * 86'400'000LL;
  EXPECT_NEAR(static_cast<double>(later - early), 86'400, 1'000);
}

RC_GTEST_PROP(VirtualMeterProperty, EveryReadIsAnsweredWithAWholeFrame,
              (std::uint32_t identifier, std::uint32_t minutes, bool three_phase)) {
  VirtualMeter meter(options(three_phase, true));
  const auto question = dlt645::read_request(own, {identifier});
  const auto answer =
      meter.answer(now_ms + static_cast<std::int64_t>(minutes % 10'000'000) * 60'000, *dlt645::decode(question.view()));
  RC_ASSERT(answer.has_value());
  RC_ASSERT(dlt645::decode_at_start(answer->frame.view()).has_value());
}

}  // namespace
}  // namespace duheng::device
