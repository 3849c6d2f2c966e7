#include "platform/history/telemetry_applier.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.hpp"

namespace duheng::platform {

namespace {
constexpr auto wait_for_records = std::chrono::milliseconds(100);
constexpr std::uint64_t rebuild_worth_telling = 10'000;
constexpr std::int64_t progress_interval_ms = 5'000;

/// Refused evidence holds nothing for telemetry but takes its number.
store::TelemetryRecord telemetry_record(const store::StoredRecord& stored) {
  using Content = store::TelemetryRecord::Content;
  const store::JournalRecord& record = stored.record;
  switch (record.type) {
    case store::JournalRecordType::batch:
      return {stored.number, record.gateway, record.body, Content::batch};
    case store::JournalRecordType::edits:
      return {stored.number, record.gateway, record.body, Content::edits};
    case store::JournalRecordType::refused_evidence:
      break;
  }
  return {stored.number, record.gateway, ByteView{}, Content::batch};
}
}  // namespace

struct TelemetryApplier::State {
  State(store::Journal& journal_, store::TelemetryStore& store_, const Clock& clock_, ApplierOptions options_)
      : journal(journal_),
        store(store_),
        clock(clock_),
        options(options_),
        rebuild_from(std::max(store_.next_record(), journal_.first_number())),
        rebuild_to(journal_.next_number()) {}

  [[nodiscard]] Result<std::uint64_t> step();
  [[nodiscard]] Result<void> pass_over_missing(std::uint64_t next);
  void run(const std::stop_token& stop);
  void tell_progress(std::int64_t& told_at_ms);

