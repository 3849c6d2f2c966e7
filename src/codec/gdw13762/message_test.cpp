#include "codec/gdw13762/message.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "codec/gdw13762/test_vectors.hpp"

namespace duheng::gdw13762 {
namespace {

const NodeAddress main_node = *NodeAddress::parse("000000000001");
const NodeAddress meter = *NodeAddress::parse("202600000123");

FrameView framed(Bytes& keep, const Service& service, bool from_module, ByteView data) {
  FrameFields fields;
  fields.from_module = from_module;
  fields.service = service;
  fields.addresses = FrameFields::Addresses{from_module ? meter : main_node, from_module ? main_node : meter, {}};
  fields.data = data;
  keep = encode(fields).value();
  return decode_at_start(keep).value();
}

TEST(CarrierMessage, RunningModeKeepsWhatIsNeeded) {
  RunningMode mode;
  mode.answer_timeout_s = 45;
  mode.broadcast_timeout_s = 300;
  mode.frame_octets_max = 512;
  mode.main_node = main_node;
  mode.nodes_max = 1'000;
  mode.node_count = 258;
  const Bytes data = make_running_mode(mode);
  EXPECT_EQ(parse_running_mode(data).value(), mode);
  for (std::size_t size = 0; size < 24; ++size) EXPECT_FALSE(parse_running_mode(ByteView(data).first(size))) << size;
  EXPECT_TRUE(parse_running_mode(ByteView(data).first(24)));
}

TEST(CarrierMessage, TheIndexTellsOfOneService) {
  const std::uint8_t functions[] = {1, 9};
  const Bytes data = make_service_index(0xF1, functions);
  EXPECT_TRUE(index_has(data, services::ask_node_concurrently));
  EXPECT_TRUE(index_has(data, {0xF1, 9}));
  EXPECT_FALSE(index_has(data, {0xF1, 2}));
  EXPECT_FALSE(index_has(data, {0x13, 1}));
  EXPECT_FALSE(index_has({}, services::ask_node_concurrently));
}

TEST(CarrierMessage, PagesOfNodes) {
  const NodePage page{400, {{meter, 3, 9, 0x02}, {main_node, 0, 15, 0x07}}};
  const Bytes data = make_page(page);
  const auto back = parse_page(data);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->total, 400);
  EXPECT_EQ(back->nodes, page.nodes);
  EXPECT_FALSE(parse_page(ByteView(data).first(data.size() - 1)));
  EXPECT_EQ(parse_page_question(make_page_question(513, 16))->first, 513);
}

TEST(CarrierMessage, ArchiveOfNodes) {
  const std::vector<ArchiveNode> nodes{{meter, CarriedProtocol::dlt645_2007}, {main_node, CarriedProtocol::dlt698}};
  EXPECT_EQ(parse_nodes_to_add(make_nodes_to_add(nodes)).value(), nodes);
  const std::vector<NodeAddress> gone{meter, main_node};
  EXPECT_EQ(parse_nodes_to_delete(make_nodes_to_delete(gone)).value(), gone);
  EXPECT_FALSE(parse_nodes_to_add(Bytes{2, 1, 2}));
  EXPECT_FALSE(parse_nodes_to_delete({}));
}

TEST(CarrierMessage, CarriedFramesStandWhereTheServicePutsThem) {
  const Bytes content{0x68, 1, 2, 3};
  const auto expect = [&](const Service& service, bool from_module, const Bytes& data, std::uint16_t duration_s) {
    Bytes keep;
    const auto frame = framed(keep, service, from_module, data);
    const auto carried = parse_carried(frame);
    ASSERT_TRUE(carried) << int{service.code};
    EXPECT_TRUE(std::ranges::equal(carried->content, content));
    EXPECT_EQ(carried->protocol, 2);
    EXPECT_EQ(carried->duration_s, duration_s);
    EXPECT_TRUE(std::ranges::equal(ByteView(keep).subspan(carried->content_offset, content.size()), content));
  };
  constexpr auto protocol = CarriedProtocol::dlt645_2007;
  expect(services::ask_node, false, *make_node_question(protocol, content), 0);
  expect(services::ask_node, true, *make_node_answer(300, protocol, content), 300);
  expect(services::ask_node_concurrently, false, make_concurrent_question(protocol, content), 0);
  expect(services::ask_node_concurrently, true, make_concurrent_answer(protocol, content), 0);
  expect(services::broadcast, false, *make_broadcast(protocol, content), 0);
  expect(services::meter_data, true, *make_meter_data(7, protocol, 4, content), 4);
  expect(services::node_event, true, *make_node_event(1, protocol, content), 0);
}

TEST(CarrierMessage, CarriedLengthsThatDoNotFitAreRefused) {
  const Bytes data = *make_node_answer(3, CarriedProtocol::dlt645_2007, Bytes{1, 2, 3});
  for (std::size_t size = 0; size < data.size(); ++size) {
    Bytes keep;
    EXPECT_FALSE(parse_carried(framed(keep, services::ask_node, true, ByteView(data).first(size)))) << size;
  }
  Bytes longer = data;
  longer.push_back(0);
  Bytes keep;
  EXPECT_FALSE(parse_carried(framed(keep, services::ask_node, true, longer)));
  EXPECT_FALSE(parse_carried(framed(keep, services::node_count, true, data)));
}

TEST(CarrierMessage, TheMetersFramesAreFoundAgain) {
  Bytes keep;
  const Bytes one{0x68, 1, 0x16};
  const Bytes two{0x68, 2, 0x16};
  framed(keep, services::ask_node, true, *make_node_answer(3, CarriedProtocol::dlt645_2007, one));
  Bytes both = keep;
  framed(keep, services::ask_node_concurrently, true, make_concurrent_answer(CarriedProtocol::dlt645_2007, two));
  both.insert(both.end(), keep.begin(), keep.end());
  EXPECT_EQ(carried_frames(both), (Bytes{0x68, 1, 0x16, 0x68, 2, 0x16}));
  both.pop_back();
  EXPECT_FALSE(carried_frames(both));
  EXPECT_FALSE(carried_frames({}));
}

TEST(CarrierMessage, ConfirmationsOfBothEditionsTellTheWait) {
  EXPECT_EQ(wait_of_confirmation(make_confirmation(17)), 17);
  EXPECT_EQ(wait_of_confirmation(Bytes{0xFF, 0xFF, 5, 0}), 5);
  EXPECT_EQ(wait_of_confirmation({}), 0);
  EXPECT_EQ(parse_denial(Bytes{9}).value(), DenyCode::busy);
  EXPECT_FALSE(parse_denial({}));
}

}  // namespace
}  // namespace duheng::gdw13762
