#include "platform/sensors/sensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sensors/sensor_watch.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Scope all = Scope::everything();
constexpr std::int64_t day = 86'400'000;

struct Board final : alarms::ConditionSink {
  void raise(const alarms::Condition& condition) override { standing[condition.subject.id] = condition; }
  void clear(std::string_view kind, const alarms::Subject& subject) override {
    EXPECT_EQ(kind, SensorWatch::kind);
    standing.erase(subject.id);
  }
  std::map<std::string, alarms::Condition> standing;
};

class SensorsTest : public ::testing::Test {
 protected:
  DeviceId device(const std::string& uid, OrganisationId owner,
                  const std::string& model = "modbus-temperature-sensor") {
    return devices
        .create(all, {.uid = uid, .name = "Room " + uid, .protocol = "modbus", .model = model, .organisation = owner})
        .value();
  }
  static ErrorCode code(const auto& outcome) { return outcome ? ErrorCode{} : outcome.error().code; }
  static SensorDetails pt100(const std::string& serial = "T-1") {
    return {.quantity = "temperature",
            .accuracy_class = "B",
            .range_low = Decimal{-40, 0},
            .range_high = Decimal{1505, -1},
            .range_unit = "degC",
            .protection = "IP65",
            .serial_number = serial};
  }
  /// Calibrated so many days ago, for so many days.
  [[nodiscard]] Calibration calibrated(std::int64_t days_ago, std::int64_t interval, std::string certificate = "C-1") {
    return {today - days_ago * day, interval, std::move(certificate)};
  }
  SensorId add(DeviceId where, std::optional<Calibration> calibration, const std::string& place = "temperature") {
    return sensors.create(author, {where, place, installed, pt100(), std::move(calibration)}).value();
  }

  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(), OrderService::migrations(),
                                 Sensors::migrations()};
  Organisations organisations{*database, database.clock};
  Devices devices{*database, database.clock};
  Sensors sensors{*database, database.clock};
  Board board;
  SensorWatch watch{sensors, board, database.clock};
  std::int64_t today = database.clock.utc_ms() / day * day;
  std::int64_t installed = today - 1'000 * day;
  OrganisationId east = organisations.create(all, {.code = "east", .name_en = "East"}).value();
  OrganisationId west = organisations.create(all, {.code = "west", .name_en = "West"}).value();
  DeviceId room_1 = device("1", east), room_2 = device("2", east), far = device("3", west);
  Author author{UserId{}, "chen", Role::operator_, Scope::below(east), "192.0.2.9"};
};

TEST_F(SensorsTest, TheListSaysWhatIsDueFirst) {
  add(room_1, calibrated(400, 365));
  add(room_2, calibrated(350, 365), "");
  add(room_2, calibrated(10, 365));
  add(room_2, std::nullopt, "pressure");
  const auto page = sensors.list(author.scope, {}).value();
  EXPECT_EQ(page.total, 4);
  EXPECT_EQ(page.due, 1);
  EXPECT_EQ(page.overdue, 1);
  std::vector<CalibrationState> states;
  for (const auto& sensor : page.sensors) states.push_back(sensor.state);
  EXPECT_THAT(states, ElementsAre(CalibrationState::overdue, CalibrationState::due, CalibrationState::valid,
                                  CalibrationState::unknown));
  for (const auto state : states) {
    SensorQuery query;
    query.state = state;
    const auto one = sensors.list(author.scope, query).value();
    EXPECT_EQ(one.total, 1);
    EXPECT_EQ(one.sensors.at(0).state, state);
    EXPECT_EQ(one.overdue, 1) << "the counts are of all";
  }
  SensorQuery second;
  second.page = 2;
  second.page_size = 3;
  EXPECT_THAT(sensors.list(author.scope, second)->sensors, SizeIs(1));
  SensorQuery search;
  search.search = "room 1";
  EXPECT_EQ(sensors.list(author.scope, search)->total, 1);
  search.search = "c-1";
  EXPECT_EQ(sensors.list(author.scope, search)->total, 3) << "by certificate";
}

