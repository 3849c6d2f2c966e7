#include "platform/points/point_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <memory>

#include "base/time.hpp"
#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr std::array<PointColumn, 15> columns{{{"organisation", "组织"},
                                               {"name", "计量点", true},
                                               {"site", "站点"},
                                               {"customer", "用户编号"},
                                               {"customer_name", "用户名称"},
                                               {"transformer", "变压器编号"},
                                               {"transformer_name", "变压器名称"},
                                               {"device", "设备标识"},
                                               {"installed_at", "装表时间"},
                                               {"register", "数据项"},
                                               {"ratio", "变比"},
                                               {"digits", "位数"},
                                               {"start", "起码"},
                                               {"tariff", "价类"},
                                               {"tariff_from", "价类起始日"}}};
/// Taken, but not written: what corrects something needs a reason.
constexpr PointColumn reason_column{"tariff_reason", "价类更正原因"};

std::unexpected<PointFault> wrong(std::string_view column, std::string message,
                                  ErrorCode code = ErrorCode::invalid_argument) {
  return std::unexpected(PointFault{column, {code, std::move(message)}});
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\n";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  text = text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
  // What our lists put before a text that a spreadsheet would take for a formula.
  constexpr std::string_view formulas = "=+-@";
  if (text.size() > 1 && text.front() == '\'' && formulas.find(text[1]) != std::string_view::npos)
    text.remove_prefix(1);
  return std::string(text);
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const auto end = text.find(';');
    out.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t out = 0;
  const char* const begin = std::to_address(text.begin());
  const char* const end = std::to_address(text.end());
  const auto [stopped, error] = std::from_chars(begin, end, out);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return out;
}

/// "40" or "200/5".
bool read_ratio(std::string_view text, PointRegister& out) {
  const auto slash = text.find('/');
  const auto numerator = number_of(text.substr(0, slash));
  const auto denominator =
      slash == std::string_view::npos ? std::optional<std::int64_t>(1) : number_of(text.substr(slash + 1));
  if (!numerator || !denominator) return false;
  out.ratio_numerator = *numerator;
  out.ratio_denominator = *denominator;
  return true;
}

const PointColumn* column_named(std::string_view name) {
  const auto is_it = [name](const PointColumn& each) { return each.name == name || each.chinese == name; };
  const auto* const found = std::ranges::find_if(columns, is_it);
  if (found != columns.end()) return found;
  return is_it(reason_column) ? &reason_column : nullptr;
}

}  // namespace

std::span<const PointColumn> point_columns() noexcept { return columns; }

Result<PointNames> point_names(Transaction& t, const Scope& scope) {
  PointNames out;
  out.own = scope.root();
  DUHENG_CHECK(t.each("SELECT id, code FROM organisations WHERE " + scope.condition("id", "?1"),
                      {scope.parameter_value()},
                      [&out](const Row& row) { out.organisations[row.text(1)] = row.id<OrganisationId>(0); }));
  DUHENG_CHECK(t.each("SELECT id, organisation_id, name FROM sites WHERE " + scope.condition("organisation_id", "?1"),
                      {scope.parameter_value()}, [&out](const Row& row) {
                        out.sites[{row.id<OrganisationId>(1), row.text(2)}] = row.id<SiteId>(0);
                      }));
  DUHENG_CHECK(t.each("SELECT id, uid FROM devices WHERE " + scope.condition("organisation_id", "?1"),
                      {scope.parameter_value()},
                      [&out](const Row& row) { out.devices[row.text(1)] = row.id<DeviceId>(0); }));
  DUHENG_TRY(const std::vector<Tariff> tariffs, tariffs_in(t));
  for (const Tariff& tariff : tariffs) out.tariffs[tariff.details.code] = tariff.id;
  return out;
}

Result<PointHeader> PointHeader::read(const std::vector<std::string>& fields) {
  PointHeader out;
  out.count_ = fields.size();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string name = to_lower_ascii(trimmed(fields[i]));
    if (name.empty()) continue;  // spreadsheets leave empty columns behind
    const PointColumn* const column = column_named(name);
    if (column == nullptr)
      return fail(ErrorCode::invalid_argument, fmt::format("the header has an unknown column '{}'", name));
    if (!out.places_.emplace(column->name, i).second)
      return fail(ErrorCode::invalid_argument, fmt::format("the header has the column '{}' twice", column->name));
  }
  for (const PointColumn& column : columns) {
    if (column.is_required && !out.places_.contains(column.name))
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the header lacks the column '{}': take the template", column.name));
  }
  return out;
}

std::string PointHeader::value(const std::vector<std::string>& fields, std::string_view column) const {
  const auto place = places_.find(column);
  return place == places_.end() || place->second >= fields.size() ? std::string{} : trimmed(fields[place->second]);
}

