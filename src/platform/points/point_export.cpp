#include <fmt/format.h>
#include <unordered_map>

#include "base/time.hpp"
#include "platform/points/point_file.hpp"
#include "store/table_files/csv_reader.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

/// A point's present registers, each column a list.
struct Registers {
  std::string names, ratios, digits, starts;
  void add(const Row& row) {
    const std::string_view between = names.empty() ? "" : ";";
    names += between;
    names += row.text_view(1);
    ratios += between;
    ratios +=
        row.integer(3) == 1 ? fmt::format("{}", row.integer(2)) : fmt::format("{}/{}", row.integer(2), row.integer(3));
    digits += between;
    if (const auto count = row.optional_integer(4)) digits += fmt::format("{}", *count);
    starts += between;
    if (!row.is_null(5)) starts += row.text_view(5);
  }
};

using store::csv_field;

std::string line_of(const Row& row, const Registers& registers) {
  const auto since = row.optional_integer(8);
  const auto tariff_from = row.optional_integer(10);
  return fmt::format(
      "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", csv_field(row.text(1)), csv_field(row.text(2)),
      csv_field(row.text(3)), csv_field(row.text(4)), csv_field(row.text(5)), csv_field(row.text(6)),
      csv_field(row.text(11)), csv_field(row.text(7)), since ? format_utc(*since) : std::string{},
      csv_field(registers.names), csv_field(registers.ratios), csv_field(registers.digits), csv_field(registers.starts),
      csv_field(row.text(9)),
      tariff_from ? store::CivilCalendar::format_day(static_cast<std::int32_t>(*tariff_from)) : std::string{});
}

std::string tariff_entry(std::string_view column) {
  return fmt::format(
      "(SELECT {} FROM point_tariffs pt LEFT JOIN tariffs t ON t.id = pt.tariff_id WHERE pt.point_id = p.id AND "
      "pt.withdrawn_at_ms IS NULL AND pt.from_day <= ?2 ORDER BY pt.from_day DESC LIMIT 1)",
      column);
}

std::string party(int kind, std::string_view column) {
  return fmt::format(
      "coalesce((SELECT y.{} FROM points_of_parties l JOIN point_parties y ON y.id = l.party_id WHERE l.point_id = "
      "p.id "
      "AND l.kind = {}), '')",
      column, kind);
}

}  // namespace

Result<std::string> MeteringPoints::export_csv(const Scope& scope, std::int32_t day) {
  std::string out = "\xEF\xBB\xBF";
  for (const PointColumn& column : point_columns()) {
    if (out.size() > 3) out += ',';
    out += column.name;
  }
  out += "\r\n";
  const std::string where = " WHERE " + scope.condition("p.organisation_id", "?1");
  return database_.read([&](Transaction& t) -> Result<std::string> {
    std::unordered_map<std::int64_t, Registers> registers;
    DUHENG_CHECK(
        t.each("SELECT r.point_id, r.name, r.ratio_numerator, r.ratio_denominator, r.digits, r.start_value "
               "FROM points p JOIN point_devices d ON d.point_id = p.id AND d.to_ms IS NULL "
               "JOIN point_registers r ON r.point_id = p.id AND r.from_ms = d.from_ms" +
                   where + " ORDER BY r.point_id, r.name",
               {scope.parameter_value()}, [&](const Row& row) { registers[row.integer(0)].add(row); }));
    const std::string sql =
        "SELECT p.id, o.code, p.name, coalesce(s.name, ''), " + party(1, "code") + ", " + party(1, "name") + ", " +
        party(2, "code") + ", coalesce(d.uid, ''), pd.from_ms, coalesce(" + tariff_entry("coalesce(t.code, '-')") +
        ", ''), " + tariff_entry("pt.from_day") + ", " + party(2, "name") +
        " FROM points p JOIN organisations o ON o.id = p.organisation_id LEFT JOIN sites s ON s.id = p.site_id "
        "LEFT JOIN point_devices pd ON pd.point_id = p.id AND pd.to_ms IS NULL LEFT JOIN devices d ON d.id = "
        "pd.device_id" +
        where + " ORDER BY o.code, p.name, p.id";
    DUHENG_CHECK(t.each(sql, {scope.parameter_value(), day},
                        [&](const Row& row) { out += line_of(row, registers[row.integer(0)]); }));
    return std::move(out);
  });
}

}  // namespace duheng::platform