TEST_F(SensorsTest, ACalibrationBeginsAnewAndTheOldOneStays) {
  const SensorId id = add(room_1, calibrated(400, 365));
  EXPECT_EQ(sensors.get(all, id)->state, CalibrationState::overdue);
  ASSERT_TRUE(sensors.calibrate(author, id, calibrated(2, 730, "C-2")));
  EXPECT_EQ(sensors.get(all, id)->state, CalibrationState::valid);
  EXPECT_EQ(sensors.get(all, id)->calibration->certificate, "C-2");
  EXPECT_THAT(sensors.calibrations(all, id).value(), ElementsAre(calibrated(2, 730, "C-2"), calibrated(400, 365)));
  // A paper found later, older than the newest, is history and changes nothing of today.
  ASSERT_TRUE(sensors.calibrate(author, id, calibrated(900, 365, "C-0")));
  EXPECT_EQ(sensors.get(all, id)->calibration->certificate, "C-2");
  EXPECT_EQ(code(sensors.calibrate(author, id, calibrated(2, 100))), ErrorCode::already_exists);
  EXPECT_EQ(code(sensors.calibrate(author, id, calibrated(-5, 100))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(sensors.calibrate(author, id, calibrated(5, 0))), ErrorCode::invalid_argument);
  const auto events = sensors.events(all, id).value();
  EXPECT_EQ(events.back().action, "calibrate");
  EXPECT_EQ(operations(*database, all, 1)->front().action, "sensor_calibrate");
}

TEST_F(SensorsTest, AnExchangedSensorStartsAnew) {
  const SensorId old = add(room_1, calibrated(400, 365));
  const std::int64_t at = today - 10 * day;
  const auto id = sensors.exchange(author, old, {at, pt100("T-2"), std::nullopt, "broken"});
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(sensors.get(all, *id)->state, CalibrationState::unknown);
  EXPECT_EQ(sensors.get(all, old)->to_utc_ms, at);
  EXPECT_EQ(code(sensors.calibrate(author, old, calibrated(1, 365))), ErrorCode::conflict);
  EXPECT_EQ(code(sensors.exchange(author, old, {today, pt100(), std::nullopt, "again"})), ErrorCode::conflict);
  EXPECT_EQ(code(sensors.exchange(author, *id, {at, pt100(), std::nullopt, "too early"})), ErrorCode::invalid_argument);
  EXPECT_EQ(code(sensors.exchange(author, *id, {today, pt100(), std::nullopt, ""})), ErrorCode::invalid_argument);
  const auto chain = sensors.chain(all, *id).value();
  ASSERT_THAT(chain, SizeIs(2));
  EXPECT_EQ(chain[0].details.serial_number, "T-2");
  EXPECT_EQ(chain[1].details.serial_number, "T-1");
  EXPECT_EQ(sensors.list(all, {})->total, 1);
}

TEST_F(SensorsTest, ValuesPastTheDateAreKnownByTheirTimes) {
  const SensorId old = add(room_1, calibrated(500, 365));            // ran out 135 days ago
  ASSERT_TRUE(sensors.calibrate(author, old, calibrated(100, 60)));  // 40 days ago again
  const std::int64_t exchanged = today - 10 * day;
  ASSERT_TRUE(sensors.exchange(author, old, {exchanged, pt100("T-2"), calibrated(12, 365), "broken"}));
  add(room_1, calibrated(20, 10), "");
  EXPECT_THAT(sensors.overdue_periods(room_1).value(),
              ElementsAre(OverduePeriod{"temperature", today - 135 * day, today - 100 * day},
                          OverduePeriod{"temperature", today - 40 * day, exchanged},
                          OverduePeriod{"", today - 10 * day, std::nullopt}));
  EXPECT_THAT(sensors.overdue_periods(room_2).value(), IsEmpty());
}

TEST_F(SensorsTest, WhatIsWrittenDownWronglyIsRefusedOrCorrected) {
  const SensorId id = add(room_1, std::nullopt);
  auto details = pt100("T-9");
  details.accuracy_class = "A";
  ASSERT_TRUE(sensors.edit(author, id, details));
  EXPECT_EQ(sensors.get(all, id)->details, details);
  EXPECT_THAT(sensors.events(all, id)->back().detail, HasSubstr("class: \"B\" -> \"A\""));
  EXPECT_THAT(sensors.events(all, id)->back().detail, HasSubstr("serial: \"T-1\" -> \"T-9\""));
  const std::size_t events = sensors.events(all, id)->size();
  ASSERT_TRUE(sensors.edit(author, id, details));
  EXPECT_EQ(sensors.events(all, id)->size(), events) << "nothing changed";
  for (const auto& spoil : std::vector<std::function<void(SensorDetails&)>>{
           [](auto& d) { d.quantity = ""; }, [](auto& d) { d.quantity = "Temperatur"; },
           [](auto& d) { d.protection = "65"; }, [](auto& d) { d.protection = "IP6"; },
           [](auto& d) { d.range_high = Decimal{-50, 0}; }, [](auto& d) { d.serial_number = std::string(65, 'x'); },
           [](auto& d) { d.accuracy_class = "\n"; }}) {
    auto wrong = pt100();
    spoil(wrong);
    EXPECT_EQ(code(sensors.edit(author, id, wrong)), ErrorCode::invalid_argument);
  }
  EXPECT_EQ(code(sensors.create(author, {room_1, "temperature", installed, pt100(), {}})), ErrorCode::already_exists);
}

TEST_F(SensorsTest, NobodyReachesBeyondTheirScope) {
  const Author stranger{UserId{}, "wu", Role::operator_, Scope::below(west), "192.0.2.8"};
  const SensorId id = add(room_1, std::nullopt);
  EXPECT_EQ(sensors.list(stranger.scope, {})->total, 0);
  EXPECT_EQ(code(sensors.get(stranger.scope, id)), ErrorCode::not_found);
  EXPECT_EQ(code(sensors.chain(stranger.scope, id)), ErrorCode::not_found);
  EXPECT_EQ(code(sensors.edit(stranger, id, pt100())), ErrorCode::not_found);
  EXPECT_EQ(code(sensors.calibrate(stranger, id, calibrated(1, 1))), ErrorCode::not_found);
  EXPECT_EQ(code(sensors.exchange(stranger, id, {today, pt100(), {}, "x"})), ErrorCode::not_found);
  EXPECT_EQ(code(sensors.create(author, {far, "", installed, pt100(), {}})), ErrorCode::not_found);
  EXPECT_THAT(sensors.import_table(stranger, sensors.table(all, {}).value())->errors, SizeIs(1));
}

TEST_F(SensorsTest, TheFileComesBackAsItWent) {
  add(room_1, calibrated(10, 365, "a \"quoted\", number"));
  add(room_2, std::nullopt, "");
  const std::string file = sensors.table(all, {}).value();
  EXPECT_THAT(file, HasSubstr(R"("1","temperature","temperature","B",-40,150.5,"degC","IP65","T-1",")"));
  const auto same = sensors.import_table(author, file).value();
  EXPECT_THAT(same.errors, IsEmpty());
  EXPECT_EQ(same.made, 0);
  EXPECT_EQ(same.changed, 2);
  EXPECT_EQ(sensors.table(all, {}).value(), file);
}

TEST_F(SensorsTest, AFileMakesCalibratesAndExchangesOrDoesNothing) {
  const SensorId old = add(room_1, calibrated(400, 365));
  const std::string head = sensors.table(all, {}).value().substr(0, sensors.table(all, {})->find('\n') + 1);
  const std::string recent = date_text(today - day);
  const std::string good = head + "1,temperature,temperature,B,-40,150.5,degC,IP65,T-77," + recent + ",365,C-7\r\n" +
                           "2,pressure,pressure,0.5,0,1.6,MPa,IP67,P-1,,,\r\n";
  const auto bad = sensors.import_table(author, good + "2,,Heat,,,,,,,,,\r\nnobody,,heat,,,,,,,,,\r\n3,x\r\n").value();
  ASSERT_THAT(bad.errors, SizeIs(3));
  EXPECT_EQ(bad.errors[0].line, 4U);
  EXPECT_EQ(sensors.list(all, {})->total, 1) << "all or nothing";
  EXPECT_EQ(sensors.get(all, old)->to_utc_ms, std::nullopt);
  const auto done = sensors.import_table(author, good).value();
  EXPECT_EQ(done.made, 1);
  EXPECT_EQ(done.changed, 1);
  EXPECT_TRUE(sensors.get(all, old)->to_utc_ms);
  EXPECT_EQ(sensors.list(all, {})->overdue, 0);
  EXPECT_EQ(code(sensors.import_table(author, "a,b\r\n")), ErrorCode::malformed);
  EXPECT_EQ(code(sensors.import_table(author, "")), ErrorCode::malformed);
}

TEST_F(SensorsTest, ModelsGiveWhatIsMissing) {
  add(room_1, calibrated(1, 365));
  const std::vector<Sensors::Default> defaults{{"modbus-temperature-sensor", "temperature", pt100("")}};
  EXPECT_EQ(sensors.adopt_defaults(author, defaults).value(), 1) << "room 2; far is another's";
  EXPECT_EQ(sensors.adopt_defaults(author, defaults).value(), 0);
  EXPECT_EQ(sensors.list(all, {})->total, 2);
}

TEST_F(SensorsTest, AnAlarmStandsUntilCalibrated) {
  const SensorId first = add(room_1, calibrated(400, 365));
  const SensorId second = add(room_1, calibrated(350, 365), "");
  add(room_2, calibrated(10, 365));
  ASSERT_TRUE(watch.look());
  ASSERT_THAT(board.standing, SizeIs(1));
  const std::string subject = std::to_string(room_1.value);
  EXPECT_EQ(board.standing[subject].severity, alarms::Severity::warning);
  EXPECT_EQ(board.standing[subject].facts["days_left"], "-35");
  EXPECT_EQ(board.standing[subject].facts["sensors"], "2");
  ASSERT_TRUE(sensors.calibrate(author, first, calibrated(0, 365)));
  ASSERT_TRUE(watch.look());
  EXPECT_EQ(board.standing[subject].severity, alarms::Severity::notice);
  EXPECT_EQ(board.standing[subject].facts["sensors"], "1");
  ASSERT_TRUE(sensors.exchange(author, second, {today, pt100("T-5"), calibrated(0, 365), "worn"}));
  ASSERT_TRUE(watch.look());
  EXPECT_THAT(board.standing, IsEmpty());
  // 340 days later room 2's is within the notice, room 1's are not yet.
  database.clock.advance_ms(330 * day);
  ASSERT_TRUE(watch.look());
  EXPECT_THAT(board.standing, SizeIs(1));
  EXPECT_EQ(board.standing.begin()->first, std::to_string(room_2.value));
}

}  // namespace
}  // namespace duheng::platform
