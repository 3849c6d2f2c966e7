#include "platform/points/metering_points.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/batch.hpp"
#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/points/consumption_chain.hpp"
#include "platform/sites/sites.hpp"
#include "store/consumption/consumption.hpp"
#include "store/records/test_database.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Scope all = Scope::everything();
constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t start = 1'700'000'000'000;
constexpr std::string_view energy = "energy_active_import_total";

class MeteringPointsTest : public ::testing::Test {
 protected:
  DeviceId device(const std::string& uid) {
    return devices
        .create(all, {.uid = uid,
                      .name = uid,
                      .protocol = "dlt645",
                      .model = "single",
                      .organisation = east,
                      .gateway = gateway})
        .value();
  }
  static PointInstallation installation(DeviceId device, std::int64_t at, std::optional<Decimal> first = {},
                                        std::int64_t ratio = 1) {
    PointRegister one;
    one.name = energy;
    one.ratio_numerator = ratio;
    one.digits = 8;
    one.start = first;
    return {device, at, {one}};
  }
  Result<void> exchange(PointId point, const PointInstallation& to, const std::vector<EndReading>& ends) {
    return points.exchange(author, point, to, ends, "meter failed");
  }
  void read(const std::string& uid, std::int64_t time, std::int64_t mantissa) {
    BatchWriter writer{time};
    Frame frame;
    frame.device_index = writer.device(uid);
    frame.received_utc_ms = time;
    const std::uint32_t index = writer.register_of({energy, "kWh", -2, SeriesKind::decimal});
    writer.frame(frame);
    writer.reading({index, mantissa, time, TimeSource::gateway, Quality::good});
    Bytes body;
    writer.finish(body);
    const store::TelemetryRecord record{telemetry.next_record(), gateway, body};
    ASSERT_TRUE(telemetry.apply({&record, 1}));
  }
  ResolvedChain resolved(PointId point) {
    return resolve_chain(telemetry, points.chain(all, point).value(), energy,
                         [this](DeviceId id) { return devices.sources_of(all, id); })
        .value();
  }
  static ErrorCode code(const auto& outcome) { return outcome ? ErrorCode{} : outcome.error().code; }

  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),         Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(),        OrderService::migrations(),
                                 Tariffs::migrations(),       MeteringPoints::migrations()};
  SystemRandom random;
  Organisations organisations{*database, database.clock};
  Gateways gateways{*database, database.clock, random};
  Devices devices{*database, database.clock};
  MeteringPoints points{*database, database.clock};
  store::MemoryTelemetryStore telemetry;
  OrganisationId east = organisations.create(all, {.code = "east", .name_en = "East"}).value();
  OrganisationId west = organisations.create(all, {.code = "west", .name_en = "West"}).value();
  GatewayId gateway = gateways.create(all, east, "gateway").value();
  DeviceId old_meter = device("old"), new_meter = device("new");
  Author author{UserId{}, "chen", Role::operator_, Scope::below(east), "192.0.2.9"};
  Author stranger{UserId{}, "wu", Role::operator_, Scope::below(west), "192.0.2.8"};
};

