#include "store/aggregates/fleet_questions.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace duheng::store {

Result<FleetScope> FleetScope::make(std::vector<FleetSeries> series) {
  FleetScope scope;
  std::ranges::sort(series, {}, &FleetSeries::series);
  PointChain units;  // one link for each different unit: the same arithmetic as along a chain
  std::map<std::tuple<std::int8_t, std::int64_t, std::int64_t>, std::size_t> known;
  std::vector<std::size_t> unit_of;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const FleetSeries& one = series[i];
    if (!one.series || (i > 0 && series[i - 1].series == one.series))
      return fail(ErrorCode::invalid_argument, "a series stands twice in the scope, or has no id");
    if (one.ratio.numerator < 1 || one.ratio.denominator < 1)
      return fail(ErrorCode::invalid_argument, "a ratio must be positive");
    if (std::ranges::adjacent_find(one.changes, std::ranges::greater_equal{}, &GroupChange::from_day) !=
        one.changes.end())
      return fail(ErrorCode::invalid_argument, "the changes of a series' group are out of order");
    const auto [place, added] =
        known.try_emplace({one.exponent, one.ratio.numerator, one.ratio.denominator}, units.links.size());
    if (added) {
      ChainLink& link = units.links.emplace_back();
      link.exponent = one.exponent;
      link.ratio = one.ratio;
    }
    unit_of.push_back(place->second);
  }
  if (!units.links.empty()) {
    DUHENG_TRY(const ChainScale scale, scale_of(units));
    scope.exponent_ = scale.exponent;
    scope.denominator_ = scale.denominator;
    for (const std::size_t unit : unit_of) scope.factors_.push_back(scale.factors[unit]);
  }
  scope.series_ = std::move(series);
  return scope;
}

Result<Int128> FleetScope::amount(std::size_t index, Int128 mantissa) const {
  return checked_multiply(mantissa, factors_[index]);
}

std::uint32_t FleetScope::group_on(std::size_t index, std::int32_t day) const noexcept {
  const FleetSeries& one = series_[index];
  std::uint32_t group = one.group;
  for (const GroupChange& change : one.changes) {
    if (change.from_day > day) break;
    group = change.group;
  }
  return group;
}

class FleetQuestions::Deadline {
 public:
  Deadline(const Clock& clock, const QueryOptions& options)
      : clock_(clock), end_ms_(clock.monotonic_ms() + options.timeout_ms), cancel_(options.cancel) {}
  [[nodiscard]] Result<void> check() const {
    if (cancel_.stop_requested()) return fail(ErrorCode::cancelled, "the question was withdrawn");
    if (clock_.monotonic_ms() >= end_ms_) return fail(ErrorCode::timed_out, "the question took too long");
    return {};
  }
  [[nodiscard]] QueryOptions rest() const {
    return {std::max<std::int64_t>(0, end_ms_ - clock_.monotonic_ms()), cancel_};
  }

 private:
  const Clock& clock_;
  std::int64_t end_ms_;
  std::stop_token cancel_;
};

/// Days that have not begun do not exist.
Result<std::int32_t> FleetQuestions::checked_last(std::int32_t first, std::int32_t last) const {
  if (first > last) return fail(ErrorCode::invalid_argument, "the range ends before it begins");
  if (first < aggregate_limits::first_day_min || last >= aggregate_limits::day_max)
    return fail(ErrorCode::invalid_argument, "days before 2000 or too far in the future");
  return std::min(last, calendar_.day_of(clock_.utc_ms()));
}

Result<FleetStanding> FleetQuestions::each_figure(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                                  const QueryOptions& options, const OnFigure& sink) const {
  const Deadline deadline(clock_, options);
  DUHENG_CHECK(deadline.check());
  DUHENG_TRY(const KeeperState state, aggregates_.state());
  FleetStanding standing{state.settled_through, std::max(state.provisional_through, state.settled_through), false};
  DUHENG_TRY(const ChangePage waiting, maker_.telemetry().changes(1));
  standing.changes_waiting = !waiting.days.empty();
  const auto wanted = scope.series();
  std::size_t at = 0;
  std::int32_t day = first - 1;
  const auto meet = [&](std::span<const DayFigure> figures) -> Result<void> {
    DUHENG_CHECK(deadline.check());
    for (const DayFigure& figure : figures) {
      if (figure.day != day) at = 0;
      day = figure.day;
      while (at < wanted.size() && wanted[at].series < figure.series) ++at;
      if (at < wanted.size() && wanted[at].series == figure.series) DUHENG_CHECK(sink(at, figure));
    }
    return {};
  };
  const std::int32_t kept = std::min(last, standing.provisional_through);
  if (first <= kept) DUHENG_CHECK(aggregates_.figures(first, kept, meet));
  if (last > standing.provisional_through)
    DUHENG_CHECK(each_open_figure(scope, std::max(first, standing.provisional_through + 1), last, deadline, sink));
  return standing;
}

