#include "codec/dlt645/message.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace duheng::dlt645 {
namespace {

std::string hex(const FrameBuffer& frame) { return to_hex(frame.view(), ' '); }
const Address meter = *Address::parse("161");
constexpr DataIdentifier programming_record{0x03300D01};

// The frames below stand in the reference sheet and the vector file, made by other people's code.

TEST(Message, ReadRequests) {
  EXPECT_EQ(hex(read_request(meter, {0x00010000}, 0)), "68 61 01 00 00 00 00 68 11 04 33 33 34 33 14 16");
  EXPECT_EQ(hex(read_request(Address::wildcard(), {0x00010000})),
            "FE FE FE FE 68 AA AA AA AA AA AA 68 11 04 33 33 34 33 AE 16");
  EXPECT_EQ(hex(read_address_request()), "FE FE FE FE 68 AA AA AA AA AA AA 68 13 00 DF 16");
}

TEST(Message, FollowingFrames) {
  const auto first = from_hex("10 11 12 13 14 15 16 17").value();
  const auto second = from_hex("20 21 22 23 24 25 26 27").value();
  const auto third = from_hex("30 31 32 33").value();
  EXPECT_EQ(hex(*read_reply(meter, programming_record, first, true)),
            "68 61 01 00 00 00 00 68 B1 0C 34 40 63 36 43 44 45 46 47 48 49 4A 30 16");
  EXPECT_EQ(hex(read_following_request(meter, programming_record, 1, 0)),
            "68 61 01 00 00 00 00 68 12 05 34 40 63 36 34 8A 16");
  EXPECT_EQ(hex(*read_following_reply(meter, programming_record, second, 1, true)),
            "68 61 01 00 00 00 00 68 B2 0D 34 40 63 36 53 54 55 56 57 58 59 5A 34 E6 16");
  const auto last = *read_following_reply(meter, programming_record, third, 2, false);
  EXPECT_EQ(hex(last), "68 61 01 00 00 00 00 68 92 09 34 40 63 36 63 64 65 66 35 A1 16");

  const auto frame = *decode(last.view());
  const PlainData plain = frame.plain_data();
  const auto reply = *parse_read_reply(frame, plain.view());
  EXPECT_EQ(reply.identifier, programming_record);
  EXPECT_EQ(reply.sequence, 2);
  EXPECT_TRUE(std::ranges::equal(reply.payload, third));
  EXPECT_FALSE(frame.has_following());
}

TEST(Message, Answers) {
  EXPECT_EQ(hex(*read_reply(*Address::parse("151230011061"), {0x00010000}, Bytes{0x78, 0x06, 0, 0})),
            "68 61 10 01 30 12 15 68 91 08 33 33 34 33 AB 39 33 33 49 16");
  EXPECT_EQ(hex(error_reply(*Address::parse("123456789012"), 0x11, error_bits::no_requested_data)),
            "68 12 90 78 56 34 12 68 D1 01 35 8D 16");
  EXPECT_EQ(hex(error_reply(meter, 0x14, error_bits::password_error)), "68 61 01 00 00 00 00 68 D4 01 37 3E 16");
  EXPECT_EQ(hex(read_address_reply(*Address::parse("201000000012"))),
            "68 12 00 00 00 10 20 68 93 06 45 33 33 33 43 53 1F 16");
  EXPECT_EQ(decode(accept_reply(meter, 0x1C).view())->control(), 0x9C);
}

TEST(Message, Commands) {
  const Authority authority{0x02, {0x37, 0x06, 0x02}, {0x01, 0, 0, 0}};
  EXPECT_EQ(hex(control_request(*Address::parse("151230011061"), authority, RelayCommand::close_permit,
                                {2099, 12, 30, 0, 0, 0}, 0)),
            "68 61 10 01 30 12 15 68 1C 10 35 6A 39 35 34 33 33 33 4E 33 33 33 33 63 45 CC 2D 16");
  const Authority writer{0x02, {0x56, 0x34, 0x12}, {0x78, 0x56, 0x34, 0x12}};
  EXPECT_EQ(hex(*write_request(meter, {0x04000103}, writer, Bytes{0x15}, 0)),
            "68 61 01 00 00 00 00 68 14 0D 36 34 33 37 35 89 67 45 AB 89 67 45 48 B9 16");
  EXPECT_EQ(hex(freeze_request(Address::broadcast(), {0, 0, 1, FreezeTime::any}, 0)),
            "68 99 99 99 99 99 99 68 16 04 33 33 34 CC E6 16");
  EXPECT_EQ(hex(broadcast_time({2017, 6, 5, 10, 40, 25}, *Address::parse("111111111111"), 0)),
            "68 11 11 11 11 11 11 68 08 06 58 73 43 38 39 4A 0D 16");
}

TEST(Message, EveryFunctionHasTheLengthTheSheetGives) {
  const Authority authority;
  const auto length = [](const FrameBuffer& frame) { return static_cast<int>(decode(frame.view())->length()); };
  const auto control = [](const FrameBuffer& frame) { return static_cast<int>(decode(frame.view())->control()); };
  EXPECT_EQ(length(write_address_request(meter)), 6);
  EXPECT_EQ(length(change_speed_request(meter, 0x08)), 1);
  EXPECT_EQ(length(change_password_request(meter, {0x04000C02}, {2, 0, 0, 0}, {2, 1, 1, 1})), 12);
  EXPECT_EQ(length(clear_request(meter, Function::clear_demand, authority)), 8);
  EXPECT_EQ(control(clear_request(meter, Function::clear_demand, authority)), 0x19);
  EXPECT_EQ(control(clear_request(meter, Function::clear_meter, authority)), 0x1A);
  EXPECT_EQ(length(clear_events_request(meter, authority, {0xFFFFFFFF})), 12);
  EXPECT_EQ(length(multi_function_output_request(meter, 1)), 1);
  EXPECT_EQ(control(change_speed_request(meter, 0x08)), 0x17);
  EXPECT_EQ(control(change_password_request(meter, {0x04000C02}, {}, {})), 0x18);
  EXPECT_EQ(control(clear_events_request(meter, authority, {})), 0x1B);
  EXPECT_EQ(control(multi_function_output_request(meter, 1)), 0x1D);
  EXPECT_EQ(control(write_address_request(meter)), 0x15);
}

TEST(Message, ReadsBackWhatItBuilt) {
  const Authority authority{0x04, {1, 2, 3}, {4, 5, 6, 7}};
  const auto write = *write_request(meter, {0x04000104}, authority, Bytes{0x05});
  const PlainData write_data = decode(write.view())->plain_data();
  const auto request = *parse_write_request(write_data.view());
  EXPECT_EQ(request.identifier.value, 0x04000104U);
  EXPECT_EQ(request.authority.level, 4);
  EXPECT_EQ(request.authority.operator_code, authority.operator_code);
  ASSERT_EQ(request.payload.size(), 1U);
  EXPECT_EQ(request.payload[0], 5);

  const auto freeze = freeze_request(meter, {30, 8, FreezeTime::any, FreezeTime::any});
  EXPECT_EQ(*parse_freeze(decode(freeze.view())->plain_data().view()), (FreezeTime{30, 8, 99, 99}));

  EXPECT_EQ(parse_write_request(Bytes(11)).error().code, ErrorCode::truncated);
  EXPECT_EQ(parse_control_request(Bytes(15)).error().code, ErrorCode::truncated);
  EXPECT_EQ(parse_freeze(Bytes(3)).error().code, ErrorCode::truncated);
  EXPECT_EQ(parse_freeze(Bytes{0, 0x3A, 0, 0}).error().octet_offset, 1U);
  EXPECT_EQ(read_identifier(Bytes(3)).error().field, Field::data_identifier);
}

TEST(Message, TooMuchIsRefused) {
  EXPECT_TRUE(read_reply(meter, {0x00010000}, Bytes(251)));
  EXPECT_EQ(read_reply(meter, {0x00010000}, Bytes(252)).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(read_following_reply(meter, {0x00010000}, Bytes(251), 1, false).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(write_request(meter, {0x04000103}, {}, Bytes(244)).error().code, ErrorCode::limit_exceeded);
}

TEST(Message, SecurityDialogue) {
  const auto address = *Address::parse("161");
  const Bytes data = *from_hex("0102030405");
  const auto request = security_request(address, {0x070000FF}, {1, 2, 3, 4}, data, 0);
  const auto question = decode(request->view());
  EXPECT_EQ(question->control(), 0x03);
  EXPECT_EQ(question->edition(), Edition::edition_2007);
  const PlainData asked = question->plain_data();
  const auto parsed = parse_security(asked.view(), false);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->identifier.value, 0x070000FFU);
  EXPECT_EQ(parsed->operator_code, (std::array<std::uint8_t, 4>{1, 2, 3, 4}));
  EXPECT_EQ(to_hex(parsed->data), "0102030405");
  for (std::size_t size = 0; size < 8; ++size) EXPECT_FALSE(parse_security(asked.view().first(size), false));

  const auto reply = security_reply(address, {0x070000FF}, data);
  const PlainData answered = decode(reply->view())->plain_data();
  const auto answer = parse_security(answered.view(), true);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->has_operator);
  EXPECT_EQ(to_hex(answer->data), "0102030405");

  const auto refusal = security_error_reply(address, 0x0108);
  const auto refused = decode(refusal.view());
  EXPECT_EQ(refused->control(), 0xC3);
  EXPECT_EQ(refused->edition(), Edition::edition_2007);
  const PlainData word = refused->plain_data();
  EXPECT_EQ(parse_security_error(word.view()), 0x0108);
  EXPECT_FALSE(parse_security_error(word.view().first(1)));
  EXPECT_EQ(security_error_bit_name(3), "identity_authentication_failed");
}

TEST(Message, LoadRecordQuestions) {
  const auto address = *Address::parse("161");
  const DateTime from{2021, 11, 28, 10, 30, 0};
  const auto plain_of = [](const FrameBuffer& frame) { return decode(frame.view())->plain_data(); };
  const PlainData timed = plain_of(read_records_request(address, {0x06000001}, 12, from));
  EXPECT_EQ(to_hex(timed.view(), ' '), "01 00 00 06 12 30 10 28 11 21");
  const auto request = parse_read_request(timed.view());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->block_count, 12);
  EXPECT_EQ(request->from, from);
  const PlainData newest = plain_of(read_records_request(address, {0x06000002}, 1));
  EXPECT_EQ(newest.size(), 5U);
  EXPECT_EQ(parse_read_request(newest.view())->block_count, 1);
  EXPECT_FALSE(parse_read_request(plain_of(read_request(address, {0x00010000})).view())->block_count);
  EXPECT_EQ(parse_read_request(timed.view().first(7)).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_read_request(timed.view().first(3)).error().field, Field::data_identifier);
  EXPECT_EQ(parse_read_request(*from_hex("0100000612301C281121")).error().octet_offset, 6U);
}

