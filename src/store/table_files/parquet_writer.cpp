#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <zstd.h>

#include "store/table_files/table_cells.hpp"
#include "store/table_files/thrift_compact.hpp"

namespace duheng::store::table_files {
namespace {

using Int128 = __int128;

constexpr std::uint8_t state_version = 1;
constexpr std::string_view magic = "PAR1";
constexpr int zstd_level = 3;
constexpr std::size_t decimal_bytes = 16;
constexpr int decimal_digits_max = 38;
constexpr std::size_t row_group_rows_max = 1'000'000;

// parquet.thrift: Type, ConvertedType, FieldRepetitionType, Encoding, CompressionCodec, PageType.
constexpr int type_int64 = 2, type_byte_array = 6, type_fixed = 7;
constexpr int converted_utf8 = 0, converted_decimal = 5, converted_timestamp_ms = 9;
constexpr int required = 0, optional = 1;
constexpr int encoding_plain = 0, encoding_rle = 3;
constexpr int codec_zstd = 6;
constexpr int page_of_data = 0;

int physical_type(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::text:
      return type_byte_array;
    case ColumnType::decimal:
      return type_fixed;
    case ColumnType::integer:
    case ColumnType::time:
      break;
  }
  return type_int64;
}

/// mantissa x 10^exponent as an integer of 10^-scale; nothing when it is not exactly one of 38 digits.
std::optional<Int128> scaled(std::int64_t mantissa, int exponent, int scale) noexcept {
  Int128 value = mantissa;
  int shift = exponent + scale;
  Int128 bound = 1;
  for (int i = 0; i < decimal_digits_max; ++i) bound *= 10;
  for (; shift > 0 && value != 0; --shift) {
    value *= 10;
    if (value >= bound || value <= -bound) return std::nullopt;
  }
  for (; shift < 0 && value != 0; ++shift) {
    if (value % 10 != 0) return std::nullopt;
    value /= 10;
  }
  return value;
}

struct ChunkFacts {
  std::uint64_t offset = 0;
  std::uint64_t values = 0;
  std::uint64_t plain_bytes = 0;  ///< with the page's head
  std::uint64_t packed_bytes = 0;
};
struct RowGroup {
  std::uint64_t rows = 0;
  std::vector<ChunkFacts> chunks;
};

/// The values of one column since the last row group.
struct ColumnBuffer {
  Bytes values;
  /// Runs of "there" and "null" (Parquet, RLE with one bit); used for nullable columns.
  std::vector<std::pair<bool, std::uint64_t>> runs;

  void note(bool is_there) {
    if (runs.empty() || runs.back().first != is_there) runs.emplace_back(is_there, 0);
    ++runs.back().second;
  }
};

class ParquetWriter final : public TableWriter {
 public:
  explicit ParquetWriter(std::vector<Column> columns) : columns_(std::move(columns)), buffers_(columns_.size()) {
    for (Column& column : columns_) {
      column.scale = std::min<std::uint8_t>(column.scale, decimal_digits_max);
      // A number that is no decimal of that scale becomes null.
      if (column.type == ColumnType::decimal) column.nullable = true;
    }
  }

  Result<void> begin(Bytes& out) override {
    append(out, magic);
    offset_ = magic.size();
    return {};
  }

  Result<void> row(std::span<const Cell> cells, Bytes& out) override {
    DUHENG_CHECK(check_row(columns_, cells));
    for (std::size_t i = 0; i < cells.size(); ++i) add(columns_[i], buffers_[i], cells[i]);
    ++rows_;
    return rows_ < row_group_rows_max ? Result<void>{} : flush(out);
  }

  Result<void> flush(Bytes& out) override {
    if (rows_ == 0) return {};
    RowGroup group;
    group.rows = rows_;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      DUHENG_TRY(const ChunkFacts chunk, write_chunk(columns_[i], buffers_[i], out));
      group.chunks.push_back(chunk);
      buffers_[i] = {};
    }
    groups_.push_back(std::move(group));
    rows_ = 0;
    return {};
  }

