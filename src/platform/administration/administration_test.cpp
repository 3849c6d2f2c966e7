#include "platform/administration/administration.hpp"

#include <gtest/gtest.h>

#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

constexpr std::string_view world_yaml = R"(
organisations:
  - { code: city, name_zh: 市供电公司, name_en: City Power }
  - { code: east, parent: city, name_zh: 东区 }
sites:
  - { organisation: east, name: Substation 1, zone: Asia/Shanghai }
gateways:
  - { organisation: east, name: gateway-1 }
devices:
  - { uid: "000000000001", name: Meter 1, address: "000000000001", protocol: dlt645, model: dlt645-2007-three-phase, organisation: east, site: Substation 1, gateway: gateway-1, interval_s: 60 }
  - { uid: "000000000002", name: Meter 2, address: "000000000002", protocol: dlt645, model: dlt645-2007-three-phase, organisation: city }
)";

class AdministrationTest : public ::testing::Test {
 protected:
  Administration open() {
    PeopleOptions people;
    people.password_cost = {.memory_kib = 64, .passes = 1};
    Result<Administration> opened = Administration::open(folder_.file("data"), disk_, clock_, random_, people);
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(opened.value());
  }
  records::TemporaryFolder folder_;
  PosixDisk disk_;
  ManualClock clock_{1'795'219'200'000};
  SystemRandom random_;
};

TEST_F(AdministrationTest, MakesAWorldOnceAndLeavesItAloneThen) {
  const auto world = parse_world(world_yaml, "world.yaml");
  ASSERT_TRUE(world) << world.error().message;
  Administration administration = open();
  const auto made = administration.make_world(*world);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->organisations, 2U);
  EXPECT_EQ(made->sites, 1U);
  EXPECT_EQ(made->gateways, 1U);
  EXPECT_EQ(made->devices, 2U);
  const auto again = administration.make_world(*world);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->devices, 0U);
  EXPECT_EQ(again->already_there, 6U);
  const auto device = administration.records().devices().find_by_uid(Scope::everything(), "000000000001");
  ASSERT_TRUE(device && *device);
  EXPECT_EQ((*device)->site_zone, "Asia/Shanghai");
  EXPECT_EQ((*device)->gateway_name, "gateway-1");
  EXPECT_EQ((*device)->details.interval_s, 60);
}

TEST_F(AdministrationTest, RefusesAWorldWhileTheServerRuns) {
  Administration administration = open();
  auto lock = DataDirectoryLock::take(administration.paths(), disk_);
  ASSERT_TRUE(lock);
  const auto second = DataDirectoryLock::take(administration.paths(), disk_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  const auto made = administration.make_world(World{});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::unavailable);
  {
    const DataDirectoryLock ended = std::move(*lock);
  }
  EXPECT_TRUE(administration.make_world(World{}));
}

TEST_F(AdministrationTest, NamesWhatIsWrongInAWorld) {
  Administration administration = open();
  World world;
  world.organisations.push_back({"city", "", "市", ""});
  World::Device device;
  device.uid = "1";
  device.name = device.address = "1";
  device.protocol = "dlt645";
  device.model = "m";
  device.organisation = "nowhere";
  world.devices.push_back(device);
  auto made = administration.make_world(world);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "device \"1\": there is no organisation \"nowhere\"");
  world.devices.front().organisation = "city";
  world.devices.front().name.clear();
  made = administration.make_world(world);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message.substr(0, 10), "device \"1\"");
  world.devices.clear();
  world.sites.push_back({"city", "Site", "Nowhere/Land", ""});
  made = administration.make_world(world);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message.substr(0, 11), "site \"Site\"");
}

TEST_F(AdministrationTest, MakesUsersWhoCanLogIn) {
  Administration administration = open();
  People& people = administration.records().people();
  const auto user = administration.create_user("operator", Role::operator_, "", std::nullopt, true);
  ASSERT_TRUE(user) << user.error().message;
  const auto first = people.log_in("operator", user->password, "127.0.0.1");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->session.user.must_change_password);
  const auto reset = administration.reset_password("operator", true);
  ASSERT_TRUE(reset);
  EXPECT_FALSE(people.log_in("operator", user->password, "127.0.0.1"));
  const auto second = people.log_in("operator", *reset, "127.0.0.1");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second->session.user.must_change_password);
  EXPECT_EQ(administration.create_user("x", Role::viewer, "nowhere", std::nullopt, true).error().code,
            ErrorCode::not_found);
  EXPECT_EQ(administration.reset_password("nobody", true).error().code, ErrorCode::not_found);
}

