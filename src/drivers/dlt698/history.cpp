// Freezes and event records, by record selection over windows of time.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "drivers/dlt698/values.hpp"
#include "drivers/protocol/civil_time.hpp"
#include "drivers/protocol/operations.hpp"

namespace duheng::drivers {
namespace {

using dlt698::Oad;

constexpr Oad freeze_time{0x2021, 2, 0};
constexpr Oad event_begin{0x201E, 2, 0};
constexpr Oad event_end{0x2020, 2, 0};
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms = 1'440 * minute_ms;
/// A meter's clock may be so much behind: what is younger is not yet given up as missing.
constexpr std::int64_t settle_ms = 10 * minute_ms;
/// An event that began so long before the range may have ended in it.
constexpr std::int64_t event_lookback_ms = 7 * day_ms;

struct RecordItem {
  std::uint32_t item = 0;
  Oad table;
  Dlt698Place place;
  std::optional<std::int64_t> code;  ///< of events: what the register says at the time in this column
  bool of_end = false;               ///< of events: what held at their end, else at their beginning
};

struct RecordPlan {
  std::vector<Oad> tables;  ///< asked for together; an event by phases has one for each
  Oad time_column;
  std::vector<Oad> columns;  ///< the time's first
  std::vector<RecordItem> items;
  std::int64_t window_ms = 0;
  std::int64_t depth_ms = 0;
  bool of_events = false;
};

std::optional<std::int64_t> stamp_in(const dlt698::Element& value, std::int32_t zone_offset_minutes) {
  const auto time = dlt698::read_time(value.type->kind, value.content);
  if (!time || !dlt698::is_valid(value.type->kind, *time)) return std::nullopt;
  return utc_ms_of({time->year, time->month, time->day, time->hour, time->minute, time->second}, zone_offset_minutes);
}

std::optional<std::int64_t> stamp_in(ByteView cell, std::int32_t zone_offset_minutes) {
  std::optional<std::int64_t> out;
  for_each_flat(cell, [&](std::uint32_t place, const dlt698::Element& value) {
    if (place == 0) out = stamp_in(value, zone_offset_minutes);
  });
  return out;
}

dlt698::Node moment(std::int64_t local_ms) {
  const CivilTime civil = civil_time(local_ms);
  dlt698::CalendarTime time;
  time.year = static_cast<std::uint16_t>(civil.year);
  time.month = static_cast<std::uint8_t>(civil.month);
  time.day = static_cast<std::uint8_t>(civil.day);
  time.hour = static_cast<std::uint8_t>(civil.hour);
  time.minute = static_cast<std::uint8_t>(civil.minute);
  time.second = static_cast<std::uint8_t>(civil.second);
  return dlt698::make::date_time_s(time);
}

/// Window by window from the oldest on. A long answer comes in blocks, each asked for (GET-Next) when the one before is
/// here. When a device cannot go on with that, the windows become shorter until an answer fits into one.
class RecordRun final : public HistoryRun {
 public:
  RecordRun(const RecordPlan& plan, const HistoryRange& range)
      : plan_(plan), range_(range), window_ms_(plan.window_ms) {
    const std::int64_t oldest = std::max(range.from_utc_ms, range.now_utc_ms - plan.depth_ms);
    const std::int64_t back = plan.of_events ? event_lookback_ms : 0;
    cursor_local_ = std::max(whole_seconds(oldest - back + zone()), century_begin);
    end_local_ = std::min(whole_seconds(settled_end() + zone()), century_end);
  }

  [[nodiscard]] std::optional<Query> next() override {
    if (stopped_ || cursor_local_ >= end_local_) return std::nullopt;
    if (block_) return dlt698_query(dlt698::get_next_request(0, *block_), false);
    // A range of ours is (from, to], one of the protocol's [start, end); both in whole seconds.
    constexpr std::int64_t second_ms = 1'000;
    const auto selector = dlt698::make::select_range(plan_.time_column, moment(cursor_local_ + second_ms),
                                                     moment(window_end() + second_ms), dlt698::make::null());
    if (plan_.tables.size() > 1)
      return dlt698_query(dlt698::get_record_list_request(0, plan_.tables, selector, plan_.columns), false);
    return dlt698_query(dlt698::get_record_request(0, plan_.tables.front(), selector, plan_.columns), false);
  }

