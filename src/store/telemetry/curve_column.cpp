#include "store/telemetry/curve_column.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <type_traits>

namespace duheng::store {
namespace {

using namespace curve_bits;
using Kind = ColumnPlan::Kind;
using Numbers = std::array<std::uint64_t, curve_limits::rows_max>;

// --- Adaptive code -------------------------------------------------------------------------------------------------
// Golomb-Rice, its width following the mean of what came before, so that quiet nights and busy evenings each get their
// own without a word about it in the block. Where nearly everything is zero, runs of zeros are counted instead.

/// The running mean of remainders, in 64ths, each new one weighing a quarter.
class RunningMean {
 public:
  static constexpr unsigned width_max = 40;
  explicit RunningMean(unsigned first_width) noexcept
      : mean_(first_width == 0 ? 0 : std::uint64_t{96} << (first_width - 1)) {}
  [[nodiscard]] bool nearly_zero() const noexcept { return mean_ < 32; }
  /// The best for a geometric distribution of this mean.
  [[nodiscard]] unsigned rice_width() const noexcept { return std::min(width(mean_ >> 7), width_max); }
  void add(std::uint64_t remainder, unsigned rice_width) noexcept {
    // One outlier must not spoil the widths of the next ten.
    const std::uint64_t weighed = std::min(remainder, std::uint64_t{16} << rice_width);
    mean_ += (weighed << 4) - (mean_ >> 2);
    // Zeros are seldom alone: the sooner their run is counted, the better.
    if (remainder == 0) mean_ -= mean_ >> 2;
  }
  void add_run() noexcept { mean_ = 0; }

 private:
  std::uint64_t mean_;
};

constexpr unsigned escape_bits = 7 + 6;  // taken by what announces a number, and its length
constexpr unsigned quotient_escape = 7;  // as many zeros announce a number written in full

void write_rice(BitWriter& out, std::uint64_t remainder, unsigned rice_width) {
  const std::uint64_t quotient = remainder >> rice_width;
  if (quotient < quotient_escape) [[likely]] {
    const auto zeros = static_cast<unsigned>(quotient);
    out.put((std::uint64_t{1} | low_bits(remainder, rice_width) << 1) << zeros, zeros + 1 + rice_width);
    return;
  }
  out.put(0, quotient_escape);
  out.number(remainder);
}

/// Elias' gamma code of run + 1.
void write_run(BitWriter& out, std::uint64_t run) {
  const unsigned length = width(run + 1) - 1;
  out.put(std::uint64_t{1} << length, length + 1);
  out.put(low_bits(run + 1, length), length);
}

// The loops below work on their own copies of writers and readers, which nothing that is written can alias.

[[nodiscard]] BitWriter write_adaptive(BitWriter out, std::span<const std::uint64_t> remainders, unsigned first_width) {
  RunningMean mean(first_width);
  const std::size_t count = remainders.size();
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t implied = 0;
    if (mean.nearly_zero()) {
      const std::size_t begin = i;
      while (i < count && remainders[i] == 0) ++i;
      write_run(out, i - begin);
      if (i == count) break;
      mean.add_run();
      implied = 1;  // the run has ended, so it is not zero
    }
    const std::uint64_t remainder = remainders[i];
    const unsigned rice_width = mean.rice_width();
    write_rice(out, remainder - implied, rice_width);
    mean.add(remainder, rice_width);
  }
  return out;
}

std::uint64_t read_rice(BitReader& in, unsigned rice_width) {
  const std::uint64_t word = in.peek();
  const auto zeros = static_cast<unsigned>(std::countr_zero(word | std::uint64_t{1} << quotient_escape));
  if (zeros < quotient_escape) [[likely]] {
    in.skip(zeros + 1 + rice_width);
    return std::uint64_t{zeros} << rice_width | low_bits(word >> (zeros + 1), rice_width);
  }
  in.skip(quotient_escape);
  return in.number();
}

std::uint64_t read_run(BitReader& in) {
  const auto length = static_cast<unsigned>(std::countr_zero(in.peek() | std::uint64_t{1} << 12));
  in.skip(length + 1);
  return (std::uint64_t{1} << length | in.take(length)) - 1;
}

bool read_adaptive(BitReader& shared, std::span<std::uint64_t> remainders, unsigned first_width) {
  BitReader in = shared;
  RunningMean mean(first_width);
  const std::size_t count = remainders.size();
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t implied = 0;
    if (mean.nearly_zero()) {
      const std::uint64_t run = read_run(in);
      if (run > count - i) return false;
      std::fill_n(remainders.begin() + static_cast<std::ptrdiff_t>(i), run, std::uint64_t{0});
      i += run;
      if (i == count) break;
      mean.add_run();
      implied = 1;
    }
    const unsigned rice_width = mean.rice_width();
    const std::uint64_t remainder = read_rice(in, rice_width) + implied;
    remainders[i] = remainder;
    mean.add(remainder, rice_width);
  }
  shared = in;
  return true;
}

