#include "platform/backups/backup_service.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.hpp"
#include "platform/backups/drill_report.hpp"
#include "store/backup/backup_object.hpp"
#include "store/backup/backup_retention.hpp"
#include "store/backup/record_rows.hpp"
#include "store/backup/recovery_key.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::size_t reason_bytes_max = 1'000;

std::string shortened(std::string text) {
  if (text.size() > reason_bytes_max) text.resize(reason_bytes_max);
  return text;
}

alarms::Subject subject_of(const std::string& place) { return {alarms::SubjectKind::backup, place}; }

}  // namespace

std::string_view to_string(RecoveryKeyState state) noexcept {
  switch (state) {
    case RecoveryKeyState::missing:
      return "missing";
    case RecoveryKeyState::outdated:
      return "outdated";
    case RecoveryKeyState::current:
      return "current";
  }
  return "missing";
}

BackupService::BackupService(BackupParts parts)
    : parts_(std::move(parts)), book_(parts_.database), schedule_(parts_.schedule) {}

Result<void> BackupService::open() {
  DUHENG_CHECK(book_.settle_interrupted(parts_.clock.utc_ms()));
  DUHENG_TRY(const auto stored, book_.schedule());
  if (stored) {
    const std::lock_guard lock(mutex_);
    schedule_ = *stored;
  }
  return {};
}

BackupSchedule BackupService::schedule() const {
  const std::lock_guard lock(mutex_);
  return schedule_;
}

Result<bool> BackupService::step() {
  bool worked = false;
  for (const auto& place : parts_.places) {
    if (stopping_) return false;
    DUHENG_TRY(const bool did, look_at(*place, parts_.clock.utc_ms()));
    worked = worked || did;
  }
  return worked;
}

Result<bool> BackupService::look_at(store::BackupPlace& place, std::int64_t now_utc_ms) {
  DUHENG_CHECK(watch(place, now_utc_ms));
  if (const auto who = take_wish(BackupKind::backup, place.name())) {
    DUHENG_CHECK(back_up(place, *who));
    return true;
  }
  DUHENG_TRY(const bool backup_due, is_backup_due(place, now_utc_ms));
  if (backup_due) {
    DUHENG_CHECK(back_up(place, {}));
    return true;
  }
  if (const auto who = take_wish(BackupKind::drill, place.name())) {
    DUHENG_CHECK(drill(place, *who));
    return true;
  }
  DUHENG_TRY(const bool drill_due, is_drill_due(place, now_utc_ms));
  if (drill_due) DUHENG_CHECK(drill(place, {}));
  return drill_due;
}

/// Whether the last try is so long ago that another makes sense.
Result<bool> BackupService::wait_over(BackupKind kind, const std::string& place, std::int64_t now_utc_ms,
                                      std::int64_t wait_ms) {
  DUHENG_TRY(const auto last, book_.last_over(kind, place));
  const bool failed_lately = last && last->state != BackupState::done && last->ended_utc_ms <= now_utc_ms &&
                             now_utc_ms - last->ended_utc_ms < wait_ms;
  return !failed_lately;
}

Result<bool> BackupService::is_backup_due(store::BackupPlace& place, std::int64_t now_utc_ms) {
  const BackupSchedule plan = schedule();
  if (!plan.is_enabled) return false;
  DUHENG_TRY(const std::int64_t due, last_due_utc_ms(plan, now_utc_ms));
  DUHENG_TRY(const auto last, book_.last_done(BackupKind::backup, place.name()));
  if (last && last->begun_utc_ms >= due) return false;
  return wait_over(BackupKind::backup, place.name(), now_utc_ms, retry_ms);
}

Result<bool> BackupService::is_drill_due(store::BackupPlace& place, std::int64_t now_utc_ms) {
  const BackupSchedule plan = schedule();
  DUHENG_TRY(const auto backup, book_.last_done(BackupKind::backup, place.name()));
  if (!plan.is_enabled || !backup) return false;
  DUHENG_TRY(const auto last, book_.last_done(BackupKind::drill, place.name()));
  if (last && now_utc_ms - last->begun_utc_ms < plan.drill_every_days * day_ms) return false;
  return wait_over(BackupKind::drill, place.name(), now_utc_ms, drill_retry_ms);
}

