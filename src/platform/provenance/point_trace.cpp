#include "platform/provenance/point_trace.hpp"

#include <algorithm>
#include <set>

namespace duheng::platform {
namespace {

constexpr std::int64_t timeout_ms = 30'000;

store::QueryOptions query() { return {.timeout_ms = timeout_ms, .cancel = {}}; }

using Value = std::optional<store::ChainValue>;

store::ChainValue read_by_hand(const store::PointChain& chain, std::size_t link, bool at_start) {
  const store::ChainLink& one = chain.links[link];
  return {.link = link,
          .series = one.series,
          .time_utc_ms = at_start ? one.from_utc_ms : one.to_utc_ms,
          .mantissa = at_start ? *one.start_mantissa : *one.end_mantissa,
          .quality = Quality::good,
          .frame = {},
          .origin = at_start ? store::ChainValue::Origin::installation : store::ChainValue::Origin::removal};
}

/// At an exchange two values stand at one time: a part that ends there ends with its own meter's, and one that starts
/// there starts with its own.
void keep_to_link(const store::PointChain& chain, TracedLink& traced) {
  const store::ChainLink& link = chain.links[traced.link];
  const auto is_own = [&](const Value& value) { return value && value->link == traced.link; };
  Value& start = traced.part.start;
  Value& end = traced.part.end;
  if (start && !is_own(start) && link.start_mantissa) start = read_by_hand(chain, traced.link, true);
  if (end && !is_own(end) && link.end_mantissa) end = read_by_hand(chain, traced.link, false);
  for (const store::Remark& remark : traced.part.remarks) {
    if (!is_own(start) && is_own(remark.to)) start = remark.to;
    if (!is_own(end) && is_own(remark.from)) end = remark.from;
  }
}

Result<void> add_links(const store::TelemetryStore& telemetry, TracedPoint& out) {
  const store::PointChain& chain = out.question.chain;
  const store::ConsumptionInterval& asked = out.question.interval;
  for (std::size_t i = 0; i < chain.links.size(); ++i) {
    const store::ChainLink& link = chain.links[i];
    const store::ConsumptionInterval part{std::max(asked.after_utc_ms, link.from_utc_ms),
                                          std::min(asked.through_utc_ms, link.to_utc_ms)};
    if (part.after_utc_ms >= part.through_utc_ms) continue;
    TracedLink traced{.link = i, .facts = {}, .source = {}, .series = {}, .interval = part, .part = {}};
    if (i < out.question.facts.size()) traced.facts = out.question.facts[i];
    DUHENG_TRY(auto described, describe_series(telemetry, link.series));
    traced.source = std::move(described.first);
    traced.series = std::move(described.second);
    DUHENG_TRY(traced.part, store::consumption(telemetry, chain, part, out.question.options, query()));
    keep_to_link(chain, traced);
    out.links.push_back(std::move(traced));
  }
  return {};
}

/// The values on which the figure turns: where it starts and ends, each part's start and end, and both sides of
/// whatever there is a remark about.
Result<void> add_values(const store::Journal& journal, const store::TelemetryStore& telemetry, TracedPoint& out) {
  struct Wanted {
    std::int64_t time_utc_ms = 0;
    SeriesId series;
    auto operator<=>(const Wanted&) const = default;
  };
  std::set<Wanted> wanted;
  const auto add = [&](const std::optional<store::ChainValue>& value) {
    if (value && value->origin == store::ChainValue::Origin::reading)
      wanted.insert({value->time_utc_ms, value->series});
  };
  const auto add_ends = [&](const store::Consumption& of) {
    add(of.start);
    add(of.end);
  };
  add_ends(out.consumption);
  for (const TracedLink& link : out.links) add_ends(link.part);
  for (const store::Remark& remark : out.consumption.remarks) {
    add(remark.from);
    add(remark.to);
  }
  for (const Wanted& one : wanted) {
    if (out.values.size() == point_trace_limits::values_max) {
      out.values_not_traced = wanted.size() - out.values.size();
      break;
    }
    DUHENG_TRY(auto value, trace_value(journal, telemetry, one.series, one.time_utc_ms));
    out.values.push_back(std::move(value));
  }
  return {};
}

void add_rules(TracedPoint& out) {
  out.rules.push_back({"bucket", "A value stamped at the end of the interval belongs to it: (after, through].",
                       "时间戳恰在区间末尾的数值属于该区间：（起，止]。"});
  out.rules.push_back({"ratio", "What a register shows times its ratio of that time is what the point consumed.",
                       "寄存器读数乘以当时的互感器变比即为计量点用量。"});
  if (out.links.size() < 2) return;
  out.rules.push_back(
      {"exchange",
       "At an exchange the old register counts up to the reading at its removal, the new one from the reading at its "
       "installation; nothing is counted between the two. Without such a reading the register's own last or first "
       "value stands in its place, and a remark says so.",
       "换表时旧表计至拆表示数，新表自装表示数起计，两者之间不计量；缺少该示数时以表计自身最后或最初读数代替并注明。"});
  out.rules.push_back({"ratio_change", "At a change of the ratio the step is divided by the reading taken then.",
                       "变比变更时按变更时的示数分段计算。"});
}

}  // namespace

bool TracedPoint::parts_agree() const {
  if (consumption.status == store::ConsumptionStatus::not_determinable) return true;
  store::Int128 sum = 0;
  for (const TracedLink& link : links) {
    const auto added = store::checked_add(sum, link.part.amount);
    if (!added) return false;
    sum = *added;
  }
  return sum == consumption.amount;
}

bool TracedPoint::verified() const {
  return parts_agree() && !links.empty() && std::ranges::all_of(values, &TracedValue::verified);
}

Result<TracedPoint> trace_point(const store::Journal& journal, const store::TelemetryStore& telemetry,
                                PointQuestion question) {
  TracedPoint out;
  out.question = std::move(question);
  DUHENG_TRY(out.consumption,
             store::consumption(telemetry, out.question.chain, out.question.interval, out.question.options, query()));
  DUHENG_CHECK(add_links(telemetry, out));
  DUHENG_CHECK(add_values(journal, telemetry, out));
  add_rules(out);
  return out;
}

}  // namespace duheng::platform
