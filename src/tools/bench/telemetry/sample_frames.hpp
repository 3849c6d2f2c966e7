#pragma once
// The sample values as the meters' own answers: DL/T 645 frames, made before any clock runs.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "platform/ingest/whole_path_frames.hpp"
#include "tools/bench/peers/sample_world.hpp"

namespace duheng::tools {

/// A block's answers one behind the other, step by step.
struct FrameBlock {
  SampleKind kind = SampleKind::energy;
  std::uint32_t first_series = 0;
  std::uint32_t series_count = 0;
  std::uint32_t steps = 0;
  std::int64_t first_utc_ms = 0;
  std::int64_t step_ms = 0;
  std::vector<std::uint32_t> offsets{};  ///< of each series within a step; the last is the step's length
  Bytes octets{};
  [[nodiscard]] ByteView answer(std::uint32_t step, std::uint32_t series_in_block) const noexcept {
    const std::size_t begin = std::size_t{step} * offsets.back() + offsets[series_in_block];
    return ByteView{octets}.subspan(begin, offsets[series_in_block + 1] - offsets[series_in_block]);
  }
  [[nodiscard]] std::uint64_t readings() const noexcept { return std::uint64_t{series_count} * steps; }
};

/// Which device answers for a series, and what it is asked.
class SampleDevices {
 public:
  /// Errors: internal - the codec's table lacks an identifier.
  [[nodiscard]] static Result<SampleDevices> make(const SampleSize& size);
  [[nodiscard]] const std::string& uid(SampleKind kind, std::uint32_t series) const noexcept {
    return uids_[static_cast<std::size_t>(kind)][series];
  }
  [[nodiscard]] const dlt645::Address& address(SampleKind kind, std::uint32_t series) const noexcept {
    return addresses_[static_cast<std::size_t>(kind)][series];
  }
  [[nodiscard]] const platform::AskedItem& item(SampleKind kind, std::uint32_t series) const noexcept {
    return kind == SampleKind::analogue ? analogue_[series % analogue_.size()] : energy_;
  }
  /// The register's name in telemetry.
  [[nodiscard]] std::string_view register_name(SampleKind kind, std::uint32_t series) const noexcept {
    return item(kind, series).registers.front();
  }
  /// Answers that carry a block's values. Errors: internal - a value does not fit its digits.
  [[nodiscard]] Result<FrameBlock> frames(const SampleBlock& block) const;

 private:
  std::array<std::vector<std::string>, 3> uids_;
  std::array<std::vector<dlt645::Address>, 3> addresses_;
  platform::AskedItem energy_;
  std::array<platform::AskedItem, 4> analogue_;
};

/// Daily values as meters tell them: registers read at midnight, each the one before and what was used since.
class DailyRegisters {
 public:
  explicit DailyRegisters(const SampleSize& size)
      : feed_(size), last_(std::size_t{size.ten_year_meters} + size.fleet_meters) {}
  [[nodiscard]] std::optional<SampleBlock> next();

 private:
  DailyFeed feed_;
  std::vector<std::int32_t> last_;
};

}  // namespace duheng::tools