// --- Ranged code ---------------------------------------------------------------------------------------------------
// Truncated binary: of the numbers 0 to `range` the first `short_count` take one bit less than the others.

struct RangedCode {
  explicit RangedCode(std::uint64_t range) noexcept
      : long_width(width(range)), short_count(low_bits(~range, long_width)) {}
  [[nodiscard]] unsigned width_of(std::uint64_t number) const noexcept {
    return number < short_count ? long_width - 1 : long_width;
  }
  unsigned long_width;  // not 0
  std::uint64_t short_count;
};

[[nodiscard]] BitWriter write_ranged(BitWriter out, std::span<const std::uint64_t> remainders, std::uint64_t range) {
  const RangedCode code(range);
  const unsigned short_width = code.long_width - 1;
  if (code.long_width <= field_bits_max) {
    for (const std::uint64_t remainder : remainders) {
      const bool is_long = remainder >= code.short_count;
      const std::uint64_t moved = remainder + code.short_count;
      const std::uint64_t long_form = moved >> 1 | (moved & 1) << short_width;
      out.put(is_long ? long_form : remainder, short_width + (is_long ? 1U : 0U));
    }
    return out;
  }
  for (const std::uint64_t remainder : remainders) {
    if (remainder < code.short_count) {
      out.put_wide(remainder, short_width);
      continue;
    }
    const std::uint64_t moved = remainder + code.short_count;
    out.put_wide(moved >> 1, short_width);
    out.put(moved & 1, 1);
  }
  return out;
}

bool read_ranged(BitReader& shared, std::span<std::uint64_t> remainders, std::uint64_t range) {
  if (range == 0) return false;
  BitReader in = shared;
  const RangedCode code(range);
  const unsigned short_width = code.long_width - 1;
  if (code.long_width <= field_bits_max) {
    for (std::uint64_t& remainder : remainders) {
      const std::uint64_t word = in.peek();
      const std::uint64_t head = low_bits(word, short_width);
      const bool is_long = head >= code.short_count;
      const std::uint64_t moved = (head << 1 | (word >> short_width & 1)) - code.short_count;
      remainder = is_long ? moved : head;
      in.skip(short_width + (is_long ? 1U : 0U));
    }
    shared = in;
    return true;
  }
  for (std::uint64_t& remainder : remainders) {
    const std::uint64_t head = in.take_wide(short_width);
    remainder = head < code.short_count ? head : (head << 1 | in.take(1)) - code.short_count;
  }
  shared = in;
  return true;
}

// --- Choice --------------------------------------------------------------------------------------------------------
// On the way of every reading, twice and more often with merging: plain loops over 32 bits wherever the numbers allow,
// which the compiler turns into vector instructions.

/// Of deviations and heights to either side; 32 bits then hold the zigzag form of their differences' differences, and
/// the sum of eight of them.
constexpr std::uint64_t narrow_limit = std::uint64_t{1} << 24;

template <class Number>
using Row = std::array<Number, curve_limits::rows_max>;

/// About 128 x log2(1 + number), for numbers below 2^31.
std::uint32_t logarithm(std::uint32_t number) noexcept {
  // The exponent of a floating-point number is its logarithm, and the mantissa is nearly the rest of it.
  const auto floating = static_cast<float>(static_cast<std::int32_t>(number + 1));
  return (std::bit_cast<std::uint32_t>(floating) >> 16) - (127U << 7);
}

