#include <algorithm>
#include <utility>

#include "store/consumption/consumption.hpp"
#include "store/consumption/good_values.hpp"

namespace duheng::store {
namespace {

using Origin = ChainValue::Origin;

constexpr std::array<std::string_view, remark_kinds> remark_names{"roll_over",
                                                                  "exchange",
                                                                  "ratio_change",
                                                                  "reset",
                                                                  "gap",
                                                                  "conflict",
                                                                  "corrected",
                                                                  "estimated",
                                                                  "decrease_unexplained",
                                                                  "increase_implausible",
                                                                  "no_start_value",
                                                                  "not_read_to_end",
                                                                  "no_removal_value",
                                                                  "no_installation_value",
                                                                  "ratio_change_not_split",
                                                                  "no_register"};

StepEnd step_end(const ChainValue& value) { return {value.time_utc_ms, value.mantissa, value.quality}; }

}  // namespace

std::string_view to_string(RemarkKind kind) noexcept {
  const auto index = static_cast<std::size_t>(kind);
  return index < remark_names.size() ? remark_names[index] : "unknown";
}

std::string_view to_string(ConsumptionStatus status) noexcept {
  switch (status) {
    case ConsumptionStatus::complete:
      return "complete";
    case ConsumptionStatus::partly:
      return "partly";
    case ConsumptionStatus::not_determinable:
      return "not_determinable";
  }
  return "unknown";
}

struct ConsumptionWalk::State {
  PointChain chain;
  ConsumptionInterval interval;
  ConsumptionOptions options;
  ChainScale scale;
  std::size_t link = 0;
  std::optional<ChainValue> last;       // the last good value of the register in use
  std::optional<ChainValue> latest;     // the last good value of the chain
  std::int64_t unread_from_utc_ms = 0;  // since when the register in use has had no value
  RemarkKind unread_kind = RemarkKind::no_start_value;
  std::int64_t fed_through_utc_ms = -open_end_utc_ms;
  Consumption out;

  [[nodiscard]] const ChainLink& here() const { return chain.links[link]; }
  [[nodiscard]] bool inside(std::int64_t time_utc_ms) const {
    return time_utc_ms > interval.after_utc_ms && time_utc_ms <= interval.through_utc_ms;
  }
  [[nodiscard]] ChainValue told_by_person(std::int64_t time_utc_ms, std::int64_t mantissa, Origin origin) const {
    return {link, here().series, time_utc_ms, mantissa, Quality::good, {}, origin};
  }