  [[nodiscard]] bool answered(ByteView payload, std::vector<HistoryValue>& out) override {
    const std::size_t before = out.size();
    const bool readable = take_records(payload, out);
    if (!readable) {
      out.resize(before);
      told_.clear();
    }
    if (const auto head = block_head(payload)) return take_block(*head, readable);
    if (block_) return shorten();  // what was under way has been forgotten
    end_window();
    return readable;
  }

  [[nodiscard]] bool refused(std::uint32_t error) override {
    constexpr std::uint32_t data_block_unavailable = 9;
    // Another question in between ends a transfer of blocks: once more, with less to be transferred.
    if (block_) return shorten();
    if (error == data_block_unavailable) {
      end_window();
      return true;
    }
    stopped_ = true;
    return false;
  }

  /// Records told unasked: an answer to no question of this run.
  void take_report(ByteView payload, std::vector<HistoryValue>& out) {
    const std::size_t before = out.size();
    if (!take_records(payload, out)) out.resize(before);
  }

  [[nodiscard]] std::int64_t complete_through_utc_ms() const override {
    if (cursor_local_ >= end_local_) return settled_end();
    return std::clamp(cursor_local_ - zone(), range_.from_utc_ms, settled_end());
  }

 private:
  struct Row {
    Oad table;
    std::size_t number = 0;
    std::map<std::size_t, ByteView> cells;  ///< by column
  };
  struct BlockHead {
    bool is_last = false;
    std::uint16_t number = 0;
  };