  Result<void> end(Bytes& out) override {
    DUHENG_CHECK(flush(out));
    const std::size_t before = out.size();
    write_footer(out);
    const std::size_t size = out.size() - before;
    ByteWriter(out).u32(static_cast<std::uint32_t>(size));
    append(out, magic);
    return {};
  }

  [[nodiscard]] Bytes state() const override {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(state_version);
    writer.varint(columns_.size());
    writer.varint(offset_);
    writer.varint(groups_.size());
    for (const RowGroup& group : groups_) {
      writer.varint(group.rows);
      for (const ChunkFacts& chunk : group.chunks) {
        writer.varint(chunk.offset);
        writer.varint(chunk.values);
        writer.varint(chunk.plain_bytes);
        writer.varint(chunk.packed_bytes);
      }
    }
    return out;
  }

  Result<void> load(ByteView state) {
    ByteReader in(state);
    if (in.u8() != state_version || in.varint() != columns_.size())
      return fail(ErrorCode::malformed, "this is no state of such a Parquet file");
    offset_ = in.varint();
    const std::uint64_t groups = in.varint();
    for (std::uint64_t g = 0; g < groups && in.ok(); ++g) {
      RowGroup group;
      group.rows = in.varint();
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        ChunkFacts chunk;
        chunk.offset = in.varint();
        chunk.values = in.varint();
        chunk.plain_bytes = in.varint();
        chunk.packed_bytes = in.varint();
        group.chunks.push_back(chunk);
      }
      groups_.push_back(std::move(group));
    }
    if (!in.ok() || !in.at_end()) return fail(ErrorCode::malformed, "this is no state of such a Parquet file");
    return {};
  }

 private:
  void add(const Column& column, ColumnBuffer& buffer, const Cell& cell) {
    ByteWriter writer(buffer.values);
    if (column.type == ColumnType::decimal) {
      std::optional<Int128> value;
      if (cell.kind == Cell::Kind::decimal) value = scaled(cell.integer, cell.exponent, column.scale);
      if (cell.kind == Cell::Kind::integer) value = scaled(cell.integer, 0, column.scale);
      buffer.note(value.has_value());
      for (std::size_t i = 0; value && i < decimal_bytes; ++i)
        writer.u8(static_cast<std::uint8_t>(*value >> (8 * (decimal_bytes - 1 - i))));
      return;
    }
    const bool is_there = cell.kind != Cell::Kind::null;
    buffer.note(is_there);
    if (!is_there) return;
    if (column.type == ColumnType::text) {
      const std::string_view text = clean_text(cell.text, scratch_);
      writer.u32(static_cast<std::uint32_t>(text.size()));
      writer.raw(as_bytes(text));
    } else {
      writer.u64(static_cast<std::uint64_t>(cell.integer));
    }
  }

  Result<ChunkFacts> write_chunk(const Column& column, const ColumnBuffer& buffer, Bytes& out) {
    Bytes page;
    if (column.nullable) {
      Bytes levels;
      ByteWriter level_writer(levels);
      for (const auto& [is_there, count] : buffer.runs) {
        level_writer.varint(count << 1);
        level_writer.u8(is_there ? 1 : 0);
      }
      ByteWriter(page).u32(static_cast<std::uint32_t>(levels.size()));
      page.insert(page.end(), levels.begin(), levels.end());
    }
    page.insert(page.end(), buffer.values.begin(), buffer.values.end());
    Bytes packed(ZSTD_compressBound(page.size()));
    const std::size_t packed_bytes = ZSTD_compress(packed.data(), packed.size(), page.data(), page.size(), zstd_level);
    if (ZSTD_isError(packed_bytes) != 0) return fail(ErrorCode::internal, ZSTD_getErrorName(packed_bytes));
    packed.resize(packed_bytes);

    Bytes head;
    ThriftWriter thrift(head);
    thrift.i32(1, page_of_data);
    thrift.i32(2, static_cast<std::int64_t>(page.size()));
    thrift.i32(3, static_cast<std::int64_t>(packed.size()));
    thrift.begin_struct(5);
    thrift.i32(1, static_cast<std::int64_t>(rows_));
    thrift.i32(2, encoding_plain);
    thrift.i32(3, encoding_rle);
    thrift.i32(4, encoding_rle);
    thrift.end_struct();
    thrift.stop();

    const ChunkFacts facts{offset_, rows_, head.size() + page.size(), head.size() + packed.size()};
    out.insert(out.end(), head.begin(), head.end());
    out.insert(out.end(), packed.begin(), packed.end());
    offset_ += facts.packed_bytes;
    return facts;
  }

  void write_footer(Bytes& out) const {
    std::uint64_t rows = 0;
    for (const RowGroup& group : groups_) rows += group.rows;
    ThriftWriter thrift(out);
    thrift.i32(1, 1);
    thrift.struct_list(2, columns_.size() + 1);
    thrift.begin_element();
    thrift.text(4, "table");
    thrift.i32(5, static_cast<std::int64_t>(columns_.size()));
    thrift.end_struct();
    for (const Column& column : columns_) write_schema(thrift, column);
    thrift.i64(3, static_cast<std::int64_t>(rows));
    thrift.struct_list(4, groups_.size());
    for (const RowGroup& group : groups_) write_group(thrift, group);
    thrift.text(6, "duheng version 1");
    thrift.stop();
  }

  static void write_schema(ThriftWriter& thrift, const Column& column) {
    thrift.begin_element();
    thrift.i32(1, physical_type(column.type));
    if (column.type == ColumnType::decimal) thrift.i32(2, decimal_bytes);
    thrift.i32(3, column.nullable ? optional : required);
    thrift.text(4, column.name);
    if (column.type == ColumnType::text) thrift.i32(6, converted_utf8);
    if (column.type == ColumnType::time) thrift.i32(6, converted_timestamp_ms);
    if (column.type == ColumnType::decimal) {
      thrift.i32(6, converted_decimal);
      thrift.i32(7, column.scale);
      thrift.i32(8, decimal_digits_max);
    }
    thrift.end_struct();
  }

  void write_group(ThriftWriter& thrift, const RowGroup& group) const {
    std::uint64_t plain = 0;
    std::uint64_t packed = 0;
    thrift.begin_element();
    thrift.struct_list(1, group.chunks.size());
    for (std::size_t i = 0; i < group.chunks.size(); ++i) {
      const ChunkFacts& chunk = group.chunks[i];
      plain += chunk.plain_bytes;
      packed += chunk.packed_bytes;
      thrift.begin_element();
      thrift.i64(2, static_cast<std::int64_t>(chunk.offset));
      thrift.begin_struct(3);
      thrift.i32(1, physical_type(columns_[i].type));
      thrift.i32_list(2, {encoding_plain, encoding_rle});
      thrift.text_list(3, {columns_[i].name});
      thrift.i32(4, codec_zstd);
      thrift.i64(5, static_cast<std::int64_t>(chunk.values));
      thrift.i64(6, static_cast<std::int64_t>(chunk.plain_bytes));
      thrift.i64(7, static_cast<std::int64_t>(chunk.packed_bytes));
      thrift.i64(9, static_cast<std::int64_t>(chunk.offset));
      thrift.end_struct();
      thrift.end_struct();
    }
    thrift.i64(2, static_cast<std::int64_t>(plain));
    thrift.i64(3, static_cast<std::int64_t>(group.rows));
    thrift.i64(5, static_cast<std::int64_t>(group.chunks.front().offset));
    thrift.i64(6, static_cast<std::int64_t>(packed));
    thrift.end_struct();
  }

  std::vector<Column> columns_;
  std::vector<ColumnBuffer> buffers_;
  std::vector<RowGroup> groups_;
  std::uint64_t rows_ = 0;
  std::uint64_t offset_ = 0;
  std::string scratch_;
};

}  // namespace

Result<std::unique_ptr<TableWriter>> make_parquet_writer(std::vector<Column> columns, ByteView state) {
  auto writer = std::make_unique<ParquetWriter>(std::move(columns));
  if (!state.empty()) DUHENG_CHECK(writer->load(state));
  return std::unique_ptr<TableWriter>{std::move(writer)};
}

}  // namespace duheng::store::table_files
