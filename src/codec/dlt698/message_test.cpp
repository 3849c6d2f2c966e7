#include "codec/dlt698/message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/random_tree.hpp"
#include "codec/dlt698/test_vectors.hpp"

namespace duheng::dlt698 {
namespace {

std::string hex_of(const Node& apdu) {
  const auto encoded = encode_tree(types::apdu, apdu);
  return encoded ? to_hex(*encoded) : encoded.error().message;
}
Bytes octets(const char* hex) { return from_hex(hex).value(); }
std::string plain(const char* hex) { return to_hex(octets(hex)); }

// The expected octets are those of the vectors and of the fact sheet's constructed frames.
TEST(Message, ClientQuestions) {
  EXPECT_EQ(hex_of(get_request(0x01, Oad::from(0x40010200))), plain("05 01 01 40 01 02 00 00"));
  const Oad list[] = {Oad::from(0x00100200), Oad::from(0x00200200)};
  EXPECT_EQ(hex_of(get_list_request(5, list)), plain("05 02 05 02 00 10 02 00 00 20 02 00 00"));
  const Oad columns[] = {Oad::from(0x201E0200), Oad::from(0x20200200)};
  EXPECT_EQ(hex_of(get_record_request(0, Oad::from(0x30110200), make::select_last(1), columns)),
            plain("05 03 00 30 11 02 00 09 01 02 00 20 1E 02 00 00 20 20 02 00 00"));
  const CalendarTime from{.year = 2019, .month = 1, .day = 11, .hour = 0, .minute = 30, .second = 0};
  const CalendarTime to{.year = 2019, .month = 1, .day = 11, .hour = 0, .minute = 44, .second = 59};
  const Oad column[] = {Oad::from(0x00000200)};
  const auto record = get_record_request(
      0, Oad::from(0x50020200),
      make::select_range(Oad::from(0x20210200), make::date_time_s(from), make::date_time_s(to), make::interval(1, 15)),
      column);
  EXPECT_EQ(hex_of(record), plain("05 03 00 50020200 02 20210200 1C07E3010B001E00 1C07E3010B002C3B 54 01 000F"
                                  "01 00 00000200 00"));
  EXPECT_EQ(hex_of(get_next_request(5, 1)), plain("05 05 05 00 01 00"));
  EXPECT_EQ(hex_of(set_request(1, Oad::from(0xFFF00100), make::octet_string(octets("0229")))),
            plain("06 01 01 FF F0 01 00 09 02 02 29 00"));
  EXPECT_EQ(hex_of(action_request(1, 0xFFFF7F00, make::null())), plain("07 01 01 FF FF 7F 00 00 00"));
  const Oad reported[] = {Oad::from(0x31060200)};
  EXPECT_EQ(hex_of(report_response(9, 2, reported)), plain("08 02 09 01 31 06 02 00 00"));
  EXPECT_EQ(hex_of(report_response(2, 3, {})), plain("08 03 02 00"));
  EXPECT_EQ(hex_of(release_request(5)), plain("03 05 00"));
  EXPECT_EQ(hex_of(security_request_plain(octets("0501014001020000"), octets("BBCC"))),
            plain("10 00 08 0501014001020000 01 02 BBCC"));
}

TEST(Message, Connect) {
  ConnectParameters parameters;
  parameters.version = 0x0010;
  parameters.protocol_conformance.fill(0xFF);
  parameters.function_conformance.fill(0xFF);
  EXPECT_EQ(
      hex_of(connect_request(0, parameters)),
      plain("02 00 00 10 FFFFFFFFFFFFFFFF FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF 04 00 04 00 01 04 00 00 00 00 64 00 00"));
}

TEST(Message, ServerAnswers) {
  EXPECT_EQ(hex_of(get_response(0x42, Oad::from(0x20000200), make::number(types::long_unsigned, 220))),
            plain("85 01 42 20 00 02 00 01 12 00 DC 00 00"));
  EXPECT_EQ(hex_of(get_refusal(1, Oad::from(0x40010200), 4)), plain("85 01 01 40 01 02 00 00 04 00 00"));
  EXPECT_EQ(hex_of(set_response(0, Oad::from(0x40000300), 3)), plain("86 01 00 40 00 03 00 03 00 00"));
  EXPECT_EQ(hex_of(action_response(0, 0x20000100, 3)), plain("87 01 00 20 00 01 00 03 00 00 00"));
  EXPECT_EQ(hex_of(release_response(5)), plain("83 05 00 00 00"));
}

TEST(Message, Link) {
  const CalendarTime now{
      .year = 2016, .month = 9, .day = 12, .weekday = 1, .hour = 0, .minute = 0, .second = 31, .millisecond = 683};
  EXPECT_EQ(hex_of(link_request(0x10, LinkType::heartbeat, 300, now)),
            plain("01 10 01 01 2C 07 E0 09 0C 01 00 00 1F 02 AB"));
  EXPECT_EQ(hex_of(link_response(0, 0x80, now, now, now)),
            plain("81 00 80 07E0090C0100001F02AB 07E0090C0100001F02AB 07E0090C0100001F02AB"));
}

TEST(Message, Values) {
  const Node all = make::structure({make::boolean(true), make::visible_string("5A"), make::bit_string(octets("80"), 3),
                                    make::number(types::long_integer, -2), make::array({make::oad(Oad::from(1))})});
  EXPECT_EQ(to_hex(encode_tree(types::data, all).value()),
            plain("02 05 03 01 0A 02 3541 04 03 80 10 FFFE 01 01 51 00000001"));
}

// Every type that can be made is a node that encodes, and decodes to itself.
TEST(Message, PrototypesOfAllServicesAndChoices) {
  for (unsigned tag = 0; tag < 256; ++tag) {
    const Type* service = apdu_type(static_cast<std::uint8_t>(tag));
    if (service == nullptr) continue;
    for (unsigned choice = 0; choice < 9; ++choice) {
      const Node apdu = prototype(*service, static_cast<std::uint8_t>(choice));
      const auto encoded = encode_tree(types::apdu, apdu);
      ASSERT_TRUE(encoded) << service->name << choice << encoded.error().message;
      EXPECT_EQ(decode_tree(types::apdu, *encoded)->root, apdu);
    }
  }
  Node apdu = prototype(types::get_request, 1);
  EXPECT_FALSE(set_part(apdu, "no such part", make::null()));
}

TEST(Message, ResultsOfAList) {
  const Bytes apdu = octets(
      "85 02 00 03 2000 02 00 01 01 02 12 096D 12 096E 2001 02 01 01 05 00001388 200F 02 00 00 04"
      "01 01 01 2001 02 00 00 06 00");
  std::vector<std::string> seen;
  const auto done = for_each_result(apdu, [&](const ObjectResult& result) {
    seen.push_back(result.oad.to_string() + " " +
                   (result.dar ? "dar " + std::to_string(*result.dar) : to_hex(result.data)) +
                   (result.in_follow_report ? " follow" : ""));
  });
  ASSERT_TRUE(done);
  EXPECT_EQ(seen, (std::vector<std::string>{"20000200 010212096D12096E", "20010201 0500001388", "200F0200 dar 4",
                                            "20010200 dar 6 follow"}));
  EXPECT_EQ(for_each_result(ByteView(apdu).first(20), [](const ObjectResult&) {}).error().code, ErrorCode::truncated);
}

std::vector<std::string> results_of(ByteView apdu, bool by_grammar) {
  std::vector<std::string> seen;
  const auto keep = [&](const ObjectResult& result) {
    seen.push_back(result.oad.to_string() + " " + (result.dar ? std::to_string(*result.dar) : "") + " " +
                   to_hex(result.data) + (result.in_follow_report ? " follow" : ""));
  };
  const auto done = by_grammar ? for_each_result_by_grammar(apdu, keep) : for_each_result(apdu, keep);
  if (!done) seen.push_back(to_error(done.error()).message);
  return seen;
}

// The quick way must say what the grammar says, of good answers and of bad ones.
TEST(Message, QuickWayAgreesWithTheGrammarOnEveryVectorAndChange) {
  std::size_t quick = 0;
  for (Bytes apdu : test_apdus()) {
    quick += find_plain_results(apdu) ? 1U : 0U;
    for (std::size_t cut = 0; cut <= apdu.size(); ++cut) {
      const Bytes part(apdu.begin(), apdu.begin() + static_cast<std::ptrdiff_t>(cut));
      ASSERT_EQ(results_of(part, false), results_of(part, true)) << to_hex(part);
    }
    for (auto& octet : apdu) {
      const std::uint8_t before = octet;
      for (unsigned value = 0; value < 256; value += 3) {
        octet = static_cast<std::uint8_t>(value);
        ASSERT_EQ(results_of(apdu, false), results_of(apdu, true)) << to_hex(apdu);
      }
      octet = before;
    }
  }
  EXPECT_GE(quick, 10U);
}

RC_GTEST_PROP(Message, QuickWayAgreesWithTheGrammarOnRandomAnswers, ()) {
  const Bytes octets = *rc::gen::container<Bytes>(120, rc::gen::arbitrary<std::uint8_t>());
  for (const Type* service : {&types::get_response, &types::report_notification}) {
    const Bytes apdu = encode_tree(types::apdu, RandomTree(octets).make(*service)).value();
    RC_ASSERT(results_of(apdu, false) == results_of(apdu, true));
  }
}

TEST(Message, FlatValues) {
  const Bytes data = octets("02 02 06 00000007 01 01 0A 02 3541 04 08 80");
  std::size_t at = 0;
  EXPECT_EQ(take_flat_value(data, at)->count, 2U);
  const auto number = take_flat_value(data, at);
  EXPECT_EQ(number->type, &types::double_long_unsigned);
  EXPECT_EQ(read_unsigned(number->content), 7U);
  EXPECT_EQ(take_flat_value(data, at)->type, &types::array);
  EXPECT_EQ(as_text(take_flat_value(data, at)->content), "5A");
  EXPECT_EQ(at, 13U);
  EXPECT_FALSE(take_flat_value(data, at));
  EXPECT_EQ(at, 13U);
  at = data.size();
  EXPECT_FALSE(take_flat_value(data, at));
}

TEST(Message, DataThatLooksLikeAResultIsNotTakenForOne) {
  // A structure that holds an OAD and a NULL: neither is the result's own.
  const Bytes apdu = octets("85 01 00 3320 02 00 01 02 02 51 30110200 00 00 00");
  std::size_t count = 0;
  ASSERT_TRUE(for_each_result(apdu, [&](const ObjectResult& result) {
    ++count;
    EXPECT_EQ(result.oad, Oad::from(0x33200200));
    EXPECT_EQ(to_hex(result.data), plain("02 02 51 30110200 00"));
  }));
  EXPECT_EQ(count, 1U);
}

TEST(Message, CellsOfARecord) {
  const Bytes apdu = octets(
      "85 03 00 5004 02 00 03 00 20210200 00 00100200 01 60120200 01 20210200 01 02"
      "1C07EA0A03000000 0101 06 00000001 00 1C07EA0A04000000 00 51 20210200 00 00");
  std::vector<std::string> columns;
  std::vector<std::string> cells;
  const auto done = for_each_cell(
      apdu, [&](std::size_t index, Oad oad) { columns.push_back(std::to_string(index) + " " + oad.to_string()); },
      [&](const RecordCell& cell) {
        cells.push_back(cell.table.to_string() + " " + std::to_string(cell.row) + "," + std::to_string(cell.column) +
                        " " + to_hex(cell.data));
      });
  ASSERT_TRUE(done) << to_error(done.error()).message;
  EXPECT_EQ(columns, (std::vector<std::string>{"0 20210200", "1 00100200", "2 60120200"}));
  EXPECT_EQ(cells,
            (std::vector<std::string>{"50040200 0,0 1C07EA0A03000000", "50040200 0,1 01010600000001", "50040200 0,2 00",
                                      "50040200 1,0 1C07EA0A04000000", "50040200 1,1 00", "50040200 1,2 5120210200"}));
  const Bytes without = octets("85 03 00 5004 02 00 00 01 02 1100 1101 00 00");
  EXPECT_EQ(
      for_each_cell(without, [](std::size_t, Oad) {}, [](const RecordCell&) {}).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace duheng::dlt698
