#include "store/clickhouse/clickhouse_telemetry_store.hpp"

#include "base/log.hpp"
#include "store/clickhouse/clickhouse_dialect.hpp"
#include "store/clickhouse/clickhouse_telemetry_state.hpp"
#include "store/telemetry/series_questions.hpp"

// Writing; and what is answered from memory.

namespace duheng::store {
namespace {

constexpr std::int64_t state_timeout_ms = 10'000;
constexpr std::uint64_t position_rows_max = 20'000;
constexpr std::int64_t position_kept_s = 86'400;
// The server names its start by its clock in whole seconds, taken at two moments.
constexpr std::int64_t start_tolerance_s = 2;

/// Whoever applies is told what to do: make room, wait, or open again. That the server was away is one of these.
Error for_writer(Error error) {
  if (error.code == ErrorCode::unavailable || error.code == ErrorCode::timed_out || error.code == ErrorCode::cancelled)
    error.code = ErrorCode::storage_failed;
  return error;
}

void write_position_row(Bytes& out, const ClickHousePosition& position) {
  ByteWriter writer(out);
  writer.u64(position.sequence);
  writer.u32(position.format);
  for (const std::uint64_t value : {position.first_record, position.next_record, position.rows, position.row_sum,
                                    position.readings, position.sources, position.series, position.edit_records})
    writer.u64(value);
  writer.u32(static_cast<std::uint32_t>(position.settled_before));
  writer.u64(position.forgotten);
  writer.u64(position.last_change);
}

}  // namespace

Result<void> ClickHouseTelemetryStore::State::execute(std::string sql, std::int64_t timeout_ms) const {
  ClickHouseCall call;
  call.sql = std::move(sql);
  call.timeout_ms = timeout_ms;
  if (auto done = transport.run(call); !done) return std::unexpected(for_writer(std::move(done).error()));
  return {};
}

Result<Bytes> ClickHouseTelemetryStore::State::answer_of(std::string sql, std::int64_t timeout_ms) const {
  Bytes out;
  ClickHouseCall call;
  call.sql = std::move(sql) + " FORMAT RowBinary";
  call.timeout_ms = timeout_ms;
  call.on_octets = [&](ByteView octets) -> Result<void> {
    out.insert(out.end(), octets.begin(), octets.end());
    return {};
  };
  if (auto done = transport.run(call); !done) return std::unexpected(for_writer(std::move(done).error()));
  return out;
}

Result<void> ClickHouseTelemetryStore::State::insert(std::string_view name, std::string_view columns,
                                                     const Bytes& rows) const {
  if (rows.empty()) return {};
  ClickHouseCall call;
  call.sql = fmt::format("INSERT INTO {} ({}) FORMAT RowBinary", table(name), columns);
  call.rows = rows;
  call.timeout_ms = options.write_timeout_ms;
  if (auto done = transport.run(call); !done) return std::unexpected(for_writer(std::move(done).error()));
  return {};
}

Result<std::pair<std::uint64_t, std::int64_t>> ClickHouseTelemetryStore::State::server_state() const {
  DUHENG_TRY(const Bytes answer,
             answer_of(fmt::format("SELECT max(sequence), toInt64(toUnixTimestamp(now())) - toInt64(uptime()) FROM {}",
                                   table("position")),
                       state_timeout_ms));
  ByteReader in(answer);
  const std::uint64_t sequence = in.u64();
  const auto started_s = static_cast<std::int64_t>(in.u64());
  if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse did not tell its state");
  return std::pair(sequence, started_s);
}

Result<void> ClickHouseTelemetryStore::State::check_server() {
  if (reopen) return fail(ErrorCode::storage_failed, "the ClickHouse store has to be opened again");
  DUHENG_TRY(const auto state, server_state());
  const auto [sequence, started_s] = state;
  std::string_view reason;
  if (sequence >= next_sequence)
    reason = "another program has taken the ClickHouse database over";
  else if (sequence < position.sequence)
    reason = "ClickHouse has lost what it had acknowledged";
  else if (started_s > server_started_s + start_tolerance_s)
    reason = "ClickHouse was started anew; what it has is looked at first";
  if (reason.empty()) return {};
  reopen = true;
  log::warning("telemetry", reason);
  return fail(ErrorCode::storage_failed, std::string(reason));
}

Result<void> ClickHouseTelemetryStore::State::take_record(const TelemetryRecord& record, ClickHouseStep& step) {
  std::uint32_t place = 0;
  DUHENG_TRY(const bool readable, index.walk(record, [&](const ReadingRow& row) {
    write_reading_row(step.readings, row, place);
    step.row_sum += row_sum_of(row.frame, place);
    ++place;
    ++step.rows;
    const std::lock_guard lock(changes_mutex);
    // Noted even should the step fail: a day looked at once more does no harm.
    changes.note(SeriesId{row.series}, row.time_utc_ms);
  }));
  ++step.records;
  if (!readable) ++step.unreadable;
  if (!readable || record.content != TelemetryRecord::Content::edits || record.body.empty()) return {};
  ByteWriter edits(step.edits);
  edits.u64(record.record_number);
  edits.sized(record.body);
  ++step.edit_records;
  return {};
}

Result<void> ClickHouseTelemetryStore::State::write_names() {
  Bytes rows;
  ByteWriter writer(rows);
  for (const Source& source : index.staged_sources()) {
    writer.u64(static_cast<std::uint64_t>(source.id.value));
    writer.u64(static_cast<std::uint64_t>(source.gateway.value));
    writer.sized(source.device_uid);
  }
  DUHENG_CHECK(insert("source", "id, gateway, device_uid", rows));
  rows.clear();
  for (const Series& series : index.staged_series()) {
    writer.u32(static_cast<std::uint32_t>(series.id.value));
    writer.u64(static_cast<std::uint64_t>(series.source.value));
    writer.sized(series.register_name);
    writer.sized(series.unit);
    writer.u8(static_cast<std::uint8_t>(series.exponent));
    writer.u8(static_cast<std::uint8_t>(series.kind));
  }
  return insert("series", "id, source, register_name, unit, exponent, kind", rows);
}

Result<void> ClickHouseTelemetryStore::State::write_position(ClickHousePosition next) {
  next.sequence = next_sequence++;
  Bytes row;
  write_position_row(row, next);
  DUHENG_CHECK(insert("position",
                      "sequence, format, first_record, next_record, rows, row_sum, readings, sources, series, "
                      "edit_records, settled_before, forgotten, last_change",
                      row));
  position = next;
  return {};
}

Result<void> ClickHouseTelemetryStore::State::write_step(const ClickHouseStep& step) {
  DUHENG_CHECK(write_names());
  DUHENG_CHECK(insert("edit_record", "record, body", step.edits));
  DUHENG_CHECK(insert("reading", reading_columns, step.readings));
  Bytes change_rows;
  std::uint64_t last_change = changes_written;
  {
    const std::lock_guard lock(changes_mutex);
    for (const auto& [series, time_utc_ms] : index.staged_edit_times()) changes.note(series, time_utc_ms);
    ByteWriter writer(change_rows);
    for (const ChangeLog::Entry& entry : changes.entries()) {
      if (entry.number <= changes_written) continue;
      writer.u64(entry.number);
      writer.u32(static_cast<std::uint32_t>(entry.day.series.value));
      writer.u32(static_cast<std::uint32_t>(entry.day.utc_day));
      last_change = entry.number;
    }
  }
  DUHENG_CHECK(insert("change", "number, series, utc_day", change_rows));
  ClickHousePosition next = position;
  next.first_record = position.next_record;
  next.next_record = position.next_record + step.records;
  next.rows = step.rows;
  next.row_sum = step.row_sum;
  next.readings = position.readings + step.rows;
  next.sources = position.sources + index.staged_sources().size();
  next.series = position.series + index.staged_series().size();
  next.edit_records = position.edit_records + step.edit_records;
  next.last_change = last_change;
  DUHENG_CHECK(write_position(next));
  const std::lock_guard lock(changes_mutex);
  changes_written = last_change;
  return {};
}

Result<ApplyResult> ClickHouseTelemetryStore::apply(std::span<const TelemetryRecord> records) {
  State& s = *state_;
  const std::lock_guard applying(s.apply_mutex);
  ApplyResult result;
  result.next_record = s.index.next_record();
  while (!records.empty() && records.front().record_number < result.next_record) {
    ++result.records_skipped;
    records = records.subspan(1);
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::uint64_t wanted = result.next_record + i;
    if (records[i].record_number != wanted)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("record {} was handed over where {} is next", records[i].record_number, wanted));
  }
  if (!records.empty()) DUHENG_CHECK(s.check_server());
  while (!records.empty()) {
    ClickHouseStep step;
    Result<void> stopped;
    while (!records.empty() && step.rows < s.options.readings_per_step_max) {
      stopped = s.take_record(records.front(), step);
      if (!stopped) break;
      records = records.subspan(1);
    }
    // A record that cannot be understood holds up what is behind it, not what is before it.
    if (step.records > 0) {
      if (auto written = s.write_step(step); !written) {
        s.index.roll_back();
        return std::unexpected(std::move(written).error());
      }
      s.index.publish(s.position.next_record, step.rows);
      s.records_unreadable += step.unreadable;
      result.next_record = s.position.next_record;
      result.records_applied += step.records;
      result.records_unreadable += step.unreadable;
      result.readings += step.rows;
    }
    if (!stopped) {
      s.index.roll_back();
      return std::unexpected(std::move(stopped).error());
    }
  }
  return result;
}

