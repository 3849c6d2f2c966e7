#include "device/snmp/virtual_switch.hpp"

#include <gtest/gtest.h>

#include "codec/snmp/message.hpp"
#include "device/memory/ram_memory.hpp"

namespace duheng::device {
namespace {

using snmp::ObjectId;
using snmp::Pdu;
using snmp::PduType;

constexpr std::int64_t start_ms = 1'750'000'000'000;
ObjectId id(std::string_view text) { return *ObjectId::parse(text); }

SnmpUser duheng_user() {
  return {"duheng", snmp::Authentication::sha256, snmp::Privacy::aes128, "authentication", "encryption-key"};
}

class VirtualSwitchTest : public testing::Test {
 protected:
  void SetUp() override { begin(); }
  void begin() {
    VirtualSwitchOptions options;
    options.uid = "switch-1";
    options.community = "public-no-more";
    options.user = duheng_user();
    options.body.name = "switch-1";
    options.body.ports = 4;
    options.body.carries = {"line-a", "line-b"};
    options.utc_ms = now_ms_;
    options.memory = memory_;
    switch_ = *VirtualSwitch::make(options);
  }
  std::optional<Pdu> ask(Pdu pdu, std::string_view community = "public-no-more") {
    pdu.request_id = ++request_;
    const auto said = switch_->answer(now_ms_, snmp::encode_community_message(community, pdu));
    if (!said) return std::nullopt;
    const auto message = snmp::parse_community_message(said->octets);
    EXPECT_TRUE(message);
    auto answer = snmp::parse_pdu(message->pdu);
    EXPECT_TRUE(answer);
    EXPECT_EQ(answer->request_id, request_);
    EXPECT_EQ(answer->type, PduType::response);
    return *answer;
  }
  std::optional<Pdu> ask(PduType type, std::initializer_list<std::string_view> names) {
    Pdu pdu;
    pdu.type = type;
    for (const auto name : names) pdu.bindings.push_back({id(name), {}});
    return ask(pdu);
  }
  std::int64_t number(std::string_view name) {
    const auto answer = ask(PduType::get, {name});
    return answer ? answer->bindings.at(0).value.number().value_or(-1) : -2;
  }
  std::int64_t column(std::uint32_t which, std::uint32_t port) {
    return number("1.3.6.1.2.1.2.2.1." + std::to_string(which) + "." + std::to_string(port));
  }
  void drill(std::string_view text) { switch_->obey(now_ms_, *parse_switch_drills(text)); }

