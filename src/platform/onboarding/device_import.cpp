#include "platform/onboarding/device_import.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>
#include <unordered_set>

#include "platform/imports/import_rows.hpp"
#include "platform/onboarding/import_lines.hpp"

namespace duheng::platform {

using records::Transaction;

namespace {

constexpr std::size_t piece_lines = 500;  ///< between two looks at whether to stop

/// Whether a fault is about the line, or about the database, so that going on makes no sense.
bool is_line_fault(const Error& error) {
  return error.code == ErrorCode::invalid_argument || error.code == ErrorCode::not_found ||
         error.code == ErrorCode::already_exists || error.code == ErrorCode::conflict ||
         error.code == ErrorCode::malformed || error.code == ErrorCode::limit_exceeded ||
         error.code == ErrorCode::unsupported;
}

ImportFinding finding_of(std::size_t line, const FieldFault& fault, std::string_view column) {
  return {line, std::string(to_string(fault.error.code)), true, std::string(column), fault.error.message};
}

std::uint64_t line_of(const Bytes& resume) {
  ByteReader in(resume);
  return resume.empty() ? 0 : in.varint();
}

Bytes resume_at(std::size_t line) {
  Bytes out;
  ByteWriter(out).varint(line);
  return out;
}

}  // namespace

/// What is taken: in the records, and by earlier lines of the same file.
class DeviceImportKind::Taken {
 public:
  Checked<void> take(Transaction& t, const CheckedDevice& device) {
    const auto& details = device.details;
    if (!uids_.insert(details.uid).second)
      return fault("uid", ErrorCode::already_exists, fmt::format("an earlier line has the uid '{}'", details.uid));
    if (!places_.emplace(details.gateway.value, device.connection.channel, details.address).second)
      return fault("address", ErrorCode::already_exists, "an earlier line has this address on the same channel");
    const auto uid = t.integer("SELECT 1 FROM devices WHERE uid = ?1", {details.uid});
    if (!uid) return fault("", uid.error());
    if (*uid)
      return fault("uid", ErrorCode::already_exists, fmt::format("a device with the uid '{}' exists", details.uid));
    const auto place = t.integer(
        "SELECT 1 FROM device_connections WHERE gateway_id = ?1 AND channel = ?2"
        " AND address = ?3 AND to_ms IS NULL",
        {details.gateway, device.connection.channel, details.address});
    if (!place) return fault("", place.error());
    if (*place) return fault("address", ErrorCode::already_exists, "another device on the channel has this address");
    return {};
  }

