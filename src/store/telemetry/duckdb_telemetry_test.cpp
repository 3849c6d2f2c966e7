// What DuckDB behind the seam promises beyond the contract: secrecy on disk, damage told and repaired, questions beside
// applying.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <thread>

#include "store/telemetry/duckdb_engine.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"
#include "store/telemetry/telemetry_key_file.hpp"
#include "store/telemetry/telemetry_test_data.hpp"

namespace duheng::store {
namespace {

using Origin = DuckDbTelemetryStore::Origin;
using testing::energy;
using testing::start_utc_ms;
using testing::TestJournal;

crypto::SecretKey key_of(std::uint8_t octet) {
  std::array<std::uint8_t, crypto::SecretKey::size_bytes> octets{};
  octets.fill(octet);
  return crypto::SecretKey(octets);
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class DuckDbTelemetry : public ::testing::Test {
 protected:
  DuckDbTelemetry() { options_.directory = directory_.path() + "/telemetry"; }

  [[nodiscard]] Result<DuckDbTelemetryStore::Opened> try_open(crypto::KeyProvider& keys) {
    return DuckDbTelemetryStore::open(options_, disk_, clock_, keys);
  }
  void open(Origin expected = Origin::opened) {
    auto opened = try_open(keys_);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->origin, expected) << opened->damage;
    store_ = std::move(opened->store);
    moved_to_ = opened->moved_to;
  }
  void make_journal(std::uint64_t records, std::size_t frames_max = 400) {
    for (std::uint64_t i = journal_.records().size(); i < records; ++i)
      journal_.add_body(testing::made_gateway(i), testing::made_record(i, frames_max));
  }
  void apply_all() {
    const auto applied = store_->apply(journal_.from(store_->next_record()));
    ASSERT_TRUE(applied) << applied.error().message;
  }
  [[nodiscard]] std::string expected_digest() {
    MemoryTelemetryStore memory;
    EXPECT_TRUE(memory.apply(journal_.records()));
    return memory.digest().value();
  }
  [[nodiscard]] std::string file() const { return options_.directory + "/telemetry.duckdb"; }
  [[nodiscard]] std::string log() const { return file() + ".wal"; }
  /// The files as a killed process would leave them.
  void copy_files_to(const std::string& target) const {
    std::filesystem::create_directories(target);
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      if (entry.is_regular_file())
        std::filesystem::copy_file(entry.path(), target / entry.path().filename(),
                                   std::filesystem::copy_options::overwrite_existing);
    }
  }