TEST_F(AdministrationTest, ALoginNobodyElseSawNeedsNoChange) {
  Administration administration = open();
  People& people = administration.records().people();
  const auto made = administration.create_user("admin", Role::admin, "", std::nullopt, false);
  ASSERT_TRUE(made) << made.error().message;
  const auto first = people.log_in("admin", made->password, "127.0.0.1");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->session.user.must_change_password);
  // A second start of a demo: a new password, and no change asked for, even where one was due.
  ASSERT_TRUE(administration.reset_password("admin", true));
  const auto reset = administration.reset_password("admin", false);
  ASSERT_TRUE(reset);
  const auto second = people.log_in("admin", *reset, "127.0.0.1");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_FALSE(second->session.user.must_change_password);
}

TEST_F(AdministrationTest, MakesCodesThatEnrol) {
  Administration administration = open();
  ASSERT_TRUE(administration.make_world(*parse_world(world_yaml, "world.yaml")));
  EXPECT_EQ(administration.make_enrolment_code("unknown", "").error().code, ErrorCode::not_found);
  const auto code = administration.make_enrolment_code("gateway-1", "");
  ASSERT_TRUE(code) << code.error().message;
  const auto parsed = crypto::EnrolmentCode::parse(*code);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->names_authority(administration.records().issuer().trust_root_fingerprint()));
  EXPECT_TRUE(administration.make_enrolment_code("gateway-2", "east"));
  ASSERT_TRUE(administration.revoke_gateway("gateway-2"));
  EXPECT_EQ(administration.make_enrolment_code("gateway-2", "east").error().code, ErrorCode::forbidden);
}

TEST(World, IsReadStrictly) {
  const auto misspelt = parse_world("organisations:\n  - { code: a, name: b }\n", "w.yaml");
  ASSERT_FALSE(misspelt);
  EXPECT_NE(misspelt.error().message.find("w.yaml:2"), std::string::npos) << misspelt.error().message;
}

TEST(WorldCsv, ReadsQuotedFieldsAndColumnsInAnyOrder) {
  World world;
  const auto read = add_devices_csv(
      "\xEF\xBB\xBFname,uid,address,protocol,model,organisation,interval_s\r\n"
      "\"Meter \"\"A\"\", east\",1,1,dlt645,m,city,60\r\n\r\n"
      "电表,2,2,dlt645,m,city,\n",
      "d.csv", world);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(world.devices.size(), 2U);
  EXPECT_EQ(world.devices[0].name, "Meter \"A\", east");
  EXPECT_EQ(world.devices[0].interval_s, 60);
  EXPECT_EQ(world.devices[1].name, "电表");
  EXPECT_EQ(world.devices[1].interval_s, 900);
}

TEST(WorldCsv, TellsTheLine) {
  const std::string header = "uid,name,address,protocol,model,organisation,interval_s\n";
  const auto message = [&](const std::string& text) {
    World world;
    const auto read = add_devices_csv(text, "d.csv", world);
    return read ? std::string{"none"} : read.error().message;
  };
  EXPECT_EQ(message("uid,name\n"), "d.csv:1: the column \"address\" is missing");
  EXPECT_EQ(message("uid,colour\n"), "d.csv:1: there is no column \"colour\"");
  EXPECT_EQ(message(header + "1,2\n"), "d.csv:2: 2 fields instead of 7");
  EXPECT_EQ(message(header + "1,\"two\nlines\",1,p,m,o,60\n1,n,1,p,m,o,never\n"),
            "d.csv:4: interval_s must be a number of seconds, at most 366 days");
  EXPECT_EQ(message(header + "\"1,2\n"), "d.csv:2: a quotation mark is out of place");
  EXPECT_EQ(message(header + "\"1\"x,2\n"), "d.csv:2: a quotation mark is out of place");
}

}  // namespace
}  // namespace duheng::platform
