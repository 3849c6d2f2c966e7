#include "platform/devices/devices.hpp"

#include <gtest/gtest.h>
#include <limits>

#include "platform/gateways/gateways.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();

class DevicesTest : public testing::Test {
 protected:
  OrganisationId add(const std::string& code, OrganisationId parent = {}) {
    return organisations_.create(all, {.parent = parent, .code = code, .name_zh = "单位" + code, .name_en = code})
        .value();
  }
  static DeviceDetails meter(std::string uid, OrganisationId organisation, std::string name = "meter") {
    return {.uid = std::move(uid),
            .name = std::move(name),
            .address = "000012345678",
            .protocol = "dlt645",
            .model = "single",
            .organisation = organisation,
            .interval_s = 60};
  }
  DeviceId make(DeviceDetails details) { return devices_.create(all, details).value(); }
  std::vector<std::string> uids(const Scope& scope, const DeviceQuery& query = {}) {
    std::vector<std::string> found;
    const auto page = devices_.list(scope, query).value();
    for (const auto& device : page.devices) found.push_back(device.details.uid);
    return found;
  }
  static ErrorCode code(const auto& outcome) { return outcome ? ErrorCode{} : outcome.error().code; }

  records::TestDatabase database_{Organisations::migrations(), Sites::migrations(), Gateways::migrations(),
                                  Devices::migrations()};
  ManualClock& clock_ = database_.clock;
  SeededRandom random_{1};
  Organisations organisations_{*database_, clock_};
  Sites sites_{*database_, clock_};
  Gateways gateways_{*database_, clock_, random_};
  Devices devices_{*database_, clock_};
  OrganisationId a_ = add("a"), b_ = add("b", a_), x_ = add("x");
  SiteId site_ = sites_.create(all, {.organisation = b_, .name = "east", .iana_zone = "Asia/Shanghai"}).value();
  GatewayId gateway_ = gateways_.create(all, b_, "gateway").value();
  GatewayId foreign_gateway_ = gateways_.create(all, x_, "foreign").value();
};

TEST_F(DevicesTest, KeepsEverythingWithTheNamesAroundIt) {
  auto details = meter("m1", b_, "电表 1");
  details.site = site_;
  details.gateway = gateway_;
  const auto id = devices_.create(Scope::below(a_), details).value();
  const auto device = devices_.get(Scope::below(b_), id).value();
  EXPECT_EQ(device.details.uid, "m1");
  EXPECT_EQ(device.details.name, "电表 1");
  EXPECT_EQ(device.details.address, "000012345678");
  EXPECT_EQ(device.details.protocol, "dlt645");
  EXPECT_EQ(device.details.model, "single");
  EXPECT_EQ(device.details.interval_s, 60);
  EXPECT_EQ(device.organisation_name_zh, "单位b");
  EXPECT_EQ(device.site_name, "east");
  EXPECT_EQ(device.site_zone, "Asia/Shanghai");
  EXPECT_EQ(device.gateway_name, "gateway");
  EXPECT_EQ(device.point, PointId{});
  EXPECT_EQ(devices_.find_by_uid(all, "m1").value()->id, id);
  EXPECT_EQ(code(devices_.get(Scope::below(x_), id)), ErrorCode::not_found);
  EXPECT_FALSE(devices_.find_by_uid(Scope::below(x_), "m1").value().has_value());
  EXPECT_EQ(code(sites_.remove(all, site_)), ErrorCode::conflict);
}