 private:
  std::unordered_set<std::string> uids_;
  std::set<std::tuple<std::int64_t, std::string, std::string>> places_;
};

/// What the lines say, by names within the author's scope; not yet whether it can be made.
Result<DeviceImportKind::Lines> DeviceImportKind::read(const ImportTask& task, ImportProgress& progress,
                                                       const std::set<std::size_t>& left_out) {
  DUHENG_TRY(const auto names, ImportNames::load(task.author.scope, organisations_, sites_, gateways_));
  ImportHeader header;
  Lines out;
  DUHENG_TRY(out.count, read_import_rows(
                            task.file, limits_.lines_max, to_string(ErrorCode::malformed), progress, out.findings,
                            [&](const std::vector<std::string>& fields) -> Result<void> {
                              DUHENG_TRY(header, ImportHeader::read(fields));
                              return {};
                            },
                            [&](const ImportRow& row) -> Result<void> {
                              if (left_out.contains(row.line)) return {};
                              auto device = header.device(row.fields, names);
                              if (device) {
                                out.good.push_back({row.line, std::move(*device)});
                              } else {
                                out.findings.push_back(finding_of(row.line, device.error(), device.error().field));
                              }
                              return {};
                            }));
  return out;
}

Result<std::vector<ImportFinding>> DeviceImportKind::check_piece(const Scope& scope, std::span<const Line> lines,
                                                                 Taken& taken) {
  std::vector<ImportFinding> out;
  auto check = onboarding_.new_check(scope);
  DUHENG_CHECK(onboarding_.database().read([&](Transaction& t) -> Result<void> {
    for (const Line& line : lines) {
      const auto checked = check.check(t, line.device);
      const auto free = checked ? taken.take(t, *checked) : Checked<void>(std::unexpected(checked.error()));
      if (free) continue;
      if (!is_line_fault(free.error().error)) return std::unexpected(free.error().error);
      out.push_back(finding_of(line.number, free.error(), column_of(free.error().field)));
    }
    return {};
  }));
  return out;
}

Result<ImportCheck> DeviceImportKind::check(const ImportTask& task, ImportProgress& progress) {
  DUHENG_TRY(Lines lines, read(task, progress, {}));
  ImportCheck out;
  out.counts.lines = lines.count;
  out.findings = std::move(lines.findings);
  const std::span<const Line> good(lines.good);
  Taken taken;
  for (std::size_t from = 0; from < good.size(); from += piece_lines) {
    const auto piece = good.subspan(from, std::min(piece_lines, good.size() - from));
    DUHENG_TRY(auto found, check_piece(task.author.scope, piece, taken));
    std::ranges::move(found, std::back_inserter(out.findings));
    progress.checked(lines.count - good.size() + from + piece.size());
    if (progress.is_cancelled()) return fail(ErrorCode::cancelled, "cancelled");
  }
  out.counts.bad_lines = out.findings.size();
  out.counts.good_lines = lines.count - out.findings.size();
  sort_findings(out.findings);
  return out;
}

Result<void> DeviceImportKind::commit(const ImportTask& task, CommitMode mode, ImportCommit& commit) {
  DUHENG_TRY(const Lines lines, read(task, commit, commit.bad_lines()));
  auto done = mode == CommitMode::all_or_nothing ? make_all(task, lines, commit) : make_good(task, lines, commit);
  // Whatever was made: a gateway whose plan is as it was is told nothing new.
  std::set<GatewayId> gateways;
  for (const Line& line : lines.good) gateways.insert(line.device.gateway);
  onboarding_.made({gateways.begin(), gateways.end()});
  return done;
}

/// One transaction for all, its progress with it.
Result<void> DeviceImportKind::make_all(const ImportTask& task, const Lines& lines, ImportCommit& commit) {
  if (commit.lines_made() > 0) return {};  // before a restart
  if (!lines.findings.empty()) {
    const ImportFinding& first = lines.findings.front();
    return fail(ErrorCode::conflict, fmt::format("line {}: {}", first.line, first.message));
  }
  return onboarding_.database().write([&](Transaction& t) -> Result<void> {
    auto check = onboarding_.new_check(task.author.scope);
    std::set<GatewayId> gateways;
    for (std::size_t i = 0; i < lines.good.size(); ++i) {
      if (i % piece_lines == 0 && commit.is_cancelled()) return fail(ErrorCode::cancelled, "cancelled");
      const Line& line = lines.good[i];
      auto checked = check.check(t, line.device);
      const auto id = checked ? onboarding_.insert(t, task.author.scope, std::move(*checked))
                              : Checked<DeviceId>(std::unexpected(checked.error()));
      if (!id) return fail(id.error().error.code, fmt::format("line {}: {}", line.number, id.error().error.message));
      gateways.insert(line.device.gateway);
    }
    for (const GatewayId gateway : gateways)
      DUHENG_CHECK(plan_tables::changed(t, gateway, onboarding_.clock().utc_ms()));
    return commit.save(t, lines.good.size(), {});
  });
}

Result<void> DeviceImportKind::make_good(const ImportTask& task, const Lines& lines, ImportCommit& commit) {
  const std::uint64_t made_up_to = line_of(commit.resume());
  // What names no gateway or site any more since the check.
  std::vector<ImportFinding> late = lines.findings;
  std::erase_if(late, [&](const ImportFinding& each) {
    return each.line <= made_up_to || commit.bad_lines().contains(each.line);
  });
  if (!late.empty()) DUHENG_CHECK(onboarding_.database().write([&](Transaction& t) { return commit.add(t, late); }));
  std::span<const Line> left(lines.good);
  while (!left.empty() && left.front().number <= made_up_to) left = left.subspan(1);
  std::size_t made = commit.lines_made();
  while (!left.empty()) {
    const auto piece = left.first(std::min(piece_lines, left.size()));
    DUHENG_TRY(const std::size_t more, make_piece(task.author.scope, piece, made, commit));
    made += more;
    left = left.subspan(piece.size());
    if (commit.is_cancelled() && !left.empty()) return fail(ErrorCode::cancelled, "cancelled");
  }
  return {};
}

Result<std::size_t> DeviceImportKind::make_piece(const Scope& scope, std::span<const Line> lines,
                                                 std::size_t made_before, ImportCommit& commit) {
  return onboarding_.database().write([&](Transaction& t) -> Result<std::size_t> {
    std::optional<DeviceCheck> check(onboarding_.new_check(scope));
    std::vector<ImportFinding> findings;
    std::set<GatewayId> gateways;
    std::size_t good = 0;
    for (const Line& line : lines) {
      // What a line did before it turned out wrong must not stay.
      DUHENG_CHECK(t.execute("SAVEPOINT line"));
      auto checked = check->check(t, line.device);
      const auto id = checked ? onboarding_.insert(t, scope, std::move(*checked))
                              : Checked<DeviceId>(std::unexpected(checked.error()));
      if (!id) {
        if (!is_line_fault(id.error().error)) return std::unexpected(id.error().error);
        DUHENG_CHECK(t.execute("ROLLBACK TO line"));
        findings.push_back(finding_of(line.number, id.error(), column_of(id.error().field)));
        check.emplace(onboarding_.new_check(scope));  // a channel it took for made may be gone
      } else {
        ++good;
        gateways.insert(line.device.gateway);
      }
      DUHENG_CHECK(t.execute("RELEASE line"));
    }
    for (const GatewayId gateway : gateways)
      DUHENG_CHECK(plan_tables::changed(t, gateway, onboarding_.clock().utc_ms()));
    DUHENG_CHECK(commit.add(t, findings));
    DUHENG_CHECK(commit.save(t, made_before + good, resume_at(lines.back().number)));
    return good;
  });
}

OperationEntry DeviceImportKind::operation(const FileImport& about, const Author& author,
                                           std::int64_t now_utc_ms) const {
  OperationEntry entry = operation_of(author, "import_devices", now_utc_ms);
  entry.detail = fmt::format("{} devices from the file '{}'", about.lines_made, about.name);
  return entry;
}

std::string DeviceImportKind::template_csv() const {
  std::string header = "\xEF\xBB\xBF";
  for (const auto& column : import_columns()) {
    if (header.size() > 3) header += ',';
    header += column.name;
  }
  return header +
         "\r\n,Flat 3-201,000000000161,dlt645-2007-single-phase,gateway-1,meters,tcp,192.0.2.10,4001,,,,east,Hill\r\n"
         ",,11111111111111,cjt188-cold-water,gateway-1,bus-1,,,,,,,east,\r\n";
}

}  // namespace duheng::platform
