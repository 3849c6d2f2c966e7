#include "platform/equipment/equipment_import.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <optional>

#include "platform/organisations/text.hpp"
#include "store/table_files/csv_reader.hpp"

namespace duheng::platform {
namespace {

using records::Transaction;

struct Column {
  std::string_view name;
  std::string_view chinese;
  bool is_required = false;
};
constexpr std::array<Column, 10> all_columns{{{"kind", "类型", true},
                                              {"name", "名称", true},
                                              {"maker", "厂家"},
                                              {"model", "型号"},
                                              {"serial", "序列号"},
                                              {"address", "地址"},
                                              {"organisation", "组织代码"},
                                              {"site", "站点"},
                                              {"gateway", "网关"},
                                              {"uplink", "上联设备"}}};
struct KindName {
  std::string_view chinese;
  EquipmentKind kind;
};
constexpr std::array<KindName, 5> chinese_kinds{{{"交换机", EquipmentKind::network_switch},
                                                 {"路由器", EquipmentKind::router},
                                                 {"无线接入点", EquipmentKind::access_point},
                                                 {"串口服务器", EquipmentKind::serial_server},
                                                 {"4g路由器", EquipmentKind::cellular_router}}};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// What is wrong with one line, and where.
struct Fault {
  std::string column;
  Error error;
};
template <class T>
using Line = std::expected<T, Fault>;

class Reader {
 public:
  Reader(Transaction& t, const Author& author) : t_(t), author_(author) {}

  Result<void> read_header(const std::vector<std::string>& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::string name = to_lower_ascii(trimmed(fields[i]));
      if (name.empty()) continue;
      const auto* const column = std::ranges::find_if(
          all_columns, [&](const Column& each) { return each.name == name || each.chinese == name; });
      if (column == all_columns.end())
        return fail(ErrorCode::invalid_argument, fmt::format("the header has an unknown column '{}'", name));
      if (!places_.emplace(column->name, i).second)
        return fail(ErrorCode::invalid_argument, fmt::format("the header has the column '{}' twice", column->name));
    }
    for (const Column& column : all_columns)
      if (column.is_required && !places_.contains(column.name))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("the header lacks the column '{}': take the template", column.name));
    return {};
  }

  Line<EquipmentDetails> read(const std::vector<std::string>& fields) {
    EquipmentDetails out;
    out.name = value(fields, "name");
    out.maker = value(fields, "maker");
    out.model = value(fields, "model");
    out.serial = value(fields, "serial");
    out.address = value(fields, "address");
    const auto kind = kind_of(value(fields, "kind"));
    if (!kind) return wrong("kind", "is none of switch, router, access_point, serial_server, cellular_router");
    out.kind = *kind;
    if (auto found = read_organisation(fields)) {
      out.organisation = *found;
    } else {
      return std::unexpected(found.error());
    }
    return read_places(fields, std::move(out));
  }