/// Days without rows, from readings: slice by slice of the series wanted.
Result<void> FleetQuestions::each_open_figure(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                              const Deadline& deadline, const OnFigure& sink) const {
  first = std::max(first, aggregate_limits::first_day_min);
  const auto buckets = calendar_.days(first, last);
  if (buckets.empty()) return {};
  const auto wanted = scope.series();
  // The value that a day starts from is mostly of the two days before: these are read of all series at once; the few
  // that were silent for longer are asked one by one.
  constexpr std::int64_t two_days_ms = 2 * 86'400'000;
  const std::int64_t start_utc_ms = buckets.front().after_utc_ms;
  const ConsumptionInterval before[] = {{start_utc_ms - two_days_ms, start_utc_ms}};
  std::unordered_map<SeriesId, AggregateMark> just_before;
  const auto none_before = [](SeriesId) { return Result<std::optional<AggregateMark>>(std::nullopt); };
  const auto keep = [&](SeriesId series, const std::vector<BucketRow>& rows) -> Result<void> {
    for (const BucketRow& row : rows) {
      if (row.row.value_count > 0) just_before[series] = row.row.last;
    }
    return {};
  };
  const auto previous_of = [&](SeriesId series) -> Result<std::optional<AggregateMark>> {
    if (const auto found = just_before.find(series); found != just_before.end()) return found->second;
    return maker_.last_good(series, start_utc_ms, deadline.rest());
  };
  const auto meet = [&](SeriesId series, std::vector<BucketRow> rows) -> Result<void> {
    const auto place = std::ranges::lower_bound(wanted, series, {}, &FleetSeries::series);
    if (place == wanted.end() || place->series != series) return {};
    for (const BucketRow& row : rows) {
      const std::int32_t day = first + static_cast<std::int32_t>(row.bucket);
      DUHENG_CHECK(sink(static_cast<std::size_t>(place - wanted.begin()), figure_of({series, day, row.row})));
    }
    return {};
  };
  std::size_t next = 0;
  while (next < wanted.size()) {
    DUHENG_CHECK(deadline.check());
    // As far as series follow one another closely: what lies between is read for nothing, which up to a hundred or so
    // costs less than a question more. A meter with its histories has dozens of series.
    constexpr std::int64_t series_between_max = 128;
    std::size_t end = next + 1;
    while (end < wanted.size() && wanted[end].series.value - wanted[end - 1].series.value <= series_between_max &&
           wanted[end].series.value - wanted[next].series.value < aggregate_limits::series_per_slice)
      ++end;
    const SeriesSpan span{wanted[next].series, wanted[end - 1].series};
    just_before.clear();
    DUHENG_CHECK(maker_.of_span(span, before, none_before, keep, deadline.rest()));
    DUHENG_CHECK(maker_.of_span(span, buckets, previous_of, meet, deadline.rest()));
    next = end;
  }
  return {};
}

namespace {

/// A day's findings as they hold for the days asked for: a gap between them is none for their sum.
std::uint16_t findings_in(ConsumptionInterval asked, const DayFigure& figure, bool is_first) {
  const auto others = static_cast<std::uint16_t>(figure.findings & ~aggregate_findings::over_gap);
  if (others == figure.findings || !is_first) return others;
  const bool reaches_over = is_over_gap(asked, {figure.entry_from_utc_ms, figure.entry_to_utc_ms});
  return reaches_over ? figure.findings : others;
}

}  // namespace

/// What is gathered, and which amount a day of a series goes to. A series that changes its group within the days asked
/// for has one amount for each group, and its days fall into stretches.
class FleetQuestions::Amounts {
 public:
  explicit Amounts(bool by_group) : by_group_(by_group) {}

