#include "store/telemetry/year_files.hpp"

#include <algorithm>
#include <charconv>
#include <date/date.h>
#include <filesystem>
#include <fmt/format.h>

#include "base/log.hpp"
#include "store/telemetry/duckdb_encryption.hpp"

namespace duheng::store {
namespace {

constexpr std::string_view area = "telemetry";
constexpr std::string_view purpose = "telemetry";
constexpr std::string_view prefix = "telemetry-";
constexpr std::string_view suffix = ".duckdb";

std::string place_of(std::int32_t year, std::uint32_t generation) {
  return fmt::format("year_{}_{}", year, generation);
}

bool room_or_surroundings(const Error& error) {
  return error.code == ErrorCode::storage_full || error.code == ErrorCode::unavailable;
}

}  // namespace

YearFiles::YearFiles(Disk& disk, crypto::KeyProvider& keys, std::string directory)
    : disk_(disk), keys_(keys), directory_(std::move(directory)) {}

std::int32_t YearFiles::year_of_day(std::int64_t utc_day) noexcept {
  constexpr std::int64_t last_day_of_9999 = 2'932'896;
  if (utc_day < 0 || utc_day > last_day_of_9999) return 0;
  const date::year_month_day civil{date::sys_days{date::days{static_cast<int>(utc_day)}}};
  return static_cast<int>(civil.year());
}

std::pair<std::int64_t, std::int64_t> YearFiles::days_of_year(std::int32_t year) noexcept {
  const auto first = date::sys_days{date::year{year} / 1 / 1}.time_since_epoch().count();
  const auto next = date::sys_days{date::year{year + 1} / 1 / 1}.time_since_epoch().count();
  return {first, next - 1};
}

std::string YearFiles::path(const YearFile& file) const {
  return fmt::format("{}/{}{}-{}{}", directory_, prefix, file.year, file.generation, suffix);
}

Result<void> YearFiles::attach(DuckDbSession& session, const YearFile& file) {
  DUHENG_TRY(const crypto::SecretKey key, keys_.key(purpose, file.key_version));
  auto attached = attach_encrypted(session.handle(), path(file), file.place, key);
  if (attached) return {};
  Error error = duckdb_failure(attached.error().type, attached.error().message);
  // The catalogue knows which key the file was made with, so a key that does not fit means a damaged file.
  if (room_or_surroundings(error)) return std::unexpected(std::move(error));
  return fail(ErrorCode::storage_corrupt, fmt::format("{} does not open: {}", path(file), error.message));
}

Result<void> YearFiles::attach_all(DuckDbSession& session, const std::vector<YearFile>& named) {
  files_ = named;
  std::vector<std::string> known;
  for (const YearFile& file : files_) {
    highest_generation_ = std::max(highest_generation_, file.generation);
    const std::string file_path = path(file);
    if (!disk_.exists(file_path)) return fail(ErrorCode::storage_corrupt, fmt::format("{} is missing", file_path));
    DUHENG_CHECK(attach(session, file));
    known.push_back(std::filesystem::path(file_path).filename().string());
  }
  DUHENG_TRY(const auto names, disk_.list(directory_));
  for (const std::string& name : names) {
    if (!name.starts_with(prefix)) continue;
    const bool is_known = std::ranges::any_of(known, [&](const std::string& k) { return name.starts_with(k); });
    if (is_known) continue;
    log::info(area, "a sealed file that nothing names is removed", {{"file", name}});
    DUHENG_CHECK(disk_.remove(directory_ + "/" + name));
  }
  return {};
}

Result<YearFile> YearFiles::create(DuckDbSession& session, std::int32_t year) {
  YearFile file;
  file.year = year;
  file.generation = ++highest_generation_;
  file.place = place_of(year, file.generation);
  DUHENG_TRY(file.key_version, keys_.current_version(purpose));
  const std::string file_path = path(file);
  for (const char* end : {"", ".wal"}) {
    if (disk_.exists(file_path + end)) DUHENG_CHECK(disk_.remove(file_path + end));
  }
  DUHENG_CHECK(attach(session, file));
  DUHENG_CHECK(disk_.sync_directory(directory_));
  return file;
}

Result<void> YearFiles::remove(DuckDbSession& session, const std::string& place) {
  const auto found = std::ranges::find(files_, place, &YearFile::place);
  if (found == files_.end()) return {};
  DUHENG_CHECK(session.run(fmt::format("DETACH {}", place)));
  const std::string file_path = path(*found);
  files_.erase(found);
  for (const char* end : {".wal", ""}) {
    if (disk_.exists(file_path + end)) DUHENG_CHECK(disk_.remove(file_path + end));
  }
  return disk_.sync_directory(directory_);
}

const YearFile* YearFiles::newest_of(std::int32_t year) const noexcept {
  const YearFile* newest = nullptr;
  for (const YearFile& file : files_) {
    if (file.year == year && (newest == nullptr || file.generation > newest->generation)) newest = &file;
  }
  return newest;
}

std::uint64_t YearFiles::bytes() const {
  std::uint64_t total = 0;
  for (const YearFile& file : files_) {
    for (const char* end : {"", ".wal"}) {
      std::error_code error;
      const auto size = std::filesystem::file_size(path(file) + end, error);
      if (!error) total += size;
    }
  }
  return total;
}

}  // namespace duheng::store
