#include "aggregate_wiring.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "store/aggregates/database_aggregate_store.hpp"
#include "store/aggregates/fleet_questions.hpp"
#include "store/aggregates/series_aggregates.hpp"
#include "store/records/sqlite_database.hpp"

namespace duheng::platform {
namespace {

/// A store that says "corrupt" so often in a row is made anew even when its file looks whole.
constexpr int corrupt_steps_max = 3;
/// Settling runs some hours behind a day's end, and a day's end in UTC lies behind that of its zone.
constexpr std::int32_t usual_days_behind = 3;
/// Rows are read by stretches, not at random: a small cache is enough.
constexpr std::int64_t cache_kib = 8'192;

bool begins_anew(ErrorCode code) noexcept {
  return code == ErrorCode::storage_corrupt || code == ErrorCode::key_missing || code == ErrorCode::conflict ||
         code == ErrorCode::unsupported;
}

}  // namespace

/// Everything that works on one open file.
struct AggregateWiring::Opened {
  Opened(const AggregateWiring& wiring, std::unique_ptr<records::SqliteDatabase> opened_database,
         std::unique_ptr<store::AggregateStore> opened_rows, std::atomic<bool>& damage_seen)
      : database(std::move(opened_database)),
        rows(std::move(opened_rows)),
        keeper(wiring.telemetry_, *rows, wiring.calendar_, wiring.clock_, store::default_series_policy,
               wiring.options_.keeper),
        series(wiring.telemetry_, *rows, wiring.calendar_, wiring.clock_, store::default_series_policy,
               wiring.options_.keeper.first_day),
        fleet(wiring.telemetry_, *rows, wiring.calendar_, wiring.clock_, store::default_series_policy),
        answers{wiring.calendar_, *rows, series, fleet, damage_seen} {}

