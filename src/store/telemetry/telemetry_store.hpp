#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "model/edit.hpp"
#include "model/reading.hpp"
#include "store/telemetry/reading_row.hpp"

namespace duheng::store {

/// One journal record as the telemetry store wants it. A record without readings (refused evidence) has an empty body:
/// it takes its number only.
struct TelemetryRecord {
  enum class Content : std::uint8_t {
    batch,  ///< what a gateway sent (model/batch.hpp)
    edits,  ///< what people and rules said about values (model/edit.hpp)
  };
  std::uint64_t record_number = 0;
  GatewayId gateway;
  ByteView body;
  Content content = Content::batch;
};

struct ApplyResult {
  std::uint64_t next_record = 0;  ///< what to hand over next
  std::uint64_t records_applied = 0;
  std::uint64_t records_skipped = 0;     ///< below next_record(): applied before
  std::uint64_t records_unreadable = 0;  ///< malformed bodies: counted in the position, without readings
  std::uint64_t readings = 0;
};

/// Who sends a device's readings. Numbered from 1 by first appearance of a frame in journal order.
struct Source {
  SourceId id;
  GatewayId gateway;
  std::string device_uid;
  std::int64_t last_received_utc_ms = 0;  ///< of its latest frame with readings; 0 before the first
};

/// What stays the same for all readings of one series. Numbered from 1 by first appearance of a reading in journal
/// order.
struct Series {
  SeriesId id;
  SourceId source;
  std::string register_name;
  std::string unit;
  std::int8_t exponent = 0;  ///< value = mantissa x 10^exponent unit
  SeriesKind kind = SeriesKind::decimal;
};

/// One value of a series. Readings of one series with one time stamp and the same value are one point with more
/// evidence; with different values they are versions: all are kept, each with `conflict` set.
struct Point {
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  Quality quality = Quality::good;
  TimeSource time_source = TimeSource::gateway;
  FrameReference frame;              ///< the first frame that carried it
  std::int64_t received_utc_ms = 0;  ///< when that frame came to the gateway
  std::uint32_t evidence_count = 1;  ///< how many readings say the same; 0 for an estimate, which nobody read
  bool conflict = false;             ///< another value stands at the same time
  /// How many edits stand at this time. With one in force, `mantissa` is the edit's, `quality` has corrected or
  /// estimated, and `frame` names the journal record that holds the edit; what was read stands in versions().
  std::uint32_t edit_count = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

/// Half-open: [from, to).
struct TimeRange {
  std::int64_t from_utc_ms = 0;
  std::int64_t to_utc_ms = 0;
};

/// How long a question may take. A query that is over its time ends with timed_out, one whose token is stopped with
/// cancelled.
struct QueryOptions {
  std::int64_t timeout_ms = 2'000;
  std::stop_token cancel;
};

struct PointPage {
  std::vector<Point> points;  ///< by time, then by arrival
  /// Where to go on when there is more: the first time not in this page. Versions of one time are never torn apart.
  std::optional<std::int64_t> next_from_utc_ms;
};

/// One value that stands or stood at a time of a series, for the history of a figure.
struct PointVersion {
  Point point;               ///< as read, or as this edit says
  std::optional<Edit> edit;  ///< nothing for what was read
  bool in_force = false;     ///< the one that range() shows
};

/// First to last, both included.
struct SeriesSpan {
  SeriesId first{1};
  SeriesId last;
};
/// Rows of one series by time, then arrival; called again with the following rows of the same series when there are
/// many, but never with one time torn apart. An error ends the scan with it.
using OnSeriesRows = std::function<Result<void>(SeriesId, std::span<const ReadingRow>)>;

/// A series' UTC day that got readings or edits after it had been settled.
struct ChangedDay {
  SeriesId series;
  std::int32_t utc_day = 0;  ///< days since 1970-01-01
  friend bool operator==(const ChangedDay&, const ChangedDay&) = default;
};
struct ChangePage {
  std::vector<ChangedDay> days;  ///< without repetition
  std::uint64_t through = 0;     ///< for forget_changes()
};

/// Readings of UTC days before `utc_day` may be removed.
struct RemovableDays {
  SeriesId series;
  std::int32_t utc_day = 0;
};

/// One drawn column of a curve; empty buckets are left out. Points without a value (no_value, invalid_content) are
/// counted but do not stand in first, last, minimum, maximum.
struct CurveBucket {
  struct Mark {
    std::int64_t time_utc_ms = 0;
    std::int64_t mantissa = 0;
    FrameReference frame;
    Quality quality = Quality::good;
    friend bool operator==(const Mark&, const Mark&) = default;
  };
  std::int64_t from_utc_ms = 0;
  std::int64_t to_utc_ms = 0;
  Mark first, last, minimum, maximum;  ///< meaningful when value_count > 0
  std::uint64_t value_count = 0;       ///< readings with a value, repeated evidence included
  std::uint64_t without_value_count = 0;
  std::uint16_t quality_union = 0;  ///< every finding that occurs in the bucket
  /// Of the mantissas with a value, repeated evidence included, exact; 0 for ieee_bits. See downsampling.hpp for means.
  __int128 value_sum = 0;
  double floating_sum = 0;  ///< the same for ieee_bits, rounded once; 0 for all other kinds
  friend bool operator==(const CurveBucket&, const CurveBucket&) = default;
};

struct Gap {
  std::int64_t from_utc_ms = 0;
  std::int64_t to_utc_ms = 0;
  std::uint64_t slots = 0;
  friend bool operator==(const Gap&, const Gap&) = default;
};

/// Slot i is [from + i x interval, from + (i + 1) x interval); it is present when a reading with a value falls in it.
struct Completeness {
  std::uint64_t expected = 0;
  std::uint64_t present = 0;
  std::vector<Gap> gaps;  ///< by time; at most telemetry_limits::gaps_max
  bool gaps_truncated = false;
  /// 1 when nothing is expected.
  [[nodiscard]] double ratio() const noexcept {
    return expected == 0 ? 1.0 : static_cast<double>(present) / static_cast<double>(expected);
  }
};

/// What the store says of itself to metrics and the status page.
struct TelemetryStatistics {
  std::uint64_t next_record = 0;
  std::uint64_t readings = 0;  ///< held
  std::uint64_t sources = 0;
  std::uint64_t series = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t write_ahead_log_bytes = 0;
  std::uint64_t records_unreadable = 0;  ///< since opening
  std::uint64_t checkpoints = 0;         ///< since opening
  std::uint64_t durable_record = 0;      ///< see durable_record()
  std::uint64_t sealed_bytes = 0;        ///< of the sealed files, within file_bytes
  std::uint64_t sealed_readings = 0;     ///< in the sealed files
  std::uint64_t edits = 0;
  std::uint64_t readings_removed = 0;  ///< by retention; not within `readings`
};

namespace telemetry_limits {
inline constexpr std::size_t points_per_page_max = 200'000;
inline constexpr std::size_t versions_of_one_time_max =
    256;  ///< further values at one time are counted as a conflict, not listed
inline constexpr std::size_t curve_buckets_max = 10'000;
inline constexpr std::size_t curve_readings_max = 4'000'000;
inline constexpr std::size_t completeness_slots_max = 1'000'000;
inline constexpr std::size_t gaps_max = 1'000;
}  // namespace telemetry_limits

/// The telemetry engine: every reading of every series, derived from the journal alone, deletable and rebuildable.
///
/// Thread-safe. apply(), checkpoint_if_due() and digest() exclude one another; questions run beside them and see whole
/// applied requests only. Errors of every call besides those named: storage_full, storage_failed - make space, and open
/// again if must_reopen() says so; nothing is lost, since the journal has it; storage_corrupt - open again discarding
/// the file and apply the journal from record 0.
class TelemetryStore {
 public:
  virtual ~TelemetryStore() = default;

