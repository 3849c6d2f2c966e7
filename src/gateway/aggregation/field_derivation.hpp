#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "drivers/processing/point_processor.hpp"
#include "gateway/aggregation/sum_book.hpp"
#include "model/batch.hpp"

namespace duheng::gateway {

using drivers::PointProcessor;
using drivers::ProcessingRule;

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
  /// `options` are the gateway's own file's; what comes later cannot take their place.
  explicit FieldDerivation(DerivationOptions options);

  /// The platform's rules for one device, all of them, in place of those it had. Rules that stay as they are go on; a
  /// new or changed one starts its filter with the next value. `rules` with a result that a rule of the file has are
  /// left out; has_own_rule() tells. A rule takes the place of the model's own for the same result.
  void set_rules(std::string_view uid, std::vector<ProcessingRule> rules);
  [[nodiscard]] bool has_own_rule(std::string_view uid, std::string_view into) const;
  /// Errors: already_exists - the file has a sum of this uid; as SumBook::set().
  [[nodiscard]] Result<std::int64_t> set_sum(SumRule rule, std::int64_t from_utc_ms);
  void remove_sum(std::string_view uid, std::int64_t now_utc_ms);
  [[nodiscard]] bool has_own_sum(std::string_view uid) const { return own_sums_.contains(uid); }

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
    bool is_stale = false;                  // the platform's rules have changed
    std::vector<PointProcessor> points;
  };
  /// What the file and the platform say of one device.
  struct Said {
    std::vector<ProcessingRule> own;
    std::vector<ProcessingRule> planned;
  };
  [[nodiscard]] Device& device_of(std::string_view uid, std::span<const ProcessingRule> rules);
  [[nodiscard]] std::vector<const ProcessingRule*> rules_of(std::string_view uid,
                                                            std::span<const ProcessingRule> rules) const;

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, Said, TextHash, std::equal_to<>> said_;
  std::unordered_set<std::string, TextHash, std::equal_to<>> own_sums_;
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
