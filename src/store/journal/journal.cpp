#include "store/journal/journal.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <mutex>

#include "model/batch.hpp"
#include "store/journal/backup_watermark.hpp"

namespace duheng::store {
namespace {

using SourceKey = std::pair<std::int64_t, std::uint64_t>;  // gateway, epoch

/// How far each source is.
class Positions {
 public:
  static Result<Positions> from_snapshot(ByteView snapshot) {
    Positions positions;
    if (snapshot.empty()) return positions;
    DUHENG_TRY(const auto list, parse_positions(snapshot));
    for (const SourcePosition& position : list)
      positions.by_source_[{position.gateway.value, position.epoch}] = position;
    return positions;
  }
  std::optional<SourcePosition> find(GatewayId gateway, std::uint64_t epoch) const {
    const auto found = by_source_.find({gateway.value, epoch});
    if (found == by_source_.end()) return std::nullopt;
    return found->second;
  }
  void apply(const JournalRecord& record) {
    if (record.type != JournalRecordType::batch) return;
    by_source_[{record.gateway.value, record.epoch}] = {record.gateway, record.epoch, record.sequence + 1, record.hash,
                                                        record.received_utc_ms};
  }
  std::vector<SourcePosition> of(GatewayId gateway) const {
    std::vector<SourcePosition> found;
    for (auto it = by_source_.lower_bound({gateway.value, 0});
         it != by_source_.end() && it->first.first == gateway.value; ++it) {
      found.push_back(it->second);
    }
    return found;
  }
  std::vector<SourcePosition> all() const {
    std::vector<SourcePosition> found;
    found.reserve(by_source_.size());
    for (const auto& [key, position] : by_source_) found.push_back(position);
    return found;
  }

 private:
  std::map<SourceKey, SourcePosition> by_source_;
};

/// A missing or damaged file means that nothing is known to be backed up: retention then keeps everything.
std::uint64_t read_watermark(Disk& disk, const std::string& path) {
  const auto file = read_file(disk, path, 1024);
  return file ? parse_watermark(*file).value_or(0) : 0;
}

Result<StoredRecord> stored_record(LogEntry entry) {
  auto record = parse_record(entry.bytes);
  if (!record)
    return fail(record.error().code, fmt::format("journal record {}: {}", entry.number, record.error().message));
  return StoredRecord{entry.number, *record, std::move(entry)};
}

/// Applies the records [from, to) to the positions.
Result<void> replay(const SegmentLog& log, std::uint64_t from, std::uint64_t to, Positions& positions) {
  LogCursor cursor = log.cursor(from);
  while (cursor.position() < to) {
    DUHENG_TRY(auto entry, cursor.next());
    if (!entry) return fail(ErrorCode::storage_corrupt, "the journal ends before its own end");
    DUHENG_TRY(const StoredRecord stored, stored_record(std::move(*entry)));
    positions.apply(stored.record);
  }
  return {};
}

}  // namespace

struct Journal::State {
  State(Disk& disk_in, std::string watermark_path_in) : disk(disk_in), watermark_path(std::move(watermark_path_in)) {}

  Disk& disk;
  const std::string watermark_path;
  std::mutex commit_mutex;  // taken before the other two
  mutable std::mutex positions_mutex;
  Positions positions;
  mutable std::mutex watermark_mutex;
  std::uint64_t watermark = 0;
  std::map<std::string, std::function<std::uint64_t()>> consumers;  // under watermark_mutex
  std::unique_ptr<SegmentLog> log;                                  // its snapshot callback uses what stands above
  std::unique_ptr<FrameFinder> frames;

  Bytes snapshot() const {
    const std::lock_guard lock(positions_mutex);
    return encode_positions(positions.all());
  }

  /// Under watermark_mutex.
  std::uint64_t removable_before_locked() const {
    std::uint64_t number = watermark;
    for (const auto& [name, position] : consumers) number = std::min(number, position());
    return number;
  }

