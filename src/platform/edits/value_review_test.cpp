#include "platform/edits/value_review.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/batch.hpp"
#include "model/edit.hpp"
#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Scope all = Scope::everything();
constexpr std::int64_t quarter = 900'000;
constexpr std::string_view energy = "energy_active_import_total";

class ValueReviewTest : public ::testing::Test {
 protected:
  ValueReviewTest() { restart(); }

  void restart(ReviewOptions options = {}) {
    review = std::make_unique<ValueReview>(
        *database, telemetry, calendar, database.clock,
        [](const store::Source&, const store::Series& series) {
          store::SeriesPolicy policy = store::default_series_policy(series);
          policy.rule.modulus = 100'000'000;
          return policy;
        },
        options);
  }
  [[nodiscard]] std::int64_t at(int index) const { return calendar.day(day).after_utc_ms + (index + 1) * quarter; }
  void read(const std::string& uid, std::int64_t time, std::int64_t mantissa) {
    BatchWriter writer{time};
    Frame frame;
    frame.device_index = writer.device(uid);
    frame.received_utc_ms = time;
    const std::uint32_t index = writer.register_of({std::string(energy), "kWh", -2, SeriesKind::decimal});
    writer.frame(frame);
    writer.reading({index, mantissa, time, TimeSource::gateway, Quality::good});
    Bytes body;
    writer.finish(body);
    const store::TelemetryRecord record{telemetry.next_record(), gateway, body};
    ASSERT_TRUE(telemetry.apply({&record, 1}));
  }
  /// A day of `uid` on which the value at `index` is `wrong` instead of what it should be.
  void read_day(const std::string& uid, int index, std::int64_t wrong) {
    for (int i = 0; i < 96; ++i) read(uid, at(i), i == index ? wrong : 10'000 + 10 * i);
  }
  void correct(const std::string& uid, std::int64_t time, std::int64_t from, std::int64_t to) {
    Edit edit;
    edit.gateway = gateway;
    edit.device_uid = uid;
    edit.register_name = energy;
    edit.unit = "kWh";
    edit.exponent = -2;
    edit.time_utc_ms = time;
    edit.mantissa = to;
    edit.old_mantissa = from;
    edit.author = "chen";
    edit.reason = "misread";
    const Bytes body = encode_edits({edit}).value();
    const store::TelemetryRecord record{telemetry.next_record(), gateway, body, store::TelemetryRecord::Content::edits};
    ASSERT_TRUE(telemetry.apply({&record, 1}));
  }
  void run() {
    for (int steps = 0; steps < 1'000; ++steps) {
      const auto more = review->step();
      ASSERT_TRUE(more) << more.error().message;
      if (!*more) return;
    }
    FAIL() << "the review does not come to an end";
  }
  void set_now(int days_later, std::int64_t ms = 3'600'000) {
    database.clock.set_utc_ms(calendar.day(day + days_later).after_utc_ms + ms);
  }
  std::vector<std::string> found(const Scope& scope = all, const FindingQuery& query = {}) {
    std::vector<std::string> out;
    const FindingPage page = review->list(scope, query).value();
    for (const ValueFinding& one : page.findings) {
      out.push_back(one.device_uid + " " + std::string(store::to_string(one.rule)) + " " + one.value.to_string() +
                    " after " + one.expected.to_string() + " " + std::string(to_string(one.state)));
    }
    return out;
  }
  DeviceId device(const std::string& uid, OrganisationId owner) {
    DeviceDetails details;
    details.uid = details.name = uid;
    details.protocol = "dlt645";
    details.model = "single";
    details.organisation = owner;
    details.gateway = gateway;
    return devices.create(all, details).value();
  }

  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(), OrderService::migrations(),
                                 ValueReview::migrations()};
  SystemRandom random;
  Organisations organisations{*database, database.clock};
  Gateways gateways{*database, database.clock, random};
  Devices devices{*database, database.clock};
  store::MemoryTelemetryStore telemetry;
  store::CivilCalendar calendar = *store::CivilCalendar::open("Asia/Shanghai");
  std::int32_t day = *store::CivilCalendar::parse_day("2026-03-10");
  OrganisationId east = organisations.create(all, {.code = "east", .name_en = "East"}).value();
  OrganisationId west = organisations.create(all, {.code = "west", .name_en = "West"}).value();
  GatewayId gateway = gateways.create(all, east, "gateway").value();
  DeviceId m = device("m", east);
  std::unique_ptr<ValueReview> review;
  Author author{UserId{}, "chen", Role::operator_, Scope::everything(), "192.0.2.9"};
};

