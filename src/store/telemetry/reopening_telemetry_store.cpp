#include "store/telemetry/reopening_telemetry_store.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <utility>

#include "base/log.hpp"

namespace duheng::store {

namespace {
constexpr std::string_view area = "telemetry";
}

ReopeningTelemetryStore::ReopeningTelemetryStore(Open open, const Clock& clock, ReopeningOptions options)
    : open_(std::move(open)), clock_(clock), options_(options) {}
ReopeningTelemetryStore::~ReopeningTelemetryStore() = default;

Result<std::unique_ptr<ReopeningTelemetryStore>> ReopeningTelemetryStore::open(Open open, const Clock& clock,
                                                                               ReopeningOptions options) {
  std::unique_ptr<ReopeningTelemetryStore> out(new ReopeningTelemetryStore(std::move(open), clock, options));
  Result<Opened> opened = out->open_(false);
  if (!opened && out->may_start_closed(opened.error())) {
    log::warning(area, "cannot be reached; the journal keeps everything until it can", {{"reason", opened.error()}});
    out->position_ = *out->options_.closed_start_position;
    out->note_failure(opened.error());
    return out;
  }
  if (!opened) return std::unexpected(std::move(opened).error());
  if (opened->begins_anew && !opened->told.empty())
    log::warning(area, "the database was damaged and is made anew from the journal", {{"damage", opened->told}});
  out->store_ = std::move(opened->store);
  return out;
}

bool ReopeningTelemetryStore::may_start_closed(const Error& error) const {
  const bool away = error.code == ErrorCode::storage_failed || error.code == ErrorCode::unavailable ||
                    error.code == ErrorCode::timed_out;
  return away && options_.closed_start_position.has_value();
}

// --- mending ---

/// A broken store waits for its next try; the wait grows until something has been applied again, since a store that
/// opens but cannot be written is not mended.
void ReopeningTelemetryStore::note_failure(const Error& error) {
  const std::lock_guard lock(status_mutex_);
  status_.broken = true;
  status_.error = error;
  retry_wait_ms_ =
      retry_wait_ms_ == 0 ? options_.retry_first_ms : std::min(options_.retry_longest_ms, retry_wait_ms_ * 2);
  retry_at_ms_ = clock_.monotonic_ms() + retry_wait_ms_;
}

bool ReopeningTelemetryStore::may_discard() {
  const std::int64_t now_ms = clock_.monotonic_ms();
  while (!discards_at_ms_.empty() && now_ms - discards_at_ms_.front() > options_.discards_within_ms)
    discards_at_ms_.pop_front();
  return discards_at_ms_.size() < options_.discards_max;
}

Error ReopeningTelemetryStore::closed_error() const {
  const std::lock_guard lock(status_mutex_);
  if (status_.given_up)
    return {ErrorCode::storage_corrupt,
            "telemetry was found corrupt too often and is not opened again: check the disk"};
  return {ErrorCode::unavailable, fmt::format("telemetry is being opened again{}",
                                              status_.error ? " after: " + status_.error->message : std::string{})};
}

Result<void> ReopeningTelemetryStore::reopen_if_broken() {
  if (found_corrupt_ || must_reopen()) {
    const std::lock_guard lock(status_mutex_);
    if (!status_.broken) {  // found by a question
      status_.broken = true;
      retry_at_ms_ = clock_.monotonic_ms();
    }
  }
  {
    const std::lock_guard lock(status_mutex_);
    if (!status_.broken) return {};
  }
  {
    const std::lock_guard lock(status_mutex_);
    if (clock_.monotonic_ms() < retry_at_ms_ && !status_.given_up) {
      return fail(ErrorCode::unavailable,
                  fmt::format("telemetry waits to be opened again after: {}",
                              status_.error ? status_.error->message : std::string{"damage found by a question"}));
    }
  }
  const bool discard = found_corrupt_;
  if (discard && !may_discard()) {
    {
      const std::unique_lock alone(store_mutex_);
      store_.reset();
    }
    const std::lock_guard lock(status_mutex_);
    if (!status_.given_up) log::error(area, "found corrupt too often; it stays closed until the next start");
    status_.given_up = true;
    return fail(ErrorCode::storage_corrupt,
                "telemetry was found corrupt too often and is not opened again: check the disk");
  }
  const std::unique_lock alone(store_mutex_);  // waits for the questions under way: they end in time by themselves
  store_.reset();                              // the file is one process's and one store's
  Result<Opened> opened = open_(discard);
  if (!opened) {
    log::error(area, "cannot be opened again; trying later", {{"reason", opened.error()}});
    note_failure(opened.error());
    const std::lock_guard lock(status_mutex_);
    ++status_.failed;
    return fail(ErrorCode::unavailable, "telemetry cannot be opened again: " + opened.error().message);
  }
  if (opened->begins_anew) discards_at_ms_.push_back(clock_.monotonic_ms());
  found_corrupt_ = false;
  store_ = std::move(opened->store);
  position_ = store_->next_record();
  const std::lock_guard lock(status_mutex_);
  status_.broken = false;
  ++status_.reopened;
  if (opened->begins_anew) ++status_.rebuilds;
  log::warning(area, "opened again",
               {{"from_the_start", opened->begins_anew}, {"told", opened->told}, {"next", store_->next_record()}});
  return fail(ErrorCode::unavailable, "telemetry was opened again; it goes on from its own position");
}

ReopeningStatus ReopeningTelemetryStore::status() const {
  const std::lock_guard lock(status_mutex_);
  ReopeningStatus out = status_;
  if (out.broken) out.retry_in_ms = std::max<std::int64_t>(0, retry_at_ms_ - clock_.monotonic_ms());
  return out;
}

// --- applying ---

Result<ApplyResult> ReopeningTelemetryStore::apply(std::span<const TelemetryRecord> records) {
  DUHENG_CHECK(reopen_if_broken());
  // Only this thread replaces the store, so it stays while it is written to; questions run beside.
  // reopen_if_broken() has seen to it that there is one.
  Result<ApplyResult> applied = store_->apply(records);
  if (!applied) {
    if (applied.error().code == ErrorCode::storage_corrupt) found_corrupt_ = true;
    if (found_corrupt_ || store_->must_reopen()) note_failure(applied.error());
    return applied;
  }
  if (applied->records_applied > 0) {
    const std::lock_guard lock(status_mutex_);
    retry_wait_ms_ = 0;
    status_.error.reset();
  }
  return applied;
}

Result<bool> ReopeningTelemetryStore::checkpoint_if_due() {
  if (!store_) return false;
  Result<bool> made = store_->checkpoint_if_due();
  if (!made) {
    if (made.error().code == ErrorCode::storage_corrupt) found_corrupt_ = true;
    if (found_corrupt_ || store_->must_reopen()) note_failure(made.error());
  }
  return made;
}

Result<void> ReopeningTelemetryStore::checkpoint() {
  const std::shared_lock lock(store_mutex_);
  if (!store_ || store_->must_reopen()) return {};
  return store_->checkpoint();
}

// --- questions ---

template <class Question>
auto ReopeningTelemetryStore::ask(Question&& question) const {
  const std::shared_lock lock(store_mutex_);
  using Answer = decltype(question(*store_));
  if (!store_) return Answer{std::unexpected(closed_error())};
  Answer answer = question(*store_);
  if (!answer && answer.error().code == ErrorCode::storage_corrupt) found_corrupt_ = true;
  return answer;
}

template <class Answer, class Question>
Answer ReopeningTelemetryStore::look(Answer when_closed, Question&& question) const {
  const std::shared_lock lock(store_mutex_);
  return store_ ? question(*store_) : std::move(when_closed);
}

std::uint64_t ReopeningTelemetryStore::next_record() const {
  return look(position_.load(), [this](const auto& store) { return position_ = store.next_record(); });
}
bool ReopeningTelemetryStore::must_reopen() const {
  return look(true, [](const auto& store) { return store.must_reopen(); });
}
std::vector<Source> ReopeningTelemetryStore::sources() const {
  return look(std::vector<Source>{}, [](const auto& store) { return store.sources(); });
}
std::vector<Source> ReopeningTelemetryStore::sources_of(GatewayId gateway) const {
  return look(std::vector<Source>{}, [&](const auto& store) { return store.sources_of(gateway); });
}
std::optional<Source> ReopeningTelemetryStore::find_source(GatewayId gateway, std::string_view device_uid) const {
  return look(std::optional<Source>{}, [&](const auto& store) { return store.find_source(gateway, device_uid); });
}
std::vector<Series> ReopeningTelemetryStore::series_of(SourceId source) const {
  return look(std::vector<Series>{}, [&](const auto& store) { return store.series_of(source); });
}
std::optional<Series> ReopeningTelemetryStore::find_series(SeriesId series) const {
  return look(std::optional<Series>{}, [&](const auto& store) { return store.find_series(series); });
}
std::vector<std::optional<Point>> ReopeningTelemetryStore::latest(std::span<const SeriesId> series) const {
  return look(std::vector<std::optional<Point>>(series.size()),
              [&](const auto& store) { return store.latest(series); });
}
Result<PointPage> ReopeningTelemetryStore::range(SeriesId series, TimeRange range, std::size_t points_max,
                                                 const QueryOptions& options) const {
  return ask([&](const auto& store) { return store.range(series, range, points_max, options); });
}
Result<std::vector<CurveBucket>> ReopeningTelemetryStore::curve(SeriesId series, TimeRange range, std::size_t buckets,
                                                                const QueryOptions& options) const {
  return ask([&](const auto& store) { return store.curve(series, range, buckets, options); });
}
Result<Completeness> ReopeningTelemetryStore::completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                                           const QueryOptions& options) const {
  return ask([&](const auto& store) { return store.completeness(series, range, interval_ms, options); });
}
std::uint64_t ReopeningTelemetryStore::durable_record() const {
  return look(std::uint64_t{0}, [](const auto& store) { return store.durable_record(); });
}
Result<std::vector<PointVersion>> ReopeningTelemetryStore::versions(SeriesId series, std::int64_t time_utc_ms,
                                                                    const QueryOptions& options) const {
  return ask([&](const auto& store) { return store.versions(series, time_utc_ms, options); });
}
Result<void> ReopeningTelemetryStore::scan(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                                           const QueryOptions& options) const {
  return ask([&](const auto& store) { return store.scan(series, range, sink, options); });
}
std::vector<Edit> ReopeningTelemetryStore::edits(SeriesId series, TimeRange range) const {
  return look(std::vector<Edit>{}, [&](const auto& store) { return store.edits(series, range); });
}
Result<void> ReopeningTelemetryStore::settle_before(std::int32_t utc_day) {
  return ask([&](auto& store) { return store.settle_before(utc_day); });
}
std::int32_t ReopeningTelemetryStore::settled_before() const {
  return look(std::numeric_limits<std::int32_t>::min(), [](const auto& store) { return store.settled_before(); });
}
Result<ChangePage> ReopeningTelemetryStore::changes(std::size_t days_max) const {
  return ask([&](const auto& store) { return store.changes(days_max); });
}
Result<void> ReopeningTelemetryStore::forget_changes(std::uint64_t through) {
  return ask([&](auto& store) { return store.forget_changes(through); });
}
void ReopeningTelemetryStore::allow_removal(std::vector<RemovableDays> removable) {
  const std::shared_lock lock(store_mutex_);
  if (store_) store_->allow_removal(std::move(removable));
}
Result<bool> ReopeningTelemetryStore::maintain(const std::stop_token& cancel) {
  // A failure that leaves the store unfit to write is found by the thread that applies, which opens it again.
  return ask([&](auto& store) { return store.maintain(cancel); });
}
TelemetryStatistics ReopeningTelemetryStore::statistics() const {
  TelemetryStatistics closed;
  closed.next_record = position_;
  return look(closed, [](const auto& store) { return store.statistics(); });
}
Result<std::string> ReopeningTelemetryStore::digest() {
  return ask([](auto& store) { return store.digest(); });
}

}  // namespace duheng::store
