#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "store/telemetry/curve_bits.hpp"
#include "store/telemetry/curve_block.hpp"

namespace duheng::store {

/// How one column of integers of a block is written: what is foretold of each number, and how what remains is coded.
///
/// All arithmetic is that of unsigned 64-bit numbers, which wrap: exact for every content, and nothing can overflow.
/// The first number is not part of it; the steps from one to the next are divided by their greatest common factor.
struct ColumnPlan {
  /// Written with 3 bits: append, never renumber.
  enum class Kind : std::uint8_t {
    constant = 0,       ///< all numbers equal
    constant_step = 1,  ///< each is the one before plus `slope`
    step = 2,           ///< foretold: the number before
    step_of_step = 3,   ///< foretold: the number before plus the step before, which at first is `slope`
    line = 4,           ///< foretold: the first number plus its distance in rows times `slope`
  };
  Kind kind = Kind::constant;
  bool is_zigzag = false;    ///< remainders around `base`, signs in the lowest bit; otherwise `base` is the least
  bool is_ranged = false;    ///< remainders of equal width; otherwise adaptive ones
  std::uint64_t slope = 0;   ///< from the first number to the last, a row; but for constant_step in units of `factor`
  std::uint64_t factor = 1;  ///< common to all steps; |slope| for constant_step, 0 for constant
  std::uint64_t base = 0;    ///< taken off every remainder
  std::uint64_t range = 0;   ///< the greatest remainder, when ranged
  unsigned first_width = 0;  ///< of the first remainders, when adaptive
  std::size_t remainders_count = 0;
  std::size_t bits = 0;  ///< about what it takes when the unit is 1
  std::array<std::uint64_t, curve_limits::rows_max> remainders;
};

/// `numbers`: 1 to rows_max. Fills all of `plan` but unused remainders.
void plan_column(std::span<const std::uint64_t> numbers, ColumnPlan& plan);
/// `unit` divides plan.factor (any does for a constant column) and is known to the reader.
void write_column(const ColumnPlan& plan, std::uint64_t unit, BitWriter& out);
/// Fills `numbers` from `first`. Returns false when the bits cannot have been written by write_column().
[[nodiscard]] bool read_column(BitReader& in, std::uint64_t first, std::uint64_t unit,
                               std::span<std::uint64_t> numbers);

}  // namespace duheng::store
