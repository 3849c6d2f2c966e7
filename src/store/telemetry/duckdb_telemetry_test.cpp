// What DuckDB behind the seam promises beyond the contract: secrecy on disk, reopening, checkpoints, its key.
#include <algorithm>

#include "store/telemetry/duckdb_telemetry_test_fixture.hpp"
#include "store/telemetry/telemetry_key_file.hpp"

namespace duheng::store {
namespace {

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
  EXPECT_GT(std::filesystem::file_size(log()), 4'000U);
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
  options_.flush_readings = 400'000;
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

TEST_F(DuckDbTelemetry, WhatStoodBeforeARefusedRecordStands) {
  open(Origin::created);
  make_journal(3);
  apply_all();
  std::vector<testing::Value> values;
  for (int i = 0; i < 60'000; ++i) values.push_back({start_utc_ms + i * 1'000, i * 3});
  for (int i = 0; i < 6; ++i) journal_.add(9, "large " + std::to_string(i), energy, values);
  Bytes newer(journal_.records()[5].body.begin(), journal_.records()[5].body.end());
  newer[0] = 200;
  std::vector<TelemetryRecord> with_newer(journal_.from(3).begin(), journal_.from(3).end());
  with_newer.push_back({journal_.records().size(), GatewayId{9}, newer});
  const auto refused = store_->apply(with_newer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_FALSE(store_->must_reopen());
  EXPECT_EQ(store_->next_record(), 9U);
  EXPECT_TRUE(store_->find_source(GatewayId{9}, "large 5"));
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

TEST_F(DuckDbTelemetry, CheckpointsComeWhenDueAndNotInFrontOfReaders) {
  options_.log_bytes_due = 60'000;
  open(Origin::created);
  make_journal(3, 20);
  apply_all();
  ASSERT_LT(store_->statistics().write_ahead_log_bytes, 60'000U);
  EXPECT_FALSE(store_->checkpoint_if_due().value());
  make_journal(60);
  apply_all();
  ASSERT_GT(store_->statistics().write_ahead_log_bytes, 60'000U);
  EXPECT_TRUE(store_->checkpoint_if_due().value());
  EXPECT_LT(store_->statistics().write_ahead_log_bytes, 60'000U);
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
