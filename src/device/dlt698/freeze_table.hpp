#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codec/dlt698/value.hpp"
#include "device/dlt698/state.hpp"

namespace duheng::device::meter698 {

enum class FreezeKind : std::uint8_t { instant, periodic, settlement, monthly };

/// A freeze object: what it freezes, how often, how far back it remembers.
struct FreezeObject {
  std::uint16_t oi = 0;
  FreezeKind kind = FreezeKind::periodic;
  std::int64_t period_ms = 0;  ///< periodic
  std::uint16_t period = 0;    ///< as attribute 3 tells it: minutes, hours, days, months
  std::uint16_t depth = 0;     ///< records kept
  std::span<const dlt698::Oad> columns;
};
[[nodiscard]] std::span<const FreezeObject> freeze_objects() noexcept;
[[nodiscard]] const FreezeObject* find_freeze_object(std::uint16_t oi) noexcept;

/// One frozen moment; local time is true time, not the meter's own clock's.
struct FrozenMoment {
  std::uint32_t number = 0;  ///< 0, 1, 2 ... since installation
  std::int64_t local_ms = 0;
};
/// Which records are wanted, by time and number; ends are outside.
struct MomentBounds {
  std::int64_t from_local_ms = always_ms;
  std::int64_t to_local_ms = never_ms;
  std::int64_t from_number = 0;
  std::int64_t to_number = INT64_MAX;
};

/// The records of one freeze object at one moment: a run of numbers, never a list of a year's moments.
class FreezeRecords {
 public:
  /// `known_from_local_ms`: nothing can be told of moments before it. `now_local_ms` in true time.
  FreezeRecords(const FreezeObject& object, const State& state, std::int64_t installed_local_ms,
                std::int64_t known_from_local_ms, std::int64_t now_local_ms, std::int64_t zone_ms);

  /// Leaves only what lies within the bounds.
  void narrow(const MomentBounds& bounds);
  /// Leaves the newest `count`.
  void keep_last(std::uint32_t count);
  /// Leaves the n-th last, n from 1; nothing when there are fewer.
  void keep_nth_last(std::uint32_t n);
  /// Leaves those that stand a multiple of `stride` from the first.
  void thin(std::uint32_t stride);

  [[nodiscard]] std::size_t size() const noexcept;
  /// `place` from 0, the oldest first.
  [[nodiscard]] FrozenMoment at(std::size_t place) const;

 private:
  void list_settlements(const State& state, std::int64_t installed_local_ms, std::int64_t known_from_local_ms,
                        std::int64_t now_local_ms);
  [[nodiscard]] std::int64_t moment_of(std::int64_t number) const;

  const FreezeObject* object_;
  std::int64_t base_ = 0;  // local time of number 0; monthly: the month
  std::int64_t first_ = 0;
  std::int64_t end_ = 0;
  std::int64_t stride_ = 1;
  std::vector<FrozenMoment> listed_;  // instant, settlement: all there are
};

}  // namespace duheng::device::meter698
