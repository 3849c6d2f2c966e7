#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.hpp"
#include "base/random.hpp"

namespace duheng {

/// A disk in memory that tells written from durable and can lose power: for simulations and fault tests, driven by a
/// seed.
///
/// What survives crash(): every octet that a successful File::sync() covered and every name that sync_directory()
/// covered. Of the rest, by chance: appended octets are kept, cut at any point, or partly read as zeros (whole
/// 512-octet sectors); an unsynced truncation happened or not; each unsynced creation, renaming and removal happened or
/// not, one by one. Directories are durable at once. Handles from before a crash answer storage_failed. Thread-safe.
class SimulatedDisk final : public Disk {
 public:
  static constexpr std::size_t sector_bytes = 512;

  SimulatedDisk();
  ~SimulatedDisk() override;

  [[nodiscard]] Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& directory) override;
  [[nodiscard]] bool exists(const std::string& path) override;
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Result<void> remove(const std::string& path) override;
  [[nodiscard]] Result<void> make_directories(const std::string& path) override;
  [[nodiscard]] Result<void> sync_directory(const std::string& directory) override;
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& directory) override;

  /// Power is lost and comes back: see above. Clears a planned loss of power, keeps the other faults.
  void crash(Random& random);
  /// The process is killed while the machine runs on: handles die and a planned loss of power is cleared, but all that
  /// was written stays, synced or not.
  void kill_process();
  /// After `operations` more changing calls (append, truncate, sync, open that creates, rename, remove, sync_directory)
  /// the next one and all that follow, reads too, fail with storage_failed until
  /// crash() or kill_process() is called.
  void lose_power_after(std::uint64_t operations);
  [[nodiscard]] bool powerless() const;

  /// The room for file contents; nothing = without limit. An append beyond it writes what fits, then reports
  /// storage_full.
  void set_capacity_bytes(std::optional<std::uint64_t> bytes);
  /// Every changing call fails with storage_failed.
  void set_read_only(bool read_only);
  /// The next `count` File::sync() calls fail, and what they should have written is dropped as kernels do: it can still
  /// be read, later synchronisations report success, but it is zeros after a crash.
  void fail_next_syncs(std::uint64_t count);
  /// The next append writes only its first `bytes` octets and reports storage_failed.
  void cut_next_append(std::size_t bytes);
  /// Changes one bit of the medium, under everybody's feet. Errors: not_found - no such file or octet.
  [[nodiscard]] Result<void> flip_bit(const std::string& path, std::uint64_t offset, unsigned bit);

  /// Successful File::sync() calls so far.
  [[nodiscard]] std::uint64_t sync_count() const;
  [[nodiscard]] std::uint64_t used_bytes() const;

 private:
  struct State;
  class OpenFile;
  std::shared_ptr<State> state_;
};

}  // namespace duheng
