#include "platform/exports/export_service.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "base/log.hpp"
#include "base/time.hpp"
#include "platform/exports/bucket_visibility.hpp"
#include "platform/exports/export_run.hpp"

namespace duheng::platform {

using records::Transaction;

namespace {

constexpr std::string_view key_purpose = "exports";
constexpr std::string_view suffix = ".export";
constexpr std::int64_t question_timeout_ms = 30'000;
constexpr std::int64_t sweep_every_ms = 60'000;
constexpr auto pause = std::chrono::seconds{1};
constexpr std::size_t piece_bytes_wanted = 16U << 20;

/// Whether the telemetry store may answer after a while.
bool may_pass(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::timed_out:
    case ErrorCode::unavailable:
    case ErrorCode::throttled:
    case ErrorCode::storage_corrupt:  // it opens itself again
    case ErrorCode::storage_failed:
      return true;
    default:
      return false;
  }
}

/// The one in force at that time, if any.
const Edit* edit_at(const std::vector<Edit>& edits, std::int64_t time_utc_ms) noexcept {
  const Edit* found = nullptr;
  for (const Edit& edit : edits) {
    if (edit.time_utc_ms == time_utc_ms) found = edit.kind == EditKind::withdrawal ? nullptr : &edit;
  }
  return found;
}

std::string about(const NewExport& wanted) {
  if (wanted.is_audit) {
    return fmt::format("{}, audit, {} to {}", store::to_string(wanted.format), format_utc(wanted.range.from_utc_ms),
                       format_utc(wanted.range.to_utc_ms));
  }
  return fmt::format("{}, by {}: {} devices, {} series, {} to {}", store::to_string(wanted.format),
                     wanted.by ? store::to_string(*wanted.by) : "reading", wanted.plan.devices.size(),
                     wanted.plan.parts.size(), format_utc(wanted.range.from_utc_ms),
                     format_utc(wanted.range.to_utc_ms));
}

/// Spans of days asked for at once: a question stays short, and so does what a cancel waits for.
std::size_t spans_per_page(store::BucketSize size) noexcept {
  switch (size) {
    case store::BucketSize::hour:
      return 31;
    case store::BucketSize::day:
      return 366;
    case store::BucketSize::week:
      return 260;
    case store::BucketSize::month:
      return 60;
    case store::BucketSize::year:
      break;
  }
  return 5;
}

Result<void> check(const NewExport& wanted) {
  if (wanted.name.size() > export_limits::name_bytes_max)
    return fail(ErrorCode::invalid_argument, "the name is longer than 200 octets");
  if (wanted.range.from_utc_ms >= wanted.range.to_utc_ms)
    return fail(ErrorCode::invalid_argument, "\"from\" must be before \"to\"");
  if (wanted.by && wanted.days.first > wanted.days.last)
    return fail(ErrorCode::invalid_argument, "the days end before they begin");
  if (!wanted.is_audit && wanted.plan.parts.empty())
    return fail(ErrorCode::invalid_argument, "there is nothing to export: no such register of these devices is known");
  if (wanted.plan.devices.size() > export_limits::devices_max || wanted.plan.parts.size() > export_limits::parts_max) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("at most {} devices and {} series in one export; choose fewer devices or registers",
                            export_limits::devices_max, export_limits::parts_max));
  }
  if (!zone_offset_ms(wanted.range.from_utc_ms, wanted.time_zone))
    return fail(ErrorCode::invalid_argument, fmt::format("there is no time zone \"{}\"", wanted.time_zone));
  return {};
}

}  // namespace

ExportService::ExportService(records::Database& database, Disk& disk, const Clock& clock, Random& random,
                             crypto::KeyProvider& keys, const ExportSource& source, ExportOptions options,
                             const AuditSource* audit)
    : database_(database),
      disk_(disk),
      clock_(clock),
      random_(random),
      keys_(keys),
      source_(source),
      audit_(audit),
      options_(std::move(options)) {}

ExportService::~ExportService() { stop(); }

records::Capability ExportService::migrations() { return export_tables::migrations(); }

std::string ExportService::path(std::int64_t id) const {
  return fmt::format("{}/{}{}", options_.directory, id, suffix);
}

