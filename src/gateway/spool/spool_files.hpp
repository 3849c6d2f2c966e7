#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.hpp"

namespace duheng::gateway {

struct AcknowledgedPosition {
  std::uint64_t next_sequence = 0;
  std::uint64_t backed_up_sequence = 0;
  friend bool operator==(const AcknowledgedPosition&, const AcknowledgedPosition&) = default;
};

/// The spool's small files beside its logs: `identity` names the epoch being written, `acknowledged` the positions the
/// platform confirmed (it may be behind, never ahead). Both carry a checksum; a damaged one counts as missing.
class SpoolFiles {
 public:
  SpoolFiles(Disk& disk, std::string directory) : disk_(disk), directory_(std::move(directory)) {}
  [[nodiscard]] std::string epoch_directory(std::uint64_t epoch) const;
  [[nodiscard]] std::optional<std::uint64_t> read_identity();
  [[nodiscard]] Result<void> write_identity(std::uint64_t epoch);
  [[nodiscard]] std::map<std::uint64_t, AcknowledgedPosition> read_positions();
  [[nodiscard]] Result<void> write_positions(const std::map<std::uint64_t, AcknowledgedPosition>& positions);
  /// Epochs that have files, in rising order.
  [[nodiscard]] Result<std::vector<std::uint64_t>> list_epochs();
  [[nodiscard]] Result<void> remove_epoch(std::uint64_t epoch);

 private:
  [[nodiscard]] std::optional<Bytes> read_checked(const std::string& name, std::string_view magic);
  [[nodiscard]] Result<void> write_checked(const std::string& name, std::string_view magic, ByteView content);
  Disk& disk_;
  std::string directory_;
};

}  // namespace duheng::gateway
