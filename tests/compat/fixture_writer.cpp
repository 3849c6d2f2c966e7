// Writes one version's fixtures with today's code into a folder that is not there yet; write-fixtures.sh calls
// it. Fixtures are never written again: a change of format gets a folder of its own beside the older ones.
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/clock.hpp"
#include "compat_content.hpp"
#include "gateway/spool/spool.hpp"
#include "small_telemetry.hpp"
#include "store/journal/journal.hpp"
#include "store/records/sqlite_database.hpp"
#include "store/telemetry/curve_block.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"

namespace {

using namespace duheng;

struct Place {
  std::string root;
  PosixDisk disk;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<crypto::KeyProvider> keys;
  [[nodiscard]] std::string path(const char* below) const { return root + "/" + below; }
};

Result<void> write_pieces(Place& place) {
  DUHENG_CHECK(write_file_atomically(place.disk, place.path("batch.bin"), compat::batch_body(1)));
  DUHENG_TRY(const Bytes edits, encode_edits({compat::correction()}));
  DUHENG_CHECK(write_file_atomically(place.disk, place.path("edits.bin"), edits));
  store::CurveBlock block;
  store::encode_curve(compat::curve_rows(), block);
  DUHENG_CHECK(write_file_atomically(place.disk, place.path("curve.values"), block.values));
  return write_file_atomically(place.disk, place.path("curve.evidence"), block.evidence);
}

Result<void> write_journal(Place& place) {
  DUHENG_TRY(const auto journal, store::Journal::open(place.disk, place.random, *place.keys,
                                                      {.directory = place.path("journal"),
                                                       .segment_bytes_max = compat::journal_segment_bytes}));
  crypto::Hash256 previous{};
  for (int i = 0; i < compat::batch_count; ++i) {
    const Bytes body = compat::batch_body(i);
    const auto sequence = static_cast<std::uint64_t>(i);
    const crypto::Hash256 hash = uplink::batch_hash(previous, compat::epoch, sequence, body);
    const store::JournalRecord record{store::JournalRecordType::batch,
                                      compat::gateway,
                                      compat::epoch,
                                      sequence,
                                      hash,
                                      previous,
                                      compat::time_of(i) + 100,
                                      {},
                                      body};
    DUHENG_CHECK(journal->commit({&record, 1}));
    previous = hash;
  }
  DUHENG_TRY(const Bytes edits, encode_edits({compat::correction()}));
  const store::JournalRecord record = store::edits_record(edits, compat::correction().made_utc_ms);
  DUHENG_CHECK(journal->commit({&record, 1}));
  for (bool more = true; more;) {
    DUHENG_TRY(more, journal->index_frames());
  }
  return journal->set_backup_watermark(compat::backup_watermark);
}

Result<void> write_spool(Place& place) {
  DUHENG_TRY(const auto spool, gateway::Spool::open(place.disk, place.random, *place.keys, place.clock,
                                                    {.directory = place.path("spool")}));
  for (int i = 0; i < compat::batch_count; ++i) DUHENG_CHECK(spool->append(compat::batch_body(i)));
  return spool->maintain();
}

Result<void> write_records(Place& place) {
  DUHENG_CHECK(place.disk.make_directories(place.path("records")));
  DUHENG_TRY(const auto database,
             records::SqliteDatabase::open({.path = place.path("records/records.db")}, *place.keys));
  DUHENG_TRY(const auto transaction, database->begin_write());
  DUHENG_CHECK(transaction->execute("CREATE TABLE fixture (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"));
  for (int i = 1; i <= compat::record_rows; ++i)
    DUHENG_CHECK(transaction->execute("INSERT INTO fixture VALUES (?1, ?2)", {i, fmt::format("第 {} 行", i)}));
  return transaction->commit();
}

Result<void> write_telemetry(Place& place) {
  DUHENG_TRY(const auto journal,
             store::Journal::open(place.disk, place.random, *place.keys, {.directory = place.path("journal")}));
  DUHENG_TRY(auto opened, store::DuckDbTelemetryStore::open({.directory = place.path("telemetry")}, place.disk,
                                                            place.clock, *place.keys));
  std::vector<store::TelemetryRecord> records(1);  // there is no record 0
  std::vector<store::StoredRecord> held;
  for (std::uint64_t number = 1; number < journal->next_number(); ++number) {
    DUHENG_TRY(store::StoredRecord stored, journal->read(number));
    held.push_back(std::move(stored));
  }
  using Content = store::TelemetryRecord::Content;
  for (const store::StoredRecord& stored : held)
    records.push_back({stored.number, stored.record.gateway, stored.record.body,
                       stored.record.type == store::JournalRecordType::edits ? Content::edits : Content::batch});
  DUHENG_CHECK(opened.store->apply(records));
  DUHENG_CHECK(opened.store->checkpoint());
  opened.store.reset();
  DUHENG_TRY(const crypto::SecretKey key, place.keys->key("telemetry", 1));
  return compat::make_telemetry_small(place.path("telemetry"), key);
}

Result<void> write_all(Place& place) {
  DUHENG_CHECK(place.disk.make_directories(place.root));
  DUHENG_TRY(place.keys, crypto::LocalKeyProvider::open(place.disk, place.random, place.path("test.key")));
  DUHENG_CHECK(write_pieces(place));
  DUHENG_CHECK(write_journal(place));
  DUHENG_CHECK(write_spool(place));
  DUHENG_CHECK(write_records(place));
  return write_telemetry(place);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || std::filesystem::exists(argv[1])) {
    std::fprintf(stderr, "usage: compat_fixture_writer FOLDER, which must not exist yet\n");
    return 2;
  }
  Place place;
  place.root = argv[1];
  const auto written = write_all(place);
  if (written) return 0;
  std::fprintf(stderr, "%s\n", written.error().message.c_str());
  return 1;
}
