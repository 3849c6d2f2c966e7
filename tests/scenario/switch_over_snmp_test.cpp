// The gateway's SNMP session asks the virtual switch everything its model names, under each kind of credential, over
// octets in memory.
#include <gtest/gtest.h>
#include <map>

#include "device/memory/ram_memory.hpp"
#include "device/snmp/virtual_switch.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/models/device_model.hpp"
#include "drivers/snmp/credentials.hpp"
#include "drivers/snmp/dialect.hpp"
#include "drivers/snmp/driver.hpp"

namespace duheng {
namespace {

using drivers::ItemState;
using drivers::ItemValue;
using drivers::Moment;
using drivers::Outcome;

constexpr std::int64_t start_utc_ms = 1'750'000'000'000;

class SwitchOverSnmp : public testing::TestWithParam<const char*>, public drivers::SessionOutput {
 protected:
  SwitchOverSnmp() {
    SeededRandom random(1);
    credentials_ = std::make_shared<drivers::SnmpCredentials>(random);
    EXPECT_TRUE(credentials_->add("plain", {.community = "duheng-fleet"}));
    for (const auto hash : {snmp::Authentication::sha1, snmp::Authentication::sha256}) {
      drivers::SnmpCredential user;
      user.user = "duheng";
      user.authentication = hash;
      user.privacy = snmp::Privacy::aes128;
      user.authentication_key = *snmp::key_of_password(hash, "authentication-1");
      user.privacy_key = *snmp::key_of_password(hash, "encryption-key-1");
      EXPECT_TRUE(credentials_->add(hash == snmp::Authentication::sha1 ? "sha1" : "sha256", user));
    }
    device::VirtualSwitchOptions options;
    options.uid = "switch";
    options.community = "duheng-fleet";
    const auto hash =
        std::string_view(GetParam()) == "sha1" ? snmp::Authentication::sha1 : snmp::Authentication::sha256;
    options.user = {"duheng", hash, snmp::Privacy::aes128, "authentication-1", "encryption-key-1"};
    options.body.name = "switch";
    options.body.ports = 8;
    options.body.carries = {"a", "b"};
    options.utc_ms = start_utc_ms;
    options.memory = std::make_shared<device::RamMemory>();
    switch_ = *device::VirtualSwitch::make(options);
    session_.emplace(drivers::make_snmp_dialect(credentials_), drivers::SessionSettings{});
    session_->add_meter(*drivers::snmp_driver().address(GetParam(), 0), {1'000, 1, 0});
    session_->opened(now(), *this);
    const auto library = drivers::ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
    EXPECT_TRUE(library);
    model_ = library->find("snmp-switch");
  }
  void send(ByteView octets) override { sent_.emplace_back(octets.begin(), octets.end()); }
  void reopen() override {}
  void deliver(const drivers::Exchange& exchange) override {
    outcome_ = exchange.outcome;
    payload_.assign(exchange.payload.begin(), exchange.payload.end());
  }
  [[nodiscard]] Moment now() const { return {now_ms_, start_utc_ms + now_ms_}; }

  Outcome ask(const drivers::Query& query) {
    outcome_.reset();
    EXPECT_TRUE(session_->ask(0, query, 0));
    session_->advance(now(), *this);
    while (!outcome_) {
      now_ms_ += 20;
      const auto sent = std::exchange(sent_, {});
      for (const Bytes& question : sent)
        if (const auto said = switch_->answer(start_utc_ms + now_ms_, question))
          session_->octets(now(), said->octets, *this);
      session_->timer(now(), *this);
    }
    if (*outcome_ == Outcome::answered) session_->stored_through(++delivered_, now(), *this);
    return *outcome_;
  }
  /// Every register of the model.
  std::map<std::string, ItemValue> read_all() {
    std::map<std::string, ItemValue> out;
    for (const auto& group : model_->groups) {
      for (const auto& question : group.questions) {
        EXPECT_EQ(ask(question.query), Outcome::answered);
        std::vector<ItemValue> values;
        EXPECT_TRUE(question.reader->read(payload_, values));
        for (const auto& value : values) out[question.items[value.item].register_name] = value;
      }
    }
    return out;
  }

  std::int64_t now_ms_ = 60'000;
  std::shared_ptr<drivers::SnmpCredentials> credentials_;
  std::shared_ptr<device::VirtualSwitch> switch_;
  std::optional<drivers::Session> session_;
  std::shared_ptr<const drivers::DeviceModel> model_;
  std::vector<Bytes> sent_;
  std::optional<Outcome> outcome_;
  Bytes payload_;
  std::uint64_t delivered_ = 0;
};

TEST_P(SwitchOverSnmp, EverythingItsModelNamesIsRead) {
  ASSERT_TRUE(model_);
  auto values = read_all();
  EXPECT_GE(values["uptime"].mantissa, 6'000);
  EXPECT_EQ(values["interface_count"].mantissa, 8);
  EXPECT_EQ(values["interface_2_state"].mantissa, 1);
  EXPECT_EQ(values["interface_4_state"].mantissa, 2);
  EXPECT_EQ(values["interface_4_enabled"].mantissa, 1);
  EXPECT_EQ(values["interface_9_state"].state, ItemState::no_value);
  EXPECT_GT(values["interface_2_octets_in"].mantissa, 0);
  EXPECT_EQ(values["processor_load"].state, ItemState::good);
  EXPECT_EQ(values["sensor_1"].state, ItemState::good);
  switch_->obey(start_utc_ms + now_ms_, *device::parse_switch_drills("switch unplugged 2\nswitch errors 3 50\n"));
  now_ms_ += 60'000;
  const auto octets = values["interface_2_octets_in"].mantissa;
  values = read_all();
  EXPECT_EQ(values["interface_2_state"].mantissa, 2);
  EXPECT_EQ(values["interface_2_enabled"].mantissa, 1);
  EXPECT_GT(values["interface_3_errors_in"].mantissa, 1'000);
  EXPECT_GE(values["interface_2_octets_in"].mantissa, octets);
}

TEST_P(SwitchOverSnmp, AfterALossOfSupplyItIsReadAgain) {
  const auto up_time = drivers::snmp_question(snmp::PduType::get, {*snmp::ObjectId::parse("1.3.6.1.2.1.1.3.0")});
  ASSERT_EQ(ask(up_time), Outcome::answered);
  switch_->obey(start_utc_ms + now_ms_, *device::parse_switch_drills("switch off\n"));
  EXPECT_EQ(ask(up_time), Outcome::timed_out);
  now_ms_ += 600'000;
  switch_->obey(start_utc_ms + now_ms_, {});
  EXPECT_EQ(ask(up_time), Outcome::answered);  // a new start of the engine and its time are learnt on the way
}

INSTANTIATE_TEST_SUITE_P(Credentials, SwitchOverSnmp, testing::Values("plain", "sha1", "sha256"),
                         [](const auto& chosen) { return std::string(chosen.param); });

}  // namespace
}  // namespace duheng