/// About what the adaptive code takes, in 128ths of a bit: it goes by the mean of the remainders around each.
std::uint32_t cost_of(std::span<const std::uint32_t> remainders) noexcept {
  constexpr std::size_t window = 8;
  const auto count = static_cast<std::uint32_t>(remainders.size());
  if (count < window) {
    std::uint64_t sum = 0;
    for (const std::uint32_t remainder : remainders) sum += remainder;
    return count * logarithm(static_cast<std::uint32_t>(sum * 4 / count));
  }
  std::uint32_t cost = 0;
  for (std::size_t i = 0; i + window <= count; ++i) {
    const std::uint32_t* const at = remainders.data() + i;
    cost += logarithm((at[0] + at[1] + at[2] + at[3] + at[4] + at[5] + at[6] + at[7]) / 2);
  }
  return static_cast<std::uint32_t>(std::uint64_t{cost} * count / (count - window + 1));
}
std::uint32_t cost_of(std::span<const std::uint64_t> remainders) noexcept {
  std::uint32_t cost = 0;
  for (const std::uint64_t remainder : remainders) {
    const unsigned size = width(remainder);
    cost += size == 0 ? 0 : (size + (size > RunningMean::width_max ? escape_bits : 2)) * 128;
  }
  return cost;
}

template <class Number>
Number zigzag_of(Number remainder) noexcept {
  constexpr int sign = std::numeric_limits<Number>::digits - 1;
  return (remainder << 1) ^ (Number{0} - (remainder >> sign));
}

std::uint64_t magnitude(std::uint64_t step) noexcept { return step >> 63 != 0 ? 0 - step : step; }

/// Division without a remainder by one number, as a multiplication: exact quotients by odd numbers are products with
/// their inverse modulo 2^64, and only exact ones stay small.
class ExactDivision {
 public:
  explicit ExactDivision(std::uint64_t divisor) noexcept  // not 0
      : twos_(static_cast<unsigned>(std::countr_zero(divisor))),
        inverse_(inverse_of(divisor >> twos_)),
        quotient_max_(~std::uint64_t{0} / divisor) {}
  [[nodiscard]] bool divides(std::uint64_t number) const noexcept {
    return std::rotr(number * inverse_, static_cast<int>(twos_)) <= quotient_max_;
  }
  /// Of a signed number that the divisor divides.
  [[nodiscard]] std::uint64_t quotient(std::uint64_t number) const noexcept {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(number * inverse_) >> twos_);
  }

 private:
  static std::uint64_t inverse_of(std::uint64_t odd) noexcept {
    std::uint64_t inverse = (3 * odd) ^ 2;  // right in 5 bits; each round doubles them
    for (int i = 0; i < 4; ++i) inverse *= 2 - odd * inverse;
    return inverse;
  }
  unsigned twos_;
  std::uint64_t inverse_;
  std::uint64_t quotient_max_;
};

/// 0 when all steps are.
std::uint64_t common_factor(std::span<const std::uint64_t> steps) {
  std::uint64_t factor = 0;
  std::size_t i = 0;
  while (i < steps.size() && factor != 1) {
    factor = std::gcd(factor, magnitude(steps[i++]));
    if (factor < 2) continue;
    const ExactDivision by_factor(factor);
    while (i < steps.size() && by_factor.divides(magnitude(steps[i]))) ++i;
  }
  return factor;
}

void divide(std::span<std::uint64_t> steps, std::uint64_t factor) {
  const ExactDivision by_factor(factor);
  for (std::uint64_t& step : steps) step = by_factor.quotient(step);
}

unsigned first_width_of(std::span<const std::uint64_t> remainders) {
  const std::size_t count = std::min<std::size_t>(remainders.size(), 8);
  unsigned sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += width(remainders[i]);
  return std::min(static_cast<unsigned>(sum / count), RunningMean::width_max);
}

/// What can be known of remainders before they are coded. All numbers wrap; least and greatest are those of signed
/// ones.
template <class Number>
struct Shape {
  Number least = 0;
  Number range = 0;
  Number centre = 0;
  std::uint32_t zigzag_cost = 0;  ///< taken around the centre, by cost_of()
  std::uint32_t above_cost = 0;   ///< taken above the least
  [[nodiscard]] std::uint32_t cost(std::size_t count) const noexcept {
    return std::min({zigzag_cost, above_cost, static_cast<std::uint32_t>(count) * width(range) * 128});
  }
};