/// What should have happened and did not.
Result<void> BackupService::watch(store::BackupPlace& place, std::int64_t now_utc_ms) {
  const BackupSchedule plan = schedule();
  if (!plan.is_enabled) return {};
  DUHENG_TRY(const std::int64_t due, last_due_utc_ms(plan, now_utc_ms));
  DUHENG_TRY(const auto last, book_.last_done(BackupKind::backup, place.name()));
  if (last && last->begun_utc_ms < due && now_utc_ms - due >= late_after_ms) {
    const std::int64_t age_hours = (now_utc_ms - last->begun_utc_ms) / hour_ms;
    raise("backup_missed", alarms::Severity::major, place.name(), {{"age_hours", std::to_string(age_hours)}});
  }
  DUHENG_TRY(const auto tried, book_.last_done(BackupKind::drill, place.name()));
  DUHENG_TRY(const auto first, book_.first_done(BackupKind::backup, place.name()));
  if (!first) return {};
  const std::int64_t since_ms = now_utc_ms - (tried ? tried->begun_utc_ms : first->begun_utc_ms);
  if (since_ms >= (plan.drill_every_days + drill_grace_days) * day_ms)
    raise("drill_overdue", alarms::Severity::warning, place.name(), {{"age_days", std::to_string(since_ms / day_ms)}});
  return {};
}

void BackupService::raise(std::string_view kind, alarms::Severity severity, const std::string& place,
                          std::map<std::string, std::string> facts) {
  facts["place"] = place;
  parts_.alarms.raise({std::string(kind), subject_of(place), severity, std::move(facts)});
}
void BackupService::clear(std::string_view kind, const std::string& place) {
  parts_.alarms.clear(kind, subject_of(place));
}

void BackupService::begin_activity(const BackupRun& run) {
  cancelling_ = false;
  const std::lock_guard lock(mutex_);
  activity_ =
      BackupActivity{.kind = run.kind, .place = run.place, .begun_utc_ms = run.begun_utc_ms, .asked_by = run.asked_by};
}
void BackupService::end_activity() {
  const std::lock_guard lock(mutex_);
  activity_.reset();
}

/// A place that held sets and is empty now is most often one that is not mounted.
Result<void> BackupService::require_known_place(store::BackupPlace& place) {
  DUHENG_TRY(const auto last, book_.last_done(BackupKind::backup, place.name()));
  if (!last) return {};
  DUHENG_TRY(const auto sets, store::list_sets(place));
  if (!sets.empty()) return {};
  return fail(ErrorCode::unavailable,
              fmt::format("{} holds no backup although set {} was made there: is it mounted, and is it the right one?",
                          place.name(), last->set_number));
}

Result<store::BackupReport> BackupService::make(store::BackupPlace& place) {
  DUHENG_CHECK(require_known_place(place));
  store::BackupSource source = parts_.source(parts_.journal);
  if (parts_.disk.exists(parts_.recovery_key_file)) {
    DUHENG_TRY(source.recovery_key, read_file(parts_.disk, parts_.recovery_key_file, store::recovery_key_bytes_max));
  }
  store::BackupOptions options;
  options.product = parts_.product;
  options.distrusted = distrusted_[place.name()];
  options.on_progress = [this](const store::BackupProgress& progress) {
    const std::lock_guard lock(mutex_);
    if (activity_) activity_->progress = progress;
    return !stopping_ && !cancelling_;
  };
  return store::make_backup(source, place, parts_.clock, options);
}

Result<void> BackupService::back_up(store::BackupPlace& place, const std::string& asked_by) {
  BackupRun run;
  run.kind = BackupKind::backup;
  run.place = place.name();
  run.asked_by = asked_by;
  run.begun_utc_ms = parts_.clock.utc_ms();
  DUHENG_TRY(run.id, book_.begin(run));
  begin_activity(run);
  const auto made = make(place);
  settle_backup(place, run, made);
  auto noted = book_.finish(run);
  if (noted && made) {
    prune(place);
    move_watermark();
  }
  end_activity();
  return noted;
}

void BackupService::settle_backup(store::BackupPlace& place, BackupRun& run, const Result<store::BackupReport>& made) {
  run.ended_utc_ms = parts_.clock.utc_ms();
  if (!made) {
    const bool is_cancelled = made.error().code == ErrorCode::cancelled;
    run.state = is_cancelled ? BackupState::cancelled : BackupState::failed;
    run.reason = shortened(made.error().message);
    log::warning("backups", "no backup was made", {{"place", place.name()}, {"reason", made.error()}});
    if (!is_cancelled) raise("backup_failed", alarms::Severity::major, place.name(), {{"reason", run.reason}});
    return;
  }
  run.state = BackupState::done;
  run.set_number = made->manifest.number;
  run.verified_utc_ms = run.ended_utc_ms;
  run.journal_next = made->manifest.journal_next;
  run.files = made->manifest.files.size();
  run.files_new = made->files_new;
  run.bytes_total = made->manifest.content_bytes();
  run.bytes_sent = made->bytes_sent;
  run.has_recovery_key = made->manifest.recovery_key.has_value();
  log::info("backups", "a backup was made",
            {{"place", place.name()}, {"set", run.set_number}, {"bytes_sent", run.bytes_sent}});
  clear("backup_failed", place.name());
  clear("backup_missed", place.name());
  if (!made->damaged_sets.empty())
    raise("backup_damaged", alarms::Severity::critical, place.name(),
          {{"set", std::to_string(made->damaged_sets.front())}, {"reason", "the list of the set cannot be read"}});
  // What was found damaged was sent again; a drill shows whether that helped.
  const bool mended = !distrusted_[place.name()].empty();
  distrusted_[place.name()].clear();
  if (mended) {
    const std::lock_guard lock(mutex_);
    wishes_[{BackupKind::drill, place.name()}] = {};
  }
  if (recovery_key_state() == RecoveryKeyState::current) {
    clear("backup_key_missing", place.name());
  } else {
    raise("backup_key_missing", alarms::Severity::major, place.name(), {});
  }
}

