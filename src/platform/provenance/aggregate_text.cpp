// Hours, days, months and points traced, as text for people.
#include <algorithm>
#include <fmt/format.h>

#include "base/decimal.hpp"
#include "platform/provenance/figure_output.hpp"
#include "platform/provenance/figure_page.hpp"
#include "store/aggregates/civil_calendar.hpp"

namespace duheng::platform {
namespace {

std::string interval_text(std::int64_t after_utc_ms, std::int64_t through_utc_ms) {
  return fmt::format("({}, {}]", format_utc(after_utc_ms), format_utc(through_utc_ms));
}

void rule_lines(Page& page, const std::vector<FigureRule>& rules) {
  page.heading(0, page.pick("Rules", "规则"));
  for (const FigureRule& rule : rules)
    page.heading(1, fmt::format("[{}] {}", rule.code, page.pick(rule.english, rule.chinese)));
}

void difference_lines(Page& page, int depth, const std::vector<FieldDifference>& differences) {
  for (const FieldDifference& one : differences)
    page.heading(depth, fmt::format("{}: {} \"{}\", {} \"{}\"", one.field, page.pick("stored", "存储"), one.stored,
                                    page.pick("made anew", "重算"), one.anew));
}

std::string_view kind_text(const Page& page, store::RowMaking::Kind kind) {
  switch (kind) {
    case store::RowMaking::Kind::provisional:
      return page.pick("made provisionally", "暂算");
    case store::RowMaking::Kind::settled:
      return page.pick("settled", "定稿");
    case store::RowMaking::Kind::changed:
      return page.pick("made again after late data or an edit", "迟到数据或修订后重算");
  }
  return {};
}

std::string_view day_verdict(const Page& page, const store::CheckedDay& day) {
  using Standing = store::CheckedDay::Standing;
  if (day.is_wrong())
    return page.pick("*** DIFFERS from what its readings say ***", "*** 与读数重新计算的结果不符 ***");
  if (day.standing == Standing::frozen)
    return page.pick("stands as it is, raw readings may be gone", "原始读数可能已按保留策略删除，维持原行");
  if (day.standing == Standing::open) return page.pick("made of the readings when asked", "未定稿，查询时由读数计算");
  if (!day.differs()) return page.pick("the same when made anew", "重新计算结果相同");
  return page.pick("something came since, will be made again", "其后有新数据到达，将重新生成");
}

void day_lines(Page& page, const TracedAggregate& traced) {
  if (traced.days.empty()) return;
  page.heading(0, page.pick("Rows behind it", "构成该值的日行"));
  for (const store::CheckedDay& day : traced.days) {
    page.heading(1, fmt::format("{} ({}): {}", store::CivilCalendar::format_day(day.day), to_string(day.standing),
                                day_verdict(page, day)));
    for (const store::RowMaking& making : day.makings)
      page.heading(2, fmt::format("{} {} ({} {})", format_utc(making.made_utc_ms), kind_text(page, making.kind),
                                  page.pick("of journal records before", "基于日志记录，早于"), making.next_record));
    if (day.differs())
      difference_lines(page, 2,
                       row_differences(traced.series, day.stored.value_or(store::AggregateRow{}),
                                       day.anew.value_or(store::AggregateRow{}), traced.policy.counts_up));
  }
}

void reading_lines(Page& page, const TracedAggregate& traced) {
  page.line(0, "Readings inside", "区间内读数", std::to_string(traced.reading_count));
  for (const UsedReading& used : traced.readings)
    page.heading(1, fmt::format("{}  {}  {}  {} {}{}", format_utc(used.point.time_utc_ms),
                                value_text(used.point.mantissa, traced.series.exponent, traced.series.kind,
                                           used.point.quality, traced.series.unit),
                                to_string(used.point.quality), page.pick("frame", "报文"), used.point.frame.value,
                                used.counted ? "" : page.pick("  (not counted)", "  （不计）")));
  if (traced.reading_count > traced.readings.size())
    page.heading(1, fmt::format("... {}", traced.reading_count - traced.readings.size()));
}

void record_lines(Page& page, const RecordsBehind& records) {
  page.line(0, "Journal records behind them", "所涉日志记录",
            fmt::format("{} ({} {})", records.count, records.verified, page.pick("verified", "已验证")));
  if (records.not_looked_at > 0) page.line(1, "not looked at", "未检查", std::to_string(records.not_looked_at));
  for (const std::uint64_t number : records.unverified)
    page.line(1, "NOT VERIFIED", "未通过验证", std::to_string(number));
}

std::string ratio_text(const store::Ratio& ratio) { return fmt::format("{}/{}", ratio.numerator, ratio.denominator); }

std::string chain_value_text(const Page& page, const store::PointChain& chain,
                             const std::optional<store::ChainValue>& value) {
  if (!value) return "-";
  const store::ChainLink& link = chain.links.at(value->link);
  std::string_view origin = page.pick("read", "采集");
  if (value->origin == store::ChainValue::Origin::installation)
    origin = page.pick("read by hand at installation", "装表示数（人工）");
  if (value->origin == store::ChainValue::Origin::removal)
    origin = page.pick("read by hand at removal", "拆表示数（人工）");
  return fmt::format("{} {} @ {} ({})", Decimal{value->mantissa, link.exponent}.to_string(), link.unit,
                     format_utc(value->time_utc_ms), origin);
}

std::string amount_text(const store::Consumption& used, store::Int128 amount) {
  return fmt::format("{} {}", store::ExactAmount{amount, used.exponent, used.denominator}.to_string(), used.unit);
}

void link_lines(Page& page, const TracedPoint& traced) {
  const store::PointChain& chain = traced.question.chain;
  for (const TracedLink& one : traced.links) {
    const store::ChainLink& link = chain.links[one.link];
    page.line(0, "Meter", "表计",
              fmt::format("{} ({}, {} {})", one.facts.device_name, one.source.device_uid, page.pick("gateway", "网关"),
                          one.source.gateway.value));
    page.line(
        1, "at the point", "在此计量点",
        fmt::format("{} - {}", format_utc(link.from_utc_ms),
                    link.to_utc_ms >= store::open_end_utc_ms ? page.pick("now", "至今") : format_utc(link.to_utc_ms)));
    page.line(1, "ratio", "变比", ratio_text(link.ratio));
    if (link.start_mantissa)
      page.line(1, "reading at installation", "装表示数",
                Decimal{*link.start_mantissa, link.exponent}.to_string() + " " + link.unit);
    if (link.end_mantissa)
      page.line(1, "reading at removal", "拆表示数",
                Decimal{*link.end_mantissa, link.exponent}.to_string() + " " + link.unit);
    page.line(1, "part of the interval", "所占区间",
              interval_text(one.interval.after_utc_ms, one.interval.through_utc_ms));
    page.line(1, "from", "起", chain_value_text(page, chain, one.part.start));
    page.line(1, "to", "止", chain_value_text(page, chain, one.part.end));
    page.line(1, "brought", "用量",
              fmt::format("{} ({})", amount_text(one.part, one.part.amount), store::to_string(one.part.status)));
  }
}

}  // namespace

std::string to_text(const TracedAggregate& traced, bool chinese) {
  Page page(chinese);
  series_lines(page, traced.source, traced.series);
  page.line(
      0, "Bucket", "区间",
      fmt::format("{} {} {} ({})", traced.word(), traced.bucket.label,
                  interval_text(traced.bucket.row.after_utc_ms, traced.bucket.row.through_utc_ms), traced.time_zone));
  page.heading(0, page.pick("As answered", "所给数值"));
  for (const auto& [name, value] : row_fields(traced.series, traced.bucket.row, traced.policy.counts_up))
    page.heading(1, fmt::format("{}: {}", name, value));
  page.line(0, "Made anew", "重新计算",
            traced.same() ? page.pick("the same", "结果相同") : page.pick("*** DIFFERS ***", "*** 结果不符 ***"));
  if (!traced.same())
    difference_lines(page, 1, row_differences(traced.series, traced.bucket.row, traced.anew, traced.policy.counts_up));
  day_lines(page, traced);
  rule_lines(page, traced.rules);
  reading_lines(page, traced);
  record_lines(page, traced.records);
  for (const auto& value : traced.values) value_lines(page, 0, value);
  verdict(page, traced.verified());
  return page.take();
}

std::string to_text(const TracedPoint& traced, bool chinese) {
  Page page(chinese);
  const store::Consumption& used = traced.consumption;
  page.line(0, "Metering point", "计量点", traced.question.point_name);
  page.line(0, "Register", "数据项", traced.question.register_name);
  page.line(0, "Interval", "区间",
            interval_text(traced.question.interval.after_utc_ms, traced.question.interval.through_utc_ms));
  const bool is_known = used.status != store::ConsumptionStatus::not_determinable;
  page.line(
      0, "Consumption, computed anew", "用量（重新计算）",
      is_known ? fmt::format("{} ({})", amount_text(used, used.amount), store::to_string(used.status)) : used.reason);
  link_lines(page, traced);
  page.line(0, "The parts", "各表计用量之和",
            traced.parts_agree() ? page.pick("come to the whole", "与总量相符")
                                 : page.pick("*** DO NOT COME TO THE WHOLE ***", "*** 与总量不符 ***"));
  for (const store::Remark& remark : used.remarks) {
    page.line(0, "Remark", "说明",
              fmt::format("{} {} - {}", store::to_string(remark.kind), format_utc(remark.from_utc_ms),
                          format_utc(remark.to_utc_ms)));
    if (remark.from) page.line(1, "from", "起", chain_value_text(page, traced.question.chain, remark.from));
    if (remark.to) page.line(1, "to", "止", chain_value_text(page, traced.question.chain, remark.to));
  }
  for (const WrittenEvent& event : traced.question.events)
    page.line(0, "Written down", "登记",
              fmt::format("{} {} ({} {}, {}: {})", event.action, format_utc(event.at_utc_ms), page.pick("by", "登记人"),
                          event.author, format_utc(event.made_utc_ms), event.reason));
  rule_lines(page, traced.rules);
  for (const auto& value : traced.values) {
    series_lines(page, value.source, value.series);
    value_lines(page, 1, value);
  }
  if (traced.values_not_traced > 0)
    page.line(0, "Further values, not followed", "未追溯的其他数值", std::to_string(traced.values_not_traced));
  verdict(page, traced.verified());
  return page.take();
}

}  // namespace duheng::platform
