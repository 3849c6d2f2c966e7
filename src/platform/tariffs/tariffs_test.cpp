#include "platform/tariffs/tariffs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/devices/devices.hpp"
#include "platform/devices/points.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "platform/tariffs/point_tariffs.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const Scope all = Scope::everything();

class TariffsTest : public ::testing::Test {
 protected:
  TariffsTest() { database.clock.set_utc_ms(at("2026-06-30", 12)); }
  static std::int32_t day(std::string_view text) { return *store::CivilCalendar::parse_day(text); }
  [[nodiscard]] std::int64_t at(std::string_view date, int hour) const {
    return calendar.day(day(date)).after_utc_ms + hour * std::int64_t{3'600'000};
  }
  static TariffDetails details(std::string code) {
    return {.code = std::move(code), .name_zh = "居民生活", .name_en = "Residential", .first_day = day("2020-01-01")};
  }
  DeviceId device(const std::string& uid, OrganisationId owner) {
    return devices
        .create(all, {.uid = uid, .name = uid, .protocol = "dlt645", .model = "single", .organisation = owner})
        .value();
  }
  PointId point(const std::string& name, OrganisationId owner) {
    return points.create(all, {.organisation = owner, .name = name}).value();
  }
  Result<bool> assign(PointId id, TariffId tariff, std::string_view from, std::string reason = {}) {
    return point_tariffs.assign(author, id, {tariff, day(from), std::move(reason)});
  }
  std::vector<std::pair<std::string, std::string>> in_force(PointId id) {
    std::vector<std::pair<std::string, std::string>> out;
    const auto history = point_tariffs.history(all, id).value();
    for (const PointTariff& entry : history) {
      if (!entry.withdrawn_utc_ms) out.emplace_back(store::CivilCalendar::format_day(entry.from_day), entry.code);
    }
    return out;
  }
  static ErrorCode code(const auto& outcome) { return outcome ? ErrorCode{} : outcome.error().code; }

  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(), OrderService::migrations(),
                                 Tariffs::migrations()};
  store::CivilCalendar calendar = *store::CivilCalendar::open("Asia/Shanghai");
  Organisations organisations{*database, database.clock};
  Devices devices{*database, database.clock};
  Points points{*database, database.clock};
  Tariffs tariffs{*database, database.clock};
  PointTariffs point_tariffs{*database, database.clock, calendar};
  OrganisationId east = organisations.create(all, {.code = "east", .name_en = "East"}).value();
  OrganisationId west = organisations.create(all, {.code = "west", .name_en = "West"}).value();
  Author author{UserId{}, "chen", Role::operator_, Scope::below(east), "192.0.2.9"};
  Author stranger{UserId{}, "wu", Role::operator_, Scope::below(west), "192.0.2.8"};
  TariffId home = tariffs.create(author, details("residential")).value();
  TariffId trade = tariffs.create(author, details("commercial")).value();
};

TEST_F(TariffsTest, AChangeKeepsWhatWasSaidBefore) {
  TariffDetails changed = details("residential");
  changed.name_zh = "居民生活用电";
  changed.last_day = day("2030-12-31");
  ASSERT_TRUE(tariffs.change(author, home, 1, changed, "new wording"));
  const auto versions = tariffs.versions(home).value();
  ASSERT_THAT(versions, SizeIs(2));
  EXPECT_EQ(versions[0].details.name_zh, "居民生活");
  EXPECT_EQ(versions[1].details, changed);
  EXPECT_EQ(versions[1].reason, "new wording");
  EXPECT_EQ(versions[1].author, "chen");
  EXPECT_EQ(tariffs.get(home)->version, 2);
  EXPECT_EQ(tariffs.list()->size(), 2U);
  const auto log = operations(*database, all, 10).value();
  EXPECT_EQ(log.front().action, "change_tariff");
  EXPECT_EQ(log.front().detail, "tariff residential");
}