void BackupService::prune(store::BackupPlace& place) {
  const BackupSchedule plan = schedule();
  const store::BackupRetention retention{plan.daily_keep_days, plan.monthly_keep_months, plan.time_zone};
  const auto pruned = store::prune_place(place, parts_.keys, retention, parts_.clock);
  if (!pruned) {
    // The next backup tries again; until then only room is lost.
    log::warning("backups", "old backups could not be removed", {{"place", place.name()}, {"reason", pruned.error()}});
    return;
  }
  if (const auto noted = book_.note_removed(place.name(), pruned->sets_removed, parts_.clock.utc_ms()); !noted)
    log::warning("backups", "the removal of old backups is not noted", {{"reason", noted.error()}});
}

/// What every place holds may go here, and at the gateways.
void BackupService::move_watermark() {
  std::uint64_t held = parts_.journal.next_number();
  for (const auto& place : parts_.places) {
    const auto last = book_.last_done(BackupKind::backup, place->name());
    if (!last || !*last) return;
    held = std::min(held, (*last)->journal_next);
  }
  if (held <= parts_.journal.backup_watermark()) return;
  if (const auto set = parts_.journal.set_backup_watermark(held); !set)
    log::warning("backups", "the backup watermark could not be kept", {{"reason", set.error()}});
}

Result<store::TrialReport> BackupService::try_newest(store::BackupPlace& place) {
  DUHENG_CHECK(require_known_place(place));
  DUHENG_TRY(const auto sets, store::list_sets(place));
  if (sets.empty()) return fail(ErrorCode::not_found, "there is no backup to be tried");
  const auto manifest = store::load_set(place, sets.back(), parts_.keys);
  if (!manifest && manifest.error().code == ErrorCode::storage_corrupt) {
    store::TrialReport report;
    report.set_number = sets.back();
    report.begun_utc_ms = parts_.clock.utc_ms();
    report.findings.push_back(manifest.error().message);
    return report;
  }
  if (!manifest) return std::unexpected(manifest.error());
  const store::TrialSetting setting{.disk = parts_.disk,
                                    .clock = parts_.clock,
                                    .directory = parts_.drill_directory,
                                    .running = &parts_.journal,
                                    .running_rows = [this] { return store::count_rows(parts_.database); }};
  return store::try_restore(place, *manifest, parts_.keys, setting, [this](std::uint64_t done, std::uint64_t all) {
    const std::lock_guard lock(mutex_);
    if (activity_) {
      activity_->bytes_done = done;
      activity_->bytes_all = all;
    }
    return !stopping_ && !cancelling_;
  });
}

Result<void> BackupService::drill(store::BackupPlace& place, const std::string& asked_by) {
  BackupRun run;
  run.kind = BackupKind::drill;
  run.place = place.name();
  run.asked_by = asked_by;
  run.begun_utc_ms = parts_.clock.utc_ms();
  DUHENG_TRY(run.id, book_.begin(run));
  begin_activity(run);
  settle_drill(place, run, try_newest(place));
  auto noted = book_.finish(run);
  if (noted && run.state == BackupState::done)
    noted = book_.note_verified(place.name(), run.set_number, run.ended_utc_ms);
  end_activity();
  return noted;
}

