#include "platform/points/point_import.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <unordered_set>

#include "platform/imports/import_rows.hpp"
#include "platform/points/point_file.hpp"

namespace duheng::platform {

using records::Row;
using records::Transaction;

namespace {

constexpr std::size_t piece_lines = 500;  ///< between two looks at whether to stop

/// Whether a fault is about the line, or about the database, so that going on makes no sense.
bool is_line_fault(const Error& error) {
  return error.code == ErrorCode::invalid_argument || error.code == ErrorCode::not_found ||
         error.code == ErrorCode::already_exists || error.code == ErrorCode::conflict ||
         error.code == ErrorCode::malformed || error.code == ErrorCode::limit_exceeded;
}

ImportFinding finding_of(std::size_t line, const PointFault& fault) {
  return {line, std::string(to_string(fault.error.code)), true, std::string(fault.column), fault.error.message};
}

std::unexpected<PointFault> wrong(std::string_view column, Error error) {
  return std::unexpected(PointFault{column, std::move(error)});
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

struct KnownPoint {
  PointId id{};
  SiteId site{};
};

struct KnownDevice {
  DeviceId device{};
  std::int64_t from_utc_ms = 0;
};

Result<bool> has_registers(Transaction& t, PointId point, std::int64_t from_utc_ms,
                           const std::vector<PointRegister>& wanted) {
  std::vector<PointRegister> known;
  DUHENG_CHECK(
      t.each("SELECT name, ratio_numerator, ratio_denominator, digits, start_value FROM point_registers "
             "WHERE point_id = ?1 AND from_ms = ?2",
             {point, from_utc_ms}, [&known](const Row& row) {
               PointRegister& one = known.emplace_back();
               one.name = row.text(0);
               one.ratio_numerator = row.integer(1);
               one.ratio_denominator = row.integer(2);
               one.digits = row.optional_integer(3);
               if (const auto start = Decimal::parse(row.text_view(4)); start && !row.is_null(4)) one.start = *start;
             }));
  return std::ranges::is_permutation(known, wanted);
}

/// Which column a fault of making a point is about.
std::string_view column_of(const Error& error) {
  for (const auto& [word, column] : {std::pair{"register", "register"},
                                     {"ratio", "ratio"},
                                     {"digits", "digits"},
                                     {"the time", "installed_at"},
                                     {"installation", "installed_at"},
                                     {"device", "device"},
                                     {"point", "name"}}) {
    if (error.message.find(word) != std::string::npos) return column;
  }
  return {};
}

/// What a line says, done. True when it changed something.
class LineWork {
 public:
  LineWork(Transaction& t, const Author& author, MeteringPoints& points, const PointTariffs& tariffs,
           std::int64_t now_utc_ms)
      : t_(t), author_(author), points_(points), tariffs_(tariffs), now_utc_ms_(now_utc_ms) {}

  CheckedPoint<bool> run(const PointLine& line) {
    const auto known = t_.first("SELECT id, site_id FROM points WHERE organisation_id = ?1 AND name = ?2",
                                {line.details.organisation, line.details.name},
                                [](const Row& row) { return KnownPoint{row.id<PointId>(0), row.id<SiteId>(1)}; });
    if (!known) return wrong("", known.error());
    bool changed = !*known;
    PointId point;
    if (*known) {
      point = (*known)->id;
      if (line.details.site && line.details.site != (*known)->site)
        return wrong("site", {ErrorCode::conflict, "the point stands at another site"});
      const auto came = device(point, line);
      if (!came) return std::unexpected(came.error());
      changed = *came;
    } else {
      const auto made = points_.create_in(t_, author_, line.details, line.installation);
      if (!made) return wrong(column_of(made.error()), made.error());
      point = *made;
    }
    const auto parties = set_parties(point, line, known->has_value());
    if (!parties) return wrong("customer", parties.error());
    if (!line.tariff) return changed || *parties;
    const auto tariff = tariffs_.assign_in(t_, author_, point, *line.tariff, false);
    if (!tariff) {
      const bool wants_reason = tariff.error().message.find("reason") != std::string::npos;
      return wrong(wants_reason ? "tariff_reason" : "tariff_from", tariff.error());
    }
    return changed || *parties || *tariff;
  }

 private:
  CheckedPoint<bool> device(PointId point, const PointLine& line) {
    if (!line.installation) return false;
    const auto present =
        t_.first("SELECT device_id, from_ms FROM point_devices WHERE point_id = ?1 AND to_ms IS NULL", {point},
                 [](const Row& row) { return KnownDevice{row.id<DeviceId>(0), row.integer(1)}; });
    if (!present) return wrong("", present.error());
    if (!*present) {
      const auto done = points_.install_in(t_, author_, point, *line.installation, "import");
      if (!done) return wrong(column_of(done.error()), done.error());
      return true;
    }
    if ((*present)->device != line.installation->device)
      return wrong("device", {ErrorCode::conflict, "another device is there: exchange it on the point's page"});
    if ((*present)->from_utc_ms != line.installation->at_utc_ms)
      return wrong("installed_at", {ErrorCode::conflict, "the device came at another time"});
    const auto same = has_registers(t_, point, (*present)->from_utc_ms, line.installation->registers);
    if (!same) return wrong("", same.error());
    if (!*same)
      return wrong("ratio", {ErrorCode::conflict, "the device has other registers, ratios or readings there"});
    return false;
  }
  /// A point that was there gets an entry in its history: what was so before must not be lost.
  Result<bool> set_parties(PointId point, const PointLine& line, bool was_there) {
    DUHENG_TRY(const PointParties before, parties_in(t_, point));
    DUHENG_TRY(const bool changed, set_parties_in(t_, line.details.organisation, point, line.parties));
    if (!changed || !was_there) return changed;
    DUHENG_TRY(const PointParties after, parties_in(t_, point));
    const std::string reason = fmt::format("{} / {} -> {} / {}", before.customer.code, before.transformer.code,
                                           after.customer.code, after.transformer.code);
    DUHENG_CHECK(
        t_.execute("INSERT INTO point_events (point_id, at_ms, made_at_ms, user_id, author, action, reason) "
                   "VALUES (?1, ?2, ?2, ?3, ?4, 'parties', ?5)",
                   {point, now_utc_ms_, author_.user, author_.name, reason}));
    return true;
  }
  Transaction& t_;
  const Author& author_;
  MeteringPoints& points_;
  const PointTariffs& tariffs_;
  const std::int64_t now_utc_ms_;
};

}  // namespace

struct PointImportKind::Lines {
  std::vector<PointLine> good;
  std::vector<ImportFinding> findings;
  std::size_t count = 0;
};

struct PointImportKind::Done {
  std::vector<ImportFinding> findings;
  std::size_t good = 0;
  std::size_t known = 0;
};

/// What earlier lines of the same file took.
class PointImportKind::Taken {
 public:
  CheckedPoint<void> take(const PointLine& line) {
    if (!points_.emplace(line.details.organisation, line.details.name).second)
      return wrong("name", {ErrorCode::already_exists, "an earlier line has this point"});
    if (line.installation && !devices_.insert(line.installation->device).second)
      return wrong("device", {ErrorCode::already_exists, "an earlier line has this device"});
    if (!agrees(customers_, line.details.organisation, line.parties.customer))
      return wrong("customer_name", {ErrorCode::conflict, "an earlier line has another name for this customer"});
    if (!agrees(transformers_, line.details.organisation, line.parties.transformer))
      return wrong("transformer_name", {ErrorCode::conflict, "an earlier line has another name for this transformer"});
    return {};
  }

