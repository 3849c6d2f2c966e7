#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/disk.hpp"
#include "crypto/key_provider.hpp"
#include "store/telemetry/duckdb_session.hpp"

namespace duheng::store {

/// One sealed file: the readings of a calendar year (UTC), or of everything before 1970-01-01 or after 9999 as year 0.
struct YearFile {
  std::string place;  ///< under which it is attached: "year_2026_1"
  std::int32_t year = 0;
  std::uint32_t generation = 0;  ///< a file is made anew to change its key or to become small
  std::uint32_t key_version = 0;
};

/// The sealed files of a store: makes, attaches and removes them. One thread at a time (write_mutex of the store).
class YearFiles {
 public:
  YearFiles(Disk& disk, crypto::KeyProvider& keys, std::string directory);

  [[nodiscard]] static std::int32_t year_of_day(std::int64_t utc_day) noexcept;
  /// First and last UTC day of a year's file.
  [[nodiscard]] static std::pair<std::int64_t, std::int64_t> days_of_year(std::int32_t year) noexcept;

  /// Attaches what the catalogue names and removes files that it does not name. Errors: key_missing; storage_corrupt -
  /// a file is missing or does not open; storage_failed.
  [[nodiscard]] Result<void> attach_all(DuckDbSession& session, const std::vector<YearFile>& named);
  /// A new, empty, attached file with the newest key. Errors: key_missing, storage_full, storage_failed.
  [[nodiscard]] Result<YearFile> create(DuckDbSession& session, std::int32_t year);
  /// Lets the caller's catalogue know it.
  void enter(const YearFile& file) { files_.push_back(file); }
  /// Detaches and deletes. The catalogue no longer names it, and nobody reads it.
  [[nodiscard]] Result<void> remove(DuckDbSession& session, const std::string& place);

  [[nodiscard]] const std::vector<YearFile>& files() const noexcept { return files_; }
  [[nodiscard]] const YearFile* newest_of(std::int32_t year) const noexcept;
  [[nodiscard]] std::string path(const YearFile& file) const;
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  [[nodiscard]] Result<void> attach(DuckDbSession& session, const YearFile& file);
  Disk& disk_;
  crypto::KeyProvider& keys_;
  std::string directory_;
  std::vector<YearFile> files_;
  std::uint32_t highest_generation_ = 0;
};

}  // namespace duheng::store
