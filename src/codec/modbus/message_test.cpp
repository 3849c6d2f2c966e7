#include "codec/modbus/message.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::modbus {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }
std::string text_of(const BuiltPdu& pdu) { return pdu ? to_hex(pdu->view()) : to_error(pdu.error()).message; }
PduView request_of(const PduBuffer& pdu) { return decode_pdu(pdu.view(), Role::request).value(); }
PduView response_of(const PduBuffer& pdu) { return decode_pdu(pdu.view(), Role::response).value(); }

// The example of each clause of Modbus Application Protocol V1.1b3, 6.
TEST(Message, QuestionsOfTheSpecification) {
  EXPECT_EQ(text_of(read_request(Function::read_coils, 19, 19)), "0100130013");
  EXPECT_EQ(text_of(read_request(Function::read_discrete_inputs, 196, 22)), "0200C40016");
  EXPECT_EQ(text_of(read_request(Function::read_holding_registers, 107, 3)), "03006B0003");
  EXPECT_EQ(text_of(read_request(Function::read_input_registers, 8, 1)), "0400080001");
  EXPECT_EQ(text_of(write_coil_request(172, true)), "0500ACFF00");
  EXPECT_EQ(text_of(write_register_request(1, 3)), "0600010003");
  EXPECT_EQ(text_of(write_coils_request(19, 10, hex("CD 01"))), "0F0013000A02CD01");
  EXPECT_EQ(text_of(write_registers_request(1, std::vector<std::uint16_t>{10, 258})), "100001000204000A0102");
  EXPECT_EQ(text_of(mask_write_request(4, 0xF2, 0x25)), "16000400F20025");
  EXPECT_EQ(text_of(read_write_request(3, 6, 14, std::vector<std::uint16_t>{255, 255, 255})),
            "1700030006000E00030600FF00FF00FF");
  EXPECT_EQ(text_of(identification_request(1, 0)), "2B0E0100");
  EXPECT_EQ(text_of(raw_pdu(17, {}, Role::request)), "11");
}

TEST(Message, AnswersOfTheSpecification) {
  EXPECT_EQ(text_of(bits_response(Function::read_coils, 19, hex("CD 6B 05"))), "0103CD6B05");
  EXPECT_EQ(text_of(registers_response(Function::read_holding_registers, std::vector<std::uint16_t>{555, 0, 100})),
            "0306022B00000064");
  EXPECT_EQ(text_of(exception_response(1, ExceptionCode::illegal_data_address)), "8102");
  EXPECT_EQ(text_of(write_response(request_of(*write_coils_request(19, 10, hex("CD 01"))))), "0F0013000A");
  EXPECT_EQ(text_of(write_response(request_of(*mask_write_request(4, 0xF2, 0x25)))), "16000400F20025");
  const Bytes vendor = hex("41 42");
  const IdentificationObject objects[] = {{0, vendor}, {1, {}}};
  const auto identification = identification_response({1, 0x81, true, 2}, objects);
  EXPECT_EQ(text_of(identification), "2B0E0181FF0202000241420100");
  const PduView view = response_of(*identification);
  EXPECT_TRUE(view.more_follows());
  EXPECT_EQ(view.object_id(), 2);
  std::vector<std::string> seen;
  view.for_each_object([&](const IdentificationObject& object) {
    seen.push_back(std::to_string(object.id) + "=" + std::string(as_text(object.value)));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"0=AB", "1="}));
}

TEST(Message, BitsBehindTheQuantityAreSentAsZero) {
  EXPECT_EQ(text_of(bits_response(Function::read_discrete_inputs, 9, hex("FF FF"))), "0202FF01");
}

