#pragma once
#include <string>

#include "base/disk.hpp"
#include "store/backup/backup_place.hpp"

namespace duheng::store {

/// A directory: another disk, or another site's storage mounted here. The directory itself is never made, so that
/// nothing is written below a mount point while nothing is mounted there.
class DirectoryPlace final : public BackupPlace {
 public:
  DirectoryPlace(Disk& disk, std::string directory) : disk_(disk), directory_(std::move(directory)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return directory_; }
  [[nodiscard]] Result<void> put(const std::string& name, ByteView bytes) override;
  [[nodiscard]] Result<Bytes> get(const std::string& name, std::uint64_t bytes_max) override;
  [[nodiscard]] Result<std::vector<PlaceEntry>> list(const std::string& folder) override;
  [[nodiscard]] Result<void> remove(const std::string& name) override;
  [[nodiscard]] Result<void> sweep(const std::string& folder) override;

 private:
  [[nodiscard]] Result<void> require_directory();

  Disk& disk_;
  const std::string directory_;
};

}  // namespace duheng::store
