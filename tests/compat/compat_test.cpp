// Files of every earlier format open in this release and hold what was written: tests/compat/fixtures/<version>.
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/clock.hpp"
#include "compat_content.hpp"
#include "gateway/spool/spool.hpp"
#include "store/journal/journal.hpp"
#include "store/journal/journal_verify.hpp"
#include "store/records/sqlite_database.hpp"
#include "store/records/test_database.hpp"
#include "store/telemetry/curve_block.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"

namespace duheng::compat {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> versions() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(DUHENG_SOURCE_DIR "/tests/compat/fixtures"))
    if (entry.is_directory()) found.push_back(entry.path().filename());
  std::sort(found.begin(), found.end());
  return found;
}

/// Works on a copy: opening may change files.
class Compat : public ::testing::TestWithParam<std::string> {
 protected:
  Compat() {
    fs::copy(fs::path(DUHENG_SOURCE_DIR "/tests/compat/fixtures") / GetParam(), folder_.file("copy"),
             fs::copy_options::recursive);
    ::chmod(path("test.key").c_str(), 0600);  // a repository keeps no modes
    keys_ = std::move(crypto::LocalKeyProvider::open(disk_, random_, path("test.key")).value());
  }
  std::string path(const std::string& below) const { return folder_.file("copy/" + below); }
  std::unique_ptr<store::Journal> open_journal() {
    return store::Journal::open(disk_, random_, *keys_,
                                {.directory = path("journal"), .segment_bytes_max = journal_segment_bytes})
        .value();
  }

  records::TemporaryFolder folder_;
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<crypto::KeyProvider> keys_;
};

void expect_batch(ByteView body, int i) {
  const auto batch = BatchView::parse(body);
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->created_utc_ms(), time_of(i) - 5);
  ASSERT_EQ(batch->frame_count(), 1U);
  const auto found = batch->find(0);
  EXPECT_EQ(batch->devices().at(found->frame.device_index), device_uid);
  EXPECT_EQ(found->frame.protocol, Protocol::dlt645_2007);
  EXPECT_EQ(found->frame.sent_utc_ms, time_of(i) - 80);
  EXPECT_EQ(found->frame.received_utc_ms, time_of(i));
  EXPECT_EQ(to_hex(found->frame.request), to_hex(request_of(i)));
  EXPECT_EQ(to_hex(found->frame.response), to_hex(response_of(i)));
  ASSERT_EQ(found->readings.size(), 2U);
  const Register& e = batch->registers().at(found->readings[0].register_index);
  EXPECT_EQ(e.name, energy);
  EXPECT_EQ(e.unit, "kWh");
  EXPECT_EQ(e.exponent, -2);
  EXPECT_EQ(found->readings[0].mantissa, energy_of(i));
  EXPECT_EQ(found->readings[0].time_source, TimeSource::gateway);
  EXPECT_EQ(found->readings[1].mantissa, voltage_of(i));
  EXPECT_EQ(found->readings[1].time_source, TimeSource::meter);
  EXPECT_EQ(found->readings[1].quality, i == 1 ? Quality::out_of_range : Quality::good);
}

TEST_P(Compat, BatchAndEditsAreUnderstood) {
  expect_batch(read_file(disk_, path("batch.bin")).value(), 1);
  const auto edits = parse_edits(read_file(disk_, path("edits.bin")).value(), 77);
  ASSERT_TRUE(edits) << edits.error().message;
  Edit expected = correction();
  expected.record_number = 77;
  EXPECT_EQ(*edits, std::vector{expected});
}

TEST_P(Compat, ACurveBlockGivesItsRows) {
  std::vector<store::ReadingRow> rows;
  const Bytes values = read_file(disk_, path("curve.values")).value();
  const Bytes evidence = read_file(disk_, path("curve.evidence")).value();
  const auto decoded = store::decode_curve(9, values, evidence, rows);
  ASSERT_TRUE(decoded) << decoded.error().message;
  const auto expected = curve_rows();
  ASSERT_EQ(rows.size(), expected.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].series, expected[i].series);
    EXPECT_EQ(rows[i].order(), expected[i].order()) << i;
  }
}

