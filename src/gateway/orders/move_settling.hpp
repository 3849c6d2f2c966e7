#pragma once
#include <cstdint>

namespace duheng::gateway {

/// Where a device answers after an order that changes how it is reached, when nobody can rely on that order's own
/// answer. The new place is asked first, then the old one, and so on by turns. Pure; times are monotonic milliseconds.
class MoveSettling {
 public:
  enum class Place : std::uint8_t { new_place, old_place };
  enum class Verdict : std::uint8_t {
    open,    ///< ask again, at place()
    moved,   ///< it answers at the new place
    stayed,  ///< it answers at the old one, and did not at the new one
    lost,    ///< it answers nowhere: the time is over
  };
  /// Questions without an answer before the other place is tried.
  static constexpr std::uint32_t questions_each = 2;

  explicit MoveSettling(std::int64_t until_ms) : until_ms_(until_ms) {}
  [[nodiscard]] Place place() const noexcept { return place_; }
  /// It answered at place(), whatever it said.
  void answered() noexcept { verdict_ = place_ == Place::new_place ? Verdict::moved : Verdict::stayed; }
  /// It did not.
  void silent(std::int64_t now_ms) noexcept {
    if (verdict_ != Verdict::open) return;
    if (now_ms >= until_ms_) {
      give_up();
      return;
    }
    if (++silent_ < questions_each) return;
    silent_ = 0;
    place_ = place_ == Place::new_place ? Place::old_place : Place::new_place;
  }
  /// Nobody could ask it any more. It is looked for at the old place from now on, which is what the plan says.
  void give_up() noexcept {
    if (verdict_ != Verdict::open) return;
    verdict_ = Verdict::lost;
    place_ = Place::old_place;
  }
  [[nodiscard]] Verdict verdict() const noexcept { return verdict_; }

 private:
  std::int64_t until_ms_;
  std::uint32_t silent_ = 0;
  Place place_ = Place::new_place;
  Verdict verdict_ = Verdict::open;
};

}  // namespace duheng::gateway
