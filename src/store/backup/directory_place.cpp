#include "store/backup/directory_place.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::store {
namespace {

constexpr std::size_t step_bytes = 4U << 20;
constexpr std::string_view unfinished_end = ".part";

bool is_part(std::string_view part) noexcept {
  if (part.empty() || part.front() == '.' || part.size() > 128) return false;
  return std::ranges::all_of(part, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

std::unexpected<Error> no_name(const std::string& name) {
  return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no name of a backup place", name));
}

/// A disk that is away answers like one without the file; the caller has to wait in either case.
Error as_away(Error error) {
  if (error.code == ErrorCode::not_found) error.code = ErrorCode::unavailable;
  return error;
}

Result<void> write_new(Disk& disk, const std::string& path, ByteView bytes) {
  if (disk.exists(path)) DUHENG_CHECK(disk.remove(path));
  DUHENG_TRY(const auto file, disk.open(path, OpenMode::create_new));
  for (std::size_t at = 0; at < bytes.size(); at += step_bytes)
    DUHENG_CHECK(file->append(bytes.subspan(at, std::min(step_bytes, bytes.size() - at))));
  return file->sync();
}

}  // namespace

bool is_place_folder(std::string_view folder) noexcept { return is_part(folder); }
bool is_place_name(std::string_view name) noexcept {
  const std::size_t slash = name.find('/');
  return slash != std::string_view::npos && is_part(name.substr(0, slash)) && is_part(name.substr(slash + 1)) &&
         !name.ends_with(unfinished_end);
}

Result<void> DirectoryPlace::require_directory() {
  if (disk_.exists(directory_)) return {};
  return fail(ErrorCode::unavailable, fmt::format("there is no directory {}: is it mounted?", directory_));
}

Result<void> DirectoryPlace::put(const std::string& name, ByteView bytes) {
  if (!is_place_name(name)) return no_name(name);
  DUHENG_CHECK(require_directory());
  const std::string folder = directory_ + "/" + name.substr(0, name.find('/'));
  if (!disk_.exists(folder)) {
    DUHENG_CHECK(disk_.make_directories(folder));
    DUHENG_CHECK(disk_.sync_directory(directory_));
  }
  const std::string path = directory_ + "/" + name;
  const std::string part = path + std::string(unfinished_end);
  if (auto written = write_new(disk_, part, bytes); !written) {
    (void)disk_.remove(part);  // the write's own error is the one to tell; sweep() takes what stays
    return std::unexpected(as_away(std::move(written).error()));
  }
  DUHENG_CHECK(disk_.rename(part, path));
  return disk_.sync_directory(folder);
}

Result<Bytes> DirectoryPlace::get(const std::string& name, std::uint64_t bytes_max) {
  if (!is_place_name(name)) return no_name(name);
  DUHENG_CHECK(require_directory());
  DUHENG_TRY(const auto file, disk_.open(directory_ + "/" + name, OpenMode::read));
  DUHENG_TRY(const std::uint64_t size, file->size());
  if (size > bytes_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("{}/{} is larger than {} octets", directory_, name, bytes_max));
  return file->read_at(0, static_cast<std::size_t>(size));
}

Result<std::vector<PlaceEntry>> DirectoryPlace::list(const std::string& folder) {
  if (!is_place_folder(folder)) return no_name(folder);
  DUHENG_CHECK(require_directory());
  std::vector<PlaceEntry> out;
  const std::string path = directory_ + "/" + folder;
  if (!disk_.exists(path)) return out;
  DUHENG_TRY(const auto names, disk_.list(path));
  for (const std::string& name : names) {
    if (!is_part(name) || name.ends_with(unfinished_end)) continue;
    DUHENG_TRY(const auto file, disk_.open(path + "/" + name, OpenMode::read));
    DUHENG_TRY(const std::uint64_t size, file->size());
    out.push_back({name, size});
  }
  return out;
}

Result<void> DirectoryPlace::remove(const std::string& name) {
  if (!is_place_name(name)) return no_name(name);
  DUHENG_CHECK(require_directory());
  const std::string path = directory_ + "/" + name;
  if (!disk_.exists(path)) return {};
  DUHENG_CHECK(disk_.remove(path));
  return disk_.sync_directory(directory_ + "/" + name.substr(0, name.find('/')));
}

Result<void> DirectoryPlace::sweep(const std::string& folder) {
  if (!is_place_folder(folder)) return no_name(folder);
  DUHENG_CHECK(require_directory());
  const std::string path = directory_ + "/" + folder;
  if (!disk_.exists(path)) return {};
  DUHENG_TRY(const auto names, disk_.list(path));
  for (const std::string& name : names)
    if (name.ends_with(unfinished_end)) DUHENG_CHECK(disk_.remove(path + "/" + name));
  return {};
}

}  // namespace duheng::store
