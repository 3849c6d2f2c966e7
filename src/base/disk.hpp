#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace duheng {

/// One open file. Not thread-safe. Errors of every call: storage_full - nothing or a part was appended, truncate back;
/// storage_failed - the disk refused, presume unsynced bytes lost.
class File {
 public:
  virtual ~File() = default;
  [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
  /// Writes at the end. Durable only after sync().
  [[nodiscard]] virtual Result<void> append(ByteView bytes) = 0;
  /// Reads up to `size` octets; fewer only at the end of the file.
  [[nodiscard]] virtual Result<Bytes> read_at(std::uint64_t offset, std::size_t size) const = 0;
  [[nodiscard]] virtual Result<void> truncate(std::uint64_t size) = 0;
  /// Returns when everything written is on the medium (fdatasync).
  [[nodiscard]] virtual Result<void> sync() = 0;
};

enum class OpenMode : std::uint8_t {
  read,        ///< the file must exist
  append,      ///< created when missing
  create_new,  ///< already_exists when it is there
};

/// The disk comes in through the constructor of whatever stores. Paths are "/"-separated; directories must exist.
class Disk {
 public:
  virtual ~Disk() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  /// Names (not paths) of files and directories in `directory`, sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  [[nodiscard]] virtual bool exists(const std::string& path) = 0;
  /// Atomic replacement; durable after sync_directory().
  [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Result<void> remove(const std::string& path) = 0;
  [[nodiscard]] virtual Result<void> make_directories(const std::string& path) = 0;
  /// Makes creations, renames and removals in the directory durable.
  [[nodiscard]] virtual Result<void> sync_directory(const std::string& directory) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> free_bytes(const std::string& directory) = 0;
  /// Whether accounts other than the owner may read or write the file. Disks without permissions say no.
  [[nodiscard]] virtual Result<bool> readable_by_others(const std::string& path);
};

/// The machine's own file system. Files are created with mode 0600, directories 0700.
class PosixDisk final : public Disk {
 public:
  [[nodiscard]] Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& directory) override;
  [[nodiscard]] bool exists(const std::string& path) override;
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Result<void> remove(const std::string& path) override;
  [[nodiscard]] Result<void> make_directories(const std::string& path) override;
  [[nodiscard]] Result<void> sync_directory(const std::string& directory) override;
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& directory) override;
  [[nodiscard]] Result<bool> readable_by_others(const std::string& path) override;
};

/// Writes `bytes` so that after a crash the file holds either its old content or all of the new: temporary file, sync,
/// rename, directory sync.
[[nodiscard]] Result<void> write_file_atomically(Disk& disk, const std::string& path, ByteView bytes);
/// Errors: not_found; limit_exceeded - larger than `bytes_max`.
[[nodiscard]] Result<Bytes> read_file(Disk& disk, const std::string& path, std::size_t bytes_max = 64U << 20);

}  // namespace duheng