CheckedPoint<void> PointHeader::read_place(const std::vector<std::string>& fields, const PointNames& names,
                                           PointLine& line) const {
  line.details.name = value(fields, "name");
  if (line.details.name.empty()) return wrong("name", "this must not be empty");
  line.details.organisation = names.own;
  if (const std::string code = value(fields, "organisation"); !code.empty()) {
    const auto found = names.organisations.find(code);
    if (found == names.organisations.end())
      return wrong("organisation", "there is no organisation with this code", ErrorCode::not_found);
    line.details.organisation = found->second;
  }
  if (!line.details.organisation) return wrong("organisation", "this must not be empty");
  if (const std::string name = value(fields, "site"); !name.empty()) {
    const auto found = names.sites.find({line.details.organisation, name});
    if (found == names.sites.end())
      return wrong("site", "the organisation has no site of this name", ErrorCode::not_found);
    line.details.site = found->second;
  }
  line.parties.customer = {value(fields, "customer"), value(fields, "customer_name")};
  line.parties.transformer = {value(fields, "transformer"), value(fields, "transformer_name")};
  if (line.parties.customer.code.empty() && !line.parties.customer.name.empty())
    return wrong("customer", "a customer's name needs its code");
  if (line.parties.transformer.code.empty() && !line.parties.transformer.name.empty())
    return wrong("transformer", "a transformer's name needs its code");
  return {};
}

CheckedPoint<std::vector<PointRegister>> PointHeader::read_registers(const std::vector<std::string>& fields,
                                                                     bool behind_transformer) const {
  std::vector<PointRegister> out;
  for (std::string& name : split(value(fields, "register"))) {
    PointRegister& one = out.emplace_back();
    one.name = std::move(name);
    if (one.name.empty()) return wrong("register", "a register's name is needed");
  }
  const auto each = [&](std::string_view column, const auto& take) -> CheckedPoint<void> {
    const std::string text = value(fields, column);
    if (text.empty()) return {};
    const std::vector<std::string> parts = split(text);
    if (parts.size() != out.size()) return wrong(column, "there must be one for each register");
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].empty() && !take(parts[i], out[i])) return wrong(column, fmt::format("'{}' cannot be", parts[i]));
    }
    return {};
  };
  const std::string ratios = value(fields, "ratio");
  const std::vector<std::string> parts = split(ratios);
  if (behind_transformer && std::ranges::find(parts, std::string{}) != parts.end())
    return wrong("ratio", "behind a transformer each register needs its ratio");
  if (auto done = each("ratio", read_ratio); !done) return std::unexpected(done.error());
  const auto digits = [](const std::string& text, PointRegister& one) {
    one.digits = number_of(text);
    return one.digits.has_value();
  };
  if (auto done = each("digits", digits); !done) return std::unexpected(done.error());
  const auto start = [](const std::string& text, PointRegister& one) {
    const auto read = Decimal::parse(text);
    if (read) one.start = *read;
    return read.has_value();
  };
  if (auto done = each("start", start); !done) return std::unexpected(done.error());
  return out;
}

CheckedPoint<void> PointHeader::read_installation(const std::vector<std::string>& fields, const PointNames& names,
                                                  const store::CivilCalendar& calendar, PointLine& line) const {
  const std::string uid = value(fields, "device");
  if (uid.empty()) {
    for (const std::string_view column : {"installed_at", "register", "ratio", "digits", "start"}) {
      if (!value(fields, column).empty()) return wrong(column, "this is for a device, and none is named");
    }
    return {};
  }
  const auto device = names.devices.find(uid);
  if (device == names.devices.end()) return wrong("device", "there is no device with this uid", ErrorCode::not_found);
  PointInstallation installation;
  installation.device = device->second;
  const std::string since = value(fields, "installed_at");
  if (const auto day = store::CivilCalendar::parse_day(since)) {
    installation.at_utc_ms = calendar.day(*day).after_utc_ms;
  } else if (const auto time = parse_iso8601(since)) {
    installation.at_utc_ms = *time;
  } else {
    return wrong("installed_at", "a day such as 2026-11-21, or a time such as 2026-11-21T09:00:00+08:00, is needed");
  }
  auto registers = read_registers(fields, !line.parties.transformer.code.empty());
  if (!registers) return std::unexpected(registers.error());
  installation.registers = std::move(*registers);
  line.installation = std::move(installation);
  return {};
}

CheckedPoint<void> PointHeader::read_tariff(const std::vector<std::string>& fields, const PointNames& names,
                                            PointLine& line) const {
  const std::string code = value(fields, "tariff");
  const std::string from = value(fields, "tariff_from");
  if (code.empty()) {
    if (!from.empty()) return wrong("tariff", "a day is given, but no tariff: '-' is for none");
    return {};
  }
  TariffChange change;
  if (code != "-") {
    const auto found = names.tariffs.find(code);
    if (found == names.tariffs.end()) return wrong("tariff", "there is no tariff with this code", ErrorCode::not_found);
    change.tariff = found->second;
  }
  const auto day = store::CivilCalendar::parse_day(from);
  if (!day) return wrong("tariff_from", "a day such as 2026-11-21 is needed");
  change.from_day = *day;
  change.reason = value(fields, "tariff_reason");
  line.tariff = std::move(change);
  return {};
}

CheckedPoint<PointLine> PointHeader::line(const std::vector<std::string>& fields, const PointNames& names,
                                          const store::CivilCalendar& calendar) const {
  if (fields.size() > count_)
    return wrong("", fmt::format("the line has {} fields, the header {}", fields.size(), count_), ErrorCode::malformed);
  PointLine out;
  if (auto done = read_place(fields, names, out); !done) return std::unexpected(done.error());
  if (auto done = read_installation(fields, names, calendar, out); !done) return std::unexpected(done.error());
  if (auto done = read_tariff(fields, names, out); !done) return std::unexpected(done.error());
  return out;
}

}  // namespace duheng::platform