TEST_F(DevicesTest, CreateRefuses) {
  (void)make(meter("m1", a_));
  const auto refused = [&](const Scope& scope, auto change) {
    auto details = meter("m2", a_);
    change(details);
    return code(devices_.create(scope, details));
  };
  EXPECT_EQ(refused(all, [](auto& d) { d.uid = "m1"; }), ErrorCode::already_exists);
  EXPECT_EQ(refused(all, [](auto& d) { d.uid = ""; }), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(all, [](auto& d) { d.uid = std::string(65, 'x'); }), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(all, [](auto& d) { d.name = ""; }), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(all, [](auto& d) { d.name = "line\nbreak"; }), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(all, [](auto& d) { d.address = std::string(65, '1'); }), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(all, [](auto& d) { d.protocol = ""; }), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(all, [](auto& d) { d.model = ""; }), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(all, [](auto& d) { d.interval_s = 0; }), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(all, [](auto& d) { d.interval_s = 367 * 86'400; }), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(all, [](auto& d) { d.organisation = {}; }), ErrorCode::not_found);
  EXPECT_EQ(refused(all, [](auto& d) { d.site = SiteId{99}; }), ErrorCode::not_found);
  EXPECT_EQ(refused(all, [](auto& d) { d.gateway = GatewayId{99}; }), ErrorCode::not_found);
  EXPECT_EQ(refused(Scope::below(x_), [](auto&) {}), ErrorCode::not_found);
  EXPECT_EQ(refused(Scope::below(a_), [&](auto& d) { d.gateway = foreign_gateway_; }), ErrorCode::not_found);
  EXPECT_EQ(devices_.count(all).value(), 1);
}

TEST_F(DevicesTest, PagesSortsAndCounts) {
  for (int i = 0; i < 25; ++i) {
    auto details = meter(std::to_string(100 + i), i % 2 == 0 ? a_ : b_, "name " + std::to_string(900 - i));
    details.address = std::to_string(500 + i * 7 % 25);
    (void)make(details);
  }
  (void)make(meter("foreign", x_));
  const auto second = devices_.list(Scope::below(a_), {.page = 2, .page_size = 10}).value();
  EXPECT_EQ(second.total, 25);
  ASSERT_EQ(second.devices.size(), 10U);
  EXPECT_EQ(second.devices.front().details.name, "name 886");
  EXPECT_EQ(devices_.list(Scope::below(a_), {.page = 3, .page_size = 10})->devices.size(), 5U);
  EXPECT_TRUE(devices_.list(Scope::below(a_), {.page = 4, .page_size = 10})->devices.empty());
  EXPECT_EQ(devices_.list(Scope::below(a_), {.page = 4, .page_size = 10})->total, 25);
  EXPECT_EQ(uids(Scope::below(a_), {.page_size = 2}), (std::vector<std::string>{"124", "123"}));
  EXPECT_EQ(uids(Scope::below(a_), {.page_size = 2, .descending = true}), (std::vector<std::string>{"100", "101"}));
  EXPECT_EQ(uids(Scope::below(a_), {.page_size = 2, .sort = DeviceSort::uid}),
            (std::vector<std::string>{"100", "101"}));
  EXPECT_EQ(uids(Scope::below(a_), {.page_size = 2, .sort = DeviceSort::id, .descending = true}),
            (std::vector<std::string>{"124", "123"}));
  EXPECT_EQ(devices_.list(Scope::below(a_), {.page_size = 1, .sort = DeviceSort::address})->devices[0].details.address,
            "500");
  EXPECT_EQ(devices_.list(Scope::below(b_), {})->total, 12);
  EXPECT_EQ(devices_.count(all).value(), 26);
  EXPECT_EQ(devices_.count(Scope::below(b_)).value(), 12);
  EXPECT_EQ(devices_.index(Scope::below(x_))->size(), 1U);
  EXPECT_EQ(devices_.index(all)->size(), 26U);
}

TEST_F(DevicesTest, RefusesUnreasonablePages) {
  for (const auto& query : {DeviceQuery{.page = 0}, DeviceQuery{.page_size = 0}, DeviceQuery{.page_size = 1001},
                            DeviceQuery{.search = std::string(101, 'x')}, DeviceQuery{.search = "\xFF"},
                            DeviceQuery{.page = std::numeric_limits<std::int64_t>::max()}}) {
    EXPECT_EQ(code(devices_.list(all, query)), ErrorCode::invalid_argument);
  }
}

TEST_F(DevicesTest, SearchesPartsOfNameAddressAndUid) {
  auto one = meter("UID-one", b_, "东楼 Meter");
  auto two = meter("uid-two", b_, "西楼 100%_'");
  two.address = "AbC";
  (void)make(one);
  (void)make(two);
  EXPECT_EQ(uids(all, {.search = "东楼"}), std::vector<std::string>{"UID-one"});
  EXPECT_EQ(uids(all, {.search = "mETER"}), std::vector<std::string>{"UID-one"});
  EXPECT_EQ(uids(all, {.search = "aBc"}), std::vector<std::string>{"uid-two"});
  EXPECT_EQ(uids(all, {.search = "uid-"}).size(), 2U);
  EXPECT_EQ(uids(all, {.search = "%"}), std::vector<std::string>{"uid-two"}) << "no wildcards";
  EXPECT_EQ(uids(all, {.search = "_'"}), std::vector<std::string>{"uid-two"});
  EXPECT_TRUE(uids(all, {.search = "' OR 1=1 --"}).empty());
  EXPECT_TRUE(uids(all, {.search = "abcuid"}).empty()) << "not across fields";
  EXPECT_TRUE(uids(Scope::below(x_), {.search = "uid-"}).empty());
  const auto second = devices_.list(all, {.page = 2, .page_size = 1, .search = "uid-"}).value();
  EXPECT_EQ(second.total, 2);
  EXPECT_EQ(second.devices.size(), 1U);
}

TEST_F(DevicesTest, FiltersByPlaceGatewayProtocolAndModel) {
  auto one = meter("one", b_);
  one.site = site_;
  one.gateway = gateway_;
  auto two = meter("two", a_);
  two.protocol = "cjt188";
  two.model = "water";
  (void)make(one);
  (void)make(two);
  (void)make(meter("three", x_));
  EXPECT_EQ(uids(all, {.site = site_}), std::vector<std::string>{"one"});
  EXPECT_EQ(uids(all, {.gateway = gateway_}), std::vector<std::string>{"one"});
  EXPECT_EQ(uids(all, {.protocol = "cjt188"}), std::vector<std::string>{"two"});
  EXPECT_EQ(uids(all, {.model = "water"}), std::vector<std::string>{"two"});
  EXPECT_EQ(uids(all, {.organisation = b_}), std::vector<std::string>{"one"});
  EXPECT_EQ(uids(all, {.organisation = a_}).size(), 2U);
  EXPECT_TRUE(uids(Scope::below(b_), {.organisation = x_}).empty()) << "a filter does not widen the scope";
  EXPECT_TRUE(uids(all, {.site = site_, .protocol = "cjt188"}).empty());
  EXPECT_EQ(uids(Scope::below(a_), {.search = "one",
                                    .organisation = b_,
                                    .site = site_,
                                    .gateway = gateway_,
                                    .protocol = "dlt645",
                                    .model = "single"}),
            std::vector<std::string>{"one"});
}

TEST_F(DevicesTest, ReadsManyInTheOrderAsked) {
  const auto one = make(meter("one", a_)), two = make(meter("two", a_)), foreign = make(meter("three", x_));
  const DeviceId ids[] = {two, foreign, DeviceId{99}, one};
  const auto found = devices_.get_many(Scope::below(a_), ids).value();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, two);
  EXPECT_EQ(found[1].id, one);
  EXPECT_EQ(code(devices_.get_many(all, std::vector<DeviceId>(1001))), ErrorCode::limit_exceeded);
}

TEST_F(DevicesTest, ImportTakesAllOrNothingAndNamesTheLines) {
  (void)make(meter("old", a_));
  std::vector<DeviceDetails> lines;
  for (int i = 0; i < 10; ++i) lines.push_back(meter("new" + std::to_string(i), a_));
  std::vector<ImportError> errors;
  auto wrong = lines;
  wrong[1].uid = "old";
  wrong[3].name = "";
  wrong[5].organisation = x_;
  wrong[9].uid = "new0";
  EXPECT_EQ(devices_.import(Scope::below(a_), wrong, errors).value(), 0U);
  ASSERT_EQ(errors.size(), 4U);
  EXPECT_EQ(errors[0].line, 2U);
  EXPECT_EQ(errors[0].error.code, ErrorCode::already_exists);
  EXPECT_EQ(errors[1].line, 4U);
  EXPECT_EQ(errors[1].error.code, ErrorCode::invalid_argument);
  EXPECT_EQ(errors[2].line, 6U);
  EXPECT_EQ(errors[2].error.code, ErrorCode::not_found);
  EXPECT_EQ(errors[3].line, 10U);
  EXPECT_EQ(devices_.count(all).value(), 1);

  const auto before = devices_.revision();
  EXPECT_EQ(devices_.import(Scope::below(a_), lines, errors).value(), 10U);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(devices_.count(all).value(), 11);
  EXPECT_GT(devices_.revision(), before);
}

TEST_F(DevicesTest, ImportIsLimited) {
  std::vector<ImportError> errors;
  EXPECT_EQ(code(devices_.import(all, std::vector<DeviceDetails>(Devices::import_lines_max + 1), errors)),
            ErrorCode::limit_exceeded);
  EXPECT_EQ(devices_.import(all, std::vector<DeviceDetails>(5000), errors).value(), 0U);
  EXPECT_EQ(errors.size(), 1000U);
}

TEST_F(DevicesTest, ADeviceWithAGatewayHasItsSource) {
  auto details = meter("m1", b_);
  details.gateway = gateway_;
  const auto id = make(details);
  const auto sources = devices_.sources_of(all, id).value();
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(sources[0].gateway, gateway_);
  EXPECT_EQ(sources[0].device_uid, "m1");
  EXPECT_EQ(sources[0].from_utc_ms, 0);
  EXPECT_EQ(sources[0].to_utc_ms, std::nullopt);
  EXPECT_EQ(devices_.device_of_source(all, gateway_, "m1", 1).value(), id);
  EXPECT_EQ(devices_.device_of_source(all, gateway_, "m2", 1).value(), std::nullopt);
  EXPECT_EQ(devices_.device_of_source(Scope::below(x_), gateway_, "m1", 1).value(), std::nullopt);
  EXPECT_EQ(code(devices_.sources_of(Scope::below(x_), id)), ErrorCode::not_found);
}

TEST_F(DevicesTest, AdoptsASourceForAPeriod) {
  const auto one = make(meter("one", b_)), two = make(meter("two", b_));
  const auto before = devices_.revision();
  const auto first = devices_.assign_source(
      Scope::below(a_), {.device = one, .gateway = gateway_, .device_uid = "unknown 7", .to_utc_ms = 1000});
  ASSERT_TRUE(first);
  EXPECT_GT(devices_.revision(), before);
  ASSERT_TRUE(devices_.assign_source(
      all, {.device = two, .gateway = gateway_, .device_uid = "unknown 7", .from_utc_ms = 1000}));
  EXPECT_EQ(devices_.device_of_source(all, gateway_, "unknown 7", 999).value(), one);
  EXPECT_EQ(devices_.device_of_source(all, gateway_, "unknown 7", 1000).value(), two);
  EXPECT_EQ(devices_.all_sources(all)->size(), 2U);
  EXPECT_TRUE(devices_.all_sources(Scope::below(x_))->empty());
}

TEST_F(DevicesTest, ASourceBelongsToOneDeviceAtATime) {
  const auto one = make(meter("one", b_)), two = make(meter("two", b_));
  ASSERT_TRUE(devices_.assign_source(
      all, {.device = one, .gateway = gateway_, .device_uid = "s", .from_utc_ms = 1000, .to_utc_ms = 2000}));
  const auto taken = [&](std::int64_t from, std::optional<std::int64_t> to) {
    auto t = code(devices_.assign_source(
        all, {.device = two, .gateway = gateway_, .device_uid = "s", .from_utc_ms = from, .to_utc_ms = to}));
    return t;
  };
  EXPECT_EQ(taken(0, std::nullopt), ErrorCode::conflict);
  EXPECT_EQ(taken(1999, std::nullopt), ErrorCode::conflict);
  EXPECT_EQ(taken(0, 1001), ErrorCode::conflict);
  EXPECT_EQ(taken(1500, 1600), ErrorCode::conflict);
  EXPECT_EQ(taken(500, 500), ErrorCode::invalid_argument);
  EXPECT_EQ(taken(0, 1000), ErrorCode{});
  EXPECT_EQ(taken(2000, std::nullopt), ErrorCode{});
  EXPECT_EQ(code(devices_.assign_source(Scope::below(x_), {.device = one, .gateway = gateway_, .device_uid = "t"})),
            ErrorCode::not_found);
  EXPECT_EQ(
      code(devices_.assign_source(Scope::below(a_), {.device = one, .gateway = foreign_gateway_, .device_uid = "t"})),
      ErrorCode::not_found);
  EXPECT_EQ(code(devices_.assign_source(all, {.device = one, .gateway = gateway_, .device_uid = ""})),
            ErrorCode::invalid_argument);
  auto same_source = meter("s", b_);
  same_source.gateway = gateway_;
  EXPECT_EQ(code(devices_.create(all, same_source)), ErrorCode::conflict);
}

TEST_F(DevicesTest, AnAssignmentEndsWithinItsTime) {
  const auto one = make(meter("one", b_));
  const auto id =
      devices_.assign_source(all, {.device = one, .gateway = gateway_, .device_uid = "s", .from_utc_ms = 1000}).value();
  EXPECT_EQ(code(devices_.end_source(Scope::below(x_), id, 2000)), ErrorCode::not_found);
  EXPECT_EQ(code(devices_.end_source(all, 99, 2000)), ErrorCode::not_found);
  EXPECT_EQ(code(devices_.end_source(all, id, 1000)), ErrorCode::invalid_argument);
  ASSERT_TRUE(devices_.end_source(Scope::below(a_), id, 2000));
  EXPECT_EQ(code(devices_.end_source(all, id, 3000)), ErrorCode::invalid_argument);
  EXPECT_EQ(devices_.device_of_source(all, gateway_, "s", 2000).value(), std::nullopt);
}

TEST_F(DevicesTest, UpdatesAndDatesTheOwner) {
  const auto id = make(meter("m1", a_, "old name"));
  auto changed = meter("m1", b_, "new name");
  clock_.set_utc_ms(5000);
  ASSERT_TRUE(devices_.update(Scope::below(a_), id, changed));
  EXPECT_EQ(devices_.get(all, id)->details.name, "new name");
  EXPECT_EQ(uids(all, {.search = "new name"}).size(), 1U);
  EXPECT_TRUE(uids(all, {.search = "old name"}).empty());
  clock_.set_utc_ms(1000);
  changed.organisation = a_;
  ASSERT_TRUE(devices_.update(all, id, changed)) << "with a clock that was set back";
  const auto periods = devices_.ownership(all, id).value();
  ASSERT_EQ(periods.size(), 3U);
  EXPECT_EQ(periods[0].organisation, a_);
  EXPECT_EQ(periods[0].from_utc_ms, 0);
  EXPECT_EQ(periods[0].to_utc_ms, 5000);
  EXPECT_EQ(periods[1].organisation, b_);
  EXPECT_EQ(periods[1].to_utc_ms, 5001);
  EXPECT_EQ(periods[2].to_utc_ms, std::nullopt);
  EXPECT_EQ(code(devices_.update(all, id, meter("m2", a_))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(devices_.update(all, DeviceId{99}, changed)), ErrorCode::not_found);
  EXPECT_EQ(code(devices_.update(Scope::below(x_), id, changed)), ErrorCode::not_found);
  EXPECT_EQ(code(devices_.update(Scope::below(a_), id, meter("m1", x_))), ErrorCode::not_found);
  EXPECT_EQ(code(devices_.update(all, id, meter("m1", a_, ""))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(devices_.ownership(Scope::below(x_), id)), ErrorCode::not_found);
}

}  // namespace
}  // namespace duheng::platform