Result<void> ExportService::open() {
  DUHENG_CHECK(disk_.make_directories(options_.directory));
  DUHENG_TRY(const auto known, database_.read([](Transaction& t) { return export_tables::with_file(t); }));
  std::set<std::string> names;
  for (const std::int64_t id : known) names.insert(fmt::format("{}{}", id, suffix));
  DUHENG_TRY(const auto files, disk_.list(options_.directory));
  for (const std::string& file : files) {
    if (!file.ends_with(suffix) || names.contains(file)) continue;
    DUHENG_CHECK(disk_.remove(options_.directory + "/" + file));
  }
  return {};
}

void ExportService::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void ExportService::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    cancel_.request_stop();
  }
  thread_.join();
  run_.reset();
}

void ExportService::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Result<Step> done = step();
    if (!done) log::warning("exports", "an export waits: its next piece is tried again", {{"error", done.error()}});
    if (done && *done == Step::worked) continue;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, pause, [this] { return asked_; });
    asked_ = false;
  }
}

Result<ExportService::Step> ExportService::step() {
  DUHENG_TRY(const bool swept, sweep());
  if (!run_) {
    DUHENG_TRY(const bool begun, begin_run());
    if (!begun) return swept ? Step::worked : Step::idle;
  }
  if (run_->cancel.stop_requested()) return settle({ErrorCode::cancelled, "cancelled"});
  if (source_.next_record() < run_->work.as_of_record) return Step::waiting;
  Result<Step> step = run_->is_at_end() ? finish(*run_) : run_piece(*run_);
  if (step) {
    attempts_ = 0;
    return step;
  }
  return settle(step.error());
}

/// Deletes files whose time is over, once a minute.
Result<bool> ExportService::sweep() {
  const std::int64_t now = clock_.monotonic_ms();
  if (swept_ms_ >= 0 && now - swept_ms_ < sweep_every_ms) return false;
  swept_ms_ = now;
  const std::int64_t now_utc_ms = clock_.utc_ms();
  DUHENG_TRY(const auto due, database_.read([&](Transaction& t) { return export_tables::due(t, now_utc_ms); }));
  for (const std::int64_t id : due) {
    // The line first: a file without a line is found at the next start, a line without a file would be a lie.
    DUHENG_CHECK(database_.write([&](Transaction& t) { return export_tables::set_expired(t, id); }));
    DUHENG_CHECK(remove_file(id));
  }
  DUHENG_CHECK(database_.write(
      [&](Transaction& t) { return export_tables::forget_before(t, now_utc_ms - options_.listed_ms); }));
  return !due.empty();
}

/// Takes up the oldest export that is not over, where it stood. False: there is none.
Result<bool> ExportService::begin_run() {
  DUHENG_TRY(auto work, database_.read([](Transaction& t) { return export_tables::next_work(t); }));
  if (!work) return false;
  auto run = std::make_unique<Run>(std::move(*work));
  const std::int64_t id = run->work.about.id;
  store::TableOptions table;
  table.byte_order_mark = run->work.byte_order_mark;
  const store::TableFormat format = run->work.about.format;
  if (run->started) {
    auto file = store::SealedFileWriter::resume(disk_, random_, keys_, key_purpose, path(id), run->position.file);
    if (!file && file.error().code == ErrorCode::storage_corrupt) {
      DUHENG_CHECK(database_.write([&](Transaction& t) {
        return export_tables::set_over(t, id, ExportState::failed, file.error().message, clock_.utc_ms());
      }));
      DUHENG_CHECK(remove_file(id));
      return begin_run();
    }
    if (!file) return std::unexpected(file.error());
    run->file.emplace(std::move(*file));
    DUHENG_TRY(run->writer, store::resume_table_writer(format, run->columns(), table, run->position.writer_state));
  } else {
    const auto& about = run->work.about;
    run->position = {};
    run->position.from_utc_ms = about.is_audit ? 0
                                : about.by     ? about.days.first
                                               : run->work.plan.parts.front().range.from_utc_ms;
    DUHENG_CHECK(remove_file(id));
    DUHENG_TRY(auto file, store::SealedFileWriter::create(disk_, random_, keys_, key_purpose, path(id)));
    DUHENG_CHECK(disk_.sync_directory(options_.directory));
    run->file.emplace(std::move(file));
    DUHENG_TRY(run->writer, store::make_table_writer(format, run->columns(), table));
  }
  {
    const std::lock_guard lock(mutex_);
    running_id_ = id;
    if (!stopping_) cancel_ = std::stop_source{};
    run->cancel = cancel_.get_token();
  }
  run_ = std::move(run);
  return true;
}

