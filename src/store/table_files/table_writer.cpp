#include "store/table_files/table_writer.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>

#include "base/decimal.hpp"
#include "store/table_files/table_cells.hpp"

namespace duheng::store {
namespace {

struct FormatFacts {
  TableFormat format;
  std::string_view name;
  std::string_view extension;
  std::string_view media_type;
};
constexpr std::array format_facts{
    FormatFacts{TableFormat::csv, "csv", "csv", "text/csv; charset=utf-8"},
    FormatFacts{TableFormat::xlsx, "xlsx", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    FormatFacts{TableFormat::parquet, "parquet", "parquet", "application/vnd.apache.parquet"},
    FormatFacts{TableFormat::json_lines, "json_lines", "jsonl", "application/x-ndjson"},
};

const FormatFacts& facts_of(TableFormat format) noexcept {
  for (const FormatFacts& facts : format_facts) {
    if (facts.format == format) return facts;
  }
  return format_facts.front();
}

Result<std::unique_ptr<TableWriter>> make(TableFormat format, std::vector<Column> columns, const TableOptions& options,
                                          ByteView state) {
  if (columns.empty() || columns.size() > 1'000) {
    return fail(ErrorCode::invalid_argument, fmt::format("a table has 1 to 1000 columns, not {}", columns.size()));
  }
  switch (format) {
    case TableFormat::csv:
      return table_files::make_csv_writer(std::move(columns), options);
    case TableFormat::json_lines:
      return table_files::make_json_lines_writer(std::move(columns));
    case TableFormat::xlsx:
      return table_files::make_xlsx_writer(std::move(columns), options, state);
    case TableFormat::parquet:
      return table_files::make_parquet_writer(std::move(columns), state);
  }
  return fail(ErrorCode::invalid_argument, "no such format of tables");
}

/// How many octets the UTF-8 character at the begin has (RFC 3629); 0 when there is none.
std::size_t character_size(std::string_view text) noexcept {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = octet(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xC2 && lead <= 0xDF   ? 2
                           : (lead & 0xF0) == 0xE0        ? 3
                           : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                          : 0;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xC0) != 0x80) return 0;
  }
  // Too long a form, surrogates, beyond the last character.
  if (lead == 0xE0 && octet(1) < 0xA0) return 0;
  if (lead == 0xED && octet(1) > 0x9F) return 0;
  if (lead == 0xF0 && octet(1) < 0x90) return 0;
  if (lead == 0xF4 && octet(1) > 0x8F) return 0;
  return size;
}

}  // namespace

std::string_view to_string(TableFormat format) noexcept { return facts_of(format).name; }
std::string_view file_extension(TableFormat format) noexcept { return facts_of(format).extension; }
std::string_view media_type(TableFormat format) noexcept { return facts_of(format).media_type; }

std::optional<TableFormat> table_format_of(std::string_view name) noexcept {
  for (const FormatFacts& facts : format_facts) {
    if (facts.name == name) return facts.format;
  }
  return std::nullopt;
}

Result<std::unique_ptr<TableWriter>> make_table_writer(TableFormat format, std::vector<Column> columns,
                                                       const TableOptions& options) {
  return make(format, std::move(columns), options, {});
}

Result<std::unique_ptr<TableWriter>> resume_table_writer(TableFormat format, std::vector<Column> columns,
                                                         const TableOptions& options, ByteView state) {
  const bool needs_state = format == TableFormat::xlsx || format == TableFormat::parquet;
  if (needs_state == state.empty()) return fail(ErrorCode::malformed, "this is no state of such a writer");
  return make(format, std::move(columns), options, state);
}

namespace table_files {

Result<void> check_row(std::span<const Column> columns, std::span<const Cell> cells) {
  if (cells.size() != columns.size()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the table has {} columns, the row {} cells", columns.size(), cells.size()));
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].kind == Cell::Kind::null && !columns[i].nullable) {
      return fail(ErrorCode::invalid_argument, fmt::format("the column {} takes no null", columns[i].name));
    }
  }
  return {};
}

std::string_view clean_text(std::string_view text, std::string& scratch) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = character_size(text.substr(at));
    if (size == 0) break;
    at += size;
  }
  if (at == text.size()) return text;
  scratch.assign(text.substr(0, at));
  while (at < text.size()) {
    const std::size_t size = character_size(text.substr(at));
    if (size == 0) {
      scratch += "\xEF\xBF\xBD";
      ++at;
    } else {
      scratch += text.substr(at, size);
      at += size;
    }
  }
  return scratch;
}

void append_integer(Bytes& out, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.insert(out.end(), digits.data(), end);
}

void append_decimal(Bytes& out, std::int64_t mantissa, std::int8_t exponent) {
  if (exponent == 0) return append_integer(out, mantissa);
  if (exponent > 0 || exponent < -18) return append(out, Decimal{mantissa, exponent}.to_string());
  std::array<char, 24> digits{};
  const std::uint64_t magnitude =
      mantissa < 0 ? ~static_cast<std::uint64_t>(mantissa) + 1 : static_cast<std::uint64_t>(mantissa);
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), magnitude).ptr;
  const auto count = static_cast<std::size_t>(end - digits.data());
  const auto fraction = static_cast<std::size_t>(-exponent);
  if (mantissa < 0) out.push_back('-');
  if (count <= fraction) {
    append(out, "0.");
    out.insert(out.end(), fraction - count, '0');
    out.insert(out.end(), digits.data(), end);
  } else {
    out.insert(out.end(), digits.data(), end - fraction);
    out.push_back('.');
    out.insert(out.end(), end - fraction, end);
  }
}

int significant_digits(std::int64_t mantissa) noexcept {
  int count = 0;
  for (; mantissa != 0; mantissa /= 10) ++count;
  return count;
}

}  // namespace table_files
}  // namespace duheng::store
