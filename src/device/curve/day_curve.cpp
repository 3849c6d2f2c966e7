#include "device/curve/day_curve.hpp"

#include <utility>

namespace duheng::device {
namespace {

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

}  // namespace

std::uint64_t mixed(std::uint64_t seed, std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t z = seed + a * 0x9E3779B97F4A7C15ULL + b * 0xD1B54A32D192ED03ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

std::int64_t wander(std::uint64_t seed, std::int64_t time_ms, std::int64_t step_ms, std::int64_t amplitude) noexcept {
  const std::int64_t step = floor_divide(time_ms, step_ms);
  const auto drawn = [&](std::int64_t at) {
    const auto span = static_cast<std::uint64_t>(2 * amplitude + 1);
    return static_cast<std::int64_t>(mixed(seed, static_cast<std::uint64_t>(at)) % span) - amplitude;
  };
  const std::int64_t from = drawn(step);
  return from + (drawn(step + 1) - from) * (time_ms - step * step_ms) / step_ms;
}

std::int64_t day_of(std::int64_t local_ms) noexcept { return floor_divide(local_ms, DayCurve::day_ms); }

std::int64_t shape_at(const std::array<int, 13>& shape, int slot) noexcept {
  const int place = slot * 12;  // 0 to 12 two-hour steps over the day, in 1/128
  const auto step = static_cast<std::size_t>(place / DayCurve::slots);
  return shape[step] + (shape[step + 1] - shape[step]) * (place % DayCurve::slots) / DayCurve::slots;
}

DayCurve::DayCurve(std::uint64_t seed, std::int64_t installed_day, const Bases& bases, Factor factor)
    : seed_(seed),
      installed_day_(installed_day),
      bases_(bases),
      factor_(std::move(factor)),
      recent_{installed_day, 0, 0} {}

int DayCurve::slot_of(std::int64_t local_ms) noexcept {
  return static_cast<int>((local_ms - day_of(local_ms) * day_ms) * 1'000'000 / slot_ns);
}

DayCurve::Walk DayCurve::walk(std::int64_t day, int slot, std::int64_t within_ns) const {
  std::int64_t mean = bases_[static_cast<std::size_t>(slot)] * factor_(day);
  Walk out;
  std::int64_t length_ns = slot_ns;
  std::uint64_t node = 1;
  const std::uint64_t slot_seed =
      mixed(seed_, static_cast<std::uint64_t>(day) * slots + static_cast<std::uint64_t>(slot), 6);
  for (int level = 0; level < halvings; ++level) {
    // At most 14 % per halving: the sign never changes within a slot, so that import and export never mix in one.
    const auto share = static_cast<std::int64_t>(mixed(slot_seed, node) % 287) - 143;
    const std::int64_t given = mean * share / 1'024;
    length_ns /= 2;
    node *= 2;
    if (within_ns < length_ns) {
      mean += given;
    } else {
      out.amount += static_cast<Wide>(mean + given) * length_ns;
      within_ns -= length_ns;
      mean -= given;
      ++node;
    }
  }
  out.amount += static_cast<Wide>(mean) * within_ns;
  out.rate = mean;
  return out;
}

std::int64_t DayCurve::rate(std::int64_t local_ms) const {
  const std::int64_t day = day_of(local_ms);
  if (day < installed_day_) return 0;
  const std::int64_t in_day_ns = (local_ms - day * day_ms) * 1'000'000;
  return walk(day, static_cast<int>(in_day_ns / slot_ns), in_day_ns % slot_ns).rate;
}

const DayCurve::Sum& DayCurve::sum_until(std::int64_t day) const {
  if (day < recent_.day) recent_ = {installed_day_, 0, 0};
  for (; recent_.day < day; ++recent_.day) {
    const std::int64_t factor = factor_(recent_.day);
    recent_.factors += factor;
    recent_.active_days += factor != 0 ? 1 : 0;
  }
  return recent_;
}

DayCurve::Wide DayCurve::integral(std::int64_t local_ms) const {
  Wide out = 0;
  integrate(local_ms, [&out](int, Wide amount) { out += amount; });
  return out;
}

std::int64_t DayCurve::active_ms(std::int64_t local_ms) const {
  const std::int64_t day = day_of(local_ms);
  if (day < installed_day_) return 0;
  const std::int64_t before_ms = sum_until(day).active_days * day_ms;
  return before_ms + (factor_(day) != 0 ? local_ms - day * day_ms : 0);
}

}  // namespace duheng::device