  testing::TemporaryDirectory directory_;
  PosixDisk disk_;
  ManualClock clock_;
  crypto::LocalKeyProvider keys_{key_of(1)};
  DuckDbTelemetryOptions options_;
  TestJournal journal_;
  std::unique_ptr<DuckDbTelemetryStore> store_;
  std::string moved_to_;
};

TEST_F(DuckDbTelemetry, NothingOnDiskIsPlainText) {
  open(Origin::created);
  // Two of the texts are long enough to be stored as they are by any compression; the number is the text "PLANTED!".
  const Register planted{"planted_register_name", "planted_unit", -2, SeriesKind::decimal};
  std::vector<testing::Value> values;
  for (int i = 0; i < 20'000; ++i) values.push_back({start_utc_ms + i, 0x2144'4554'4E41'4C50});
  journal_.add(1, "planted-device-uid", planted, values);
  apply_all();
  const auto search = [&](const char* when) {
    std::size_t searched_bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(options_.directory)) {
      if (!entry.is_regular_file()) continue;
      const std::string bytes = content(entry.path());
      searched_bytes += bytes.size();
      for (const char* text : {"planted", "PLANTED!", "register_name", "CREATE TABLE", "time_utc_ms", "hot.reading"})
        EXPECT_EQ(bytes.find(text), std::string::npos) << text << " stands in " << entry.path() << " " << when;
    }
    EXPECT_GT(searched_bytes, 10'000U);
  };
  EXPECT_GT(std::filesystem::file_size(log()), 20'000U);
  search("in the log");
  ASSERT_TRUE(store_->checkpoint());
  search("after a checkpoint");
  store_.reset();
  search("after closing");
}

TEST_F(DuckDbTelemetry, ReopeningKeepsEverything) {
  open(Origin::created);
  make_journal(60);
  const auto ids = [&] {
    std::vector<SeriesId> out;
    for (std::uint64_t i = 1; i <= store_->statistics().series; ++i)
      out.push_back(SeriesId{static_cast<std::int64_t>(i)});
    return out;
  };
  for (const bool with_checkpoint : {false, true}) {
    if (with_checkpoint) {
      make_journal(120);
      apply_all();
      ASSERT_TRUE(store_->checkpoint());
      make_journal(140);
    }
    apply_all();
    const auto latest = store_->latest(ids());
    const auto digest = store_->digest().value();
    const auto sources = store_->sources();
    store_.reset();
    open();
    EXPECT_EQ(store_->next_record(), journal_.records().size());
    EXPECT_EQ(store_->digest().value(), digest);
    EXPECT_EQ(store_->latest(ids()), latest);
    ASSERT_EQ(store_->sources().size(), sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i)
      EXPECT_EQ(store_->sources()[i].last_received_utc_ms, sources[i].last_received_utc_ms);
  }
  EXPECT_EQ(store_->digest().value(), expected_digest());
}

TEST_F(DuckDbTelemetry, LargeRequestsAreWrittenPastTheLog) {
  options_.readings_per_transaction_max = 400'000;
  open(Origin::created);
  std::vector<testing::Value> values;
  for (int i = 0; i < 50'000; ++i) values.push_back({start_utc_ms + i * 1'000, i * 3});
  for (int i = 0; i < 20; ++i) journal_.add(1, "m" + std::to_string(i), energy, values);
  apply_all();
  EXPECT_LT(store_->statistics().write_ahead_log_bytes, 20'000'000U);
  EXPECT_EQ(store_->statistics().readings, 1'000'000U);
  const std::string crashed = directory_.path() + "/crashed";
  copy_files_to(crashed);
  store_.reset();
  options_.directory = crashed;
  open();
  EXPECT_EQ(store_->digest().value(), expected_digest());
}

TEST_F(DuckDbTelemetry, ALargeTransactionIsTakenBackCleanly) {
  open(Origin::created);
  make_journal(3);
  apply_all();
  std::vector<testing::Value> values;
  for (int i = 0; i < 60'000; ++i) values.push_back({start_utc_ms + i * 1'000, i * 3});
  for (int i = 0; i < 6; ++i) journal_.add(9, "taken back " + std::to_string(i), energy, values);
  Bytes newer(journal_.records()[5].body.begin(), journal_.records()[5].body.end());
  newer[0] = 200;
  std::vector<TelemetryRecord> with_newer(journal_.from(3).begin(), journal_.from(3).end());
  with_newer.push_back({journal_.records().size(), GatewayId{9}, newer});
  const auto refused = store_->apply(with_newer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_FALSE(store_->must_reopen());
  EXPECT_EQ(store_->next_record(), 3U);
  EXPECT_FALSE(store_->find_source(GatewayId{9}, "taken back 0"));
  apply_all();
  const std::string crashed = directory_.path() + "/crashed";
  copy_files_to(crashed);
  EXPECT_EQ(store_->digest().value(), expected_digest());
  store_.reset();
  options_.directory = crashed;
  open();
  EXPECT_EQ(store_->digest().value(), expected_digest());
}

TEST_F(DuckDbTelemetry, AnotherKeyIsRefusedAndHarmsNothing) {
  open(Origin::created);
  make_journal(20);
  apply_all();
  store_.reset();
  const std::string before = content(file());
  crypto::LocalKeyProvider other{key_of(2)};
  for (const bool with_key_file : {true, false}) {
    if (!with_key_file) std::filesystem::remove(options_.directory + "/telemetry.key");
    const auto refused = try_open(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::key_missing);
    EXPECT_EQ(content(file()), before);
  }
  // The right key opens it even without the key file, and writes that anew.
  open();
  EXPECT_EQ(store_->digest().value(), expected_digest());
  EXPECT_TRUE(std::filesystem::exists(options_.directory + "/telemetry.key"));
}

