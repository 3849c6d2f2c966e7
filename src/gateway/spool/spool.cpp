#include "gateway/spool/spool.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <mutex>

#include "base/log.hpp"
#include "gateway/spool/spool_files.hpp"
#include "model/batch.hpp"
#include "store/segment_log/segment_log.hpp"
#include "uplink/messages.hpp"

namespace duheng::gateway {
namespace {

constexpr std::size_t hash_bytes = 32;
// An entry: previous hash, hash, newest creation time of this batch and all before it (i64 LE), body.
constexpr std::size_t entry_head_bytes = 2 * hash_bytes + 8;
constexpr std::string_view key_purpose = "spool";
constexpr std::int64_t rate_window_ns = 60'000'000'000;

struct Epoch {
  std::uint64_t number = 0;
  std::shared_ptr<store::SegmentLog> log;
};

std::int64_t newest_created_in(ByteView entry) {
  ByteReader in(entry.subspan(2 * hash_bytes));
  return static_cast<std::int64_t>(in.u64());
}

Result<SpooledBatch> split_entry(store::LogEntry entry) {
  if (entry.bytes.size() < entry_head_bytes) return fail(ErrorCode::storage_corrupt, "a spool entry is too short");
  SpooledBatch batch;
  std::copy_n(entry.bytes.begin(), hash_bytes, batch.previous_hash.begin());
  std::copy_n(entry.bytes.begin() + hash_bytes, hash_bytes, batch.hash.begin());
  batch.body = entry.bytes.subspan(entry_head_bytes);
  batch.owner = std::move(entry.owner);
  return batch;
}

/// The creation time stands in a batch's octets 1 to 8 (model/batch.hpp).
std::int64_t created_utc_ms(ByteView body) {
  ByteReader in(body);
  static_cast<void>(in.u8());
  return static_cast<std::int64_t>(in.u64());
}

}  // namespace

struct Spool::Impl {
  Impl(Disk& d, Random& r, crypto::KeyProvider& k, const Clock& c, SpoolOptions o)
      : disk(d), random(r), keys(k), clock(c), options(std::move(o)), files(d, options.directory) {}

  Disk& disk;
  Random& random;
  crypto::KeyProvider& keys;
  const Clock& clock;
  SpoolOptions options;
  SpoolFiles files;

  // Of the appending thread alone.
  crypto::Hash256 last_hash{};
  std::int64_t newest_created = 0;
  std::int64_t rate_begin_ns = 0;
  std::uint64_t rate_bytes = 0;

  mutable std::mutex mutex;  // guards all that follows; never held while the disk works
  std::vector<Epoch> epochs;
  std::map<std::uint64_t, AcknowledgedPosition> positions;
  bool positions_moved = false;
  std::uint64_t retired = 0;  // an epoch that takes no more batches
  bool full = false;
  std::uint64_t damaged_epochs = 0;
  std::uint64_t released_without_backup = 0;
  double append_bytes_per_s = 0;
  std::int64_t newest_created_shared = 0;
  std::function<void(std::uint64_t, std::uint64_t)> listener;

  std::vector<Epoch> epochs_now() const {
    const std::scoped_lock lock(mutex);
    return epochs;
  }
  Epoch current() const {
    const std::scoped_lock lock(mutex);
    return epochs.back();
  }

  bool current_is_retired() const {
    const std::scoped_lock lock(mutex);
    return epochs.back().number == retired;
  }

  Result<std::shared_ptr<store::SegmentLog>> open_log(std::uint64_t epoch) {
    store::SegmentLogOptions log_options;
    log_options.directory = files.epoch_directory(epoch);
    log_options.purpose = std::string(key_purpose);
    log_options.segment_bytes_max = options.segment_bytes_max;
    log_options.cache_bytes_max = 8U << 20;
    DUHENG_TRY(auto log, store::SegmentLog::open(disk, random, keys, std::move(log_options)));
    if (const auto& report = log->open_report(); report.bytes_cut > 0)
      log::warning("spool", "cut back an unfinished write", {{"bytes", report.bytes_cut}, {"file", report.cut_file}});
    return std::shared_ptr<store::SegmentLog>(std::move(log));
  }

