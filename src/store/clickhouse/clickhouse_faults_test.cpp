// Exactly once, whatever breaks: between any two statements, within one, on either side.
#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "base/clock.hpp"
#include "store/clickhouse/clickhouse_faulty_transport.hpp"
#include "store/clickhouse/clickhouse_telemetry_store.hpp"
#include "store/clickhouse/clickhouse_test_server.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::store {
namespace {

using testing::ClickHouseTestServer;
using testing::FaultyTransport;
using testing::start_utc_ms;
using testing::TestJournal;
using Fault = FaultyTransport::Fault;

constexpr std::int32_t settled_day = 20'254;  // the day of start_utc_ms, which is thereby not settled itself

/// Readings of today and of a settled day, edits, and a record that cannot be read.
void add_records(TestJournal& journal, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t i = from; i < to; ++i) {
    journal.add_body(testing::made_gateway(i), testing::made_record(i, 20));
    const auto uid = "late-" + std::to_string(i % 3);
    journal.add(9, uid, testing::energy,
                {{start_utc_ms - 3 * 86'400'000 + static_cast<std::int64_t>(i), static_cast<std::int64_t>(i)},
                 {start_utc_ms, static_cast<std::int64_t>(i)}});
    journal.add_edits({TestJournal::edit_of(9, uid, EditKind::correction, start_utc_ms, 77),
                       TestJournal::edit_of(8, "only edited", EditKind::estimate, start_utc_ms - 500'000'000, 5)});
  }
  journal.add_body(GatewayId{1}, Bytes{1, 2, 3});
}