TEST(Message, AnswersAndReadersOfEveryCommand) {
  const auto address = *Address::parse("161");
  const auto plain_of = [](const FrameBuffer& frame) { return decode(frame.view())->plain_data(); };
  EXPECT_EQ(decode(change_speed_reply(address, 8).view())->control(), 0x97);
  EXPECT_EQ(parse_octet(plain_of(change_speed_reply(address, 8)).view()), 8);
  EXPECT_EQ(decode(multi_function_output_reply(address, 2).view())->control(), 0x9D);
  EXPECT_EQ(decode(change_password_reply(address, {2, 1, 2, 3}).view())->control(), 0x98);
  EXPECT_EQ(parse_address(plain_of(write_address_request(address)).view())->to_string(), address.to_string());
  EXPECT_FALSE(parse_address(Bytes(5)));
  EXPECT_FALSE(parse_octet({}));
  const auto change = parse_change_password(
      plain_of(change_password_request(address, {0x04000C03}, {2, 1, 2, 3}, {2, 4, 5, 6})).view());
  ASSERT_TRUE(change);
  EXPECT_EQ(change->identifier.value, 0x04000C03U);
  EXPECT_EQ(change->old_level_and_password[3], 3);
  EXPECT_EQ(change->new_level_and_password[1], 4);
  const Authority authority{4, {1, 2, 3}, {9, 8, 7, 6}};
  const auto clear = parse_clear_request(plain_of(clear_request(address, Function::clear_meter, authority)).view());
  EXPECT_EQ(clear->authority.level, 4);
  EXPECT_FALSE(clear->events);
  const auto events = parse_clear_request(plain_of(clear_events_request(address, authority, {0xFFFFFFFF})).view());
  EXPECT_EQ(events->events->value, 0xFFFFFFFFU);
  EXPECT_FALSE(parse_clear_request(Bytes(7)));
  EXPECT_FALSE(parse_clear_request(Bytes(10)));
  EXPECT_FALSE(parse_change_password(Bytes(11)));
}

TEST(Message, SpeedWordsOfBothCodings) {
  for (const std::uint32_t speed : {600U, 1200U, 2400U, 4800U, 9600U, 19200U}) {
    EXPECT_EQ(speed_of(speed_word_of(speed)), speed);
    EXPECT_EQ(speed_of(speed_word_of(speed, SpeedCoding::bcd_of_300), SpeedCoding::bcd_of_300), speed);
  }
  EXPECT_EQ(speed_word_of(2400), 0x08);
  EXPECT_EQ(speed_word_of(4800, SpeedCoding::bcd_of_300), 0x16);
  EXPECT_EQ(speed_word_of(19200, SpeedCoding::bcd_of_300), 0x64);
  EXPECT_EQ(speed_word_of(300), 0);
  EXPECT_EQ(speed_of(0x03, SpeedCoding::one_bit), 0U);
}

}  // namespace
}  // namespace duheng::dlt645