  [[nodiscard]] std::int64_t zone() const { return zone_ms(range_.zone_offset_minutes); }
  [[nodiscard]] static std::int64_t whole_seconds(std::int64_t ms) { return ms - (ms % 1'000 + 1'000) % 1'000; }
  [[nodiscard]] std::int64_t settled_end() const {
    return std::max(range_.from_utc_ms, std::min(range_.to_utc_ms, range_.now_utc_ms - settle_ms));
  }
  [[nodiscard]] std::int64_t window_end() const { return std::min(cursor_local_ + window_ms_, end_local_); }
  [[nodiscard]] bool in_range(std::int64_t utc_ms) const {
    return utc_ms > range_.from_utc_ms && utc_ms <= range_.to_utc_ms && utc_ms <= range_.now_utc_ms + settle_ms;
  }

  /// Of GetResponseNext: what stands before the records.
  [[nodiscard]] static std::optional<BlockHead> block_head(ByteView payload) {
    constexpr std::uint8_t next_block = 5;
    constexpr std::size_t last_at = 3;
    constexpr std::size_t head_octets = 6;
    if (payload.size() < head_octets || payload[0] != dlt698::types::get_response.tag || payload[1] != next_block)
      return std::nullopt;
    return BlockHead{payload[last_at] != 0,
                     static_cast<std::uint16_t>(payload[last_at + 1] << 8 | payload[last_at + 2])};
  }
  bool take_block(const BlockHead& head, bool readable) {
    constexpr std::size_t blocks_max = 256;  // of one window; a device may not keep a run for ever
    const bool follows = !block_ || head.number == static_cast<std::uint16_t>(*block_ + 1);
    if (!readable || !follows || ++blocks_ > blocks_max) return shorten();
    if (head.is_last)
      end_window();
    else
      block_ = head.number;
    return true;
  }
  void end_window() {
    cursor_local_ = window_end();
    forget_blocks();
    // What a longer window told that lies ahead stays known.
    std::erase_if(told_, [&](const auto& one) { return one.second + zone() <= cursor_local_; });
  }
  void forget_blocks() {
    block_.reset();
    blocks_ = 0;
  }
  bool shorten() {
    constexpr std::int64_t shortest_ms = minute_ms;
    forget_blocks();
    if (window_ms_ <= shortest_ms) {  // one record is too long for an answer: beyond help
      end_window();
      return false;
    }
    window_ms_ = std::max(whole_seconds(window_ms_ / 2), shortest_ms);
    return true;
  }

  /// False when the answer is none to this question.
  bool take_records(ByteView payload, std::vector<HistoryValue>& out) {
    std::vector<Oad> columns;
    Row row;
    bool has_time = false;
    const auto on_column = [&](std::size_t place, Oad oad) {
      if (place == 0) {  // another table's records begin
        take_row(row, columns, out);
        row = {};
        columns.clear();
      }
      columns.push_back(oad);
      has_time = has_time || oad == plan_.time_column;
    };
    const auto on_cell = [&](const dlt698::RecordCell& cell) {
      if (cell.row != row.number) {
        take_row(row, columns, out);
        row = {cell.table, cell.row, {}};
      }
      row.table = cell.table;
      row.cells[cell.column] = cell.data;
    };
    if (!dlt698::for_each_cell(payload, on_column, on_cell)) return false;
    take_row(row, columns, out);
    return has_time;
  }

  void take_row(const Row& row, const std::vector<Oad>& columns, std::vector<HistoryValue>& out) {
    Stamps stamps;
    for (const auto& [column, data] : row.cells) {
      if (column >= columns.size()) continue;
      if (columns[column] == plan_.time_column) stamps.begin = stamp_in(data, range_.zone_offset_minutes);
      if (columns[column] == event_end) stamps.end = stamp_in(data, range_.zone_offset_minutes);
    }
    for (const auto& [column, data] : row.cells)
      if (column < columns.size()) take_cell(row.table, columns[column], data, stamps, out);
  }
  struct Stamps {
    std::optional<std::int64_t> begin;  ///< or of the freeze
    std::optional<std::int64_t> end;
  };
  void take_cell(Oad table, Oad column, ByteView data, const Stamps& stamps, std::vector<HistoryValue>& out) {
    for (const RecordItem& item : plan_.items) {
      if (item.table != table || item.place.oad != column) continue;
      if (item.code) {
        const auto own = stamp_in(data, range_.zone_offset_minutes);
        if (own && in_range(*own)) tell({item.item, ItemState::good, *item.code, 0, {}, *own}, out);
      } else if (const auto& stamp = item.of_end ? stamps.end : stamps.begin; stamp && in_range(*stamp)) {
        take_value(item, data, *stamp, out);
      }
    }
  }
  void take_value(const RecordItem& item, ByteView data, std::int64_t stamp, std::vector<HistoryValue>& out) {
    for_each_flat(data, [&](std::uint32_t place, const dlt698::Element& value) {
      if (place != item.place.element) return;
      const ItemValue read = item_value(item.item, item.place, value);
      tell({read.item, read.state, read.mantissa, read.exponent, read.unit, stamp}, out);
    });
  }
  /// What blocks before a transfer broke off have told is not told again.
  void tell(HistoryValue value, std::vector<HistoryValue>& out) {
    if (told_.emplace(value.item, value.time_utc_ms).second) out.push_back(value);
  }

  static constexpr std::int64_t century_begin = local_ms_of({2000, 1, 1, 0, 0, 0});
  static constexpr std::int64_t century_end = local_ms_of({2099, 12, 31, 0, 0, 0});
  RecordPlan plan_;
  HistoryRange range_;
  std::int64_t window_ms_;
  std::int64_t cursor_local_ = 0;  ///< up to here, with it, all is read
  std::int64_t end_local_ = 0;
  bool stopped_ = false;
  std::optional<std::uint16_t> block_;  ///< the last one received; more follow
  std::size_t blocks_ = 0;
  std::set<std::pair<std::uint32_t, std::int64_t>> told_;  ///< of the present window: item and stamp
};

class RecordHistory final : public HistoryPlan {
 public:
  explicit RecordHistory(RecordPlan plan) : plan_(std::move(plan)) {}
  [[nodiscard]] std::unique_ptr<HistoryRun> begin(const HistoryRange& range) const override {
    return std::make_unique<RecordRun>(plan_, range);
  }
  void take_report(ByteView payload, const HistoryRange& range, std::vector<HistoryValue>& out) const override {
    RecordRun(plan_, range).take_report(payload, out);
  }