  void begin(const FleetScope& scope, const CivilCalendar& calendar, std::int32_t first, std::int32_t last) {
    whole_ = {calendar.day(first).after_utc_ms, calendar.day(last).through_utc_ms};
    const auto series = scope.series();
    series_count_ = series.size();
    sums_.assign(series_count_, {});
    for (std::size_t i = 0; i < series_count_; ++i) {
      sums_[i].series = series[i].series;
      sums_[i].group = scope.group_on(i, first);
      std::vector<std::int32_t> begins{first};
      for (const GroupChange& change : series[i].changes) {
        if (change.from_day > first && change.from_day <= last) begins.push_back(change.from_day);
      }
      if (by_group_ && begins.size() > 1) divide(scope, calendar, i, begins, last);
    }
  }

  [[nodiscard]] Result<void> add(const FleetScope& scope, std::size_t index, const DayFigure& figure) {
    const auto [sum, asked, is_first] = place_of(index, figure);
    DUHENG_TRY(const Int128 amount, scope.amount(index, figure.increase));
    DUHENG_TRY(sum.amount, checked_add(sum.amount, amount));
    if (figure.increase_edited != 0) {
      DUHENG_TRY(const Int128 edited, scope.amount(index, figure.increase_edited));
      sum.edited += edited;  // at most the amount
    }
    sum.findings |= findings_in(asked, figure, is_first);
    if (figure.value_count > 0) ++sum.days_with_values;
    return {};
  }

  /// By series, and then what further groups they have.
  [[nodiscard]] std::vector<FleetAmount>& sums() noexcept { return sums_; }

  /// One for each series, whatever its groups.
  [[nodiscard]] Result<std::vector<FleetAmount>> joined() const {
    std::vector<FleetAmount> out(sums_.begin(), sums_.begin() + static_cast<std::ptrdiff_t>(series_count_));
    for (const auto& [index, divided] : divided_) {
      FleetAmount& sum = out[index];
      for (std::size_t i = divided.further_begin; i < divided.further_end; ++i) {
        DUHENG_TRY(sum.amount, checked_add(sum.amount, sums_[i].amount));
        sum.edited += sums_[i].edited;
        sum.findings |= sums_[i].findings;
        sum.days_with_values += sums_[i].days_with_values;
      }
      // A gap between two groups lies within the days asked for.
      sum.findings = static_cast<std::uint16_t>(sum.findings & ~aggregate_findings::over_gap);
      if (divided.is_over_gap) sum.findings |= aggregate_findings::over_gap;
    }
    return out;
  }

 private:
  struct Stretch {
    std::int32_t first = 0;
    ConsumptionInterval asked;
    std::size_t sum = 0;
    bool has_values = false;
  };
  struct Divided {
    std::vector<Stretch> stretches;
    std::size_t further_begin = 0;
    std::size_t further_end = 0;
    bool has_values = false;
    bool is_over_gap = false;  ///< of all days asked for
  };
  struct Place {
    FleetAmount& sum;
    ConsumptionInterval asked;
    bool is_first;  ///< nothing of it has come yet
  };

  Place place_of(std::size_t index, const DayFigure& figure) {
    const auto found = divided_.empty() ? divided_.end() : divided_.find(index);
    if (found == divided_.end()) return {sums_[index], whole_, sums_[index].days_with_values == 0};
    Divided& divided = found->second;
    const bool is_first_of_all = !divided.has_values;
    if ((findings_in(whole_, figure, is_first_of_all) & aggregate_findings::over_gap) != 0) divided.is_over_gap = true;
    auto at = divided.stretches.begin();
    while (std::next(at) != divided.stretches.end() && std::next(at)->first <= figure.day) ++at;
    const bool is_first = !at->has_values;
    if (figure.value_count > 0) divided.has_values = at->has_values = true;
    return {sums_[at->sum], at->asked, is_first};
  }

