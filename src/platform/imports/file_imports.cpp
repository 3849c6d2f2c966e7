#include "platform/imports/file_imports.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <fmt/format.h>

#include "base/log.hpp"
#include "base/time.hpp"
#include "crypto/hash.hpp"
#include "platform/imports/import_tables.hpp"
#include "platform/organisations/text.hpp"
#include "store/table_files/csv_reader.hpp"
#include "store/table_files/sealed_file.hpp"
#include "store/table_files/table_reader.hpp"

namespace duheng::platform {

using import_tables::StoredImport;
using records::Transaction;

namespace {

constexpr std::string_view key_purpose = "imports";
constexpr std::string_view suffix = ".upload";
constexpr auto pause = std::chrono::seconds{1};
constexpr std::size_t report_lines_max = 1'000'000;

std::string lower_hex(const crypto::Hash256& hash) {
  std::string out = to_hex(hash);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return out;
}

Error not_now(ImportState state) { return {ErrorCode::conflict, fmt::format("the import is {}", to_string(state))}; }

/// Ends what a kind throws: one file fails, not the platform.
template <class Work>
auto contained(Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& problem) {
    log::error("imports", "an import ended unexpectedly", {{"error", problem.what()}});
    return fail(ErrorCode::internal, "the import ended unexpectedly; the platform's log says more");
  }
}

}  // namespace

std::string_view to_string(ImportState state) noexcept {
  switch (state) {
    case ImportState::checking:
      return "checking";
    case ImportState::checked:
      return "checked";
    case ImportState::committing:
      return "committing";
    case ImportState::done:
      return "done";
    case ImportState::failed:
      return "failed";
    case ImportState::cancelled:
      return "cancelled";
  }
  return "failed";
}

class FileImports::Progress final : public ImportProgress {
 public:
  explicit Progress(FileImports& owner) : owner_(owner) {}
  void checked(std::size_t lines) override { owner_.note_checked(lines); }
  [[nodiscard]] bool is_cancelled() const override { return owner_.is_cancelled(); }

 private:
  FileImports& owner_;
};

class FileImports::Commit final : public ImportCommit {
 public:
  Commit(FileImports& owner, const StoredImport& stored, std::set<std::size_t> bad_lines)
      : owner_(owner),
        id_(stored.about.id),
        resume_(stored.resume),
        lines_made_(stored.about.lines_made),
        bad_lines_(std::move(bad_lines)) {}
  void checked(std::size_t lines) override { owner_.note_checked(lines); }
  [[nodiscard]] bool is_cancelled() const override { return owner_.is_cancelled(); }
  [[nodiscard]] const std::set<std::size_t>& bad_lines() const override { return bad_lines_; }
  [[nodiscard]] const Bytes& resume() const override { return resume_; }
  [[nodiscard]] std::size_t lines_made() const override { return lines_made_; }
  Result<void> save(Transaction& t, std::size_t lines_made, ByteView resume) override {
    return import_tables::save_progress(t, id_, lines_made, resume);
  }
  Result<void> add(Transaction& t, const std::vector<ImportFinding>& findings) override {
    DUHENG_CHECK(import_tables::add_findings(t, id_, findings));
    return import_tables::move_to_bad(t, id_, findings.size());
  }

 private:
  FileImports& owner_;
  const std::int64_t id_;
  const Bytes resume_;
  const std::size_t lines_made_;
  const std::set<std::size_t> bad_lines_;
};

FileImports::FileImports(Parts parts) : parts_(std::move(parts)) {}

FileImports::~FileImports() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  thread_.request_stop();
  ready_.notify_all();
}

records::Capability FileImports::migrations() { return import_tables::migrations(); }

std::string FileImports::file_name(std::int64_t id) const {
  return fmt::format("{}-{}{}", parts_.kind.name(), id, suffix);
}
std::string FileImports::path(std::int64_t id) const { return fmt::format("{}/{}", parts_.directory, file_name(id)); }