template <class Number>
Shape<Number> extent_of(std::span<const Number> remainders) {
  using Signed = std::make_signed_t<Number>;
  auto least = static_cast<Signed>(remainders[0]);
  auto greatest = least;
  for (const Number remainder : remainders) {
    least = std::min(least, static_cast<Signed>(remainder));
    greatest = std::max(greatest, static_cast<Signed>(remainder));
  }
  Shape<Number> shape;
  shape.least = static_cast<Number>(least);
  shape.range = static_cast<Number>(greatest) - shape.least;
  return shape;
}

/// The number that more than half of all are, if there is one, otherwise the mean, if it can be had cheaply, otherwise
/// the middle.
template <class Number>
Number centre_of(std::span<const Number> remainders, const Shape<Number>& shape) {
  const std::size_t count = remainders.size();
  const Number early = remainders[count / 4];
  const Number middle = remainders[count / 2];
  const Number late = remainders[count - 1 - count / 4];
  if (early == middle || early == late || middle == late) {
    const Number candidate = middle == late ? middle : early;
    std::uint32_t equal = 0;
    for (const Number one : remainders) equal += one == candidate ? 1U : 0U;
    if (2 * equal > count) return candidate;
  }
  if (shape.range > std::numeric_limits<Number>::max() / count) return shape.least + shape.range / 2;
  Number sum = 0;
  for (const Number one : remainders) sum += one - shape.least;
  return shape.least + static_cast<Number>(sum / count);
}

template <class Number>
void add_costs(std::span<const Number> remainders, Shape<Number>& shape) {
  const std::size_t count = remainders.size();
  Row<Number> taken;
  shape.centre = centre_of(remainders, shape);
  for (std::size_t i = 0; i < count; ++i) taken[i] = zigzag_of<Number>(remainders[i] - shape.centre);
  shape.zigzag_cost = cost_of({taken.data(), count});
  for (std::size_t i = 0; i < count; ++i) taken[i] = remainders[i] - shape.least;
  shape.above_cost = cost_of({taken.data(), count});
}

/// Fills the remainders and settles how they are coded.
template <class Number>
void settle(std::span<const Number> remainders, const Shape<Number>& shape, ColumnPlan& plan) {
  const std::size_t count = remainders.size();
  const RangedCode code(shape.range);
  std::uint32_t short_count = 0;
  const auto short_limit = static_cast<Number>(code.short_count);
  for (const Number remainder : remainders)
    short_count += static_cast<Number>(remainder - shape.least) < short_limit ? 1U : 0U;
  const std::size_t ranged_bits = count * code.long_width - short_count + number_bits(shape.range);
  plan.range = shape.range;
  plan.is_zigzag = shape.zigzag_cost < shape.above_cost;
  const std::size_t adaptive_bits = 6 + std::min(shape.zigzag_cost, shape.above_cost) / 128;
  plan.is_ranged = shape.range > 0 && ranged_bits < adaptive_bits;
  plan.is_zigzag = plan.is_zigzag && !plan.is_ranged;
  const Number base = plan.is_zigzag ? shape.centre : shape.least;
  if (plan.is_zigzag)
    for (std::size_t i = 0; i < count; ++i) plan.remainders[i] = zigzag_of<Number>(remainders[i] - base);
  else
    for (std::size_t i = 0; i < count; ++i) plan.remainders[i] = static_cast<Number>(remainders[i] - base);
  plan.base = static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::make_signed_t<Number>>(base)));
  plan.first_width = first_width_of({plan.remainders.data(), count});
  plan.bits = (plan.is_ranged ? ranged_bits : adaptive_bits) + 3 + 3 + (plan.factor > 1 ? number_bits(plan.factor) : 0);
}

/// What the numbers leave when foretold in each way. `heights`: of the numbers above the line from first to last;
/// `deviations`: of the steps from its slope; `bends`: of the steps from those before.
template <class Number>
struct Remainders {
  Row<Number> deviations;
  Row<Number> heights;
  Row<Number> bends;
};