  void divide(const FleetScope& scope, const CivilCalendar& calendar, std::size_t index,
              const std::vector<std::int32_t>& begins, std::int32_t last) {
    std::map<std::uint32_t, std::size_t> known{{sums_[index].group, index}};
    Divided& out = divided_[index];
    out.further_begin = sums_.size();
    for (std::size_t i = 0; i < begins.size(); ++i) {
      const std::int32_t end = i + 1 < begins.size() ? begins[i + 1] - 1 : last;
      const std::uint32_t group = scope.group_on(index, begins[i]);
      const auto [place, is_new] = known.try_emplace(group, sums_.size());
      if (is_new) sums_.push_back({.series = scope.series()[index].series, .group = group});
      out.stretches.push_back(
          {begins[i], {calendar.day(begins[i]).after_utc_ms, calendar.day(end).through_utc_ms}, place->second, false});
    }
    out.further_end = sums_.size();
  }

  const bool by_group_;
  ConsumptionInterval whole_{};
  std::size_t series_count_ = 0;
  std::vector<FleetAmount> sums_;
  std::unordered_map<std::size_t, Divided> divided_;
};

Result<FleetStanding> FleetQuestions::gather(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                             const QueryOptions& options, Amounts& amounts) const {
  DUHENG_TRY(last, checked_last(first, last));
  amounts.begin(scope, calendar_, first, last);
  return each_figure(scope, first, last, options,
                     [&](std::size_t index, const DayFigure& figure) { return amounts.add(scope, index, figure); });
}

namespace {

bool is_larger(const FleetAmount& a, const FleetAmount& b) noexcept {
  return a.amount != b.amount ? a.amount > b.amount : a.series < b.series;
}

Result<void> add_to(FleetTotal& total, const FleetAmount& one) {
  DUHENG_TRY(total.amount, checked_add(total.amount, one.amount));
  total.edited += one.edited;
  total.findings |= one.findings;
  ++total.series_count;
  if (one.days_with_values > 0) ++total.series_with_values;
  if ((one.findings & aggregate_findings::doubts) != 0) ++total.series_in_doubt;
  if ((one.findings & aggregate_findings::over_gap) != 0) ++total.series_over_gap;
  return {};
}

}  // namespace

Result<FleetTop> FleetQuestions::top(const FleetScope& scope, std::int32_t first, std::int32_t last, std::size_t count,
                                     const QueryOptions& options) const {
  FleetTop out;
  Amounts amounts(false);
  DUHENG_TRY(out.standing, gather(scope, first, last, options, amounts));
  out.series = std::move(amounts.sums());
  std::erase_if(out.series, [](const FleetAmount& amount) { return amount.days_with_values == 0; });
  count = std::min(count, out.series.size());
  const auto middle = out.series.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(out.series.begin(), middle, out.series.end(), is_larger);
  out.series.resize(count);
  return out;
}

Result<FleetTop> FleetQuestions::top_by_group(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                              std::size_t count, const QueryOptions& options) const {
  FleetTop out;
  Amounts amounts(true);
  DUHENG_TRY(out.standing, gather(scope, first, last, options, amounts));
  out.series = std::move(amounts.sums());
  std::erase_if(out.series, [](const FleetAmount& amount) { return amount.days_with_values == 0; });
  std::ranges::sort(out.series, [](const FleetAmount& a, const FleetAmount& b) {
    return a.group != b.group ? a.group < b.group : is_larger(a, b);
  });
  std::size_t rank = 0;
  std::optional<std::uint32_t> group;
  std::erase_if(out.series, [&](const FleetAmount& amount) {
    rank = group == amount.group ? rank + 1 : 0;
    group = amount.group;
    return rank >= count;
  });
  return out;
}

Result<FleetTotals> FleetQuestions::totals(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                           const QueryOptions& options) const {
  FleetTotals out;
  Amounts amounts(true);
  DUHENG_TRY(out.standing, gather(scope, first, last, options, amounts));
  std::map<std::uint32_t, FleetTotal> groups;
  for (const FleetAmount& one : amounts.sums()) {
    FleetTotal& total = groups[one.group];
    total.group = one.group;
    DUHENG_CHECK(add_to(total, one));
  }
  DUHENG_TRY(const std::vector<FleetAmount> joined, amounts.joined());
  for (const FleetAmount& one : joined) DUHENG_CHECK(add_to(out.whole, one));
  for (const auto& [group, total] : groups) out.groups.push_back(total);
  return out;
}

