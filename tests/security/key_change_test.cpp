// A program that is killed in the middle of a change of keys: whichever step it was, everything opens afterwards with
// both versions at hand, nothing is lost, and the change goes on by itself.
#include <chrono>
#include <filesystem>
#include <gtest/gtest.h>
#include <set>
#include <sys/wait.h>
#include <thread>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "dying_disk.hpp"
#include "model/batch.hpp"
#include "store/journal/journal.hpp"
#include "store/journal/journal_testing.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"
#include "store/telemetry/telemetry_test_data.hpp"

namespace duheng::security {
namespace {

namespace fs = std::filesystem;
using store::DuckDbTelemetryStore;

// 2024-12-30 00:00 UTC
constexpr std::int64_t new_years_utc_ms = 1'735'516'800'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::uint64_t never = UINT64_MAX;

/// Keys of two masters, of which the second may not be there yet, or the first no more.
class TwoKeys final : public crypto::KeyProvider {
 public:
  explicit TwoKeys(std::uint32_t current, std::uint32_t oldest = 1) : current_(current), oldest_(oldest) {}
  Result<std::uint32_t> current_version(std::string_view) override { return current_; }
  Result<crypto::SecretKey> key(std::string_view, std::uint32_t version) override {
    if (version < oldest_ || version > current_) return fail(ErrorCode::key_missing, "no such version");
    std::array<std::uint8_t, crypto::SecretKey::size_bytes> octets{};
    octets.fill(static_cast<std::uint8_t>(version));
    return crypto::SecretKey{octets};
  }

 private:
  std::uint32_t current_;
  std::uint32_t oldest_;
};

Bytes day_of_readings(std::int64_t day_utc_ms) {
  BatchWriter writer(day_utc_ms);
  for (int device = 0; device < 4; ++device) {
    const auto index = writer.device("meter-" + std::to_string(device));
    const auto energy = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
    for (int hour = 0; hour < 24; ++hour) {
      const std::int64_t at = day_utc_ms + hour * hour_ms;
      writer.frame({index, Protocol::dlt645_2007, at - 20, at, Bytes{0x68, 0x16}, Bytes{0x68, 0x91, 0x16}});
      writer.reading({energy, 1'000 + device * 100 + hour, at, TimeSource::gateway, Quality::good});
    }
  }
  Bytes body;
  writer.finish(body);
  return body;
}

/// Runs `work` in a process of its own, which may be killed; whether it came to its end.
template <class Work>
bool survives(Work&& work, std::chrono::microseconds kill_after = std::chrono::hours(1)) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  const auto deadline =
      std::chrono::steady_clock::now() + std::min<std::chrono::microseconds>(kill_after, std::chrono::minutes(2));
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) ::kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  const bool ended = WIFEXITED(status);
  EXPECT_TRUE(!ended || WEXITSTATUS(status) == 0) << "the change of keys failed by itself";
  return ended;
}

class KeyChange : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  void copy_template(const std::string& to) const {
    fs::remove_all(path(to));
    fs::copy(path("template"), path(to), fs::copy_options::recursive);
  }

  store::testing::TemporaryDirectory folder_;
  PosixDisk real_;
};

class TelemetryKeyChange : public KeyChange {
 protected:
  TelemetryKeyChange() {
    clock_.set_utc_ms(new_years_utc_ms + 4 * day_ms);
    TwoKeys first(1);
    const auto store = open("template", real_, first);
    std::vector<Bytes> bodies;
    std::vector<store::TelemetryRecord> records(1);  // there is no record 0
    for (int day = 0; day < 4; ++day) bodies.push_back(day_of_readings(new_years_utc_ms + day * day_ms));
    for (std::size_t i = 0; i < bodies.size(); ++i)
      records.push_back({i + 1, GatewayId{1}, bodies[i], store::TelemetryRecord::Content::batch});
    EXPECT_TRUE(store->apply(records));
    EXPECT_TRUE(maintain(*store));
    EXPECT_TRUE(store->checkpoint());
    digest_ = store->digest().value();
  }
  std::unique_ptr<DuckDbTelemetryStore> open(const std::string& name, Disk& disk, crypto::KeyProvider& keys) {
    store::DuckDbTelemetryOptions options;
    options.directory = path(name);
    options.flush_readings = 1;
    options.seal_delay_ms = 0;
    options.memory_bytes_max = 128U << 20;
    auto opened = DuckDbTelemetryStore::open(options, disk, clock_, keys);
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      return nullptr;
    }
    if (opened->needs_rebuild() && name != "template") ADD_FAILURE() << "had to be made anew: " << opened->damage;
    return std::move(opened->store);
  }
  static bool maintain(DuckDbTelemetryStore& store) {
    for (int step = 0; step < 1'000; ++step) {
      const auto more = store.maintain({});
      if (!more) return false;
      if (!*more) return true;
    }
    return false;
  }
  /// The change: the hot file when it is opened, then the sealed files.
  bool change(const std::string& name, Disk& disk) {
    TwoKeys both(2);
    const auto store = open(name, disk, both);
    return store != nullptr && maintain(*store);
  }
  std::size_t year_files(const std::string& name) const {
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(path(name)))
      files += entry.path().filename().string().starts_with("telemetry-2") ? 1 : 0;
    return files;
  }
  void expect_whole_and_finish(const std::string& name) {
    {
      TwoKeys both(2);
      const auto store = open(name, real_, both);
      ASSERT_NE(store, nullptr);
      ASSERT_EQ(store->digest().value(), digest_);
      ASSERT_TRUE(maintain(*store));
      ASSERT_TRUE(store->checkpoint());
    }
    EXPECT_EQ(year_files(name), year_files("template")) << "nothing half-made is left";
    TwoKeys second_alone(2, 2);
    const auto store = open(name, real_, second_alone);
    ASSERT_NE(store, nullptr);
    ASSERT_EQ(store->digest().value(), digest_) << "the first key is needed no longer";
  }

  ManualClock clock_;
  std::string digest_;
};

