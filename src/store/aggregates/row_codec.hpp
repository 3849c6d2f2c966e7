#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "store/aggregates/aggregate_store.hpp"

namespace duheng::store {

/// Octets of aggregates at rest. Every string begins with its version. Parsing never reads outside its input nor
/// allocates beyond the limits here; errors: storage_corrupt - not ours or damaged; unsupported - a newer release's.
namespace codec_limits {
inline constexpr std::size_t series_per_tile = 8;
inline constexpr std::size_t rows_per_series_max = 31;  ///< a month
inline constexpr std::size_t hours_per_day_max = 32;
}  // namespace codec_limits

struct DayTile {
  struct Entry {
    std::int32_t day = 0;
    AggregateRow row;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::array<std::vector<Entry>, codec_limits::series_per_tile> series;  ///< each by day
  [[nodiscard]] bool empty() const noexcept;
  friend bool operator==(const DayTile&, const DayTile&) = default;
};
/// A month of eight series.
/// Layout, version 2 (v = varint, z = zigzag varint, w = zigzag varint of 128 bits):
///   u8 2 · 8 x v octets of this series · 8 x { v rows { v day - day before · row } }
/// A row of version 2 may say when the value before it was; rows of version 1 are read as rows that do not.
[[nodiscard]] Bytes encode_day_tile(const DayTile& tile);
[[nodiscard]] Result<DayTile> parse_day_tile(ByteView bytes);
/// One series of it, the others skipped.
[[nodiscard]] Result<std::vector<DayTile::Entry>> parse_day_tile_series(ByteView bytes, std::size_t index);

/// One day's figures of up to series_per_slice series, sorted by series; `first_series` and day are the key's.
///   u8 2 · v figures { v series - one before · v findings · v values · v expected · v present · w increase · w edited
///   · with the finding over_gap: z from · z to - from }
[[nodiscard]] Bytes encode_figures(std::span<const DayFigure> figures, SeriesId first_series);
/// Appends to `out`.
[[nodiscard]] Result<void> parse_figures(ByteView bytes, SeriesId first_series, std::int32_t day,
                                         std::vector<DayFigure>& out);

///   u8 2 · v rows { row }
[[nodiscard]] Bytes encode_hours(std::span<const AggregateRow> hours);
[[nodiscard]] Result<std::vector<AggregateRow>> parse_hours(ByteView bytes);

}  // namespace duheng::store