TEST_P(Compat, TheJournalOpensWithAllItsRecordsAndGoesOn) {
  const auto verified = store::verify_journal_directory(disk_, *keys_, path("journal"));
  ASSERT_TRUE(verified && verified->sound()) << (verified ? verified->findings.at(0).what : verified.error().message);
  EXPECT_GT(verified->segments, 2U);
  const auto journal = open_journal();
  EXPECT_EQ(journal->backup_watermark(), backup_watermark);
  crypto::Hash256 previous{};
  for (int i = 0; i < batch_count; ++i) {
    const auto stored = journal->read(static_cast<std::uint64_t>(i) + 1);
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->record.type, store::JournalRecordType::batch);
    EXPECT_EQ(stored->record.gateway, gateway);
    EXPECT_EQ(stored->record.epoch, epoch);
    EXPECT_EQ(stored->record.received_utc_ms, time_of(i) + 100);
    EXPECT_EQ(stored->record.previous_hash, previous);
    EXPECT_EQ(stored->record.hash,
              uplink::batch_hash(previous, epoch, static_cast<std::uint64_t>(i), stored->record.body));
    expect_batch(stored->record.body, i);
    previous = stored->record.hash;
  }
  const auto edits = journal->read(correction_record);
  ASSERT_TRUE(edits) << edits.error().message;
  ASSERT_EQ(edits->record.type, store::JournalRecordType::edits);
  EXPECT_EQ(parse_edits(edits->record.body, 0)->at(0), correction());
  EXPECT_EQ(journal->next_number(), correction_record + 1);
  EXPECT_EQ(journal->position(gateway, epoch)->next_sequence, static_cast<std::uint64_t>(batch_count));
  store::FrameQuery query;
  query.gateway = gateway;
  query.device_uid = device_uid;
  EXPECT_EQ(journal->frames_of(query)->frames.size(), static_cast<std::size_t>(batch_count));
  const Bytes body = batch_body(batch_count);
  const store::JournalRecord next{store::JournalRecordType::batch,
                                  gateway,
                                  epoch,
                                  static_cast<std::uint64_t>(batch_count),
                                  {},
                                  previous,
                                  time_of(batch_count),
                                  {},
                                  body};
  EXPECT_EQ(journal->commit({&next, 1}).value(), correction_record + 1);
}

TEST_P(Compat, TheSpoolGivesItsBatchesBackInItsEpoch) {
  const auto spool = gateway::Spool::open(disk_, random_, *keys_, clock_, {.directory = path("spool")});
  ASSERT_TRUE(spool) << spool.error().message;
  EXPECT_EQ((*spool)->state().damaged_epochs, 0U);
  const auto epochs = (*spool)->epochs();
  ASSERT_FALSE(epochs.empty());
  EXPECT_EQ(epochs.front().next_sequence, static_cast<std::uint64_t>(batch_count));
  for (int i = 0; i < batch_count; ++i) {
    const auto batch = (*spool)->read(epochs.front().epoch, static_cast<std::uint64_t>(i));
    ASSERT_TRUE(batch) << batch.error().message;
    expect_batch(batch->body, i);
  }
  EXPECT_EQ((*spool)->append(batch_body(batch_count)).value(), static_cast<std::uint64_t>(batch_count));
}

TEST_P(Compat, TheRecordsOpen) {
  auto database = records::SqliteDatabase::open({.path = path("records/records.db")}, *keys_);
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_TRUE((*database)->check_integrity());
  const auto count = (*database)->read([](records::Transaction& transaction) {
    return transaction.integer("SELECT count(*) FROM fixture WHERE text = '第 ' || id || ' 行'");
  });
  ASSERT_TRUE(count);
  EXPECT_EQ(*count, record_rows);
}

/// What the platform does with telemetry that is missing or of another format.
void apply_journal(const store::Journal& journal, store::TelemetryStore& telemetry) {
  std::vector<store::StoredRecord> held;
  std::vector<store::TelemetryRecord> records(1);  // there is no record 0
  for (std::uint64_t number = 1; number < journal.next_number(); ++number)
    held.push_back(std::move(journal.read(number).value()));
  using Content = store::TelemetryRecord::Content;
  for (const store::StoredRecord& stored : held)
    records.push_back({stored.number, stored.record.gateway, stored.record.body,
                       stored.record.type == store::JournalRecordType::edits ? Content::edits : Content::batch});
  ASSERT_TRUE(telemetry.apply(records));
}

TEST_P(Compat, TelemetryOpensOrIsMadeAnewFromTheJournal) {
  // A version whose telemetry file is among its fixtures must open; the others are made anew, as after a change of
  // format.
  const bool was_there = fs::exists(path("telemetry"));
  auto opened = store::DuckDbTelemetryStore::open({.directory = path("telemetry")}, disk_, clock_, *keys_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->origin == store::DuckDbTelemetryStore::Origin::opened, was_there) << opened->damage;
  if (opened->needs_rebuild()) apply_journal(*open_journal(), *opened->store);
  const auto& store = *opened->store;
  EXPECT_EQ(store.next_record(), correction_record + 1);
  const auto source = store.find_source(gateway, device_uid);
  ASSERT_TRUE(source);
  const auto all_series = store.series_of(source->id);
  ASSERT_EQ(all_series.size(), 2U);
  for (const store::Series& series : all_series) {
    const auto page = store.range(series.id, {start_utc_ms, time_of(100)}, 100, {});
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_EQ(page->points.size(), static_cast<std::size_t>(batch_count));
    for (int i = 0; i < batch_count; ++i) {
      const bool corrected = series.register_name == energy && i == 2;
      const std::int64_t read = series.register_name == energy ? energy_of(i) : voltage_of(i);
      EXPECT_EQ(page->points[static_cast<std::size_t>(i)].mantissa, corrected ? 123'600 : read);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Compat, ::testing::ValuesIn(versions()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace duheng::compat