 private:
  using Names = std::map<std::pair<OrganisationId, std::string>, std::string>;
  static bool agrees(Names& names, OrganisationId organisation, const PointParty& party) {
    if (party.code.empty()) return true;
    const auto [known, is_new] = names.try_emplace({organisation, party.code}, party.name);
    return is_new || party.name.empty() || known->second == party.name;
  }
  std::set<std::pair<OrganisationId, std::string>> points_;
  std::unordered_set<DeviceId> devices_;
  Names customers_;
  Names transformers_;
};

Result<PointImportKind::Lines> PointImportKind::read(const ImportTask& task, ImportProgress& progress,
                                                     const std::set<std::size_t>& left_out) {
  DUHENG_TRY(const PointNames names, database_.read([&](Transaction& t) { return point_names(t, task.author.scope); }));
  PointHeader header;
  Lines out;
  DUHENG_TRY(out.count, read_import_rows(
                            task.file, limits_.lines_max, to_string(ErrorCode::malformed), progress, out.findings,
                            [&](const std::vector<std::string>& fields) -> Result<void> {
                              DUHENG_TRY(header, PointHeader::read(fields));
                              return {};
                            },
                            [&](const ImportRow& row) -> Result<void> {
                              if (left_out.contains(row.line)) return {};
                              auto line = header.line(row.fields, names, tariffs_.calendar());
                              if (line) {
                                line->number = row.line;
                                out.good.push_back(std::move(*line));
                              } else {
                                out.findings.push_back(finding_of(row.line, line.error()));
                              }
                              return {};
                            }));
  return out;
}

Result<PointImportKind::Done> PointImportKind::run(Transaction& t, const Author& author,
                                                   std::span<const PointLine> lines, Taken& taken) {
  Done out;
  LineWork work(t, author, points_, tariffs_, clock_.utc_ms());
  for (const PointLine& line : lines) {
    // What a line did before it turned out wrong must not stay.
    DUHENG_CHECK(t.execute("SAVEPOINT line"));
    const auto free = taken.take(line);
    const auto done = free ? work.run(line) : CheckedPoint<bool>(std::unexpected(free.error()));
    if (!done) {
      if (!is_line_fault(done.error().error)) return std::unexpected(done.error().error);
      DUHENG_CHECK(t.execute("ROLLBACK TO line"));
      out.findings.push_back(finding_of(line.number, done.error()));
    } else {
      ++out.good;
      if (!*done) ++out.known;
    }
    DUHENG_CHECK(t.execute("RELEASE line"));
  }
  return out;
}

Result<ImportCheck> PointImportKind::check(const ImportTask& task, ImportProgress& progress) {
  DUHENG_TRY(Lines lines, read(task, progress, {}));
  ImportCheck out;
  out.counts.lines = lines.count;
  out.findings = std::move(lines.findings);
  const std::span<const PointLine> good(lines.good);
  Taken taken;
  for (std::size_t from = 0; from < good.size(); from += piece_lines) {
    const auto piece = good.subspan(from, std::min(piece_lines, good.size() - from));
    Result<Done> found = fail(ErrorCode::internal, "not run");
    const auto taken_back = database_.write([&](Transaction& t) -> Result<void> {
      found = run(t, task.author, piece, taken);
      return fail(ErrorCode::cancelled, "a check changes nothing");
    });
    if (!found)
      return std::unexpected(taken_back.error().code == ErrorCode::cancelled ? found.error() : taken_back.error());
    std::ranges::move(found->findings, std::back_inserter(out.findings));
    out.counts.known_lines += found->known;
    progress.checked(lines.count - good.size() + from + piece.size());
    if (progress.is_cancelled()) return fail(ErrorCode::cancelled, "cancelled");
  }
  out.counts.bad_lines = out.findings.size();
  out.counts.good_lines = lines.count - out.findings.size();
  sort_findings(out.findings);
  return out;
}

Result<void> PointImportKind::commit(const ImportTask& task, CommitMode mode, ImportCommit& commit) {
  DUHENG_TRY(const Lines lines, read(task, commit, commit.bad_lines()));
  return mode == CommitMode::all_or_nothing ? make_all(task, lines, commit) : make_good(task, lines, commit);
}

/// One transaction for all, its progress with it.
Result<void> PointImportKind::make_all(const ImportTask& task, const Lines& lines, ImportCommit& commit) {
  if (commit.lines_made() > 0) return {};  // before a restart
  const auto refused = [](const ImportFinding& first) {
    return fail(ErrorCode::conflict, fmt::format("line {}: {}", first.line, first.message));
  };
  if (!lines.findings.empty()) return refused(lines.findings.front());
  return database_.write([&](Transaction& t) -> Result<void> {
    Taken taken;
    std::span<const PointLine> left(lines.good);
    while (!left.empty()) {
      if (commit.is_cancelled()) return fail(ErrorCode::cancelled, "cancelled");
      const auto piece = left.first(std::min(piece_lines, left.size()));
      DUHENG_TRY(const Done done, run(t, task.author, piece, taken));
      if (!done.findings.empty()) return refused(done.findings.front());
      left = left.subspan(piece.size());
    }
    return commit.save(t, lines.good.size(), {});
  });
}

Result<void> PointImportKind::make_good(const ImportTask& task, const Lines& lines, ImportCommit& commit) {
  const std::uint64_t made_up_to = line_of(commit.resume());
  // What names no organisation, device or tariff any more since the check.
  std::vector<ImportFinding> late = lines.findings;
  std::erase_if(late, [&](const ImportFinding& each) {
    return each.line <= made_up_to || commit.bad_lines().contains(each.line);
  });
  if (!late.empty()) DUHENG_CHECK(database_.write([&](Transaction& t) { return commit.add(t, late); }));
  std::span<const PointLine> left(lines.good);
  while (!left.empty() && left.front().number <= made_up_to) left = left.subspan(1);
  std::size_t made = commit.lines_made();
  Taken taken;
  while (!left.empty()) {
    const auto piece = left.first(std::min(piece_lines, left.size()));
    const auto written = database_.write([&](Transaction& t) -> Result<void> {
      DUHENG_TRY(const Done done, run(t, task.author, piece, taken));
      made += done.good;
      DUHENG_CHECK(commit.add(t, done.findings));
      return commit.save(t, made, resume_at(piece.back().number));
    });
    if (!written) return written;
    left = left.subspan(piece.size());
    if (commit.is_cancelled() && !left.empty()) return fail(ErrorCode::cancelled, "cancelled");
  }
  return {};
}

OperationEntry PointImportKind::operation(const FileImport& about, const Author& author,
                                          std::int64_t now_utc_ms) const {
  OperationEntry entry = operation_of(author, "import_points", now_utc_ms);
  entry.detail = fmt::format("{} metering points from the file '{}'", about.lines_made, about.name);
  return entry;
}

std::string PointImportKind::template_csv() const {
  std::string header = "\xEF\xBB\xBF";
  for (const PointColumn& column : point_columns()) {
    if (header.size() > 3) header += ',';
    header += column.name;
  }
  return header +
         "\r\neast,Flat 3-201,Hill,C-000123,Li Ming,T-7,Hill transformer 7,000000000161,2026-01-01,"
         "energy_active_import_total,40,8,0.00,residential,2026-01-01\r\n"
         "east,Yard,,,,,,,,,,,,,\r\n";
}

}  // namespace duheng::platform
