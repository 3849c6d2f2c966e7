// Settlements of the last twelve months: D120 to D12B.
#include <algorithm>
#include <array>

#include "drivers/cjt188/dialect.hpp"
#include "drivers/cjt188/values.hpp"
#include "drivers/protocol/operations.hpp"
#include "drivers/protocol/settlement_days.hpp"

namespace duheng::drivers {
namespace {

using cjt188::DataIdentifier;
namespace identifiers = cjt188::identifiers;

constexpr std::size_t settlements_kept = 12;
constexpr std::int64_t settle_ms = 10 * 60'000;

/// The settlement day, then the settlements, oldest first. When they were made follows from the day: the meter does not
/// say it.
class SettlementRun final : public HistoryRun {
 public:
  SettlementRun(const Cjt188Settings& settings, std::size_t count_max, const HistoryRange& range)
      : settings_(settings), count_max_(count_max), range_(range), complete_utc_ms_(range.from_utc_ms) {}

  [[nodiscard]] std::optional<Query> next() override {
    if (done_) return std::nullopt;
    return cjt188_read(settings_.meter_type, *settings_.profile, asked());
  }
  [[nodiscard]] bool answered(ByteView payload, std::vector<HistoryValue>& out) override {
    if (done_) return false;
    cjt188::ValueList values;
    const cjt188::Message message(asked(), settings_.meter_type, payload);
    const auto layout = cjt188::find_layout(message);
    const bool readable =
        layout && (cjt188::decode_values(**layout, payload, *settings_.profile, values) || !values.empty());
    if (!knows_day_) {
      take_day(values.find(cjt188::FieldRole::day));
      return readable;
    }
    if (const auto* value = values.find(cjt188::FieldRole::settlement_value)) {
      const ItemValue item = cjt188_item_value(0, *value);
      out.push_back({0, item.state, item.mantissa, item.exponent, item.unit, places_.back().utc_ms});
    }
    next_place();
    return readable;
  }
  /// The standard leaves the reasons to the makers: a meter that refuses a month has none.
  [[nodiscard]] bool refused(std::uint32_t /*error*/) override {
    if (done_ || !knows_day_) {
      done_ = true;
      return false;
    }
    next_place();
    return true;
  }
  [[nodiscard]] std::int64_t complete_through_utc_ms() const override { return complete_utc_ms_; }

 private:
  struct Place {
    std::uint16_t back;
    std::int64_t utc_ms;
  };
  [[nodiscard]] DataIdentifier asked() const {
    if (!knows_day_) return identifiers::settlement_day;
    return {static_cast<std::uint16_t>(identifiers::settlement_last_month.value + places_.back().back)};
  }
  void take_day(const cjt188::Value* value) {
    const bool is_good =
        value != nullptr && value->state == cjt188::ValueState::good && value->mantissa >= 1 && value->mantissa <= 28;
    const std::array days{SettlementDay{is_good ? static_cast<int>(value->mantissa) : 1, 0}};
    if (!is_good || settles_about_now(days, range_.now_utc_ms, range_.zone_offset_minutes)) {
      done_ = true;
      return;
    }
    knows_day_ = true;
    const auto stamps = last_settlements(days, count_max_, range_.now_utc_ms, range_.zone_offset_minutes);
    for (std::size_t i = 0; i < stamps.size(); ++i)
      if (stamps[i] > range_.from_utc_ms && stamps[i] <= range_.to_utc_ms)
        places_.push_back({static_cast<std::uint16_t>(i), stamps[i]});
    if (places_.empty()) finish();
  }
  void next_place() {
    complete_utc_ms_ = std::max(complete_utc_ms_, places_.back().utc_ms);
    places_.pop_back();
    if (places_.empty()) finish();
  }
  void finish() {
    complete_utc_ms_ = std::max(complete_utc_ms_, std::min(range_.to_utc_ms, range_.now_utc_ms - settle_ms));
    done_ = true;
  }

  Cjt188Settings settings_;
  std::size_t count_max_;
  HistoryRange range_;
  bool knows_day_ = false;
  bool done_ = false;
  std::vector<Place> places_;  // newest first
  std::int64_t complete_utc_ms_;
};

class SettlementPlan final : public HistoryPlan {
 public:
  SettlementPlan(const Cjt188Settings& settings, std::size_t count_max) : settings_(settings), count_max_(count_max) {}
  [[nodiscard]] std::unique_ptr<HistoryRun> begin(const HistoryRange& range) const override {
    return std::make_unique<SettlementRun>(settings_, count_max_, range);
  }

 private:
  Cjt188Settings settings_;
  std::size_t count_max_;
};

}  // namespace

std::shared_ptr<const HistoryPlan> cjt188_history(const Cjt188Settings& settings, const ConfigNode& node,
                                                  const std::vector<ConfigNode>& items,
                                                  std::vector<ItemShape>& shapes) {
  const std::string kind = node.text("kind");
  if (kind == "events") return cjt188_event_log(settings, node, items, shapes);
  if (kind != "monthly_freeze") node.reject("kind", "these meters keep settlements and events: monthly_freeze, events");
  const auto count_max = static_cast<std::size_t>(node.integer("records_max", {1, settlements_kept}, settlements_kept));
  if (items.size() != 1) node.reject("items", "must be one: a settlement holds one value");
  if (!items.empty()) {
    shapes[0].unit = items[0].text("unit", "");
    shapes[0].exponent = static_cast<std::int8_t>(items[0].integer("exponent", {-18, 18}, 0));
  }
  return std::make_shared<SettlementPlan>(settings, count_max);
}

}  // namespace duheng::drivers