TEST_F(TelemetryKeyChange, KilledAtEveryStepItGoesOnByItself) {
  ASSERT_GE(year_files("template"), 1U) << "a sealed year is part of it";
  std::uint64_t step = 1;
  for (;; ++step) {
    SCOPED_TRACE("killed before change " + std::to_string(step));
    ASSERT_LT(step, 200U);
    copy_template("killed");
    const bool ended = survives([&] {
      DyingDisk disk(step);
      return change("killed", disk);
    });
    expect_whole_and_finish("killed");
    if (HasFatalFailure() || ended) break;
  }
  EXPECT_GT(step, 10U) << "steps of the change";
}

/// What the engine writes by itself goes by no seam: killed at moments spread over the whole change.
TEST_F(TelemetryKeyChange, KilledAtAnyMomentItGoesOnByItself) {
  copy_template("timed");
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(survives([&] {
    DyingDisk disk(never);
    return change("timed", disk);
  }));
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
  constexpr int rounds = 12;
  int killed = 0;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE(round);
    copy_template("killed");
    killed += survives(
                  [&] {
                    DyingDisk disk(never);
                    return change("killed", disk);
                  },
                  whole * (round + 1) / (rounds + 1))
                  ? 0
                  : 1;
    expect_whole_and_finish("killed");
    if (HasFatalFailure()) break;
  }
  EXPECT_GT(killed, rounds / 3);
}

class JournalKeyChange : public KeyChange {
 protected:
  std::unique_ptr<store::Journal> open(const std::string& name, Disk& disk, crypto::KeyProvider& keys) {
    auto opened = store::Journal::open(disk, random_, keys, {.directory = path(name), .segment_bytes_max = 4'000});
    if (!opened) ADD_FAILURE() << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  SystemRandom random_;
};

TEST_F(JournalKeyChange, KilledAtEveryStepEverySegmentOpens) {
  constexpr int records = 30;
  store::testing::Sender sender(1, 7);
  std::vector<store::JournalRecord> all;
  for (int i = 0; i < records; ++i) all.push_back(sender.next());
  const store::JournalRecord later = sender.next();
  {
    TwoKeys first(1);
    const auto journal = open("template", real_, first);
    for (const store::JournalRecord& record : all) ASSERT_TRUE(journal->commit({&record, 1}));
  }
  std::uint64_t step = 1;
  for (;; ++step) {
    SCOPED_TRACE("killed before change " + std::to_string(step));
    ASSERT_LT(step, 100U);
    copy_template("killed");
    const bool ended = survives([&] {
      DyingDisk disk(step);
      TwoKeys both(2);
      const auto journal = open("killed", disk, both);
      return journal != nullptr && journal->commit({&later, 1}).has_value();
    });
    TwoKeys both(2);
    const auto journal = open("killed", real_, both);
    ASSERT_NE(journal, nullptr);
    ASSERT_GE(journal->next_number(), static_cast<std::uint64_t>(records + 1)) << "what was there is there";
    std::set<std::uint32_t> versions;
    const bool is_missing = journal->next_number() == static_cast<std::uint64_t>(records + 1);
    ASSERT_TRUE(!is_missing || journal->commit({&later, 1}));
    for (std::uint64_t number = 1; number < journal->next_number(); ++number) {
      ASSERT_TRUE(journal->read(number)) << number;
      versions.insert(journal->place_of(number)->key_version);
    }
    EXPECT_EQ(versions, (std::set<std::uint32_t>{1, 2}));
    ASSERT_TRUE(journal->verify()->sound());
    if (ended) break;
  }
  EXPECT_GT(step, 3U) << "steps of the change";
}

}  // namespace
}  // namespace duheng::security