Result<void> FileImports::open() {
  DUHENG_CHECK(parts_.disk.make_directories(parts_.directory));
  std::set<std::string> known;
  const auto settled = parts_.database.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const auto held, import_tables::held(t, parts_.kind.name()));
    for (const std::int64_t id : held) {
      DUHENG_TRY(const auto stored, import_tables::load(t, id));
      if (stored && stored->pieces > 0) {
        known.insert(file_name(id));
        continue;
      }
      DUHENG_CHECK(import_tables::set_over(t, id, ImportState::failed, "the file did not arrive whole: send it again",
                                           parts_.clock.utc_ms()));
    }
    return {};
  });
  DUHENG_CHECK(settled);
  DUHENG_TRY(const auto files, parts_.disk.list(parts_.directory));
  const std::string prefix = fmt::format("{}-", parts_.kind.name());
  for (const std::string& file : files) {
    if (!file.starts_with(prefix) || !file.ends_with(suffix) || known.contains(file)) continue;
    DUHENG_CHECK(parts_.disk.remove(parts_.directory + "/" + file));
  }
  return {};
}

void FileImports::run() {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void FileImports::wake() {
  const std::lock_guard lock{mutex_};
  asked_ = true;
  ready_.notify_all();
}

void FileImports::set_running(std::int64_t id) {
  const std::lock_guard lock{mutex_};
  running_id_ = id;
  running_checked_ = 0;
  running_cancelled_ = false;
}

void FileImports::note_checked(std::size_t lines) {
  const std::lock_guard lock{mutex_};
  running_checked_ = lines;
}

bool FileImports::is_cancelled() const {
  const std::lock_guard lock{mutex_};
  return running_cancelled_ || stopping_;
}

bool FileImports::is_stopping() const {
  const std::lock_guard lock{mutex_};
  return stopping_ && !running_cancelled_;
}

Result<FileImport> FileImports::start(const Author& author, std::string_view name, ByteView file,
                                      const ImportOptions& options) {
  DUHENG_CHECK(check_text("the file's name", name, 0, 200));
  const ImportLimits& limits = parts_.kind.limits();
  if (file.size() > limits.file_bytes_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("a file has at most {} octets", limits.file_bytes_max));
  FileImport about;
  about.started_utc_ms = parts_.clock.utc_ms();
  if (!options.time_zone.empty() && !zone_offset_ms(about.started_utc_ms, options.time_zone))
    return fail(ErrorCode::invalid_argument, fmt::format("there is no time zone \"{}\"", options.time_zone));
  about.name = name;
  about.format = store::to_string(store::recognise_table(file));
  about.sha256 = lower_hex(crypto::sha256(file));
  about.options = options;
  DUHENG_CHECK(give_up_stale());
  DUHENG_TRY(about.id, parts_.database.write([&](Transaction& t) -> Result<std::int64_t> {
    DUHENG_CHECK(import_tables::forget_old(t, parts_.kind.name(), limits.listed_max));
    DUHENG_TRY(const std::int64_t held, import_tables::count_held(t, parts_.kind.name()));
    if (held >= static_cast<std::int64_t>(limits.held_max))
      return fail(ErrorCode::unavailable, "too many files wait to be committed: commit or cancel some");
    return import_tables::insert(t, parts_.kind.name(), author, about);
  }));
  if (const auto written = write_file(about.id, file); !written) {
    DUHENG_CHECK(parts_.database.write([&](Transaction& t) {
      return import_tables::set_over(t, about.id, ImportState::failed, written.error().message, parts_.clock.utc_ms());
    }));
    DUHENG_CHECK(remove_file(about.id));
    return std::unexpected(written.error());
  }
  wake();
  return about;
}

Result<void> FileImports::write_file(std::int64_t id, ByteView file) {
  DUHENG_CHECK(remove_file(id));
  DUHENG_TRY(auto out, store::SealedFileWriter::create(parts_.disk, parts_.random, parts_.keys, key_purpose, path(id)));
  // An empty file has a piece too: none would mean that it did not arrive.
  DUHENG_CHECK(out.append(as_bytes("+")));
  DUHENG_CHECK(out.append(file));
  DUHENG_CHECK(out.sync());
  DUHENG_CHECK(parts_.disk.sync_directory(parts_.directory));
  return parts_.database.write([&](Transaction& t) { return import_tables::set_pieces(t, id, out.position().pieces); });
}

Result<Bytes> FileImports::read_file(const StoredImport& stored) const {
  DUHENG_TRY(auto reader, store::SealedFileReader::open(parts_.disk, parts_.keys, key_purpose, path(stored.about.id),
                                                        stored.pieces));
  DUHENG_CHECK(reader.next());
  Bytes out;
  while (true) {
    DUHENG_TRY(const auto piece, reader.next());
    if (!piece) break;
    out.insert(out.end(), piece->begin(), piece->end());
  }
  if (lower_hex(crypto::sha256(out)) != stored.about.sha256)
    return fail(ErrorCode::storage_corrupt, "the file is not what was sent: send it again");
  return out;
}

Result<void> FileImports::remove_file(std::int64_t id) const {
  return parts_.disk.exists(path(id)) ? parts_.disk.remove(path(id)) : Result<void>{};
}

/// Checked files that nobody committed for long.
Result<void> FileImports::give_up_stale() {
  const std::int64_t now = parts_.clock.utc_ms();
  std::vector<std::int64_t> given_up;
  const auto settled = parts_.database.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(given_up, import_tables::stale(t, parts_.kind.name(), now - parts_.kind.limits().held_ms_max));
    for (const std::int64_t id : given_up)
      DUHENG_CHECK(import_tables::set_over(t, id, ImportState::cancelled, "nobody committed it in time", now));
    return {};
  });
  DUHENG_CHECK(settled);
  for (const std::int64_t id : given_up) DUHENG_CHECK(remove_file(id));
  return {};
}

