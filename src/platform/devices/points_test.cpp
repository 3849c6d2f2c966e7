#include "platform/devices/points.hpp"

#include <gtest/gtest.h>

#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();

class PointsTest : public testing::Test {
 protected:
  DeviceId device(const std::string& uid, OrganisationId organisation) {
    return devices_
        .create(all, {.uid = uid, .name = uid, .protocol = "dlt645", .model = "single", .organisation = organisation})
        .value();
  }
  static ErrorCode code(const auto& outcome) { return outcome ? ErrorCode{} : outcome.error().code; }

  records::TestDatabase database_{Organisations::migrations(), Sites::migrations(), Gateways::migrations(),
                                  Devices::migrations()};
  Organisations organisations_{*database_, database_.clock};
  Devices devices_{*database_, database_.clock};
  Points points_{*database_, database_.clock};
  OrganisationId a_ = organisations_.create(all, {.code = "a", .name_en = "a"}).value();
  OrganisationId x_ = organisations_.create(all, {.code = "x", .name_en = "x"}).value();
  DeviceId old_ = device("old", a_), new_ = device("new", a_), foreign_ = device("foreign", x_);
  PointId point_ = points_.create(all, {.organisation = a_, .name = "总表"}).value();
};

TEST_F(PointsTest, CreatesAndListsWithinTheScope) {
  (void)points_.create(all, {.organisation = x_, .name = "总表"}).value();
  EXPECT_EQ(points_.list(all)->size(), 2U);
  EXPECT_EQ(points_.list(Scope::below(a_))->size(), 1U);
  EXPECT_EQ(points_.get(Scope::below(a_), point_)->details.name, "总表");
  EXPECT_EQ(code(points_.get(Scope::below(x_), point_)), ErrorCode::not_found);
  EXPECT_EQ(code(points_.create(all, {.organisation = a_, .name = "总表"})), ErrorCode::already_exists);
  EXPECT_EQ(code(points_.create(all, {.organisation = a_, .name = ""})), ErrorCode::invalid_argument);
  EXPECT_EQ(code(points_.create(Scope::below(a_), {.organisation = x_, .name = "n"})), ErrorCode::not_found);
  EXPECT_EQ(code(points_.create(all, {.organisation = a_, .site = SiteId{9}, .name = "n"})), ErrorCode::not_found);
}

TEST_F(PointsTest, AMeterChangeIsANewLinkOfTheChain) {
  ASSERT_TRUE(points_.install(all, point_, old_, 1000));
  ASSERT_TRUE(points_.install(Scope::below(a_), point_, new_, 2000));
  const auto chain = points_.chain(all, point_).value();
  ASSERT_EQ(chain.size(), 2U);
  EXPECT_EQ(chain[0].device, old_);
  EXPECT_EQ(chain[0].to_utc_ms, 2000);
  EXPECT_EQ(chain[1].device, new_);
  EXPECT_EQ(chain[1].to_utc_ms, std::nullopt);
  EXPECT_EQ(devices_.get(all, new_)->point_name, "总表");
  EXPECT_EQ(devices_.get(all, old_)->point, PointId{});
  EXPECT_EQ(code(points_.chain(Scope::below(x_), point_)), ErrorCode::not_found);
}

TEST_F(PointsTest, ADeviceMeasuresAtOnePointAtATime) {
  const auto other = points_.create(all, {.organisation = a_, .name = "other"}).value();
  ASSERT_TRUE(points_.install(all, point_, old_, 1000));
  ASSERT_TRUE(points_.install(all, other, old_, 2000));
  EXPECT_EQ(points_.chain(all, point_)->at(0).to_utc_ms, 2000);
  EXPECT_EQ(devices_.get(all, old_)->point, other);
}

TEST_F(PointsTest, ChainsGrowAtTheirEndOnly) {
  ASSERT_TRUE(points_.install(all, point_, old_, 1000));
  EXPECT_EQ(code(points_.install(all, point_, new_, 1000)), ErrorCode::conflict);
  EXPECT_EQ(code(points_.install(all, point_, new_, 500)), ErrorCode::conflict);
  ASSERT_TRUE(points_.uninstall(all, point_, 3000));
  EXPECT_EQ(code(points_.install(all, point_, new_, 2999)), ErrorCode::conflict);
  EXPECT_EQ(code(points_.install(all, point_, new_, 3000)), ErrorCode{});
}

TEST_F(PointsTest, InstallAndUninstallRefuse) {
  EXPECT_EQ(code(points_.install(Scope::below(x_), point_, old_, 1)), ErrorCode::not_found);
  EXPECT_EQ(code(points_.install(Scope::below(a_), point_, foreign_, 1)), ErrorCode::not_found);
  EXPECT_EQ(code(points_.uninstall(all, point_, 1)), ErrorCode::not_found);
  ASSERT_TRUE(points_.install(all, point_, old_, 1000));
  EXPECT_EQ(code(points_.uninstall(all, point_, 1000)), ErrorCode::invalid_argument);
  EXPECT_EQ(code(points_.uninstall(Scope::below(x_), point_, 2000)), ErrorCode::not_found);
}

}  // namespace
}  // namespace duheng::platform
