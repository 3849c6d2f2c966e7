#include "store/telemetry/curve_block.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "store/telemetry/curve_bits.hpp"
#include "store/telemetry/curve_column.hpp"

// Layout, version 1 (bit strings, see curve_bits.hpp; "number" is BitWriter::number(), "signed" its zigzag form,
// "column" what write_column() writes):
//   values    u8 version · 11 bits rows · times · signed first mantissa · column mantissas ·
//             number first mark · column marks
//   times     3 bits unit · signed first time · 1 bit stamped { 0: column times | 1: number step · column slots ·
//             column offsets }
//   evidence  u8 version · signed first record · column records · 16 bits first index · column indices ·
//             1 bit lag { 0: signed first time of receipt · column times of receipt | 1: signed first lag ·
//             column lags }
// A mark is quality x 256 + time source; a lag is time of receipt minus time; a slot is a multiple of the step that
// a time was stamped near, the offset how far from it.

namespace duheng::store {
namespace {

using namespace curve_bits;
using Numbers = std::array<std::uint64_t, curve_limits::rows_max>;

constexpr std::uint8_t version_1 = 1;
constexpr unsigned rows_bits = 11;
static_assert(curve_limits::rows_max < 1U << rows_bits);

/// Times are written in the greatest of these that divides them all, counted from 2020. Stored: never change.
constexpr std::array<std::uint64_t, 8> units_ms{1, 10, 1'000, 60'000, 300'000, 900'000, 3'600'000, 86'400'000};
constexpr unsigned unit_bits = 3;
constexpr std::uint64_t epoch_ms = 1'577'836'800'000;

/// Columns of at most 80 bits a row each, and what stands before them.
constexpr std::size_t buffer_bytes = curve_limits::rows_max * 3 * 10 + 512;
static_assert(buffer_bytes <= curve_limits::bytes_max);
using Buffer = std::array<std::uint8_t, buffer_bytes>;

bool in_order(std::span<const ReadingRow> rows) {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].series != rows[0].series) return false;
    if (rows[i - 1].time_utc_ms < rows[i].time_utc_ms) continue;
    if (rows[i].order() < rows[i - 1].order()) return false;
  }
  return true;
}

/// Fills `out` with a number of each row.
template <class NumberOf>
std::span<const std::uint64_t> gather(std::span<const ReadingRow> rows, Numbers& out, NumberOf&& number_of) {
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = number_of(rows[i]);
  return {out.data(), rows.size()};
}

std::uint64_t time_of(const ReadingRow& row) noexcept { return static_cast<std::uint64_t>(row.time_utc_ms); }

// --- Times ---------------------------------------------------------------------------------------------------------

/// The greatest unit that divides the first time, counted from the epoch, and every step.
unsigned unit_of(std::uint64_t first, std::uint64_t factor) {
  const auto since_epoch = static_cast<std::int64_t>(first - epoch_ms);
  for (auto unit = static_cast<unsigned>(units_ms.size()) - 1; unit > 0; --unit) {
    if (factor % units_ms[unit] == 0 && since_epoch % static_cast<std::int64_t>(units_ms[unit]) == 0) return unit;
  }
  return 0;
}

/// The step in whole seconds that more than half of the times are apart, if there is one; otherwise 0.
std::uint64_t usual_step_ms(std::span<const std::uint64_t> times) {
  const auto seconds_before = [&](std::size_t i) { return (times[i] - times[i - 1] + 500) / 1'000; };
  std::uint64_t candidate = 0;
  std::size_t lead = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    const std::uint64_t seconds = seconds_before(i);
    if (lead == 0) candidate = seconds;
    lead = seconds == candidate ? lead + 1 : lead - 1;
  }
  constexpr std::uint64_t seconds_max = 86'400;  // what is further apart makes no pattern within a day
  std::size_t equal = 0;
  for (std::size_t i = 1; i < times.size(); ++i) equal += seconds_before(i) == candidate ? 1U : 0U;
  return candidate <= seconds_max && 2 * equal > times.size() ? candidate * 1'000 : 0;
}

/// Times stamped near the multiples of a step, some left out: which multiple, and how far from it.
struct StampedTimes {
  std::uint64_t step_ms = 0;
  ColumnPlan slots;
  ColumnPlan offsets;

  /// Returns whether the times look like it.
  bool plan(std::span<const std::uint64_t> times) {
    step_ms = usual_step_ms(times);
    if (step_ms == 0) return false;
    Numbers slot_numbers;
    Numbers offset_numbers;
    slot_numbers[0] = offset_numbers[0] = 0;
    for (std::size_t i = 1; i < times.size(); ++i) {
      // Offsets lie within half a step to either side, so this is not below zero.
      const std::uint64_t since = offset_numbers[i - 1] + (times[i] - times[i - 1]) + step_ms / 2;
      const std::uint64_t slots_passed = since - step_ms < step_ms ? 1 : since / step_ms;
      slot_numbers[i] = slot_numbers[i - 1] + slots_passed;
      offset_numbers[i] = since - slots_passed * step_ms - step_ms / 2;
    }
    plan_column({slot_numbers.data(), times.size()}, slots);
    plan_column({offset_numbers.data(), times.size()}, offsets);
    return true;
  }
};

