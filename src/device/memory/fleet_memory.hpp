#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/disk.hpp"
#include "device/memory/device_memory.hpp"

namespace duheng::device {

/// The memories of all devices of a fleet in one append-only file. What store() returned is in the file, so it outlives
/// the process however it ends; like the ledger it is not synchronised and need not outlive the machine's power.
/// A record not finished at the file's end is cut off when opening; damage elsewhere is told. Rewritten from time to
/// time, when most of it is out of date. Not thread-safe.
class FleetMemory {
 public:
  /// Errors: storage_failed, storage_full; storage_corrupt - not such a file, or damaged before its end.
  [[nodiscard]] static Result<std::unique_ptr<FleetMemory>> open(Disk& disk, std::string path,
                                                                 std::uint64_t slack_bytes = 1U << 20);
  ~FleetMemory();
  FleetMemory(const FleetMemory&) = delete;
  FleetMemory& operator=(const FleetMemory&) = delete;

  /// The part of one device, by the uid under which the ledger knows it. Must not outlive this object.
  [[nodiscard]] std::shared_ptr<DeviceMemory> of(std::string uid);

  /// Devices that stored anything; octets of the file; how often it was rewritten.
  [[nodiscard]] std::size_t device_count() const noexcept { return values_.size(); }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] std::uint64_t compaction_count() const noexcept { return compactions_; }

 private:
  class Part;
  using Values = std::map<std::string, Bytes, std::less<>>;
  FleetMemory(Disk& disk, std::string path, std::uint64_t slack_bytes);
  [[nodiscard]] Result<void> read_existing();
  [[nodiscard]] Result<void> append(std::string_view uid, std::string_view key, ByteView value);
  [[nodiscard]] Result<void> compact();
  [[nodiscard]] Result<void> reopen();
  void keep(std::string_view uid, std::string_view key, ByteView value);

  Disk& disk_;
  std::string path_;
  std::uint64_t slack_bytes_;
  std::unique_ptr<File> file_;
  std::map<std::string, Values, std::less<>> values_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t live_bytes_ = 0;  // what a rewritten file would hold
  std::uint64_t compactions_ = 0;
  Bytes record_;
};

}  // namespace duheng::device
