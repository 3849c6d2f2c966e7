#pragma once
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <string>

#include "store/telemetry/duckdb_telemetry_store.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"
#include "store/telemetry/telemetry_test_data.hpp"

namespace duheng::store {

using Origin = DuckDbTelemetryStore::Origin;
using testing::energy;
using testing::start_utc_ms;
using testing::TestJournal;

inline crypto::SecretKey key_of(std::uint8_t octet) {
  std::array<std::uint8_t, crypto::SecretKey::size_bytes> octets{};
  octets.fill(octet);
  return crypto::SecretKey(octets);
}

inline std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// A store in a temporary directory, and the journal it is made from.
class DuckDbTelemetry : public ::testing::Test {
 protected:
  DuckDbTelemetry() {
    options_.directory = directory_.path() + "/telemetry";
    options_.flush_readings = 1;  // every request becomes durable at once, unless a test says otherwise
  }

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

}  // namespace duheng::store
