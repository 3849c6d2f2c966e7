#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "model/reading.hpp"

namespace duheng::store {

/// One journal record as the telemetry store wants it. A record that is no batch (refused evidence) has an empty body:
/// it holds no readings but takes its number.
struct TelemetryRecord {
  std::uint64_t record_number = 0;
  GatewayId gateway;
  ByteView body;  ///< the batch (model/batch.hpp)
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
  std::uint32_t evidence_count = 1;  ///< how many readings say the same
  bool conflict = false;             ///< another value stands at the same time
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
  std::uint64_t readings = 0;
  std::uint64_t sources = 0;
  std::uint64_t series = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t write_ahead_log_bytes = 0;
  std::uint64_t records_unreadable = 0;  ///< since opening
  std::uint64_t checkpoints = 0;         ///< since opening
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

  /// Exact points of one series. Errors: not_found - no such series; invalid_argument; timed_out; cancelled.
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