Result<ExportService::Step> ExportService::run_piece(Run& run) {
  Bytes content;
  if (!run.started) DUHENG_CHECK(run.writer->begin(content));
  run.started = true;
  DUHENG_TRY(const bool whole, gather(run, content));
  // Rebuilt under our feet: what was read may lack what is still to be applied.
  if (!whole || source_.next_record() < run.work.as_of_record) {
    run_.reset();
    return Step::waiting;
  }
  if (run.position.rows > options_.rows_max) {
    return fail(
        ErrorCode::limit_exceeded,
        fmt::format("more than {} rows in one file: choose a shorter time or fewer devices", options_.rows_max));
  }
  DUHENG_CHECK(run.writer->flush(content));
  DUHENG_CHECK(store_piece(run, content));
  run.position.writer_state = run.writer->state();
  DUHENG_TRY(const bool wanted, database_.write([&](Transaction& t) {
    return export_tables::save_position(t, run.work.about.id, run.position);
  }));
  if (!wanted) return fail(ErrorCode::cancelled, "cancelled");
  return Step::worked;
}

/// Rows of the next piece. False: telemetry fell back while it was asked.
Result<bool> ExportService::gather(Run& run, Bytes& out) {
  const std::uint64_t rows_before = run.position.rows;
  const std::int64_t until_ms = clock_.monotonic_ms() + options_.piece_ms;
  while (!run.is_at_end()) {
    const std::uint64_t rows = run.position.rows - rows_before;
    if (rows >= options_.piece_rows || out.size() >= piece_bytes_wanted || clock_.monotonic_ms() > until_ms) break;
    const std::size_t room = std::min<std::size_t>(options_.piece_rows - static_cast<std::size_t>(rows),
                                                   store::telemetry_limits::points_per_page_max);
    if (run.work.about.is_audit) {
      DUHENG_CHECK(gather_audit(run, room, out));
      continue;
    }
    DUHENG_TRY(const bool whole, run.work.about.by ? gather_buckets(run, out) : gather_points(run, room, out));
    if (!whole) return false;
  }
  return true;
}

/// One page of points of the series whose turn it is. False: telemetry fell back.
Result<bool> ExportService::gather_points(Run& run, std::size_t points_max, Bytes& out) {
  const ExportPart& part = run.part();
  auto page = source_.range(part.series, {run.position.from_utc_ms, part.range.to_utc_ms}, points_max,
                            {.timeout_ms = question_timeout_ms, .cancel = run.cancel});
  if (!page && page.error().code == ErrorCode::not_found) return false;
  if (!page) return std::unexpected(page.error());
  DUHENG_CHECK(write_points(run, *page, out));
  if (page->next_from_utc_ms) {
    run.position.from_utc_ms = *page->next_from_utc_ms;
  } else if (++run.position.part < run.work.plan.parts.size()) {
    run.position.from_utc_ms = run.part().range.from_utc_ms;
  }
  return true;
}

/// Some spans of days of the series whose turn it is, with all the times in which it was that device's. The position is
/// the next day in the place of a time. False: telemetry fell back.
Result<bool> ExportService::gather_buckets(Run& run, Bytes& out) {
  const ExportPart& part = run.part();
  std::vector<store::TimeRange> periods;
  for (std::size_t i = run.position.part; i < run.work.plan.parts.size(); ++i) {
    const ExportPart& next = run.work.plan.parts[i];
    if (next.device != part.device || next.series != part.series) break;
    periods.push_back(next.range);
  }
  const store::BucketSize size = *run.work.about.by;
  const std::int32_t last_day = run.work.about.days.last;
  const auto spans =
      store::bucket_spans(size, static_cast<std::int32_t>(run.position.from_utc_ms), last_day, spans_per_page(size));
  auto page = source_.buckets(part.series, size, {spans.front().first, std::min(spans.back().last, last_day)},
                              {.timeout_ms = question_timeout_ms, .cancel = run.cancel});
  if (!page && page.error().code == ErrorCode::not_found) return false;
  if (!page) return std::unexpected(page.error());
  for (const store::ListedBucket& bucket : page->buckets) {
    const VisiblePart visible = visible_part(periods, bucket.row);
    if (!visible.row) continue;
    DUHENG_CHECK(run.writer->row(run.bucket_rows.row(part, {size, bucket, *page, visible.increase}), out));
    ++run.position.rows;
  }
  run.position.from_utc_ms = spans.back().last + 1;
  if (run.position.from_utc_ms > last_day) {
    run.position.part += periods.size();
    run.position.from_utc_ms = run.work.about.days.first;
  }
  return true;
}

