#pragma once
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace duheng::platform::storage {

struct FileSystemFigures {
  std::uint64_t device = 0;  ///< tells file systems apart
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;  ///< for us: without what is kept for the system's owner
};

/// What lies where. Another one comes in tests.
class StorageProbe {
 public:
  virtual ~StorageProbe() = default;
  /// Octets that the files in and below a folder take on the disk; 0 when there is no such folder. Errors:
  /// storage_failed.
  [[nodiscard]] virtual Result<std::uint64_t> bytes_below(const std::string& path) = 0;
  /// Of the nearest folder above `path` that exists. Errors: storage_failed.
  [[nodiscard]] virtual Result<FileSystemFigures> file_system_of(const std::string& path) = 0;
};

class PosixStorageProbe final : public StorageProbe {
 public:
  [[nodiscard]] Result<std::uint64_t> bytes_below(const std::string& path) override;
  [[nodiscard]] Result<FileSystemFigures> file_system_of(const std::string& path) override;
};

}  // namespace duheng::platform::storage