/// Number: std::uint32_t where the remainders are narrow, otherwise std::uint64_t.
template <class Number>
void choose(const Remainders<Number>& remainders, ColumnPlan& plan) {
  const std::size_t count = plan.remainders_count;
  const std::span<const Number> deviations(remainders.deviations.data(), count);
  const std::span<const Number> heights(remainders.heights.data(), count);
  const std::span<const Number> bends(remainders.bends.data(), count);
  Shape<Number> best = extent_of(deviations);
  add_costs(deviations, best);
  std::span<const Number> chosen = deviations;
  plan.kind = Kind::step;
  const auto consider = [&](std::span<const Number> others, Kind kind, std::uint32_t handicap) {
    Shape<Number> shape = extent_of(others);
    // What spreads further than the steps' deviations is not worth a closer look.
    if (shape.range / 3 > best.range / 2) return;
    add_costs(others, shape);
    shape.zigzag_cost += handicap * (shape.zigzag_cost / 16);
    if (shape.cost(count) >= best.cost(count)) return;
    best = shape;
    chosen = others;
    plan.kind = kind;
  };
  consider(heights, Kind::line, 0);
  // Bends swing from side to side, which cost_of() does not see in full.
  consider(bends, Kind::step_of_step, 1);
  settle(chosen, best, plan);
}

void plan_wide(std::span<const std::uint64_t> steps, ColumnPlan& plan) {
  Remainders<std::uint64_t> wide;
  std::uint64_t height = 0;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    wide.deviations[i] = steps[i] - plan.slope;
    wide.heights[i] = height += wide.deviations[i];
    wide.bends[i] = wide.deviations[i] - before;
    before = wide.deviations[i];
  }
  choose(wide, plan);
}

/// Returns false when 32 bits are not enough.
bool plan_narrow(std::span<const std::uint64_t> steps, ColumnPlan& plan) {
  Remainders<std::uint32_t> narrow;
  const std::size_t count = steps.size();
  std::uint64_t height = narrow_limit;
  std::uint64_t beyond = 0;  // at least narrow_limit x 2 when any is below -narrow_limit or not below narrow_limit
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t deviation = steps[i] - plan.slope;
    height += deviation;
    beyond |= (deviation + narrow_limit) | height;
    narrow.deviations[i] = static_cast<std::uint32_t>(deviation);
    narrow.heights[i] = static_cast<std::uint32_t>(height - narrow_limit);
  }
  if (beyond >= 2 * narrow_limit) return false;
  narrow.bends[0] = narrow.deviations[0];
  for (std::size_t i = 1; i < count; ++i) narrow.bends[i] = narrow.deviations[i] - narrow.deviations[i - 1];
  choose(narrow, plan);
  return true;
}

void plan_steps(std::span<const std::uint64_t> steps, std::uint64_t rise, ColumnPlan& plan) {
  plan.slope =
      static_cast<std::uint64_t>(static_cast<std::int64_t>(rise) / static_cast<std::int64_t>(plan.remainders_count));
  if (!plan_narrow(steps, plan)) plan_wide(steps, plan);
  if (plan.kind == Kind::step)
    plan.base += plan.slope;  // these remainders are of whole steps
  else
    plan.bits += number_bits(zigzag(plan.slope));
  plan.bits += number_bits(zigzag(plan.base));
}

// --- From remainders to numbers ------------------------------------------------------------------------------------

void sum_steps(std::uint64_t first, std::uint64_t factor, std::span<std::uint64_t> numbers) {
  numbers[0] = first;
  for (std::size_t i = 1; i < numbers.size(); ++i) numbers[i] = first += numbers[i] * factor;
}

void rebuild(Kind kind, std::uint64_t first, std::uint64_t factor, std::uint64_t slope,
             std::span<std::uint64_t> numbers) {
  if (kind == Kind::line) {
    numbers[0] = first;
    for (std::size_t i = 1; i < numbers.size(); ++i) numbers[i] = first + (numbers[i] + i * slope) * factor;
    return;
  }
  if (kind == Kind::step_of_step) {
    std::uint64_t step = slope;
    for (std::size_t i = 1; i < numbers.size(); ++i) numbers[i] = step += numbers[i];
  }
  sum_steps(first, factor, numbers);
}

