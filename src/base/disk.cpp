#include "base/disk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace duheng {
namespace {

Error disk_error(std::string_view what, const std::string& path, int error_number) {
  ErrorCode code = ErrorCode::storage_failed;
  if (error_number == ENOSPC || error_number == EDQUOT) code = ErrorCode::storage_full;
  if (error_number == ENOENT) code = ErrorCode::not_found;
  if (error_number == EEXIST) code = ErrorCode::already_exists;
  return {code, fmt::format("cannot {} {}: {}", what, path, std::strerror(error_number))};
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override { ::close(descriptor_); }

  Result<std::uint64_t> size() const override {
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0) return std::unexpected(disk_error("stat", path_, errno));
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> append(ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        return std::unexpected(disk_error("write", path_, errno));
      }
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<Bytes> read_at(std::uint64_t offset, std::size_t size) const override {
    Bytes out(size);
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got = ::pread(descriptor_, out.data() + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0) {
        if (errno == EINTR) continue;
        return std::unexpected(disk_error("read", path_, errno));
      }
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    out.resize(done);
    return out;
  }

  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
      return std::unexpected(disk_error("truncate", path_, errno));
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_) != 0) return std::unexpected(disk_error("sync", path_, errno));
    return {};
  }

 private:
  int descriptor_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<File>> PosixDisk::open(const std::string& path, OpenMode mode) {
  int flags = O_CLOEXEC;
  switch (mode) {
    case OpenMode::read:
      flags |= O_RDONLY;
      break;
    case OpenMode::append:
      flags |= O_RDWR | O_CREAT | O_APPEND;
      break;
    case OpenMode::create_new:
      flags |= O_RDWR | O_CREAT | O_EXCL | O_APPEND;
      break;
  }
  const int descriptor = ::open(path.c_str(), flags, 0600);
  if (descriptor < 0) return std::unexpected(disk_error("open", path, errno));
  return std::make_unique<PosixFile>(descriptor, path);
}

Result<std::vector<std::string>> PosixDisk::list(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) return std::unexpected(disk_error("list", directory, error.value()));
  std::sort(names.begin(), names.end());
  return names;
}

bool PosixDisk::exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return std::unexpected(disk_error("rename", from, errno));
  return {};
}

Result<void> PosixDisk::remove(const std::string& path) {
  if (::remove(path.c_str()) != 0) return std::unexpected(disk_error("remove", path, errno));
  return {};
}

Result<void> PosixDisk::make_directories(const std::string& path) {
  std::string prefix;
  for (std::size_t at = 0; at != std::string::npos;) {
    at = path.find('/', at + 1);
    prefix = path.substr(0, at);
    if (::mkdir(prefix.c_str(), 0700) != 0 && errno != EEXIST) {
      return std::unexpected(disk_error("make directory", prefix, errno));
    }
  }
  return {};
}

Result<void> PosixDisk::sync_directory(const std::string& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return std::unexpected(disk_error("open", directory, errno));
  const int outcome = ::fsync(descriptor);
  const int error_number = errno;
  ::close(descriptor);
  if (outcome != 0) return std::unexpected(disk_error("sync", directory, error_number));
  return {};
}

Result<std::uint64_t> PosixDisk::free_bytes(const std::string& directory) {
  struct statvfs status{};
  if (::statvfs(directory.c_str(), &status) != 0) return std::unexpected(disk_error("stat", directory, errno));
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

Result<bool> Disk::readable_by_others(const std::string&) { return false; }

Result<bool> PosixDisk::readable_by_others(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::unexpected(disk_error("stat", path, errno));
  return (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

Result<void> write_file_atomically(Disk& disk, const std::string& path, ByteView bytes) {
  const std::string temporary = path + ".new";
  if (disk.exists(temporary)) DUHENG_CHECK(disk.remove(temporary));
  {
    DUHENG_TRY(const auto file, disk.open(temporary, OpenMode::create_new));
    DUHENG_CHECK(file->append(bytes));
    DUHENG_CHECK(file->sync());
  }
  DUHENG_CHECK(disk.rename(temporary, path));
  const auto slash = path.rfind('/');
  return disk.sync_directory(slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1)));
}

Result<Bytes> read_file(Disk& disk, const std::string& path, std::size_t bytes_max) {
  DUHENG_TRY(const auto file, disk.open(path, OpenMode::read));
  DUHENG_TRY(const auto size, file->size());
  if (size > bytes_max) {
    return fail(ErrorCode::limit_exceeded, fmt::format("{} holds {} bytes, the limit is {}", path, size, bytes_max));
  }
  return file->read_at(0, static_cast<std::size_t>(size));
}

}  // namespace duheng