void write_time_origin(std::uint64_t first, unsigned unit, BitWriter& out) {
  out.put(unit, unit_bits);
  const auto count = static_cast<std::int64_t>(first - epoch_ms) / static_cast<std::int64_t>(units_ms[unit]);
  out.signed_number(static_cast<std::uint64_t>(count));
}

bool in_whole_seconds(std::span<const std::uint64_t> times) {
  return std::ranges::all_of(times, [&](std::uint64_t time) { return (time - times[0]) % 1'000 == 0; });
}

void write_times(std::span<const std::uint64_t> times, BitWriter& out) {
  if (!in_whole_seconds(times)) {
    StampedTimes stamped;
    if (stamped.plan(times)) {
      write_time_origin(times[0], 0, out);
      out.put(1, 1);
      out.number(stamped.step_ms);
      write_column(stamped.slots, 1, out);
      write_column(stamped.offsets, 1, out);
      return;
    }
  }
  ColumnPlan plan;
  plan_column(times, plan);
  const unsigned unit = unit_of(times[0], plan.factor);
  write_time_origin(times[0], unit, out);
  out.put(0, 1);
  write_column(plan, units_ms[unit], out);
}

bool read_times(BitReader& in, std::span<std::uint64_t> times) {
  const std::uint64_t unit = units_ms[in.take(unit_bits)];
  const std::uint64_t first = in.signed_number() * unit + epoch_ms;
  if (in.take(1) == 0) return read_column(in, first, unit, times);
  const std::uint64_t step_ms = in.number();
  Numbers offset_numbers;
  const std::span<std::uint64_t> offsets(offset_numbers.data(), times.size());
  if (!read_column(in, 0, 1, times) || !read_column(in, 0, 1, offsets)) return false;
  for (std::size_t i = 0; i < times.size(); ++i) times[i] = first + times[i] * step_ms + offsets[i];
  return true;
}

// --- Whole blocks --------------------------------------------------------------------------------------------------

void write_values(std::span<const ReadingRow> rows, BitWriter& out) {
  Numbers numbers;
  ColumnPlan plan;
  out.put(version_1, 8);
  out.put(rows.size(), rows_bits);
  write_times(gather(rows, numbers, time_of), out);

  plan_column(gather(rows, numbers, [](const ReadingRow& row) { return static_cast<std::uint64_t>(row.mantissa); }),
              plan);
  out.signed_number(numbers[0]);
  write_column(plan, 1, out);

  const auto mark_of = [](const ReadingRow& row) { return std::uint64_t{row.quality} << 8 | row.time_source; };
  plan_column(gather(rows, numbers, mark_of), plan);
  out.number(numbers[0]);
  write_column(plan, 1, out);
}

void write_receipt(std::span<const ReadingRow> rows, BitWriter& out) {
  Numbers lags;
  ColumnPlan lag_plan;
  plan_column(
      gather(rows, lags,
             [](const ReadingRow& row) { return static_cast<std::uint64_t>(row.received_utc_ms) - time_of(row); }),
      lag_plan);
  if (lag_plan.kind != ColumnPlan::Kind::constant) {
    Numbers times;
    ColumnPlan time_plan;
    plan_column(
        gather(rows, times, [](const ReadingRow& row) { return static_cast<std::uint64_t>(row.received_utc_ms); }),
        time_plan);
    if (time_plan.bits + number_bits(zigzag(times[0] - epoch_ms)) < lag_plan.bits + number_bits(zigzag(lags[0]))) {
      out.put(0, 1);
      out.signed_number(times[0] - epoch_ms);
      write_column(time_plan, 1, out);
      return;
    }
  }
  out.put(1, 1);
  out.signed_number(lags[0]);
  write_column(lag_plan, 1, out);
}

void write_evidence(std::span<const ReadingRow> rows, BitWriter& out) {
  Numbers numbers;
  ColumnPlan plan;
  out.put(version_1, 8);
  plan_column(gather(rows, numbers, [](const ReadingRow& row) { return FrameReference{row.frame}.record_number(); }),
              plan);
  out.number(numbers[0]);
  write_column(plan, 1, out);

  plan_column(gather(rows, numbers,
                     [](const ReadingRow& row) { return std::uint64_t{FrameReference{row.frame}.frame_index()}; }),
              plan);
  out.put(numbers[0], FrameReference::index_bits);
  write_column(plan, 1, out);
  write_receipt(rows, out);
}

Result<void> corrupt(std::string_view what) {
  return fail(ErrorCode::storage_corrupt, std::string("curve block: ").append(what));
}

Result<void> read_values(ByteView values, std::uint32_t series, std::vector<ReadingRow>& out) {
  BitReader in(values);
  if (in.take(8) != version_1) return corrupt("not a version this release reads");
  const auto count = static_cast<std::size_t>(in.take(rows_bits));
  if (count == 0 || count > curve_limits::rows_max) return corrupt("an impossible number of rows");
  Numbers time_numbers;
  Numbers mantissa_numbers;
  Numbers mark_numbers;
  const std::span<std::uint64_t> times(time_numbers.data(), count);
  const std::span<std::uint64_t> mantissas(mantissa_numbers.data(), count);
  const std::span<std::uint64_t> marks(mark_numbers.data(), count);
  if (!read_times(in, times)) return corrupt("times");
  if (!read_column(in, in.signed_number(), 1, mantissas)) return corrupt("mantissas");
  if (!read_column(in, in.number(), 1, marks)) return corrupt("marks");
  if (!in.ended()) return corrupt("values do not end where they should");

  const std::size_t begin = out.size();
  out.resize(begin + count);
  std::uint64_t all_marks = 0;
  bool is_sorted = true;
  std::int64_t before = std::numeric_limits<std::int64_t>::min();
  for (std::size_t i = 0; i < count; ++i) {
    ReadingRow& row = out[begin + i];
    row.series = series;
    row.time_utc_ms = static_cast<std::int64_t>(times[i]);
    row.mantissa = static_cast<std::int64_t>(mantissas[i]);
    row.quality = static_cast<std::uint16_t>(marks[i] >> 8);
    row.time_source = static_cast<std::uint8_t>(marks[i]);
    all_marks |= marks[i];
    is_sorted = is_sorted && before <= row.time_utc_ms;
    before = row.time_utc_ms;
  }
  if (!is_sorted) return corrupt("times run backwards");
  if (all_marks >> 24 != 0) return corrupt("marks out of range");
  return {};
}

Result<void> read_evidence(ByteView evidence, std::span<ReadingRow> rows) {
  BitReader in(evidence);
  if (in.take(8) != version_1) return corrupt("evidence is not of a version this release reads");
  Numbers record_numbers;
  Numbers index_numbers;
  Numbers receipt_numbers;
  const std::span<std::uint64_t> records(record_numbers.data(), rows.size());
  const std::span<std::uint64_t> indices(index_numbers.data(), rows.size());
  const std::span<std::uint64_t> receipts(receipt_numbers.data(), rows.size());
  if (!read_column(in, in.number(), 1, records)) return corrupt("record numbers");
  if (!read_column(in, in.take(FrameReference::index_bits), 1, indices)) return corrupt("frame indices");
  const bool is_lag = in.take(1) != 0;
  const std::uint64_t first = in.signed_number() + (is_lag ? 0 : epoch_ms);
  if (!read_column(in, first, 1, receipts)) return corrupt("times of receipt");
  if (!in.ended()) return corrupt("evidence does not end where it should");

  std::uint64_t all_records = 0;
  std::uint64_t all_indices = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    all_records |= records[i];
    all_indices |= indices[i];
    rows[i].frame = FrameReference::make(records[i], static_cast<std::uint32_t>(indices[i])).value;
    rows[i].received_utc_ms = static_cast<std::int64_t>(receipts[i] + (is_lag ? time_of(rows[i]) : 0));
  }
  if (all_records >> (64 - FrameReference::index_bits) != 0) return corrupt("record numbers out of range");
  if (all_indices >> FrameReference::index_bits != 0) return corrupt("frame indices out of range");
  if (!in_order(rows)) return corrupt("rows out of order");
  return {};
}

}  // namespace

void encode_curve(std::span<const ReadingRow> rows, CurveBlock& out) {
  out.values.clear();
  out.evidence.clear();
  if (rows.empty() || rows.size() > curve_limits::rows_max || !in_order(rows)) return;
  Buffer buffer;  // written before it is read
  BitWriter values(buffer.data());
  write_values(rows, values);
  out.values.assign(values.written().begin(), values.written().end());
  BitWriter evidence(buffer.data());
  write_evidence(rows, evidence);
  out.evidence.assign(evidence.written().begin(), evidence.written().end());
}

Result<void> decode_curve(std::uint32_t series, ByteView values, ByteView evidence, std::vector<ReadingRow>& out) {
  if (values.size() > curve_limits::bytes_max || evidence.size() > curve_limits::bytes_max) return corrupt("too long");
  const std::size_t begin = out.size();
  auto done = read_values(values, series, out);
  if (done && !evidence.empty()) done = read_evidence(evidence, std::span(out).subspan(begin));
  if (!done) out.resize(begin);
  return done;
}

}  // namespace duheng::store
