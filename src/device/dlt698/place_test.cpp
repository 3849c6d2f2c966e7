// Where a meter is reached: its communication address and the speed of its port, set from afar.
#include <algorithm>
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

TEST(Dlt698State, ThoseOfEarlierReleasesAreRead) {
  meter698::State kept;
  // What older layouts lack ends in zeros and stands in known places: here all the energies' later parts are zero.
  kept.folded.kept_back.import_mw_ns = kept.cleared_at.import_mw_ns = 7;
  const Bytes now = meter698::encode(kept);
  constexpr std::size_t place_octets = 1 + 1 + meter698::LineSettings::size_octets;
  constexpr std::size_t parts_octets = 4 * 16;
  const auto without = [](Bytes octets, std::size_t at, std::size_t count) {
    octets.erase(octets.begin() + static_cast<std::ptrdiff_t>(at),
                 octets.begin() + static_cast<std::ptrdiff_t>(at + count));
    return octets;
  };
  // The two energies begin with 7 in sixteen octets; behind them stand export and the import's four parts.
  const auto find_seven = [&](std::size_t from) {
    for (std::size_t at = from; at + 16 < now.size(); ++at)
      if (now[at] == 7 && std::all_of(now.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                      now.begin() + static_cast<std::ptrdiff_t>(at) + 16,
                                      [](std::uint8_t octet) { return octet == 0; }))
        return at;
    return now.size();
  };
  constexpr std::size_t before_parts = 2 * 16 + 4 * 16;
  const std::size_t folded = find_seven(0);
  const std::size_t cleared = find_seven(folded + before_parts + parts_octets);
  ASSERT_LT(cleared, now.size());
  Bytes second = without(without(now, cleared + before_parts, parts_octets), folded + before_parts, parts_octets);
  second[0] = 2;
  ASSERT_TRUE(meter698::decode_state(second));
  EXPECT_TRUE(meter698::decode_state(second)->cleared_at.import_mw_ns == 7);
  Bytes first = second;
  first.resize(first.size() - place_octets);
  first[0] = 1;
  const auto read = meter698::decode_state(first);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->address.empty());
  EXPECT_FALSE(read->line.is_set);
  first[0] = 0;
  EXPECT_FALSE(meter698::decode_state(first));
  EXPECT_FALSE(meter698::decode_state(without(now, now.size() - 1, 1)));
}

}  // namespace
}  // namespace duheng::device