std::set<std::pair<std::int64_t, std::int32_t>> changed_days(TelemetryStore& store) {
  std::set<std::pair<std::int64_t, std::int32_t>> out;
  const auto page = store.changes(100'000);
  EXPECT_TRUE(page);
  for (const ChangedDay& day : page->days) out.emplace(day.series.value, day.utc_day);
  return out;
}

class ClickHouseFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = ClickHouseTestServer::unavailable(); !reason.empty()) GTEST_SKIP() << reason;
    ASSERT_TRUE(server_.start());
    wire_ = testing::connect(server_.http_options());
    ASSERT_NE(wire_, nullptr);
    transport_ = std::make_unique<FaultyTransport>(*wire_);
    add_records(journal_, 0, 8);
    options_.database = server_.fresh_database();
    options_.readings_per_step_max = 100;
  }

  std::unique_ptr<TelemetryStore> open() {
    auto opened = ClickHouseTelemetryStore::open(options_, *transport_, clock_);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  /// A fresh database with the first records in it, of which `settled_day` is settled.
  std::unique_ptr<TelemetryStore> open_with_a_beginning() {
    options_.database = server_.fresh_database();
    auto store = open();
    if (store == nullptr) return nullptr;
    EXPECT_TRUE(store->settle_before(settled_day));
    EXPECT_TRUE(store->apply(journal_.records().first(beginning)));
    return store;
  }
  /// What a store has that got the first `records` without any trouble.
  std::unique_ptr<MemoryTelemetryStore> reference(std::uint64_t records) const {
    auto memory = std::make_unique<MemoryTelemetryStore>();
    EXPECT_TRUE(memory->settle_before(settled_day));
    EXPECT_TRUE(memory->apply(journal_.records().first(records)));
    return memory;
  }
  /// The store has exactly the records up to its position, and says the same of them as the reference.
  void expect_exact(TelemetryStore& store) const {
    const auto memory = reference(store.next_record());
    const auto digest = store.digest();
    ASSERT_TRUE(digest) << digest.error().message;
    EXPECT_EQ(*digest, memory->digest().value()) << "at record " << store.next_record();
    EXPECT_EQ(store.statistics().readings, memory->statistics().readings);
    EXPECT_EQ(store.statistics().edits, memory->statistics().edits);
    const auto count = static_cast<std::int64_t>(memory->statistics().series);
    for (std::int64_t i = 1; i <= count; ++i) {
      const SeriesId id{i};
      ASSERT_EQ(store.latest({&id, 1}), memory->latest({&id, 1})) << i;
    }
    const auto sources = store.sources();
    const auto expected = memory->sources();
    ASSERT_EQ(sources.size(), expected.size());
    for (std::size_t i = 0; i < sources.size(); ++i)
      EXPECT_EQ(sources[i].last_received_utc_ms, expected[i].last_received_utc_ms);
  }
  void apply_rest(TelemetryStore& store, std::size_t portion = 1'000) {
    while (store.next_record() < journal_.records().size()) {
      const auto rest = journal_.from(store.next_record());
      const auto applied = store.apply(rest.first(std::min(portion, rest.size())));
      ASSERT_TRUE(applied) << applied.error().message;
    }
  }
  /// Waits until the server has been up for so many seconds.
  bool server_runs_for(std::uint32_t wanted_s) {
    const std::int64_t end_ms = clock_.monotonic_ms() + 30'000;
    std::uint32_t up_s = 0;
    while (up_s < wanted_s && clock_.monotonic_ms() < end_ms) {
      Bytes answer;
      ClickHouseCall call;
      call.sql = "SELECT uptime() FORMAT RowBinary";
      call.on_octets = [&](ByteView octets) -> Result<void> {
        answer.insert(answer.end(), octets.begin(), octets.end());
        return {};
      };
      if (wire_->run(call)) up_s = ByteReader(answer).u32();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return up_s >= wanted_s;
  }
  /// Runs the fault against the second request and looks at what is there.
  void try_fault(std::uint64_t call, Fault fault, bool reopen) {
    SCOPED_TRACE("call " + std::to_string(call) + " fault " + std::to_string(static_cast<int>(fault)) +
                 (reopen ? " reopened" : " in place"));
    auto store = open_with_a_beginning();
    ASSERT_NE(store, nullptr);
    transport_->fail_at(call, fault);
    const auto applied = store->apply(journal_.from(beginning));
    transport_->never_fail();
    EXPECT_FALSE(applied);
    EXPECT_FALSE(store->must_reopen());
    expect_exact(*store);
    if (reopen) {
      store.reset();
      store = open();
      ASSERT_NE(store, nullptr);
      expect_exact(*store);
    }
    // In other portions than before, so that what is there already belongs to other steps.
    apply_rest(*store, 5);
    expect_exact(*store);
    EXPECT_EQ(changed_days(*store), changed_days(*reference(journal_.records().size())));
    store.reset();
    store = open();
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(store->next_record(), journal_.records().size());
    expect_exact(*store);
    ClickHouseCall clear;  // many databases make the server slow
    clear.sql = "DROP DATABASE " + options_.database;
    EXPECT_TRUE(wire_->run(clear));
  }

  static constexpr std::size_t beginning = 4;
  static inline const SystemClock clock_;
  ClickHouseTestServer server_;
  std::unique_ptr<ClickHouseTransport> wire_;
  std::unique_ptr<FaultyTransport> transport_;
  ClickHouseTelemetryOptions options_;
  TestJournal journal_;
};

TEST_F(ClickHouseFaults, AnyStatementOfARequestMayFail) {
  auto store = open_with_a_beginning();
  ASSERT_NE(store, nullptr);
  const std::uint64_t before = transport_->calls();
  ASSERT_TRUE(store->apply(journal_.from(beginning)));
  const std::uint64_t calls = transport_->calls() - before;
  ASSERT_GT(calls, 8U) << "several steps";
  // Every call once, the kinds of faults and what comes after it in turn.
  const Fault faults[] = {Fault::request_lost, Fault::answer_lost, Fault::rows_cut, Fault::refused};
  for (std::uint64_t call = 1; call <= calls && !HasFailure(); ++call)
    try_fault(call, faults[call % 4], call / 4 % 2 == 0);
}

class ClickHouseFaultsAtStatement : public ClickHouseFaults, public ::testing::WithParamInterface<std::uint64_t> {};

TEST_P(ClickHouseFaultsAtStatement, EveryKindOfFault) {
  options_.readings_per_step_max = 1'000'000;
  auto store = open_with_a_beginning();
  ASSERT_NE(store, nullptr);
  const std::uint64_t before = transport_->calls();
  ASSERT_TRUE(store->apply(journal_.from(beginning)));
  const std::uint64_t calls = transport_->calls() - before;
  ASSERT_EQ(calls, 7U) << "state, source, series, edits, readings, changes, position";
  for (const Fault fault : {Fault::request_lost, Fault::answer_lost, Fault::rows_cut, Fault::refused})
    for (const bool reopen : {false, true}) try_fault(GetParam(), fault, reopen);
}

INSTANTIATE_TEST_SUITE_P(OfAStep, ClickHouseFaultsAtStatement, ::testing::Range<std::uint64_t>(1, 8));

TEST_F(ClickHouseFaults, WhatStandsTwiceIsReadOnce) {
  options_.readings_per_step_max = 1'000'000;
  auto store = open_with_a_beginning();
  ASSERT_NE(store, nullptr);
  // Otherwise the server drops one of each pair before anybody looks.
  ClickHouseCall call;
  call.sql = "SYSTEM STOP MERGES";
  ASSERT_TRUE(wire_->run(call));
  transport_->fail_at(5, Fault::answer_lost);  // the readings
  ASSERT_FALSE(store->apply(journal_.from(beginning)));
  apply_rest(*store, 5);
  Bytes answer;
  call.sql = "SELECT count() FROM " + options_.database + ".reading FORMAT RowBinary";
  call.on_octets = [&](ByteView octets) -> Result<void> {
    answer.insert(answer.end(), octets.begin(), octets.end());
    return {};
  };
  ASSERT_TRUE(wire_->run(call));
  ASSERT_GT(ByteReader(answer).u64(), store->statistics().readings) << "nothing stands twice";
  expect_exact(*store);
  const auto memory = reference(journal_.records().size());
  for (std::int64_t i = 1; i <= static_cast<std::int64_t>(memory->statistics().series); ++i) {
    const TimeRange all{start_utc_ms - 10 * 86'400'000, start_utc_ms + 86'400'000};
    EXPECT_EQ(store->range(SeriesId{i}, all, 3, {})->points, memory->range(SeriesId{i}, all, 3, {})->points);
    EXPECT_EQ(store->curve(SeriesId{i}, all, 7, {}).value(), memory->curve(SeriesId{i}, all, 7, {}).value());
  }
  // Opening counts more rows than were written, looks closer, and finds them all.
  store.reset();
  store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->next_record(), journal_.records().size());
  expect_exact(*store);
}