  /// Takes up the chain where the log of the newest epoch ends. Errors: storage_corrupt - it cannot be continued.
  Result<void> resume(const Epoch& epoch) {
    last_hash = {};
    const std::uint64_t next = epoch.log->next_number();
    if (next == 0) return {};
    DUHENG_CHECK(epoch.log->renew_key());
    DUHENG_TRY(const auto entry, epoch.log->read(next - 1));
    DUHENG_TRY(const auto batch, split_entry(entry));
    if (uplink::batch_hash(batch.previous_hash, epoch.number, next - 1, batch.body) != batch.hash)
      return fail(ErrorCode::storage_corrupt, "the newest spooled batch does not match its hash");
    last_hash = batch.hash;
    note_created(newest_created_in(entry.bytes));
    return {};
  }

  void note_created(std::int64_t utc_ms) {
    newest_created = std::max(newest_created, utc_ms);
    const std::scoped_lock lock(mutex);
    newest_created_shared = newest_created;
  }

  Result<void> begin_epoch() {
    std::uint64_t number = 0;
    do {
      // Time in the upper bits keeps epochs in order of their making; chance in the lower ones keeps two installations
      // apart.
      number = (static_cast<std::uint64_t>(clock.utc_ms()) << 20) | (random.next_u64() & 0xFFFFF);
      const std::scoped_lock lock(mutex);
      if (!epochs.empty()) number = std::max(number, epochs.back().number + 1);
    } while (disk.exists(files.epoch_directory(number)));
    DUHENG_TRY(auto log, open_log(number));
    // Only a log that stands may be named: a crash between the two lines leaves an empty directory, which nobody minds.
    DUHENG_CHECK(files.write_identity(number));
    const std::scoped_lock lock(mutex);
    epochs.push_back({number, std::move(log)});
    last_hash = {};
    log::info("spool", "began a new epoch", {{"epoch", fmt::format("{:016x}", number)}});
    return {};
  }

