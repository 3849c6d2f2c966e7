#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/decimal.hpp"
#include "model/reading.hpp"

namespace duheng::gateway {

/// A group of meters whose registers are added up at the settlement instants: all of a transformer area or a channel.
struct SumRule {
  std::string uid;  ///< of the gateway's virtual device that has the sum
  std::string register_name = "energy_active_import_total";
  std::string unit = "kWh";
  std::int8_t exponent = -4;           ///< of the sum; a member's value that is finer counts as missing
  std::vector<std::string> members;    ///< device uids
  std::int64_t interval_ms = 900'000;  ///< instants are its multiples since 1970 in UTC
  std::int64_t tolerance_ms = 0;       ///< a value so near to the instant counts as of that instant
  /// So long after the instant, and after the last value of it that came, it is told how many are missing: while old
  /// profiles are fetched nobody is called missing.
  std::int64_t wait_ms = 1'800'000;
};
namespace sum_limits {
inline constexpr std::size_t members_max = 20'000;
inline constexpr std::size_t sums_max = 1'000;
inline constexpr std::size_t instants_max = 3'360;    ///< remembered of one sum: 35 days of quarter hours
inline constexpr std::size_t values_max = 2'000'000;  ///< waiting, of one sum: fewer instants when it has many members
}  // namespace sum_limits

/// What one member gave for one instant.
struct SumPart {
  std::string_view uid;
  bool present = false;
  Decimal value{};
  std::int64_t time_utc_ms = 0;
  Quality quality = Quality::good;
};
/// A sum at one instant. `complete` only when every member has a value of that instant.
struct GroupSum {
  const SumRule* rule = nullptr;
  std::int64_t instant_utc_ms = 0;
  std::optional<std::int64_t> mantissa;  ///< of those present, in the rule's exponent; nothing when it does not fit
  std::uint32_t missing = 0;
  Quality quality = Quality::good;  ///< all findings on the parts; decreased: a part is below the one of the last sum
  bool told_before = false;         ///< it was told as incomplete, and is complete now
  std::vector<SumPart> parts;       ///< in the rule's order; views into the rule
  [[nodiscard]] bool complete() const noexcept { return missing == 0; }
};

struct SumStatistics {
  std::uint64_t complete = 0;
  std::uint64_t incomplete = 0;      ///< told so; some may have become complete later
  std::uint64_t values_refused = 0;  ///< other unit, or finer than the sum
  std::uint64_t values_too_old = 0;  ///< of an instant that is remembered no more
};

/// Adds up what comes in any order, late, twice or never. Pure: values and time in, sums out. An instant is told once
/// when it is complete; when something is missing at its time, that is told first, and once. Memory is bounded: see
/// sum_limits; the oldest instants are given up.
class SumBook {
 public:
  explicit SumBook(std::vector<SumRule> rules);

  [[nodiscard]] bool empty() const noexcept { return sums_.empty(); }
  /// Any reading of any device; what belongs to no sum is passed over.
  void observe(std::string_view uid, const Register& what, const Reading& reading, std::int64_t now_utc_ms);
  /// The next sum to be told, if any is due by then.
  [[nodiscard]] std::optional<GroupSum> take_due(std::int64_t now_utc_ms);
  /// When to ask again; INT64_MAX for never, INT64_MIN for at once.
  [[nodiscard]] std::int64_t next_due_utc_ms() const {
    return agenda_.empty() ? INT64_MAX : agenda_.begin()->due_utc_ms;
  }
  [[nodiscard]] const SumStatistics& statistics() const noexcept { return statistics_; }

 private:
  struct Value {
    std::int64_t mantissa = 0;  // in the rule's exponent
    std::int64_t time_utc_ms = 0;
    Quality quality = Quality::good;
    bool present = false;
  };
  struct Instant {
    std::vector<Value> values;  // by member; empty once it was told complete
    std::uint32_t present = 0;
    std::int64_t last_came_utc_ms = 0;
    std::int64_t due_utc_ms = 0;  // its place on the agenda, beside the one at once
    bool told_incomplete = false;
    bool done = false;
  };
  struct Sum {
    SumRule rule;
    std::size_t instants_max = 0;
    std::map<std::int64_t, Instant> instants;
    std::int64_t last_instant = INT64_MIN;  // the newest complete one
    std::vector<std::int64_t> last_values;
  };
  /// What is to be told when; what is complete at once.
  struct Due {
    std::int64_t due_utc_ms;
    std::uint32_t sum;
    std::int64_t instant_utc_ms;
    friend auto operator<=>(const Due&, const Due&) = default;
  };
  static constexpr std::int64_t at_once = INT64_MIN;
  struct Seat {
    std::uint32_t sum;
    std::uint32_t member;
  };
  [[nodiscard]] Instant* instant_of(std::uint32_t number, std::int64_t instant_utc_ms, std::int64_t now_utc_ms);
  void put(const Seat& seat, std::int64_t mantissa, const Reading& reading, std::int64_t now_utc_ms);
  [[nodiscard]] GroupSum tell(Sum& sum, std::int64_t instant_utc_ms, Instant& instant);
  static void remember(Sum& sum, std::int64_t instant_utc_ms, const Instant& instant, GroupSum& told);

  std::vector<Sum> sums_;
  std::set<Due> agenda_;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::vector<Seat>, TextHash, std::equal_to<>> seats_;
  SumStatistics statistics_;
};

}  // namespace duheng::gateway