  std::int64_t now_ms_ = start_ms;
  std::int32_t request_ = 0;
  std::shared_ptr<RamMemory> memory_ = std::make_shared<RamMemory>();
  std::shared_ptr<VirtualSwitch> switch_;
};

TEST_F(VirtualSwitchTest, TellsWhatItIsAndForHowLongItRuns) {
  now_ms_ += 12'340;
  EXPECT_EQ(number("1.3.6.1.2.1.1.3.0"), 1'234);
  EXPECT_EQ(number("1.3.6.1.2.1.2.1.0"), 4);
  const auto answer = ask(PduType::get, {"1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.31.1.1.1.18.2"});
  EXPECT_EQ(as_text(answer->bindings[0].value.content), "switch-1");
  EXPECT_EQ(as_text(answer->bindings[1].value.content), "line-a");
  EXPECT_EQ(column(8, 1), 1);
  EXPECT_EQ(column(8, 3), 1);
  EXPECT_EQ(column(7, 4), 1);  // nobody shut it off,
  EXPECT_EQ(column(8, 4), 2);  // but nothing is in it
}

TEST_F(VirtualSwitchTest, KeepsSilentToWhoHasNotTheCommunity) {
  EXPECT_FALSE(ask(Pdu{}, "public"));
  EXPECT_FALSE(ask(Pdu{}, ""));
  Bytes of_version_1 = snmp::encode_community_message("public-no-more", Pdu{});
  of_version_1[4] = 0;
  EXPECT_FALSE(switch_->answer(now_ms_, of_version_1));
  EXPECT_FALSE(switch_->answer(now_ms_, Bytes{0x30, 0x82}));
}

TEST_F(VirtualSwitchTest, MissingObjectsAreToldFromMissingInstances) {
  const auto answer = ask(PduType::get, {"1.3.6.1.2.1.2.2.1.8.9", "1.3.6.1.2.1.1.99.0", "1.3.6.1.2.1.1.3"});
  EXPECT_EQ(answer->error_status, 0);
  EXPECT_EQ(answer->bindings[0].value.tag, snmp::tag::no_such_instance);
  EXPECT_EQ(answer->bindings[1].value.tag, snmp::tag::no_such_object);
  EXPECT_EQ(answer->bindings[2].value.tag, snmp::tag::no_such_object);
}

TEST_F(VirtualSwitchTest, AWalkMeetsEveryObjectOnceInOrderAndEnds) {
  std::vector<ObjectId> names;
  for (ObjectId at = id("1.3"); names.size() < 1'000;) {
    Pdu pdu;
    pdu.type = PduType::get_next;
    pdu.bindings = {{at, {}}};
    const auto answer = ask(pdu);
    ASSERT_TRUE(answer);
    if (answer->bindings[0].value.tag == snmp::tag::end_of_mib_view) {
      EXPECT_EQ(answer->bindings[0].name, at);
      break;
    }
    ASSERT_LT(at, answer->bindings[0].name);
    at = answer->bindings[0].name;
    names.push_back(at);
  }
  EXPECT_EQ(names.size(), 8U + 6U + 4U * (17U + 8U));
  // The same by GETBULK, whatever fits into a datagram.
  std::vector<ObjectId> bulk;
  for (ObjectId at = id("1.3"); bulk.size() < 1'000;) {
    Pdu pdu;
    pdu.type = PduType::get_bulk;
    pdu.error_index = 100;  // max-repetitions
    pdu.bindings = {{at, {}}};
    const auto answer = ask(pdu);
    ASSERT_FALSE(answer->bindings.empty());
    bool is_over = false;
    for (const auto& one : answer->bindings) {
      if (!one.value.is_absent()) bulk.push_back(one.name);
      is_over = is_over || one.value.is_absent();
    }
    if (is_over) break;
    at = bulk.back();
  }
  EXPECT_EQ(bulk, names);
}

TEST_F(VirtualSwitchTest, BulkEndsWithTheMibAndWithTheDatagram) {
  Pdu pdu;
  pdu.type = PduType::get_bulk;
  pdu.error_status = 1;  // non-repeaters
  pdu.error_index = 5;
  pdu.bindings = {{id("1.3.6.1.2.1.1.3"), {}}, {id("1.3.6.1.2.1.99.1.1.1.5"), {}}};
  const auto end = ask(pdu);
  ASSERT_EQ(end->bindings.size(), 3U);  // uptime, the last object, the end; no further rows of nothing
  EXPECT_EQ(end->bindings[0].name, id("1.3.6.1.2.1.1.3.0"));
  EXPECT_EQ(end->bindings[1].name, id("1.3.6.1.2.1.99.1.1.1.5.1"));
  EXPECT_EQ(end->bindings[2].value.tag, snmp::tag::end_of_mib_view);
  pdu.error_index = INT32_MAX;
  pdu.bindings.assign(40, {id("1.3"), {}});
  const auto large = ask(pdu);
  EXPECT_LE(snmp::encode_community_message("public-no-more", *large).size(), SnmpAgent::response_octets_max);
  pdu.error_status = pdu.error_index = -1;
  EXPECT_TRUE(ask(pdu)->bindings.empty());
}

TEST_F(VirtualSwitchTest, WhatIsTooMuchForADatagramIsToldSo) {
  Pdu pdu;
  pdu.type = PduType::get;
  pdu.bindings.assign(100, {id("1.3.6.1.2.1.1.1.0"), {}});
  const auto answer = ask(pdu);
  EXPECT_EQ(answer->error_status, 1);
  EXPECT_TRUE(answer->bindings.empty());
}

TEST_F(VirtualSwitchTest, WritesNothing) {
  Pdu pdu;
  pdu.type = PduType::set;
  pdu.bindings = {{id("1.3.6.1.2.1.1.5.0"), snmp::Value::of_text("mine")}};
  const auto answer = ask(pdu);
  EXPECT_EQ(answer->error_status, 17);
  EXPECT_EQ(answer->error_index, 1);
  EXPECT_EQ(as_text(ask(PduType::get, {"1.3.6.1.2.1.1.5.0"})->bindings[0].value.content), "switch-1");
  pdu.type = PduType::response;
  EXPECT_FALSE(ask(pdu));
}

TEST_F(VirtualSwitchTest, CountersGrowAndWhatComesInGoesOut) {
  std::int64_t before = 0;
  for (int minute = 0; minute < 50; ++minute) {
    now_ms_ += 60'000;
    switch_->body().carry(now_ms_, 2, 1'000, 100);
    const std::int64_t in_2 = column(10, 2);
    EXPECT_GT(in_2, before);
    before = in_2;
  }
  EXPECT_EQ(column(16, 1), column(10, 2) + column(10, 3));  // the uplink's out is what came in elsewhere
  EXPECT_EQ(column(10, 1), column(16, 2) + column(16, 3));
  EXPECT_EQ(number("1.3.6.1.2.1.31.1.1.1.6.2"), before);
  EXPECT_EQ(column(10, 4), 0);  // nothing is in it
  now_ms_ -= 3'600'000;         // a clock set back stands still
  EXPECT_EQ(column(10, 2), before);
}

TEST_F(VirtualSwitchTest, ALinkGoesDownAndComesBack) {
  now_ms_ += 60'000;
  drill("switch-1 unplugged 2\nswitch-1 errors 3 7\nother off\n");
  EXPECT_EQ(column(8, 2), 2);
  EXPECT_EQ(column(7, 2), 1);
  EXPECT_EQ(column(9, 2), 6'000);
  EXPECT_FALSE(switch_->body().passes(2));
  EXPECT_TRUE(switch_->body().passes(3));
  const std::int64_t stands = column(10, 2);
  const std::int64_t errors = column(14, 3);
  now_ms_ += 600'000;
  EXPECT_EQ(column(10, 2), stands);
  EXPECT_GE(column(14, 3), errors + 7 * 300);  // by night half, by day more
  drill("switch-1 disabled 3\n");
  EXPECT_EQ(column(8, 2), 1);
  EXPECT_EQ(column(7, 3), 2);
  EXPECT_EQ(column(8, 3), 2);
  drill("");
  EXPECT_EQ(column(7, 3), 1);
  drill("switch-1 unplugged 4\n");
  drill("");
  EXPECT_EQ(column(8, 4), 2);  // an empty port stays empty
}

TEST_F(VirtualSwitchTest, WithoutSupplyOrUplinkNobodyReachesIt) {
  now_ms_ += 3'600'000;
  drill("switch-1 unplugged 1");
  EXPECT_EQ(number("1.3.6.1.2.1.1.3.0"), -2);
  EXPECT_FALSE(switch_->body().passes(2));
  drill("switch-1 off");
  EXPECT_EQ(number("1.3.6.1.2.1.1.3.0"), -2);
  now_ms_ += 60'000;
  drill("");
  now_ms_ += 5'000;
  EXPECT_EQ(number("1.3.6.1.2.1.1.3.0"), 500);  // it has started anew
  EXPECT_LT(column(10, 2), 5 * 2 * 4'200);
  switch_->happen(now_ms_, {DeviceHappening::Kind::power, 0});
  EXPECT_EQ(number("1.3.6.1.2.1.1.3.0"), -2);
  switch_->happen(now_ms_, {DeviceHappening::Kind::power, 1});
  EXPECT_EQ(number("1.3.6.1.2.1.1.3.0"), 0);
}

/// The master's side of version 3.
class VirtualSwitchV3 : public VirtualSwitchTest {
 protected:
  struct Told {
    snmp::ScopedPdu scoped;
    std::int32_t boots = 0;
    std::int32_t time_s = 0;
  };
  /// Nothing: silence.
  std::optional<Told> tell(ByteView octets, const snmp::UserKeys& keys) {
    const auto said = switch_->answer(now_ms_, octets);
    if (!said) return std::nullopt;
    const auto message = snmp::parse_secure_message(said->octets);
    EXPECT_TRUE(message);
    auto opened = snmp::open_message(said->octets, *message, keys);
    EXPECT_TRUE(opened) << opened.error().message;
    engine_.assign(message->engine_id.begin(), message->engine_id.end());
    if (!opened) return std::nullopt;
    return Told{std::move(*opened), message->engine_boots, message->engine_time_s};
  }
  std::uint32_t report_in(const std::optional<Told>& told) {
    if (!told || told->scoped.pdu.type != PduType::report) return 0;
    return told->scoped.pdu.bindings.at(0).name.parts.at(9);
  }
  snmp::UserKeys keys_of(const SnmpUser& user) {
    snmp::UserKeys out{user.authentication, user.privacy, {}, {}};
    out.authentication_key = snmp::localised_key(
        user.authentication, *snmp::key_of_password(user.authentication, user.authentication_password), engine_);
    out.privacy_key = snmp::localised_key(user.authentication,
                                          *snmp::key_of_password(user.authentication, user.privacy_password), engine_);
    return out;
  }
  Bytes question(const snmp::UserKeys& keys, std::int32_t boots, std::int32_t time_s,
                 std::string_view user = "duheng") {
    snmp::Outgoing header{++request_, true, engine_, boots, time_s, user, 99};
    return *snmp::seal_message(header, keys,
                               {engine_, "", {PduType::get, request_, 0, 0, {{id("1.3.6.1.2.1.2.1.0"), {}}}}});
  }
  std::optional<Told> discover() { return tell(question({}, 0, 0, ""), {}); }
  Bytes engine_;
};

TEST_F(VirtualSwitchV3, IsDiscoveredThenReadUnderItsKeys) {
  const auto found = discover();
  EXPECT_EQ(report_in(found), 4U);
  EXPECT_EQ(found->boots, 1);
  const auto keys = keys_of(duheng_user());
  const auto told = tell(question(keys, found->boots, found->time_s), keys);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->scoped.pdu.type, PduType::response);
  EXPECT_EQ(told->scoped.pdu.request_id, request_);
  EXPECT_EQ(*told->scoped.pdu.bindings[0].value.number(), 4);
}

TEST_F(VirtualSwitchV3, WhoIsWrongIsToldWhatIsWrong) {
  const auto found = discover();
  const auto keys = keys_of(duheng_user());
  EXPECT_EQ(report_in(tell(question({}, 1, 0, "duheng"), {})), 1U);  // less protected than the user must be
  EXPECT_EQ(report_in(tell(question(keys, 1, 0, "nobody"), {})), 3U);
  SnmpUser other = duheng_user();
  other.authentication_password = "something-else";
  EXPECT_EQ(report_in(tell(question(keys_of(other), 1, 0), {})), 5U);
  // The time is told under the key, so that it can be believed.
  const snmp::UserKeys signs{keys.authentication, snmp::Privacy::none, keys.authentication_key, {}};
  now_ms_ += 151'000;
  EXPECT_EQ(report_in(tell(question(keys, 1, 0), signs)), 2U);
  EXPECT_EQ(report_in(tell(question(keys, 9, 151), signs)), 2U);
  EXPECT_EQ(report_in(tell(question(keys, 1, 100), keys)), 0U);
  EXPECT_EQ(found->time_s, 0);
}

TEST_F(VirtualSwitchV3, StartsAreCountedOverRestarts) {
  discover();
  drill("switch-1 off");
  drill("");
  EXPECT_EQ(discover()->boots, 2);
  begin();  // the fleet starts again
  EXPECT_EQ(discover()->boots, 3);
}

TEST(SnmpAgentMake, RefusesWhatWouldBeNoProtection) {
  SnmpUser user = duheng_user();
  user.privacy_password = "short";
  EXPECT_FALSE(SnmpAgent::make({"", user, Bytes(8, 1)}));
  EXPECT_FALSE(SnmpAgent::make({"", duheng_user(), Bytes(4, 1)}));
  user.authentication = snmp::Authentication::none;
  EXPECT_FALSE(SnmpAgent::make({"", user, Bytes(8, 1)}));
}

TEST(SwitchDrillText, SaysWhichLineIsWrong) {
  const auto good = parse_switch_drills("# drill\n\n  a off\r\nb errors 3 12\n");
  ASSERT_TRUE(good);
  EXPECT_EQ(*good,
            (std::vector<SwitchDrill>{{"a", SwitchDrill::Kind::off, 0, 0}, {"b", SwitchDrill::Kind::errors, 3, 12}}));
  for (const char* const bad : {"x off\na", "x off\na on", "x off\na unplugged", "x off\na unplugged 0",
                                "x off\na unplugged 1 2", "x off\na errors 1 -2", "x off\na off 1"}) {
    const auto refused = parse_switch_drills(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_TRUE(refused.error().message.starts_with("line 2")) << refused.error().message;
  }
}

}  // namespace
}  // namespace duheng::device