Result<FleetCompletenessTable> FleetQuestions::completeness(const FleetScope& scope, std::int32_t first,
                                                            std::int32_t last, const QueryOptions& options) const {
  FleetCompletenessTable out;
  DUHENG_TRY(last, checked_last(first, last));
  const auto buckets = calendar_.days(first, last);
  std::map<std::pair<std::int32_t, std::uint32_t>, FleetCompleteness> cells;
  // What is due when nothing came; corrected below by what the rows say.
  for (std::int32_t day = first; day <= last; ++day) {
    for (std::size_t i = 0; i < scope.series().size(); ++i) {
      FleetCompleteness& cell = cells[{day, scope.group_on(i, day)}];
      ++cell.series_count;
      cell.slots_expected += slots_in(buckets[static_cast<std::size_t>(day - first)], scope.series()[i].interval_ms);
    }
  }
  const auto add = [&](std::size_t index, const DayFigure& figure) -> Result<void> {
    const FleetSeries& one = scope.series()[index];
    FleetCompleteness& cell = cells[{figure.day, scope.group_on(index, figure.day)}];
    cell.slots_expected += figure.slots_expected;
    cell.slots_expected -= slots_in(buckets[static_cast<std::size_t>(figure.day - first)], one.interval_ms);
    cell.slots_present += figure.slots_present;
    if (figure.value_count > 0) ++cell.series_with_values;
    return {};
  };
  DUHENG_TRY(out.standing, each_figure(scope, first, last, options, add));
  for (auto& [key, cell] : cells) {
    cell.day = key.first;
    cell.group = key.second;
    out.rows.push_back(cell);
  }
  return out;
}

namespace {

/// Joins neighbouring days of one series.
void add_gap(std::vector<FleetGap>& gaps, SeriesId series, std::int32_t day, std::uint64_t slots_missing) {
  if (!gaps.empty() && gaps.back().series == series && gaps.back().last_day + 1 == day) {
    gaps.back().last_day = day;
    gaps.back().slots_missing += slots_missing;
  } else {
    gaps.push_back({series, day, day, slots_missing});
  }
}

/// What is missing of one series' day: slots, and whether anything is.
struct Missing {
  std::uint32_t slots = 0;
  bool any = false;
};
Missing missing_of(const DayFigure& figure) {
  const std::uint32_t slots =
      figure.slots_expected > figure.slots_present ? figure.slots_expected - figure.slots_present : 0;
  return {slots, slots > 0 || figure.value_count == 0};
}

}  // namespace

Result<FleetGaps> FleetQuestions::gaps(const FleetScope& scope, std::int32_t first, std::int32_t last,
                                       std::size_t gaps_max, const QueryOptions& options) const {
  FleetGaps out;
  DUHENG_TRY(last, checked_last(first, last));
  if (first > last) return out;
  const auto wanted = scope.series();
  const auto days = static_cast<std::size_t>(last - first + 1);
  constexpr std::size_t cells_max = 64U << 20;
  if (wanted.size() * days > cells_max)
    return fail(ErrorCode::limit_exceeded, "gaps of so many series and days: ask for fewer days");
  // Four octets for each series and day: the slots missing; all ones: nothing came.
  constexpr std::uint32_t nothing_came = ~std::uint32_t{0};
  std::vector<std::uint32_t> cells(wanted.size() * days, nothing_came);
  const auto note = [&](std::size_t index, const DayFigure& figure) -> Result<void> {
    const Missing missing = missing_of(figure);
    auto& cell = cells[index * days + static_cast<std::size_t>(figure.day - first)];
    cell = missing.any && missing.slots == 0 ? nothing_came : missing.slots;
    return {};
  };
  DUHENG_TRY(out.standing, each_figure(scope, first, last, options, note));
  const auto buckets = calendar_.days(first, last);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    for (std::size_t d = 0; d < days; ++d) {
      const std::uint32_t cell = cells[i * days + d];
      if (cell == 0) continue;
      const std::uint64_t slots = cell == nothing_came ? slots_in(buckets[d], wanted[i].interval_ms) : cell;
      add_gap(out.gaps, wanted[i].series, first + static_cast<std::int32_t>(d), slots);
    }
    if (out.gaps.size() > gaps_max) {
      out.gaps.resize(gaps_max);
      out.truncated = true;
      break;
    }
  }
  return out;
}

}  // namespace duheng::store