Result<std::vector<FileImport>> FileImports::list(const Author& author) const {
  return parts_.database.read([&](Transaction& t) {
    return import_tables::list(t, parts_.kind.name(), author.user, parts_.kind.limits().listed_max);
  });
}

Result<FileImport> FileImports::get(const Author& author, std::int64_t id) const {
  DUHENG_TRY(FileImport found, parts_.database.read([&](Transaction& t) {
    return import_tables::find(t, parts_.kind.name(), author.user, id, findings_shown_max);
  }));
  const std::lock_guard lock{mutex_};
  if (found.state == ImportState::checking && running_id_ == id) {
    found.lines_checked = running_checked_;
    found.counts.lines = std::max(found.counts.lines, running_checked_);
  }
  return found;
}

Result<std::string> FileImports::report_csv(const Author& author, std::int64_t id) const {
  std::string out = "\xEF\xBB\xBFline,kind,column,message\r\n";
  const auto settled = parts_.database.read([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(import_tables::find(t, parts_.kind.name(), author.user, id, 0));
    return import_tables::each_finding(t, id, report_lines_max, [&](const ImportFinding& each) {
      out += fmt::format("{},{},{},{}\r\n", each.line, each.kind, store::csv_field(each.column),
                         store::csv_field(each.message));
    });
  });
  DUHENG_CHECK(settled);
  return out;
}

Result<FileImport> FileImports::commit(const Author& author, std::int64_t id, CommitMode mode) {
  auto begun = parts_.database.write([&](Transaction& t) -> Result<FileImport> {
    DUHENG_TRY(const FileImport found, import_tables::find(t, parts_.kind.name(), author.user, id, 0));
    if (found.state != ImportState::checked) return std::unexpected(not_now(found.state));
    if (mode == CommitMode::all_or_nothing && found.counts.bad_lines > 0)
      return fail(ErrorCode::conflict, "lines are wrong: mend the file, or import the good ones only");
    DUHENG_CHECK(import_tables::set_committing(t, id, author, mode));
    return import_tables::find(t, parts_.kind.name(), author.user, id, findings_shown_max);
  });
  wake();
  return begun;
}

Result<FileImport> FileImports::cancel(const Author& author, std::int64_t id) {
  bool is_over = false;
  auto cancelled = parts_.database.write([&](Transaction& t) -> Result<FileImport> {
    DUHENG_TRY(const FileImport found, import_tables::find(t, parts_.kind.name(), author.user, id, 0));
    if (found.finished_utc_ms != 0) return std::unexpected(not_now(found.state));
    DUHENG_CHECK(import_tables::set_cancelled(t, id));
    is_over = found.state == ImportState::checked;
    if (is_over) DUHENG_CHECK(import_tables::set_over(t, id, ImportState::cancelled, "", parts_.clock.utc_ms()));
    return import_tables::find(t, parts_.kind.name(), author.user, id, findings_shown_max);
  });
  if (!cancelled) return cancelled;
  if (is_over) DUHENG_CHECK(remove_file(id));
  const std::lock_guard lock{mutex_};
  if (running_id_ == id) running_cancelled_ = true;
  return cancelled;
}

