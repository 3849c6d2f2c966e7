#include "platform/storage/storage_probe.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace duheng::platform::storage {
namespace {

constexpr std::uint64_t block_bytes = 512;  ///< what st_blocks counts, POSIX

std::unexpected<Error> failed(const std::string& path, int error) {
  return fail(ErrorCode::storage_failed, fmt::format("cannot measure {}: {}", path, std::strerror(error)));
}

}  // namespace

Result<std::uint64_t> PosixStorageProbe::bytes_below(const std::string& path) {
  namespace fs = std::filesystem;
  std::uint64_t bytes = 0;
  std::error_code problem;
  fs::recursive_directory_iterator at(path, fs::directory_options::skip_permission_denied, problem);
  if (problem == std::errc::no_such_file_or_directory) return 0;
  while (!problem && at != fs::recursive_directory_iterator{}) {
    struct stat status{};
    // Files come and go while they are counted.
    if (::lstat(at->path().c_str(), &status) == 0 && S_ISREG(status.st_mode))
      bytes += static_cast<std::uint64_t>(status.st_blocks) * block_bytes;
    at.increment(problem);
    if (problem == std::errc::no_such_file_or_directory) problem.clear();
  }
  if (problem) return failed(path, problem.value());
  return bytes;
}

Result<FileSystemFigures> PosixStorageProbe::file_system_of(const std::string& path) {
  std::filesystem::path place(path);
  std::error_code ignored;
  while (!std::filesystem::exists(place, ignored) && place.has_parent_path() && place != place.parent_path())
    place = place.parent_path();
  struct stat status{};
  struct statvfs figures{};
  if (::stat(place.c_str(), &status) != 0 || ::statvfs(place.c_str(), &figures) != 0) return failed(path, errno);
  return FileSystemFigures{status.st_dev, figures.f_blocks * figures.f_frsize, figures.f_bavail * figures.f_frsize};
}

}  // namespace duheng::platform::storage
