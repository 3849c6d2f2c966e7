#include "device/meter/virtual_bus.hpp"

#include <gtest/gtest.h>

namespace duheng::device {
namespace {

using dlt645::Address;

struct Heard {
  Bytes octets;
  bool collision;
};

class VirtualBusTest : public testing::Test {
 protected:
  VirtualBusTest() : port_(bus_) {
    for (const char* address : {"1", "2", "12"})
      bus_.add(std::make_shared<VirtualMeter>(VirtualMeterOptions{.address = *Address::parse(address), .seed = 1}));
  }
  void say(ByteView octets) {
    port_.octets(
        1'763'712'000'000, octets, [this](ByteView) { ++questions_; },
        [this](const BusAnswer& answer) {
          heard_.push_back({Bytes(answer.octets.begin(), answer.octets.end()), answer.collision});
        });
  }
  VirtualBus bus_;
  VirtualBusPort port_;
  std::vector<Heard> heard_;
  int questions_ = 0;
};

TEST_F(VirtualBusTest, OnlyTheOneMeantAnswersAndQuestionsMayComeInPieces) {
  const auto question = dlt645::read_request(*Address::parse("2"), {0x00010000}).to_bytes();
  for (const std::uint8_t octet : question) say({&octet, 1});
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(dlt645::decode_at_start(heard_[0].octets)->address(), *Address::parse("2"));
  say(dlt645::read_request(*Address::parse("3"), {0x00010000}).view());
  EXPECT_EQ(heard_.size(), 1U);
  EXPECT_EQ(questions_, 2);
}

TEST_F(VirtualBusTest, WildcardWithSeveralMetersCollides) {
  say(dlt645::read_address_request().view());
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_TRUE(heard_[0].collision);
  EXPECT_FALSE(dlt645::decode_at_start(heard_[0].octets));
  heard_.clear();
  say(dlt645::read_request(*Address::parse("AAAAAAAAAA12"), {0x00010000}).view());  // only one ends in 12
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_FALSE(heard_[0].collision);
}

TEST_F(VirtualBusTest, BroadcastIsHeardByAllAndAnsweredByNone) {
  say(dlt645::broadcast_time({2025, 11, 21, 16, 0, 0}).view());
  say(dlt645::read_request(Address::broadcast(), {0x00010000}).view());
  EXPECT_EQ(questions_, 2);
  EXPECT_TRUE(heard_.empty());
}

TEST_F(VirtualBusTest, AnswersOnTheLineAreNotQuestions) {
  say(dlt645::read_reply(*Address::parse("1"), {0x00010000}, Bytes{1, 2, 3, 4})->view());
  EXPECT_EQ(questions_, 0);
}

}  // namespace
}  // namespace duheng::device
