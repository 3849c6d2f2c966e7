#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace duheng::gateway {

/// Taking all devices of one serial line to a new speed or parity, one by one, when nobody can rely on any answer and
/// each device that has followed is deaf at the old one. What to do next, and where each device is in the end.
///
/// Every device that is not known to be at the goal is told at the other speed, then looked for at the goal. One that
/// is missing there is looked for at the other speed and, heard there, told again. One that refuses, or says yes and
/// stays, turns the whole line back: a device that nobody reads any more is worse than a line that stays slow. A device
/// that answers nowhere turns nobody back; it was silent before, or has to be looked after on the spot.
///
/// Where telling takes a question before (a CONNECT), and that is not answered, the device was told nothing.
/// A device is told anew only after it was heard at the place it is to leave. Pure; times are monotonic milliseconds.
class LineMove {
 public:
  enum class Place : std::uint8_t { old_place, new_place };
  [[nodiscard]] static constexpr Place other(Place place) noexcept {
    return place == Place::old_place ? Place::new_place : Place::old_place;
  }
  struct Step {
    enum class Kind : std::uint8_t {
      tell,  ///< tell the device, at `at`, to go to the other place
      look,  ///< ask it something harmless, at `at`
      wait,  ///< until `wait_until_ms`
      over,
    };
    Kind kind = Kind::over;
    std::size_t member = 0;
    Place at = Place::old_place;
    std::int64_t wait_until_ms = 0;
  };
  struct Member {
    std::optional<Place> where = Place::old_place;  ///< nothing: not known
    std::uint32_t told = 0;                         ///< on the present way
    std::uint32_t agreed = 0;                       ///< of these, how often it said yes
    bool stays = false;                             ///< it refused, or said yes and did not go
    bool gone = false;                              ///< nobody can ask it any more
  };
  static constexpr std::uint32_t questions_each = 2;  ///< without an answer before a device counts as not there
  static constexpr std::uint32_t rounds_max = 4;      ///< each way
  static constexpr std::uint32_t agreed_max = 2;      ///< it said yes so often and is still there: it stays
  static constexpr std::uint32_t told_max = 3;        ///< likewise, whatever it said
  static constexpr std::int64_t change_over_ms = 1'000;
  static constexpr std::int64_t next_round_after_ms = 2'000;

  enum class Begin : std::uint8_t {
    afresh,     ///< nobody was told anything: all are at the old place
    anew,       ///< after a restart: they may be anywhere, and are told where they are heard
    look_only,  ///< after a restart that others did not survive: find out, tell nobody
  };
  LineMove(std::size_t members, Begin begin, std::int64_t until_ms);

  [[nodiscard]] Step next(std::int64_t now_ms);
  // What became of the step that next() gave last; a step of which nothing is told is given again.
  void answered(std::int64_t now_ms);
  void silent(std::int64_t now_ms);
  void refused(std::int64_t now_ms);
  /// What had to be said before it could be told was not answered: it was told nothing.
  void unheard();
  /// The device can be asked no more.
  void gone(std::size_t member) { members_.at(member).gone = true; }

  [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }
  [[nodiscard]] bool turned_back() const noexcept { return goal_ == Place::old_place; }
  /// Where the line is to be when all is over: where its devices are.
  [[nodiscard]] Place final_place() const noexcept;

 private:
  enum class Pass : std::uint8_t { telling, changing_over, looking, resting, over };
  [[nodiscard]] bool needs_asking(const Member& member) const noexcept;
  void end_pass(std::int64_t now_ms);
  void enter(Pass pass, std::int64_t until_ms = 0);
  void next_member();
  void stay(Member& member, std::int64_t now_ms);
  void turn_back(std::int64_t now_ms);

  std::vector<Member> members_;
  std::int64_t until_ms_;
  Place goal_ = Place::new_place;
  Pass pass_ = Pass::telling;
  bool may_tell_ = true;
  bool told_in_pass_ = false;
  bool telling_now_ = false;  // the step given last
  std::uint32_t round_ = 0;
  std::uint32_t silent_ = 0;
  std::size_t cursor_ = 0;
  std::int64_t pass_until_ms_ = 0;
};

}  // namespace duheng::gateway
