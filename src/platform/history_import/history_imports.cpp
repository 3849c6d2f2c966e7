#include "platform/history_import/history_imports.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.hpp"
#include "platform/history_import/held_import.hpp"
#include "platform/onboarding/csv.hpp"
#include "platform/organisations/text.hpp"

namespace duheng::platform {

using records::Transaction;

namespace {

constexpr std::string_view key_purpose = "imports";

HistoryImport shortened(const HistoryImport& import) {
  HistoryImport out = import;
  if (out.findings.size() > history_limits::findings_shown_max) out.findings.resize(history_limits::findings_shown_max);
  return out;
}

std::string lower_hex(const crypto::Hash256& hash) {
  std::string out = to_hex(hash);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return out;
}

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

records::Capability HistoryImports::migrations() { return {"history_import", steps}; }

HistoryImports::HistoryImports(Parts parts) : parts_(std::move(parts)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

HistoryImports::~HistoryImports() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    for (auto& [id, held] : imports_) held->is_cancelled = true;
  }
  thread_.request_stop();
  ready_.notify_all();
}

/// Under the mutex.
std::size_t HistoryImports::held_files() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(imports_, [](const auto& entry) { return entry.second->shown.finished_utc_ms == 0; }));
}

/// Under the mutex.
void HistoryImports::forget_old(std::int64_t now_ms) {
  for (auto& [id, held] : imports_) {
    if (held->shown.state != HistoryState::checked || now_ms - held->begun_ms < history_limits::held_ms_max) continue;
    held->shown.state = HistoryState::cancelled;
    held->shown.reason = "nobody committed it in time";
    held->shown.finished_utc_ms = parts_.clock.utc_ms();
    held->forget_content();
  }
  for (auto it = imports_.begin(); it != imports_.end() && imports_.size() > history_limits::listed_max;)
    it = it->second->shown.finished_utc_ms != 0 ? imports_.erase(it) : std::next(it);
}

Result<HistoryImport> HistoryImports::start(const Author& author, std::string_view name, ByteView file) {
  DUHENG_CHECK(check_text("the file's name", name, 0, 200));
  if (file.size() > history_limits::file_bytes_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("a file has at most {} octets", history_limits::file_bytes_max));
  auto held = std::make_shared<HeldImport>();
  held->author = author;
  held->file.assign(file.begin(), file.end());
  held->begun_ms = parts_.clock.monotonic_ms();
  held->shown.name = name;
  held->shown.sha256 = lower_hex(crypto::sha256(file));
  held->shown.started_utc_ms = parts_.clock.utc_ms();
  const std::lock_guard lock{mutex_};
  forget_old(held->begun_ms);
  if (held_files() >= history_limits::held_max)
    return fail(ErrorCode::unavailable, "too many files wait to be committed: commit or cancel some");
  held->shown.id = next_id_++;
  imports_.emplace(held->shown.id, held);
  tasks_.emplace_back(held, false);
  ready_.notify_all();
  return held->shown;
}

/// Under the mutex.
HistoryImports::HeldPtr HistoryImports::find(const Author& author, std::int64_t id) const {
  const auto found = imports_.find(id);
  return found != imports_.end() && found->second->author.user == author.user ? found->second : nullptr;
}

std::vector<HistoryImport> HistoryImports::list(const Author& author) const {
  const std::lock_guard lock{mutex_};
  std::vector<HistoryImport> out;
  for (auto it = imports_.rbegin(); it != imports_.rend(); ++it)
    if (it->second->author.user == author.user) out.push_back(shortened(it->second->shown));
  return out;
}

Result<HistoryImport> HistoryImports::get(const Author& author, std::int64_t id) const {
  const std::lock_guard lock{mutex_};
  const auto held = find(author, id);
  if (!held) return fail(ErrorCode::not_found, "there is no such import");
  return shortened(held->shown);
}

Result<std::string> HistoryImports::report_csv(const Author& author, std::int64_t id) const {
  std::string out = "\xEF\xBB\xBFline,kind,column,message\r\n";
  const std::lock_guard lock{mutex_};
  const auto held = find(author, id);
  if (!held) return fail(ErrorCode::not_found, "there is no such import");
  for (const auto& each : held->shown.findings) {
    out += fmt::format("{},{},{},{}\r\n", each.line, to_string(each.kind), csv_field(each.column),
                       csv_field(each.message));
  }
  return out;
}

