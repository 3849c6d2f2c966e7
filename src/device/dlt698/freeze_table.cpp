#include "device/dlt698/freeze_table.hpp"

#include <algorithm>
#include <array>

#include "device/dlt698/calendar.hpp"

namespace duheng::device::meter698 {
namespace {

using dlt698::Oad;

constexpr Oad of(std::uint32_t value) { return Oad::from(value); }
constexpr std::array registers{of(0x00000200), of(0x00100200), of(0x00200200)};
constexpr std::array profile{of(0x00100201), of(0x00200201), of(0x20000200), of(0x20010200),
                             of(0x20040200), of(0x20050200), of(0x200A0200), of(0x200F0200)};
constexpr std::array hourly{of(0x00000200), of(0x00100200), of(0x00200200), of(0x20040200)};

constexpr std::int64_t minute_ms = 60'000;
constexpr std::array objects{
    FreezeObject{0x5000, FreezeKind::instant, 0, 0, State::instants_max, profile},
    FreezeObject{0x5002, FreezeKind::periodic, 15 * minute_ms, 15, 366 * 96, profile},
    FreezeObject{0x5003, FreezeKind::periodic, 60 * minute_ms, 1, 366 * 24, hourly},
    FreezeObject{0x5004, FreezeKind::periodic, day_ms, 1, 366, registers},
    FreezeObject{0x5005, FreezeKind::settlement, 0, 1, 12, registers},
    FreezeObject{0x5006, FreezeKind::monthly, 0, 1, 24, registers},
};

std::int64_t rounded_up(std::int64_t value, std::int64_t divisor) {
  const std::int64_t quotient = value / divisor;
  return quotient + (value % divisor > 0 ? 1 : 0);
}

}  // namespace

std::span<const FreezeObject> freeze_objects() noexcept { return objects; }

const FreezeObject* find_freeze_object(std::uint16_t oi) noexcept {
  for (const auto& object : objects)
    if (object.oi == oi) return &object;
  return nullptr;
}

FreezeRecords::FreezeRecords(const FreezeObject& object, const State& state, std::int64_t installed_local_ms,
                             std::int64_t known_from_local_ms, std::int64_t now_local_ms, std::int64_t zone_ms)
    : object_(&object) {
  if (now_local_ms < known_from_local_ms) return;
  switch (object.kind) {
    case FreezeKind::periodic:
      base_ = installed_local_ms;
      end_ = (now_local_ms - base_) / object.period_ms + 1;
      first_ = rounded_up(known_from_local_ms - base_, object.period_ms);
      break;
    case FreezeKind::monthly:
      base_ = month_of(installed_local_ms - 1) + 1;
      end_ = month_of(now_local_ms) - base_ + 1;
      first_ = month_of(known_from_local_ms - 1) + 1 - base_;
      break;
    case FreezeKind::settlement:
      list_settlements(state, installed_local_ms, known_from_local_ms, now_local_ms);
      break;
    case FreezeKind::instant:
      for (std::size_t i = 0; i < state.instants_utc_ms.size(); ++i)
        listed_.push_back({state.instants_dropped + static_cast<std::uint32_t>(i), state.instants_utc_ms[i] + zone_ms});
      break;
  }
  if (!listed_.empty()) end_ = static_cast<std::int64_t>(listed_.size());
  first_ = std::max(first_, end_ - object.depth);
}

/// By each rule while it held; numbers count from the first that was settled since installation.
void FreezeRecords::list_settlements(const State& state, std::int64_t installed_local_ms,
                                     std::int64_t known_from_local_ms, std::int64_t now_local_ms) {
  std::vector<std::int64_t> moments;
  const std::int64_t last_month = month_of(now_local_ms);
  for (std::size_t i = 0; i < state.settlements.size(); ++i) {
    const auto& rule = state.settlements[i];
    const std::int64_t from = std::max(rule.from_local_ms, installed_local_ms);
    const std::int64_t until =
        std::min(now_local_ms, i + 1 < state.settlements.size() ? state.settlements[i + 1].from_local_ms : never_ms);
    for (std::int64_t month = month_of(from); month <= last_month; ++month)
      for (const auto& day : rule.days) {
        const std::int64_t moment = month_day_ms(month, day.day) + day.hour * 3'600'000LL;
        if (moment >= from && moment <= until) moments.push_back(moment);
      }
  }
  std::ranges::sort(moments);
  moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
  for (std::size_t i = 0; i < moments.size(); ++i)
    if (moments[i] >= known_from_local_ms) listed_.push_back({static_cast<std::uint32_t>(i), moments[i]});
}

std::int64_t FreezeRecords::moment_of(std::int64_t number) const {
  if (object_->kind == FreezeKind::monthly) return month_day_ms(base_ + number);
  return base_ + number * object_->period_ms;
}

void FreezeRecords::narrow(const MomentBounds& bounds) {
  // Moments rise with the place, so that both ends are found by halving.
  const auto first_where = [&](auto&& reached) {
    std::int64_t low = first_;
    std::int64_t high = end_;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      const FrozenMoment moment = listed_.empty() ? FrozenMoment{static_cast<std::uint32_t>(middle), moment_of(middle)}
                                                  : listed_[static_cast<std::size_t>(middle)];
      if (reached(moment))
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  };
  const std::int64_t from = first_where([&](const FrozenMoment& moment) {
    return moment.local_ms >= bounds.from_local_ms && moment.number >= bounds.from_number;
  });
  const std::int64_t to = first_where([&](const FrozenMoment& moment) {
    return moment.local_ms >= bounds.to_local_ms || moment.number >= bounds.to_number;
  });
  first_ = from;
  end_ = std::max(from, to);
}

void FreezeRecords::keep_last(std::uint32_t count) {
  first_ = std::max(first_, end_ - static_cast<std::int64_t>(count));
}

void FreezeRecords::keep_nth_last(std::uint32_t n) {
  const std::int64_t place = end_ - static_cast<std::int64_t>(n);
  if (n == 0 || place < first_) {
    end_ = first_;
    return;
  }
  first_ = place;
  end_ = place + 1;
}

void FreezeRecords::thin(std::uint32_t stride) { stride_ = stride; }

std::size_t FreezeRecords::size() const noexcept {
  return end_ <= first_ ? 0 : static_cast<std::size_t>((end_ - first_ - 1) / stride_ + 1);
}

FrozenMoment FreezeRecords::at(std::size_t place) const {
  const std::int64_t number = first_ + static_cast<std::int64_t>(place) * stride_;
  if (!listed_.empty()) return listed_[static_cast<std::size_t>(number)];
  return {static_cast<std::uint32_t>(number), moment_of(number)};
}

}  // namespace duheng::device::meter698