  std::unique_ptr<records::SqliteDatabase> database;
  std::unique_ptr<store::AggregateStore> rows;
  store::AggregateKeeper keeper;
  store::SeriesAggregates series;
  store::FleetQuestions fleet;
  web::AggregateAnswers answers;
};

Result<std::unique_ptr<AggregateWiring>> AggregateWiring::open(AggregateWiringOptions options,
                                                               store::TelemetryStore& telemetry,
                                                               crypto::KeyProvider& keys, Disk& disk,
                                                               const Clock& clock, IsReady is_ready) {
  DUHENG_TRY(store::CivilCalendar calendar, store::CivilCalendar::open(options.time_zone));
  auto out = std::unique_ptr<AggregateWiring>(
      new AggregateWiring(std::move(options), std::move(calendar), telemetry, keys, disk, clock, std::move(is_ready)));
  const Result<void> opened = out->reopen();
  if (!opened) {
    log::warning("aggregates", "the file cannot be opened, it is tried again", {{"error", opened.error()}});
    out->note(std::unexpected(opened.error()));
  } else {
    out->note(false);
  }
  return out;
}

AggregateWiring::AggregateWiring(AggregateWiringOptions options, store::CivilCalendar calendar,
                                 store::TelemetryStore& telemetry, crypto::KeyProvider& keys, Disk& disk,
                                 const Clock& clock, IsReady is_ready)
    : options_(std::move(options)),
      calendar_(std::move(calendar)),
      telemetry_(telemetry),
      keys_(keys),
      disk_(disk),
      clock_(clock),
      is_ready_(std::move(is_ready)) {}

AggregateWiring::~AggregateWiring() = default;

std::shared_ptr<AggregateWiring::Opened> AggregateWiring::current() const {
  std::lock_guard lock{mutex_};
  return opened_;
}

std::shared_ptr<const web::AggregateAnswers> AggregateWiring::answers() const {
  const std::shared_ptr<Opened> opened = current();
  if (!opened) return nullptr;
  return {opened, &opened->answers};
}

AggregateStatus AggregateWiring::status() const {
  std::lock_guard lock{mutex_};
  return status_;
}

Result<bool> AggregateWiring::step() {
  Result<bool> outcome = keep_up();
  note(outcome);
  return outcome;
}

Result<bool> AggregateWiring::keep_up() {
  if (!current()) DUHENG_CHECK(reopen());
  if (!is_ready_()) return false;
  const std::shared_ptr<Opened> opened = current();
  if (damage_seen_.exchange(false)) {
    if (const auto whole = opened->database->check_integrity(); !whole) {
      close_damaged(whole.error());
      return true;
    }
  }
  const Result<store::AggregateKeeper::Work> done = opened->keeper.step();
  if (!done) {
    if (is_damaged(done.error())) close_damaged(done.error());
    return std::unexpected(done.error());
  }
  corrupt_steps_ = 0;
  if (*done != store::AggregateKeeper::Work::none) return true;
  DUHENG_CHECK(allow_removal());
  return false;
}

/// "Corrupt" may also come from the telemetry store, which mends itself: only a damaged file of our own has to go.
bool AggregateWiring::is_damaged(const Error& error) {
  if (error.code != ErrorCode::storage_corrupt) {
    corrupt_steps_ = 0;
    return false;
  }
  ++corrupt_steps_;
  return corrupt_steps_ >= corrupt_steps_max || !current()->database->check_integrity();
}

/// Nobody gets it from now on; questions under way keep it open, and so its file in its place, until they are over.
void AggregateWiring::close_damaged(const Error& error) {
  corrupt_steps_ = 0;
  set_aside_first_ = error;
  std::lock_guard lock{mutex_};
  closing_ = opened_;
  opened_.reset();
}

Result<void> AggregateWiring::reopen() {
  if (!closing_.expired()) return fail(ErrorCode::unavailable, "a question still holds the damaged file");
  DUHENG_CHECK(disk_.make_directories(options_.directory));
  if (set_aside_first_) {
    DUHENG_CHECK(set_aside(*set_aside_first_));
    set_aside_first_.reset();
  }
  Result<std::shared_ptr<Opened>> opened = open_file();
  if (!opened && begins_anew(opened.error().code)) {
    DUHENG_CHECK(set_aside(opened.error()));
    opened = open_file();
  }
  if (!opened) return std::unexpected(opened.error());
  removal_allowed_on_.reset();
  std::lock_guard lock{mutex_};
  opened_ = std::move(*opened);
  return {};
}

Result<std::shared_ptr<AggregateWiring::Opened>> AggregateWiring::open_file() {
  records::SqliteOptions options;
  options.path = options_.directory + "/aggregates.db";
  options.cache_kib = cache_kib;
  DUHENG_TRY(auto database, records::SqliteDatabase::open(options, keys_));
  DUHENG_TRY(auto rows, store::DatabaseAggregateStore::open(*database, clock_, options_.time_zone));
  return std::make_shared<Opened>(*this, std::move(database), std::move(rows), damage_seen_);
}

Result<void> AggregateWiring::set_aside(const Error& why) {
  const std::string file = options_.directory + "/aggregates.db";
  const std::string kept = file + ".set-aside";
  if (disk_.exists(kept)) DUHENG_CHECK(disk_.remove(kept));
  if (disk_.exists(file)) DUHENG_CHECK(disk_.rename(file, kept));
  for (const char* suffix : {"-wal", "-shm"}) {
    if (disk_.exists(file + suffix)) DUHENG_CHECK(disk_.remove(file + suffix));
  }
  DUHENG_CHECK(disk_.sync_directory(options_.directory));
  log::warning("aggregates", "hours and days are made anew from the readings", {{"why", why}, {"kept_as", kept}});
  std::lock_guard lock{mutex_};
  ++status_.made_anew;
  return {};
}

/// Once a day is enough: it looks at every series. The permission does not outlive the telemetry store's process, so it
/// is given again after each start.
Result<void> AggregateWiring::allow_removal() {
  if (options_.keeper.retention.empty()) return {};
  const std::int32_t today = calendar_.day_of(clock_.utc_ms());
  if (removal_allowed_on_ == today) return {};
  DUHENG_TRY(std::vector<store::RemovableDays> removable, current()->keeper.removable_days());
  log::info("aggregates", "readings past their rule's days may be removed", {{"series", removable.size()}});
  telemetry_.allow_removal(std::move(removable));
  removal_allowed_on_ = today;
  return {};
}

void AggregateWiring::note(const Result<bool>& outcome) {
  const std::shared_ptr<Opened> opened = current();
  const auto state = opened ? opened->rows->state() : Result<store::KeeperState>(store::KeeperState{});
  const auto waiting = telemetry_.changes(1);
  std::lock_guard lock{mutex_};
  status_.open = opened != nullptr;
  status_.catching_up = outcome && *outcome;
  status_.today = calendar_.day_of(clock_.utc_ms());
  status_.error = outcome ? std::nullopt : std::optional{outcome.error()};
  status_.changes_waiting = waiting && !waiting->days.empty();
  if (opened) status_.frozen_changes = opened->keeper.frozen_changes();
  if (!state) return;
  status_.settled_through = state->settled_through;
  status_.settled_through_utc_ms =
      state->settled_through == store::KeeperState::none ? 0 : calendar_.day(state->settled_through).through_utc_ms;
}

status::Finding aggregate_finding(const AggregateStatus& status) {
  using status::State;
  if (!status.open) {
    const std::string why = status.error ? status.error->message : std::string{};
    return {State::degraded, "聚合文件暂时不可用，正在重建：" + why,
            "the file of aggregates is being made anew: " + why};
  }
  if (status.error)
    return {State::degraded, "聚合暂停，将自动重试：" + status.error->message,
            "aggregates do not go on, they are tried again: " + status.error->message};
  if (status.settled_through == store::KeeperState::none) return {State::ok, "尚无已结算的日", "no day is settled yet"};
  const std::string day = store::CivilCalendar::format_day(status.settled_through);
  if (status.catching_up && status.settled_through < status.today - usual_days_behind)
    return {State::degraded, fmt::format("正在追赶，已结算至 {}", day),
            fmt::format("catching up, settled through {}", day)};
  return {State::ok, fmt::format("已结算至 {}{}", day, status.changes_waiting ? "，有迟到数据待处理" : ""),
          fmt::format("settled through {}{}", day, status.changes_waiting ? ", late data is being taken in" : "")};
}

}  // namespace duheng::platform
