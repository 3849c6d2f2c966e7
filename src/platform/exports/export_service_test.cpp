#include "platform/exports/export_service.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>

#include "base/simulated_disk.hpp"
#include "platform/devices/devices.hpp"
#include "platform/exports/export_rows.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t begin_ms = 1'750'000'000'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int32_t first_day = 19'000;  // 2022-01-08

/// Series 1 to n, a point each minute; what it says at a time depends on the series and the time alone.
class MadeUpReadings final : public ExportSource {
 public:
  [[nodiscard]] std::uint64_t next_record() const override { return next; }
  [[nodiscard]] Result<store::PointPage> range(SeriesId series, store::TimeRange range, std::size_t points_max,
                                               const store::QueryOptions& options) const override {
    if (options.cancel.stop_requested()) return fail(ErrorCode::cancelled, "cancelled");
    if (failures > 0) {
      --failures;
      return fail(ErrorCode::timed_out, "busy");
    }
    if (on_question) on_question();
    store::PointPage page;
    std::int64_t at = (range.from_utc_ms + minute_ms - 1) / minute_ms * minute_ms;
    for (; at < range.to_utc_ms && page.points.size() < points_max; at += minute_ms)
      page.points.push_back(point(series, at));
    if (at < range.to_utc_ms) page.next_from_utc_ms = at;
    return page;
  }
  [[nodiscard]] std::vector<Edit> edits(SeriesId series, store::TimeRange range) const override {
    std::vector<Edit> out;
    for (const auto& [at, edit] : edited) {
      if (series == SeriesId{1} && at >= range.from_utc_ms && at < range.to_utc_ms) out.push_back(edit);
    }
    return out;
  }
  [[nodiscard]] Result<BucketPage> buckets(SeriesId series, store::BucketSize size, store::DaySpan days,
                                           const store::QueryOptions& options) const override {
    if (options.cancel.stop_requested()) return fail(ErrorCode::cancelled, "cancelled");
    if (failures > 0) {
      --failures;
      return fail(ErrorCode::unavailable, "being made anew");
    }
    BucketPage page{.settled_through = first_day + 700, .version = next, .zone = "UTC"};
    for (const store::DaySpan& span : store::bucket_spans(size, days.first, days.last, SIZE_MAX)) {
      store::ListedBucket bucket{store::CivilCalendar::format_day(span.first), span.last, {}, {}};
      bucket.row.after_utc_ms = span.first * day_ms;
      bucket.row.through_utc_ms = (span.last + 1) * day_ms;
      bucket.row.value_count = 96;
      bucket.row.estimated_count = 1;
      bucket.row.findings = store::aggregate_findings::roll_over | store::aggregate_findings::over_gap;
      bucket.row.first = {bucket.row.after_utc_ms + minute_ms, series.value, FrameReference::make(7, 1), Quality::good};
      bucket.row.last = {bucket.row.through_utc_ms, series.value + span.first, {}, Quality::estimated};
      bucket.row.minimum = bucket.row.first;
      bucket.row.maximum = bucket.row.last;
      bucket.row.sum = 96 * store::Int128{span.first} + 1;
      bucket.row.increase = span.first;
      // Beyond 63 bits, as no column of a file can hold it as a number.
      if (span.first == first_day + 1) bucket.row.increase = store::Int128{1} << 90;
      page.buckets.push_back(bucket);
    }
    return page;
  }
  [[nodiscard]] store::Point point(SeriesId series, std::int64_t at) const {
    store::Point out;
    out.time_utc_ms = at;
    out.mantissa = at / minute_ms % 100'000 * 10 + series.value;
    out.frame = FrameReference::make(static_cast<std::uint64_t>(at / minute_ms % 1'000'000), 3);
    out.received_utc_ms = at + 250;
    if (at / minute_ms % 97 == 0) out.quality = Quality::no_value;
    if (series == SeriesId{1} && edited.contains(at)) {
      out.mantissa = edited.at(at).mantissa;
      out.quality = Quality::corrected;
      out.edit_count = 1;
    }
    return out;
  }