TEST_F(ClickHouseFaults, OpeningMayFailAnywhereAndIsDoneAgain) {
  auto store = open_with_a_beginning();
  ASSERT_NE(store, nullptr);
  // Leaves rows without a position, so that opening has something to remove.
  transport_->fail_at(6, Fault::request_lost);
  ASSERT_FALSE(store->apply(journal_.from(beginning)));
  store.reset();
  bool opened = false;
  for (std::uint64_t call = 1; call < 100 && !opened && !HasFailure(); ++call) {
    transport_->fail_at(call, call % 2 == 0 ? Fault::answer_lost : Fault::request_lost);
    auto tried = ClickHouseTelemetryStore::open(options_, *transport_, clock_);
    opened = tried.has_value();
    if (!opened) {
      EXPECT_EQ(tried.error().code, ErrorCode::storage_failed) << tried.error().message;
      continue;
    }
    transport_->never_fail();
    EXPECT_GT(call, 15U);
    expect_exact(**tried);
    apply_rest(**tried);
    expect_exact(**tried);
  }
  EXPECT_TRUE(opened);
}

TEST_F(ClickHouseFaults, TheServerIsKilledWithinEveryStatementOfAStep) {
  options_.readings_per_step_max = 1'000'000;
  for (std::uint64_t call = 2; call <= 7 && !HasFailure(); ++call) {
    SCOPED_TRACE(call);
    auto store = open_with_a_beginning();
    ASSERT_NE(store, nullptr);
    // The blow falls while the statement is under way; whether before, in or after it is left to chance.
    const std::uint64_t target = transport_->calls() + call;
    std::jthread killer;
    transport_->before = [&](const ClickHouseCall&) {
      if (transport_->calls() == target) killer = std::jthread([&] { server_.kill(); });
    };
    const auto applied = store->apply(journal_.from(beginning));
    transport_->before = nullptr;
    if (killer.joinable()) killer.join();
    ASSERT_FALSE(server_.running());
    if (!applied) {
      EXPECT_EQ(applied.error().code, ErrorCode::storage_failed) << applied.error().message;
    }
    ASSERT_TRUE(server_.start());
    store.reset();
    store = open();
    ASSERT_NE(store, nullptr);
    EXPECT_GE(store->next_record(), beginning);
    expect_exact(*store);
    apply_rest(*store, 3);
    expect_exact(*store);
  }
}

