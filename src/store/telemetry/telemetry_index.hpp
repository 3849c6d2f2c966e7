#pragma once
#include <deque>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/batch.hpp"
#include "store/telemetry/edit_book.hpp"
#include "store/telemetry/reading_row.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// What a telemetry store keeps in memory: the numbering of sources and series, the latest point of every series, and
/// the journal position. Both engines use it, so that they number alike.
///
/// Threads: one applier at a time calls the members marked "applier"; what it enters stays invisible until publish()
/// and is taken back by roll_back(). All others may call the const members at any time.
class TelemetryIndex {
 public:
  struct LatestEntry {
    Point point;
    std::int64_t received_utc_ms_max = 0;
    bool present = false;
  };

  // --- applier ---
  /// Walks a record in order, numbering what is new, and calls sink(const ReadingRow&) for every reading; edits are
  /// entered in the book. Returns false for a malformed body (nothing is entered). Errors: unsupported.
  template <class Sink>
  [[nodiscard]] Result<bool> walk(const TelemetryRecord& record, Sink&& sink);
  /// Makes everything entered since the last call visible, together with the position.
  void publish(std::uint64_t next_record, std::uint64_t readings_added);
  void roll_back();
  /// The edits walked since the last publish(), by series and time.
  [[nodiscard]] std::vector<std::pair<SeriesId, std::int64_t>> staged_edit_times() const;
  /// Published sources and series behind the first `known`, in order: what the engine must still write.
  [[nodiscard]] std::vector<Source> sources_after(std::size_t known) const;
  [[nodiscard]] std::vector<Series> series_after(std::size_t known) const;
  /// Walked since the last publish(), in order: for engines that write before they publish.
  [[nodiscard]] std::vector<Source> staged_sources() const;
  [[nodiscard]] std::vector<Series> staged_series() const;

  // --- loading, before anybody else knows the index ---
  /// Errors: storage_corrupt - the numbers do not follow one another.
  [[nodiscard]] Result<void> load_source(const Source& source);
  [[nodiscard]] Result<void> load_series(const Series& series);
  [[nodiscard]] Result<void> load_latest(SeriesId series, const LatestEntry& entry);
  /// Offers a reading to the latest points, in order of arrival; visible after publish(). Errors: storage_corrupt - no
  /// such series.
  [[nodiscard]] Result<void> load_reading(const ReadingRow& row);
  /// The edits of one journal record, as they were applied. Errors: storage_corrupt - no such series.
  [[nodiscard]] Result<void> load_edits(const std::vector<Edit>& edits);

  // --- everybody ---
  [[nodiscard]] std::uint64_t next_record() const;
  [[nodiscard]] std::uint64_t reading_count() const;
  [[nodiscard]] std::size_t source_count() const;
  [[nodiscard]] std::size_t series_count() const;
  [[nodiscard]] std::vector<Source> sources() const;
  [[nodiscard]] std::vector<Source> sources_of(GatewayId gateway) const;
  [[nodiscard]] std::optional<Source> find_source(GatewayId gateway, std::string_view device_uid) const;
  [[nodiscard]] std::vector<Series> series_of(SourceId source) const;
  [[nodiscard]] std::optional<Series> find_series(SeriesId series) const;
  [[nodiscard]] std::vector<std::optional<Point>> latest(std::span<const SeriesId> series) const;
  [[nodiscard]] std::vector<LatestEntry> all_latest() const;
  [[nodiscard]] const EditBook& edits() const noexcept { return edit_book_; }

 private:
  struct RegisterRow {
    std::string name;
    std::string unit;
    std::int8_t exponent;
    SeriesKind kind;
    std::string key;
  };
  struct SourceRow {
    GatewayId gateway;
    std::string device_uid;
    std::string key;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> series;  // (register, series number), in order of entry
    std::uint32_t hint = 0;                                       // applier: where the next register is expected
    std::int64_t last_received_utc_ms = 0;
  };
  struct SeriesRow {
    std::uint32_t source;
    std::uint32_t register_number;
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  using KeyMap = std::unordered_map<std::string, std::uint32_t, KeyHash, std::equal_to<>>;

