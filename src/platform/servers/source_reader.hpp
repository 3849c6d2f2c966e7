#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::platform::servers {

/// Where the sources come from: this machine, or a folder that pretends to be one.
class SourceReader {
 public:
  virtual ~SourceReader() = default;
  /// A file such as "/proc/mdstat". Errors: not_found - this machine has none, which is no fault; limit_exceeded -
  /// longer than `text_octets_max`; unavailable - it cannot be read.
  [[nodiscard]] virtual Result<std::string> file(const std::string& path) = 0;
  /// What a program prints. Errors: not_found - it is not installed; timed_out - it was ended after `timeout_ms`;
  /// limit_exceeded; unavailable - it failed and printed nothing.
  [[nodiscard]] virtual Result<std::string> command(const std::vector<std::string>& words) = 0;
  /// Names in a folder, sorted; empty when there is none.
  [[nodiscard]] virtual std::vector<std::string> folder(const std::string& path) = 0;
  static constexpr std::size_t text_octets_max = 1U << 20;
};

/// This machine. Programs run without a shell and without input, one at a time, with PATH and C locale only.
class MachineReader final : public SourceReader {
 public:
  explicit MachineReader(std::int64_t timeout_ms) : timeout_ms_(timeout_ms) {}
  [[nodiscard]] Result<std::string> file(const std::string& path) override;
  [[nodiscard]] Result<std::string> command(const std::vector<std::string>& words) override;
  [[nodiscard]] std::vector<std::string> folder(const std::string& path) override;

 private:
  std::int64_t timeout_ms_;
};

/// Files below a folder: "/proc/mdstat" is <folder>/proc/mdstat; the command "smartctl --json -H -A -i /dev/sda" is
/// <folder>/commands/smartctl_--json_-H_-A_-i_dev_sda. For tests, demonstrations and drills.
class FolderReader final : public SourceReader {
 public:
  explicit FolderReader(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Result<std::string> file(const std::string& path) override;
  [[nodiscard]] Result<std::string> command(const std::vector<std::string>& words) override;
  [[nodiscard]] std::vector<std::string> folder(const std::string& path) override;
  [[nodiscard]] static std::string command_file(const std::vector<std::string>& words);

 private:
  std::string folder_;
};

}  // namespace duheng::platform::servers