Result<void> ExportService::write_points(Run& run, const store::PointPage& page, Bytes& out) {
  const ExportPart& part = run.part();
  std::vector<Edit> edits;
  if (std::ranges::any_of(page.points, [](const store::Point& point) { return point.edit_count > 0; })) {
    edits = source_.edits(part.series, {page.points.front().time_utc_ms, page.points.back().time_utc_ms + 1});
  }
  for (const store::Point& point : page.points) {
    const Edit* edit = point.edit_count > 0 ? edit_at(edits, point.time_utc_ms) : nullptr;
    DUHENG_CHECK(run.writer->row(run.rows.row(part, point, edit), out));
  }
  run.position.rows += page.points.size();
  return {};
}

Result<void> ExportService::require_room(const Run& run, std::uint64_t more_bytes) {
  if (run.position.file.file_bytes + more_bytes > options_.file_bytes_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("the file would be larger than {} MiB: choose less", options_.file_bytes_max >> 20));
  DUHENG_TRY(const std::uint64_t total, database_.read([](Transaction& t) { return export_tables::disk_bytes(t); }));
  if (total + more_bytes > options_.total_bytes_max)
    return fail(ErrorCode::storage_full, fmt::format("all exports together would be larger than {} MiB: delete some",
                                                     options_.total_bytes_max >> 20));
  DUHENG_TRY(const std::uint64_t free, disk_.free_bytes(options_.directory));
  if (free < options_.free_bytes_min + more_bytes)
    return fail(ErrorCode::storage_full, "the platform's disk has no room for exports: delete some, or extend it");
  return {};
}

