#include "platform/history_import/history_imports.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "platform/history_import/history_file.hpp"
#include "platform/imports/import_rows.hpp"
#include "store/table_files/sealed_file.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform {

using records::Transaction;

namespace {

constexpr std::string_view key_purpose = "imports";

constexpr records::Migration steps[] = {
    {"history_import",
     // One row: the epoch of imported batches. Made by chance, so that no gateway's own epoch can be it.
     "CREATE TABLE history_epoch (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL);"
     "CREATE TABLE history_files ("
     " sha256 TEXT PRIMARY KEY,"
     " name TEXT NOT NULL,"
     " pieces INTEGER NOT NULL,"
     " size_bytes INTEGER NOT NULL,"
     " kept_at_ms INTEGER NOT NULL) WITHOUT ROWID;"},
};

}  // namespace

records::Capability HistoryImportKind::migrations() { return {"history_import", steps}; }

std::string HistoryImportKind::template_csv() const {
  return "\xEF\xBB\xBF"
         "device_uid,register,time,value,unit\r\n"
         "000000000161,energy_active_import_total,2026-11-21T17:15:00+08:00,224.40,kWh\r\n";
}

Result<HistoryFile> HistoryImportKind::read(const ImportTask& task, ImportProgress& progress) {
  HistoryFile out;
  out.name = task.about.name;
  out.sha256 = task.about.sha256;
  out.author = task.author.name;
  HistoryColumns columns;
  HistoryReader reader(parts_.devices, parts_.telemetry, *parts_.models, task.author.scope, parts_.clock.utc_ms(),
                       task.about.options.time_zone);
  DUHENG_TRY(out.count,
             read_import_rows(
                 task.file, limits_.lines_max, to_string(FindingKind::malformed_line), progress, out.findings,
                 [&](const std::vector<std::string>& fields) -> Result<void> {
                   DUHENG_TRY(columns, HistoryColumns::read(fields));
                   return {};
                 },
                 [&](const ImportRow& row) -> Result<void> {
                   DUHENG_TRY(auto line, reader.read(columns, row.fields));
                   if (line) {
                     line->number = row.line;
                     line->octets = row.octets;
                     out.lines.push_back(std::move(*line));
                   } else {
                     auto& [kind, column, message] = line.error();
                     out.add(row.line, kind, std::move(column), std::move(message));
                   }
                   return {};
                 }));
  out.targets = reader.targets();
  out.drop_doubles();
  return out;
}

Result<ImportCheck> HistoryImportKind::check(const ImportTask& task, ImportProgress& progress) {
  DUHENG_TRY(HistoryFile file, read(task, progress));
  DUHENG_CHECK(compare_with_stored(file, progress));
  ImportCheck out;
  out.counts = file.counts();
  out.findings = std::move(file.findings);
  sort_findings(out.findings);
  return out;
}

/// What is stored at the times of the good lines, series by series.
Result<void> HistoryImportKind::compare_with_stored(HistoryFile& file, const ImportProgress& progress) const {
  for (const auto& [target, order] : file.by_target()) {
    const SeriesId series = file.targets[target].series;
    if (!series) continue;
    StoredComparison comparison(file, order);
    std::optional<std::int64_t> next = comparison.range().from_utc_ms;
    while (next) {
      DUHENG_TRY(const store::PointPage page, parts_.telemetry.range(series, {*next, comparison.range().to_utc_ms},
                                                                     50'000, {.timeout_ms = 30'000, .cancel = {}}));
      for (const store::Point& point : page.points) comparison.take(point);
      next = page.next_from_utc_ms;
      if (progress.is_cancelled()) return fail(ErrorCode::cancelled, "cancelled");
    }
    comparison.finish();
  }
  return {};
}

Result<void> HistoryImportKind::commit(const ImportTask& task, CommitMode mode, ImportCommit& commit) {
  DUHENG_TRY(const HistoryFile file, read(task, commit));
  DUHENG_CHECK(settle_late_faults(file, mode, commit));
  DUHENG_CHECK(keep_file(task));
  return commit_lines(file, commit);
}

/// Lines that were good when they were checked: of a device, say, that somebody retired since.
Result<void> HistoryImportKind::settle_late_faults(const HistoryFile& file, CommitMode mode, ImportCommit& commit) {
  std::vector<ImportFinding> late;
  std::ranges::copy_if(file.findings, std::back_inserter(late), [&](const ImportFinding& each) {
    return each.is_fault && !commit.bad_lines().contains(each.line);
  });
  if (late.empty()) return {};
  if (mode == CommitMode::all_or_nothing)
    return fail(ErrorCode::conflict, fmt::format("line {}: {}", late.front().line, late.front().message));
  return parts_.database.write([&](Transaction& t) { return commit.add(t, late); });
}

Result<void> HistoryImportKind::save(const HistoryResume& at, ImportCommit& commit) {
  return parts_.database.write([&](Transaction& t) { return commit.save(t, at.lines_made, at.encode()); });
}