struct Refused {
  BuiltPdu pdu;
  Field field;
};
TEST(Message, LimitsAreKept) {
  const std::vector<std::uint16_t> words(130, 1);
  const std::span<const std::uint16_t> all(words);
  const Bytes bits(260, 0xFF);
  const Refused cases[] = {
      {read_request(Function::read_coils, 0, 0), Field::quantity},
      {read_request(Function::read_coils, 0, 2001), Field::quantity},
      {read_request(Function::read_coils, 65535, 2), Field::address},
      {read_request(Function::read_holding_registers, 0, 126), Field::quantity},
      {read_request(Function::read_input_registers, 65500, 37), Field::address},
      {read_request(Function::write_single_coil, 0, 1), Field::function},
      {write_registers_request(0, {}), Field::quantity},
      {write_registers_request(0, all.first(124)), Field::quantity},
      {write_coils_request(0, 1969, bits), Field::quantity},
      {write_coils_request(0, 9, ByteView(bits).first(1)), Field::quantity},
      {read_write_request(0, 126, 0, all.first(1)), Field::quantity},
      {read_write_request(0, 1, 0, all.first(122)), Field::write_quantity},
      {read_write_request(0, 1, 65535, all.first(2)), Field::write_address},
      {identification_request(0, 0), Field::read_device_id},
      {identification_request(5, 0), Field::read_device_id},
      {registers_response(Function::read_holding_registers, all.first(126)), Field::quantity},
      {registers_response(Function::read_holding_registers, {}), Field::byte_count},
      {raw_pdu(0, {}, Role::request), Field::function},
      {raw_pdu(0x81, {}, Role::request), Field::function},
      {raw_pdu(100, ByteView(bits).first(253), Role::request), Field::length},
  };
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    ASSERT_FALSE(cases[i].pdu) << i;
    EXPECT_EQ(cases[i].pdu.error().code, ErrorCode::invalid_argument) << i;
    EXPECT_EQ(to_string(cases[i].pdu.error().field), to_string(cases[i].field)) << i;
  }
  EXPECT_TRUE(read_request(Function::read_coils, 63536, 2000));
  EXPECT_TRUE(read_request(Function::read_holding_registers, 65411, 125));
  EXPECT_TRUE(write_registers_request(0, all.first(123)));
  EXPECT_TRUE(write_coils_request(0, 1968, bits));
  EXPECT_TRUE(read_write_request(0, 125, 0, all.first(121)));
}

struct Pair {
  std::string_view request;
  std::string_view response;
  Field field;  ///< none: they match
};
TEST(Message, AnAnswerBelongsToItsQuestionOrNot) {
  const Pair pairs[] = {
      {"0100130013", "0103CD6B05", Field::none},
      {"0100130013", "0102CD6B", Field::byte_count},
      {"0100130013", "0203CD6B05", Field::function},
      {"0100130013", "8102", Field::none},
      {"0100130013", "8202", Field::function},
      {"03006B0003", "0306022B00000064", Field::none},
      {"03006B0003", "0304022B0000", Field::byte_count},
      {"0500ACFF00", "0500ACFF00", Field::none},
      {"0500ACFF00", "0500AC0000", Field::values},
      {"0500ACFF00", "0500ADFF00", Field::address},
      {"0600010003", "0600010004", Field::values},
      {"0F0013000A02CD01", "0F0013000A", Field::none},
      {"0F0013000A02CD01", "0F0013000B", Field::quantity},
      {"100001000204000A0102", "1000020002", Field::address},
      {"16000400F20025", "16000400F20025", Field::none},
      {"16000400F20025", "16000400F30025", Field::and_mask},
      {"16000400F20025", "16000400F20026", Field::or_mask},
      {"1700030001000E00010200FF", "170200FE", Field::none},
      {"1700030001000E00010200FF", "170400FE0000", Field::byte_count},
      {"2B0E0100", "2B0E01010000010001 41", Field::none},
      {"2B0E0100", "2B0E02010000010001 41", Field::read_device_id},
      {"2B0E0402", "2B0E04810000010201 41", Field::none},
      {"2B0E0402", "2B0E04810000010101 41", Field::object_id},
      {"2B0E0402", "2B0E0481000000", Field::number_of_objects},
      {"2B0E0100", "2B0D", Field::mei_type},
      {"11", "110111", Field::none},
  };
  for (const auto& pair : pairs) {
    const Bytes asked = hex(pair.request);
    const Bytes answered = hex(pair.response);
    const auto request = decode_pdu(asked, Role::request);
    const auto response = decode_pdu(answered, Role::response);
    ASSERT_TRUE(request && response) << pair.request << " " << pair.response;
    const auto matched = match_response(*request, *response);
    EXPECT_EQ(to_string(matched ? Field::none : matched.error().field), to_string(pair.field))
        << pair.request << " " << pair.response;
    if (!matched) {
      EXPECT_EQ(matched.error().code, ErrorCode::conflict);
    }
  }
}