TEST_F(ValueReviewTest, ADayIsExaminedOnceItIsOverAndTwiceAgain) {
  read_day("m", 40, 300);
  read_day("other", 50, 10'490);
  set_now(0, 80'000'000);
  run();
  EXPECT_THAT(found(), IsEmpty());  // the day still goes on
  set_now(1);
  run();
  EXPECT_THAT(found(), ElementsAre("m negative 3.00 after 103.90 open"));
  EXPECT_EQ(review->status().findings_noted, 1U);
  // Late: a value that makes another one odd, and one that explains nothing.
  read("m", at(60) - 60'000, 900);
  set_now(2);
  run();
  EXPECT_THAT(found(), ElementsAre("m negative 3.00 after 103.90 open"));
  set_now(3);
  run();
  EXPECT_THAT(found(), ElementsAre("m negative 9.00 after 105.90 open", "m negative 3.00 after 103.90 open"));
  // Nothing is done twice for the same day.
  const auto examined = review->status().sources_examined;
  run();
  EXPECT_EQ(review->status().sources_examined, examined);
  restart();
  run();
  EXPECT_EQ(review->status().sources_examined, 0U);
}

TEST_F(ValueReviewTest, WhatIsConfirmedStaysConfirmedUntilTheValueIsAnother) {
  read_day("m", 40, 300);
  set_now(1);
  run();
  const std::int64_t id = review->list(all, {}).value().findings.front().id;
  EXPECT_EQ(review->confirm(author, id, "").error().code, ErrorCode::invalid_argument);
  Author viewer = author;
  viewer.role = Role::viewer;
  EXPECT_EQ(review->confirm(viewer, id, "looks right").error().code, ErrorCode::forbidden);
  ASSERT_TRUE(review->confirm(author, id, "meter was reset, see the fitter's sheet 12"));
  set_now(3);
  run();
  const ValueFinding finding = review->get(all, id).value();
  EXPECT_EQ(finding.state, FindingState::confirmed);
  EXPECT_EQ(finding.decided_by, "chen");
  EXPECT_EQ(finding.reason, "meter was reset, see the fitter's sheet 12");
  EXPECT_EQ(finding.device, m);
  EXPECT_NE(finding.frame.value, 0);
  const auto log = operations(*database, all, 10).value();
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].action, "confirm_value");
  EXPECT_EQ(log[1].outcome, "forbidden");
  // A correction to another value that is odd too opens the matter again.
  correct("m", at(40), 300, 200);
  ASSERT_TRUE(review->examine(gateway, "m", day));
  EXPECT_THAT(found(), ElementsAre("m negative 2.00 after 103.90 open"));
}

TEST_F(ValueReviewTest, AnEditSettlesAFinding) {
  read_day("m", 40, 300);
  set_now(1);
  run();
  correct("m", at(40), 300, 10'400);
  ASSERT_TRUE(review->examine(gateway, "m", day));
  EXPECT_THAT(found(), ElementsAre("m negative 3.00 after 103.90 edited"));
  const std::int64_t id = review->list(all, {}).value().findings.front().id;
  EXPECT_EQ(review->confirm(author, id, "true after all").error().code, ErrorCode::conflict);
  EXPECT_THAT(found(all, {.state = FindingState::open}), IsEmpty());
}

TEST_F(ValueReviewTest, AFindingMovesWhenLateValuesShowTheOddOne) {
  read("m", at(10), 90'000);
  read("m", at(20), 10'100);
  set_now(1);
  run();
  EXPECT_THAT(found(), ElementsAre("m negative 101.00 after 900.00 open"));
  read("m", at(9), 9'990);
  read("m", at(11), 10'010);
  ASSERT_TRUE(review->examine(gateway, "m", day));
  EXPECT_THAT(found(), ElementsAre("m negative 100.10 after 900.00 open"));
  EXPECT_EQ(review->examine(gateway, "nobody", day).error().code, ErrorCode::not_found);
}

TEST_F(ValueReviewTest, EverybodySeesTheirOwn) {
  device("w", west);
  read_day("m", 40, 300);
  read_day("w", 41, 300);
  read_day("nobody", 42, 300);
  set_now(1);
  run();
  EXPECT_EQ(found().size(), 3U);
  EXPECT_EQ(found(Scope::below(east)).size(), 1U);
  EXPECT_THAT(found(Scope::below(west)), ElementsAre("w negative 3.00 after 104.00 open"));
  EXPECT_EQ(found(all, {.device = m}).size(), 1U);
  EXPECT_THAT(found(all, {.rule = store::ValueRule::spike}), IsEmpty());
  const std::int64_t id = review->list(Scope::below(west), {}).value().findings.front().id;
  EXPECT_EQ(review->get(Scope::below(east), id).error().code, ErrorCode::not_found);
  Author stranger = author;
  stranger.scope = Scope::below(east);
  EXPECT_EQ(review->confirm(stranger, id, "fine").error().code, ErrorCode::not_found);
  EXPECT_EQ(review->list(all, {.page = 2, .page_size = 2}).value().findings.size(), 1U);
  EXPECT_EQ(review->list(all, {.page = 1, .page_size = 2}).value().total, 3);
  EXPECT_EQ(review->list(all, {.page = 0}).error().code, ErrorCode::invalid_argument);
}

TEST_F(ValueReviewTest, TheTableIsBounded) {
  ReviewOptions options;
  options.rows_max = 1;
  options.keep_days = 3;
  restart(options);
  read_day("m", 40, 300);
  read_day("w", 41, 300);
  set_now(1);
  run();
  EXPECT_EQ(found().size(), 1U);
  EXPECT_EQ(review->status().dropped, 1U);
  ASSERT_TRUE(review->confirm(author, review->list(all, {}).value().findings.front().id, "fine"));
  set_now(12);
  run();
  EXPECT_THAT(found(), IsEmpty());
}

}  // namespace
}  // namespace duheng::platform