  std::uint64_t total_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& epoch : epochs_now()) bytes += epoch.log->size_bytes();
    return bytes;
  }

  AcknowledgedPosition position_of(std::uint64_t epoch) const {
    const std::scoped_lock lock(mutex);
    const auto found = positions.find(epoch);
    return found == positions.end() ? AcknowledgedPosition{} : found->second;
  }

  /// What must stay, from the most to the least.
  enum class Keep : std::uint8_t { retention, backup, unacknowledged };

  /// First sequence that must stay: unacknowledged, not backed up, younger than the retention.
  std::uint64_t keep_from(const Epoch& epoch, Keep keep) const {
    const auto position = position_of(epoch.number);
    std::uint64_t limit = std::min(position.next_sequence, epoch.log->next_number());
    if (keep == Keep::unacknowledged) return limit;
    if (options.keep_until_backup) limit = std::min(limit, position.backed_up_sequence);
    if (keep == Keep::backup) return limit;
    const std::int64_t oldest_kept = clock.utc_ms() - options.retention_ms;
    std::uint64_t low = epoch.log->first_number();
    std::uint64_t high = std::max(low, limit);
    while (low < high) {  // batches are in order of their making
      const std::uint64_t middle = low + (high - low) / 2;
      const auto entry = epoch.log->read(middle);
      const auto batch = entry ? split_entry(*entry) : Result<SpooledBatch>(std::unexpected(entry.error()));
      if (!batch) return epoch.log->first_number();  // unreadable is not the same as unneeded
      if (created_utc_ms(batch->body) < oldest_kept)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }

  Result<void> remove_unneeded(Keep level) {
    const auto all = epochs_now();
    for (const auto& epoch : all) {
      const std::uint64_t keep = keep_from(epoch, level);
      if (epoch.number != all.back().number && keep == epoch.log->next_number()) {
        DUHENG_CHECK(forget(epoch));
        continue;
      }
      DUHENG_CHECK(epoch.log->remove_segments_before(keep));
    }
    return {};
  }

  /// Gives up the oldest segment of what the platform has committed but no backup holds: a second copy counts less than
  /// the first copy of a new reading. False when there is none.
  Result<bool> release_oldest_without_backup() {
    const auto all = epochs_now();
    for (const auto& epoch : all) {
      const std::uint64_t keep = keep_from(epoch, Keep::unacknowledged);
      const std::uint64_t first = epoch.log->first_number();
      const bool old_epoch = epoch.number != all.back().number;
      if (old_epoch && keep == epoch.log->next_number()) {
        DUHENG_CHECK(forget(epoch));
        note_released(keep - first);
        return true;
      }
      const auto segments = epoch.log->segments();
      if (segments.size() < 2 || segments[1].first_number > keep) continue;
      DUHENG_CHECK(epoch.log->remove_segments_before(segments[1].first_number));
      note_released(segments[1].first_number - first);
      return true;
    }
    return false;
  }

  void note_released(std::uint64_t batches) {
    const std::scoped_lock lock(mutex);
    if (released_without_backup == 0)
      log::warning("spool",
                   "full: what the platform has committed is given up before a backup of the platform holds it; make "
                   "backups there, or set gateways_keep_until_backup: false",
                   {{"batches", batches}});
    released_without_backup += batches;
  }

  /// The disk ran full before the spool did. What is freed now is there for the next attempt.
  void make_room_on_a_full_disk() {
    const std::uint64_t before = total_bytes();
    if (const auto removed = remove_unneeded(Keep::backup); !removed || total_bytes() < before) return;
    if (const auto released = release_oldest_without_backup(); !released)
      log::warning("spool", "the disk is full and nothing could be removed", {{"reason", released.error()}});
  }

  /// Within the limit with `need` more octets, after removing what may go for that. False: full.
  Result<bool> make_room(std::uint64_t need) {
    const auto fits = [&] { return total_bytes() + need <= options.bytes_max; };
    if (fits()) return true;
    DUHENG_CHECK(remove_unneeded(Keep::backup));
    while (!fits()) {
      DUHENG_TRY(const bool released, release_oldest_without_backup());
      if (!released) return false;
    }
    return true;
  }

  Result<void> forget(const Epoch& epoch) {
    {
      const std::scoped_lock lock(mutex);
      std::erase_if(epochs, [&](const Epoch& other) { return other.number == epoch.number; });
      positions.erase(epoch.number);
      positions_moved = true;
    }
    log::info("spool", "removed an old epoch, all of it is safe at the platform",
              {{"epoch", fmt::format("{:016x}", epoch.number)}});
    return files.remove_epoch(epoch.number);
  }

  Result<void> reopen() {
    const Epoch old = current();
    DUHENG_TRY(auto log, open_log(old.number));
    const Epoch fresh{old.number, std::move(log)};
    DUHENG_CHECK(resume(fresh));
    const std::scoped_lock lock(mutex);
    epochs.back() = fresh;
    return {};
  }

  void measure(std::uint64_t bytes) {
    rate_bytes += bytes;
    const std::int64_t now = clock.monotonic_ns();
    const std::int64_t elapsed = now - rate_begin_ns;
    if (elapsed < rate_window_ns) return;
    const double rate = static_cast<double>(rate_bytes) * 1e9 / static_cast<double>(elapsed);
    const std::scoped_lock lock(mutex);
    append_bytes_per_s = append_bytes_per_s == 0 ? rate : 0.7 * append_bytes_per_s + 0.3 * rate;
    rate_begin_ns = now;
    rate_bytes = 0;
  }

  void set_full(bool now_full) {
    const std::scoped_lock lock(mutex);
    if (full != now_full)
      log::write(now_full ? log::Level::error : log::Level::info, "spool",
                 now_full ? "full: polling pauses" : "has room again");
    full = now_full;
  }
};

Spool::Spool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Spool::~Spool() = default;