TEST_F(DuckDbTelemetry, NoMessageHoldsTheKey) {
  open(Origin::created);
  store_.reset();
  crypto::LocalKeyProvider other{key_of(2)};
  std::filesystem::remove(options_.directory + "/telemetry.key");
  const auto refused = try_open(other);
  ASSERT_FALSE(refused);
  const auto key = other.key("telemetry", 1).value();
  EXPECT_EQ(refused.error().message.find(to_hex(key.octets())), std::string::npos);
  EXPECT_EQ(refused.error().message.find("ENCRYPTION_KEY"), std::string::npos);
  // A file name no SQL text can carry: the statement fails to parse, which is when an engine quotes it.
  options_.directory = directory_.path() + "/it's \"odd\"; --";
  auto odd = try_open(keys_);
  ASSERT_TRUE(odd) << odd.error().message;
}

TEST_F(DuckDbTelemetry, ADirectoryIsOpenOnce) {
  open(Origin::created);
  const auto second = try_open(keys_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  store_.reset();
  open();
}

TEST_F(DuckDbTelemetry, ADeletedFileIsRebuiltToEqualContent) {
  open(Origin::created);
  make_journal(80);
  apply_all();
  const auto before = store_->digest().value();
  store_.reset();
  std::filesystem::remove(file());
  open(Origin::created);
  EXPECT_EQ(store_->next_record(), 0U);
  apply_all();
  EXPECT_EQ(store_->digest().value(), before);
}

TEST_F(DuckDbTelemetry, TheOwnerMayDiscardTheFile) {
  open(Origin::created);
  make_journal(10);
  apply_all();
  store_.reset();
  options_.discard_existing = true;
  open(Origin::replaced_damaged);
  EXPECT_EQ(store_->next_record(), 0U);
  EXPECT_TRUE(std::filesystem::exists(moved_to_));
}

TEST_F(DuckDbTelemetry, DamageIsMovedAsideAndOnlyTheNewestKept) {
  open(Origin::created);
  make_journal(10);
  apply_all();
  for (int round = 0; round < 2; ++round) {
    store_.reset();
    const std::string damaged = round == 0 ? std::string(50'000, 'x') : content(file()).substr(0, 4'097);
    overwrite(file(), damaged);
    clock_.advance_ms(1'000);
    open(Origin::replaced_damaged);
    EXPECT_EQ(content(moved_to_), damaged);
    EXPECT_EQ(store_->next_record(), 0U);
    apply_all();
    EXPECT_EQ(store_->digest().value(), expected_digest());
  }
  std::size_t kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory))
    kept += entry.path().string().find(".damaged-") != std::string::npos ? 1 : 0;
  EXPECT_EQ(kept, 1U);
}

