// Hours, days, months and points traced, as JSON for programs.
#include <algorithm>
#include <array>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "platform/provenance/figure_json_parts.hpp"
#include "platform/provenance/figure_output.hpp"
#include "store/aggregates/civil_calendar.hpp"

namespace duheng::platform {
namespace {

Json rules_json(const std::vector<FigureRule>& rules) {
  Json out = Json::array();
  for (const FigureRule& rule : rules)
    out.push_back({{"code", rule.code}, {"text_en", rule.english}, {"text_zh", rule.chinese}});
  return out;
}

Json row_json(const TracedAggregate& traced, const std::optional<store::AggregateRow>& row) {
  if (!row) return nullptr;
  Json out = Json::array();
  for (const auto& [name, value] : row_fields(traced.series, *row, traced.policy.counts_up))
    out.push_back({{"field", name}, {"value", value}});
  return out;
}

Json differences_json(const TracedAggregate& traced, const store::AggregateRow& stored,
                      const store::AggregateRow& anew) {
  Json out = Json::array();
  for (const FieldDifference& one : row_differences(traced.series, stored, anew, traced.policy.counts_up))
    out.push_back({{"field", one.field}, {"stored", one.stored}, {"anew", one.anew}});
  return out;
}

Json day_json(const TracedAggregate& traced, const store::CheckedDay& day) {
  Json makings = Json::array();
  for (const store::RowMaking& making : day.makings)
    makings.push_back({{"kind", to_string(making.kind)},
                       {"made", format_utc(making.made_utc_ms)},
                       {"before_record", making.next_record}});
  Json out{{"day", store::CivilCalendar::format_day(day.day)},
           {"standing", to_string(day.standing)},
           {"change_waiting", day.change_waiting},
           {"makings", std::move(makings)},
           {"differs", day.differs()},
           {"wrong", day.is_wrong()},
           {"differences", Json::array()}};
  if (day.differs())
    out["differences"] =
        differences_json(traced, day.stored.value_or(store::AggregateRow{}), day.anew.value_or(store::AggregateRow{}));
  return out;
}

Json used_json(const TracedAggregate& traced, const UsedReading& used) {
  const bool is_edited = has(used.point.quality, Quality::corrected) || has(used.point.quality, Quality::estimated);
  return {{"time", format_utc(used.point.time_utc_ms)},
          {"value", value_json(used.point.mantissa, traced.series.exponent, traced.series.kind, used.point.quality)},
          {"quality", to_string(used.point.quality)},
          {"edited", is_edited},
          {"frame", used.point.frame.value == 0 ? Json(nullptr) : Json(std::to_string(used.point.frame.value))},
          {"counted", used.counted}};
}

Json records_json(const RecordsBehind& records) {
  return {{"count", records.count},
          {"verified", records.verified},
          {"not_looked_at", records.not_looked_at},
          {"unverified", records.unverified}};
}

Json chain_value_json(const store::PointChain& chain, const std::optional<store::ChainValue>& value) {
  if (!value) return nullptr;
  constexpr std::array<const char*, 3> origins{"reading", "installation", "removal"};
  return {{"time", format_utc(value->time_utc_ms)},
          {"value", Decimal{value->mantissa, chain.links.at(value->link).exponent}.to_string()},
          {"origin", origins.at(static_cast<std::size_t>(value->origin))},
          {"frame", value->frame.value == 0 ? Json(nullptr) : Json(std::to_string(value->frame.value))}};
}

std::string amount_text(const store::Consumption& used, store::Int128 amount) {
  return store::ExactAmount{amount, used.exponent, used.denominator}.to_string();
}

Json mantissa_json(const std::optional<std::int64_t>& mantissa, std::int8_t exponent) {
  return mantissa ? Json(Decimal{*mantissa, exponent}.to_string()) : Json(nullptr);
}

Json link_json(const TracedPoint& traced, const TracedLink& one) {
  const store::ChainLink& link = traced.question.chain.links[one.link];
  const bool is_open = link.to_utc_ms >= store::open_end_utc_ms;
  Json out = series_json(one.source, one.series);
  out["device_name"] = one.facts.device_name;
  out["device_address"] = one.facts.device_address;
  out["from"] = format_utc(link.from_utc_ms);
  out["to"] = is_open ? Json(nullptr) : Json(format_utc(link.to_utc_ms));
  out["ratio"] = {{"numerator", link.ratio.numerator}, {"denominator", link.ratio.denominator}};
  out["installation"] = mantissa_json(link.start_mantissa, link.exponent);
  out["removal"] = mantissa_json(link.end_mantissa, link.exponent);
  out["part_after"] = format_utc(one.interval.after_utc_ms);
  out["part_through"] = format_utc(one.interval.through_utc_ms);
  out["start"] = chain_value_json(traced.question.chain, one.part.start);
  out["end"] = chain_value_json(traced.question.chain, one.part.end);
  out["status"] = store::to_string(one.part.status);
  out["amount"] = amount_text(one.part, one.part.amount);
  return out;
}

Json remarks_json(const TracedPoint& traced) {
  Json out = Json::array();
  for (const store::Remark& remark : traced.consumption.remarks)
    out.push_back({{"kind", store::to_string(remark.kind)},
                   {"from", format_utc(remark.from_utc_ms)},
                   {"to", format_utc(remark.to_utc_ms)},
                   {"start", chain_value_json(traced.question.chain, remark.from)},
                   {"end", chain_value_json(traced.question.chain, remark.to)}});
  return out;
}

Json events_json(const TracedPoint& traced) {
  Json out = Json::array();
  for (const WrittenEvent& event : traced.question.events)
    out.push_back({{"action", event.action},
                   {"at", format_utc(event.at_utc_ms)},
                   {"made", format_utc(event.made_utc_ms)},
                   {"author", event.author},
                   {"reason", event.reason}});
  return out;
}

Json values_json(const std::vector<TracedValue>& values) {
  Json out = Json::array();
  for (const auto& value : values) out.push_back(value_json(value));
  return out;
}

}  // namespace

std::string to_json_text(const TracedAggregate& traced) {
  Json days = Json::array();
  for (const store::CheckedDay& day : traced.days) days.push_back(day_json(traced, day));
  Json readings = Json::array();
  for (const UsedReading& used : traced.readings) readings.push_back(used_json(traced, used));
  Json out = series_json(traced.source, traced.series);
  out["bucket"] = traced.word();
  out["label"] = traced.bucket.label;
  out["after"] = format_utc(traced.bucket.row.after_utc_ms);
  out["through"] = format_utc(traced.bucket.row.through_utc_ms);
  out["time_zone"] = traced.time_zone;
  out["counts_up"] = traced.policy.counts_up;
  out["row"] = row_json(traced, traced.bucket.row);
  out["same"] = traced.same();
  out["differences"] = differences_json(traced, traced.bucket.row, traced.anew);
  out["days"] = std::move(days);
  out["rules"] = rules_json(traced.rules);
  out["reading_count"] = traced.reading_count;
  out["readings"] = std::move(readings);
  out["records"] = records_json(traced.records);
  out["values"] = values_json(traced.values);
  out["verified"] = traced.verified();
  return out.dump();
}

std::string to_json_text(const TracedPoint& traced) {
  const store::Consumption& used = traced.consumption;
  const bool is_known = used.status != store::ConsumptionStatus::not_determinable;
  Json links = Json::array();
  for (const TracedLink& link : traced.links) links.push_back(link_json(traced, link));
  return Json{{"point", traced.question.point_name},
              {"register", traced.question.register_name},
              {"unit", used.unit},
              {"after", format_utc(traced.question.interval.after_utc_ms)},
              {"through", format_utc(traced.question.interval.through_utc_ms)},
              {"status", store::to_string(used.status)},
              {"reason", used.reason},
              {"amount", is_known ? Json(amount_text(used, used.amount)) : Json(nullptr)},
              {"links", std::move(links)},
              {"parts_agree", traced.parts_agree()},
              {"remarks", remarks_json(traced)},
              {"events", events_json(traced)},
              {"rules", rules_json(traced.rules)},
              {"values", values_json(traced.values)},
              {"values_not_traced", traced.values_not_traced},
              {"verified", traced.verified()}}
      .dump();
}

}  // namespace duheng::platform
