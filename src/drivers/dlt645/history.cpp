#include "drivers/dlt645/history.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::drivers {
namespace {

using dlt645::DataDescription;
using dlt645::DataIdentifier;

template <class Plan>
class PlanOf final : public HistoryPlan {
 public:
  explicit PlanOf(Plan plan) : plan_(std::move(plan)) {}
  [[nodiscard]] std::unique_ptr<HistoryRun> begin(const HistoryRange& range) const override {
    return begin_run(plan_, range);
  }

 private:
  Plan plan_;
};

/// Fills in what the table says of a field.
void shape_from(const ConfigNode& item, ItemShape& shape, const dlt645::FieldFormat& format, std::string_view key) {
  const auto kind = series_kind_of(format.kind);
  if (!kind) return item.reject(key, "holds text or raw octets, which no register can hold");
  shape.kind = *kind;
  reject_unless_agreed(item, shape, unit_of(format), format.exponent);
}

std::shared_ptr<const HistoryPlan> profile_of(const ConfigNode& node, const std::vector<ConfigNode>& items,
                                              std::vector<ItemShape>& shapes) {
  ProfilePlan plan;
  plan.record_class = static_cast<std::uint8_t>(node.integer("record_class", {0, 6}, 0));
  plan.records_max = static_cast<std::uint8_t>(node.integer("records_max", {1, 8}, 8));
  constexpr std::int64_t minute_ms = 60'000;
  constexpr std::int64_t day_ms = 1'440 * minute_ms;
  plan.interval_ms = node.integer("interval_ms", {minute_ms, day_ms}, minute_ms);
  plan.depth_ms = node.integer("depth_days", {1, 3'660}, 1) * day_ms;
  const auto what = dlt645::describe(DataIdentifier{0x06000001});
  for (std::uint32_t i = 0; i < items.size() && what; ++i) {
    const auto texts = what->rule->field_texts;
    const auto found = std::ranges::find(texts, shapes[i].register_name, &dlt645::FieldText::name);
    if (found == texts.end() || found == texts.begin()) {
      items[i].reject("register", "is no part of a load record");
      continue;
    }
    const auto field = static_cast<std::uint8_t>(found - texts.begin());
    shape_from(items[i], shapes[i], what->fields()[field], "register");
    plan.fields.push_back({i, 0, field});
  }
  return std::make_shared<PlanOf<ProfilePlan>>(std::move(plan));
}

std::optional<DataDescription> counted_description(const ConfigNode& item) {
  const auto identifier = DataIdentifier::parse(item.text("di"));
  const auto what = identifier ? dlt645::describe(*identifier) : std::unexpected(dlt645::DecodeError{});
  if (what && identifier->di(0) == 1) return *what;
  item.reject("di", "must be eight hexadecimal digits, DI3 first, of the last record: it ends in 01");
  return std::nullopt;
}

/// Items of one identifier share a question.
std::vector<CountedRead> counted_reads(const std::vector<ConfigNode>& items, std::vector<ItemShape>& shapes,
                                       dlt645::DataGroup group) {
  std::vector<CountedRead> out;
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    const auto what = counted_description(items[i]);
    if (!what) continue;
    const auto element = static_cast<std::uint8_t>(items[i].integer("element", {0, 254}, 0));
    const bool fits = what->group == group && what->field_count == 1 &&
                      element < (what->is_block() ? dlt645::elements_max(what->layout) : 1);
    if (!fits) {
      items[i].reject("di", "is nothing of this kind that a register can hold");
      continue;
    }
    shape_from(items[i], shapes[i], what->fields().front(), "di");
    auto read = std::ranges::find(out, what->identifier, &CountedRead::identifier);
    if (read == out.end()) read = out.insert(out.end(), {what->identifier, {}});
    read->fields.push_back({i, element, 0});
  }
  return out;
}

std::shared_ptr<const HistoryPlan> freezes_of(const ConfigNode& node, const std::vector<ConfigNode>& items,
                                              std::vector<ItemShape>& shapes) {
  FreezePlan plan;
  plan.count_max = static_cast<std::uint8_t>(node.integer("records_max", {1, 254}, 62));
  plan.reads = counted_reads(items, shapes, dlt645::DataGroup::freeze);
  for (const auto& read : plan.reads) {
    if (read.identifier.di(2) != plan.reads.front().identifier.di(2))
      node.reject("items", "must be of one kind of freeze");
  }
  if (!plan.reads.empty()) plan.kind = plan.reads.front().identifier.di(2);
  return std::make_shared<PlanOf<FreezePlan>>(std::move(plan));
}

std::shared_ptr<const HistoryPlan> settlements_of(const ConfigNode& node, const std::vector<ConfigNode>& items,
                                                  std::vector<ItemShape>& shapes) {
  SettlementPlan plan;
  plan.count_max = static_cast<std::uint8_t>(node.integer("records_max", {1, 12}, 12));
  plan.reads = counted_reads(items, shapes, dlt645::DataGroup::energy);
  return std::make_shared<PlanOf<SettlementPlan>>(std::move(plan));
}

constexpr std::uint8_t first_event_group = 0x10;

/// The part that an item names, by its number in the table; nothing, and rejected, when the group has none such.
std::optional<EventPart> event_part(const ConfigNode& item, ItemShape& shape, const GroupEventPlan& plan) {
  constexpr std::uint32_t group_and_phase = 0xFFFF0000;
  constexpr std::uint8_t begin_part = 1;
  const auto number = from_hex(item.text("part"));
  const auto part = number && number->size() == 1 ? number->front() : std::uint8_t{0};
  const auto what = dlt645::describe(
      DataIdentifier{(plan.begin.value & group_and_phase) | static_cast<std::uint32_t>(part) << 8 | 1U});
  if (part == 0 || !what || what->fields().front().kind == dlt645::FieldKind::raw) {
    item.reject("part", "must be two hexadecimal digits, DI1 of a part that events of this group have");
    return std::nullopt;
  }
  EventPart out;
  out.part = part;
  out.is_time = part == begin_part || part == plan.end_part;
  constexpr std::uint8_t last_at_begin = 0x20;
  constexpr std::uint8_t last_at_begin_of_no_phase = 0x11;
  const bool of_phase = plan.begin.di(2) != 0;
  out.of_end = part > (of_phase ? last_at_begin : last_at_begin_of_no_phase);
  if (out.is_time) {
    shape.kind = SeriesKind::event;
    out.code = item.integer("code", {0, INT32_MAX}, 1);
  } else {
    shape_from(item, shape, what->fields().front(), "part");
  }
  return out;
}

/// Groups 10H..1CH: `di` is the last event's beginning, e.g. 10010101.
std::shared_ptr<const HistoryPlan> group_events_of(const ConfigNode& node, GroupEventPlan plan,
                                                   const std::vector<ConfigNode>& items,
                                                   std::vector<ItemShape>& shapes) {
  constexpr std::array<std::uint8_t, 13> ends{0x25, 0x25, 0x25, 0x25, 0x12, 0x12, 0x13,
                                              0x13, 0x21, 0x21, 0x21, 0x21, 0x21};  // of 10H, 11H ... 1CH
  plan.end_part = ends.at(plan.begin.di(3) - first_event_group);
  const auto what = dlt645::describe(plan.begin);
  if (!what || plan.begin.di(1) != 1 || what->fields().front().kind != dlt645::FieldKind::date_time) {
    node.reject("di", "must name the beginning of the last event, e.g. 10010101, or 14000101 where it has no phase");
    return nullptr;
  }
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    auto part = event_part(items[i], shapes[i], plan);
    if (!part) continue;
    part->item = i;
    plan.parts.push_back(*part);
  }
  return std::make_shared<PlanOf<GroupEventPlan>>(std::move(plan));
}

std::shared_ptr<const HistoryPlan> events_of(const ConfigNode& node, const std::vector<ConfigNode>& items,
                                             std::vector<ItemShape>& shapes) {
  EventPlan plan;
  plan.count_max = static_cast<std::uint8_t>(node.integer("records_max", {1, 254}, 10));
  const auto what = counted_description(node);
  if (!what) return nullptr;
  if (what->group != dlt645::DataGroup::event) node.reject("di", "is no event record");
  plan.identifier = what->identifier;
  constexpr std::uint8_t last_group = 0x1C;
  if (plan.identifier.di(3) >= first_event_group && plan.identifier.di(3) <= last_group) {
    GroupEventPlan group;
    group.begin = plan.identifier;
    group.count_max = std::min(plan.count_max, group.count_max);
    return group_events_of(node, std::move(group), items, shapes);
  }
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    shapes[i].kind = SeriesKind::event;
    plan.times.push_back({i, static_cast<std::uint8_t>(items[i].integer("time_at", {0, 200})),
                          items[i].integer("code", {0, INT32_MAX}, 1)});
  }
  return std::make_shared<PlanOf<EventPlan>>(std::move(plan));
}

}  // namespace

std::shared_ptr<const HistoryPlan> dlt645_history(const ConfigNode& node, const std::vector<ConfigNode>& items,
                                                  std::vector<ItemShape>& shapes) {
  const std::string kind = node.text("kind");
  if (kind == "profile") return profile_of(node, items, shapes);
  std::shared_ptr<const HistoryPlan> plan;
  if (kind == "daily_freeze") plan = freezes_of(node, items, shapes);
  if (kind == "monthly_freeze") plan = settlements_of(node, items, shapes);
  if (kind == "events") plan = events_of(node, items, shapes);
  return plan;
}

}  // namespace duheng::drivers
