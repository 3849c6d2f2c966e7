#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "platform/orders/operation_log.hpp"
#include "store/aggregates/aggregate_row.hpp"
#include "store/aggregates/civil_calendar.hpp"
#include "store/consumption/value_rules.hpp"
#include "store/records/migration.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

/// What became of a finding. Stored: append, never renumber.
enum class FindingState : std::uint8_t {
  open = 1,       ///< nobody has looked yet
  confirmed = 2,  ///< somebody says: the value is true
  edited = 3,     ///< an edit stands at its time: corrected or estimated
};
[[nodiscard]] std::string_view to_string(FindingState state) noexcept;
[[nodiscard]] std::optional<FindingState> finding_state_of(std::string_view name) noexcept;

/// A stored value that a rule objects to, and what was said about it.
struct ValueFinding {
  std::int64_t id = 0;
  SeriesId series{};
  GatewayId gateway{};
  std::string device_uid{};
  DeviceId device{};  ///< whose the value is; 0: nobody's
  std::string device_name{};
  std::string register_name{};
  std::string unit{};
  std::int32_t day = 0;  ///< civil, of the review's calendar
  std::int64_t time_utc_ms = 0;
  store::ValueRule rule = store::ValueRule::negative;
  Decimal value{};     ///< as it was read
  Decimal expected{};  ///< see store::RuleFinding
  FrameReference frame{};
  FindingState state = FindingState::open;
  std::int64_t found_utc_ms = 0;
  std::string decided_by{};
  std::int64_t decided_utc_ms = 0;  ///< 0: not decided
  std::string reason{};
};

struct FindingQuery {
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  std::optional<FindingState> state{};
  std::optional<store::ValueRule> rule{};
  DeviceId device{};
};
struct FindingPage {
  std::vector<ValueFinding> findings;  ///< newest value first
  std::int64_t total = 0;              ///< of all pages
};

struct ReviewOptions {
  /// A day is examined so many days after it ended: at once, and again for what came late.
  std::array<std::int32_t, 3> passes{1, 3, 8};
  std::int64_t ended_for_ms = 15 * 60'000;  ///< the day just over is left so long
  std::size_t sources_per_step = 16;
  std::int32_t history_days = 2;    ///< read before a day, to know what is usual
  std::int32_t keep_days = 400;     ///< decided findings of older days are deleted; open ones stay
  std::int64_t rows_max = 200'000;  ///< beyond it no more are kept; counted in ReviewStatus::dropped
};

struct ReviewStatus {
  std::uint64_t sources_examined = 0;  ///< since the start, each pass counted
  std::uint64_t findings_noted = 0;    ///< new ones, since the start
  std::uint64_t dropped = 0;           ///< beyond a bound, since the start
};

/// Holds what is stored against the rules of store/consumption/value_rules.hpp, day by day, and keeps what they object
/// to until somebody has looked. Derived but for the decisions: a day may be examined any number of times and comes to
/// the same; a finding whose value is gone or no longer odd disappears unless it was decided; a decision holds for the
/// value it was made about.
///
/// step() is for one thread; all else is thread-safe. Needs the tables of Devices and OrderService.
class ValueReview {
 public:
  [[nodiscard]] static records::Capability migrations();
  /// What is known of a series: whether it counts up, and how fast it can (model files).
  using PolicyOf = std::function<store::SeriesPolicy(const store::Source&, const store::Series&)>;
  ValueReview(records::Database& database, const store::TelemetryStore& telemetry, store::CivilCalendar calendar,
              const Clock& clock, PolicyOf policy, ReviewOptions options = {});

  /// Examines some senders of the most urgent day; true when there is more to do at once. Errors: of both stores; call
  /// again.
  [[nodiscard]] Result<bool> step();
  /// Examines one sender's day now. Errors: not_found - no such sender; of both stores.
  [[nodiscard]] Result<void> examine(GatewayId gateway, const std::string& device_uid, std::int32_t day);

  /// Of the scope's devices; who sees everything also gets those of senders that are nobody's. Errors: invalid_argument
  /// - the page.
  [[nodiscard]] Result<FindingPage> list(const Scope& scope, const FindingQuery& query);
  /// Errors: not_found.
  [[nodiscard]] Result<ValueFinding> get(const Scope& scope, std::int64_t id);
  /// "The value is true." Written into the operation log, refusals for want of the right too. Errors: forbidden;
  /// not_found; invalid_argument - no reason; conflict - an edit stands there: withdraw it first.
  [[nodiscard]] Result<void> confirm(const Author& author, std::int64_t id, const std::string& reason);
  /// Notes that an edit was made about the finding's value; who and why stand in the edit.
  [[nodiscard]] Result<void> edited(const Author& author, std::int64_t id, const std::string& reason);

  [[nodiscard]] ReviewStatus status() const;
  [[nodiscard]] const store::CivilCalendar& calendar() const noexcept { return calendar_; }

 private:
  struct Pass {
    std::int32_t day = 0;
    std::size_t next_source = 0;
    std::vector<store::Source> sources;
  };
  struct Material;
  class Keeper;
  [[nodiscard]] Result<bool> begin(std::size_t pass);
  [[nodiscard]] Result<void> finish(std::size_t pass);
  [[nodiscard]] Result<void> examine_source(const store::Source& source, std::int32_t day);
  [[nodiscard]] Result<std::vector<store::RuleValue>> values_for(SeriesId series, std::int32_t day,
                                                                 bool counts_up) const;
  [[nodiscard]] Result<bool> has_open_findings(const store::Source& source, std::int32_t day);
  [[nodiscard]] Result<void> keep(const store::Source& source, const std::vector<store::Series>& series,
                                  std::int32_t day, const store::ExaminationOutcome& outcome);

  records::Database& database_;
  const store::TelemetryStore& telemetry_;
  const store::CivilCalendar calendar_;
  const Clock& clock_;
  const PolicyOf policy_;
  const ReviewOptions options_;
  std::optional<std::pair<std::size_t, Pass>> running_;  // of the thread that calls step()
  mutable std::mutex mutex_;                             // guards what follows
  ReviewStatus status_;
};

}  // namespace duheng::platform