Result<void> ExportService::store_piece(Run& run, ByteView content) {
  // Sealing adds next to nothing to what cannot be compressed.
  DUHENG_CHECK(require_room(run, content.size() / 64 + 4'096));
  DUHENG_CHECK(run.file->append(content));
  DUHENG_CHECK(run.file->sync());
  run.position.file = run.file->position();
  return {};
}

Result<ExportService::Step> ExportService::finish(Run& run) {
  const std::int64_t id = run.work.about.id;
  Bytes content;
  DUHENG_CHECK(run.writer->end(content));
  DUHENG_CHECK(store_piece(run, content));
  // Reads all of it once more: what is offered is what lies there.
  DUHENG_TRY(auto reader, store::SealedFileReader::open(disk_, keys_, key_purpose, path(id), run.position.file.pieces));
  DUHENG_TRY(const std::string digest, store::digest_of(reader, run.cancel));
  const std::int64_t now = clock_.utc_ms();
  run.position.writer_state.clear();
  DUHENG_TRY(const bool wanted, database_.write([&](Transaction& t) {
    return export_tables::set_done(t, id, {run.position, digest, now, now + options_.kept_ms});
  }));
  if (!wanted) return fail(ErrorCode::cancelled, "cancelled");
  run_.reset();
  return Step::worked;
}

/// What becomes of the run after an error.
Result<ExportService::Step> ExportService::settle(const Error& error) {
  const std::int64_t id = run_->work.about.id;
  run_.reset();  // the next step takes it up at its noted position
  DUHENG_TRY(const auto open, database_.read([](Transaction& t) { return export_tables::next_work(t); }));
  const bool still_wanted = open && open->about.id == id;
  if (!still_wanted) {
    DUHENG_CHECK(remove_file(id));
    return Step::worked;
  }
  if (error.code == ErrorCode::cancelled) return Step::waiting;  // the platform stops
  if (may_pass(error.code) && ++attempts_ < options_.attempts_max) {
    if (attempts_ == 1) log::info("exports", "an export waits", {{"export", id}, {"error", error}});
    return Step::waiting;
  }
  attempts_ = 0;
  log::warning("exports", "an export failed", {{"export", id}, {"error", error}});
  DUHENG_CHECK(database_.write([&](Transaction& t) {
    return export_tables::set_over(t, id, ExportState::failed, error.message, clock_.utc_ms());
  }));
  DUHENG_CHECK(remove_file(id));
  return Step::worked;
}

Result<void> ExportService::remove_file(std::int64_t id) {
  if (!disk_.exists(path(id))) return {};
  DUHENG_CHECK(disk_.remove(path(id)));
  return disk_.sync_directory(options_.directory);
}

Result<Export> ExportService::ask(const Author& author, const NewExport& wanted, std::uint64_t as_of_record) {
  DUHENG_CHECK(check(wanted));
  if (wanted.is_audit && audit_ == nullptr) return fail(ErrorCode::unavailable, "nothing is audited here");
  DUHENG_TRY(const std::uint64_t free, disk_.free_bytes(options_.directory));
  if (free < options_.free_bytes_min)
    return fail(ErrorCode::storage_full, "the platform's disk has no room for exports: delete some, or extend it");
  const std::int64_t now = clock_.utc_ms();
  auto asked = database_.write([&](Transaction& t) -> Result<Export> {
    DUHENG_TRY(const std::int64_t open, export_tables::count_open(t, author.user));
    if (open >= options_.open_per_person_max)
      return fail(ErrorCode::throttled, fmt::format("{} of your exports are not done yet: wait, or cancel some", open));
    DUHENG_TRY(const std::int64_t id, export_tables::insert(t, author.user, author.name, wanted, as_of_record, now));
    OperationEntry entry = operation_of(author, "ask_export", now);
    entry.detail = fmt::format("export {}: {}", id, about(wanted));
    DUHENG_CHECK(write_operation(t, entry));
    return export_tables::find(t, author.user, id);
  });
  const std::lock_guard lock(mutex_);
  asked_ = true;
  wake_.notify_all();
  return asked;
}

Result<std::vector<Export>> ExportService::list(const Author& author) {
  return database_.read([&](Transaction& t) { return export_tables::list(t, author.user, export_limits::listed_max); });
}

Result<Export> ExportService::get(const Author& author, std::int64_t id) {
  return database_.read([&](Transaction& t) { return export_tables::find(t, author.user, id); });
}

Result<Export> ExportService::cancel(const Author& author, std::int64_t id) {
  bool delete_file = false;
  auto cancelled = database_.write([&](Transaction& t) -> Result<Export> {
    DUHENG_TRY(const Export found, export_tables::find(t, author.user, id));
    const std::int64_t now = clock_.utc_ms();
    OperationEntry entry = operation_of(author, "cancel_export", now);
    entry.detail = fmt::format("export {}", id);
    if (found.state == ExportState::done) {
      delete_file = true;
      entry.action = "delete_export";
      DUHENG_CHECK(export_tables::set_expired(t, id));
    } else {
      DUHENG_TRY(const bool was_open, export_tables::set_over(t, id, ExportState::cancelled, {}, now));
      if (!was_open) return fail(ErrorCode::conflict, "the export is over");
    }
    DUHENG_CHECK(write_operation(t, entry));
    return export_tables::find(t, author.user, id);
  });
  if (!cancelled) return cancelled;
  if (delete_file) DUHENG_CHECK(remove_file(id));
  const std::lock_guard lock(mutex_);
  if (running_id_ == id) cancel_.request_stop();  // a question under way ends; the thread deletes the file
  asked_ = true;
  wake_.notify_all();
  return cancelled;
}

Result<ExportPlan> ExportService::plan(const Author& author, std::int64_t id) {
  return database_.read([&](Transaction& t) -> Result<ExportPlan> {
    DUHENG_CHECK(export_tables::find(t, author.user, id));
    return export_tables::plan_of(t, id);
  });
}

Result<ExportDownload> ExportService::download(const Author& author, std::int64_t id) {
  std::uint64_t pieces = 0;
  DUHENG_TRY(const Export found, database_.write([&](Transaction& t) -> Result<Export> {
    DUHENG_TRY(Export wanted, export_tables::find(t, author.user, id));
    if (wanted.state == ExportState::expired)
      return fail(ErrorCode::not_found, "the file was deleted; export it again");
    if (wanted.state != ExportState::done) return fail(ErrorCode::conflict, "the export is not done");
    DUHENG_TRY(pieces, export_tables::pieces_of(t, id));
    OperationEntry entry = operation_of(author, "download_export", clock_.utc_ms());
    entry.detail = fmt::format("export {}: {} octets, SHA-256 {}", id, wanted.size_bytes, wanted.sha256);
    DUHENG_CHECK(write_operation(t, entry));
    DUHENG_CHECK(export_tables::count_download(t, id));
    return wanted;
  }));
  DUHENG_TRY(auto reader, store::SealedFileReader::open(disk_, keys_, key_purpose, path(id), pieces));
  return ExportDownload{
      fmt::format("duheng-{}{}.{}", found.is_audit ? "audit-" : "", id, store::file_extension(found.format)),
      std::string{store::media_type(found.format)}, found.sha256, found.size_bytes, std::move(reader)};
}

}  // namespace duheng::platform
