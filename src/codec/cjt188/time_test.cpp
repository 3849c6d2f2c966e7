#include "codec/cjt188/time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::cjt188 {
namespace {

DecodedTime read(const char* hex, TimeOrder preferred = TimeOrder::second_first) {
  const Bytes octets = from_hex(hex).value();
  return decode_time(octets.data(), preferred);
}

TEST(TimeTest, OrdersAreToldApart) {
  EXPECT_EQ(read("31 01 22 11 05 15 20").digits, 20'150'511'220'131);
  EXPECT_EQ(read("31 01 22 11 05 15 20").order, TimeOrder::second_first);
  EXPECT_EQ(read("20 16 07 15 09 59 59").digits, 20'160'715'095'959);
  EXPECT_EQ(read("20 16 07 15 09 59 59").order, TimeOrder::year_first);
  EXPECT_EQ(read("00 00 12 01 01 20 16").digits, 20'160'101'120'000);
  EXPECT_EQ(read("00 00 12 01 01 20 16").order, TimeOrder::century_sixth);
}

TEST(TimeTest, TwoFittingOrdersAreDecided) {
  // 2059 by seconds first, 2016 by year first: the plausible year.
  EXPECT_EQ(read("20 16 07 15 09 59 20").order, TimeOrder::year_first);
  // 2020 either way round: the preferred order.
  EXPECT_EQ(read("20 20 10 10 10 20 20").order, TimeOrder::second_first);
  EXPECT_EQ(read("20 20 10 10 10 20 20", TimeOrder::year_first).order, TimeOrder::year_first);
  // Only a far year fits: taken all the same.
  EXPECT_EQ(read("59 59 23 31 12 99 20").digits, 20'991'231'235'959);
}

TEST(TimeTest, NoClockAndNoSuchTime) {
  EXPECT_EQ(read("00 00 00 00 00 00 00").state, DecodedTime::State::no_value);
  EXPECT_EQ(read("FF FF FF FF FF FF FF").state, DecodedTime::State::no_value);
  for (const char* bad :
       {"60 00 00 01 01 15 20", "00 60 00 01 01 15 20", "00 00 24 01 01 15 20", "00 00 00 00 01 15 20",
        "00 00 00 31 04 15 20", "00 00 00 29 02 15 20", "00 00 00 01 13 15 20", "00 00 00 01 00 15 20",
        "00 00 00 01 01 15 19", "0A 00 00 01 01 15 20", "00 00 00 32 01 15 20"}) {
    EXPECT_EQ(read(bad).state, DecodedTime::State::invalid) << bad;
  }
  EXPECT_EQ(read("00 00 00 29 02 16 20").state, DecodedTime::State::good);
}

RC_GTEST_PROP(TimeProperty, EveryTimeComesBack, ()) {
  DateTime time{static_cast<std::uint16_t>(2000 + *rc::gen::inRange(0, 100)),
                *rc::gen::inRange<std::uint8_t>(1, 13),
                *rc::gen::inRange<std::uint8_t>(1, 32),
                *rc::gen::inRange<std::uint8_t>(0, 24),
                *rc::gen::inRange<std::uint8_t>(0, 60),
                *rc::gen::inRange<std::uint8_t>(0, 60)};
  RC_PRE(is_valid(time));
  RC_ASSERT(from_digits(to_digits(time)) == time);
  const auto order = *rc::gen::element(TimeOrder::second_first, TimeOrder::year_first, TimeOrder::century_sixth);
  const auto wire = encode_time(time, order);
  const DecodedTime found = decode_time(wire.data(), order);
  RC_ASSERT(found.state == DecodedTime::State::good);
  // Another order may fit and be nearer; if it is the same, so is the time. Either way the octets come back.
  if (found.order == order) {
    RC_ASSERT(found.digits == to_digits(time));
  }
  if (time.year < 2050) {
    RC_ASSERT(found.order == order);
  }
  RC_ASSERT(encode_time(from_digits(found.digits), found.order) == wire);
}

/// The judgement once more, written plainly.
RC_GTEST_PROP(TimeProperty, OnlyTimesThatExistAreGood, ()) {
  Bytes octets;
  for (int i = 0; i < 7; ++i) {
    octets.push_back(static_cast<std::uint8_t>(*rc::gen::inRange(0, 10) * 16 + *rc::gen::inRange(0, 10)));
  }
  octets[*rc::gen::element<std::size_t>(0, 5, 6)] = 0x20;
  const DecodedTime found = decode_time(octets.data(), TimeOrder::second_first);
  const auto number = [&](std::size_t at) {
    return static_cast<std::uint8_t>((octets[at] >> 4) * 10 + (octets[at] & 15));
  };
  const auto fits = [&](std::size_t cc, std::size_t yy, std::size_t month, std::size_t day, std::size_t hour,
                        std::size_t minute, std::size_t second) {
    return number(cc) == 20 && is_valid({static_cast<std::uint16_t>(2000 + number(yy)), number(month), number(day),
                                         number(hour), number(minute), number(second)});
  };
  const bool any = fits(6, 5, 4, 3, 2, 1, 0) || fits(0, 1, 2, 3, 4, 5, 6) || fits(5, 6, 4, 3, 2, 1, 0);
  RC_ASSERT((found.state == DecodedTime::State::good) == any);
}

}  // namespace
}  // namespace duheng::cjt188