  struct SeriesPlace {
    std::uint32_t number;
    std::uint32_t place;  // in the source's list
  };

  static std::uint64_t series_key(std::uint32_t source, std::uint32_t register_number) noexcept {
    return static_cast<std::uint64_t>(source) << 32 | register_number;
  }
  static void source_key(std::string& out, GatewayId gateway, std::string_view uid);
  static void register_key(std::string& out, const Register& r);
  std::uint32_t register_number(const Register& r);
  std::uint32_t source_number(GatewayId gateway, std::string_view uid);
  std::uint32_t series_number(std::uint32_t source, std::uint32_t register_number);
  std::uint32_t enter_series(std::uint32_t source, std::uint32_t register_number);
  void offer(const ReadingRow& row);
  [[nodiscard]] Result<bool> walk_edits(const TelemetryRecord& record);
  [[nodiscard]] std::uint32_t series_of_edit(const Edit& edit);
  [[nodiscard]] Source source_at(std::size_t index) const;
  [[nodiscard]] Series series_at(std::size_t index) const;

  mutable std::shared_mutex mutex_;  // the applier reads without it, for nobody else writes
  std::deque<RegisterRow> registers_;
  std::deque<SourceRow> sources_;
  std::vector<SeriesRow> series_;
  std::vector<LatestEntry> latest_;
  KeyMap register_numbers_;
  KeyMap source_numbers_;
  std::unordered_map<std::uint64_t, SeriesPlace> series_numbers_;  // applier only
  std::unordered_map<std::int64_t, std::vector<std::uint32_t>> sources_by_gateway_;
  std::size_t published_sources_ = 0;
  std::size_t published_series_ = 0;
  std::uint64_t next_record_ = 0;
  std::uint64_t reading_count_ = 0;
  EditBook edit_book_;  // guards itself
  std::vector<std::pair<std::uint32_t, Edit>> staged_edits_;

  // The applier's own.
  std::vector<LatestEntry> pending_;
  std::vector<std::uint32_t> pending_round_;  // pending_[i] counts when this equals round_
  std::vector<std::uint32_t> touched_;
  std::uint32_t round_ = 1;
  std::string key_;
  std::vector<std::uint32_t> batch_sources_;
  std::vector<std::uint32_t> batch_registers_;
};

template <class Sink>
Result<bool> TelemetryIndex::walk(const TelemetryRecord& record, Sink&& sink) {
  constexpr std::uint32_t unknown = 0xFFFF'FFFF;
  if (record.body.empty()) return true;
  if (record.content == TelemetryRecord::Content::edits) return walk_edits(record);
  const auto batch = BatchView::parse(record.body);
  if (!batch) {
    if (batch.error().code == ErrorCode::unsupported) return std::unexpected(batch.error());
    return false;
  }
  // A register or device of the batch's tables gets its number at its first use, not by standing in the table.
  batch_sources_.assign(batch->devices().size(), unknown);
  batch_registers_.assign(batch->registers().size(), unknown);
  std::uint32_t source = 0;
  ReadingRow row;
  batch->for_each(
      [&](std::uint32_t index, const Frame& frame) {
        auto& known = batch_sources_[frame.device_index];
        if (known == unknown) known = source_number(record.gateway, batch->devices()[frame.device_index]);
        source = known;
        row.frame = FrameReference::make(record.record_number, index).value;
        row.received_utc_ms = frame.received_utc_ms;
      },
      [&](std::uint32_t, const Frame&, const Reading& reading) {
        auto& known = batch_registers_[reading.register_index];
        if (known == unknown) known = register_number(batch->registers()[reading.register_index]);
        row.series = series_number(source, known);
        row.time_utc_ms = reading.time_utc_ms;
        row.mantissa = reading.mantissa;
        row.quality = static_cast<std::uint16_t>(reading.quality) & quality_from_gateways;
        if (!plausible_time(row.time_utc_ms, row.received_utc_ms))
          row.quality |= static_cast<std::uint16_t>(Quality::time_implausible);
        row.time_source = static_cast<std::uint8_t>(reading.time_source);
        offer(row);
        sink(static_cast<const ReadingRow&>(row));
      });
  return true;
}

}  // namespace duheng::store
