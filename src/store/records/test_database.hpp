#pragma once
// For tests only: a real encrypted database in a temporary folder, brought to the wanted state, removed with the
// object.
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "crypto/key_provider.hpp"
#include "store/records/migration.hpp"
#include "store/records/sqlite_database.hpp"

namespace duheng::records {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng-records-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

[[nodiscard]] inline crypto::SecretKey test_key(std::uint8_t fill = 7) {
  std::array<std::uint8_t, crypto::SecretKey::size_bytes> octets{};
  octets.fill(fill);
  return crypto::SecretKey{octets};
}

class TestDatabase {
 public:
  explicit TestDatabase(std::initializer_list<Capability> capabilities = {}) {
    auto opened = SqliteDatabase::open({.path = folder_.file("records.db")}, keys_);
    if (!opened) throw std::runtime_error(opened.error().message);
    database_ = std::move(*opened);
    const std::vector<Capability> list(capabilities);
    if (auto migrated = migrate(*database_, clock, list); !migrated) throw std::runtime_error(migrated.error().message);
  }
  [[nodiscard]] SqliteDatabase& operator*() { return *database_; }
  [[nodiscard]] SqliteDatabase* operator->() { return database_.get(); }

  ManualClock clock;

 private:
  TemporaryFolder folder_;
  crypto::LocalKeyProvider keys_{test_key()};
  std::unique_ptr<SqliteDatabase> database_;
};

}  // namespace duheng::records
