#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "model/edit.hpp"
#include "platform/edits/estimation.hpp"
#include "platform/orders/operation_log.hpp"
#include "store/journal/journal.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

/// The right "readings.edit": whoever may change devices may also say something about their values.
[[nodiscard]] constexpr bool may_edit_readings(Role role) noexcept { return role >= Role::operator_; }

/// Whose values: found by whoever settles what the author sees.
struct EditTarget {
  store::Series series;
  GatewayId gateway;
  std::string device_uid;
  DeviceId device;                        ///< for the operation log; 0: nobody claims the sender
  std::vector<store::TimeRange> periods;  ///< in which the values are the author's
};

struct WantedEdit {
  std::int64_t time_utc_ms = 0;
  std::optional<std::int64_t> mantissa{};  ///< the new value; nothing for a withdrawal
  std::optional<std::int64_t> expected{};  ///< what the author saw there; nothing where nothing stood
};

struct EditCommand {
  EditKind kind = EditKind::correction;
  std::string reason;
  std::vector<WantedEdit> values;
};

struct EditOutcome {
  std::uint64_t record_number = 0;  ///< of the journal record that holds them all
  std::size_t values = 0;
  bool is_applied = false;  ///< whether questions show them already; if not they do in a moment
};

/// A gap, and how it is to be filled.
struct EstimateCommand {
  store::TimeRange range;
  std::int64_t interval_ms = 900'000;
  EstimateMethod method = EstimateMethod::linear;
  bool counts_up = false;
};

struct EstimateDraft {
  std::vector<EstimatedValue> values;
  std::uint64_t present = 0;  ///< values that stand in the range
  std::string fingerprint;    ///< of the values, hexadecimal: names exactly this draft
};

/// A value that is wrong, and how another is to be made in its place from those around it.
struct ReplaceCommand {
  std::int64_t time_utc_ms = 0;
  std::int64_t expected = 0;  ///< the wrong value, as its author saw it
  std::int64_t interval_ms = 900'000;
  EstimateMethod method = EstimateMethod::linear;
  bool counts_up = false;
};

namespace edit_service_limits {
inline constexpr std::size_t values_max = 500;  ///< of one EditCommand
inline constexpr std::int64_t range_ms_max = 92LL * 86'400'000;
inline constexpr std::int64_t neighbour_ms_max = 31LL * 86'400'000;  ///< how far from the gap a neighbour is looked for
}  // namespace edit_service_limits

/// The method of values that a person typed in for a time at which nothing was read.
inline constexpr std::string_view manual_method = "manual";

/// What people say about values: corrections, estimates, withdrawals. Nothing is overwritten: every act is one journal
/// record, on the disk before it is answered, and stands beside what was read (T/CITS 565-2025 6.6). Every act and
/// every refusal for want of the right is in the operation log.
///
/// Thread-safe; acts take turns, and each first waits until the store has everything the journal had, so that an author
/// is held against what really stands there.
class EditService {
 public:
  /// Whether the store has applied everything before `next_record`, waiting a little if it must.
  using CatchUp = std::function<bool(std::uint64_t next_record)>;
  EditService(store::Journal& journal, const store::TelemetryStore& telemetry, records::Database& database,
              const Clock& clock, CatchUp catch_up);
  /// Looks at the store every few milliseconds until it has caught up or `timeout_ms` is over.
  [[nodiscard]] static CatchUp wait_for(const store::TelemetryStore& telemetry, std::int64_t timeout_ms);

  /// Errors: forbidden - no right to edit; not_found - a time outside the author's periods; invalid_argument - no
  /// reason, a value missing, nothing to correct or withdraw, something to estimate over; conflict - another value
  /// stands there than the author saw: look again; unsupported - the series holds no decimal numbers; limit_exceeded;
  /// unavailable - the store is catching up, try again; otherwise as Journal::commit().
  [[nodiscard]] Result<EditOutcome> apply(const Author& author, const EditTarget& target, const EditCommand& command);

  /// What apply_estimates() would write; nothing is written. Errors: as estimate(); not_found - outside the author's
  /// periods; invalid_argument - the range; unsupported.
  [[nodiscard]] Result<EstimateDraft> draft(const EditTarget& target, const EstimateCommand& command) const;
  /// Fills the gap with the draft that `fingerprint` names. Errors: as draft() and apply(); conflict - the draft would
  /// be another by now; invalid_argument - nothing is missing.
  [[nodiscard]] Result<EditOutcome> apply_estimates(const Author& author, const EditTarget& target,
                                                    const EstimateCommand& command, const std::string& reason,
                                                    const std::string& fingerprint);
  /// What apply_replacement() would write in the place of a wrong value; the value itself is no ground for it. Errors:
  /// as draft().
  [[nodiscard]] Result<EstimatedValue> draft_replacement(const EditTarget& target, const ReplaceCommand& command) const;
  /// A correction whose value the method gives; the method's name begins its reason. Errors: as apply() and draft().
  [[nodiscard]] Result<EditOutcome> apply_replacement(const Author& author, const EditTarget& target,
                                                      const ReplaceCommand& command, const std::string& reason);

 private:
  [[nodiscard]] Result<EditOutcome> replace_unlogged(const Author& author, const EditTarget& target,
                                                     const ReplaceCommand& command, const std::string& reason);
  [[nodiscard]] Result<EditOutcome> apply_unlogged(const Author& author, const EditTarget& target,
                                                   const EditCommand& command);
  [[nodiscard]] Result<EditOutcome> estimate_unlogged(const Author& author, const EditTarget& target,
                                                      const EstimateCommand& command, const std::string& reason,
                                                      const std::string& fingerprint);
  [[nodiscard]] Result<void> begin(const Author& author, const EditTarget& target, const std::string& reason) const;
  [[nodiscard]] Result<Edit> checked(const EditTarget& target, EditKind kind, const WantedEdit& wanted) const;
  [[nodiscard]] Result<EditOutcome> commit(const Author& author, const EditTarget& target, const std::string& reason,
                                           std::vector<Edit> edits);
  void note(const Author& author, const EditTarget& target, std::string_view what, const Result<EditOutcome>& outcome);

  store::Journal& journal_;
  const store::TelemetryStore& telemetry_;
  records::Database& database_;
  const Clock& clock_;
  const CatchUp catch_up_;
  std::mutex acting_;
};

}  // namespace duheng::platform
