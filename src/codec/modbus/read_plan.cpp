#include "codec/modbus/read_plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <tuple>

namespace duheng::modbus {

namespace {

/// Addresses [begin, end) of one wanted value.
struct Span {
  Table table;
  std::uint32_t begin;
  std::uint32_t end;
  std::size_t item;
};

Result<std::vector<Span>> to_spans(std::span<const RegisterDescription> wanted, const ReadLimits& limits) {
  std::vector<Span> spans;
  spans.reserve(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& description = wanted[i];
    DUHENG_CHECK(check(description));
    const unsigned width = width_of(description);
    const unsigned max = holds_bits(description.table) ? limits.bits_max : limits.registers_max;
    if (width > max) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("a value of {} registers at address {} does not fit one read of {}", width,
                              description.address, max));
    }
    spans.push_back({description.table, description.address, description.address + width, i});
  }
  std::ranges::sort(spans, {},
                    [](const Span& span) { return std::tuple(span.table, span.begin, span.end, span.item); });
  return spans;
}

/// Where the run of addresses that may be read in one go ends: before the first gap that is too wide.
/// `first` begins the run; returns the index of the span behind it.
std::size_t run_end(const std::vector<Span>& spans, std::size_t first, std::uint32_t gap_max) {
  std::uint32_t covered = spans[first].end;
  std::size_t next = first + 1;
  while (next < spans.size() && spans[next].table == spans[first].table && spans[next].begin <= covered + gap_max) {
    covered = std::max(covered, spans[next].end);
    ++next;
  }
  return next;
}

/// Covers the spans [first, last) of one run. The lowest value that is left must be in a read that begins no later, and
/// beginning earlier gains nothing; so a read from there that takes along all it can is never worse than another.
void plan_run(const std::vector<Span>& spans, std::size_t first, std::size_t last, std::uint32_t quantity_max,
              std::vector<PlannedRead>& reads) {
  // Values wider than what was left of a window wait for the next; those behind them may still have fitted.
  std::vector<std::size_t> open(last - first);
  std::iota(open.begin(), open.end(), first);
  while (!open.empty()) {
    const Span& lowest = spans[open.front()];
    const std::uint32_t window_end = lowest.begin + quantity_max;
    PlannedRead read{lowest.table, static_cast<std::uint16_t>(lowest.begin), 0, {}};
    std::uint32_t end = lowest.begin;
    std::vector<std::size_t> waiting;
    std::size_t at = 0;
    for (; at < open.size() && spans[open[at]].begin < window_end; ++at) {
      const Span& span = spans[open[at]];
      if (span.end > window_end) {
        waiting.push_back(open[at]);
        continue;
      }
      end = std::max(end, span.end);
      read.items.push_back(span.item);
    }
    waiting.insert(waiting.end(), open.begin() + static_cast<std::ptrdiff_t>(at), open.end());
    open = std::move(waiting);
    read.quantity = static_cast<std::uint16_t>(end - lowest.begin);
    reads.push_back(std::move(read));
  }
}

}  // namespace

Result<std::vector<PlannedRead>> plan_reads(std::span<const RegisterDescription> wanted, const ReadLimits& limits) {
  if (limits.registers_max == 0 || limits.registers_max > limits::read_registers_max || limits.bits_max == 0 ||
      limits.bits_max > limits::read_bits_max) {
    return fail(ErrorCode::invalid_argument, fmt::format("one read takes 1 to {} registers or 1 to {} bits",
                                                         limits::read_registers_max, limits::read_bits_max));
  }
  DUHENG_TRY(const std::vector<Span> spans, to_spans(wanted, limits));
  std::vector<PlannedRead> reads;
  for (std::size_t first = 0; first < spans.size();) {
    const std::size_t last = run_end(spans, first, limits.gap_max);
    const std::uint32_t max = holds_bits(spans[first].table) ? limits.bits_max : limits.registers_max;
    plan_run(spans, first, last, max, reads);
    first = last;
  }
  return reads;
}

}  // namespace duheng::modbus
