// What a server answers, in whatever pieces: never read outside, whole rows come back as they went.
#include <cstdlib>
#include <vector>

#include "store/clickhouse/clickhouse_dialect.hpp"
#include "store/clickhouse/reading_rows.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::store;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_clickhouse_version(text);
  const Error error = clickhouse_error(500, text);
  if (error.message.size() > 400) std::abort();
  if (size == 0) return 0;
  const std::size_t piece = data[0] == 0 ? 1 : data[0];
  const ByteView wire(data + 1, size - 1);
  std::vector<ReadingRow> rows;
  ReadingRowReader reader([&](const ReadingRow& row) -> Result<void> {
    rows.push_back(row);
    return {};
  });
  for (std::size_t at = 0; at < wire.size(); at += piece) {
    if (!reader.feed(wire.subspan(at, std::min(piece, wire.size() - at)))) std::abort();
  }
  if (reader.rows_seen() != wire.size() / reading_row_bytes || rows.size() > reader.rows_seen()) std::abort();
  if (reader.finish().has_value() != (wire.size() % reading_row_bytes == 0)) std::abort();
  // The octets of `place` aside, a row written again is the row that was read.
  if (!rows.empty() && rows.size() == reader.rows_seen()) {
    Bytes again;
    write_reading_row(again, rows[0], 0);
    for (std::size_t i = 0; i < reading_row_bytes; ++i) {
      const bool of_place = i >= 31 && i < 35;
      if (!of_place && again[i] != wire[i]) std::abort();
    }
  }
  return 0;
}
