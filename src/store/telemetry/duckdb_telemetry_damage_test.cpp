// Files that are gone, damaged or cut short: told, and repaired from the journal.
#include "store/telemetry/duckdb_telemetry_test_fixture.hpp"

namespace duheng::store {
namespace {

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

}  // namespace
}  // namespace duheng::store