Result<std::unique_ptr<Spool>> Spool::open(Disk& disk, Random& random, crypto::KeyProvider& keys, const Clock& clock,
                                           SpoolOptions options) {
  auto impl = std::make_unique<Impl>(disk, random, keys, clock, std::move(options));
  DUHENG_CHECK(disk.make_directories(impl->options.directory));
  impl->rate_begin_ns = clock.monotonic_ns();
  impl->positions = impl->files.read_positions();
  const auto identity = impl->files.read_identity();
  DUHENG_TRY(auto numbers, impl->files.list_epochs());
  std::erase(numbers, identity.value_or(0));
  if (identity)
    numbers.push_back(*identity);  // the one being written goes last, whatever the clock said when it was made
  bool writable = false;
  for (const std::uint64_t number : numbers) {
    auto log = impl->open_log(number);
    if (!log && log.error().code != ErrorCode::storage_corrupt && log.error().code != ErrorCode::key_missing)
      return std::unexpected(log.error());
    if (!log) {
      ++impl->damaged_epochs;
      log::error("spool", "an epoch cannot be read and stays as it is",
                 {{"epoch", fmt::format("{:016x}", number)}, {"error", log.error()}});
      continue;
    }
    const Epoch epoch{number, std::move(*log)};
    const bool is_current = identity == number;
    if (const std::uint64_t next = epoch.log->next_number(); !is_current && next > 0)
      if (const auto entry = epoch.log->read(next - 1); entry && entry->bytes.size() >= entry_head_bytes)
        impl->note_created(newest_created_in(entry->bytes));
    // Named but without a segment: removed by somebody, or never written to. Its numbers may have been used.
    if (is_current && epoch.log->open_report().created) continue;
    const auto resumed = is_current ? impl->resume(epoch) : Result<void>{};
    // An acknowledged batch that is not here any more was lost by a disk that had confirmed it: its number must not be
    // reused.
    writable = is_current && resumed && impl->position_of(number).next_sequence <= epoch.log->next_number();
    if (is_current && !writable)
      log::error("spool", "the newest epoch cannot be continued", {{"epoch", fmt::format("{:016x}", number)}});
    impl->epochs.push_back(epoch);
  }
  if (!writable) DUHENG_CHECK(impl->begin_epoch());
  return std::unique_ptr<Spool>(new Spool(std::move(impl)));
}