  /// Number of the journal record to apply next; moves in the same transaction as the rows.
  [[nodiscard]] virtual std::uint64_t next_record() const = 0;
  /// Applies consecutive journal records. Idempotent: numbers below next_record() are skipped. Either the whole request
  /// is applied or, on error, a whole number of its records (see next_record()). Errors: invalid_argument - a gap
  /// before or between the records; unsupported - a batch of a newer version: upgrade, then go on from next_record().
  [[nodiscard]] virtual Result<ApplyResult> apply(std::span<const TelemetryRecord> records) = 0;

  /// What next_record() will be after a crash at this moment: the journal before it is not needed for reopening (only
  /// for a rebuild). Never above next_record(); equal to it after checkpoint().
  [[nodiscard]] virtual std::uint64_t durable_record() const = 0;

  /// Whether a failure has left the store unfit to write: it answers questions still, but has to be closed and opened
  /// again before more is applied.
  [[nodiscard]] virtual bool must_reopen() const = 0;

  /// All sources, by id; of one gateway when given.
  [[nodiscard]] virtual std::vector<Source> sources() const = 0;
  [[nodiscard]] virtual std::vector<Source> sources_of(GatewayId gateway) const = 0;
  [[nodiscard]] virtual std::optional<Source> find_source(GatewayId gateway, std::string_view device_uid) const = 0;
  /// All series of a source, by id; empty for an unknown source.
  [[nodiscard]] virtual std::vector<Series> series_of(SourceId source) const = 0;
  [[nodiscard]] virtual std::optional<Series> find_series(SeriesId series) const = 0;

