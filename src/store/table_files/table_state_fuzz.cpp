// A kept state of a writer: whatever stands there, going on with it must not read or write beyond.
#include <array>

#include "store/table_files/table_writer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::store;
  if (size == 0) return 0;
  const auto format = data[0] % 2 == 0 ? TableFormat::xlsx : TableFormat::parquet;
  const std::vector<Column> columns{{"name", ColumnType::text, true, 0}, {"value", ColumnType::decimal, true, 3}};
  auto writer = resume_table_writer(format, columns, {}, ByteView(data + 1, size - 1));
  if (!writer) return 0;
  Bytes out;
  const std::string_view text(reinterpret_cast<const char*>(data), size < 64 ? size : 64);
  const std::array cells{Cell::of(text), Cell::decimal(static_cast<std::int64_t>(size), -2)};
  if (!(*writer)->row(cells, out) || !(*writer)->flush(out)) return 0;
  // What it would keep can be taken up again.
  if (!resume_table_writer(format, columns, {}, (*writer)->state())) __builtin_trap();
  (void)(*writer)->end(out);
  return 0;
}