void FileImports::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Result<bool> worked = step();
    set_running(0);
    if (!worked) log::warning("imports", "an import cannot go on at present", {{"error", worked.error()}});
    if (worked && *worked) continue;
    std::unique_lock lock{mutex_};
    ready_.wait_for(lock, stop, worked ? std::chrono::seconds{60} : pause, [this] { return asked_; });
    asked_ = false;
  }
}

/// The oldest import that has something to do. False: there is none, or the platform stops.
Result<bool> FileImports::step() {
  DUHENG_TRY(const auto id,
             parts_.database.read([&](Transaction& t) { return import_tables::next_work(t, parts_.kind.name()); }));
  if (!id || is_stopping()) return false;
  set_running(*id);  // before its row is read, so that a cancellation is seen in the one place or the other
  DUHENG_CHECK(work_on(*id));
  return !is_stopping();
}

Result<void> FileImports::work_on(std::int64_t id) {
  DUHENG_TRY(const auto stored, parts_.database.read([&](Transaction& t) { return import_tables::load(t, id); }));
  if (!stored) return {};
  const bool is_commit = stored->about.state == ImportState::committing;
  if (stored->is_cancelled) return end(*stored, fail(ErrorCode::cancelled, ""), is_commit);
  const auto file = contained([&] { return read_file(*stored); });
  if (!file) return end(*stored, std::unexpected(file.error()), is_commit);
  return is_commit ? commit_now(*stored, *file) : check(*stored, *file);
}

Result<void> FileImports::check(const StoredImport& stored, ByteView file) {
  Progress progress(*this);
  const auto found = contained([&] { return parts_.kind.check({stored.about, stored.author, file}, progress); });
  if (!found) return end(stored, std::unexpected(found.error()), false);
  bool was_cancelled = false;
  const auto settled = parts_.database.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const auto now, import_tables::load(t, stored.about.id));
    was_cancelled = !now || now->is_cancelled;  // by somebody who still saw it being checked
    if (was_cancelled) return {};
    DUHENG_CHECK(import_tables::clear_findings(t, stored.about.id));
    DUHENG_CHECK(import_tables::add_findings(t, stored.about.id, found->findings));
    return import_tables::set_checked(t, stored.about.id, found->counts);
  });
  DUHENG_CHECK(settled);
  return was_cancelled ? end(stored, fail(ErrorCode::cancelled, ""), false) : Result<void>{};
}

Result<void> FileImports::commit_now(const StoredImport& stored, ByteView file) {
  DUHENG_TRY(auto bad_lines,
             parts_.database.read([&](Transaction& t) { return import_tables::bad_lines(t, stored.about.id); }));
  Commit commit(*this, stored, std::move(bad_lines));
  return end(stored,
             contained([&] { return parts_.kind.commit({stored.about, stored.author, file}, stored.mode, commit); }),
             true);
}

Result<void> FileImports::end(const StoredImport& stored, const Result<void>& done, bool is_commit) {
  const std::int64_t id = stored.about.id;
  const bool was_cancelled = !done && done.error().code == ErrorCode::cancelled;
  if (was_cancelled && is_stopping()) return {};  // it goes on after the next start
  const ImportState state = done ? ImportState::done : was_cancelled ? ImportState::cancelled : ImportState::failed;
  const auto settled = parts_.database.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const auto now, import_tables::load(t, id));
    const std::int64_t now_ms = parts_.clock.utc_ms();
    // Also when it broke off: what was made was made.
    if (is_commit && now && now->about.lines_made > 0)
      DUHENG_CHECK(write_operation(t, parts_.kind.operation(now->about, now->author, now_ms)));
    const std::string reason = state == ImportState::failed ? done.error().message : std::string{};
    return import_tables::set_over(t, id, state, reason, now_ms);
  });
  DUHENG_CHECK(settled);
  return remove_file(id);
}

}  // namespace duheng::platform
