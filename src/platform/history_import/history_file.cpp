#include "platform/history_import/history_file.hpp"

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

std::size_t HistoryFile::lines_of_batch(std::span<const std::size_t> which) const {
  constexpr std::size_t frame_bytes = 512;  // what stands around a line
  std::size_t bytes = 0;
  std::size_t taken = 0;
  for (const std::size_t i : which) {
    bytes += lines[i].octets.size() + frame_bytes;
    if (taken > 0 && (taken == history_limits::lines_per_batch || bytes > history_limits::batch_bytes_wanted)) break;
    ++taken;
  }
  return taken;
}

void HistoryFile::drop_doubles() {
  std::map<std::pair<std::size_t, std::int64_t>, const HistoryLine*> first;
  std::vector<HistoryLine> kept;

  for (const HistoryLine& line : lines) {
    const auto [at, is_new] = first.try_emplace({line.target, line.time_utc_ms}, &line);
    if (is_new) {
      kept.push_back(line);
    } else if (at->second->mantissa == line.mantissa) {
      add(line.number, FindingKind::doubled, "", fmt::format("line {} says the same", at->second->number));
    } else {
      add(line.number, FindingKind::contradiction, "value",
          fmt::format("line {} says another value for the same time", at->second->number));
    }
  }
  lines = std::move(kept);
}

std::map<std::size_t, std::vector<std::size_t>> HistoryFile::by_target() const {
  std::map<std::size_t, std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < lines.size(); ++i) out[lines[i].target].push_back(i);
  for (auto& [target, order] : out)
    std::ranges::sort(order, {}, [this](std::size_t i) { return lines[i].time_utc_ms; });
  return out;
}

std::map<std::int64_t, std::vector<std::size_t>> HistoryFile::by_gateway() const {
  std::map<std::int64_t, std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < lines.size(); ++i) out[targets[lines[i].target].gateway.value].push_back(i);
  return out;
}

Bytes HistoryFile::batch(std::span<const std::size_t> which, std::int64_t now_utc_ms) const {
  BatchWriter writer(now_utc_ms);
  for (const std::size_t i : which) {
    const HistoryLine& line = lines[i];
    const HistoryTarget& target = targets[line.target];
    const std::string question =
        fmt::format("import: line {} of \"{}\", SHA-256 {}, by {}", line.number, name, sha256, author);
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

ImportCounts HistoryFile::counts() const {
  const auto of = [&](FindingKind kind) {
    return static_cast<std::size_t>(std::ranges::count(findings, to_string(kind), &ImportFinding::kind));
  };
  ImportCounts out;
  out.lines = count;
  out.good_lines = lines.size();
  out.bad_lines = static_cast<std::size_t>(std::ranges::count_if(findings, &ImportFinding::is_fault));
  out.doubled_lines = of(FindingKind::doubled);
  out.known_lines = of(FindingKind::known);
  out.conflict_lines = of(FindingKind::conflict);
  return out;
}

Bytes HistoryResume::encode() const {
  Bytes out;
  ByteWriter writer(out);
  writer.zigzag(gateway);
  writer.varint(line);
  writer.varint(lines_made);
  writer.u8(in_doubt ? 1 : 0);
  writer.varint(sequence);
  writer.varint(line_then);
  writer.varint(lines_made_then);
  return out;
}

Result<HistoryResume> HistoryResume::parse(ByteView octets) {
  HistoryResume out;
  if (octets.empty()) return out;
  ByteReader in(octets);
  out.gateway = in.zigzag();
  out.line = static_cast<std::size_t>(in.varint());
  out.lines_made = static_cast<std::size_t>(in.varint());
  out.in_doubt = in.u8() != 0;
  out.sequence = in.varint();
  out.line_then = static_cast<std::size_t>(in.varint());
  out.lines_made_then = static_cast<std::size_t>(in.varint());
  if (!in.ok() || !in.at_end()) return fail(ErrorCode::malformed, "where the import stood cannot be read");
  return out;
}

StoredComparison::StoredComparison(HistoryFile& file, const std::vector<std::size_t>& order)
    : file_(file),
      order_(order),
      range_{file.lines[order.front()].time_utc_ms, file.lines[order.back()].time_utc_ms + 1} {
  for (const std::size_t i : order_) by_time_.emplace(file_.lines[i].time_utc_ms, i);
}

void StoredComparison::take(const store::Point& point) {
  const auto at = by_time_.find(point.time_utc_ms);
  if (at == by_time_.end() || has(point.quality, Quality::no_value) || has(point.quality, Quality::invalid_content))
    return;
  Seen& seen = seen_[at->second];
  if (point.mantissa == file_.lines[at->second].mantissa) {
    seen.equal = true;
  } else {
    seen.other = point.mantissa;
  }
}

void StoredComparison::finish() {
  for (const auto& [place, seen] : seen_) {
    const HistoryLine& line = file_.lines[place];
    if (seen.equal) {
      file_.add(line.number, FindingKind::known, "", "the same value is stored already: it becomes evidence");
    } else if (seen.other) {
      const Decimal stored{*seen.other, file_.targets[line.target].exponent};
      file_.add(line.number, FindingKind::conflict, "value",
                fmt::format("{} is stored for this time: both are kept and marked", stored.to_string()));
    }
  }
}

}  // namespace duheng::platform
