#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "store/aggregates/bucket_listing.hpp"
#include "store/table_files/table_writer.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

namespace export_limits {
inline constexpr std::size_t devices_max = 100'000;
inline constexpr std::size_t parts_max = 1'000'000;  ///< series, each as often as it is somebody's
inline constexpr std::size_t name_bytes_max = 200;
inline constexpr std::size_t listed_max = 100;
inline constexpr std::uint64_t audit_parts = 3;  ///< operations, edits, the journal's segments
}  // namespace export_limits

/// Stored: append, never renumber.
enum class ExportState : std::uint8_t {
  queued = 1,
  running = 2,
  done = 3,
  failed = 4,
  cancelled = 5,
  expired = 6,  ///< it was done; its file is gone
};
[[nodiscard]] std::string_view to_string(ExportState state) noexcept;

struct ExportDevice {
  DeviceId id{};
  std::string uid{};
  std::string name{};
  std::string address{};
  std::string site{};            ///< empty: none
  std::int64_t interval_ms = 0;  ///< at which it is read; 0: not known
};

/// A series in a range: while it was that device's and its asker might see it. An export of aggregates has all parts of
/// a series as one device's beside each other: a bucket is looked at with all of them.
struct ExportPart {
  std::uint32_t device = 0;  ///< into ExportPlan::devices
  SeriesId series{};
  std::string register_name{};
  std::string unit{};
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
  store::TimeRange range{};
  /// Within it, when the sensor that measured was past its calibration date, as known when the export was asked for.
  std::vector<store::TimeRange> past_calibration{};
  [[nodiscard]] bool is_past_calibration(std::int64_t first_utc_ms, std::int64_t last_utc_ms) const noexcept {
    return std::ranges::any_of(past_calibration, [&](const store::TimeRange& time) {
      return time.from_utc_ms <= last_utc_ms && first_utc_ms < time.to_utc_ms;
    });
  }
  friend bool operator==(const ExportPart& a, const ExportPart& b) noexcept {
    return a.device == b.device && a.series == b.series && a.register_name == b.register_name && a.unit == b.unit &&
           a.exponent == b.exponent && a.kind == b.kind && a.range.from_utc_ms == b.range.from_utc_ms &&
           a.range.to_utc_ms == b.range.to_utc_ms &&
           std::ranges::equal(a.past_calibration, b.past_calibration, [](const auto& one, const auto& other) {
             return one.from_utc_ms == other.from_utc_ms && one.to_utc_ms == other.to_utc_ms;
           });
  }
};

/// What an export holds, settled when it is asked for: names, and what may be seen, as they were then.
struct ExportPlan {
  std::vector<ExportDevice> devices{};
  std::vector<ExportPart> parts{};
};

/// Layout, version 3 (v = varint, z = zigzag, s = v length + octets): u8 version · v devices { z id · s uid · s name ·
/// s address · s site · v interval in ms (from version 2 on) } · v registers { s name · s unit · z exponent · u8 kind }
/// · v parts { v device · z series · v register · z from · z to · v times past calibration { z from · z to } (from
/// version 3 on) }
[[nodiscard]] Bytes encode_plan(const ExportPlan& plan);
/// Errors: malformed; unsupported - a newer version.
[[nodiscard]] Result<ExportPlan> parse_plan(ByteView octets);

struct NewExport {
  std::string name{};
  store::TableFormat format = store::TableFormat::csv;
  bool byte_order_mark = false;
  std::string time_zone{};  ///< IANA; the column "time" is in it
  store::TimeRange range{};
  std::optional<store::BucketSize> by{};  ///< nothing: readings; otherwise aggregates of `days`
  store::DaySpan days{};                  ///< of the aggregates' own zone
  /// Instead of readings: who did and changed what in `range`, with the hashes that prove it (T/CITS 565-2025, 6.6).
  bool is_audit = false;
  ExportPlan plan{};
};

struct Export {
  std::int64_t id = 0;
  std::string name{};
  store::TableFormat format = store::TableFormat::csv;
  std::string time_zone{};
  store::TimeRange range{};
  std::optional<store::BucketSize> by{};  ///< nothing: readings
  store::DaySpan days{};                  ///< of aggregates
  bool is_audit = false;
  ExportState state = ExportState::queued;
  std::string reason{};  ///< why it failed; in English
  std::int64_t created_utc_ms = 0;
  std::int64_t finished_utc_ms = 0;  ///< 0: not yet
  std::int64_t expires_utc_ms = 0;   ///< when the file is deleted; 0: it is not done
  std::uint64_t devices = 0;
  std::uint64_t parts = 0;
  std::uint64_t parts_done = 0;
  std::uint64_t rows = 0;
  std::uint64_t size_bytes = 0;  ///< of the file as it is handed out
  std::uint64_t disk_bytes = 0;  ///< as it lies on the disk, compressed and encrypted
  std::string sha256{};          ///< of the file as it is handed out; hexadecimal; empty until it is done
  std::uint64_t downloads = 0;
};

}  // namespace duheng::platform