TEST_F(TariffsTest, RefusesWhatCannotBe) {
  EXPECT_EQ(code(tariffs.create(author, details("residential"))), ErrorCode::already_exists);
  EXPECT_EQ(code(tariffs.create(author, details("Big Trade"))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(tariffs.create(author, details("-"))), ErrorCode::invalid_argument) << "a word of the filters";
  TariffDetails backwards = details("x");
  backwards.last_day = backwards.first_day - 1;
  EXPECT_EQ(code(tariffs.create(author, backwards)), ErrorCode::invalid_argument);
  TariffDetails nameless = details("x");
  nameless.name_en.clear();
  EXPECT_EQ(code(tariffs.create(author, nameless)), ErrorCode::invalid_argument);
  EXPECT_EQ(code(tariffs.change(author, home, 1, details("residential"), "none")), ErrorCode::invalid_argument);
  TariffDetails renamed = details("residential");
  renamed.name_en = "Home";
  EXPECT_EQ(code(tariffs.change(author, home, 1, renamed, "")), ErrorCode::invalid_argument);
  EXPECT_EQ(code(tariffs.change(author, home, 7, renamed, "late")), ErrorCode::conflict);
  EXPECT_EQ(code(tariffs.change(author, TariffId{99}, 1, renamed, "x")), ErrorCode::not_found);
  renamed.code = "other";
  EXPECT_EQ(code(tariffs.change(author, home, 1, renamed, "x")), ErrorCode::invalid_argument);
}

TEST_F(TariffsTest, APointChangesItsTariffFromADayOn) {
  const PointId flat = point("Flat 1", east);
  EXPECT_TRUE(assign(flat, home, "2026-01-01").value());
  EXPECT_TRUE(assign(flat, trade, "2026-06-16").value());
  EXPECT_FALSE(assign(flat, trade, "2026-06-20").value()) << "so it is already";
  EXPECT_TRUE(assign(flat, {}, "2026-08-01").value()) << "ahead: the contract ends";
  EXPECT_THAT(in_force(flat),
              ElementsAre(Pair("2026-01-01", "residential"), Pair("2026-06-16", "commercial"), Pair("2026-08-01", "")));
  const auto history = point_tariffs.history(all, flat).value();
  EXPECT_EQ(history[0].next_day, day("2026-06-16"));
  EXPECT_EQ(history[2].next_day, std::nullopt);
  EXPECT_EQ(operations(*database, all, 1)->front().action, "set_point_tariff");
}

TEST_F(TariffsTest, ACorrectionNeedsAReasonAndHidesNothing) {
  const PointId flat = point("Flat 1", east);
  ASSERT_TRUE(assign(flat, home, "2026-01-01"));
  EXPECT_EQ(code(assign(flat, trade, "2026-01-01")), ErrorCode::invalid_argument) << "the same day";
  EXPECT_EQ(code(assign(flat, trade, "2025-12-01")), ErrorCode::invalid_argument) << "before";
  EXPECT_TRUE(assign(flat, trade, "2026-01-01", "contract read wrongly").value());
  EXPECT_TRUE(assign(flat, home, "2025-12-01", "moved in earlier").value());
  EXPECT_THAT(in_force(flat), ElementsAre(Pair("2025-12-01", "residential"), Pair("2026-01-01", "commercial")));
  auto history = point_tariffs.history(all, flat).value();
  ASSERT_THAT(history, SizeIs(3));
  EXPECT_EQ(history[1].code, "residential");
  EXPECT_EQ(history[1].withdrawn_reason, "contract read wrongly");
  EXPECT_EQ(history[1].withdrawn_by, "chen");
  EXPECT_EQ(history[1].next_day, std::nullopt);

  EXPECT_EQ(code(point_tariffs.withdraw(author, flat, history[2].id, "")), ErrorCode::invalid_argument);
  ASSERT_TRUE(point_tariffs.withdraw(author, flat, history[2].id, "was right at first"));
  EXPECT_THAT(in_force(flat), ElementsAre(Pair("2025-12-01", "residential")));
  EXPECT_EQ(code(point_tariffs.withdraw(author, flat, history[2].id, "again")), ErrorCode::not_found);
  EXPECT_THAT(point_tariffs.history(all, flat).value(), SizeIs(3));
  EXPECT_EQ(operations(*database, all, 1)->front().action, "withdraw_point_tariff");
}

TEST_F(TariffsTest, ATariffHoldsOnItsDaysOnly) {
  TariffDetails old = details("old");
  old.last_day = day("2025-12-31");
  const TariffId gone = tariffs.create(author, old).value();
  const PointId flat = point("Flat 1", east);
  EXPECT_EQ(code(assign(flat, gone, "2026-01-01")), ErrorCode::invalid_argument);
  EXPECT_EQ(code(assign(flat, gone, "2019-12-31")), ErrorCode::invalid_argument);
  EXPECT_EQ(code(assign(flat, home, "2029-01-01")), ErrorCode::invalid_argument) << "too far ahead";
  EXPECT_EQ(code(assign(flat, TariffId{77}, "2026-01-01")), ErrorCode::not_found);
  ASSERT_TRUE(assign(flat, gone, "2025-12-31"));
  old.last_day = day("2025-12-30");
  EXPECT_EQ(code(tariffs.change(author, gone, 1, old, "shorter")), ErrorCode::conflict);
}

TEST_F(TariffsTest, NobodySeesOrChangesAnothersPoints) {
  const PointId flat = point("Flat 1", east);
  ASSERT_TRUE(assign(flat, home, "2026-01-01"));
  EXPECT_EQ(code(point_tariffs.assign(stranger, flat, {trade, day("2026-02-01"), "x"})), ErrorCode::not_found);
  EXPECT_EQ(code(point_tariffs.withdraw(stranger, flat, 1, "x")), ErrorCode::not_found);
  EXPECT_EQ(code(point_tariffs.history(stranger.scope, flat)), ErrorCode::not_found);
  const DeviceId meter = device("meter", east);
  ASSERT_TRUE(points.install(all, flat, meter, at("2026-01-01", 0)));
  EXPECT_THAT(point_tariffs.devices_of(all, home).value(), UnorderedElementsAre(meter));
  EXPECT_THAT(point_tariffs.devices_of(stranger.scope, home).value(), IsEmpty());
  EXPECT_THAT(point_tariffs.days_of_devices(stranger.scope, day("2026-01-01"), day("2026-01-31")).value(), IsEmpty());
}

TEST_F(TariffsTest, DevicesCountForThePointWhereTheyAreOnTheDay) {
  const PointId flat = point("Flat 1", east);
  const PointId shop = point("Shop", east);
  const DeviceId first = device("first", east);
  const DeviceId second = device("second", east);
  const DeviceId loose = device("loose", east);
  ASSERT_TRUE(assign(flat, home, "2026-01-01"));
  ASSERT_TRUE(assign(flat, trade, "2026-06-16"));
  ASSERT_TRUE(assign(shop, trade, "2026-01-01"));
  ASSERT_TRUE(points.install(all, flat, first, at("2026-05-10", 0)));   // the tenth begins with it
  ASSERT_TRUE(points.install(all, flat, second, at("2026-06-20", 9)));  // exchange in the morning
  ASSERT_TRUE(points.install(all, shop, first, at("2026-06-25", 9)));
  const auto days = point_tariffs.days_of_devices(all, day("2026-05-01"), day("2026-06-30")).value();
  ASSERT_THAT(days, SizeIs(2)) << "a device at no point is left out";
  EXPECT_FALSE(days.contains(loose));
  EXPECT_THAT(days.at(first), ElementsAre(TariffDay{day("2026-05-01"), {}}, TariffDay{day("2026-05-10"), home},
                                          TariffDay{day("2026-06-16"), trade}, TariffDay{day("2026-06-21"), {}},
                                          TariffDay{day("2026-06-25"), trade}));
  EXPECT_THAT(days.at(second), ElementsAre(TariffDay{day("2026-05-01"), {}}, TariffDay{day("2026-06-20"), trade}));
  // From the middle of what holds.
  const auto june = point_tariffs.days_of_devices(all, day("2026-06-01"), day("2026-06-17")).value();
  EXPECT_THAT(june.at(first), ElementsAre(TariffDay{day("2026-06-01"), home}, TariffDay{day("2026-06-16"), trade}));
  EXPECT_THAT(point_tariffs.devices_of(all, trade).value(), UnorderedElementsAre(first, second));
  EXPECT_THAT(point_tariffs.devices_of(all, {}).value(), UnorderedElementsAre(loose));
}

}  // namespace
}  // namespace duheng::platform