  /// Refuses a group that would put an offset into the journal twice.
  Result<void> check_offsets(std::span<const JournalRecord> records) const {
    Positions after;
    for (const JournalRecord& record : records) {
      if (record.type != JournalRecordType::batch) continue;
      auto known = after.find(record.gateway, record.epoch);
      if (!known) {
        const std::lock_guard lock(positions_mutex);
        known = positions.find(record.gateway, record.epoch);
      }
      if (record.sequence == UINT64_MAX || (known && record.sequence < known->next_sequence)) {
        return fail(ErrorCode::already_exists,
                    fmt::format("batch {} of gateway {}, epoch {}, stands before the journal's position",
                                record.sequence, record.gateway.value, record.epoch));
      }
      after.apply(record);
    }
    return {};
  }
};

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(Disk& disk, Random& random, crypto::KeyProvider& keys,
                                               const JournalOptions& options) {
  auto state = std::make_unique<State>(disk, fmt::format("{}/{}", options.directory, watermark_name));
  SegmentLogOptions log_options;
  log_options.directory = options.directory;
  log_options.purpose = "journal";
  log_options.first_number = first_record_number;
  log_options.segment_bytes_max = options.segment_bytes_max;
  log_options.cache_bytes_max = options.cache_bytes_max;
  log_options.snapshot = [raw = state.get()] { return raw->snapshot(); };
  DUHENG_TRY(state->log, SegmentLog::open(disk, random, keys, std::move(log_options)));
  DUHENG_TRY(state->positions, Positions::from_snapshot(state->log->last_snapshot()));
  DUHENG_CHECK(
      replay(*state->log, state->log->last_segment_first_number(), state->log->next_number(), state->positions));
  DUHENG_CHECK(state->log->renew_key());
  state->frames = std::make_unique<FrameFinder>(disk, keys, *state->log, options.directory);
  state->watermark = std::min(read_watermark(disk, state->watermark_path), state->log->next_number());
  return std::unique_ptr<Journal>(new Journal(std::move(state)));
}

Result<std::uint64_t> Journal::commit(std::span<const JournalRecord> records) {
  const std::lock_guard commit_lock(state_->commit_mutex);
  DUHENG_CHECK(state_->check_offsets(records));
  std::vector<Bytes> encoded(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    DUHENG_TRY(encoded[i], encode_record(records[i]));
  }
  const std::vector<ByteView> views(encoded.begin(), encoded.end());
  DUHENG_TRY(const std::uint64_t number, state_->log->append(views));
  const std::lock_guard lock(state_->positions_mutex);
  for (const JournalRecord& record : records) state_->positions.apply(record);
  return number;
}

Result<StoredRecord> Journal::read(std::uint64_t number) const {
  DUHENG_TRY(auto entry, state_->log->read(number));
  return stored_record(std::move(entry));
}

JournalCursor Journal::cursor(std::uint64_t from) const { return {*state_->log, from}; }

bool Journal::wait_for(std::uint64_t number, std::chrono::milliseconds timeout) const {
  return state_->log->wait_for(number, timeout);
}

Result<FrameEvidence> Journal::frame(FrameReference reference) const {
  FrameEvidence evidence;
  DUHENG_TRY(evidence.stored, read(reference.record_number()));
  const auto missing = [&] {
    return fail(ErrorCode::not_found,
                fmt::format("journal record {} holds no frame {}", reference.record_number(), reference.frame_index()));
  };
  if (evidence.stored.record.type != JournalRecordType::batch) return missing();
  DUHENG_TRY(const BatchView batch, BatchView::parse(evidence.stored.record.body));
  auto found = batch.find(reference.frame_index());
  if (!found) return missing();
  evidence.frame = found->frame;
  evidence.readings = std::move(found->readings);
  evidence.registers = batch.registers();
  evidence.device_uid = batch.devices().at(found->frame.device_index);
  return evidence;
}

Result<EntryPlace> Journal::place_of(std::uint64_t number) const { return state_->log->place_of(number); }
Result<FramePage> Journal::frames_of(const FrameQuery& query) const { return state_->frames->find(query); }
Result<bool> Journal::index_frames(std::size_t records_max) const { return state_->frames->step(records_max); }

std::optional<SourcePosition> Journal::position(GatewayId gateway, std::uint64_t epoch) const {
  const std::lock_guard lock(state_->positions_mutex);
  return state_->positions.find(gateway, epoch);
}

std::vector<SourcePosition> Journal::source_positions(GatewayId gateway) const {
  const std::lock_guard lock(state_->positions_mutex);
  return state_->positions.of(gateway);
}

Result<std::vector<SourcePosition>> Journal::source_positions_at(std::uint64_t number) const {
  if (number <= first_record_number) return std::vector<SourcePosition>{};
  DUHENG_TRY(const SegmentSnapshot snapshot, state_->log->snapshot_before(number));
  DUHENG_TRY(Positions positions, Positions::from_snapshot(snapshot.bytes));
  DUHENG_CHECK(replay(*state_->log, snapshot.first_number, number, positions));
  return positions.all();
}

std::uint64_t Journal::backup_watermark() const {
  const std::lock_guard lock(state_->watermark_mutex);
  return state_->watermark;
}

Result<void> Journal::set_backup_watermark(std::uint64_t number) {
  if (number > state_->log->next_number()) {
    return fail(ErrorCode::invalid_argument, "a backup cannot hold records that do not exist yet");
  }
  const std::lock_guard lock(state_->watermark_mutex);
  DUHENG_CHECK(write_file_atomically(state_->disk, state_->watermark_path, as_bytes(watermark_text(number))));
  state_->watermark = number;
  return {};
}

void Journal::hold_for(const std::string& consumer, std::function<std::uint64_t()> position) {
  const std::lock_guard lock(state_->watermark_mutex);
  state_->consumers[consumer] = std::move(position);
}

void Journal::release(const std::string& consumer) {
  const std::lock_guard lock(state_->watermark_mutex);
  state_->consumers.erase(consumer);
}

std::uint64_t Journal::removable_before() const {
  const std::lock_guard lock(state_->watermark_mutex);
  return state_->removable_before_locked();
}

Result<std::uint64_t> Journal::remove_before(std::uint64_t number) {
  // Held throughout, so that no watermark can be drawn back under a removal.
  const std::lock_guard lock(state_->watermark_mutex);
  DUHENG_CHECK(state_->log->remove_segments_before(std::min(number, state_->removable_before_locked())));
  return state_->log->first_number();
}

Result<std::uint64_t> Journal::remove_older_than(std::int64_t received_before_utc_ms) {
  const std::uint64_t removable = removable_before();
  std::uint64_t before = 0;
  for (const SegmentInfo& segment : segments()) {
    if (!segment.closed || segment.next_number > removable || segment.next_number == segment.first_number) break;
    // Records stand in the order in which they came.
    DUHENG_TRY(const StoredRecord last, read(segment.next_number - 1));
    if (last.record.received_utc_ms >= received_before_utc_ms) break;
    before = segment.next_number;
  }
  return remove_before(before);
}

std::uint64_t Journal::first_number() const { return state_->log->first_number(); }
std::uint64_t Journal::next_number() const { return state_->log->next_number(); }
std::uint64_t Journal::size_bytes() const { return state_->log->size_bytes(); }
Result<std::uint64_t> Journal::free_bytes() const { return state_->log->free_bytes(); }
bool Journal::poisoned() const noexcept { return state_->log->poisoned(); }
const OpenReport& Journal::open_report() const noexcept { return state_->log->open_report(); }
std::vector<SegmentInfo> Journal::segments() const { return state_->log->segments(); }
Result<void> Journal::start_new_segment() { return state_->log->start_new_segment(); }
Result<VerifyReport> Journal::verify() const { return state_->log->verify(); }
Result<VerifyReport> Journal::verify_segment(std::uint64_t first_number) const {
  return state_->log->verify_segment(first_number);
}

Result<std::optional<StoredRecord>> JournalCursor::next() {
  DUHENG_TRY(auto entry, cursor_.next());
  if (!entry) return std::nullopt;
  auto stored = stored_record(std::move(*entry));
  if (!stored) {
    cursor_ = log_->cursor(position_);
    return std::unexpected(std::move(stored).error());
  }
  ++position_;
  return std::optional<StoredRecord>(std::move(*stored));
}

}  // namespace duheng::store
