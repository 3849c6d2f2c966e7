#include "platform/history_import/held_import.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/decimal.hpp"
#include "model/batch.hpp"

namespace duheng::platform {

std::string_view to_string(FindingKind kind) noexcept {
  switch (kind) {
    case FindingKind::malformed_line:
      return "malformed_line";
    case FindingKind::unknown_device:
      return "unknown_device";
    case FindingKind::not_read_then:
      return "not_read_then";
    case FindingKind::unknown_register:
      return "unknown_register";
    case FindingKind::bad_number:
      return "bad_number";
    case FindingKind::bad_unit:
      return "bad_unit";
    case FindingKind::bad_time:
      return "bad_time";
    case FindingKind::contradiction:
      return "contradiction";
    case FindingKind::doubled:
      return "doubled";
    case FindingKind::known:
      return "known";
    case FindingKind::conflict:
      return "conflict";
  }
  return "malformed_line";
}

std::string_view to_string(HistoryState state) noexcept {
  switch (state) {
    case HistoryState::checking:
      return "checking";
    case HistoryState::checked:
      return "checked";
    case HistoryState::committing:
      return "committing";
    case HistoryState::done:
      return "done";
    case HistoryState::failed:
      return "failed";
    case HistoryState::cancelled:
      return "cancelled";
  }
  return "failed";
}

/// Ends of lines as CsvReader counts them: CR LF, LF or CR.
LineOctets::LineOctets(std::string_view text) : text_(text), line_starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\n' && text[i] != '\r') continue;
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    line_starts_.push_back(i + 1);
  }
}

std::string_view LineOctets::record(std::size_t line) const {
  const auto next = std::ranges::upper_bound(records_, line);
  const std::size_t from = line_starts_[line - 1];
  const std::size_t to = next == records_.end() ? text_.size() : line_starts_[*next - 1];
  std::string_view out = text_.substr(from, to - from);
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r')) out.remove_suffix(1);
  return out;
}

void HeldImport::take_octets(const LineOctets& octets) {
  std::erase_if(lines, [&](HistoryLine& line) {
    line.octets = octets.record(line.number);
    if (line.octets.size() <= history_limits::line_bytes_max) return false;
    add({line.number, FindingKind::malformed_line, "", "the line is too long"});
    return true;
  });
}

std::size_t HeldImport::lines_of_batch(std::span<const std::size_t> which) const {
  constexpr std::size_t frame_bytes = 512;  // what stands around a line
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (const std::size_t i : which) {
    bytes += lines[i].octets.size() + frame_bytes;
    if (count > 0 && (count == history_limits::lines_per_batch || bytes > history_limits::batch_bytes_wanted)) break;
    ++count;
  }
  return count;
}

void HeldImport::drop_doubles() {
  std::map<std::pair<std::size_t, std::int64_t>, const HistoryLine*> first;
  std::vector<HistoryLine> kept;

  for (const HistoryLine& line : lines) {
    const auto [at, is_new] = first.try_emplace({line.target, line.time_utc_ms}, &line);
    if (is_new) {
      kept.push_back(line);
    } else if (at->second->mantissa == line.mantissa) {
      add({line.number, FindingKind::doubled, "", fmt::format("line {} says the same", at->second->number)});
    } else {
      add({line.number, FindingKind::contradiction, "value",
           fmt::format("line {} says another value for the same time", at->second->number)});
    }
  }
  lines = std::move(kept);
}

std::map<std::size_t, std::vector<std::size_t>> HeldImport::by_target() const {
  std::map<std::size_t, std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < lines.size(); ++i) out[lines[i].target].push_back(i);
  for (auto& [target, order] : out)
    std::ranges::sort(order, {}, [this](std::size_t i) { return lines[i].time_utc_ms; });
  return out;
}

std::map<std::int64_t, std::vector<std::size_t>> HeldImport::by_gateway() const {
  std::map<std::int64_t, std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < lines.size(); ++i) out[targets[lines[i].target].gateway.value].push_back(i);
  return out;
}

Bytes HeldImport::batch(std::span<const std::size_t> which, std::int64_t now_utc_ms) const {
  BatchWriter writer(now_utc_ms);
  for (const std::size_t i : which) {
    const HistoryLine& line = lines[i];
    const HistoryTarget& target = targets[line.target];
    const std::string question =
        fmt::format("import: line {} of \"{}\", SHA-256 {}, by {}", line.number, shown.name, shown.sha256, author.name);
    Frame frame;
    frame.device_index = writer.device(target.device_uid);
    frame.protocol = Protocol::unknown;
    frame.sent_utc_ms = now_utc_ms;
    frame.received_utc_ms = now_utc_ms;
    frame.request = as_bytes(question);
    frame.response = as_bytes(line.octets);
    writer.frame(frame);
    Reading reading;
    reading.register_index = writer.register_of({target.register_name, target.unit, target.exponent, target.kind});
    reading.mantissa = line.mantissa;
    reading.time_utc_ms = line.time_utc_ms;
    reading.time_source = TimeSource::platform;
    writer.reading(reading);
  }
  Bytes out;
  writer.finish(out);
  return out;
}

void HeldImport::tell() {
  std::ranges::sort(findings, [](const HistoryFinding& a, const HistoryFinding& b) {
    return std::tuple(a.line, a.kind) < std::tuple(b.line, b.kind);
  });
  const auto count = [&](auto&& wanted) {
    return static_cast<std::size_t>(std::ranges::count_if(findings, wanted, &HistoryFinding::kind));
  };
  shown.good_lines = lines.size();
  shown.bad_lines = count(is_fault);
  shown.doubled_lines = count([](FindingKind kind) { return kind == FindingKind::doubled; });
  shown.known_lines = count([](FindingKind kind) { return kind == FindingKind::known; });
  shown.conflict_lines = count([](FindingKind kind) { return kind == FindingKind::conflict; });
  shown.findings = findings;
}

StoredComparison::StoredComparison(HeldImport& held, const std::vector<std::size_t>& order)
    : held_(held),
      order_(order),
      range_{held.lines[order.front()].time_utc_ms, held.lines[order.back()].time_utc_ms + 1} {
  for (const std::size_t i : order_) by_time_.emplace(held_.lines[i].time_utc_ms, i);
}

void StoredComparison::take(const store::Point& point) {
  const auto at = by_time_.find(point.time_utc_ms);
  if (at == by_time_.end() || has(point.quality, Quality::no_value) || has(point.quality, Quality::invalid_content))
    return;
  Seen& seen = seen_[at->second];
  if (point.mantissa == held_.lines[at->second].mantissa) {
    seen.equal = true;
  } else {
    seen.other = point.mantissa;
  }
}

void StoredComparison::finish() {
  for (const auto& [place, seen] : seen_) {
    const HistoryLine& line = held_.lines[place];
    if (seen.equal) {
      held_.add({line.number, FindingKind::known, "", "the same value is stored already: it becomes evidence"});
    } else if (seen.other) {
      const Decimal stored{*seen.other, held_.targets[line.target].exponent};
      held_.add({line.number, FindingKind::conflict, "value",
                 fmt::format("{} is stored for this time: both are kept and marked", stored.to_string())});
    }
  }
}

}  // namespace duheng::platform
