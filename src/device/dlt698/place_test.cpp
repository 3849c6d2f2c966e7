// Where a meter is reached: its communication address and the speed of its port, set from afar.
#include <gtest/gtest.h>

#include "device/dlt698/commands_fixture.hpp"
#include "device/dlt698/dlt698_line.hpp"
#include "device/dlt698/state.hpp"

namespace duheng::device {
namespace {

using namespace testing;

class Dlt698Place : public Dlt698Commands {};

TEST_F(Dlt698Place, ANewAddressHoldsFromTheAnswerOnAndOutlivesARestart) {
  const Bytes digits = *from_hex("202699000042");
  EXPECT_EQ(client().set(0x40010200, make::octet_string(digits)), 0);  // answered under the old one
  // And deaf to it from then on.
  EXPECT_TRUE(client().ask(dlt698::get_request(1, Oad::from(0x40010200))).empty());
  const auto fresh = *dlt698::ServerAddress::parse("202699000042");
  TestClient moved(*meter_, fresh);
  EXPECT_EQ(to_hex(moved.get(0x40010200)->content), "202699000042");
  EXPECT_EQ(to_hex(moved.get(0x40020200)->content), "202611000001");  // the number on its label stays
  EXPECT_EQ(meter_->uid(), own.to_string());
  restart();
  TestClient again(*meter_, fresh);
  EXPECT_EQ(to_hex(again.get(0x40010200)->content), "202699000042");
}

TEST_F(Dlt698Place, AnAddressOfAnotherFormIsRefused) {
  for (const char* wrong : {"2026990000", "20269900004A", "20269900004200"})
    EXPECT_EQ(client().set(0x40010200, make::octet_string(*from_hex(wrong))), 8) << wrong;
  EXPECT_EQ(client().set(0x40010200, make::visible_string("202699000042")), 7);
  EXPECT_TRUE(client().get(0x40010200));
  restart(false);
  EXPECT_NE(client().set(0x40010200, make::octet_string(*from_hex("202699000042"))), 0);  // without CONNECT
}

Node port_settings(std::initializer_list<std::uint8_t> comdcb, std::uint32_t port = 0xF2010201) {
  return make::structure(
      {make::oad(Oad::from(port)), make::octets(types::comdcb, Bytes(comdcb)), make::number(types::enumeration, 1)});
}

TEST_F(Dlt698Place, ANewSpeedOfItsPortIsHeardByTheLine) {
  EXPECT_EQ(meter_->line_speed(), 0U);
  EXPECT_EQ(client().act(0xF2017F00, port_settings({6, 2, 8, 1, 0})), 0);
  EXPECT_EQ(meter_->line_speed(), 9'600U);
  EXPECT_EQ(to_hex(client().get(0xF2010201)->children[1].content), "0602080100");
  restart();
  EXPECT_EQ(meter_->line_speed(), 9'600U);

  DeviceBus bus(dlt698_line());
  const auto shared = std::make_shared<VirtualDlt698Meter>(
      Dlt698MeterOptions{.address = own, .seed = 12, .plain_writes_allowed = true, .memory = memory_});
  bus.add(shared);
  const Bytes question =
      client().framed(*dlt698::encode_tree(types::apdu, dlt698::get_request(1, Oad::from(0x40010200))),
                      dlt698::control_codes::client_request);
  for (const std::uint32_t baud : {2'400U, 9'600U}) {
    int heard = 0;
    bus.set_speed(baud);
    bus.question(now_utc_ms, question, [&](const BusAnswer&) { ++heard; });
    EXPECT_EQ(heard, baud == 9'600 ? 1 : 0) << baud;
  }
}

TEST_F(Dlt698Place, APortIsNotSetToWhatItCannotDo) {
  EXPECT_EQ(client().act(0xF2017F00, port_settings({10, 2, 8, 1, 0})), 8);             // 115200
  EXPECT_EQ(client().act(0xF2017F00, port_settings({255, 2, 8, 1, 0})), 8);            // by itself
  EXPECT_EQ(client().act(0xF2017F00, port_settings({6, 0, 8, 1, 0})), 8);              // without parity
  EXPECT_EQ(client().act(0xF2017F00, port_settings({6, 2, 8, 1, 0}, 0xF2010202)), 6);  // a port it has not
  EXPECT_EQ(meter_->line_speed(), 0U);
}

TEST(Dlt698State, OneOfAnEarlierReleaseIsReadWithoutAPlace) {
  const meter698::State fresh;
  Bytes octets = meter698::encode(fresh);
  constexpr std::size_t place_octets = 1 + 1 + meter698::LineSettings::size_octets;
  octets.resize(octets.size() - place_octets);
  octets[0] = 1;
  const auto read = meter698::decode_state(octets);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->address.empty());
  EXPECT_FALSE(read->line.is_set);
  octets[0] = 0;
  EXPECT_FALSE(meter698::decode_state(octets));
}

}  // namespace
}  // namespace duheng::device
