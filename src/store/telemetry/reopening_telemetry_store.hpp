#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include "base/clock.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// When and how often a broken store is opened again.
struct ReopeningOptions {
  std::int64_t retry_first_ms = 1'000;  ///< after the first failure; doubles until one apply succeeds
  std::int64_t retry_longest_ms = 60'000;
  /// A store found corrupt is discarded and rebuilt from the journal. More often than this within the time, the disk is
  /// to blame and rebuilding on it only wears it: the store then stays closed until the process is started again.
  std::size_t discards_max = 3;
  std::int64_t discards_within_ms = 24LL * 3'600'000;
  /// When set, a store that cannot be reached at the first opening (storage_failed, unavailable, timed_out) is no
  /// error: it begins closed at this position and is opened when it can be.
  std::optional<std::uint64_t> closed_start_position{};
};

/// How the store mends itself, for status and metrics.
struct ReopeningStatus {
  bool broken = false;           ///< waits to be opened again
  bool given_up = false;         ///< found corrupt too often: a person has to look at the disk
  std::uint64_t reopened = 0;    ///< times it was opened again in this process
  std::uint64_t rebuilds = 0;    ///< of those, times it began anew from the journal
  std::uint64_t failed = 0;      ///< tries that did not open it
  std::int64_t retry_in_ms = 0;  ///< until the next try, while broken
  std::optional<Error> error{};  ///< what broke it, or why the last try failed
};

/// A telemetry store that is closed and opened again by itself when a failure has left it unfit to write: telemetry is
/// derived, so nothing is lost by it, and whoever holds a reference to this need not know.
///
/// The tries run in the thread that applies. Until one succeeds, apply() and questions of the closed store fail with
/// unavailable and lists are empty; the same for a moment while it is being opened.
class ReopeningTelemetryStore final : public TelemetryStore {
 public:
  struct Opened {
    std::unique_ptr<TelemetryStore> store;
    bool begins_anew = false;  ///< empty: the journal is to be applied from its start
    std::string told{};        ///< for the log: what was wrong with the old file and where it is now
  };
  /// Opens the store; with `discard` the present file is put aside first.
  using Open = std::function<Result<Opened>(bool discard)>;

  /// Opens it once. Errors: those of `open`.
  [[nodiscard]] static Result<std::unique_ptr<ReopeningTelemetryStore>> open(Open open, const Clock& clock,
                                                                             ReopeningOptions options = {});
  ~ReopeningTelemetryStore() override;

  [[nodiscard]] ReopeningStatus status() const;

  /// While the store is closed: where it stood.
  [[nodiscard]] std::uint64_t next_record() const override;
  /// Besides the store's own errors: unavailable - it is closed, or was just opened again: ask next_record() and go on
  /// from there.
  [[nodiscard]] Result<ApplyResult> apply(std::span<const TelemetryRecord> records) override;
  [[nodiscard]] std::uint64_t durable_record() const override;
  [[nodiscard]] bool must_reopen() const override;
  [[nodiscard]] std::vector<Source> sources() const override;
  [[nodiscard]] std::vector<Source> sources_of(GatewayId gateway) const override;
  [[nodiscard]] std::optional<Source> find_source(GatewayId gateway, std::string_view device_uid) const override;
  [[nodiscard]] std::vector<Series> series_of(SourceId source) const override;
  [[nodiscard]] std::optional<Series> find_series(SeriesId series) const override;
  [[nodiscard]] std::vector<std::optional<Point>> latest(std::span<const SeriesId> series) const override;
  [[nodiscard]] Result<PointPage> range(SeriesId series, TimeRange range, std::size_t points_max,
                                        const QueryOptions& options) const override;
  [[nodiscard]] Result<std::vector<CurveBucket>> curve(SeriesId series, TimeRange range, std::size_t buckets,
                                                       const QueryOptions& options) const override;
  [[nodiscard]] Result<Completeness> completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                                  const QueryOptions& options) const override;
  [[nodiscard]] Result<std::vector<PointVersion>> versions(SeriesId series, std::int64_t time_utc_ms,
                                                           const QueryOptions& options) const override;
  [[nodiscard]] Result<void> scan(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                                  const QueryOptions& options) const override;
  [[nodiscard]] std::vector<Edit> edits(SeriesId series, TimeRange range) const override;
  [[nodiscard]] Result<void> settle_before(std::int32_t utc_day) override;
  [[nodiscard]] std::int32_t settled_before() const override;
  [[nodiscard]] Result<ChangePage> changes(std::size_t days_max) const override;
  [[nodiscard]] Result<void> forget_changes(std::uint64_t through) override;
  void allow_removal(std::vector<RemovableDays> removable) override;
  [[nodiscard]] Result<bool> maintain(const std::stop_token& cancel) override;
  [[nodiscard]] Result<bool> checkpoint_if_due() override;
  [[nodiscard]] Result<void> checkpoint() override;
  [[nodiscard]] TelemetryStatistics statistics() const override;
  [[nodiscard]] Result<std::string> digest() override;

 private:
  ReopeningTelemetryStore(Open open, const Clock& clock, ReopeningOptions options);
  template <class Question>
  auto ask(Question&& question) const;
  template <class Answer, class Question>
  Answer look(Answer when_closed, Question&& question) const;
  void note_failure(const Error& error);
  [[nodiscard]] bool may_start_closed(const Error& error) const;
  [[nodiscard]] Result<void> reopen_if_broken();
  [[nodiscard]] bool may_discard();
  [[nodiscard]] Error closed_error() const;

  const Open open_;
  const Clock& clock_;
  const ReopeningOptions options_;
  mutable std::shared_mutex store_mutex_;  // shared while the store is asked, alone while it is replaced
  std::unique_ptr<TelemetryStore> store_;  // empty while closed
  mutable std::atomic<bool> found_corrupt_ = false;
  mutable std::atomic<std::uint64_t> position_ = 0;
  std::deque<std::int64_t> discards_at_ms_;  // of the applying thread
  mutable std::mutex status_mutex_;          // guards what follows; taken last
  ReopeningStatus status_;
  std::int64_t retry_wait_ms_ = 0;
  std::int64_t retry_at_ms_ = 0;
};

}  // namespace duheng::store
