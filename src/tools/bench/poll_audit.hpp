#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace duheng::tools {

/// What one meter is to be asked for: the registers of each group, the group's first one first.
struct PolledMeter {
  std::string uid;
  std::vector<std::vector<std::string>> groups;
};

struct PollFindings {
  std::uint64_t expected_per_round = 0;  ///< registers of all meters
  std::vector<std::uint64_t> rounds;     ///< registers read in each round, counted once
  std::uint64_t doubled = 0;             ///< a register read again within a round
  std::uint64_t unexpected = 0;          ///< readings of a meter or register that nobody was to be asked for
  std::map<std::string, std::uint64_t, std::less<>> doubled_by_register;
  std::map<std::string, std::uint64_t, std::less<>> unexpected_by_register;
  std::vector<double> jitter_ms;  ///< see PollAudit
  [[nodiscard]] double completeness_percent(std::size_t round) const;
};

/// Looks at the readings of meters polled at one interval and tells for each round what came, and how evenly.
///
/// Each register has rounds of its own, counted from its first reading (round 0, the warm-up): a meter's moment within
/// the interval is its own. Reading n belongs to the round whose nominal moment is nearest. Jitter is, for the first
/// register of each group of each meter, |time between its readings of two successive rounds - interval|; round 0 is
/// not looked at.
class PollAudit {
 public:
  /// Rounds 1 to `rounds` are looked at.
  PollAudit(const std::vector<PolledMeter>& meters, std::int64_t interval_ms, std::uint32_t rounds);
  void reading(std::string_view uid, std::string_view register_name, std::int64_t utc_ms);
  [[nodiscard]] PollFindings findings() const;

 private:
  struct Register {
    bool leads_group = false;
    std::vector<std::int64_t> times_ms;
  };
  void judge(const std::string& name, const Register& one, PollFindings& out) const;

  std::int64_t interval_ms_;
  std::uint32_t rounds_;
  std::unordered_map<std::string, std::unordered_map<std::string, Register>> meters_;
  std::uint64_t register_count_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> unexpected_;
};

}  // namespace duheng::tools
