// The way one speaks to the meter: frames, addresses, pieces, blocks, associations, security.
#include "device/dlt698/virtual_dlt698_meter.hpp"

#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "device/dlt698/calendar.hpp"
#include "device/dlt698/dlt698_line.hpp"
#include "device/dlt698/test_client.hpp"
#include "device/memory/ram_memory.hpp"

namespace duheng::device {
namespace {

using namespace testing;
using dlt698::ServerAddress;
using meter698::moment_node;

const ServerAddress own = *ServerAddress::parse("202611000001");
constexpr Oad forward{0x0010, 2, 1};
constexpr std::int64_t zone_ms = 8 * 3'600'000;

Dlt698MeterOptions options(std::string_view address = "202611000001", std::uint64_t seed = 7) {
  return {.address = *ServerAddress::parse(address), .seed = seed, .three_phase = true};
}
struct Fixture {
  explicit Fixture(const Dlt698MeterOptions& with = options()) : meter(with), client(meter, with.address) {}
  VirtualDlt698Meter meter;
  TestClient client;
};
Bytes question(const ServerAddress& to, const Node& apdu,
               std::uint8_t control = dlt698::control_codes::client_request) {
  const Bytes octets = *dlt698::encode_tree(types::apdu, apdu);
  dlt698::FrameFields fields;
  fields.control = control;
  fields.server_address = to;
  fields.client_address = 0x10;
  fields.user_data = octets;
  return *dlt698::encode(fields);
}

TEST(Dlt698Report, NewEventsAreToldUntilSomebodyConfirms) {
  Dlt698MeterOptions with = options();
  EXPECT_FALSE(VirtualDlt698Meter(with).report(1'763'000'000'000));
  with.reports_events = true;
  VirtualDlt698Meter meter(with);
  std::int64_t now = 1'763'000'000'000;
  EXPECT_FALSE(meter.report(now));  // what is old is not told
  meter.happen(now + 1'000, {DeviceHappening::Kind::cover, 1});
  const auto told = meter.report(now += 2'000);
  ASSERT_TRUE(told);
  const auto frame = dlt698::decode_at_start(told->octets);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->control(), dlt698::control_codes::server_report);
  const auto tree = dlt698::decode_tree(types::apdu, frame->wire_user_data());
  ASSERT_TRUE(tree);
  ASSERT_EQ(tree->root.find("records")->children.size(), 1U);
  const Oad table = dlt698::read_oad(tree->root.find("records")->children[0].children[0].content);
  EXPECT_EQ(table.value(), 0x301B0200U);
  EXPECT_FALSE(meter.report(now + 5'000));
  EXPECT_EQ(meter.report(now += 30'000)->octets, told->octets);
  const auto piid = frame->wire_user_data()[2];
  const auto confirm = [&](std::uint8_t number) {
    const std::array tables{table};
    return question(own, dlt698::report_response(number, 2, tables), dlt698::control_codes::client_confirmation);
  };
  EXPECT_FALSE(meter.answer(now, confirm(piid + 1)));  // another's
  EXPECT_TRUE(meter.report(now += 30'000));
  EXPECT_FALSE(meter.answer(now, confirm(piid)));
  EXPECT_FALSE(meter.report(now += 60'000));
  meter.happen(now, {DeviceHappening::Kind::magnetic_field, 1});
  EXPECT_TRUE(meter.report(now + 2'000));
}

TEST(Dlt698Link, AnswersItsOwnAddressAndWildcards) {
  VirtualDlt698Meter meter(options());
  const auto heard = [&](const ServerAddress& to) {
    const auto said = meter.answer(1'763'000'000'000, question(to, dlt698::get_request(1, forward)));
    if (!said) return std::string();
    return dlt698::decode_at_start(said->octets)->server_address().to_string();
  };
  EXPECT_EQ(meter.uid(), "202611000001");
  EXPECT_EQ(heard(own), "202611000001");
  EXPECT_EQ(heard(ServerAddress::wildcard()), "202611000001");
  EXPECT_EQ(heard(*ServerAddress::parse("AAAAAAAAAAAA")), "202611000001");
  EXPECT_EQ(heard(*ServerAddress::parse("2026110000AA", dlt698::AddressType::wildcard)), "202611000001");
  EXPECT_EQ(heard(*ServerAddress::parse("202611000002")), "");
  EXPECT_EQ(heard(*ServerAddress::parse("2026110000A2", dlt698::AddressType::wildcard)), "");
  EXPECT_EQ(heard(*ServerAddress::parse("202611000001", dlt698::AddressType::single, 1)), "");  // another module
  EXPECT_EQ(heard(*ServerAddress::parse("202611000001", dlt698::AddressType::group)), "");
  EXPECT_EQ(heard(ServerAddress::broadcast()), "");
}

TEST(Dlt698Link, KeepsSilentWhenNothingIsAsked) {
  VirtualDlt698Meter meter(options());
  const auto ask = [&](ByteView octets) { return meter.answer(1'763'000'000'000, octets).has_value(); };
  const Node get = dlt698::get_request(1, forward);
  Bytes good = question(own, get);
  EXPECT_TRUE(ask(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes spoiled = good;
    spoiled[i] ^= 0x11;
    EXPECT_FALSE(ask(spoiled)) << i;
  }
  EXPECT_FALSE(ask(question(own, get, dlt698::control_codes::server_reply)));
  EXPECT_FALSE(ask(question(own, get, dlt698::control_codes::client_confirmation)));
  EXPECT_FALSE(ask(question(own, get, dlt698::control_codes::link_response)));
  EXPECT_FALSE(ask(question(own, dlt698::get_response(1, forward, make::null()))));
  EXPECT_FALSE(ask(question(own, dlt698::report_response(1, 1, {}))));
}

TEST(Dlt698Link, ScrambledQuestionsGetScrambledAnswers) {
  Fixture f;
  const std::int64_t plain = f.client.number(forward.value());
  f.client.control |= dlt698::control_bits::scrambled;
  EXPECT_EQ(f.client.number(forward.value()), plain);
  const auto said = f.meter.answer(f.client.now_utc_ms, question(own, dlt698::release_request(1)));
  EXPECT_FALSE(dlt698::decode_at_start(said->octets)->is_scrambled());
}

TEST(Dlt698Link, SeveralMetersCollideOnAWildcard) {
  DeviceBus bus(dlt698_line());
  bus.add(std::make_shared<VirtualDlt698Meter>(options("202611000001", 1)));
  bus.add(std::make_shared<VirtualDlt698Meter>(options("202611000002", 2)));
  EXPECT_EQ(bus.size(), 2U);
  DeviceBusPort port(bus);
  std::vector<std::string> names;
  std::vector<bool> collisions;
  const auto send = [&](const ServerAddress& to) {
    port.octets(
        1'763'000'000'000, question(to, dlt698::get_request(1, Oad{0x4001, 2, 0})), [](ByteView) {},
        [&](const BusAnswer& answer) {
          names.push_back(answer.address.to_string());
          collisions.push_back(answer.collision);
          EXPECT_EQ(answer.identifier.value, 0x40010200U);
          EXPECT_EQ(dlt698::decode_at_start(answer.octets).has_value(), !answer.collision);
        });
  };
  send(*ServerAddress::parse("202611000002"));
  send(ServerAddress::wildcard());
  send(*ServerAddress::parse("202611AAAAA1", dlt698::AddressType::wildcard));
  send(*ServerAddress::parse("202611000003"));
  send(ServerAddress::broadcast());
  ASSERT_EQ(names.size(), 3U);
  EXPECT_EQ(names[0], "202611000002");
  EXPECT_EQ(collisions, (std::vector{false, true, false}));
  EXPECT_EQ(names[2], "202611000001");
}

TEST(Dlt698Link, QuestionsAreCutOutOfNoiseAndPieces) {
  DeviceBus bus(dlt698_line());
  bus.add(std::make_shared<VirtualDlt698Meter>(options()));
  DeviceBusPort port(bus);
  Bytes stream{0x00, 0x68, 0x33};
  for (int i = 0; i < 2; ++i) {
    stream.insert(stream.end(), {0xFE, 0xFE, 0xFE, 0xFE});
    const Bytes one = question(own, dlt698::get_request(static_cast<std::uint8_t>(i), forward));
    stream.insert(stream.end(), one.begin(), one.end());
  }
  std::size_t answers = 0;
  for (std::size_t i = 0; i < stream.size(); i += 5)
    port.octets(
        1'763'000'000'000 + static_cast<std::int64_t>(i),
        ByteView(stream).subspan(i, std::min<std::size_t>(5, stream.size() - i)), [](ByteView) {},
        [&](const BusAnswer&) { ++answers; });
  EXPECT_EQ(answers, 2U);
}

TEST(Dlt698Link, LongAnswersComeInPieces) {
  auto small = options();
  small.frame_octets_max = 80;
  small.sends_pieces = true;
  Fixture pieces(small);
  Fixture whole;
  const auto one = pieces.client.get(0x00100200);
  EXPECT_EQ(pieces.client.frames, 1U);
  const std::array oads{Oad{0x0010, 2, 0}, Oad{0x2000, 2, 0}, Oad{0x2004, 2, 0}, Oad{0x0020, 2, 0}, Oad{0x4300, 3, 0}};
  const Node list = dlt698::get_list_request(3, oads);
  EXPECT_EQ(pieces.client.ask(list), whole.client.ask(list));
  EXPECT_GT(pieces.client.frames, 2U);
  EXPECT_LE(pieces.client.frame_octets_max, 80U);
  EXPECT_EQ(whole.client.frames, 1U);
  EXPECT_EQ(pieces.client.identifier, 0x00100200U);
  ASSERT_TRUE(one);
}

TEST(Dlt698Link, BlocksFitIntoFramesUnlessPiecesAreWanted) {
  auto small = options();
  small.frame_octets_max = 100;
  Fixture f(small);
  const auto rows = f.client.records(0x50040200, dlt698::prototype(types::rsd), {{0x2021, 2, 0}, {0x0010, 2, 1}});
  EXPECT_EQ(rows.size(), 366U);
  EXPECT_EQ(f.client.frames, f.client.blocks);
  EXPECT_LE(f.client.frame_octets_max, 100U);
}

TEST(Dlt698Link, APieceIsRepeatedWhenItsPredecessorIsConfirmedAgain) {
  auto small = options();
  small.frame_octets_max = 40;
  small.sends_pieces = true;
  VirtualDlt698Meter meter(small);
  const std::array oads{Oad{0x0010, 2, 0}, Oad{0x2000, 2, 0}, Oad{0x2004, 2, 0}, Oad{0x0020, 2, 0}};
  const auto first = meter.answer(0, question(own, dlt698::get_list_request(3, oads)));
  ASSERT_TRUE(first);
  const auto confirm = [&](const DeviceAnswer& piece) {
    const auto frame = dlt698::decode_at_start(piece.octets);
    std::array<std::uint8_t, 2> word;
    const auto fields =
        dlt698::fragment_confirmation(*frame, *dlt698::decode_fragment_header(frame->wire_user_data()), word);
    return meter.answer(0, *dlt698::encode(fields));
  };
  const auto second = confirm(*first);
  ASSERT_TRUE(second);
  EXPECT_NE(second->octets, first->octets);
  EXPECT_EQ(confirm(*first)->octets, second->octets);
  const auto third = confirm(*second);
  ASSERT_TRUE(third);
  EXPECT_FALSE(confirm(*first));  // long past
  // A new question ends it.
  EXPECT_TRUE(meter.answer(0, question(own, dlt698::get_request(4, forward))));
  EXPECT_FALSE(confirm(*third));
}

TEST(Dlt698Link, QuestionsMayComeInPieces) {
  VirtualDlt698Meter meter(options());
  const std::array oads{Oad{0x0010, 2, 0}, Oad{0x2000, 2, 0}, Oad{0x2004, 2, 0}};
  const Bytes apdu = *dlt698::encode_tree(types::apdu, dlt698::get_list_request(3, oads));
  dlt698::FragmentSender sender(apdu, 6);
  std::optional<DeviceAnswer> said;
  while (!sender.is_done()) {
    Bytes piece(32);
    piece.resize(*sender.write_piece(piece));
    dlt698::FrameFields fields;
    fields.control = dlt698::control_codes::client_request | dlt698::control_bits::fragment;
    fields.server_address = own;
    fields.client_address = 0x10;
    fields.user_data = piece;
    said = meter.answer(1'763'000'000'000, *dlt698::encode(fields));
    ASSERT_TRUE(said);
    const auto frame = dlt698::decode_at_start(said->octets);
    if (!frame->is_fragment()) break;
    ASSERT_NE(sender.on_confirmation(*dlt698::decode_fragment_header(frame->wire_user_data())),
              dlt698::FragmentSender::Outcome::ignored);
  }
  const auto whole = meter.answer(1'763'000'000'000, question(own, dlt698::get_list_request(3, oads)));
  EXPECT_EQ(said->octets, whole->octets);
}

TEST(Dlt698Blocks, ABlockComesAgainAndOthersAreRefused) {
  Fixture f;
  const Node request = dlt698::get_record_request(9, Oad{0x5004, 2, 0}, dlt698::prototype(types::rsd), {});
  const Bytes first = f.client.ask(request);
  const auto field = [](const Bytes& apdu, std::string_view name) {
    const auto tree = dlt698::decode_tree(types::apdu, apdu);
    const Node* part = tree->root.find(name);
    return part == nullptr ? std::uint64_t{999} : dlt698::read_unsigned(part->content);
  };
  EXPECT_EQ(field(first, "block"), 1U);
  EXPECT_EQ(field(first, "last"), 0U);
  EXPECT_LE(first.size(), 2'048U);
  const auto next = [&](std::uint16_t block) { return f.client.ask(dlt698::get_next_request(9, block)); };
  const Bytes second = next(1);
  EXPECT_EQ(field(second, "block"), 2U);
  EXPECT_EQ(next(1), second);
  EXPECT_EQ(field(next(7), "dar"), 14U);
  EXPECT_EQ(field(next(2), "block"), 3U);
  TestClient stranger(f.meter, own, 0x22);
  EXPECT_EQ(field(stranger.ask(dlt698::get_next_request(9, 3)), "dar"), 11U);
  // A new GET gives up what is left.
  static_cast<void>(f.client.get(forward));
  EXPECT_EQ(field(next(3), "dar"), 11U);
}

TEST(Dlt698Blocks, ListsOfRecordsAndValuesAreWholeAcrossBlocks) {
  auto small = options();
  small.apdu_octets_max = 120;
  Fixture cut(small);
  std::vector<Oad> oads;
  for (std::uint8_t i = 1; i <= 5; ++i)
    for (const std::uint16_t oi : {0x0000, 0x0010, 0x0020}) oads.push_back({oi, 2, i});
  Bytes answer = cut.client.ask(dlt698::get_list_request(1, oads));
  std::vector<Oad> seen;
  for (int blocks = 1; blocks < 20; ++blocks) {
    EXPECT_LE(answer.size(), 120U);
    ASSERT_TRUE(dlt698::for_each_result(answer, [&](const dlt698::ObjectResult& r) { seen.push_back(r.oad); }));
    const auto tree = dlt698::decode_tree(types::apdu, answer);
    if (tree->root.find("last")->content[0] != 0) break;
    answer = cut.client.ask(dlt698::get_next_request(
        1, static_cast<std::uint16_t>(dlt698::read_unsigned(tree->root.find("block")->content))));
  }
  EXPECT_EQ(seen, oads);
}

TEST(Dlt698Association, ThePasswordOpensWriting) {
  auto with = options();
  with.password = "87654321";
  Fixture f(with);
  const Node now = moment_node(f.client.now_utc_ms + zone_ms);
  EXPECT_EQ(f.client.set(0x40000200, now), 20);
  EXPECT_EQ(f.client.act(0x80008100, make::null()), 20);
  EXPECT_EQ(f.client.connect(""), 0);
  EXPECT_EQ(f.client.set(0x40000200, now), 15);
  EXPECT_EQ(f.client.connect("12345678"), 1);
  EXPECT_EQ(f.client.set(0x40000200, now), 20);
  EXPECT_EQ(f.client.connect("87654321"), 0);
  EXPECT_EQ(f.client.set(0x40000200, now), 0);
  EXPECT_TRUE(f.client.get(forward));
  // Another client has no part in it.
  TestClient stranger(f.meter, own, 0x22);
  EXPECT_EQ(stranger.set(0x40000200, now), 20);
  // Released, it is gone.
  EXPECT_EQ(f.client.ask(dlt698::release_request(5)), *dlt698::encode_tree(types::apdu, dlt698::release_response(5)));
  EXPECT_EQ(f.client.set(0x40000200, now), 20);
}

TEST(Dlt698Association, ItEndsWithItsTimeoutAndANewPasswordHoldsAtOnce) {
  auto with = options();
  with.memory = std::make_shared<RamMemory>();
  Fixture f(with);
  dlt698::ConnectParameters parameters;
  parameters.timeout_s = 60;
  EXPECT_EQ(f.client.connect("00000000", parameters), 0);
  const Node other = make::visible_string("secret");
  for (int i = 0; i < 3; ++i) {
    f.client.now_utc_ms += 50'000;
    EXPECT_TRUE(f.client.get(forward));
  }
  EXPECT_EQ(f.client.set(0x44010200, other), 0);
  f.client.now_utc_ms += 60'001;
  EXPECT_EQ(f.client.set(0x44010200, other), 20);
  EXPECT_EQ(f.client.connect("00000000"), 1);
  Fixture again(with);
  again.client.now_utc_ms = f.client.now_utc_ms;
  EXPECT_EQ(again.client.connect("secret"), 0);
}

TEST(Dlt698Association, SizesAreAgreed) {
  Fixture f;
  dlt698::ConnectParameters parameters;
  parameters.receive_octets_max = 100;
  parameters.apdu_octets_max = 200;
  EXPECT_EQ(f.client.connect("", parameters), 0);
  f.client.frames = 0;
  f.client.frame_octets_max = 0;
  const auto rows = f.client.records(0x50040200, dlt698::prototype(types::rsd), {{0x2021, 2, 0}});
  EXPECT_EQ(rows.size(), 366U);
  EXPECT_LE(f.client.frame_octets_max, 100U);
  EXPECT_GT(f.client.blocks, 15U);
  // Mechanisms that need a module it has not.
  for (const std::uint8_t mechanism : {2, 3}) {
    Node request = dlt698::connect_request(1, {});
    request.children[9].selector = mechanism;
    request.children[9].children[0] = dlt698::prototype(*request.children[9].type->alternative(mechanism)->type);
    const auto tree = dlt698::decode_tree(types::apdu, f.client.ask(request));
    EXPECT_EQ(tree->root.find("result")->content[0], mechanism);
  }
}

TEST(Dlt698Services, ListsAndReadingBack) {
  auto with = options();
  with.plain_writes_allowed = true;
  Fixture f(with);
  const Node now = moment_node(f.client.now_utc_ms + zone_ms);
  Node list = dlt698::prototype(types::set_request, 3);
  const Node* items = list.find("set");
  Node filled = *items;
  for (const std::uint32_t oad : {0x40000200U, 0x00100200U}) {
    Node item = dlt698::prototype(*items->type->element);
    item.children[0] = make::oad(Oad::from(oad));
    item.children[1] = now;
    item.children[2] = make::oad(Oad::from(0x40000200));
    filled.children.push_back(item);
  }
  ASSERT_TRUE(dlt698::set_part(list, "set", filled));
  const Bytes answer = f.client.ask(list);
  const auto tree = dlt698::decode_tree(types::apdu, answer);
  ASSERT_TRUE(tree && tree->size_octets == answer.size());
  const auto& results = tree->root.find("results")->children;
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].children[1].content[0], 0);
  EXPECT_EQ(results[1].children[1].content[0], 3);
  EXPECT_EQ(results[0].children[2].children[1].children[0], now);
}

TEST(Dlt698Services, WhatIsNotKnownIsRefusedWithAnError) {
  Fixture f;
  const auto type_of = [&](const Bytes& answer) {
    const auto tree = dlt698::decode_tree(types::apdu, answer);
    EXPECT_TRUE(tree && tree->root.type == &types::error_from_server) << to_hex(answer);
    return tree ? tree->root.find("type")->content[0] : 0;
  };
  EXPECT_EQ(type_of(f.client.ask(dlt698::prototype(types::get_request, 6))), 2);
  EXPECT_EQ(type_of(f.client.ask(dlt698::prototype(types::proxy_request, 1))), 2);
  EXPECT_EQ(type_of(f.client.ask_octets(Bytes{0x05, 0x01})), 1);
  EXPECT_EQ(type_of(f.client.ask_octets(Bytes{0x77})), 1);
  EXPECT_TRUE(f.client.ask_octets(Bytes{}).empty());
}

TEST(Dlt698Services, TimeTagsAreKeptAndStaleOnesRefused) {
  Fixture f;
  Node get = dlt698::get_request(1, forward);
  const auto tag = [&](std::int64_t sent_local_ms, std::uint16_t minutes) {
    Node time_tag = dlt698::prototype(types::time_tag);
    time_tag.children[0] = moment_node(sent_local_ms);
    time_tag.children[1] = make::interval(1, minutes);
    Node present = *get.find("time_tag");
    present.children = {time_tag};
    EXPECT_TRUE(dlt698::set_part(get, "time_tag", present));
    return f.client.ask(get);
  };
  const auto dar_of = [](const Bytes& apdu) {
    std::uint8_t dar = 0;
    EXPECT_TRUE(dlt698::for_each_result(apdu, [&](const dlt698::ObjectResult& r) { dar = r.dar.value_or(0); }));
    return dar;
  };
  const std::int64_t now = f.client.now_utc_ms + zone_ms;
  const Bytes fresh = tag(now - 60'000, 5);
  EXPECT_EQ(dar_of(fresh), 0);
  EXPECT_NE(dlt698::decode_tree(types::apdu, fresh)->root.find("time_tag")->children.size(), 0U);
  EXPECT_EQ(dar_of(tag(now - 360'000, 5)), 32);
  EXPECT_EQ(dar_of(tag(now - 360'000, 0)), 0);
}

TEST(Dlt698Security, RandomNumbersAreAnsweredWithAMac) {
  auto with = options();
  with.security_key = {1, 2, 3, 4};
  Fixture f(with);
  const Bytes random(16, 0xAB);
  const Bytes inner = *dlt698::encode_tree(types::apdu, dlt698::get_request(1, forward));
  const Bytes plain = f.client.ask_octets(inner);
  const auto mac_of = [&](Bytes salt, ByteView apdu) {
    salt.insert(salt.end(), apdu.begin(), apdu.end());
    const auto hash = crypto::hmac_sha256(with.security_key, salt);
    return Bytes(hash.begin(), hash.begin() + 4);
  };
  const auto tree = dlt698::decode_tree(types::apdu, f.client.ask(dlt698::security_request_plain(inner, random)));
  ASSERT_TRUE(tree && tree->root.type == &types::security_response);
  EXPECT_EQ(tree->root.find("payload_hex")->content, plain);
  EXPECT_EQ(tree->root.children[1].children[0].children[0].content, mac_of(random, plain));

  // A MAC over a command opens writing; a wrong one does not.
  const Bytes command = *dlt698::encode_tree(
      types::apdu, dlt698::set_request(2, Oad{0x4000, 2, 0}, moment_node(f.client.now_utc_ms + zone_ms)));
  const auto with_mac = [&](const Bytes& mac) {
    Node request = dlt698::security_request_plain(command, random);
    Node& check = request.children[1];
    check.selector = 2;
    check.children[0] = dlt698::prototype(*check.type->alternative(2)->type);
    check.children[0].children[0].children[0] = make::octets(types::rn, random);
    check.children[0].children[0].children[1] = make::octets(types::mac, mac);
    return f.client.ask(request);
  };
  EXPECT_EQ(with_mac({0, 0, 0, 0}), (Bytes{0x90, 0x02, 22, 0x00}));
  EXPECT_EQ(f.client.set(0x40000200, make::null()), 20);
  const auto done = dlt698::decode_tree(types::apdu, with_mac(mac_of(random, command)));
  ASSERT_TRUE(done);
  const auto inside = dlt698::decode_tree(types::apdu, done->root.find("payload_hex")->content);
  EXPECT_EQ(inside->root.find("results")->children[0].find("dar")->content[0], 0);
  // Without a MAC the wrapping alone opens nothing, and cipher text cannot be read.
  const auto refused = dlt698::decode_tree(types::apdu, f.client.ask(dlt698::security_request_plain(command, random)));
  const auto not_opened = dlt698::decode_tree(types::apdu, refused->root.find("payload_hex")->content);
  EXPECT_EQ(not_opened->root.find("results")->children[0].find("dar")->content[0], 20);
  EXPECT_EQ(f.client.ask_octets(Bytes{0x10, 0x01, 0x02, 0xAA, 0xBB, 0x01, 0x02, 0x01, 0x02}),
            (Bytes{0x90, 0x02, 28, 0x00}));
}

TEST(Dlt698Security, AMeterWithoutAKeyGivesNoMac) {
  Fixture f;
  const Bytes inner = *dlt698::encode_tree(types::apdu, dlt698::get_request(1, forward));
  const Bytes answer = f.client.ask(dlt698::security_request_plain(inner, Bytes(16, 1)));
  const auto tree = dlt698::decode_tree(types::apdu, answer);
  ASSERT_TRUE(tree && tree->size_octets == answer.size());
  EXPECT_TRUE(tree->root.children[1].children.empty());
}

}  // namespace
}  // namespace duheng::device
