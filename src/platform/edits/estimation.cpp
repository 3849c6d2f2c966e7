#include "platform/edits/estimation.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>
#include <utility>

#include "base/time.hpp"

namespace duheng::platform {
namespace {

__extension__ using Int128 = __int128;

constexpr std::array<std::pair<EstimateMethod, std::string_view>, 3> names{
    {{EstimateMethod::linear, "linear"},
     {EstimateMethod::last_value, "last_value"},
     {EstimateMethod::same_weekdays, "same_weekdays"}}};

/// Rounded down; `b` is positive.
constexpr Int128 floor_divide(Int128 a, Int128 b) noexcept { return a >= 0 ? a / b : -((-a + b - 1) / b); }
/// Rounded to the nearest, halves up.
constexpr Int128 divide_rounded(Int128 a, Int128 b) noexcept { return floor_divide(2 * a + b, 2 * b); }

Result<std::int64_t> narrowed(Int128 value) {
  if (value > std::numeric_limits<std::int64_t>::max() || value < std::numeric_limits<std::int64_t>::min())
    return fail(ErrorCode::limit_exceeded, "an estimate does not fit 63 bits");
  return static_cast<std::int64_t>(value);
}

Int128 on_line(const KnownValue& a, const KnownValue& b, std::int64_t time) noexcept {
  const Int128 rise = Int128{b.mantissa} - a.mantissa;
  const Int128 elapsed = Int128{time} - a.time_utc_ms;
  return a.mantissa + divide_rounded(rise * elapsed, Int128{b.time_utc_ms} - a.time_utc_ms);
}

std::string said(std::int64_t utc_ms) { return format_utc(utc_ms); }

/// One gap: times without a known value between them, and its neighbours.
struct Run {
  std::span<const std::int64_t> times;
  std::optional<KnownValue> before;
  std::optional<KnownValue> after;
};

std::vector<Run> runs_of(const EstimateQuestion& question) {
  std::vector<Run> out;
  std::size_t begin = 0;
  while (begin < question.times.size()) {
    const auto after = std::ranges::upper_bound(question.known, question.times[begin], {}, &KnownValue::time_utc_ms);
    std::size_t end = begin + 1;
    while (end < question.times.size() && (after == question.known.end() || question.times[end] < after->time_utc_ms))
      ++end;
    Run run{.times = question.times.subspan(begin, end - begin), .before = {}, .after = {}};
    if (after != question.known.begin()) run.before = *std::prev(after);
    if (after != question.known.end()) run.after = *after;
    out.push_back(run);
    begin = end;
  }
  return out;
}

/// The value at a time of an earlier week, on the line between two near neighbours if need be.
std::optional<Int128> value_at(const EstimateQuestion& question, std::int64_t time) {
  const auto at = std::ranges::lower_bound(question.known, time, {}, &KnownValue::time_utc_ms);
  if (at == question.known.end()) return std::nullopt;
  if (at->time_utc_ms == time) return Int128{at->mantissa};
  if (at == question.known.begin()) return std::nullopt;
  const KnownValue& before = *std::prev(at);
  if (at->time_utc_ms - before.time_utc_ms > 2 * question.interval_ms) return std::nullopt;
  return on_line(before, *at, time);
}

using Course = std::vector<Int128>;  // values of one week at the times asked for

std::vector<Course> courses(const EstimateQuestion& question, const std::vector<std::int64_t>& times) {
  std::vector<Course> out;
  for (int week = 1; week <= estimation_limits::weeks; ++week) {
    Course course;
    for (const std::int64_t time : times) {
      const auto value = value_at(question, time - week * estimation_limits::week_ms);
      if (!value) break;
      course.push_back(*value);
    }
    if (course.size() == times.size()) out.push_back(std::move(course));
  }
  return out;
}

Error no_weeks(const Run& run) {
  return {ErrorCode::not_found, "none of the four weeks before has values for the whole gap from " +
                                    said(run.times.front()) + " to " + said(run.times.back())};
}

Result<std::vector<Int128>> weekday_means(const EstimateQuestion& question, const Run& run, int& weeks) {
  const auto found = courses(question, {run.times.begin(), run.times.end()});
  if (found.empty()) return std::unexpected(no_weeks(run));
  weeks = static_cast<int>(found.size());
  std::vector<Int128> out;
  for (std::size_t i = 0; i < run.times.size(); ++i) {
    Int128 sum = 0;
    for (const Course& course : found) sum += course[i];
    out.push_back(divide_rounded(sum, weeks));
  }
  return out;
}

/// What the weeks counted from the gap's beginning to each time, added up over the weeks; the last one is the whole.
std::vector<Int128> increments(const std::vector<Course>& found) {
  std::vector<Int128> out(found.front().size() - 1, 0);
  for (const Course& course : found) {
    Int128 counted = 0;
    for (std::size_t i = 1; i < course.size(); ++i) {
      counted += std::max(Int128{0}, course[i] - course[i - 1]);
      out[i - 1] += counted;
    }
  }
  return out;
}

Result<std::vector<Int128>> weekday_course(const EstimateQuestion& question, const Run& run, int& weeks) {
  std::vector<std::int64_t> times{run.before->time_utc_ms};
  times.insert(times.end(), run.times.begin(), run.times.end());
  if (run.after) times.push_back(run.after->time_utc_ms);
  const auto found = courses(question, times);
  if (found.empty()) return std::unexpected(no_weeks(run));
  weeks = static_cast<int>(found.size());
  const std::vector<Int128> counted = increments(found);
  if (run.after && counted.back() == 0)
    return fail(ErrorCode::not_found, "the register stood still in the weeks before: use the straight line");
  // A known end is met exactly; without one the weeks' mean goes on from the value before.
  const Int128 numerator = run.after ? Int128{run.after->mantissa} - run.before->mantissa : Int128{1};
  const Int128 denominator = run.after ? counted.back() : Int128{weeks};
  std::vector<Int128> out;
  for (std::size_t i = 0; i < run.times.size(); ++i)
    out.push_back(run.before->mantissa + floor_divide(counted[i] * numerator, denominator));
  return out;
}

Result<void> require_neighbours(EstimateMethod method, const EstimateQuestion& question, const Run& run) {
  const bool by_weeks = method == EstimateMethod::same_weekdays;
  if (!run.before && (!by_weeks || question.counts_up))
    return fail(ErrorCode::not_found, "no value is known before " + said(run.times.front()));
  if (!run.after && method == EstimateMethod::linear)
    return fail(ErrorCode::not_found, "no value is known after " + said(run.times.back()));
  if (question.counts_up && run.before && run.after && run.after->mantissa < run.before->mantissa)
    return fail(ErrorCode::conflict, "the register is lower at " + said(run.after->time_utc_ms) + " than at " +
                                         said(run.before->time_utc_ms) + ": settle that first");
  return {};
}

Result<std::vector<Int128>> values_of(EstimateMethod method, const EstimateQuestion& question, const Run& run,
                                      int& weeks) {
  DUHENG_CHECK(require_neighbours(method, question, run));
  if (method == EstimateMethod::same_weekdays)
    return question.counts_up ? weekday_course(question, run, weeks) : weekday_means(question, run, weeks);
  std::vector<Int128> out;
  for (const std::int64_t time : run.times)
    out.push_back(method == EstimateMethod::linear ? on_line(*run.before, *run.after, time)
                                                   : Int128{run.before->mantissa});
  return out;
}

}  // namespace

std::string_view to_string(EstimateMethod method) noexcept {
  for (const auto& [one, name] : names) {
    if (one == method) return name;
  }
  return "unknown";
}

std::optional<EstimateMethod> estimate_method_of(std::string_view name) noexcept {
  for (const auto& [method, known] : names) {
    if (known == name) return method;
  }
  return std::nullopt;
}

Result<std::vector<std::int64_t>> missing_times(std::span<const std::int64_t> present, std::int64_t from_utc_ms,
                                                std::int64_t to_utc_ms, std::int64_t interval_ms) {
  if (interval_ms < 1 || from_utc_ms < 0 || from_utc_ms >= to_utc_ms)
    return fail(ErrorCode::invalid_argument, "an interval above 0 and a beginning before its end are needed");
  std::vector<std::int64_t> out;
  auto at = present.begin();
  for (std::int64_t time = (from_utc_ms + interval_ms - 1) / interval_ms * interval_ms; time < to_utc_ms;
       time += interval_ms) {
    const std::int64_t slot_from = time - interval_ms / 2;
    while (at != present.end() && *at < slot_from) ++at;
    if (at != present.end() && *at < slot_from + interval_ms) continue;
    if (out.size() == estimation_limits::values_max)
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("more than {} values are missing: take a shorter time", estimation_limits::values_max));
    out.push_back(time);
  }
  return out;
}

Result<std::vector<EstimatedValue>> estimate(EstimateMethod method, const EstimateQuestion& question) {
  if (question.interval_ms < 1) return fail(ErrorCode::invalid_argument, "the interval must be above 0");
  std::vector<EstimatedValue> out;
  out.reserve(question.times.size());
  for (const Run& run : runs_of(question)) {
    int weeks = 0;
    DUHENG_TRY(const std::vector<Int128> values, values_of(method, question, run, weeks));
    for (std::size_t i = 0; i < values.size(); ++i) {
      DUHENG_TRY(const std::int64_t mantissa, narrowed(values[i]));
      out.push_back({run.times[i], mantissa, run.before, run.after, weeks});
    }
  }
  return out;
}

}  // namespace duheng::platform
