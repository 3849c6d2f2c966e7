#include "codec/dlt698/value.hpp"

#include <gtest/gtest.h>

namespace duheng::dlt698 {
namespace {

Bytes octets(const char* hex) { return from_hex(hex).value(); }

TEST(Value, NumbersAreHighestOctetFirst) {
  EXPECT_EQ(read_unsigned(octets("FFFFFFFFFFFFFFFF")), 0xFFFF'FFFF'FFFF'FFFFULL);
  EXPECT_EQ(read_signed(octets("FF")), -1);
  EXPECT_EQ(read_signed(octets("8000")), -32768);
  EXPECT_EQ(read_signed(octets("7FFFFFFF")), 2147483647);
  EXPECT_EQ(read_signed(octets("8000000000000000")), INT64_MIN);
  EXPECT_EQ(read_float(octets("3FC00000")), 1.5);
  EXPECT_EQ(read_float(octets("BFF8000000000000")), -1.5);
  EXPECT_FALSE(read_float(octets("3FC000")));
}

TEST(Value, Oad) {
  const Oad oad = Oad::from(0x0010'2201);
  EXPECT_EQ(oad.oi, 0x0010);
  EXPECT_EQ(oad.attribute_number(), 2);
  EXPECT_EQ(oad.feature(), 1);
  EXPECT_EQ(oad.index, 1);
  EXPECT_EQ(oad.value(), 0x0010'2201U);
}

std::string text(Kind kind, const char* hex) { return to_string(kind, *read_time(kind, octets(hex))); }
bool valid(Kind kind, const char* hex) { return is_valid(kind, *read_time(kind, octets(hex))); }

TEST(Value, Times) {
  EXPECT_EQ(text(Kind::date_time, "07E0090C0100001F02AB"), "2016-09-12(dow 1) 00:00:31.683");
  EXPECT_EQ(text(Kind::date_time_s, "07E0090B121E15"), "2016-09-11 18:30:21");
  EXPECT_EQ(text(Kind::date, "07E0090C01"), "2016-09-12(dow 1)");
  EXPECT_EQ(text(Kind::time, "173B3A"), "23:59:58");
  EXPECT_EQ(text(Kind::date_time_s, "FFFFFFFF000000"), "FFFF-FF-FF 00:00:00");
  EXPECT_TRUE(valid(Kind::date_time_s, "07E0021D173B3B"));   // 29 February 2016
  EXPECT_FALSE(valid(Kind::date_time_s, "07E1021D173B3B"));  // 29 February 2017
  EXPECT_FALSE(valid(Kind::date_time_s, "07E21128000000"));
  EXPECT_FALSE(valid(Kind::date_time_s, "07E00101180000"));
  EXPECT_FALSE(valid(Kind::date_time, "07E0090C0100001F03E8"));
  EXPECT_FALSE(valid(Kind::date, "07E0090C08"));
  EXPECT_FALSE(read_time(Kind::date, octets("07E0090C")));
  EXPECT_FALSE(read_time(Kind::oad, octets("07E0090C")));
}

TEST(Value, Intervals) {
  EXPECT_EQ(interval_text(octets("0100C8")), "200 min");
  EXPECT_EQ(interval_text(octets("050001")), "1 year");
  EXPECT_EQ(interval_text(octets("090001")), "1 unit 9");
}

TEST(Value, DataAccessResults) {
  EXPECT_EQ(dar_text(0), "success");
  EXPECT_EQ(dar_text(6), "object does not exist");
  EXPECT_EQ(dar_text(32), "time tag invalid");
  EXPECT_EQ(dar_text(35), "ESAM length wrong");
  EXPECT_EQ(dar_text(36), "");
  EXPECT_EQ(dar_text(255), "other");
}

}  // namespace
}  // namespace duheng::dlt698