TEST_F(MeteringPointsTest, ListsThePointsOfATariff) {
  const store::CivilCalendar calendar = *store::CivilCalendar::open("Asia/Shanghai");
  Tariffs tariffs(*database, database.clock);
  PointTariffs point_tariffs(*database, database.clock, calendar);
  database.clock.set_utc_ms(start);
  const std::int32_t today = point_tariffs.today();
  const auto tariff = [&](std::string code) {
    TariffDetails details;
    details.code = details.name_zh = details.name_en = std::move(code);
    details.first_day = today - 100;
    return tariffs.create(author, details).value();
  };
  const TariffId home = tariff("home");
  const TariffId trade = tariff("trade");
  const PointId flat = points.create(author, {.organisation = east, .name = "Flat"}, {}).value();
  const PointId shop = points.create(author, {.organisation = east, .name = "Shop"}, {}).value();
  const PointId yard = points.create(author, {.organisation = east, .name = "Yard"}, {}).value();
  ASSERT_TRUE(point_tariffs.assign(author, flat, {home, today - 10, {}}));
  ASSERT_TRUE(point_tariffs.assign(author, shop, {home, today - 10, {}}));
  ASSERT_TRUE(point_tariffs.assign(author, shop, {trade, today, {}}));
  ASSERT_TRUE(point_tariffs.assign(author, flat, {trade, today + 1, {}}));
  const auto names = [&](std::optional<TariffId> wanted, const Scope& scope) {
    PointQuery query;
    query.tariff = wanted;
    query.day = today;
    const auto page = points.list(scope, query).value();
    std::vector<std::string> out;
    for (const MeteringPoint& one : page.points) out.push_back(one.details.name);
    EXPECT_EQ(page.total, static_cast<std::int64_t>(out.size()));
    return out;
  };
  EXPECT_THAT(names(home, all), ElementsAre("Flat"));
  EXPECT_THAT(names(trade, all), ElementsAre("Shop"));
  EXPECT_THAT(names(TariffId{}, all), ElementsAre("Yard"));
  EXPECT_THAT(names({}, all), ElementsAre("Flat", "Shop", "Yard"));
  EXPECT_THAT(names(home, stranger.scope), IsEmpty());
  const std::vector<PointId> ids{flat, shop, yard};
  const auto present = point_tariffs.present(ids).value();
  EXPECT_EQ(present.at(shop).details.code, "trade");
  EXPECT_EQ(present.at(flat).details.code, "home");
  EXPECT_FALSE(present.contains(yard));
}