Result<std::uint64_t> Spool::append(ByteView body) {
  if (body.size() > batch_limits::bytes_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a batch of {} octets is over {}", body.size(), batch_limits::bytes_max));
  if (impl_->current_is_retired()) DUHENG_CHECK(impl_->begin_epoch());
  Epoch epoch = impl_->current();
  if (epoch.log->poisoned()) {
    DUHENG_CHECK(impl_->reopen());
    epoch = impl_->current();
    if (const std::uint64_t next = epoch.log->next_number(); next > 0) {
      DUHENG_TRY(auto entry, epoch.log->read(next - 1));
      DUHENG_TRY(const auto newest, split_entry(std::move(entry)));
      if (std::ranges::equal(newest.body, body)) return next - 1;  // the failed append did reach the disk
    }
  }
  // 1/16 more: block heads, tags and the segment's own head.
  const std::uint64_t need = body.size() + body.size() / 16 + 4'096;
  DUHENG_TRY(const bool room, impl_->make_room(need));
  if (!room) {
    impl_->set_full(true);
    return fail(ErrorCode::storage_full,
                fmt::format("the spool holds its {} octets and nothing may be removed yet", impl_->options.bytes_max));
  }
  const std::uint64_t sequence = epoch.log->next_number();
  const auto hash = uplink::batch_hash(impl_->last_hash, epoch.number, sequence, body);
  Bytes entry;
  entry.reserve(entry_head_bytes + body.size());
  ByteWriter out(entry);
  out.raw(impl_->last_hash);
  out.raw(hash);
  out.u64(static_cast<std::uint64_t>(std::max(impl_->newest_created, created_utc_ms(body))));
  out.raw(body);
  const std::uint64_t bytes_before = epoch.log->size_bytes();
  const ByteView view = entry;
  const auto number = epoch.log->append({&view, 1});
  if (!number) {
    if (number.error().code == ErrorCode::storage_full) {
      impl_->set_full(true);
      impl_->make_room_on_a_full_disk();
    }
    return std::unexpected(number.error());
  }
  impl_->last_hash = hash;
  impl_->note_created(created_utc_ms(body));
  impl_->set_full(false);
  impl_->measure(epoch.log->size_bytes() - bytes_before);
  std::function<void(std::uint64_t, std::uint64_t)> listener;
  {
    const std::scoped_lock lock(impl_->mutex);
    listener = impl_->listener;
  }
  if (listener) listener(epoch.number, sequence + 1);
  return sequence;
}

Result<void> Spool::maintain() {
  impl_->measure(0);
  DUHENG_CHECK(impl_->remove_unneeded(Impl::Keep::retention));
  std::map<std::uint64_t, AcknowledgedPosition> positions;
  {
    const std::scoped_lock lock(impl_->mutex);
    if (!impl_->positions_moved) return {};
    positions = impl_->positions;
    impl_->positions_moved = false;
  }
  const auto written = impl_->files.write_positions(positions);
  if (!written) {
    const std::scoped_lock lock(impl_->mutex);
    impl_->positions_moved = true;
  }
  return written;
}

std::vector<SpoolRange> Spool::epochs() const {
  std::vector<SpoolRange> out;
  for (const auto& epoch : impl_->epochs_now())
    out.push_back({epoch.number, epoch.log->first_number(), epoch.log->next_number()});
  return out;
}

Result<SpooledBatch> Spool::read(std::uint64_t epoch, std::uint64_t sequence) const {
  const auto all = impl_->epochs_now();
  const auto found = std::ranges::find(all, epoch, &Epoch::number);
  if (found == all.end()) return fail(ErrorCode::not_found, fmt::format("the spool has no epoch {:016x}", epoch));
  DUHENG_TRY(auto entry, found->log->read(sequence));
  DUHENG_TRY(auto batch, split_entry(std::move(entry)));
  if (uplink::batch_hash(batch.previous_hash, epoch, sequence, batch.body) != batch.hash)
    return fail(ErrorCode::storage_corrupt,
                fmt::format("spooled batch {:016x}/{} does not match its hash", epoch, sequence));
  return batch;
}

void Spool::acknowledged(std::uint64_t epoch, std::uint64_t next_sequence, std::uint64_t backed_up_sequence) {
  const std::scoped_lock lock(impl_->mutex);
  if (std::ranges::find(impl_->epochs, epoch, &Epoch::number) == impl_->epochs.end()) return;
  auto& position = impl_->positions[epoch];
  const AcknowledgedPosition now{next_sequence, std::min(next_sequence, backed_up_sequence)};
  impl_->positions_moved = impl_->positions_moved || position != now;
  position = now;
}

std::uint64_t Spool::acknowledged_sequence(std::uint64_t epoch) const {
  return impl_->position_of(epoch).next_sequence;
}

void Spool::on_durable(std::function<void(std::uint64_t, std::uint64_t)> listener) {
  const std::scoped_lock lock(impl_->mutex);
  impl_->listener = std::move(listener);
}

void Spool::retire_epoch(std::uint64_t epoch) {
  const std::scoped_lock lock(impl_->mutex);
  if (impl_->epochs.back().number == epoch) impl_->retired = epoch;
}

SpoolState Spool::state() const {
  SpoolState out;
  const auto all = impl_->epochs_now();
  out.epoch = all.back().number;
  out.next_sequence = all.back().log->next_number();
  out.bytes_max = impl_->options.bytes_max;
  for (const auto& epoch : all) {
    const std::uint64_t first = epoch.log->first_number();
    const std::uint64_t next = epoch.log->next_number();
    const std::uint64_t acknowledged = std::clamp(impl_->position_of(epoch.number).next_sequence, first, next);
    const std::uint64_t bytes = epoch.log->size_bytes();
    out.bytes += bytes;
    out.unacknowledged_batches += next - acknowledged;
    const std::uint64_t backed_up = std::clamp(impl_->position_of(epoch.number).backed_up_sequence, first, next);
    if (impl_->options.keep_until_backup)
      out.awaiting_backup_batches += acknowledged - std::min(acknowledged, backed_up);
    if (next > first)
      out.unacknowledged_bytes += static_cast<std::uint64_t>(
          static_cast<double>(bytes) * static_cast<double>(next - acknowledged) / static_cast<double>(next - first));
  }
  if (const auto free = all.back().log->free_bytes()) out.disk_free_bytes = *free;
  const std::scoped_lock lock(impl_->mutex);
  out.full = impl_->full;
  out.damaged_epochs = impl_->damaged_epochs;
  out.released_without_backup = impl_->released_without_backup;
  out.append_bytes_per_s = impl_->append_bytes_per_s;
  const std::uint64_t room = std::min(out.bytes_max > out.bytes ? out.bytes_max - out.bytes : 0, out.disk_free_bytes);
  if (out.append_bytes_per_s > 0) out.autonomy_hours = static_cast<double>(room) / out.append_bytes_per_s / 3'600.0;
  return out;
}

std::int64_t Spool::newest_created_utc_ms() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->newest_created_shared;
}

}  // namespace duheng::gateway
