#include "codec/cjt188/message.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "codec/cjt188/test_vectors.hpp"

namespace duheng::cjt188 {
namespace {

/// The octets of a captured frame, from its preamble on.
std::string vector_hex(std::string_view name) {
  for (const TestVector& vector : test_vectors()) {
    if (vector.name == name) return to_hex(vector.octets, ' ');
  }
  return "no such vector";
}
std::string hex_of(const BuiltFrame& frame) {
  return frame ? to_hex(frame->view(), ' ') : std::string(to_string(frame.error().field));
}
Peer peer(std::uint8_t type, const char* address, std::uint8_t sequence, IdentifierOrder order, std::uint8_t preamble) {
  return {.meter_type = type,
          .address = *Address::parse(address),
          .sequence = sequence,
          .identifier_order = order,
          .preamble_octets = preamble};
}
constexpr auto low = IdentifierOrder::low_first;
constexpr auto high = IdentifierOrder::high_first;

TEST(Builders, MakeTheCapturedQuestions) {
  EXPECT_EQ(hex_of(read_request(peer(0x10, "00000805000001", 0, low, 0), identifiers::metering)),
            vector_hex("fox_request_1f90"));
  EXPECT_EQ(hex_of(read_request(peer(0x10, "00201510270588", 1, high, 0), identifiers::metering)),
            vector_hex("friendcom_request"));
  EXPECT_EQ(hex_of(read_request(peer(0x20, "00312718241912", 0x12, low, 5), identifiers::metering)),
            vector_hex("heat_request_ultrasonic"));
  EXPECT_EQ(hex_of(read_request(peer(0x10, "AAAAAAAAAAAAAA", 2, low, 0), identifiers::supply_temperature)),
            vector_hex("mbus_read_905f"));
  EXPECT_EQ(hex_of(read_address_request(peer(0x10, "AAAAAAAAAAAAAA", 1, high, 3))), vector_hex("wm_read_address"));
}

TEST(Builders, MakeTheCapturedCommands) {
  const Peer water = peer(0x10, "00000019121301", 1, high, 3);
  EXPECT_EQ(hex_of(valve_request(water, ValveCommand::close)), vector_hex("wm_valve_force_close"));
  EXPECT_EQ(hex_of(valve_request(water, ValveCommand::open)), vector_hex("wm_valve_force_open"));
  EXPECT_EQ(hex_of(valve_request(water, ValveCommand::vendor_free_open)), vector_hex("wm_valve_free_open"));
  EXPECT_EQ(hex_of(valve_request(water, ValveCommand::vendor_read_state)), vector_hex("wm_valve_state"));
  const Peer gas = peer(0x30, "3", 1, low, 3);
  EXPECT_EQ(hex_of(valve_request(gas, ValveCommand::close)), vector_hex("gas_valve_close"));
  const Peer gas_ff = peer(0x30, "3", 0xFF, low, 3);
  EXPECT_EQ(hex_of(write_address_request(gas_ff, *Address::parse("5"))), vector_hex("gas_write_address"));
  EXPECT_EQ(hex_of(write_sync_request(gas_ff, 12'345'678, {})), vector_hex("gas_write_sync"));
  const PriceTable wanted{{30201, 90807, 151413}, {60504, 121110}, 16};
  EXPECT_EQ(hex_of(write_price_table_request(peer(0x11, "01020304050607", 0, high, 0), wanted)),
            vector_hex("icprog_write_a010"));
}

TEST(Builders, MakeTheCapturedAnswers) {
  const auto octets = [](const char* hex) { return from_hex(hex).value(); };
  EXPECT_EQ(hex_of(read_reply(peer(0x10, "78330011223344", 0, low, 0), identifiers::metering,
                              octets("00 77 66 55 2C 00 77 66 55 2C 31 01 22 11 05 15 20 21 84"))),
            vector_hex("fox_reply_fixed_checksum"));
  EXPECT_EQ(hex_of(read_address_reply(peer(0x10, "78330123456789", 0xA7, low, 2))),
            vector_hex("go_read_address_reply"));
  const Peer php = peer(0x10, "77665544332211", 1, high, 0);
  EXPECT_EQ(hex_of(key_version_reply(php, 0x11)), vector_hex("php_keyver_8106_checksum_recomputed"));
  EXPECT_EQ(hex_of(error_reply(php, 0x01, {0x11, 0x22})), vector_hex("php_error_reply_c1_checksum_recomputed"));
}

TEST(Builders, EveryFunctionHasItsCode) {
  const Peer to{};
  const auto control_of = [](const BuiltFrame& frame) { return decode(frame.value().view()).value().control(); };
  EXPECT_EQ(control_of(read_key_version_request(to)), 0x09);
  EXPECT_EQ(control_of(write_settlement_day_request(to, 1)), 0x04);
  EXPECT_EQ(control_of(write_reading_day_request(to, 1)), 0x04);
  EXPECT_EQ(control_of(write_purchase_request(to, 1, 100)), 0x04);
  EXPECT_EQ(control_of(write_key_request(to, 1, {})), 0x04);
  EXPECT_EQ(control_of(write_clock_request(to, {2026, 1, 2, 3, 4, 5})), 0x04);
  EXPECT_EQ(control_of(write_sync_request(to, 1, {})), 0x16);
  EXPECT_EQ(control_of(write_address_request(to, {})), 0x15);
  EXPECT_EQ(control_of(factory_enable_request(to)), 0x04);
  EXPECT_EQ(control_of(write_reply(to, Function::write, identifiers::valve)), 0x84);
  EXPECT_EQ(control_of(write_reply(to, Function::write_address, identifiers::write_address)), 0x95);
  EXPECT_EQ(control_of(write_reply(to, Function::write_sync, identifiers::write_sync)), 0x96);
  EXPECT_EQ(control_of(short_error_reply(to, 0x09, 1)), 0xC9);
}

TEST(Builders, RefuseWhatDoesNotFit) {
  const Peer to{};
  EXPECT_EQ(write_purchase_request(to, 1, 100'000'000).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(write_settlement_day_request(to, 100).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(write_price_table_request(to, {{1'000'000, 0, 0}, {}, 1}).error().octet_offset, 3U);
  EXPECT_EQ(write_clock_request(to, {2026, 2, 29, 0, 0, 0}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(write_clock_request(to, {1999, 2, 1, 0, 0, 0}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(valve_request(to, ValveCommand::unknown).error().code, ErrorCode::invalid_argument);
  const Peer standard{.profile = find_profile("standard_2004")};
  EXPECT_EQ(valve_request(standard, ValveCommand::vendor_free_open).error().code, ErrorCode::invalid_argument);
  const Peer word{.profile = find_profile("valve_word")};
  EXPECT_EQ(valve_request(word, ValveCommand::open).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_reply(to, identifiers::metering, Bytes(253)).error().code, ErrorCode::limit_exceeded);
  Profile narrow = default_profile();
  narrow.write_data_octets_max = 0x32;
  EXPECT_EQ(write_request({.profile = &narrow}, {0xA103}, Bytes(48)).error().octet_offset, 0x32U);
  EXPECT_TRUE(write_request({.profile = &narrow}, {0xA103}, Bytes(47)));
}

TEST(Messages, AreTakenApart) {
  const auto frame = read_reply({.sequence = 9, .identifier_order = high}, identifiers::metering, Bytes(19)).value();
  const auto message = parse_message(decode(frame.view()).value()).value();
  EXPECT_EQ(message.identifier.identifier, identifiers::metering);
  EXPECT_EQ(message.identifier.order, high);
  EXPECT_TRUE(message.identifier.known);
  EXPECT_EQ(message.sequence, 9);
  EXPECT_EQ(message.payload.size(), 19U);
  EXPECT_EQ(message.function_class, FunctionClass::reads);
  EXPECT_TRUE(message.from_slave);
}

TEST(Messages, ShortDataNamesWhatIsMissing) {
  for (std::size_t size = 0; size < 3; ++size) {
    const auto frame = encode({.control = 0x81, .data = Bytes(size, 0x90)}).value();
    const auto error = parse_message(decode(frame.view()).value()).error();
    EXPECT_EQ(error.code, ErrorCode::truncated);
    EXPECT_EQ(error.field, size < 2 ? Field::data_identifier : Field::sequence);
    EXPECT_EQ(error.octet_offset, size);
  }
}

TEST(Messages, RefusalsHaveNoIdentifier) {
  const auto view_of = [](const FrameBuffer& frame) { return decode(frame.view()).value(); };
  const auto common = error_reply({.sequence = 5}, 0x04, {0x11, 0x22}).value();
  EXPECT_EQ(parse_message(view_of(common)).error().code, ErrorCode::unsupported);
  const auto reply = parse_error_reply(view_of(common)).value();
  EXPECT_TRUE(reply.has_sequence);
  EXPECT_EQ(reply.sequence, 5);
  EXPECT_EQ(reply.status[1], 0x22);
  const auto brief = short_error_reply({}, 0x04, 0x33).value();
  EXPECT_EQ(parse_error_reply(view_of(brief))->status[0], 0x33);
  EXPECT_EQ(parse_error_reply(view_of(brief))->status_octets, 1);
  const auto other = encode({.control = 0xC1, .data = Bytes(2)}).value();
  EXPECT_FALSE(parse_error_reply(view_of(other)));
}

TEST(Identifiers, AreReadInEitherOrder) {
  EXPECT_EQ(resolve_identifier(0x1F, 0x90, high).order, low);
  EXPECT_EQ(resolve_identifier(0x90, 0x1F, low).order, high);
  EXPECT_FALSE(resolve_identifier(0x19, 0xBB, low).known);
  EXPECT_EQ(resolve_identifier(0x19, 0xBB, low).identifier.value, 0xBB19);
  EXPECT_EQ(resolve_identifier(0x19, 0xBB, high).identifier.value, 0x19BB);
  const auto both = resolve_identifier(0xD2, 0xD3, low);
  EXPECT_TRUE(both.ambiguous);
  EXPECT_EQ(both.identifier.value, 0xD3D2);
  EXPECT_EQ(resolve_identifier(0xD2, 0xD3, high).identifier.value, 0xD2D3);
  EXPECT_FALSE(resolve_identifier(0xD2, 0xD2, low).ambiguous);
}

TEST(Identifiers, OnlyTheFreezesAreAmbiguous) {
  for (unsigned value = 0; value < 0x10000; ++value) {
    const auto resolved =
        resolve_identifier(static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8), low);
    const bool both_history =
        (value & 0xFF) >= 0xD2 && (value & 0xFF) <= 0xD4 && value >> 8 >= 0xD2 && value >> 8 <= 0xD4;
    EXPECT_EQ(resolved.ambiguous, both_history && (value & 0xFF) != value >> 8) << value;
  }
}

TEST(Types, FamiliesFollowTheHighDigit) {
  EXPECT_EQ(family_of(0x10), MeterFamily::water);
  EXPECT_EQ(family_of(0x25), MeterFamily::heat);
  EXPECT_EQ(family_of(0x39), MeterFamily::gas);
  EXPECT_EQ(family_of(0x40), MeterFamily::user_defined);
  EXPECT_EQ(family_of(0xAA), MeterFamily::any);
  EXPECT_EQ(family_of(0x1A), MeterFamily::unknown);
  EXPECT_EQ(family_of(0x00), MeterFamily::unknown);
}

}  // namespace
}  // namespace duheng::cjt188