bool read_remainders(BitReader& in, Kind kind, std::uint64_t first, std::uint64_t unit,
                     std::span<std::uint64_t> numbers) {
  const std::uint64_t factor = (in.take(1) != 0 ? in.number() : 1) * unit;
  const bool is_zigzag = in.take(1) != 0;
  const bool is_ranged = in.take(1) != 0;
  const std::uint64_t slope = kind != Kind::step ? in.signed_number() : 0;
  const std::uint64_t base = in.signed_number();
  const auto remainders = numbers.subspan(1);
  if (is_ranged) {
    if (!read_ranged(in, remainders, in.number())) return false;
  } else {
    const auto first_width = static_cast<unsigned>(in.take(6));
    if (first_width > RunningMean::width_max || !read_adaptive(in, remainders, first_width)) return false;
  }
  if (is_zigzag)
    for (std::uint64_t& remainder : remainders) remainder = unzigzag(remainder) + base;
  else
    for (std::uint64_t& remainder : remainders) remainder += base;
  rebuild(kind, first, factor, slope, numbers);
  return true;
}

}  // namespace

void plan_column(std::span<const std::uint64_t> numbers, ColumnPlan& plan) {
  const std::size_t count = numbers.size() - 1;
  plan.kind = Kind::constant;
  plan.is_zigzag = plan.is_ranged = false;
  plan.slope = plan.base = plan.range = plan.factor = 0;
  plan.first_width = 0;
  plan.remainders_count = 0;
  plan.bits = 3;
  if (count == 0) return;
  Numbers steps;
  std::uint64_t difference = 0;
  for (std::size_t i = 0; i < count; ++i) {
    steps[i] = numbers[i + 1] - numbers[i];
    difference |= steps[i] ^ steps[0];
  }
  if (difference == 0) {
    if (steps[0] == 0) return;
    plan.kind = Kind::constant_step;
    plan.slope = steps[0];
    plan.factor = magnitude(steps[0]);
    plan.bits += number_bits(zigzag(plan.slope));
    return;
  }
  plan.remainders_count = count;
  plan.factor = common_factor({steps.data(), count});
  std::uint64_t rise = numbers[count] - numbers[0];
  if (plan.factor > 1) {
    divide({steps.data(), count}, plan.factor);
    rise = std::accumulate(steps.data(), steps.data() + count, std::uint64_t{0});
  }
  plan_steps({steps.data(), count}, rise, plan);
}

void write_column(const ColumnPlan& plan, std::uint64_t unit, BitWriter& out) {
  out.put(static_cast<std::uint64_t>(plan.kind), 3);
  if (plan.kind == Kind::constant) return;
  if (plan.kind == Kind::constant_step) {
    out.signed_number(
        static_cast<std::uint64_t>(static_cast<std::int64_t>(plan.slope) / static_cast<std::int64_t>(unit)));
    return;
  }
  const std::uint64_t factor = plan.factor / unit;
  out.put(factor != 1 ? 1 : 0, 1);
  if (factor != 1) out.number(factor);
  out.put(plan.is_zigzag ? 1 : 0, 1);
  out.put(plan.is_ranged ? 1 : 0, 1);
  if (plan.kind != Kind::step) out.signed_number(plan.slope);
  out.signed_number(plan.base);
  const std::span<const std::uint64_t> remainders(plan.remainders.data(), plan.remainders_count);
  if (plan.is_ranged) {
    out.number(plan.range);
    out = write_ranged(out, remainders, plan.range);
    return;
  }
  out.put(plan.first_width, 6);
  out = write_adaptive(out, remainders, plan.first_width);
}

bool read_column(BitReader& in, std::uint64_t first, std::uint64_t unit, std::span<std::uint64_t> numbers) {
  const auto kind = static_cast<Kind>(in.take(3));
  switch (kind) {
    case Kind::constant:
      std::fill(numbers.begin(), numbers.end(), first);
      return true;
    case Kind::constant_step: {
      const std::uint64_t step = in.signed_number() * unit;
      for (std::uint64_t& number : numbers) {
        number = first;
        first += step;
      }
      return true;
    }
    case Kind::step:
    case Kind::step_of_step:
    case Kind::line:
      return numbers.size() > 1 && read_remainders(in, kind, first, unit, numbers);
  }
  return false;
}

}  // namespace duheng::store