  std::uint64_t next = 100;
  mutable int failures = 0;
  std::function<void()> on_question;
  std::map<std::int64_t, Edit> edited;
};

crypto::SecretKey key() { return records::test_key(3); }

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class ExportTest : public testing::Test {
 protected:
  ExportTest() {
    options.directory = "/exports";
    options.piece_rows = 100;
    options.free_bytes_min = 0;
    const Scope all = Scope::everything();
    const OrganisationId city = must(organisations.create(all, {{}, "city", "市", "City"}));
    PeopleOptions quick;
    quick.password_cost = {.memory_kib = 64, .passes = 1};
    People people(*database, database.clock, random, quick);
    const auto person = [&](const char* name) {
      NewUser user;
      user.name = name;
      user.password = "correct horse battery";
      user.organisation = city;
      return Author{must(people.create(all, user)), name, Role::viewer, all, "127.0.0.1"};
    };
    anna = person("anna");
    bert = person("bert");
    restart();
  }

  /// As after a restart of the platform: everything in memory is gone.
  void restart() {
    service.reset();
    service = std::make_unique<ExportService>(*database, disk, database.clock, random, keys, source, options);
    must(service->open());
  }

  [[nodiscard]] static NewExport wish(store::TableFormat format, std::int64_t minutes, int series_count = 3) {
    NewExport out;
    out.name = "June";
    out.format = format;
    out.time_zone = "Asia/Shanghai";
    out.range = {begin_ms, begin_ms + minutes * minute_ms};
    out.plan.devices = {{DeviceId{7}, "000000000007", "=East & Co", "000000000007", "Hill"},
                        {DeviceId{8}, "000000000008", "西表", "000000000008", ""}};
    for (int i = 1; i <= series_count; ++i) {
      out.plan.parts.push_back({static_cast<std::uint32_t>(i % 2), SeriesId{i}, i % 2 == 0 ? "voltage_a" : "energy",
                                i % 2 == 0 ? "V" : "kWh", static_cast<std::int8_t>(i % 2 == 0 ? -1 : -2),
                                SeriesKind::decimal, out.range});
    }
    return out;
  }

  /// Two series, the first as one device's in two times that lie 200 days apart.
  [[nodiscard]] static NewExport buckets_wish(store::TableFormat format, store::BucketSize size, std::int32_t days) {
    NewExport out = wish(format, 1, 2);
    out.by = size;
    out.days = {first_day, first_day + days - 1};
    out.range = {first_day * day_ms, (first_day + days) * day_ms};
    out.plan.devices[1].interval_ms = 900'000;
    out.plan.parts[0].register_name = "energy_active_import_total";
    ExportPart energy = out.plan.parts[0];
    out.plan.parts[1].range = {0, INT64_MAX};
    energy.range = {0, (first_day + 100) * day_ms};
    ExportPart later = energy;
    later.range = {(first_day + 300) * day_ms, INT64_MAX};
    out.plan.parts = {energy, later, out.plan.parts[1]};
    return out;
  }

  /// Steps until nothing is left; restarts after every `restart_every` steps.
  int run(int restart_every = 0) {
    int steps = 0;
    while (must(service->step()) != ExportService::Step::idle) {
      if (++steps > 10'000) throw std::runtime_error("it does not end");
      if (restart_every > 0 && steps % restart_every == 0) restart();
    }
    return steps;
  }

  std::string content(std::int64_t id) {
    ExportDownload download = must(service->download(anna, id));
    std::string out;
    while (auto piece = must(download.reader.next())) out += as_text(*piece);
    EXPECT_EQ(out.size(), download.size_bytes);
    std::string digest = to_hex(crypto::sha256(as_bytes(out)));
    for (char& character : digest) character = static_cast<char>(std::tolower(character));
    EXPECT_EQ(digest, download.sha256);
    return out;
  }

  std::vector<std::string> actions() {
    std::vector<std::string> out;
    for (const auto& entry : must(operations(*database, Scope::everything(), 50))) out.push_back(entry.action);
    return out;
  }

  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(), OrderService::migrations(),
                                 ExportService::migrations()};
  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{key()};
  Organisations organisations{*database, database.clock};
  MadeUpReadings source;
  ExportOptions options;
  Author anna, bert;
  std::unique_ptr<ExportService> service;
};