ClickHouseTelemetryStore::ClickHouseTelemetryStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
ClickHouseTelemetryStore::~ClickHouseTelemetryStore() = default;

Result<std::unique_ptr<TelemetryStore>> ClickHouseTelemetryStore::open(const ClickHouseTelemetryOptions& options,
                                                                       ClickHouseTransport& transport,
                                                                       const Clock& clock) {
  DUHENG_CHECK(check_database_name(options.database));
  auto state = std::make_unique<State>(options, transport, clock);
  DUHENG_CHECK(state->load());
  return std::unique_ptr<TelemetryStore>(new ClickHouseTelemetryStore(std::move(state)));
}

Result<void> ClickHouseTelemetryStore::settle_before(std::int32_t utc_day) {
  const std::lock_guard applying(state_->apply_mutex);
  if (utc_day <= state_->position.settled_before) return {};
  DUHENG_CHECK(state_->check_server());
  ClickHousePosition next = state_->position;
  next.first_record = next.next_record;
  next.rows = next.row_sum = 0;
  next.settled_before = utc_day;
  DUHENG_CHECK(state_->write_position(next));
  const std::lock_guard lock(state_->changes_mutex);
  state_->changes.settle_before(utc_day);
  return {};
}

std::int32_t ClickHouseTelemetryStore::settled_before() const {
  const std::lock_guard lock(state_->changes_mutex);
  return state_->changes.settled_before();
}

