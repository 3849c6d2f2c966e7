#include "platform/points/consumption_chain.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::platform {
namespace {

std::int64_t end_of(const std::optional<std::int64_t>& to) {
  return std::min(to.value_or(store::open_end_utc_ms), store::open_end_utc_ms);
}

/// Series of one register by the time from which they count.
struct Begin {
  std::int64_t from_utc_ms = 0;
  store::Series series;
};

Result<std::optional<std::int64_t>> first_value(const store::TelemetryStore& telemetry, SeriesId series,
                                                const store::TimeRange& range) {
  DUHENG_TRY(const store::PointPage page, telemetry.range(series, range, 1, {}));
  return page.points.empty() ? std::nullopt : std::optional{page.points.front().time_utc_ms};
}

/// The pieces of one sender's time, cut where a later series of the same register has its first value.
Result<void> add_pieces(const store::TelemetryStore& telemetry, const store::Source& source,
                        std::string_view register_name, const store::TimeRange& time,
                        std::vector<store::ChainLink>& out) {
  std::vector<Begin> begins;
  for (const store::Series& series : telemetry.series_of(source.id)) {
    if (series.register_name != register_name || series.kind != SeriesKind::decimal) continue;
    DUHENG_TRY(const auto first, first_value(telemetry, series.id, {time.from_utc_ms + 1, time.to_utc_ms}));
    if (first) begins.push_back({*first, series});
  }
  std::ranges::sort(begins, {}, &Begin::from_utc_ms);
  for (std::size_t i = 0; i < begins.size(); ++i) {
    store::ChainLink link;
    link.series = begins[i].series.id;
    link.exponent = begins[i].series.exponent;
    link.unit = begins[i].series.unit;
    // A link's values are those stamped after its beginning.
    link.from_utc_ms = i == 0 ? time.from_utc_ms : begins[i].from_utc_ms - 1;
    link.to_utc_ms = i + 1 < begins.size() ? begins[i + 1].from_utc_ms - 1 : time.to_utc_ms;
    if (link.from_utc_ms < link.to_utc_ms) out.push_back(std::move(link));
  }
  return {};
}

Result<std::vector<store::ChainLink>> pieces_of(const store::TelemetryStore& telemetry, const PointLink& link,
                                                std::string_view register_name, const SourcesOfDevice& sources) {
  DUHENG_TRY(std::vector<SourceAssignment> assignments, sources(link.device));
  std::ranges::sort(assignments, {}, &SourceAssignment::from_utc_ms);
  std::vector<store::ChainLink> out;
  for (const SourceAssignment& assignment : assignments) {
    store::TimeRange time{std::max(link.from_utc_ms, assignment.from_utc_ms),
                          std::min(end_of(link.to_utc_ms), end_of(assignment.to_utc_ms))};
    // Two senders of one device may overlap: the earlier one goes first.
    if (!out.empty()) time.from_utc_ms = std::max(time.from_utc_ms, out.back().to_utc_ms);
    if (time.from_utc_ms >= time.to_utc_ms) continue;
    const auto source = telemetry.find_source(assignment.gateway, assignment.device_uid);
    if (source) DUHENG_CHECK(add_pieces(telemetry, *source, register_name, time, out));
  }
  return out;
}

Result<std::optional<std::int64_t>> mantissa_of(const std::optional<Decimal>& reading, std::int8_t exponent) {
  if (!reading) return std::nullopt;
  const auto rescaled = reading->rescaled(exponent);
  if (!rescaled)
    return fail(ErrorCode::invalid_argument, fmt::format("the reading {} does not fit the register's {} decimal places",
                                                         reading->to_string(), -exponent));
  return rescaled->mantissa;
}

Result<void> dress(const PointRegister& known, std::vector<store::ChainLink>& pieces) {
  for (store::ChainLink& piece : pieces) {
    piece.ratio = {known.ratio_numerator, known.ratio_denominator};
    if (known.digits) piece.register_digits = static_cast<std::uint8_t>(*known.digits);
  }
  DUHENG_TRY(pieces.front().start_mantissa, mantissa_of(known.start, pieces.front().exponent));
  DUHENG_TRY(pieces.back().end_mantissa, mantissa_of(known.end, pieces.back().exponent));
  return {};
}

}  // namespace

Result<ResolvedChain> resolve_chain(const store::TelemetryStore& telemetry, const std::vector<PointLink>& links,
                                    std::string_view register_name, const SourcesOfDevice& sources) {
  ResolvedChain out;
  bool is_known = false;
  for (const PointLink& link : links) {
    const auto known = std::ranges::find(link.registers, register_name, &PointRegister::name);
    if (known == link.registers.end()) continue;
    is_known = true;
    DUHENG_TRY(std::vector<store::ChainLink> pieces, pieces_of(telemetry, link, register_name, sources));
    if (pieces.empty()) {
      out.unread_links.push_back(link.from_utc_ms);
      continue;
    }
    DUHENG_CHECK(dress(*known, pieces));
    for (store::ChainLink& piece : pieces) {
      if (out.chain.unit.empty()) out.chain.unit = piece.unit;
      out.chain.links.push_back(std::move(piece));
    }
  }
  if (!is_known) return fail(ErrorCode::not_found, fmt::format("the point has no register {}", register_name));
  return out;
}

}  // namespace duheng::platform