  store::Journal& journal;
  store::TelemetryStore& store;
  const Clock& clock;
  const ApplierOptions options;
  std::optional<store::JournalCursor> cursor;  // of the stepping thread
  mutable std::mutex mutex;                    // guards what follows
  std::condition_variable_any stopped;
  ApplierStatus status;
  std::int64_t applied_received_utc_ms = 0;
  std::uint64_t rebuild_from;
  std::uint64_t rebuild_to;
  std::uint64_t reached = 0;  // by this applier; a store that stands before it was opened anew
  std::jthread thread;
};

Result<void> TelemetryApplier::State::pass_over_missing(std::uint64_t next) {
  // Numbers that hold no record: 0, which the journal does not use, and what retention has removed.
  const std::uint64_t first = journal.first_number();
  if (first > store::Journal::first_record_number && next < first) {
    log::error("history", "the journal no longer holds records that telemetry lacks; their readings stay missing",
               {{"from", next}, {"to", first - 1}});
    const std::lock_guard lock(mutex);
    status.records_missing += first - std::max(next, store::Journal::first_record_number);
  }
  while (next < first) {
    std::vector<store::TelemetryRecord> blanks;
    while (next < first && blanks.size() < options.chunk_records_max)
      blanks.push_back({next++, GatewayId{}, ByteView{}});
    DUHENG_CHECK(store.apply(blanks));
  }
  return {};
}

Result<std::uint64_t> TelemetryApplier::State::step() {
  if (store.next_record() < journal.first_number()) DUHENG_CHECK(pass_over_missing(store.next_record()));
  const std::uint64_t next = store.next_record();
  {
    const std::lock_guard lock(mutex);
    if (next < reached) {
      rebuild_from = next;
      rebuild_to = reached;
    }
    reached = next;
  }
  if (!cursor || cursor->position() != next) cursor.emplace(journal.cursor(next));
  std::vector<store::StoredRecord> held;  // keeps the bytes alive
  std::vector<store::TelemetryRecord> records;
  std::size_t bytes = 0;
  while (records.size() < options.chunk_records_max && bytes < options.chunk_bytes_max) {
    Result<std::optional<store::StoredRecord>> read = cursor->next();
    if (!read && records.empty()) return std::unexpected(read.error());
    if (!read || !*read) break;
    records.push_back(telemetry_record(**read));
    bytes += records.back().body.size();
    held.push_back(std::move(**read));
  }
  if (records.empty()) return 0;
  const Result<store::ApplyResult> applied = store.apply(records);
  if (!applied) {
    cursor.reset();
    return std::unexpected(applied.error());
  }
  {
    const std::lock_guard lock(mutex);
    status.readings += applied->readings;
    status.records_unreadable += applied->records_unreadable;
    applied_received_utc_ms = held.back().record.received_utc_ms;
  }
  DUHENG_TRY(const bool checkpointed, store.checkpoint_if_due());
  if (checkpointed) {
    const std::lock_guard lock(mutex);
    ++status.checkpoints;
  }
  return records.size();
}

void TelemetryApplier::State::tell_progress(std::int64_t& told_at_ms) {
  const std::int64_t now_ms = clock.monotonic_ms();
  const std::uint64_t next = store.next_record();
  if (next >= rebuild_to || rebuild_to - rebuild_from < rebuild_worth_telling ||
      now_ms - told_at_ms < progress_interval_ms)
    return;
  told_at_ms = now_ms;
  log::info("history", "bringing telemetry up to the journal", {{"next_record", next}, {"of", rebuild_to}});
}

void TelemetryApplier::State::run(const std::stop_token& stop) {
  std::int64_t told_at_ms = clock.monotonic_ms();
  while (!stop.stop_requested()) {
    const Result<std::uint64_t> applied = step();
    std::unique_lock lock(mutex);
    if (!applied) {
      const bool same = status.error && status.error->message == applied.error().message;
      status.error = applied.error();
      if (!same)
        log::error("history", "telemetry takes nothing; the journal keeps everything", {{"reason", applied.error()}});
      stopped.wait_for(lock, stop, std::chrono::milliseconds(options.retry_ms), [] { return false; });
      continue;
    }
    if (status.error) log::info("history", "telemetry goes on", {{"next_record", store.next_record()}});
    status.error.reset();
    lock.unlock();
    tell_progress(told_at_ms);
    if (*applied == 0) (void)journal.wait_for(store.next_record(), wait_for_records);
  }
}

TelemetryApplier::TelemetryApplier(store::Journal& journal, store::TelemetryStore& store, const Clock& clock,
                                   ApplierOptions options)
    : state_(std::make_unique<State>(journal, store, clock, options)) {}

TelemetryApplier::~TelemetryApplier() { stop(); }

Result<std::uint64_t> TelemetryApplier::step() { return state_->step(); }

void TelemetryApplier::start() {
  if (state_->thread.joinable()) return;
  state_->thread = std::jthread([state = state_.get()](const std::stop_token& stop_token) { state->run(stop_token); });
}

void TelemetryApplier::stop() {
  if (!state_->thread.joinable()) return;
  state_->thread.request_stop();
  state_->thread.join();
}

ApplierStatus TelemetryApplier::status() const {
  const State& state = *state_;
  const std::lock_guard lock(state.mutex);
  ApplierStatus status = state.status;
  status.next_record = state.store.next_record();
  status.journal_next = state.journal.next_number();
  status.lag_records = status.journal_next > status.next_record
                           ? status.journal_next - std::max(status.next_record, state.journal.first_number())
                           : 0;
  if (status.lag_records > 0 && state.applied_received_utc_ms > 0) {
    status.lag_ms = std::max<std::int64_t>(0, state.clock.utc_ms() - state.applied_received_utc_ms);
  }
  status.rebuilding = status.next_record < state.rebuild_to && state.rebuild_to > state.rebuild_from;
  if (status.rebuilding) {
    const std::uint64_t done = std::max(status.next_record, state.rebuild_from) - state.rebuild_from;
    status.rebuild_progress = static_cast<double>(done) / static_cast<double>(state.rebuild_to - state.rebuild_from);
  }
  return status;
}

}  // namespace duheng::platform
