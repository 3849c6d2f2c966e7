#include "drivers/protocol/operations.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/message.hpp"
#include "drivers/dlt698/dialect.hpp"
#include "drivers/dlt698/driver.hpp"

namespace duheng::drivers {
namespace {

const BusAddress meter = *dlt698_driver().address("201605190907", 12);
constexpr std::int64_t now_utc_ms = 1'732'156'245'000;  // 2024-11-21T10:30:45+08:00

std::shared_ptr<const Operation> command(const std::string& keys) {
  const auto file = ConfigFile::parse("operation: { " + keys + " }\n", "m.yaml");
  auto out = dlt698_driver().command(file->root(), file->root().section("operation"));
  EXPECT_TRUE(file->finish());
  return out;
}
std::shared_ptr<const Operation> writer(const std::string& item) {
  const auto file = ConfigFile::parse("item: { " + item + " }\nwrite: { password: false }\n", "m.yaml");
  return dlt698_driver().writer(file->root(), file->root().section("item"), file->root().section("write"));
}
OperationInputs inputs() {
  OperationInputs out;
  out.password = "00000000";
  out.utc_ms = now_utc_ms;
  return out;
}
Bytes sent(Dialect& dialect, const Query& query) {
  Bytes frame;
  dialect.build(meter, query, 0, 4, frame);
  return frame;
}
/// The APDU of the last question, PIID 0.
std::string last_apdu(const Operation& operation, const OperationInputs& in = inputs()) {
  const auto queries = operation.build(in);
  if (!queries) return queries.error().message;
  return to_hex(Bytes{static_cast<std::uint8_t>(queries->back().operation)}) + to_hex(queries->back().body);
}

TEST(Dlt698Operation, RelayMethodsCarryTheirArguments) {
  const auto trip = command("does: trip, alarm_minutes: 1, limit_minutes: 30, closes_itself: true");
  EXPECT_TRUE(trip->needs_password());
  ASSERT_EQ(trip->build(inputs())->size(), 2U);
  EXPECT_FALSE(trip->build(inputs())->front().at_most_once);
  EXPECT_TRUE(trip->build(inputs())->back().at_most_once);
  // ACTION 8000 8100: array of one structure of relay, u8, u16, bool; no time tag.
  EXPECT_EQ(last_apdu(*trip),
            "07010080008100010102"
            "0451F20502011101"
            "12001E"
            "0301"
            "00");
  EXPECT_EQ(last_apdu(*command("does: close_permit")), "070100800082000101020251F2050201160000");
  EXPECT_EQ(last_apdu(*command("does: close_direct")), "070100800082000101020251F2050201160100");
  EXPECT_EQ(last_apdu(*command("does: keep_power")), "07010080017F000000");
}

TEST(Dlt698Operation, ClockAndSettlementDay) {
  EXPECT_EQ(last_apdu(*command("does: clock_set")), "060100400002001C07E80B150A1E2D00");
  const auto broadcast = command("does: clock_broadcast");
  EXPECT_TRUE(broadcast->is_broadcast());
  const auto queries = broadcast->build(inputs());
  ASSERT_EQ(queries->size(), 1U);
  EXPECT_FALSE(queries->front().has_answer);
  const auto frame = sent(*make_dlt698_dialect(), queries->front());
  EXPECT_EQ(dlt698::decode(frame)->server_address(), dlt698::ServerAddress::broadcast());
  auto in = inputs();
  in.arguments = {{"day", "5"}, {"hour", "12"}};
  EXPECT_EQ(last_apdu(*command("does: settlement_day"), in),
            "0601004116020001010202110511"
            "0C00");
  in.arguments["day"] = "29";
  EXPECT_FALSE(command("does: settlement_day")->build(in));
}

TEST(Dlt698Operation, WritesTheTypeOfTheTableExactlyOrRefuses) {
  const auto period = writer("oad: \"41000200\"");  // u8
  ASSERT_NE(period, nullptr);
  EXPECT_FALSE(period->needs_password());
  auto in = inputs();
  in.arguments["value"] = "15";
  EXPECT_EQ(last_apdu(*period, in), "06010041000200110F00");
  for (const char* wrong : {"256", "-1", "1.5", "x"}) {
    in.arguments["value"] = wrong;
    EXPECT_EQ(period->build(in).error().code, ErrorCode::invalid_argument) << wrong;
  }
  const auto clock = writer("oad: \"40000200\"");
  in.arguments["value"] = "2024-02-29T23:59:58";
  EXPECT_EQ(last_apdu(*clock, in), "060100400002001C07E8021D173B3A00");
  in.arguments["value"] = "2023-02-29T23:59:58";
  EXPECT_FALSE(clock->build(in));
  EXPECT_EQ(writer("oad: \"40010200\""), nullptr);  // octets
  EXPECT_EQ(writer("oad: \"20000200\""), nullptr);  // an array
}

TEST(Dlt698Operation, ASpeedIsAPortsComdcbAndTakesTheDeviceElsewhere) {
  const auto change = command("does: change_speed");
  auto in = inputs();
  in.arguments["speed"] = "9600";
  // ACTION F201 7F00: structure of port, COMDCB (9600, even, 8, 1, none), meter reading.
  EXPECT_EQ(last_apdu(*change, in), "070100F2017F00020351F20102015F0602080100160100");
  EXPECT_EQ(change->moves_to(in), (NewPlace{.address = {}, .baud = 9'600}));
  EXPECT_EQ(to_hex(change->tell_format({2'400, {}}, in)->back().body).substr(26, 12), "5F0302080100");
  in.arguments["whole_line"] = "1";
  EXPECT_TRUE(change->moves_to(in)->whole_line);
  in.arguments["speed"] = "1000";
  EXPECT_EQ(change->build(in).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(command("does: change_speed, password: true")->needs_password());
}

TEST(Dlt698Operation, AnAddressIsSixOctetsOf4001) {
  const auto write = command("does: write_address");
  auto in = inputs();
  in.arguments["address"] = "202699000042";
  EXPECT_EQ(last_apdu(*write, in), "06010040010200090620269900004200");
  EXPECT_EQ(write->moves_to(in), (NewPlace{.address = "202699000042", .baud = 0}));
  for (const char* wrong : {"20269900004", "20269900004A", ""}) {
    in.arguments["address"] = wrong;
    EXPECT_EQ(write->build(in).error().code, ErrorCode::invalid_argument) << wrong;
  }
}

TEST(Dlt698Operation, NeedsAUsablePassword) {
  const auto trip = command("does: trip");
  auto in = inputs();
  in.password.clear();
  EXPECT_EQ(trip->build(in).error().code, ErrorCode::forbidden);
  in.password = "with\nline";
  EXPECT_EQ(trip->build(in).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(trip->build(in).error().message.find("line"), std::string::npos);
}

/// What the dialect makes of an answer's APDU to a question.
Judgement judged(Dialect& dialect, const Query& query, Bytes answer) {
  const Bytes request = sent(dialect, query);
  const auto question = dlt698::decode(request);
  const std::size_t place = query.operation == 0x02 ? 1 : 2;
  if (answer.size() > place && answer[0] != 0xEE) answer[place] = question->wire_user_data()[place];
  if (answer[0] == 0xEE) answer[1] = question->wire_user_data()[place];
  dlt698::FrameFields fields;
  fields.control = dlt698::control_codes::server_reply;
  fields.server_address = *dlt698::ServerAddress::from_wire(meter.octets()[0], meter.octets().subspan(1));
  fields.user_data = answer;
  const auto frame = dlt698::encode(fields);
  return dialect.judge({*frame, meter, true}, query, 0, request);
}
Bytes octets(const dlt698::Node& apdu) { return *dlt698::encode_tree(dlt698::types::apdu, apdu); }

TEST(Dlt698Dialect, TellsARefusedWriteFromOneThatWasDone) {
  const auto dialect = make_dlt698_dialect();
  const auto set = command("does: clock_set, password: false")->build(inputs())->back();
  EXPECT_EQ(judged(*dialect, set, octets(dlt698::set_response(0, {0x4000, 2, 0}, 0))).fit, Fit::whole);
  const auto refused = judged(*dialect, set, octets(dlt698::set_response(0, {0x4000, 2, 0}, 15)));
  EXPECT_EQ(refused.fit, Fit::refusal);
  EXPECT_EQ(dlt698_driver().refusal_word(refused.error), "password_wrong");
  const auto act = command("does: keep_power, password: false")->build(inputs())->back();
  EXPECT_EQ(judged(*dialect, act, octets(dlt698::action_response(0, 0x80017F00, 0))).fit, Fit::whole);
  EXPECT_EQ(judged(*dialect, act, octets(dlt698::action_response(0, 0x80017F00, 3))).error, 3U);
  // An answer to another service is none to this one; that the server cannot is.
  EXPECT_EQ(judged(*dialect, act, octets(dlt698::set_response(0, {0x4000, 2, 0}, 0))).fit, Fit::none);
  const auto error = judged(*dialect, act, {0xEE, 0x00, 0x02, 0x00, 0x00});
  EXPECT_EQ(error.fit, Fit::refusal);
  EXPECT_EQ(dlt698_driver().refusal_word(error.error), "not_supported");
}

TEST(Dlt698Dialect, UnderstandsWhetherConnectWasAllowed) {
  const auto dialect = make_dlt698_dialect();
  const auto connect = command("does: trip")->build(inputs())->front();
  auto response = dlt698::prototype(dlt698::types::connect_response);
  EXPECT_EQ(judged(*dialect, connect, octets(response)).fit, Fit::whole);
  ASSERT_TRUE(dlt698::set_part(response, "result", dlt698::make::number(dlt698::types::enumeration, 1)));
  const auto refused = judged(*dialect, connect, octets(response));
  EXPECT_EQ(refused.fit, Fit::refusal);
  EXPECT_EQ(dlt698_driver().refusal_word(refused.error), "password_wrong");
}

TEST(Dlt698Secrets, AreOverwrittenAndTheCheckWithThem) {
  const auto dialect = make_dlt698_dialect();
  auto in = inputs();
  in.password = "oldSecret";
  in.arguments["new_password"] = "newSecret";
  Bytes all;
  const auto queries = command("does: change_password")->build(in);
  for (const auto& query : *queries) {
    const Bytes frame = sent(*dialect, query);
    all.insert(all.end(), frame.begin(), frame.end());
  }
  const auto holds = [&](std::string_view text) { return as_text(all).find(text) != std::string_view::npos; };
  EXPECT_TRUE(holds("oldSecret") && holds("newSecret"));
  dlt698_driver().mask_secrets(all);
  EXPECT_FALSE(holds("oldSecret") || holds("newSecret") || holds("Secret"));
  std::size_t frames = 0;
  for (ByteView rest = all; !rest.empty(); ++frames) {
    const auto frame = dlt698::decode(rest);  // checks both sums
    ASSERT_TRUE(frame.has_value());
    EXPECT_TRUE(dlt698::decode_tree(dlt698::types::apdu, frame->wire_user_data()));
    rest = rest.subspan(frame->end_offset());
  }
  EXPECT_EQ(frames, 2U);
  const auto get = sent(*dialect, dlt698_get(std::array{dlt698::Oad{0x0010, 2, 1}}));
  Bytes plain = get;
  dlt698_driver().mask_secrets(plain);
  EXPECT_EQ(plain, get);
}

}  // namespace
}  // namespace duheng::drivers