  /// The point with the greatest time of each series asked for, in that order; nothing for unknown series. Of versions
  /// of one time the one that arrived last. From memory: bounded by the number asked for.
  [[nodiscard]] virtual std::vector<std::optional<Point>> latest(std::span<const SeriesId> series) const = 0;

  /// Exact points of one series, edits in force applied. Errors: not_found - no such series; invalid_argument;
  /// timed_out; cancelled.
  [[nodiscard]] virtual Result<PointPage> range(SeriesId series, TimeRange range, std::size_t points_max,
                                                const QueryOptions& options) const = 0;
  /// A curve for drawing: `buckets` columns of equal width (the last may be narrower), every mark traceable to its
  /// frame. Errors: as range(); limit_exceeded - more than curve_readings_max readings: ask for a shorter range.
  [[nodiscard]] virtual Result<std::vector<CurveBucket>> curve(SeriesId series, TimeRange range, std::size_t buckets,
                                                               const QueryOptions& options) const = 0;
  /// How many of the readings expected came. Errors: as range(); limit_exceeded - more than completeness_slots_max
  /// slots.
  [[nodiscard]] virtual Result<Completeness> completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                                          const QueryOptions& options) const = 0;

  /// Everything that was ever said about one time of a series, in the order of its arrival; empty when nothing was.
  /// Errors: as range().
  [[nodiscard]] virtual Result<std::vector<PointVersion>> versions(SeriesId series, std::int64_t time_utc_ms,
                                                                   const QueryOptions& options) const = 0;
  /// Readings of many series in bounded memory, series by series, as they were read (edits not applied; see edits()):
  /// for exports, aggregates and questions about a whole fleet. Series without readings in the range are left out.
  /// Readings applied while it runs may or may not be in it. Errors: invalid_argument; timed_out; cancelled; the
  /// sink's own.
  [[nodiscard]] virtual Result<void> scan(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                                          const QueryOptions& options) const = 0;
  /// The edits of a series in a range, in the order of their arrival. From memory: edits are few.
  [[nodiscard]] virtual std::vector<Edit> edits(SeriesId series, TimeRange range) const = 0;

  /// From now on, what comes for UTC days before this one is noted as a change, so that whatever was derived from them
  /// can be made again. Only ever moves forward. Errors: storage_full, storage_failed.
  [[nodiscard]] virtual Result<void> settle_before(std::int32_t utc_day) = 0;
  [[nodiscard]] virtual std::int32_t settled_before() const = 0;
  /// The oldest noted changes, at least all that were durable (durable_record()) when it is called, up to `days_max`.
  [[nodiscard]] virtual Result<ChangePage> changes(std::size_t days_max) const = 0;
  /// Forgets the changes up to ChangePage::through, once what was derived is durable.
  [[nodiscard]] virtual Result<void> forget_changes(std::uint64_t through) = 0;

  /// Which readings may be removed from now on, as the rules of retention have it: replaces what was said before and is
  /// forgotten when the store is closed, for the owner says it again. maintain() removes them in its own time; nothing
  /// else is ever removed. A digest then differs from that of a store rebuilt from the whole journal. It is a
  /// permission: an engine that cannot remove keeps everything.
  virtual void allow_removal(std::vector<RemovableDays> removable) { (void)removable; }

  /// One step of the work that keeps the store small and fast (merging, sealing, retention, change of keys); beside
  /// apply() and questions, from one thread. Returns whether there is more to do at once. `cancel` ends a long step
  /// within about a second; its work so far is given up. Errors: as apply(), cancelled; what it did not finish it does
  /// again.
  [[nodiscard]] virtual Result<bool> maintain(const std::stop_token& cancel) = 0;

  /// Writes the log into the file when enough has gathered and no question is running; beyond the log's ceiling it
  /// makes new questions wait. The owner calls it between applies. Returns whether a checkpoint was made.
  [[nodiscard]] virtual Result<bool> checkpoint_if_due() = 0;
  /// A checkpoint now, due or not: before closing, so that the next opening is short.
  [[nodiscard]] virtual Result<void> checkpoint() = 0;
  [[nodiscard]] virtual TelemetryStatistics statistics() const = 0;
  /// SHA-256 (hexadecimal) over sources, series, position and all readings in the order of series, time and arrival:
  /// equal content gives an equal digest, whatever engine and however often rebuilt. Reads everything.
  [[nodiscard]] virtual Result<std::string> digest() = 0;
};

}  // namespace duheng::store
