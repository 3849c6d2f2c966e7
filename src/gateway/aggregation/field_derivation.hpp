#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/aggregation/point_processor.hpp"
#include "gateway/aggregation/sum_book.hpp"
#include "model/batch.hpp"

namespace duheng::gateway {

/// A rule for one device; it replaces the model's own rule for the same result.
struct PointRule {
  std::string device;
  ProcessingRule rule;
};
struct DerivationOptions {
  std::vector<PointRule> points;
  std::vector<SumRule> sums;
  [[nodiscard]] bool empty() const noexcept { return points.empty() && sums.empty(); }
};

/// What the gateway makes of readings before it sends them: results beside the values read, and sums over groups of
/// meters. Pure: no clock, no I/O. Not thread-safe.
class FieldDerivation {
 public:
  explicit FieldDerivation(DerivationOptions options);

  /// A value that was just written to the batch: its results are written behind it, so that the same frame stands
  /// behind both. `rules` are the model's; they must outlive the device. Returns how many were written.
  std::size_t process(std::string_view uid, std::span<const ProcessingRule> rules, const Register& what,
                      const Reading& reading, BatchWriter& batch);
  /// Any reading, live or from a device's own memory: it may be part of a sum.
  void observe(std::string_view uid, const Register& what, const Reading& reading, std::int64_t now_utc_ms) {
    if (!sums_.empty()) sums_.observe(uid, what, reading, now_utc_ms);
  }
  [[nodiscard]] std::optional<GroupSum> take_due(std::int64_t now_utc_ms) { return sums_.take_due(now_utc_ms); }
  [[nodiscard]] std::int64_t next_due_utc_ms() const { return sums_.next_due_utc_ms(); }
  [[nodiscard]] const SumStatistics& sum_statistics() const noexcept { return sums_.statistics(); }

 private:
  struct Device {
    const ProcessingRule* rules = nullptr;  // the model's, which they were made from
    std::vector<PointProcessor> points;
  };
  [[nodiscard]] Device& device_of(std::string_view uid, std::span<const ProcessingRule> rules);

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::vector<ProcessingRule>, TextHash, std::equal_to<>> own_rules_;
  std::unordered_map<std::string, Device, TextHash, std::equal_to<>> devices_;
  SumBook sums_;
};

/// Writes a sum as readings of its virtual device. Complete: the register itself, and 0 missing. Incomplete: the sum of
/// what is there under the register's name with `_incomplete` behind it, and how many are missing; never the register
/// itself. Its frames have no request; their answers are the parts in plain text, each at most 60,000 octets; the
/// readings stand behind the last. Returns how many readings were written.
std::size_t write_sum(const GroupSum& sum, std::int64_t now_utc_ms, BatchWriter& batch);
/// Those texts.
[[nodiscard]] std::vector<std::string> sum_evidence(const GroupSum& sum);

inline constexpr std::string_view missing_register = "sum_members_missing";

}  // namespace duheng::gateway