  void remark(const Remark& remark);
  void remark_time(RemarkKind kind, std::int64_t from_utc_ms, std::int64_t to_utc_ms);
  void remark_boundary(std::optional<std::int64_t> value);
  void open_link();
  void note_start(std::int64_t next_utc_ms);
  [[nodiscard]] Result<void> close_link();
  [[nodiscard]] Result<void> move_to(std::size_t target);
  [[nodiscard]] Result<void> take(const ChainValue& value);
  [[nodiscard]] Result<void> account(const ChainValue& from, const ChainValue& to);
  [[nodiscard]] Result<void> add_amounts(const ChainValue& from, const ChainValue& to, Int128 amount);
  void remark_step(const ChainValue& from, const ChainValue& to, StepKind kind, Int128 amount);
  [[nodiscard]] Result<void> take_time(const GoodValue& good);
  [[nodiscard]] Result<void> walk_to_end();
  void settle_status();
};

void ConsumptionWalk::State::remark(const Remark& remark) {
  ++out.remark_counts[static_cast<std::size_t>(remark.kind)];
  if (out.remarks.size() < options.remarks_max) out.remarks.push_back(remark);
}

/// A remark on a stretch of time, cut to the interval; nothing when they do not meet.
void ConsumptionWalk::State::remark_time(RemarkKind kind, std::int64_t from_utc_ms, std::int64_t to_utc_ms) {
  const std::int64_t from = std::max(from_utc_ms, interval.after_utc_ms);
  const std::int64_t to = std::min(to_utc_ms, interval.through_utc_ms);
  if (from < to) remark({kind, from, to, {}, {}, 0});
}

/// What the chain says of the boundary before the link in use.
void ConsumptionWalk::State::remark_boundary(std::optional<std::int64_t> value) {
  const ChainLink& before = chain.links[link - 1];
  const std::int64_t begin = here().from_utc_ms;
  remark_time(RemarkKind::no_register, before.to_utc_ms, begin);
  if (!inside(begin)) return;
  const bool same_register = before.series == here().series;
  const bool same_ratio = before.ratio == here().ratio;
  const bool taken_up_elsewhere = value && last && last->mantissa != *value;
  if (same_register && same_ratio && !taken_up_elsewhere) return;
  const auto kind = !same_register ? RemarkKind::exchange : !same_ratio ? RemarkKind::ratio_change : RemarkKind::reset;
  Remark boundary{kind, begin, begin, last, {}, 0};
  if (value) boundary.to = told_by_person(begin, *value, Origin::installation);
  remark(boundary);
}

void ConsumptionWalk::State::open_link() {
  const std::int64_t begin = here().from_utc_ms;
  const auto value = value_at_start(chain, link);
  if (link > 0) remark_boundary(value);
  if (value) {
    note_start(begin);
    last = told_by_person(begin, *value, Origin::installation);
    latest = last;
    return;
  }
  if (continues(chain, link)) return;
  last.reset();
  unread_from_utc_ms = begin;
  unread_kind = begin <= interval.after_utc_ms ? RemarkKind::no_start_value : RemarkKind::no_installation_value;
}

/// Before the first value inside the interval is taken: what stood before it is where the consumption starts.
void ConsumptionWalk::State::note_start(std::int64_t next_utc_ms) {
  if (inside(next_utc_ms) && !out.start && latest && latest->time_utc_ms <= interval.after_utc_ms) out.start = latest;
}

Result<void> ConsumptionWalk::State::close_link() {
  const std::int64_t end = here().to_utc_ms;
  if (const auto value = value_at_end(chain, link)) return take(told_by_person(end, *value, Origin::removal));
  if (continues(chain, link + 1)) return {};
  if (!last) {
    remark_time(unread_kind, unread_from_utc_ms, end);
  } else if (last->time_utc_ms < end) {
    remark_time(RemarkKind::no_removal_value, last->time_utc_ms, end);
  }
  return {};
}

Result<void> ConsumptionWalk::State::move_to(std::size_t target) {
  while (link < target) {
    DUHENG_CHECK(close_link());
    ++link;
    open_link();
  }
  return {};
}

Result<void> ConsumptionWalk::State::add_amounts(const ChainValue& from, const ChainValue& to, Int128 amount) {
  DUHENG_TRY(out.amount, checked_add(out.amount, amount));
  // Each of these is at most the amount, which did not overflow.
  if (has(from.quality | to.quality, Quality::estimated)) {
    out.estimated += amount;
  } else if (has(from.quality | to.quality, Quality::corrected)) {
    out.corrected += amount;
  }
  if (options.gap_ms > 0 && to.time_utc_ms - from.time_utc_ms > options.gap_ms) out.over_gaps += amount;
  return {};
}

void ConsumptionWalk::State::remark_step(const ChainValue& from, const ChainValue& to, StepKind kind, Int128 amount) {
  const auto step = [&](RemarkKind remark_kind) {
    remark({remark_kind, from.time_utc_ms, to.time_utc_ms, from, to, amount});
  };
  if (kind == StepKind::roll_over) step(RemarkKind::roll_over);
  if (kind == StepKind::decrease_unexplained) step(RemarkKind::decrease_unexplained);
  if (kind == StepKind::increase_implausible) step(RemarkKind::increase_implausible);
  if (options.gap_ms > 0 && to.time_utc_ms - from.time_utc_ms > options.gap_ms) step(RemarkKind::gap);
  // The register went on over a change of its ratio that nobody read it at.
  const bool over_change = from.link != to.link && chain.links[from.link].ratio != chain.links[to.link].ratio;
  if (over_change && from.time_utc_ms < chain.links[to.link].from_utc_ms && amount != 0)
    step(RemarkKind::ratio_change_not_split);
}

Result<void> ConsumptionWalk::State::account(const ChainValue& from, const ChainValue& to) {
  const Step step = judge_step(step_end(from), step_end(to), here().rule());
  DUHENG_TRY(const Int128 amount, checked_multiply(step.amount, scale.factors[link]));
  DUHENG_CHECK(add_amounts(from, to, amount));
  remark_step(from, to, step.kind, amount);
  return {};
}

Result<void> ConsumptionWalk::State::take(const ChainValue& value) {
  if (value.time_utc_ms > interval.through_utc_ms) return {};
  if (inside(value.time_utc_ms)) {
    note_start(value.time_utc_ms);
    if (!out.start) out.start = last ? last : value;
    ++out.value_count;
    if (last) {
      DUHENG_CHECK(account(*last, value));
    } else {
      remark_time(unread_kind, unread_from_utc_ms, value.time_utc_ms);
    }
  }
  last = value;
  latest = value;
  return {};
}

Result<void> ConsumptionWalk::State::take_time(const GoodValue& good) {
  const Point& point = *good.point;
  const ChainValue value{link,          here().series, point.time_utc_ms, point.mantissa,
                         point.quality, point.frame,   Origin::reading};
  const auto about = [&](RemarkKind kind) {
    if (inside(value.time_utc_ms)) remark({kind, value.time_utc_ms, value.time_utc_ms, {}, value, 0});
  };
  if (good.conflict) about(RemarkKind::conflict);
  if (has(point.quality, Quality::estimated)) about(RemarkKind::estimated);
  if (has(point.quality, Quality::corrected)) about(RemarkKind::corrected);
  return take(value);
}

Result<void> ConsumptionWalk::State::walk_to_end() {
  while (link + 1 < chain.links.size() && chain.links[link + 1].from_utc_ms <= interval.through_utc_ms)
    DUHENG_CHECK(move_to(link + 1));
  const std::int64_t end = here().to_utc_ms;
  if (end <= interval.through_utc_ms) {
    DUHENG_CHECK(close_link());
    const bool more = link + 1 < chain.links.size();
    remark_time(RemarkKind::no_register, end, more ? chain.links[link + 1].from_utc_ms : interval.through_utc_ms);
    return {};
  }
  if (!last) {
    remark_time(unread_kind, unread_from_utc_ms, interval.through_utc_ms);
  } else if (options.gap_ms > 0 && interval.through_utc_ms - last->time_utc_ms > options.gap_ms) {
    remark_time(RemarkKind::not_read_to_end, last->time_utc_ms, interval.through_utc_ms);
  }
  return {};
}

void ConsumptionWalk::State::settle_status() {
  out.unit = chain.unit;
  out.exponent = scale.exponent;
  out.denominator = scale.denominator;
  if (!out.start) out.start = latest;
  out.end = latest;
  if (!latest) {
    out.reason = "nothing usable was read up to the end of the interval";
    return;
  }
  out.status = ConsumptionStatus::complete;
  for (std::size_t i = 0; i < remark_kinds; ++i) {
    if (out.remark_counts[i] > 0 && is_doubt(static_cast<RemarkKind>(i))) out.status = ConsumptionStatus::partly;
  }
}

ConsumptionWalk::ConsumptionWalk(std::unique_ptr<State> state) : state_(std::move(state)) {}
ConsumptionWalk::ConsumptionWalk(ConsumptionWalk&&) noexcept = default;
ConsumptionWalk& ConsumptionWalk::operator=(ConsumptionWalk&&) noexcept = default;
ConsumptionWalk::~ConsumptionWalk() = default;

Result<ConsumptionWalk> ConsumptionWalk::begin(const PointChain& chain, ConsumptionInterval interval,
                                               const ConsumptionOptions& options, std::size_t first_link) {
  DUHENG_CHECK(check_chain(chain));
  if (first_link >= chain.links.size()) return fail(ErrorCode::invalid_argument, "no such link");
  if (interval.after_utc_ms > interval.through_utc_ms || interval.after_utc_ms < -open_end_utc_ms ||
      interval.through_utc_ms > open_end_utc_ms)
    return fail(ErrorCode::invalid_argument, "the interval ends before it begins or is out of bounds");
  auto state = std::make_unique<State>();
  DUHENG_TRY(state->scale, scale_of(chain));
  state->chain = chain;
  state->interval = interval;
  state->options = options;
  state->link = first_link;
  const std::int64_t begin_utc_ms = chain.links[first_link].from_utc_ms;
  if (first_link == 0) state->remark_time(RemarkKind::no_register, interval.after_utc_ms, begin_utc_ms);
  if (begin_utc_ms <= interval.through_utc_ms) {
    state->open_link();
  } else {
    state->unread_from_utc_ms = begin_utc_ms;
  }
  return ConsumptionWalk(std::move(state));
}

Result<void> ConsumptionWalk::add(std::size_t link, std::span<const Point> points) {
  State& state = *state_;
  if (link < state.link || link >= state.chain.links.size())
    return fail(ErrorCode::invalid_argument, "values of a link that was passed already, or of none");
  Result<void> outcome;
  for_each_time(points, [&](std::span<const Point> versions, const GoodValue& good) {
    if (!outcome || good.point == nullptr) return;
    const std::int64_t time_utc_ms = versions.front().time_utc_ms;
    const ChainLink& target = state.chain.links[link];
    if (time_utc_ms <= target.from_utc_ms || time_utc_ms > target.to_utc_ms) return;
    if (time_utc_ms > state.interval.through_utc_ms) return;
    if (time_utc_ms <= state.fed_through_utc_ms) {
      outcome = fail(ErrorCode::invalid_argument, "values were not fed in the order of their times");
      return;
    }
    state.fed_through_utc_ms = time_utc_ms;
    outcome = state.move_to(link);
    if (outcome) outcome = state.take_time(good);
  });
  return outcome;
}

Result<Consumption> ConsumptionWalk::finish() && {
  State& state = *state_;
  DUHENG_CHECK(state.walk_to_end());
  state.settle_status();
  for (const ChainLink& link : state.chain.links) {
    const bool touched =
        link.from_utc_ms < state.interval.through_utc_ms && link.to_utc_ms > state.interval.after_utc_ms;
    if (!touched || link.behaviour == RegisterBehaviour::counts_up) continue;
    state.out.status = ConsumptionStatus::not_determinable;
    state.out.reason = "a register of the point does not count up: consumption cannot be told from its values";
    state.out.amount = state.out.estimated = state.out.corrected = state.out.over_gaps = 0;
  }
  return std::move(state.out);
}

}  // namespace duheng::store