Result<void> HistoryImportKind::commit_lines(const HistoryFile& file, ImportCommit& commit) {
  DUHENG_TRY(HistoryResume at, HistoryResume::parse(commit.resume()));
  if (at.in_doubt) {
    DUHENG_TRY(const std::uint64_t in_epoch, epoch());
    const auto position = parts_.journal.position(GatewayId{at.gateway}, in_epoch);
    if (position && position->next_sequence > at.sequence) {
      at.line = at.line_then;
      at.lines_made = at.lines_made_then;
    }
    at.in_doubt = false;
  }
  for (const auto& [gateway, lines] : file.by_gateway()) {
    if (gateway < at.gateway) continue;
    if (gateway > at.gateway) {
      at.gateway = gateway;
      at.line = 0;
    }
    std::span<const std::size_t> left(lines);
    const auto is_left_out = [&](std::size_t i) {
      return file.lines[i].number <= at.line || commit.bad_lines().contains(file.lines[i].number);
    };
    std::vector<std::size_t> wanted;
    std::ranges::remove_copy_if(left, std::back_inserter(wanted), is_left_out);
    for (left = wanted; !left.empty();) {
      if (commit.is_cancelled()) return fail(ErrorCode::cancelled, "cancelled");
      const auto batch = left.first(file.lines_of_batch(left));
      DUHENG_CHECK(commit_batch(file, batch, at, commit));
      left = left.subspan(batch.size());
    }
  }
  return save(at, commit);
}

Result<std::uint64_t> HistoryImportKind::epoch() {
  return parts_.database.write([&](Transaction& t) -> Result<std::uint64_t> {
    DUHENG_TRY(const auto known, t.integer("SELECT epoch FROM history_epoch WHERE id = 1"));
    if (known) return static_cast<std::uint64_t>(*known);
    constexpr std::uint64_t mark = 0x4849'5354'0000'0000;  // "HIST": told apart by eye in reports of the journal
    const std::uint64_t made = mark | (parts_.random.next_u64() & 0xFFFF'FFFF);
    DUHENG_CHECK(t.execute("INSERT INTO history_epoch (id, epoch) VALUES (1, ?1)", {made}));
    return made;
  });
}

/// As it came, once for each content.
Result<void> HistoryImportKind::keep_file(const ImportTask& task) {
  const std::string& sha256 = task.about.sha256;
  DUHENG_TRY(const auto kept, parts_.database.read([&](Transaction& t) {
    return t.integer("SELECT pieces FROM history_files WHERE sha256 = ?1", {sha256});
  }));
  if (kept) return {};
  DUHENG_CHECK(parts_.disk.make_directories(parts_.directory));
  const std::string path = fmt::format("{}/{}.import", parts_.directory, sha256);
  // Left by an end in the middle.
  if (parts_.disk.exists(path)) DUHENG_CHECK(parts_.disk.remove(path));
  DUHENG_TRY(auto file, store::SealedFileWriter::create(parts_.disk, parts_.random, parts_.keys, key_purpose, path));
  DUHENG_CHECK(file.append(task.file));
  DUHENG_CHECK(file.sync());
  DUHENG_CHECK(parts_.disk.sync_directory(parts_.directory));
  return parts_.database.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(
        t.execute("INSERT INTO history_files (sha256, name, pieces, size_bytes, kept_at_ms) VALUES (?1, ?2, "
                  "?3, ?4, ?5)",
                  {sha256, task.about.name, file.position().pieces, task.file.size(), parts_.clock.utc_ms()}));
    return {};
  });
}

/// One journal record of one gateway.
Result<void> HistoryImportKind::commit_batch(const HistoryFile& file, std::span<const std::size_t> lines,
                                             HistoryResume& at, ImportCommit& commit) {
  const std::int64_t now = parts_.clock.utc_ms();
  DUHENG_TRY(const std::uint64_t in_epoch, epoch());
  const GatewayId gateway{at.gateway};
  const Bytes body = file.batch(lines, now);
  const auto before = parts_.journal.position(gateway, in_epoch);
  store::JournalRecord record;
  record.gateway = gateway;
  record.epoch = in_epoch;
  if (before) {
    record.sequence = before->next_sequence;
    record.previous_hash = before->last_hash;
  }
  record.hash = uplink::batch_hash(record.previous_hash, record.epoch, record.sequence, body);
  record.received_utc_ms = now;
  record.body = body;
  at.in_doubt = true;
  at.sequence = record.sequence;
  at.line_then = file.lines[lines.back()].number;
  at.lines_made_then = at.lines_made + lines.size();
  DUHENG_CHECK(save(at, commit));
  DUHENG_CHECK(parts_.journal.commit({&record, 1}));
  at.in_doubt = false;
  at.line = at.line_then;
  at.lines_made = at.lines_made_then;
  return save(at, commit);
}

OperationEntry HistoryImportKind::operation(const FileImport& about, const Author& author,
                                            std::int64_t now_utc_ms) const {
  OperationEntry entry = operation_of(author, "import_history", now_utc_ms);
  entry.detail =
      fmt::format("{} of {} lines of \"{}\", SHA-256 {}; {} known before, {} in conflict", about.lines_made,
                  about.counts.lines, about.name, about.sha256, about.counts.known_lines, about.counts.conflict_lines);
  return entry;
}

}  // namespace duheng::platform
