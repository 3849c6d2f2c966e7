#pragma once
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "store/telemetry/reading_row.hpp"

namespace duheng::store {

/// The readings of one series and one UTC day in as few octets as their regularity allows. Two byte strings, so that
/// what is seen (times, values, qualities) and where it came from (frames, times of receipt) are read, and counted,
/// apart. Exact: what comes out is what went in, row for row.
struct CurveBlock {
  Bytes values;    ///< count, time stamps, mantissas, qualities, time sources
  Bytes evidence;  ///< frame references, times of receipt
};

namespace curve_limits {
/// Of one block; a day with more rows becomes several blocks. Keeps a block below what the engine stores in one piece.
inline constexpr std::size_t rows_max = 1'440;
inline constexpr std::size_t bytes_max = 64U << 10;  ///< of either string, when parsed
}  // namespace curve_limits

/// `rows`: 1 to rows_max of one series, in ReadingRow::order(); clears and fills `out`, whose memory is used again.
/// Precondition violations end in an empty `out.values`.
void encode_curve(std::span<const ReadingRow> rows, CurveBlock& out);

/// Appends the block's rows to `out`, in their order, with `series` as given. `evidence` may be empty when frames and
/// times of receipt are not wanted: they are 0 then. Never reads outside its input nor allocates beyond rows_max.
/// Errors: storage_corrupt - not a block, or one that does not end where it should: rebuild from the journal.
[[nodiscard]] Result<void> decode_curve(std::uint32_t series, ByteView values, ByteView evidence,
                                        std::vector<ReadingRow>& out);

}  // namespace duheng::store