TEST_F(MeteringPointsTest, AnExchangeKeepsThePointsHistory) {
  const PointId point =
      points.create(author, {.organisation = east, .name = "Hall 1"}, installation(old_meter, start)).value();
  ASSERT_TRUE(exchange(point, installation(new_meter, start + 10 * hour, Decimal{300, -2}),
                       {{std::string{energy}, Decimal{15'050, -2}}}));
  const auto chain = points.chain(all, point).value();
  ASSERT_THAT(chain, SizeIs(2));
  EXPECT_EQ(chain[0].device, old_meter);
  EXPECT_EQ(chain[0].to_utc_ms, start + 10 * hour);
  EXPECT_EQ(chain[0].registers[0].end, (Decimal{15'050, -2}));
  EXPECT_EQ(chain[1].device, new_meter);
  EXPECT_EQ(chain[1].registers[0].start, (Decimal{300, -2}));
  EXPECT_EQ(chain[1].to_utc_ms, std::nullopt);
  EXPECT_EQ(devices.get(all, new_meter)->point_name, "Hall 1");
  EXPECT_EQ(devices.get(all, old_meter)->point, PointId{});
  const auto events = points.events(all, point).value();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[1].action, "exchange");
  EXPECT_EQ(events[1].author, "chen");
  EXPECT_EQ(events[1].reason, "meter failed");
  EXPECT_EQ(operations(*database, all, 10)->front().action, "point_exchange");
  EXPECT_EQ(points.list(all, {})->points[0].links, 2);
}

TEST_F(MeteringPointsTest, AnExchangeThatFailsChangesNothing) {
  const PointId point =
      points.create(author, {.organisation = east, .name = "Hall 1"}, installation(old_meter, start)).value();
  const PointId other =
      points.create(author, {.organisation = east, .name = "Hall 2"}, installation(new_meter, start)).value();
  const std::vector<EndReading> ends{{std::string{energy}, Decimal{1, 0}}};
  EXPECT_EQ(code(exchange(point, installation(new_meter, start + hour), ends)), ErrorCode::conflict);
  EXPECT_EQ(points.chain(all, point)->at(0).registers[0].end, std::nullopt) << "the end reading fell with it";
  ASSERT_TRUE(points.remove(author, other, start + hour, {}, "not used"));
  EXPECT_EQ(code(exchange(point, installation(new_meter, start), ends)), ErrorCode::invalid_argument);
  EXPECT_EQ(code(exchange(point, installation(new_meter, database.clock.utc_ms() + 1), ends)),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(exchange(point, installation(new_meter, start + hour), {{"voltage_a", Decimal{1, 0}}})),
            ErrorCode::not_found);
  EXPECT_EQ(code(points.exchange(author, point, installation(new_meter, start + 2 * hour), ends, "")),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(exchange(point, {new_meter, start + 2 * hour, {}}, ends)), ErrorCode::invalid_argument);
  EXPECT_THAT(points.chain(all, point).value(), SizeIs(1));
  EXPECT_TRUE(exchange(point, installation(new_meter, start + 2 * hour), ends));
}

TEST_F(MeteringPointsTest, NobodyReachesBeyondTheirScope) {
  const PointId point =
      points.create(author, {.organisation = east, .name = "Hall 1"}, installation(old_meter, start)).value();
  EXPECT_EQ(code(points.get(stranger.scope, point)), ErrorCode::not_found);
  EXPECT_EQ(code(points.chain(stranger.scope, point)), ErrorCode::not_found);
  EXPECT_EQ(code(points.events(stranger.scope, point)), ErrorCode::not_found);
  EXPECT_EQ(code(points.exchange(stranger, point, installation(new_meter, start + hour), {}, "r")),
            ErrorCode::not_found);
  EXPECT_EQ(code(points.remove(stranger, point, start + hour, {}, "r")), ErrorCode::not_found);
  EXPECT_EQ(code(points.create(stranger, {.organisation = east, .name = "n"}, {})), ErrorCode::not_found);
  EXPECT_EQ(code(points.create(stranger, {.organisation = west, .name = "n"}, installation(new_meter, start))),
            ErrorCode::not_found);
  EXPECT_THAT(points.list(stranger.scope, {})->points, IsEmpty());
}

TEST_F(MeteringPointsTest, ListsByNameSearchedAndPaged) {
  for (const char* name : {"b", "a", "c"})
    ASSERT_TRUE(points.create(author, {.organisation = east, .name = name}, std::nullopt));
  const auto page = points.list(all, {.page = 2, .page_size = 2}).value();
  EXPECT_EQ(page.total, 3);
  ASSERT_THAT(page.points, SizeIs(1));
  EXPECT_EQ(page.points[0].details.name, "c");
  EXPECT_EQ(points.list(all, {.search = "A"})->total, 1);
  EXPECT_EQ(code(points.list(all, {.page = 0})), ErrorCode::invalid_argument);
  EXPECT_EQ(code(points.create(author, {.organisation = east, .name = "a"}, std::nullopt)), ErrorCode::already_exists);
}

TEST_F(MeteringPointsTest, ConsumptionRunsOverAnExchangeWithAnotherRatio) {
  for (int i = 1; i <= 10; ++i) read("old", start + i * hour, 14'000 + 100 * i);
  for (int i = 11; i <= 20; ++i) read("new", start + i * hour, 300 + 10 * (i - 10));
  const PointId point =
      points
          .create(author, {.organisation = east, .name = "Hall 1"}, installation(old_meter, start, Decimal{14'000, -2}))
          .value();
  ASSERT_TRUE(exchange(point, installation(new_meter, start + 10 * hour, Decimal{300, -2}, 10),
                       {{std::string{energy}, Decimal{15'050, -2}}}));
  const ResolvedChain chain = resolved(point);
  ASSERT_THAT(chain.chain.links, SizeIs(2));
  EXPECT_THAT(chain.unread_links, IsEmpty());
  const auto used = store::consumption(telemetry, chain.chain, {start, start + 20 * hour}, {}, {});
  ASSERT_TRUE(used) << used.error().message;
  // 150.50 - 140.00 of the old meter, (4.00 - 3.00) x 10 of the new one.
  EXPECT_EQ(used->exact().to_string(), "20.50");
  EXPECT_EQ(used->count(store::RemarkKind::exchange), 1U);
  EXPECT_EQ(used->status, store::ConsumptionStatus::complete);
}

/// BM-4.1.1a: roll-over, ratio changed in mid-month, register reset, exchange, each on golden numbers.
TEST_F(MeteringPointsTest, EveryCaseOfAMonthIsGolden) {
  const auto at = [](int hours) { return start + hours * hour; };
  const std::vector<std::pair<int, std::int64_t>> readings{
      {1, 99'999'500}, {2, 300}, {11, 1'500}, {21, 100}, {29, 150}};
  for (const auto& [hours, mantissa] : readings) read("old", at(hours), mantissa);
  read("new", at(31), 400);
  const PointId point = points
                            .create(author, {.organisation = east, .name = "Hall 1"},
                                    installation(old_meter, start, Decimal{99'999'000, -2}, 40))
                            .value();
  const auto end_of = [](std::int64_t mantissa) {
    return std::vector<EndReading>{{std::string{energy}, Decimal{mantissa, -2}}};
  };
  ASSERT_TRUE(exchange(point, installation(old_meter, at(10), Decimal{1'000, -2}, 60), end_of(1'000)));  // new CTs
  ASSERT_TRUE(exchange(point, installation(old_meter, at(20), Decimal{0, -2}, 60), end_of(2'000)));      // reset
  ASSERT_TRUE(exchange(point, installation(new_meter, at(30), Decimal{300, -2}, 60), end_of(150)));
  const ResolvedChain chain = resolved(point);
  const auto used = [&](int from, int to) {
    const auto got = store::consumption(telemetry, chain.chain, {at(from), at(to)}, {}, {});
    EXPECT_TRUE(got) << got.error().message;
    return got->exact().to_string();
  };
  EXPECT_EQ(used(0, 1), "200.00");    // 5.00 x 40
  EXPECT_EQ(used(1, 2), "320.00");    // over 999999.99: 8.00 x 40
  EXPECT_EQ(used(2, 10), "280.00");   // to the reading at the change: 7.00 x 40
  EXPECT_EQ(used(10, 11), "300.00");  // 5.00 x 60
  EXPECT_EQ(used(11, 20), "300.00");  // to the reading at the reset
  EXPECT_EQ(used(20, 21), "60.00");   // from 0 on
  EXPECT_EQ(used(21, 30), "30.00");   // to the last reading of the old meter
  EXPECT_EQ(used(30, 31), "60.00");   // 4.00 - 3.00 of the new one
  EXPECT_EQ(used(0, 31), "1550.00");
  const auto month = store::consumption(telemetry, chain.chain, {start, at(31)}, {}, {});
  EXPECT_EQ(month->count(store::RemarkKind::roll_over), 1U);
  EXPECT_EQ(month->count(store::RemarkKind::decrease_unexplained), 0U);
  EXPECT_EQ(month->count(store::RemarkKind::ratio_change_not_split), 0U);
  EXPECT_EQ(month->status, store::ConsumptionStatus::complete);
  // Each ratio stands with the time from which it holds.
  const auto links = points.chain(all, point).value();
  ASSERT_THAT(links, SizeIs(4));
  EXPECT_EQ(links[0].registers[0].ratio_numerator, 40);
  EXPECT_EQ(links[0].to_utc_ms, at(10));
  EXPECT_EQ(links[1].registers[0].ratio_numerator, 60);
  EXPECT_EQ(links[1].from_utc_ms, at(10));
}

TEST_F(MeteringPointsTest, ALinkWithoutReadingsIsTold) {
  read("old", start + hour, 100);
  const PointId point =
      points.create(author, {.organisation = east, .name = "Hall 1"}, installation(old_meter, start)).value();
  ASSERT_TRUE(exchange(point, installation(new_meter, start + 2 * hour), {}));
  EXPECT_THAT(resolved(point).unread_links, ElementsAre(start + 2 * hour));
  EXPECT_EQ(code(resolve_chain(telemetry, points.chain(all, point).value(), "voltage_a",
                               [this](DeviceId id) { return devices.sources_of(all, id); })),
            ErrorCode::not_found);
}

}  // namespace
}  // namespace duheng::platform