void BackupService::settle_drill(store::BackupPlace& place, BackupRun& run, const Result<store::TrialReport>& tried) {
  run.ended_utc_ms = parts_.clock.utc_ms();
  if (!tried) {
    run.state = tried.error().code == ErrorCode::cancelled ? BackupState::cancelled : BackupState::failed;
    run.reason = shortened(tried.error().message);
    log::warning("backups", "no trial restore could be made", {{"place", place.name()}, {"reason", tried.error()}});
    return;
  }
  run.set_number = tried->set_number;
  run.journal_next = tried->journal_next;
  run.files = tried->files;
  run.bytes_total = tried->bytes;
  run.report = drill_report_json(*tried, place.name());
  if (tried->sound()) {
    run.state = BackupState::done;
    log::info("backups", "a trial restore went well",
              {{"place", place.name()}, {"set", run.set_number}, {"recovery_ms", tried->recovery_ms()}});
    clear("drill_overdue", place.name());
    clear("backup_damaged", place.name());
    return;
  }
  run.state = BackupState::failed;
  run.reason = shortened(tried->findings.front());
  log::error("backups", "a backup is damaged",
             {{"place", place.name()}, {"set", run.set_number}, {"reason", run.reason}});
  raise("backup_damaged", alarms::Severity::critical, place.name(),
        {{"set", std::to_string(run.set_number)}, {"reason", run.reason}});
  // Sent again at once; the drill that follows shows whether all is well.
  distrusted_[place.name()].insert(tried->damaged_objects.begin(), tried->damaged_objects.end());
  const std::lock_guard lock(mutex_);
  wishes_[{BackupKind::backup, place.name()}] = {};
}

std::optional<std::string> BackupService::take_wish(BackupKind kind, const std::string& place) {
  const std::lock_guard lock(mutex_);
  const auto found = wishes_.find({kind, place});
  if (found == wishes_.end()) return std::nullopt;
  std::string who = std::move(found->second);
  wishes_.erase(found);
  return who;
}

Result<void> BackupService::ask(BackupKind kind, const std::string& asked_by) {
  if (parts_.places.empty()) return fail(ErrorCode::not_found, "no place for backups is configured");
  const std::lock_guard lock(mutex_);
  bool is_new = false;
  for (const auto& place : parts_.places)
    is_new = wishes_.emplace(std::pair{kind, place->name()}, asked_by).second || is_new;
  if (!is_new) return fail(ErrorCode::conflict, "it was asked for already and begins soon");
  return {};
}

Result<void> BackupService::cancel() {
  const std::lock_guard lock(mutex_);
  if (!activity_ && wishes_.empty()) return fail(ErrorCode::not_found, "nothing is under way");
  wishes_.clear();
  cancelling_ = activity_.has_value();
  return {};
}

Result<void> BackupService::set_schedule(const BackupSchedule& wanted) {
  DUHENG_CHECK(check_schedule(wanted));
  DUHENG_CHECK(book_.set_schedule(wanted));
  const std::lock_guard lock(mutex_);
  schedule_ = wanted;
  return {};
}

RecoveryKeyState BackupService::recovery_key_state() {
  if (!parts_.disk.exists(parts_.recovery_key_file)) return RecoveryKeyState::missing;
  const auto octets = read_file(parts_.disk, parts_.recovery_key_file, store::recovery_key_bytes_max);
  const auto kept = octets ? store::mark_of_recovery_key(*octets) : std::unexpected(octets.error());
  const auto now = store::mark_of_keys(parts_.keys);
  return kept && now && *kept == *now ? RecoveryKeyState::current : RecoveryKeyState::outdated;
}

Result<void> BackupService::set_recovery_passphrase(std::string_view passphrase) {
  DUHENG_TRY(const auto files, store::read_key_files(parts_.disk, parts_.master_key_file));
  DUHENG_TRY(const auto mark, store::mark_of_keys(parts_.keys));
  DUHENG_TRY(const Bytes sealed,
             store::seal_recovery_key(files, mark, passphrase, parts_.random, parts_.recovery_cost));
  return write_file_atomically(parts_.disk, parts_.recovery_key_file, sealed);
}

Result<BackupOverview> BackupService::overview() {
  BackupOverview out;
  const std::int64_t now_utc_ms = parts_.clock.utc_ms();
  {
    const std::lock_guard lock(mutex_);
    out.schedule = schedule_;
    out.activity = activity_;
  }
  DUHENG_TRY(const std::int64_t due, last_due_utc_ms(out.schedule, now_utc_ms));
  if (out.schedule.is_enabled && !parts_.places.empty()) {
    DUHENG_TRY(out.next_due_utc_ms, next_due_utc_ms(out.schedule, now_utc_ms));
  }
  for (const auto& place : parts_.places) {
    PlaceOverview one;
    one.name = place->name();
    DUHENG_TRY(one.last_backup, book_.last_done(BackupKind::backup, one.name));
    DUHENG_TRY(one.last_drill, book_.last_done(BackupKind::drill, one.name));
    one.is_late = out.schedule.is_enabled && one.last_backup && one.last_backup->begun_utc_ms < due &&
                  now_utc_ms - due >= late_after_ms;
    out.places.push_back(std::move(one));
  }
  out.recovery_key = recovery_key_state();
  out.watermark = parts_.journal.backup_watermark();
  return out;
}

}  // namespace duheng::platform
