#include "platform/edits/edit_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <memory>

#include "base/simulated_disk.hpp"
#include "model/batch.hpp"
#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/history/telemetry_applier.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr GatewayId gateway{3};
constexpr std::int64_t quarter = 900'000;
constexpr std::int64_t start = 2'800 * estimation_limits::week_ms;

class EditServiceTest : public ::testing::Test {
 protected:
  EditServiceTest() {
    journal = store::Journal::open(disk, random, keys, {.directory = "journal"}).value();
    applier = std::make_unique<TelemetryApplier>(*journal, telemetry, clock);
    service = std::make_unique<EditService>(*journal, telemetry, *database, clock,
                                            [this](std::uint64_t next) { return catch_up(next); });
    clock.set_utc_ms(start + 100 * quarter);
    for (const int i : {0, 1, 2, 5, 6}) read(start + i * quarter, 1'000 + 10 * i);
    target.series = telemetry.find_series(SeriesId{1}).value();
    target.gateway = gateway;
    target.device_uid = "m";
    target.periods = {{0, std::numeric_limits<std::int64_t>::max()}};
  }
  bool catch_up(std::uint64_t next) {
    while (is_applying && telemetry.next_record() < next) {
      if (const auto step = applier->step(); !step || *step == 0) break;
    }
    return telemetry.next_record() >= next;
  }
  void read(std::int64_t time, std::int64_t mantissa) {
    BatchWriter writer{time};
    Frame frame;
    frame.device_index = writer.device("m");
    frame.received_utc_ms = time;
    const std::uint32_t index = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
    writer.frame(frame);
    writer.reading({index, mantissa, time, TimeSource::gateway, Quality::good});
    Bytes body;
    writer.finish(body);
    store::JournalRecord record;
    record.gateway = gateway;
    record.epoch = 7;
    record.sequence = sequence++;
    record.body = body;
    ASSERT_TRUE(journal->commit({&record, 1}));
    ASSERT_TRUE(catch_up(journal->next_number()));
  }
  Result<EditOutcome> correct(std::int64_t time, std::int64_t from, std::int64_t to, const char* reason = "misread") {
    return service->apply(author, target, {EditKind::correction, reason, {{time, to, from}}});
  }
  Result<EditOutcome> withdraw(std::int64_t time, std::int64_t from) {
    return service->apply(author, target, {EditKind::withdrawal, "a mistake", {{time, {}, from}}});
  }
  std::vector<std::int64_t> values() {
    std::vector<std::int64_t> out;
    const store::PointPage page = telemetry.range(SeriesId{1}, {0, start * 2}, 1'000, {}).value();
    for (const store::Point& point : page.points) out.push_back(point.mantissa);
    return out;
  }
  std::vector<OperationEntry> log() { return operations(*database, Scope::everything(), 100).value(); }
  static ErrorCode code(const auto& outcome) { return outcome ? ErrorCode{} : outcome.error().code; }

  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(), OrderService::migrations()};
  ManualClock clock;
  std::unique_ptr<store::Journal> journal;
  store::MemoryTelemetryStore telemetry;
  std::unique_ptr<TelemetryApplier> applier;
  std::unique_ptr<EditService> service;
  EditTarget target;
  Author author{UserId{}, "chen", Role::operator_, Scope::everything(), "192.0.2.9"};
  std::uint64_t sequence = 0;
  bool is_applying = true;
};

TEST_F(EditServiceTest, ACorrectionIsOneJournalRecordBesideWhatWasRead) {
  const std::uint64_t next = journal->next_number();
  const auto outcome = correct(start, 1'000, 1'005, "digit misread, photo 17");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->record_number, next);
  EXPECT_EQ(outcome->values, 1U);
  EXPECT_TRUE(outcome->is_applied);
  EXPECT_EQ(journal->next_number(), next + 1);
  EXPECT_EQ(journal->read(next)->record.type, store::JournalRecordType::edits);
  const auto versions = telemetry.versions(SeriesId{1}, start, {}).value();
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].point.mantissa, 1'000) << "what was read stands beside it";
  const Edit edit = versions[1].edit.value();
  EXPECT_EQ(edit.author, "chen");
  EXPECT_EQ(edit.reason, "digit misread, photo 17");
  EXPECT_EQ(edit.old_mantissa, 1'000);
  EXPECT_EQ(edit.mantissa, 1'005);
  EXPECT_EQ(edit.made_utc_ms, clock.utc_ms());
  ASSERT_EQ(log().size(), 1U);
  EXPECT_EQ(log()[0].action, "edit_readings");
  EXPECT_EQ(log()[0].outcome, "ok");
  EXPECT_THAT(log()[0].detail, HasSubstr("journal record " + std::to_string(next)));
}

TEST_F(EditServiceTest, NobodyOverwritesWhatTheyHaveNotSeen) {
  ASSERT_TRUE(correct(start, 1'000, 1'005));
  const auto second = correct(start, 1'000, 1'007);
  EXPECT_EQ(code(second), ErrorCode::conflict);
  EXPECT_THAT(second.error().message, HasSubstr("10.05"));
  EXPECT_EQ(values()[0], 1'005);
  EXPECT_TRUE(correct(start, 1'005, 1'007));
  EXPECT_EQ(values()[0], 1'007);
}

TEST_F(EditServiceTest, WaitsForTheStoreAndSaysSoWhenItLags) {
  is_applying = false;
  EXPECT_TRUE(correct(start, 1'000, 1'005)) << "the store had everything; the edit itself it has not yet";
  EXPECT_EQ(code(correct(start, 1'000, 1'007)), ErrorCode::unavailable) << "it cannot know what stands there";
  is_applying = true;
  EXPECT_EQ(code(correct(start, 1'000, 1'007)), ErrorCode::conflict);
  EXPECT_EQ(values()[0], 1'005);
}

TEST_F(EditServiceTest, AWithdrawalLetsTheReadValueStandAgain) {
  EXPECT_EQ(code(withdraw(start, 1'000)), ErrorCode::invalid_argument) << "no edit is in force";
  ASSERT_TRUE(correct(start, 1'000, 1'005));
  ASSERT_TRUE(withdraw(start, 1'005));
  EXPECT_EQ(values()[0], 1'000);
  EXPECT_EQ(telemetry.versions(SeriesId{1}, start, {})->size(), 3U);
  EXPECT_EQ(code(withdraw(start, 1'000)), ErrorCode::invalid_argument);
}

TEST_F(EditServiceTest, RefusesWhoMayNotAndWritesThatDown) {
  author.role = Role::viewer;
  const std::uint64_t next = journal->next_number();
  EXPECT_EQ(code(correct(start, 1'000, 1'005)), ErrorCode::forbidden);
  EXPECT_EQ(code(service->apply_estimates(author, target, {{start, start + 6 * quarter}}, "gap", "")),
            ErrorCode::forbidden);
  EXPECT_EQ(journal->next_number(), next);
  ASSERT_EQ(log().size(), 2U);
  EXPECT_EQ(log()[0].outcome, "forbidden");
  EXPECT_EQ(log()[0].name, "chen");
  EXPECT_EQ(log()[0].remote_address, "192.0.2.9");
}

TEST_F(EditServiceTest, RefusesWhatIsNotTheAuthorsOrMakesNoSense) {
  EXPECT_EQ(code(correct(start, 1'000, 1'005, " \n")), ErrorCode::invalid_argument);
  EXPECT_EQ(code(correct(start, 1'000, 1'000)), ErrorCode::invalid_argument);
  EXPECT_EQ(code(service->apply(author, target, {EditKind::correction, "r", {{start + 3 * quarter, 5, {}}}})),
            ErrorCode::invalid_argument)
      << "nothing was read there";
  EXPECT_EQ(code(service->apply(author, target, {EditKind::correction, "r", {}})), ErrorCode::invalid_argument);
  EXPECT_EQ(code(service->apply(author, target, {EditKind::correction, "r", {{start, 1, 1'000}, {start, 2, 1'000}}})),
            ErrorCode::invalid_argument);
  target.periods = {{start + 1, start + quarter}};
  EXPECT_EQ(code(correct(start, 1'000, 1'005)), ErrorCode::not_found);
  EXPECT_EQ(code(service->draft(target, {{start, start + 6 * quarter}})), ErrorCode::not_found);
  target.series.kind = SeriesKind::bit_set;
  EXPECT_EQ(code(correct(start + 1, 1, 2)), ErrorCode::unsupported);
}

TEST_F(EditServiceTest, AllValuesOfOneActOrNone) {
  const EditCommand command{EditKind::correction, "r", {{start, 1, 1'000}, {start + quarter, 2, 999}}};
  EXPECT_EQ(code(service->apply(author, target, command)), ErrorCode::conflict);
  EXPECT_EQ(values()[0], 1'000);
}

TEST_F(EditServiceTest, FillsAGapWithWhatWasLookedAtBefore) {
  const EstimateCommand gap{{start, start + 7 * quarter}, quarter, EstimateMethod::linear, true};
  const auto draft = service->draft(target, gap);
  ASSERT_TRUE(draft) << draft.error().message;
  ASSERT_EQ(draft->values.size(), 2U);
  EXPECT_EQ(draft->values[0].mantissa, 1'030);
  EXPECT_EQ(draft->present, 5U);
  EXPECT_EQ(values().size(), 5U) << "looking writes nothing";
  EXPECT_EQ(code(service->apply_estimates(author, target, gap, "outage", "00")), ErrorCode::conflict);
  const auto outcome = service->apply_estimates(author, target, gap, "outage", draft->fingerprint);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->values, 2U);
  EXPECT_THAT(values(), ElementsAre(1'000, 1'010, 1'020, 1'030, 1'040, 1'050, 1'060));
  const auto points = telemetry.range(SeriesId{1}, {start + 3 * quarter, start + 4 * quarter}, 10, {})->points;
  EXPECT_TRUE(has(points[0].quality, Quality::estimated));
  EXPECT_EQ(telemetry.edits(SeriesId{1}, {0, start * 2})[0].method, "linear");
  EXPECT_EQ(service->draft(target, gap)->values.size(), 0U);
  EXPECT_EQ(code(service->apply_estimates(author, target, gap, "outage", draft->fingerprint)),
            ErrorCode::invalid_argument)
      << "nothing is missing any more";
}

TEST_F(EditServiceTest, TheTrueValueTakesThePlaceOfItsEstimate) {
  const EstimateCommand gap{{start, start + 7 * quarter}, quarter, EstimateMethod::linear, true};
  ASSERT_TRUE(service->apply_estimates(author, target, gap, "outage", service->draft(target, gap)->fingerprint));
  read(start + 3 * quarter, 1'033);
  EXPECT_EQ(values()[3], 1'033);
  EXPECT_EQ(values()[4], 1'040);
}

TEST_F(EditServiceTest, APersonTypesInWhatNobodyRead) {
  const std::int64_t time = start + 3 * quarter;
  ASSERT_TRUE(service->apply(author, target, {EditKind::estimate, "read on site", {{time, 1'031, {}}}}));
  EXPECT_EQ(values()[3], 1'031);
  EXPECT_EQ(telemetry.edits(SeriesId{1}, {0, start * 2})[0].method, "manual");
  EXPECT_EQ(code(service->apply(author, target, {EditKind::estimate, "r", {{start, 1, 1'000}}})),
            ErrorCode::invalid_argument)
      << "a value stands there: it is corrected, not estimated";
  ASSERT_TRUE(withdraw(time, 1'031));
  EXPECT_EQ(values().size(), 5U);
}

TEST_F(EditServiceTest, DoesNotEstimateTheFuture) {
  clock.set_utc_ms(start + 4 * quarter);
  const auto draft = service->draft(target, {{start, start + 80 * quarter}, quarter, EstimateMethod::last_value, true});
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->values.size(), 1U);
}

}  // namespace
}  // namespace duheng::platform