Result<ChangePage> ClickHouseTelemetryStore::changes(std::size_t days_max) const {
  const std::lock_guard lock(state_->changes_mutex);
  return state_->changes.tell(days_max, state_->changes_written);
}

Result<void> ClickHouseTelemetryStore::forget_changes(std::uint64_t through) {
  const std::lock_guard applying(state_->apply_mutex);
  if (through <= state_->position.forgotten) return {};
  if (through > state_->position.last_change)
    return fail(ErrorCode::invalid_argument, "changes can be forgotten only once they have been told");
  DUHENG_CHECK(state_->check_server());
  ClickHousePosition next = state_->position;
  next.first_record = next.next_record;
  next.rows = next.row_sum = 0;
  next.forgotten = through;
  DUHENG_CHECK(state_->write_position(next));
  const std::lock_guard lock(state_->changes_mutex);
  state_->changes.forget(through);
  return {};
}

Result<bool> ClickHouseTelemetryStore::maintain(const std::stop_token& /*cancel*/) {
  const State& s = *state_;
  const auto& database = s.options.database;
  DUHENG_TRY(
      const Bytes answer,
      s.answer_of(fmt::format("SELECT toUInt64(sum(bytes_on_disk)), toUInt64(sumIf(rows, table = 'position')), "
                              "toInt64(toUnixTimestamp(now())) FROM system.parts WHERE active AND database = '{}'",
                              database),
                  state_timeout_ms));
  ByteReader in(answer);
  const std::uint64_t bytes = in.u64();
  const std::uint64_t position_rows = in.u64();
  const auto now_s = static_cast<std::int64_t>(in.u64());
  if (!in.ok()) return fail(ErrorCode::storage_failed, "ClickHouse did not tell its sizes");
  state_->file_bytes = bytes;
  if (position_rows <= position_rows_max) return false;
  const std::lock_guard applying(state_->apply_mutex);
  DUHENG_CHECK(s.execute(fmt::format("ALTER TABLE {} DELETE WHERE sequence < {} AND toUnixTimestamp(written) < {}",
                                     s.table("position"), s.position.sequence, now_s - position_kept_s),
                         state_timeout_ms));
  DUHENG_CHECK(
      s.execute(fmt::format("ALTER TABLE {} DELETE WHERE number <= {}", s.table("change"), s.position.forgotten),
                state_timeout_ms));
  return false;
}

std::uint64_t ClickHouseTelemetryStore::next_record() const { return state_->index.next_record(); }
std::uint64_t ClickHouseTelemetryStore::durable_record() const { return state_->index.next_record(); }
bool ClickHouseTelemetryStore::must_reopen() const { return state_->reopen; }
Result<bool> ClickHouseTelemetryStore::checkpoint_if_due() { return false; }
Result<void> ClickHouseTelemetryStore::checkpoint() { return {}; }
std::vector<Source> ClickHouseTelemetryStore::sources() const { return state_->index.sources(); }
std::vector<Source> ClickHouseTelemetryStore::sources_of(GatewayId gateway) const {
  return state_->index.sources_of(gateway);
}
std::optional<Source> ClickHouseTelemetryStore::find_source(GatewayId gateway, std::string_view device_uid) const {
  return state_->index.find_source(gateway, device_uid);
}
std::vector<Series> ClickHouseTelemetryStore::series_of(SourceId source) const {
  return state_->index.series_of(source);
}
std::optional<Series> ClickHouseTelemetryStore::find_series(SeriesId series) const {
  return state_->index.find_series(series);
}
std::vector<std::optional<Point>> ClickHouseTelemetryStore::latest(std::span<const SeriesId> series) const {
  return state_->index.latest(series);
}
std::vector<Edit> ClickHouseTelemetryStore::edits(SeriesId series, TimeRange range) const {
  return state_->index.edits().edits(series, range);
}

TelemetryStatistics ClickHouseTelemetryStore::statistics() const {
  TelemetryStatistics out;
  out.next_record = out.durable_record = state_->index.next_record();
  out.readings = state_->index.reading_count();
  out.sources = state_->index.source_count();
  out.series = state_->index.series_count();
  out.edits = state_->index.edits().size();
  out.records_unreadable = state_->records_unreadable;
  out.file_bytes = state_->file_bytes;
  return out;
}

}  // namespace duheng::store
