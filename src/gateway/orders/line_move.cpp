#include "gateway/orders/line_move.hpp"

#include <algorithm>

namespace duheng::gateway {

LineMove::LineMove(std::size_t members, Begin begin, std::int64_t until_ms)
    : members_(members), until_ms_(until_ms), may_tell_(begin != Begin::look_only) {
  if (begin == Begin::afresh) return;
  for (auto& member : members_) member.where.reset();
}

/// Of the pass that is on: whether this one is still to be told, or looked for.
bool LineMove::needs_asking(const Member& member) const noexcept {
  if (member.gone || member.where == goal_) return false;
  if (!may_tell_) return !member.where;
  return pass_ == Pass::looking || !member.stays;
}

void LineMove::enter(Pass pass, std::int64_t until_ms) {
  pass_ = pass;
  pass_until_ms_ = until_ms;
  cursor_ = 0;
  silent_ = 0;
  if (pass == Pass::telling) told_in_pass_ = false;
}

void LineMove::next_member() {
  ++cursor_;
  silent_ = 0;
}

LineMove::Step LineMove::next(std::int64_t now_ms) {
  while (true) {
    if (pass_ == Pass::over || now_ms >= until_ms_) {
      pass_ = Pass::over;
      return {};
    }
    if (pass_ == Pass::changing_over || pass_ == Pass::resting) {
      if (now_ms < pass_until_ms_) return {Step::Kind::wait, 0, goal_, pass_until_ms_};
      enter(pass_ == Pass::changing_over ? Pass::looking : Pass::telling);
    }
    while (cursor_ < members_.size() && !needs_asking(members_[cursor_])) next_member();
    if (cursor_ < members_.size()) break;
    end_pass(now_ms);
  }
  const auto& member = members_[cursor_];
  telling_now_ = pass_ == Pass::telling && may_tell_ && member.where == other(goal_);
  return {telling_now_ ? Step::Kind::tell : Step::Kind::look, cursor_, pass_ == Pass::telling ? other(goal_) : goal_,
          0};
}

void LineMove::end_pass(std::int64_t now_ms) {
  if (pass_ == Pass::telling) return enter(Pass::changing_over, told_in_pass_ ? now_ms + change_over_ms : now_ms);
  const bool all_known =
      std::ranges::none_of(members_, [&](const Member& each) { return needs_asking(each) && !each.stays; });
  if (all_known || ++round_ >= rounds_max) return enter(Pass::over);
  enter(Pass::resting, now_ms + next_round_after_ms);
}

void LineMove::answered(std::int64_t now_ms) {
  auto& member = members_.at(cursor_);
  if (telling_now_) {
    member.where.reset();
    ++member.told;
    ++member.agreed;
    told_in_pass_ = true;
    return next_member();
  }
  member.where = pass_ == Pass::telling ? other(goal_) : goal_;
  silent_ = 0;
  if (pass_ != Pass::telling || !may_tell_) return next_member();
  // Else it is told now, being heard here.
  if (member.agreed >= agreed_max || member.told >= told_max) stay(member, now_ms);
}

void LineMove::silent(std::int64_t /*now_ms*/) {
  auto& member = members_.at(cursor_);
  if (telling_now_) {  // it may have heard it
    member.where.reset();
    ++member.told;
    told_in_pass_ = true;
    return next_member();
  }
  if (++silent_ >= questions_each) next_member();
}

void LineMove::unheard() {
  if (++silent_ < questions_each) return;
  members_.at(cursor_).where.reset();
  next_member();
}

void LineMove::refused(std::int64_t now_ms) {
  if (!telling_now_) return answered(now_ms);  // whoever refuses is there
  auto& member = members_.at(cursor_);
  member.where = other(goal_);
  stay(member, now_ms);
}

void LineMove::stay(Member& member, std::int64_t now_ms) {
  member.stays = true;
  if (goal_ == Place::new_place) return turn_back(now_ms);
  next_member();  // it stays at the new place, and the line is going back: left behind
}

void LineMove::turn_back(std::int64_t now_ms) {
  goal_ = Place::old_place;
  round_ = 0;
  for (auto& member : members_) member.told = member.agreed = 0;
  // Those told a moment ago change over first.
  enter(Pass::resting, now_ms + change_over_ms);
}

LineMove::Place LineMove::final_place() const noexcept {
  const auto at_new = std::ranges::count(members_, Place::new_place, &Member::where);
  const auto at_old = std::ranges::count(members_, Place::old_place, &Member::where);
  if (!may_tell_) return at_new > 0 && at_new >= at_old ? Place::new_place : Place::old_place;
  if (goal_ == Place::old_place) return at_old == 0 && at_new > 0 ? Place::new_place : Place::old_place;
  return at_new > 0 ? Place::new_place : Place::old_place;
}

}  // namespace duheng::gateway