// Whatever octets change in file or log, in the end the store holds exactly what the journal says.
TEST_F(DuckDbTelemetry, AnyFlippedOctetEndsInEqualContent) {
  open(Origin::created);
  make_journal(30);
  apply_all();
  ASSERT_TRUE(store_->checkpoint());
  make_journal(60);
  apply_all();
  const std::string pristine = directory_.path() + "/pristine";
  copy_files_to(pristine);
  store_.reset();
  const std::string expected = expected_digest();
  const auto database = content(pristine + "/telemetry.duckdb");
  const auto write_ahead = content(pristine + "/telemetry.duckdb.wal");
  ASSERT_GT(write_ahead.size(), 1'000U);
  SeededRandom random(7);
  int rebuilt = 0;
  int found_late = 0;
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    options_.directory = directory_.path() + "/round" + std::to_string(round);
    std::filesystem::copy(pristine, options_.directory);
    std::string changed = round % 2 == 0 ? database : write_ahead;
    // The first octets hold what the engine trusts without a tag, so they are hit more often.
    const std::size_t at =
        round % 4 < 2 ? random.below(std::min<std::size_t>(changed.size(), 12'288)) : random.below(changed.size());
    if (round % 10 == 9) {
      std::fill(changed.begin() + static_cast<std::ptrdiff_t>(at), changed.end(), '\0');  // a zeroed tail
    } else {
      changed[at] = static_cast<char>(changed[at] ^ (1 << random.below(8)));
    }
    overwrite(round % 2 == 0 ? file() : log(), changed);
    auto opened = try_open(keys_);
    ASSERT_TRUE(opened) << opened.error().message << " at " << at;
    rebuilt += opened->needs_rebuild() ? 1 : 0;
    store_ = std::move(opened->store);
    apply_all();
    auto digest = store_->digest();
    if (!digest) {
      ++found_late;
      EXPECT_EQ(digest.error().code, ErrorCode::storage_corrupt) << digest.error().message;
      store_.reset();
      options_.discard_existing = true;
      open(Origin::replaced_damaged);
      options_.discard_existing = false;
      apply_all();
      digest = store_->digest();
    }
    ASSERT_TRUE(digest) << digest.error().message;
    EXPECT_EQ(*digest, expected) << "at " << at;
    store_.reset();
    std::filesystem::remove_all(options_.directory);
  }
  // The harness must have hit both what opening finds and what only reading finds, or it proves nothing.
  EXPECT_GT(rebuilt, 10);
  EXPECT_GT(found_late, 0);
}

TEST_F(DuckDbTelemetry, ACutLogGivesAnEarlierPositionAndGoesOn) {
  open(Origin::created);
  for (int i = 0; i < 20; ++i) {
    make_journal(static_cast<std::uint64_t>(i) + 1, 50);
    apply_all();
  }
  const std::string pristine = directory_.path() + "/pristine";
  copy_files_to(pristine);
  store_.reset();
  const std::string write_ahead = content(pristine + "/telemetry.duckdb.wal");
  const std::string expected = expected_digest();
  std::uint64_t earliest = 20;
  for (int part = 0; part <= 10; ++part) {
    options_.directory = directory_.path() + "/cut" + std::to_string(part);
    std::filesystem::copy(pristine, options_.directory);
    overwrite(log(), write_ahead.substr(0, write_ahead.size() * static_cast<std::size_t>(part) / 10));
    open();
    EXPECT_LE(store_->next_record(), 20U);
    earliest = std::min(earliest, store_->next_record());
    apply_all();
    EXPECT_EQ(store_->digest().value(), expected);
    store_.reset();
  }
  EXPECT_EQ(earliest, 0U);
}

TEST_F(DuckDbTelemetry, CheckpointsComeWhenDueAndNotInFrontOfReaders) {
  options_.log_bytes_due = 200'000;
  open(Origin::created);
  make_journal(5, 30);
  apply_all();
  ASSERT_LT(store_->statistics().write_ahead_log_bytes, 200'000U);
  EXPECT_FALSE(store_->checkpoint_if_due().value());
  make_journal(60);
  apply_all();
  ASSERT_GT(store_->statistics().write_ahead_log_bytes, 200'000U);
  EXPECT_TRUE(store_->checkpoint_if_due().value());
  EXPECT_LT(store_->statistics().write_ahead_log_bytes, 200'000U);
  EXPECT_EQ(store_->statistics().checkpoints, 1U);
  EXPECT_FALSE(store_->checkpoint_if_due().value());
}

/// A disk that says it is nearly full.
class NarrowDisk final : public Disk {
 public:
  explicit NarrowDisk(Disk& inner) : inner_(inner) {}
  std::uint64_t free = 0;
  [[nodiscard]] Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    return inner_.open(path, mode);
  }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& directory) override {
    return inner_.list(directory);
  }
  [[nodiscard]] bool exists(const std::string& path) override { return inner_.exists(path); }
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override {
    return inner_.rename(from, to);
  }
  [[nodiscard]] Result<void> remove(const std::string& path) override { return inner_.remove(path); }
  [[nodiscard]] Result<void> make_directories(const std::string& path) override {
    return inner_.make_directories(path);
  }
  [[nodiscard]] Result<void> sync_directory(const std::string& directory) override {
    return inner_.sync_directory(directory);
  }
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string&) override { return free; }

 private:
  Disk& inner_;
};

TEST_F(DuckDbTelemetry, NoCheckpointBeginsWithoutRoomForIt) {
  NarrowDisk narrow(disk_);
  auto opened = DuckDbTelemetryStore::open(options_, narrow, clock_, keys_);
  ASSERT_TRUE(opened);
  store_ = std::move(opened->store);
  make_journal(20);
  apply_all();
  const auto refused = store_->checkpoint();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_full);
  EXPECT_FALSE(store_->must_reopen());
  // The store goes on, and once there is room so does the checkpoint.
  make_journal(30);
  apply_all();
  narrow.free = std::uint64_t{1} << 30;
  ASSERT_TRUE(store_->checkpoint());
  EXPECT_EQ(store_->digest().value(), expected_digest());
}

// Several short lives instead of one long one: each crosses the points where the engine's sort keys widen (see
// DuckDbSession::in_one_snapshot), which is where answers were wrong before.
TEST_F(DuckDbTelemetry, QuestionsRunBesideApplyingAndAreNeverWrong) {
  std::uint64_t checkpoints = 0;
  for (int life = 0; life < 8; ++life) {
    TestJournal journal;
    options_.directory = directory_.path() + "/life" + std::to_string(life);
    options_.log_bytes_due = 100'000;
    options_.log_bytes_ceiling = 250'000;  // low enough for questions to be kept waiting as well
    open(Origin::created);
    journal.add(1, "a", energy, {{0, 0}});
    ASSERT_TRUE(store_->apply(journal.records()));
    std::atomic<bool> finished = false;
    std::atomic<int> asked = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        std::size_t seen = 0;
        while (!finished) {
          const auto got =
              store_->range(SeriesId{1}, {0, 1'000'000'000}, 100'000, {.timeout_ms = 20'000, .cancel = {}});
          ASSERT_TRUE(got) << got.error().message;
          ASSERT_GE(got->points.size(), seen) << "what was seen once stays";
          seen = got->points.size();
          // Value k stands at place k: a hole, a repetition or a wrong order would show.
          for (std::size_t k = 0; k < seen; ++k) ASSERT_EQ(got->points[k].mantissa, static_cast<std::int64_t>(k));
          const SeriesId id{1};
          ASSERT_TRUE(store_->latest({&id, 1})[0]);
          ++asked;
        }
      });
    }
    std::int64_t next = 1;
    while (next < 10'000) {
      std::vector<testing::Value> values;
      for (int i = 0; i < 200; ++i, ++next) values.push_back({next * 10, next});
      journal.add(1, "a", energy, values);
      const auto applied = store_->apply(journal.from(store_->next_record()));
      EXPECT_TRUE(applied);
      const auto made = store_->checkpoint_if_due();
      EXPECT_TRUE(made);
      if (!applied || !made) break;
    }
    finished = true;
    for (auto& reader : readers) reader.join();
    EXPECT_GE(asked, 5);
    checkpoints += store_->statistics().checkpoints;
    MemoryTelemetryStore memory;
    ASSERT_TRUE(memory.apply(journal.records()));
    EXPECT_EQ(store_->digest().value(), memory.digest().value());
    store_.reset();
  }
  EXPECT_GT(checkpoints, 0U);
}

/// Every look at it takes it one step forward.
class SteppingClock final : public Clock {
 public:
  explicit SteppingClock(std::int64_t step_ms) : step_ms_(step_ms) {}
  [[nodiscard]] std::int64_t utc_ms() const override { return start_utc_ms; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return now_ms_.fetch_add(step_ms_) * 1'000'000; }

 private:
  std::int64_t step_ms_;
  mutable std::atomic<std::int64_t> now_ms_ = 0;
};

TEST_F(DuckDbTelemetry, AQuestionThatIsOverItsTimeEndsAndLeavesNothingBehind) {
  const SteppingClock clock(10);
  auto opened = DuckDbTelemetryStore::open(options_, disk_, clock, keys_);
  ASSERT_TRUE(opened);
  store_ = std::move(opened->store);
  std::vector<testing::Value> values;
  for (int i = 0; i < 60'000; ++i) values.push_back({i, i});
  for (int i = 0; i < 4; ++i) journal_.add(1, "m", energy, values);
  apply_all();
  int timed_out = 0;
  for (int i = 0; i < 20; ++i) {
    const auto got = store_->range(SeriesId{1}, {0, 60'000}, 1'000, {.timeout_ms = 45, .cancel = {}});
    if (got) continue;
    EXPECT_EQ(got.error().code, ErrorCode::timed_out);
    ++timed_out;
  }
  EXPECT_GT(timed_out, 0);
  // No transaction of a question that was broken off may hold up a checkpoint, and the sessions still work.
  ASSERT_TRUE(store_->checkpoint());
  EXPECT_EQ(store_->statistics().write_ahead_log_bytes, 0U);
  const auto got = store_->range(SeriesId{1}, {0, 60'000}, 60'000, {.timeout_ms = 1'000'000'000, .cancel = {}});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->points.at(0).evidence_count, 4U);
  EXPECT_GE(got->points.size(), 15'000U);
}

TEST_F(DuckDbTelemetry, NothingButItsOwnFileCanBeReached) {
  std::filesystem::create_directories(options_.directory);
  const std::string secret = directory_.path() + "/secret.csv";
  overwrite(secret, "a,b\n1,2\n");
  const auto engine = DuckDbEngine::open(options_, file(), options_.directory + "/temporary", key_of(9));
  ASSERT_TRUE(engine) << engine.error().error.message;
  const auto session = (*engine)->connect();
  ASSERT_TRUE(session);
  ASSERT_TRUE((*session)->run("CREATE TABLE hot.t AS SELECT 1 AS one"));
  const std::vector<std::string> forbidden{
      "SELECT * FROM read_csv('" + secret + "')",
      "SELECT * FROM '" + secret + "'",
      "SELECT * FROM read_text('/etc/hostname')",
      "COPY hot.t TO '" + directory_.path() + "/out.csv'",
      "ATTACH '" + directory_.path() + "/other.duckdb' AS other",
      "LOAD httpfs",
      "INSTALL httpfs",
      "SET GLOBAL enable_external_access = true",
      "SET memory_limit = '100GB'",
      "SET GLOBAL temp_file_encryption = false",
  };
  for (const std::string& statement : forbidden) EXPECT_FALSE((*session)->run(statement)) << statement;
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/out.csv"));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/other.duckdb"));
  EXPECT_TRUE((*session)->run("CHECKPOINT hot"));
  std::string encrypted;
  ASSERT_TRUE((*session)->stream("SELECT current_setting('temp_file_encryption')::VARCHAR::BLOB",
                                 [&](const Chunk& chunk) -> Result<void> {
                                   encrypted = chunk.blob(0, 0);
                                   return {};
                                 }));
  EXPECT_EQ(encrypted, "true");
}

TEST_F(DuckDbTelemetry, ABrokenSqlTextNeverQuotesTheKey) {
  const auto key = key_of(0x5A);
  const auto engine = DuckDbEngine::open(options_, directory_.path() + "/no such folder/x.duckdb",
                                         directory_.path() + "/temporary", key);
  ASSERT_FALSE(engine);
  EXPECT_FALSE(engine.error().damaged) << "a missing folder is no damage";
  EXPECT_EQ(engine.error().error.message.find("WlpaWlpa"), std::string::npos);
}

TEST(ReaderGate, LetsReadersOutBeforeItCloses) {
  const SystemClock clock;
  ReaderGate gate;
  ASSERT_TRUE(gate.enter(Deadline(clock, 1'000, {})));
  EXPECT_FALSE(gate.try_close());
  EXPECT_FALSE(gate.close(1)) << "somebody is inside";
  ASSERT_TRUE(gate.enter(Deadline(clock, 1'000, {}))) << "after giving up it is open again";
  gate.leave();
  std::thread closer([&] { EXPECT_TRUE(gate.close(60'000)); });
  gate.leave();
  closer.join();
  const auto refused = gate.enter(Deadline(clock, 20, {}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::timed_out);
  std::thread waiting([&] {
    EXPECT_TRUE(gate.enter(Deadline(clock, 60'000, {})));
    gate.leave();
  });
  gate.open();
  waiting.join();
  EXPECT_TRUE(gate.try_close());
}

TEST(TelemetryKeyFile, IsReadBackAndRefusesWhatItIsNot) {
  const auto made = TelemetryKeyFile::make(3, key_of(4));
  const std::string text = made.to_text();
  const auto parsed = TelemetryKeyFile::parse(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, made);
  EXPECT_TRUE(parsed->fits(key_of(4)));
  EXPECT_FALSE(parsed->fits(key_of(5)));
  EXPECT_EQ(text.find(to_hex(key_of(4).octets())), std::string::npos);
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(TelemetryKeyFile::parse(text.substr(0, size))) << size;
  EXPECT_FALSE(TelemetryKeyFile::parse(text + "more"));
  std::string newer = text;
  newer.replace(newer.find(" 1\n"), 3, " 2\n");
  EXPECT_EQ(TelemetryKeyFile::parse(newer).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace duheng::store