Result<HistoryImport> HistoryImports::commit(const Author& author, std::int64_t id, HistoryCommitMode mode) {
  const std::lock_guard lock{mutex_};
  const auto held = find(author, id);
  if (!held) return fail(ErrorCode::not_found, "there is no such import");
  if (held->shown.state != HistoryState::checked)
    return fail(ErrorCode::conflict, fmt::format("the import is {}", to_string(held->shown.state)));
  if (mode == HistoryCommitMode::all_or_nothing && held->shown.bad_lines > 0)
    return fail(ErrorCode::conflict, "lines are wrong: mend the file, or import the good ones only");
  held->author = author;
  held->shown.state = HistoryState::committing;
  tasks_.emplace_back(held, true);
  ready_.notify_all();
  return shortened(held->shown);
}

Result<HistoryImport> HistoryImports::cancel(const Author& author, std::int64_t id) {
  const std::lock_guard lock{mutex_};
  const auto held = find(author, id);
  if (!held) return fail(ErrorCode::not_found, "there is no such import");
  auto& shown = held->shown;
  if (shown.finished_utc_ms != 0)
    return fail(ErrorCode::conflict, fmt::format("the import is {}", to_string(shown.state)));
  held->is_cancelled = true;
  if (shown.state == HistoryState::checked) {
    shown.state = HistoryState::cancelled;
    shown.finished_utc_ms = parts_.clock.utc_ms();
    held->forget_content();
  }
  return shortened(shown);
}

std::string HistoryImports::template_csv() {
  return "\xEF\xBB\xBF"
         "device_uid,register,time,value,unit\r\n"
         "000000000161,energy_active_import_total,2026-11-21T17:15:00+08:00,224.40,kWh\r\n";
}

void HistoryImports::run(const std::stop_token& stop) {
  while (true) {
    std::pair<HeldPtr, bool> task;
    {
      std::unique_lock lock{mutex_};
      if (!ready_.wait(lock, stop, [this] { return !tasks_.empty(); })) return;
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    if (task.second) {
      commit_now(*task.first);
    } else {
      check(*task.first);
    }
  }
}

bool HistoryImports::is_cancelled(const HeldImport& held) const {
  const std::lock_guard lock{mutex_};
  return held.is_cancelled;
}

void HistoryImports::finish(HeldImport& held, HistoryState state, std::string reason) {
  const std::lock_guard lock{mutex_};
  held.shown.state = held.is_cancelled && state != HistoryState::done ? HistoryState::cancelled : state;
  if (held.shown.state != HistoryState::cancelled) held.shown.reason = std::move(reason);
  if (held.shown.state != HistoryState::checked) {
    held.shown.finished_utc_ms = parts_.clock.utc_ms();
    held.forget_content();
  }
}

void HistoryImports::note_progress(HeldImport& held, std::size_t lines_checked) {
  const std::lock_guard lock{mutex_};
  held.shown.lines_checked = lines_checked;
}

void HistoryImports::check(HeldImport& held) {
  auto done = read_file(held);
  if (done) done = compare_with_stored(held);
  if (done) {
    const std::lock_guard lock{mutex_};
    held.tell();
  }
  finish(held, done ? HistoryState::checked : HistoryState::failed, done ? "" : done.error().message);
}

Result<void> HistoryImports::read_file(HeldImport& held) {
  DUHENG_TRY(held.text, decode_text_file(held.file));
  CsvReader reader(held.text);
  std::vector<std::string> fields;
  DUHENG_TRY(const bool has_header, reader.next(fields));
  if (!has_header) return fail(ErrorCode::malformed, "the file is empty");
  DUHENG_TRY(const auto columns, HistoryColumns::read(fields));
  HistoryReader lines(parts_.devices, parts_.telemetry, *parts_.models, held.author.scope, parts_.clock.utc_ms());
  LineOctets octets(held.text);
  std::size_t count = 0;
  while (true) {
    const auto read = reader.next(fields);
    if (read && !*read) break;
    if (++count > history_limits::lines_max)
      return fail(ErrorCode::limit_exceeded, fmt::format("a file has at most {} lines", history_limits::lines_max));
    const std::size_t number = reader.line();
    octets.begin_record(number);
    if (!read) {
      held.add({number, FindingKind::malformed_line, "", read.error().message});
      continue;
    }
    DUHENG_TRY(auto line, lines.read(columns, fields));
    if (line) {
      line->number = number;
      held.add(*line);
    } else {
      held.add({number, line.error().kind, line.error().column, line.error().message});
    }
    if (count % 500 != 0) continue;
    note_progress(held, count);
    if (is_cancelled(held)) return fail(ErrorCode::cancelled, "cancelled");
  }
  held.targets = lines.targets();
  held.take_octets(octets);
  held.drop_doubles();
  const std::lock_guard lock{mutex_};
  held.shown.lines = held.shown.lines_checked = count;
  return {};
}

/// What is stored at the times of the good lines, series by series.
Result<void> HistoryImports::compare_with_stored(HeldImport& held) {
  for (const auto& [target, order] : held.by_target()) {
    const SeriesId series = held.targets[target].series;
    if (!series) continue;
    StoredComparison comparison(held, order);
    std::optional<std::int64_t> next = comparison.range().from_utc_ms;
    while (next) {
      DUHENG_TRY(const store::PointPage page, parts_.telemetry.range(series, {*next, comparison.range().to_utc_ms},
                                                                     50'000, {.timeout_ms = 30'000, .cancel = {}}));
      for (const store::Point& point : page.points) comparison.take(point);
      next = page.next_from_utc_ms;
      if (is_cancelled(held)) return fail(ErrorCode::cancelled, "cancelled");
    }
    comparison.finish();
  }
  return {};
}