TEST(Message, FramesMatchByUnitAndTransaction) {
  const Bytes request = hex("03006B0001");
  const Bytes response = hex("0302022B");
  const auto tcp = [&](std::uint16_t transaction, std::uint8_t unit, ByteView pdu) {
    return *encode_frame(Transport::tcp, transaction, unit, pdu);
  };
  const auto matched = [](const FrameBuffer& asked, const FrameBuffer& answered) {
    const auto result =
        match_response(*decode_tcp(asked.view(), Role::request), *decode_tcp(answered.view(), Role::response));
    return result ? Field::none : result.error().field;
  };
  EXPECT_EQ(matched(tcp(5, 1, request), tcp(5, 1, response)), Field::none);
  EXPECT_EQ(matched(tcp(5, 0, request), tcp(5, 0, response)), Field::none);
  EXPECT_EQ(matched(tcp(5, 1, request), tcp(6, 1, response)), Field::transaction_id);
  EXPECT_EQ(matched(tcp(5, 1, request), tcp(5, 2, response)), Field::unit_id);
  const auto serial = [&](std::uint8_t asked, std::uint8_t answered) {
    const auto a = *encode_frame(Transport::rtu, 0, asked, request);
    const auto b = *encode_frame(Transport::rtu, 0, answered, response);
    const auto result = match_response(*decode_rtu(a.view(), Role::request), *decode_rtu(b.view(), Role::response));
    return result ? Field::none : result.error().field;
  };
  EXPECT_EQ(serial(1, 1), Field::none);
  EXPECT_EQ(serial(1, 2), Field::unit_id);
  EXPECT_EQ(serial(0, 0), Field::unit_id);
}

RC_GTEST_PROP(Message, WhatIsBuiltIsReadBack, (std::uint16_t address)) {
  const auto words = *rc::gen::resize(
      120, rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint16_t>>(rc::gen::arbitrary<std::uint16_t>())));
  const auto built = write_registers_request(address, words);
  const bool fits = words.size() <= 123 && address + words.size() <= 65536;
  RC_ASSERT(built.has_value() == fits);
  if (!built) return;
  const PduView pdu = request_of(*built);
  RC_ASSERT(pdu.address() == address && pdu.quantity() == words.size() && pdu.register_count() == words.size());
  for (std::size_t i = 0; i < words.size(); ++i) RC_ASSERT(pdu.register_at(i) == words[i]);
  const auto answer = write_response(pdu);
  RC_ASSERT(match_response(pdu, response_of(*answer)).has_value());
}

RC_GTEST_PROP(Message, PduSizeAgreesWithTheDecoder, (const Bytes& tail)) {
  constexpr std::uint8_t codes[] = {1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43, 0x83, 0xAB};
  Bytes octets = tail;
  octets.insert(octets.begin(), codes[*rc::gen::inRange<std::size_t>(0, std::size(codes))]);
  for (const auto role : {Role::request, Role::response}) {
    const auto size = pdu_size(octets, role);
    const auto pdu = decode_pdu(octets, role);
    if (size.kind == PduSize::Kind::known && size.octets < octets.size()) {
      RC_ASSERT(!pdu.has_value());
    } else if (pdu && size.kind != PduSize::Kind::unknown) {
      RC_ASSERT(size.kind == PduSize::Kind::known && size.octets == octets.size());
    }
  }
}

}  // namespace
}  // namespace duheng::modbus
