#include "platform/web/device_directory.hpp"

#include <gtest/gtest.h>

#include "platform/gateways/gateways.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::platform::web {
namespace {

TEST(DeviceState, FollowsTheInterval) {
  constexpr std::int64_t now = 1'000'000'000;
  EXPECT_EQ(device_state(now, 0, 60), DeviceState::never);
  EXPECT_EQ(device_state(now, now, 60), DeviceState::online);
  EXPECT_EQ(device_state(now, now - 120'000, 60), DeviceState::online);
  EXPECT_EQ(device_state(now, now - 120'001, 60), DeviceState::late);
  EXPECT_EQ(device_state(now, now - 600'000, 60), DeviceState::late);
  EXPECT_EQ(device_state(now, now - 600'001, 60), DeviceState::offline);
  EXPECT_EQ(device_state(now, now + 5'000, 60), DeviceState::online);  // a gateway's clock ahead of ours
  for (const char* name : {"online", "late", "offline", "never"}) EXPECT_EQ(to_string(*device_state_of(name)), name);
  EXPECT_FALSE(device_state_of("asleep"));
}

class DeviceDirectoryTest : public ::testing::Test {
 protected:
  DeviceDirectoryTest()
      : database_({Organisations::migrations(), Sites::migrations(), Gateways::migrations(), Devices::migrations()}),
        organisations_(*database_, clock_),
        gateways_(*database_, clock_, random_),
        devices_(*database_, clock_),
        heard_(telemetry_, clock_,
               [this](std::uint64_t& change) {
                 change = 1;
                 return std::exchange(news_, {});
               }),
        directory_(devices_, clock_, heard_) {
    organisation_ = *organisations_.create(Scope::everything(), {{}, "o", "组织", ""});
    gateway_ = *gateways_.create(Scope::everything(), organisation_, "g");
  }
  DeviceId add(const std::string& uid) {
    DeviceDetails details;
    details.uid = details.address = uid;
    details.name = "device " + uid;
    details.protocol = details.model = "m";
    details.organisation = organisation_;
    details.gateway = gateway_;
    details.interval_s = 60;
    return *devices_.create(Scope::everything(), details);
  }
  std::vector<std::string> list(const DirectoryQuery& query) {
    std::vector<std::string> out;
    const auto page = directory_.list(query);
    for (const DirectoryRow& row : page->rows) out.push_back(row.device->device.details.uid);
    return out;
  }

  ManualClock clock_{1'795'219'200'000};
  SystemRandom random_;
  records::TestDatabase database_;
  Organisations organisations_;
  Gateways gateways_;
  Devices devices_;
  store::MemoryTelemetryStore telemetry_;
  std::vector<LastHeard> news_;
  HeardTimes heard_;
  DeviceDirectory directory_;
  OrganisationId organisation_;
  GatewayId gateway_;
};

TEST_F(DeviceDirectoryTest, SeesNewDevicesAtOnce) {
  EXPECT_TRUE(list({}).empty());
  add("b");
  EXPECT_EQ(list({}), (std::vector<std::string>{"b"}));
  const auto before = directory_.snapshot();
  add("a");
  EXPECT_EQ(list({}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ((*before)->devices.size(), 1U);  // who holds an older one keeps it
  EXPECT_EQ(directory_.snapshot()->get(), directory_.snapshot()->get());
}

TEST_F(DeviceDirectoryTest, SortsAndFiltersByWhatWasHeard) {
  for (const char* uid : {"a", "b", "c", "d"}) add(uid);
  const std::int64_t now = clock_.utc_ms();
  news_ = {{{gateway_, "a"}, now - 700'000},
           {{gateway_, "b"}, now - 1'000},
           {{gateway_, "c"}, now - 200'000},
           {{gateway_, "other"}, now}};
  DirectoryQuery query;
  query.sort = DirectorySort::last_reading;
  query.descending = true;
  EXPECT_EQ(list(query), (std::vector<std::string>{"b", "c", "a", "d"}));
  query.page = 2;
  query.page_size = 3;
  EXPECT_EQ(list(query), (std::vector<std::string>{"d"}));
  query = {};
  query.state = DeviceState::late;
  EXPECT_EQ(list(query), (std::vector<std::string>{"c"}));
  clock_.advance_ms(500'000);
  EXPECT_EQ(list(query), (std::vector<std::string>{"b"}));
  const auto counts = directory_.counts(std::nullopt);
  EXPECT_EQ(counts->devices, 4U);
  EXPECT_EQ(counts->late, 1U);
  EXPECT_EQ(counts->offline, 2U);
  EXPECT_EQ(counts->never, 1U);
  EXPECT_EQ(directory_.counts(VisibleOrganisations{std::in_place})->devices, 0U);
}

TEST_F(DeviceDirectoryTest, AFormerSendersNewsAreNotTheDevices) {
  const DeviceId id = add("a");
  const std::int64_t now = clock_.utc_ms();
  news_ = {{{gateway_, "a"}, now - 5'000}};
  EXPECT_EQ(directory_.list({})->rows.front().heard_utc_ms, now - 5'000);
  const auto sources = devices_.sources_of(Scope::everything(), id);
  ASSERT_TRUE(devices_.end_source(Scope::everything(), sources->front().id, now - 10'000));
  EXPECT_EQ(directory_.list({})->rows.front().heard_utc_ms, 0);
  EXPECT_EQ((*directory_.snapshot())->owner({gateway_, "a"}, now - 20'000)->device.id, id);
  EXPECT_EQ((*directory_.snapshot())->owner({gateway_, "a"}, now - 10'000), nullptr);
}

}  // namespace
}  // namespace duheng::platform::web