void HistoryImports::commit_now(HeldImport& held) {
  auto done = commit_lines(held);
  // Also when it broke off: what is in the journal is.
  if (const auto written = write_down(held); !written)
    log::warning("history_import", "an import is not in the operation log", {{"error", written.error()}});
  finish(held, done ? HistoryState::done : HistoryState::failed, done ? "" : done.error().message);
}

Result<void> HistoryImports::commit_lines(HeldImport& held) {
  DUHENG_CHECK(keep_file(held));
  DUHENG_TRY(const std::uint64_t in_epoch, epoch());
  for (const auto& [gateway, lines] : held.by_gateway()) {
    for (std::size_t from = 0; from < lines.size();) {
      if (is_cancelled(held)) return fail(ErrorCode::cancelled, "cancelled");
      const std::size_t count = held.lines_of_batch(std::span(lines).subspan(from));
      DUHENG_CHECK(commit_batch(held, std::span(lines).subspan(from, count), in_epoch));
      from += count;
      const std::lock_guard lock{mutex_};
      held.shown.lines_imported += count;
    }
  }
  return {};
}

Result<std::uint64_t> HistoryImports::epoch() {
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
Result<void> HistoryImports::keep_file(const HeldImport& held) {
  const std::string& sha256 = held.shown.sha256;
  DUHENG_TRY(const auto kept, parts_.database.read([&](Transaction& t) {
    return t.integer("SELECT pieces FROM history_files WHERE sha256 = ?1", {sha256});
  }));
  if (kept) return {};
  DUHENG_CHECK(parts_.disk.make_directories(parts_.directory));
  const std::string path = fmt::format("{}/{}.import", parts_.directory, sha256);
  // Left by an end in the middle.
  if (parts_.disk.exists(path)) DUHENG_CHECK(parts_.disk.remove(path));
  DUHENG_TRY(auto file, store::SealedFileWriter::create(parts_.disk, parts_.random, parts_.keys, key_purpose, path));
  DUHENG_CHECK(file.append(held.file));
  DUHENG_CHECK(file.sync());
  DUHENG_CHECK(parts_.disk.sync_directory(parts_.directory));
  return parts_.database.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(
        t.execute("INSERT INTO history_files (sha256, name, pieces, size_bytes, kept_at_ms) VALUES (?1, ?2, "
                  "?3, ?4, ?5)",
                  {sha256, held.shown.name, file.position().pieces, held.file.size(), parts_.clock.utc_ms()}));
    return {};
  });
}

/// One journal record of one gateway.
Result<void> HistoryImports::commit_batch(const HeldImport& held, std::span<const std::size_t> lines,
                                          std::uint64_t in_epoch) {
  const std::int64_t now = parts_.clock.utc_ms();
  const GatewayId gateway = held.targets[held.lines[lines.front()].target].gateway;
  const Bytes body = held.batch(lines, now);
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
  DUHENG_CHECK(parts_.journal.commit({&record, 1}));
  return {};
}

Result<void> HistoryImports::write_down(const HeldImport& held) {
  OperationEntry entry = operation_of(held.author, "import_history", parts_.clock.utc_ms());
  entry.detail = fmt::format("{} of {} lines of \"{}\", SHA-256 {}; {} known before, {} in conflict",
                             held.shown.lines_imported, held.shown.lines, held.shown.name, held.shown.sha256,
                             held.shown.known_lines, held.shown.conflict_lines);
  return parts_.database.write([&](Transaction& t) { return write_operation(t, entry); });
}

}  // namespace duheng::platform