 private:
  RecordPlan plan_;
};

std::int64_t window_of(const ConfigNode& node, std::string_view kind) {
  constexpr std::int64_t rows_most = 64;
  if (kind == "profile")
    return node.integer("records_max", {1, rows_most}, 16) *
           node.integer("interval_ms", {minute_ms, day_ms}, minute_ms);
  if (kind == "daily_freeze") return node.integer("records_max", {1, rows_most}, 16) * day_ms;
  // A year of months, or of what seldom happens.
  return node.integer("records_max", {1, 12}, 12) * 31 * day_ms;
}

void take_event_item(const ConfigNode& node, ItemShape& shape, RecordItem& item) {
  const auto oad = parse_oad(node.text("oad"));
  constexpr std::array times{event_begin, event_end};
  if (oad && oad->feature() != 0) {
    constexpr std::uint8_t at_end = 4;  // bits 5 to 7 of the attribute: the value at the event's end
    item.place = read_place(node, shape, true);
    item.of_end = oad->feature() == at_end;
    return;
  }
  if (!oad || std::ranges::find(times, *oad) == times.end())
    node.reject(
        "oad", "must be 201E0200 or 20200200, when the event began or ended, or a value with a feature, e.g. 00102201");
  item.place.oad = oad.value_or(event_begin);
  item.code = node.integer("code", {0, INT32_MAX}, 1);
  shape.kind = SeriesKind::event;
}

/// Records of an event stand in attribute 2; of one by phases in 6 to 8, for A, B and C.
/// Source: DL/T 698.45-2017, interface classes 7, 9 and 24, from public code and pages.
std::optional<Oad> table_in(const ConfigNode& node, bool of_events) {
  constexpr std::uint8_t records = 2;
  constexpr std::uint8_t phase_a = 6;
  constexpr std::uint8_t phase_c = 8;
  constexpr std::uint16_t phase_events_last = 0x3008;
  constexpr std::uint16_t phase_events_first = 0x3000;
  const auto oad = parse_oad(node.text("table"));
  const auto is_table = [&] {
    if (!oad || !dlt698::objects::describe(oad->value())) return false;
    const auto attribute = oad->attribute_number();
    if (!of_events || oad->oi < phase_events_first || oad->oi > phase_events_last) return attribute == records;
    return attribute >= phase_a && attribute <= phase_c;
  };
  if (is_table()) return oad;
  node.reject("table",
              "must be eight hexadecimal digits of an object's record table, e.g. 50020200, or 30000600 for phase A of "
              "an event by phases");
  return std::nullopt;
}

}  // namespace

std::shared_ptr<const HistoryPlan> dlt698_history(const ConfigNode& node, const std::vector<ConfigNode>& items,
                                                  std::vector<ItemShape>& shapes) {
  RecordPlan plan;
  const std::string kind = node.text("kind");
  plan.of_events = kind == "events";
  plan.time_column = plan.of_events ? event_begin : freeze_time;
  plan.depth_ms = node.integer("depth_days", {1, 3'660}, 1) * day_ms;
  plan.window_ms = window_of(node, kind);
  // Items may name tables of their own, in place of the history's: the phases of one event.
  const auto common =
      node.has("table") || items.empty() || !items.front().has("table") ? table_in(node, plan.of_events) : std::nullopt;
  plan.columns.push_back(plan.time_column);
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    RecordItem item;
    item.item = i;
    item.table = (common ? common : table_in(items[i], plan.of_events)).value_or(Oad{});
    if (std::ranges::find(plan.tables, item.table) == plan.tables.end()) plan.tables.push_back(item.table);
    if (plan.of_events)
      take_event_item(items[i], shapes[i], item);
    else
      item.place = read_place(items[i], shapes[i], true);
    if (std::ranges::find(plan.columns, item.place.oad) == plan.columns.end()) plan.columns.push_back(item.place.oad);
    plan.items.push_back(item);
  }
  const bool any_of_end = std::ranges::any_of(plan.items, &RecordItem::of_end);
  if (any_of_end && std::ranges::find(plan.columns, event_end) == plan.columns.end()) plan.columns.push_back(event_end);
  if (plan.tables.empty()) plan.tables.push_back(common.value_or(Oad{}));
  return std::make_shared<RecordHistory>(std::move(plan));
}

}  // namespace duheng::drivers
