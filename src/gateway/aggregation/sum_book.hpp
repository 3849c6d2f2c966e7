#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/decimal.hpp"
#include "base/error.hpp"
#include "model/field_derivation_plan.hpp"
#include "model/reading.hpp"

namespace duheng::gateway {

/// `channel` and the order of `members` mean nothing here: what is on a channel has been found out before.
using SumRule = FieldSum;
namespace sum_limits {
inline constexpr std::size_t members_max = field_plan_limits::sum_members_max;
inline constexpr std::size_t sums_max = field_plan_limits::sums_max;
inline constexpr std::size_t seats_max = 1'000'000;   ///< members of all sums together, those that end included
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
///
/// Sums may change at any time. An instant belongs to the members that were its sum's at that instant: instants up to
/// the change are finished by the former members, later ones are the new members' alone. So a complete sum is always
/// that of one list of members, and its parts name it. The former members are waited for two intervals longer than the
/// former rule waits, then forgotten.
class SumBook {
 public:
  explicit SumBook(std::vector<SumRule> rules);

  /// Adds a sum, or puts it in the place of the one with its uid, for the instants after `from_utc_ms` (or after the
  /// newest one that was complete before). Without any difference nothing happens. Returns the instant it holds after.
  /// Errors: limit_exceeded - too many sums, or members of all of them; what was there stays.
  [[nodiscard]] Result<std::int64_t> set(SumRule rule, std::int64_t from_utc_ms);
  /// Instants up to now are finished, later ones have no sum.
  void remove(std::string_view uid, std::int64_t now_utc_ms);
  [[nodiscard]] bool contains(std::string_view uid) const { return by_uid_.contains(uid); }

  [[nodiscard]] bool empty() const noexcept { return seat_count_ == 0; }
  /// Any reading of any device; what belongs to no sum is passed over.
  void observe(std::string_view uid, const Register& what, const Reading& reading, std::int64_t now_utc_ms);
  /// The next sum to be told, if any is due by then.
  [[nodiscard]] std::optional<GroupSum> take_due(std::int64_t now_utc_ms);
  /// When to ask again; INT64_MAX for never, INT64_MIN for at once.
  [[nodiscard]] std::int64_t next_due_utc_ms() const {
    const std::int64_t due = agenda_.empty() ? INT64_MAX : agenda_.begin()->due_utc_ms;
    return ending_.empty() ? due : std::min(due, ending_.begin()->first);
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
    std::int64_t after_utc_ms = INT64_MIN;  // its instants are later than this
    std::int64_t last_utc_ms = INT64_MAX;   // and no later than this
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

  [[nodiscard]] std::uint32_t place(SumRule rule, std::int64_t after_utc_ms);
  /// Returns the last instant that is its own.
  std::int64_t end(std::uint32_t number, std::int64_t at_utc_ms);
  void release(std::uint32_t number);
  void forget(std::uint32_t number, std::map<std::int64_t, Instant>::iterator instant);
  void release_ended(std::int64_t now_utc_ms);

  std::deque<Sum> sums_;
  std::vector<std::uint32_t> free_;
  std::multimap<std::int64_t, std::uint32_t> ending_;  // by when they are waited for no longer
  std::size_t seat_count_ = 0;
  std::set<Due> agenda_;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> by_uid_;  // those that go on
  std::unordered_map<std::string, std::vector<Seat>, TextHash, std::equal_to<>> seats_;
  SumStatistics statistics_;
};

}  // namespace duheng::gateway