TEST_F(ClickHouseFaults, AServerThatIsAwayIsReportedAndComesBack) {
  auto store = open_with_a_beginning();
  ASSERT_NE(store, nullptr);
  // The start is told in whole seconds with some tolerance, so that two starts close together look alike.
  ASSERT_TRUE(server_runs_for(4));
  server_.kill();
  const auto away = store->apply(journal_.from(beginning));
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code, ErrorCode::storage_failed);
  EXPECT_FALSE(store->must_reopen());
  const auto question = store->range(SeriesId{1}, {0, start_utc_ms}, 10, {});
  ASSERT_FALSE(question);
  EXPECT_EQ(question.error().code, ErrorCode::storage_failed);
  EXPECT_FALSE(store->sources().empty()) << "what stands in memory is told still";

  ASSERT_TRUE(server_.start());
  expect_exact(*store);
  const auto anew = store->apply(journal_.from(beginning));
  ASSERT_FALSE(anew) << "what the new server has must be looked at first";
  EXPECT_TRUE(store->must_reopen());
  store.reset();
  store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->next_record(), beginning);
  apply_rest(*store);
  expect_exact(*store);
}

/// The newest part folder of a table, as a server without synchronised files may lose it with its machine.
std::filesystem::path newest_part(const std::string& server_folder, const std::string& database,
                                  const std::string& table) {
  std::filesystem::path newest;
  std::int64_t newest_block = -1;
  for (const auto& entry :
       std::filesystem::directory_iterator(server_folder + "/data/data/" + database + "/" + table)) {
    // partition_first-block_last-block_level
    const std::string name = entry.path().filename();
    const auto level = name.rfind('_');
    if (!entry.is_directory() || level == std::string::npos) continue;
    const auto last = name.rfind('_', level - 1);
    const auto first = last == std::string::npos ? last : name.rfind('_', last - 1);
    if (first == std::string::npos) continue;
    const std::int64_t block = std::strtoll(name.c_str() + last + 1, nullptr, 10);
    if (block > newest_block) {
      newest_block = block;
      newest = entry.path();
    }
  }
  return newest;
}

TEST_F(ClickHouseFaults, WhatAPowerFailureTookIsFoundAndAppliedAgain) {
  for (const char* table : {"reading", "source", "series", "edit_record"}) {
    SCOPED_TRACE(table);
    auto store = open_with_a_beginning();
    ASSERT_NE(store, nullptr);
    apply_rest(*store);
    store.reset();
    server_.kill();
    const auto part = newest_part(server_.folder(), options_.database, table);
    ASSERT_FALSE(part.empty());
    std::filesystem::remove_all(part);
    ASSERT_TRUE(server_.start());
    store = open();
    ASSERT_NE(store, nullptr);
    EXPECT_LT(store->next_record(), journal_.records().size());
    expect_exact(*store);
    EXPECT_EQ(store->settled_before(), settled_day);
    apply_rest(*store, 5);
    expect_exact(*store);
    const auto expected = changed_days(*reference(journal_.records().size()));
    const auto got = changed_days(*store);
    EXPECT_TRUE(std::ranges::includes(got, expected));
  }
}