TEST_F(ExportTest, WritesEveryRowExactly) {
  Edit edit;
  edit.time_utc_ms = begin_ms / minute_ms * minute_ms + 2 * minute_ms;
  edit.mantissa = 4'242;
  edit.old_mantissa = 17;
  edit.author = "bert";
  edit.reason = "misread, \"5\"";
  source.edited[edit.time_utc_ms] = edit;
  const Export asked = must(service->ask(anna, wish(store::TableFormat::csv, 3, 2), 100));
  EXPECT_EQ(asked.state, ExportState::queued);
  run();
  const Export done = must(service->get(anna, asked.id));
  EXPECT_EQ(done.state, ExportState::done) << done.reason;
  EXPECT_EQ(done.rows, 6U);
  EXPECT_EQ(done.parts_done, 2U);
  EXPECT_EQ(done.expires_utc_ms, database.clock.utc_ms() + options.kept_ms);
  const std::string text = content(asked.id);
  EXPECT_TRUE(text.starts_with(
      "device_id,device,address,site,register,time,time_utc_ms,value,unit,kind,quality,time_source,"
      "received_utc_ms,frame,"
      "evidence,conflict,edits,edit_kind,edit_author,edit_reason,value_before_edit,past_calibration\r\n"));
  // 1750000000000 is 15:06:40 UTC; the first whole minute after it is 15:07.
  EXPECT_NE(text.find("\r\n8,西表,000000000008,,energy,2025-06-15T23:08:00.000+08:00,1750000080000,42.42,kWh,decimal,"
                      "corrected,gateway,1750000080250,"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(",1,0,1,correction,bert,\"misread, \"\"5\"\"\",0.17,0\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\r\n7,'=East & Co,000000000007,Hill,voltage_a,"), std::string::npos) << text;
}

TEST_F(ExportTest, RestartsBetweenAllPiecesChangeNothing) {
  for (const auto format : {store::TableFormat::csv, store::TableFormat::json_lines, store::TableFormat::xlsx,
                            store::TableFormat::parquet}) {
    const Export whole = must(service->ask(anna, wish(format, 777), 100));
    run();
    const Export pieces = must(service->ask(anna, wish(format, 777), 100));
    EXPECT_GT(run(1), 20) << "pieces of 100 rows";
    EXPECT_EQ(must(service->get(anna, pieces.id)).rows, 3U * 777U);
    EXPECT_TRUE(content(whole.id) == content(pieces.id)) << store::to_string(format);
  }
}

TEST_F(ExportTest, WritesEveryBucketExactly) {
  const Export asked =
      must(service->ask(anna, buckets_wish(store::TableFormat::csv, store::BucketSize::day, 800), 100));
  EXPECT_EQ(asked.by, store::BucketSize::day);
  run();
  const Export done = must(service->get(anna, asked.id));
  EXPECT_EQ(done.state, ExportState::done) << done.reason;
  EXPECT_EQ(done.parts_done, 3U);
  EXPECT_EQ(done.rows, 800U + 800U - 200U) << "nothing of the time between";
  const std::string text = content(asked.id);
  EXPECT_TRUE(text.starts_with("device_id,device,address,site,register,unit,kind,by,label,days_of_zone,from,to,"))
      << text;
  EXPECT_NE(text.find("8,西表,000000000008,,energy_active_import_total,kWh,decimal,day,2022-01-08,UTC,2022-01-08T08:00:"
                      "00.000+08:00,"
                      "2022-01-09T08:00:00.000+08:00,1641600000000,1641686400000,0,100,96,96,100.00,,0,1,0,1.05,"
                      "roll_over over_gap,0,0.01,1641600060000,good,458753,190.01,1641686400000,estimated,,0.01,"
                      "1641600060000,good,458753,190.01,1641686400000,estimated,,"),
            std::string::npos)
      << text.substr(0, 2'000);
  EXPECT_NE(text.find("(18240.01)/96,190.0001,190.00,0.00,0\r\n"), std::string::npos) << text.substr(0, 2'000);
  EXPECT_NE(text.find(",12379400392853802748991242.24,"), std::string::npos) << "beyond 63 bits";
  EXPECT_NE(text.find(",2023-12-10,UTC,2023-12-10T08:00:00.000+08:00,2023-12-11T08:00:00.000+08:00,1702166400000,"
                      "1702252800000,1,"),
            std::string::npos)
      << "not settled";
  EXPECT_EQ(text.find(",2022-04-18,UTC,"), text.find(",voltage_a,V,decimal,day,2022-04-18,UTC,") + 24)
      << "not the energy";
}

TEST_F(ExportTest, MarksWhatASensorPastItsCalibrationDateMeasured) {
  NewExport wanted = wish(store::TableFormat::csv, 10, 2);
  const std::int64_t third = (begin_ms / minute_ms + 3) * minute_ms;
  wanted.plan.parts[0].past_calibration = {{third, third + 2 * minute_ms}};
  const Export readings = must(service->ask(anna, wanted, 100));
  wanted = buckets_wish(store::TableFormat::csv, store::BucketSize::day, 10);
  wanted.plan.parts[0].past_calibration = {{(first_day + 4) * day_ms + day_ms / 2, INT64_MAX}};
  const Export days = must(service->ask(anna, wanted, 100));
  run();
  const auto marked = [&](std::int64_t id, std::string_view register_name) {
    const std::string text = content(id);
    std::vector<bool> out;
    for (std::size_t at = text.find("\r\n") + 2; at < text.size(); at = text.find("\r\n", at) + 2) {
      const std::string line = text.substr(at, text.find("\r\n", at) - at);
      if (line.find(register_name) != std::string::npos) out.push_back(line.ends_with(",1"));
    }
    return out;
  };
  std::vector<bool> expected(10, false);
  expected[2] = expected[3] = true;
  EXPECT_EQ(marked(readings.id, ",energy,"), expected);
  EXPECT_EQ(marked(readings.id, ",voltage_a,"), std::vector<bool>(10, false));
  expected = {false, false, false, false, true, true, true, true, true, true};
  EXPECT_EQ(marked(days.id, ",energy_active_import_total,"), expected);
}

TEST_F(ExportTest, BucketsSurviveRestartsAndWaitForAggregates) {
  for (const auto format : {store::TableFormat::csv, store::TableFormat::json_lines, store::TableFormat::xlsx,
                            store::TableFormat::parquet}) {
    const Export whole = must(service->ask(anna, buckets_wish(format, store::BucketSize::day, 1'500), 100));
    run();
    const Export pieces = must(service->ask(anna, buckets_wish(format, store::BucketSize::day, 1'500), 100));
    source.failures = 2;
    EXPECT_GT(run(1), 8) << "pages of 366 days, pieces of 100 rows";
    EXPECT_EQ(must(service->get(anna, pieces.id)).rows, 1'500U + 1'300U);
    EXPECT_TRUE(content(whole.id) == content(pieces.id)) << store::to_string(format);
  }
  for (const auto size :
       {store::BucketSize::hour, store::BucketSize::week, store::BucketSize::month, store::BucketSize::year}) {
    const Export asked = must(service->ask(anna, buckets_wish(store::TableFormat::csv, size, 800), 100));
    run(1);
    const Export done = must(service->get(anna, asked.id));
    ASSERT_EQ(done.state, ExportState::done) << done.reason;
    const auto spans = store::bucket_spans(size, first_day, first_day + 799, SIZE_MAX);
    const auto own = std::ranges::count_if(spans, [](const store::DaySpan& span) {
      return span.last + 1 <= first_day + 100 || span.first >= first_day + 300;
    });
    EXPECT_EQ(done.rows, spans.size() + static_cast<std::size_t>(own)) << store::to_string(size);
  }
  const Export cancelled =
      must(service->ask(anna, buckets_wish(store::TableFormat::csv, store::BucketSize::day, 1'500), 100));
  must(service->step());
  must(service->cancel(anna, cancelled.id));
  run();
  EXPECT_EQ(must(service->get(anna, cancelled.id)).state, ExportState::cancelled);
}

TEST_F(ExportTest, WhatAnUpgradeSetsBackBeginsAnew) {
  for (const bool buckets : {false, true}) {
    const NewExport wanted = buckets ? buckets_wish(store::TableFormat::csv, store::BucketSize::day, 1'500)
                                     : wish(store::TableFormat::csv, 777);
    const Export whole = must(service->ask(anna, wanted, 100));
    run();
    const Export again = must(service->ask(anna, wanted, 100));
    for (int i = 0; i < 3; ++i) must(service->step());
    ASSERT_GT(must(service->get(anna, again.id)).rows, 0U);
    // As the step "past calibration" does to an export under way.
    must(database->write([&](records::Transaction& t) {
      return t.execute(
          "UPDATE exports SET state = 1, part = 0, row_count = 0, pieces = 0, disk_bytes = 0, size_bytes = 0, "
          "writer_state = x'' WHERE id = ?1",
          {again.id});
    }));
    restart();
    run();
    EXPECT_EQ(must(service->get(anna, again.id)).rows, must(service->get(anna, whole.id)).rows);
    EXPECT_TRUE(content(again.id) == content(whole.id));
  }
}

TEST_F(ExportTest, LossOfPowerAtAnyMomentLosesAndDoublesNothing) {
  const Export whole = must(service->ask(anna, wish(store::TableFormat::csv, 300), 100));
  run();
  const std::string expected = content(whole.id);
  for (std::uint64_t operations = 0; operations < 40; ++operations) {
    const Export asked = must(service->ask(anna, wish(store::TableFormat::csv, 300), 100));
    disk.lose_power_after(operations);
    for (int i = 0; i < 20 && !disk.powerless(); ++i) {
      if (const auto step = service->step(); !step || *step == ExportService::Step::idle) break;
    }
    disk.crash(random);
    restart();
    run();
    ASSERT_EQ(must(service->get(anna, asked.id)).state, ExportState::done) << must(service->get(anna, asked.id)).reason;
    ASSERT_TRUE(content(asked.id) == expected) << "after " << operations << " operations";
    must(service->cancel(anna, asked.id));
  }
}

TEST_F(ExportTest, WaitsUntilTelemetryHasWhatWasJournalledBefore) {
  const Export asked = must(service->ask(anna, wish(store::TableFormat::csv, 10), 101));
  EXPECT_EQ(must(service->step()), ExportService::Step::waiting);
  source.next = 101;
  // Falls back while it is asked: the piece is thrown away.
  source.on_question = [this] { source.next = 50; };
  EXPECT_EQ(must(service->step()), ExportService::Step::waiting);
  EXPECT_EQ(must(service->get(anna, asked.id)).rows, 0U);
  source.on_question = nullptr;
  source.next = 101;
  run();
  EXPECT_EQ(must(service->get(anna, asked.id)).rows, 30U);
  content(asked.id);
}

TEST_F(ExportTest, BusyTelemetryIsAskedAgainAndGivenUpAtLast) {
  const Export asked = must(service->ask(anna, wish(store::TableFormat::csv, 10), 100));
  source.failures = 5;
  run();
  EXPECT_EQ(must(service->get(anna, asked.id)).state, ExportState::done);
  const Export hopeless = must(service->ask(anna, wish(store::TableFormat::csv, 10), 100));
  source.failures = 1'000;
  run();
  const Export failed = must(service->get(anna, hopeless.id));
  EXPECT_EQ(failed.state, ExportState::failed);
  EXPECT_EQ(failed.reason, "busy");
  EXPECT_EQ(must(disk.list("/exports")), (std::vector<std::string>{std::to_string(asked.id) + ".export"}));
}

TEST_F(ExportTest, CancelInTheMiddleDeletesTheFile) {
  const Export asked = must(service->ask(anna, wish(store::TableFormat::csv, 1'000), 100));
  EXPECT_EQ(must(service->step()), ExportService::Step::worked);
  EXPECT_EQ(must(service->get(anna, asked.id)).state, ExportState::running);
  EXPECT_GT(must(service->get(anna, asked.id)).rows, 0U);
  EXPECT_EQ(must(service->cancel(anna, asked.id)).state, ExportState::cancelled);
  run();
  EXPECT_TRUE(must(disk.list("/exports")).empty());
  EXPECT_EQ(service->cancel(anna, asked.id).error().code, ErrorCode::conflict);
  EXPECT_EQ(service->download(anna, asked.id).error().code, ErrorCode::conflict);
  // While a question is under way.
  const Export second = must(service->ask(anna, wish(store::TableFormat::csv, 1'000), 100));
  source.on_question = [&] {
    source.on_question = nullptr;
    must(service->cancel(anna, second.id));
  };
  run();
  EXPECT_EQ(must(service->get(anna, second.id)).state, ExportState::cancelled);
  EXPECT_TRUE(must(disk.list("/exports")).empty());
  EXPECT_EQ(actions(), (std::vector<std::string>{"cancel_export", "ask_export", "cancel_export", "ask_export"}));
}

TEST_F(ExportTest, FullDiskFailsWithAReasonAndLeavesNothing) {
  disk.set_capacity_bytes(disk.used_bytes() + 6'000);
  const Export asked = must(service->ask(anna, wish(store::TableFormat::csv, 5'000), 100));
  run();
  const Export failed = must(service->get(anna, asked.id));
  EXPECT_EQ(failed.state, ExportState::failed);
  EXPECT_FALSE(failed.reason.empty());
  EXPECT_TRUE(must(disk.list("/exports")).empty());
  options.free_bytes_min = 1U << 20;
  restart();
  EXPECT_EQ(service->ask(anna, wish(store::TableFormat::csv, 5), 100).error().code, ErrorCode::storage_full);
}

TEST_F(ExportTest, LimitsAreKept) {
  options.rows_max = 250;
  options.open_per_person_max = 2;
  restart();
  const Export long_one = must(service->ask(anna, wish(store::TableFormat::csv, 300), 100));
  must(service->ask(anna, wish(store::TableFormat::csv, 5), 100));
  EXPECT_EQ(service->ask(anna, wish(store::TableFormat::csv, 5), 100).error().code, ErrorCode::throttled);
  run();
  EXPECT_EQ(must(service->get(anna, long_one.id)).state, ExportState::failed);
  EXPECT_NE(must(service->get(anna, long_one.id)).reason.find("250 rows"), std::string::npos);
  options.rows_max = 1'000'000;
  options.total_bytes_max = 20'000;
  restart();
  const Export large = must(service->ask(anna, wish(store::TableFormat::csv, 5'000), 100));
  run();
  EXPECT_EQ(must(service->get(anna, large.id)).state, ExportState::failed);
  EXPECT_NE(must(service->get(anna, large.id)).reason.find("all exports together"), std::string::npos);
}

TEST_F(ExportTest, RefusesWhatCannotBe) {
  const auto code = [&](const NewExport& wanted) { return service->ask(anna, wanted, 100).error().code; };
  NewExport wanted = wish(store::TableFormat::csv, 5);
  wanted.plan.parts.clear();
  EXPECT_EQ(code(wanted), ErrorCode::invalid_argument);
  wanted = wish(store::TableFormat::csv, 0);
  EXPECT_EQ(code(wanted), ErrorCode::invalid_argument);
  wanted = wish(store::TableFormat::csv, 5);
  wanted.time_zone = "Mars/Olympus";
  EXPECT_EQ(code(wanted), ErrorCode::invalid_argument);
  wanted = wish(store::TableFormat::csv, 5);
  wanted.name.assign(201, 'x');
  EXPECT_EQ(code(wanted), ErrorCode::invalid_argument);
}

TEST_F(ExportTest, FilesArePrivateEncryptedAndExpire) {
  const Export asked = must(service->ask(anna, wish(store::TableFormat::csv, 50), 100));
  run();
  EXPECT_TRUE(must(service->list(bert)).empty());
  EXPECT_EQ(service->get(bert, asked.id).error().code, ErrorCode::not_found);
  EXPECT_EQ(service->plan(bert, asked.id).error().code, ErrorCode::not_found);
  EXPECT_EQ(service->cancel(bert, asked.id).error().code, ErrorCode::not_found);
  EXPECT_EQ(service->download(bert, asked.id).error().code, ErrorCode::not_found);
  const Bytes on_disk = must(read_file(disk, "/exports/" + std::to_string(asked.id) + ".export"));
  EXPECT_EQ(as_text(on_disk).find("000000000007"), std::string_view::npos);
  content(asked.id);
  EXPECT_EQ(must(service->get(anna, asked.id)).downloads, 1U);

  database.clock.advance_ms(options.kept_ms - 1);
  run();
  content(asked.id);
  database.clock.advance_ms(minute_ms);
  run();
  EXPECT_EQ(must(service->get(anna, asked.id)).state, ExportState::expired);
  EXPECT_EQ(service->download(anna, asked.id).error().code, ErrorCode::not_found);
  EXPECT_TRUE(must(disk.list("/exports")).empty());
  database.clock.advance_ms(options.listed_ms);
  run();
  EXPECT_EQ(service->get(anna, asked.id).error().code, ErrorCode::not_found);
  EXPECT_EQ(actions(), (std::vector<std::string>{"download_export", "download_export", "ask_export"}));
}

TEST_F(ExportTest, DamagedFileIsNotHandedOut) {
  const Export asked = must(service->ask(anna, wish(store::TableFormat::csv, 50), 100));
  run();
  must(disk.flip_bit("/exports/" + std::to_string(asked.id) + ".export", 200, 3));
  ExportDownload download = must(service->download(anna, asked.id));
  EXPECT_EQ(download.reader.next().error().code, ErrorCode::storage_corrupt);
}

TEST_F(ExportTest, FilesThatNobodyKnowsAreRemovedAtTheStart) {
  must(write_file_atomically(disk, "/exports/99.export", as_bytes("left over")));
  restart();
  EXPECT_TRUE(must(disk.list("/exports")).empty());
}

TEST_F(ExportTest, TheThreadWorksThemOff) {
  service->start();
  const Export asked = must(service->ask(anna, wish(store::TableFormat::parquet, 500), 100));
  for (int i = 0; i < 2'000 && must(service->get(anna, asked.id)).state != ExportState::done; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  service->stop();
  EXPECT_EQ(must(service->get(anna, asked.id)).state, ExportState::done);
}

TEST(ExportPlan, IsTheSameAfterwards) {
  ExportPlan plan;
  plan.devices = {{DeviceId{5}, "u", "n", "a", "s", 900'000}};
  plan.parts = {{0, SeriesId{9}, "r", "kWh", -2, SeriesKind::decimal, {1, 2}},
                {0, SeriesId{9}, "r", "kWh", -2, SeriesKind::decimal, {5, 9}},
                {0, SeriesId{10}, "q", "", 0, SeriesKind::bit_set, {-5, 9}, {{-4, -2}, {3, INT64_MAX}}}};
  const Bytes octets = encode_plan(plan);
  const ExportPlan read = must(parse_plan(octets));
  EXPECT_EQ(read.parts, plan.parts);
  EXPECT_EQ(read.devices.front().site, "s");
  EXPECT_EQ(read.devices.front().interval_ms, 900'000);
  for (std::size_t size = 0; size < octets.size(); ++size) EXPECT_FALSE(parse_plan(ByteView(octets).first(size)));
}

TEST(LocalTimes, FollowTheZone) {
  LocalTimes shanghai("Asia/Shanghai");
  EXPECT_EQ(shanghai.text(1'750'000'000'123), "2025-06-15T23:06:40.123+08:00");
  EXPECT_EQ(shanghai.text(-1), "1970-01-01T07:59:59.999+08:00");
  LocalTimes berlin("Europe/Berlin");
  EXPECT_EQ(berlin.text(1'743'296'399'999), "2025-03-30T01:59:59.999+01:00");
  EXPECT_EQ(berlin.text(1'743'296'400'000), "2025-03-30T03:00:00.000+02:00");
  LocalTimes st_johns("America/St_Johns");
  EXPECT_EQ(st_johns.text(1'750'000'000'000), "2025-06-15T12:36:40.000-02:30");
}

}  // namespace
}  // namespace duheng::platform