 private:
  static std::unexpected<Fault> wrong(std::string_view column, std::string message) {
    return std::unexpected(Fault{std::string(column), {ErrorCode::invalid_argument, std::move(message)}});
  }
  std::string_view value(const std::vector<std::string>& fields, std::string_view column) const {
    const auto place = places_.find(column);
    return place == places_.end() || place->second >= fields.size() ? std::string_view{}
                                                                    : trimmed(fields[place->second]);
  }
  static std::optional<EquipmentKind> kind_of(std::string_view word) {
    const std::string lower = to_lower_ascii(word);
    if (const auto kind = equipment_kind(lower)) return kind;
    const auto* const found = std::ranges::find(chinese_kinds, lower, &KindName::chinese);
    return found == chinese_kinds.end() ? std::nullopt : std::optional(found->kind);
  }
  /// The row that a name stands for; 0 for an empty name.
  Line<std::int64_t> named(std::string_view column, std::string_view name, std::string_view sql,
                           OrganisationId organisation) {
    if (name.empty()) return 0;
    const auto found = t_.integer(sql, {name, organisation});
    if (!found) return std::unexpected(Fault{std::string(column), found.error()});
    if (!*found)
      return std::unexpected(Fault{std::string(column), {ErrorCode::not_found, fmt::format("there is no '{}'", name)}});
    return **found;
  }
  Line<OrganisationId> read_organisation(const std::vector<std::string>& fields) {
    const auto code = value(fields, "organisation");
    if (code.empty() && author_.scope.root()) return author_.scope.root();
    if (code.empty()) return wrong("organisation", "is needed: the code of an organisation");
    const auto found =
        named("organisation", code, "SELECT id FROM organisations WHERE code = ?1 AND (?2 IS NULL OR 1)", {});
    if (!found) return std::unexpected(found.error());
    return OrganisationId{*found};
  }
  Line<EquipmentDetails> read_places(const std::vector<std::string>& fields, EquipmentDetails out) {
    const auto site = named("site", value(fields, "site"),
                            "SELECT id FROM sites WHERE name = ?1 AND organisation_id = ?2", out.organisation);
    if (!site) return std::unexpected(site.error());
    const auto gateway = named("gateway", value(fields, "gateway"),
                               "SELECT id FROM gateways WHERE name = ?1 AND (?2 IS NULL OR 1)", out.organisation);
    if (!gateway) return std::unexpected(gateway.error());
    const auto uplink = named("uplink", value(fields, "uplink"),
                              "SELECT id FROM equipment WHERE name = ?1 AND organisation_id = ?2"
                              " AND retired_at_ms IS NULL",
                              out.organisation);
    if (!uplink) return std::unexpected(uplink.error());
    out.site = SiteId{*site};
    out.gateway = GatewayId{*gateway};
    out.parent = EquipmentId{*uplink};
    return out;
  }

  Transaction& t_;
  const Author& author_;
  std::map<std::string_view, std::size_t> places_;
};

void note_fault(EquipmentImportOutcome& out, std::size_t line, std::string column, const Error& error) {
  if (out.faults.size() < EquipmentImport::faults_max)
    out.faults.push_back({line, std::move(column), std::string(to_string(error.code)), error.message});
}

bool is_of_the_store(ErrorCode code) {
  return code == ErrorCode::storage_full || code == ErrorCode::storage_failed || code == ErrorCode::storage_corrupt ||
         code == ErrorCode::unavailable || code == ErrorCode::internal;
}

}  // namespace

Result<EquipmentImportOutcome> EquipmentImport::run(const Author& author, ByteView file, bool commit) {
  if (file.size() > file_bytes_max) return fail(ErrorCode::limit_exceeded, "the file is larger than 2 MiB");
  DUHENG_TRY(const std::string text, store::decode_text_file(file));
  store::CsvReader csv(text);
  std::vector<std::string> fields;
  DUHENG_TRY(const bool has_header, csv.next(fields));
  if (!has_header) return fail(ErrorCode::malformed, "the file is empty");
  DUHENG_TRY(const auto transaction, ledger_.database().begin_write());
  Reader reader(*transaction, author);
  DUHENG_CHECK(reader.read_header(fields));
  EquipmentImportOutcome out;
  while (true) {
    const auto more = csv.next(fields);
    if (more && !*more) break;
    if (++out.lines > lines_max) return fail(ErrorCode::limit_exceeded, "the file has more than 5000 lines");
    if (!more) {
      note_fault(out, csv.line(), "", more.error());
      continue;
    }
    const auto details = reader.read(fields);
    if (!details) {
      note_fault(out, csv.line(), details.error().column, details.error().error);
      continue;
    }
    const auto made = ledger_.create_in(*transaction, author, *details);
    if (!made && is_of_the_store(made.error().code)) return std::unexpected(made.error());
    if (made)
      ++out.good_lines;
    else
      note_fault(out, csv.line(), "", made.error());
  }
  if (!commit || out.good_lines != out.lines) return out;
  DUHENG_CHECK(transaction->commit());
  ledger_.changed();
  out.made = out.good_lines;
  return out;
}

std::string EquipmentImport::template_csv() {
  return "\xEF\xBB\xBF"
         "kind,name,maker,model,serial,address,organisation,site,gateway,uplink\r\n"
         "switch,core-1,Example,ES-24,SN0001,192.0.2.1,,,,\r\n"
         "switch,floor-3,Example,ES-8,SN0002,192.0.2.2,,,,core-1\r\n";
}

}  // namespace duheng::platform