TEST_F(ClickHouseFaults, ALostPositionLeavesNothingHalf) {
  auto store = open_with_a_beginning();
  ASSERT_NE(store, nullptr);
  apply_rest(*store);
  store.reset();
  server_.kill();
  std::filesystem::remove_all(newest_part(server_.folder(), options_.database, "position"));
  ASSERT_TRUE(server_.start());
  store = open();
  ASSERT_NE(store, nullptr);
  expect_exact(*store);
  apply_rest(*store);
  expect_exact(*store);
}

TEST_F(ClickHouseFaults, WhoeverOpensTakesTheDatabaseOver) {
  auto first = open_with_a_beginning();
  ASSERT_NE(first, nullptr);
  auto second = open();
  ASSERT_NE(second, nullptr);
  const auto refused = first->apply(journal_.from(beginning));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_failed);
  EXPECT_TRUE(first->must_reopen());
  EXPECT_FALSE(first->settle_before(settled_day + 1));
  expect_exact(*first);
  apply_rest(*second);
  expect_exact(*second);
}

TEST_F(ClickHouseFaults, ChangesAreKeptUntilForgotten) {
  auto store = open_with_a_beginning();
  ASSERT_NE(store, nullptr);
  apply_rest(*store);
  const auto all = changed_days(*store);
  ASSERT_GE(all.size(), 3U);
  store.reset();
  store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->settled_before(), settled_day);
  EXPECT_EQ(changed_days(*store), all);
  const auto page = store->changes(2);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->days.size(), 2U);
  ASSERT_TRUE(store->forget_changes(page->through));
  EXPECT_EQ(changed_days(*store).size(), all.size() - 2);
  const auto too_far = store->forget_changes(1'000'000);
  ASSERT_FALSE(too_far);
  EXPECT_EQ(too_far.error().code, ErrorCode::invalid_argument);
  store.reset();
  store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(changed_days(*store).size(), all.size() - 2);
  const auto rest = store->changes(100'000);
  ASSERT_TRUE(store->forget_changes(rest->through));
  store.reset();
  store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_TRUE(changed_days(*store).empty());
  // Numbers go on where they were: what comes now is not taken for forgotten.
  add_records(journal_, 8, 9);
  apply_rest(*store);
  EXPECT_FALSE(changed_days(*store).empty());
  store.reset();
  store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_FALSE(changed_days(*store).empty());
}

TEST_F(ClickHouseFaults, DiscardingBeginsAnew) {
  auto store = open_with_a_beginning();
  ASSERT_NE(store, nullptr);
  store.reset();
  options_.discard_existing = true;
  store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->next_record(), 0U);
  EXPECT_TRUE(store->sources().empty());
}

TEST_F(ClickHouseFaults, TablesOfANewerReleaseAreLeftAlone) {
  auto store = open_with_a_beginning();
  ASSERT_NE(store, nullptr);
  store.reset();
  ClickHouseCall call;
  call.sql = "INSERT INTO " + options_.database +
             ".position (sequence, format, next_record) VALUES (4611686018427387904, 2, 7)";
  ASSERT_TRUE(wire_->run(call));
  const auto opened = ClickHouseTelemetryStore::open(options_, *transport_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::unsupported);
}

TEST_F(ClickHouseFaults, MaintenanceCountsWhatTheServerHolds) {
  auto store = open_with_a_beginning();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->statistics().file_bytes, 0U);
  const auto more = store->maintain({});
  ASSERT_TRUE(more) << more.error().message;
  EXPECT_FALSE(*more);
  EXPECT_GT(store->statistics().file_bytes, 1'000U);
  expect_exact(*store);
}

}  // namespace
}  // namespace duheng::store
