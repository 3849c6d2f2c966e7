#include "drivers/protocol/operations.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/dlt645/message.hpp"
#include "drivers/dlt645/dialect.hpp"
#include "drivers/dlt645/driver.hpp"

namespace duheng::drivers {
namespace {

const dlt645::Address meter_address = *dlt645::Address::parse("161");
constexpr std::int64_t now_utc_ms = 1'732'156'245'000;  // 2024-11-21T10:30:45+08:00, a Thursday

std::shared_ptr<const Operation> command(const std::string& keys, std::string* problem = nullptr) {
  const auto file = ConfigFile::parse("operation: { " + keys + " }\n", "m.yaml");
  auto out = dlt645_driver().command(file->root(), file->root().section("operation"));
  const auto fine = file->finish();
  if (problem != nullptr) *problem = fine ? "" : fine.error().message;
  return out;
}
std::shared_ptr<const Operation> writer(const std::string& item) {
  const auto file = ConfigFile::parse("item: { " + item + " }\nwrite: { level: 4 }\n", "m.yaml");
  return dlt645_driver().writer(file->root(), file->root().section("item"), file->root().section("write"));
}
OperationInputs inputs() {
  OperationInputs out;
  out.password = "123456";
  out.operator_code = "00112233";
  out.utc_ms = now_utc_ms;
  return out;
}
/// DATA without 33H of the one question, as the dialect sends it.
std::string sent(const Operation& operation, const OperationInputs& in = inputs(), std::size_t which = 0) {
  const auto queries = operation.build(in);
  if (!queries) return queries.error().message;
  Bytes frame;
  make_dlt645_dialect()->build(bus_address(meter_address), queries->at(which), 0, 4, frame);
  const auto decoded = dlt645::decode(frame);
  if (!decoded) return "no frame";
  return fmt::format("{} {:02X} {}", decoded->address().to_string(), decoded->control(),
                     to_hex(decoded->plain_data().view()));
}

TEST(Dlt645Operation, RelayCommandsCarryAuthorityAndAnEnd) {
  const auto trip = command("does: relay, relay: trip, valid_for_ms: 300000");
  ASSERT_NE(trip, nullptr);
  EXPECT_TRUE(trip->needs_password());
  EXPECT_TRUE(trip->build(inputs())->front().at_most_once);
  // PA 02, password 123456 and operator 00112233 low pair first, N1 1A, N2 00, until 10:35:45 on 21 November 2024.
  EXPECT_EQ(sent(*trip), "000000000161 1C 02563412332211001A00453510211124");
  EXPECT_EQ(sent(*command("does: relay, relay: close_permit, level: 98")),
            "000000000161 1C 98563412332211001B00453510211124");
  EXPECT_EQ(sent(*command("does: relay, relay: keep_power_release")).substr(32, 2), "3B");
}

TEST(Dlt645Operation, SaysOctetForOctetWhatTheCodecsBuildersSay) {
  const dlt645::Authority authority{2, {0x56, 0x34, 0x12}, {0x33, 0x22, 0x11, 0x00}};
  const auto frame = [](const Operation& operation, const OperationInputs& in = inputs()) {
    Bytes out;
    const auto queries = operation.build(in);
    make_dlt645_dialect()->build(bus_address(meter_address), queries->front(), 0, 4, out);
    return out;
  };
  EXPECT_EQ(frame(*command("does: relay, relay: alarm")),
            dlt645::control_request(meter_address, authority, dlt645::RelayCommand::alarm, {2024, 11, 21, 10, 35, 45})
                .to_bytes());
  EXPECT_EQ(frame(*command("does: clear_meter")),
            dlt645::clear_request(meter_address, dlt645::Function::clear_meter, authority).to_bytes());
  EXPECT_EQ(frame(*command("does: clear_events, di: 03110000")),
            dlt645::clear_events_request(meter_address, authority, {0x03110000}).to_bytes());
  EXPECT_EQ(frame(*command("does: clock_broadcast")), dlt645::broadcast_time({2024, 11, 21, 10, 30, 45}).to_bytes());
  EXPECT_EQ(frame(*command("does: freeze")), dlt645::freeze_request(meter_address, {}).to_bytes());
  auto in = inputs();
  in.arguments["new_password"] = "654321";
  EXPECT_EQ(frame(*command("does: change_password"), in),
            dlt645::change_password_request(meter_address, {0x04000C03}, {2, 0x56, 0x34, 0x12}, {2, 0x21, 0x43, 0x65})
                .to_bytes());
}

TEST(Dlt645Operation, ClearsAndPasswords) {
  EXPECT_EQ(sent(*command("does: clear_demand")), "000000000161 19 0256341233221100");
  EXPECT_EQ(sent(*command("does: clear_meter, level: 2")), "000000000161 1A 0256341233221100");
  EXPECT_EQ(sent(*command("does: clear_events, di: FFFFFFFF")), "000000000161 1B 0256341233221100FFFFFFFF");
  auto in = inputs();
  in.arguments["new_password"] = "654321";
  // 04000C03 is the password of level 2.
  EXPECT_EQ(sent(*command("does: change_password"), in), "000000000161 18 030C00040256341202214365");
  in.arguments["new_password"] = "65432";
  EXPECT_EQ(sent(*command("does: change_password"), in), "the new password must be 6 digits");
}

TEST(Dlt645Operation, ClockIsSetInTwoWritesAndBroadcastInOne) {
  const auto set = command("does: clock_set");
  ASSERT_EQ(set->build(inputs())->size(), 2U);
  EXPECT_EQ(sent(*set), "000000000161 14 01010004025634123322110004211124");
  EXPECT_EQ(sent(*set, inputs(), 1), "000000000161 14 020100040256341233221100453010");
  const auto broadcast = command("does: clock_broadcast");
  EXPECT_TRUE(broadcast->is_broadcast());
  EXPECT_FALSE(broadcast->needs_password());
  EXPECT_FALSE(broadcast->build(inputs())->front().has_answer);
  EXPECT_EQ(sent(*broadcast), "999999999999 08 453010211124");
  EXPECT_EQ(sent(*command("does: freeze")), "000000000161 16 99999999");
  EXPECT_EQ(sent(*command("does: freeze_broadcast")), "999999999999 16 99999999");
}

TEST(Dlt645Operation, ClockIsNotSetAcrossMidnight) {
  const auto set = command("does: clock_set");
  auto in = inputs();
  const std::int64_t midnight = 1'732'204'800'000;  // 2024-11-22T00:00:00+08:00
  in.utc_ms = midnight - 120'000;
  EXPECT_FALSE(set->build(in));
  in.utc_ms = midnight - 120'001;
  EXPECT_TRUE(set->build(in));
  in.utc_ms = midnight;
  EXPECT_TRUE(set->build(in));
}

TEST(Dlt645Operation, WritesOneFieldExactlyOrRefuses) {
  const auto limit = writer("di: 04000E03");  // XXX.X V
  ASSERT_NE(limit, nullptr);
  auto in = inputs();
  in.arguments["value"] = "253.5";
  EXPECT_EQ(sent(*limit, in), "000000000161 14 030E000404563412332211003525");
  in.arguments["value"] = "253.55";
  EXPECT_EQ(limit->build(in).error().code, ErrorCode::invalid_argument);
  in.arguments["value"] = "1000";
  EXPECT_EQ(limit->build(in).error().code, ErrorCode::invalid_argument);
  in.arguments["value"] = "-1";
  EXPECT_EQ(limit->build(in).error().code, ErrorCode::invalid_argument);
  in.arguments["value"] = "253.5";
  in.password = "";
  EXPECT_EQ(limit->build(in).error().code, ErrorCode::forbidden);
  in.password = "12345X";
  EXPECT_EQ(limit->build(in).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(limit->build(in).error().message.find("12345X"), std::string::npos);
  EXPECT_EQ(writer("di: 0201FF00"), nullptr);  // a block
  EXPECT_EQ(writer("di: 03110001"), nullptr);  // a record
}

TEST(Dlt645Operation, RefusesWrongFilesByLine) {
  std::string problem;
  command("does: relay, relay: push", &problem);
  EXPECT_EQ(problem.substr(0, 25), "m.yaml:1: 'relay' must be");
  command("does: clear_events, di: 12", &problem);
  EXPECT_EQ(problem, "m.yaml:1: 'di' must be eight hexadecimal digits, DI3 first");
}

TEST(Dlt645Secrets, AreOverwrittenAndTheChecksumWithThem) {
  Bytes all;
  const auto queue = [&](const Operation& operation, const OperationInputs& in) {
    Bytes frame;
    const auto queries = operation.build(in);
    make_dlt645_dialect()->build(bus_address(meter_address), queries->front(), 0, 4, frame);
    all.insert(all.end(), frame.begin(), frame.end());
  };
  auto in = inputs();
  in.arguments["value"] = "9";
  in.arguments["new_password"] = "654321";
  queue(*command("does: relay, relay: trip"), in);
  queue(*command("does: clear_meter"), in);
  queue(*writer("di: 04000301"), in);
  queue(*command("does: change_password"), in);
  const Bytes before = all;
  dlt645_driver().mask_secrets(all);
  ASSERT_EQ(all.size(), before.size());
  // 123456 and 654321 as they travel: 33H added.
  for (const Bytes& secret : {Bytes{0x89, 0x67, 0x45}, Bytes{0x54, 0x76, 0x98}}) {
    EXPECT_NE(std::search(before.begin(), before.end(), secret.begin(), secret.end()), before.end());
    EXPECT_EQ(std::search(all.begin(), all.end(), secret.begin(), secret.end()), all.end());
  }
  // Still four whole frames, each otherwise as it was.
  std::size_t frames = 0;
  for (ByteView rest = all; !rest.empty();) {
    const auto frame = dlt645::decode(rest);
    ASSERT_TRUE(frame.has_value());
    ++frames;
    EXPECT_EQ(frame->address(), meter_address);
    rest = rest.subspan(frame->end_offset());
  }
  EXPECT_EQ(frames, 4U);
  // A meter repeats the new password.
  Bytes reply = dlt645::change_password_reply(meter_address, {2, 0x21, 0x43, 0x65}).to_bytes();
  dlt645_driver().mask_secrets(reply);
  EXPECT_EQ(to_hex(dlt645::decode(reply)->wire_data()).substr(0, 8), "35000000");
  // What holds no secret stays.
  const auto read = dlt645::read_request(meter_address, {0x00010000});
  Bytes plain = read.to_bytes();
  dlt645_driver().mask_secrets(plain);
  EXPECT_EQ(plain, read.to_bytes());
  Bytes cut(before.begin(), before.begin() + 20);
  dlt645_driver().mask_secrets(cut);  // half a frame is none
  EXPECT_EQ(cut, Bytes(before.begin(), before.begin() + 20));
}

TEST(Dlt645Refusal, WordsForPeople) {
  EXPECT_EQ(dlt645_driver().refusal_word(0x04), "password_wrong");
  EXPECT_EQ(dlt645_driver().refusal_word(0x02), "no_such_data");
  EXPECT_EQ(dlt645_driver().refusal_word(0x01), "refused");
}

}  // namespace
}  // namespace duheng::drivers
