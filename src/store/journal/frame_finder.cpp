#include "store/journal/frame_finder.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.hpp"

namespace duheng::store {
namespace {

constexpr std::size_t loaded_max = 8;
// The open segment's end, indexed within a question when the background has not come to it yet.
constexpr std::size_t records_in_question_max = 20'000;
constexpr std::size_t sidecar_bytes_max = 256U << 20;

bool overlaps(const FrameIndex::Entry& entry, const FrameQuery& query) {
  return entry.latest_utc_ms >= query.from_utc_ms && entry.earliest_utc_ms < query.to_utc_ms;
}

/// Whether a page that goes on behind `after` may find something in this segment.
bool is_ahead(const SegmentInfo& segment, const FrameQuery& query) {
  if (!query.after) return true;
  return query.newest_first ? segment.first_number <= query.after->record_number()
                            : segment.next_number > query.after->record_number();
}
bool is_ahead(std::uint64_t record_number, const FrameQuery& query) {
  if (!query.after) return true;
  return query.newest_first ? record_number <= query.after->record_number()
                            : record_number >= query.after->record_number();
}
bool is_ahead(FrameReference reference, const FrameQuery& query) {
  if (!query.after) return true;
  return query.newest_first ? reference.value < query.after->value : reference.value > query.after->value;
}

/// `after` of a page that goes on with everything beyond this segment.
FrameReference beyond(const SegmentInfo& segment, bool newest_first) {
  return newest_first ? FrameReference::make(segment.first_number, 0)
                      : FrameReference::make(segment.next_number - 1, 0xFFFF);
}
/// ... beyond this record.
FrameReference beyond(std::uint64_t record_number, bool newest_first) {
  return newest_first ? FrameReference::make(record_number, 0) : FrameReference::make(record_number, 0xFFFF);
}

bool is_wanted(const BatchView& batch, const Frame& frame, const FrameQuery& query) {
  const std::int64_t time = frame_time_utc_ms(frame);
  return batch.devices()[frame.device_index] == query.device_uid && time >= query.from_utc_ms && time < query.to_utc_ms;
}

Bytes copy_of(ByteView view) { return {view.begin(), view.end()}; }

/// The frames of one record that are wanted, in the query's order.
std::vector<FoundFrame> wanted_frames(std::uint64_t number, const JournalRecord& record, const BatchView& batch,
                                      const FrameQuery& query) {
  std::vector<FoundFrame> found;
  batch.for_each(
      [&](std::uint32_t index, const Frame& frame) {
        const FrameReference reference = FrameReference::make(number, index);
        if (!is_wanted(batch, frame, query) || !is_ahead(reference, query)) return;
        found.push_back({reference, record.received_utc_ms, frame.protocol, frame.sent_utc_ms, frame.received_utc_ms,
                         copy_of(frame.request), copy_of(frame.response), 0});
      },
      [&](std::uint32_t index, const Frame&, const Reading&) {
        if (!found.empty() && found.back().reference.frame_index() == index) ++found.back().reading_count;
      });
  if (query.newest_first) std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace

FrameFinder::FrameFinder(Disk& disk, crypto::KeyProvider& keys, const SegmentLog& log, std::string directory)
    : disk_(disk), keys_(keys), log_(log), directory_(std::move(directory)) {}

std::string FrameFinder::path_of(std::uint64_t first_number) const {
  return fmt::format("{}/{}", directory_, frame_index_name(first_number));
}

Result<void> FrameFinder::list_sidecars_locked() {
  if (listed_) return {};
  DUHENG_TRY(const auto names, disk_.list(directory_));
  for (const std::string& name : names) {
    if (const auto number = number_in_frame_index_name(name)) sidecars_.insert(*number);
  }
  listed_ = true;
  return {};
}

Result<void> FrameFinder::remove_orphans_locked(const std::vector<SegmentInfo>& segments) {
  const auto is_gone = [&](std::uint64_t first_number) {
    return std::none_of(segments.begin(), segments.end(),
                        [&](const SegmentInfo& info) { return info.first_number == first_number; });
  };
  std::erase_if(building_, [&](const auto& item) { return is_gone(item.first); });
  std::erase_if(headers_, [&](const auto& item) { return is_gone(item.first); });
  for (auto it = sidecars_.begin(); it != sidecars_.end();) {
    if (!is_gone(*it)) {
      ++it;
      continue;
    }
    if (const auto removed = disk_.remove(path_of(*it)); !removed && removed.error().code != ErrorCode::not_found)
      return removed;
    it = sidecars_.erase(it);
  }
  return {};
}

Result<void> FrameFinder::write_locked(const SegmentInfo& segment, FrameIndex& index) {
  DUHENG_TRY(const crypto::Hash256 hash, log_.segment_hash(segment.first_number));
  DUHENG_TRY(const Bytes file, seal_frame_index(index, hash, keys_));
  DUHENG_CHECK(write_file_atomically(disk_, path_of(segment.first_number), file));
  sidecars_.insert(segment.first_number);
  headers_.erase(segment.first_number);
  loaded_.push_front(std::make_shared<const FrameIndex>(std::move(index)));
  if (loaded_.size() > loaded_max) loaded_.pop_back();
  building_.erase(segment.first_number);
  return {};
}

/// Goes on with the index of a segment that has no sidecar. Returns whether it holds the whole segment now.
Result<bool> FrameFinder::index_locked(const SegmentInfo& segment, std::size_t& budget) {
  FrameIndex& index = building_.try_emplace(segment.first_number, segment.first_number).first->second;
  LogCursor cursor = log_.cursor(index.next_number());
  while (budget > 0 && index.next_number() < segment.next_number) {
    DUHENG_TRY(const auto entry, cursor.next());
    if (!entry) break;
    const auto record = parse_record(entry->bytes);
    // A record of a later release takes its number; the journal's readers report it.
    index.add(
        record ? *record
               : JournalRecord{.type = JournalRecordType::refused_evidence, .gateway = {}, .reason = {}, .body = {}});
    --budget;
  }
  return index.next_number() >= segment.next_number;
}

Result<bool> FrameFinder::step(std::size_t records_max) {
  const std::lock_guard lock(mutex_);
  DUHENG_CHECK(list_sidecars_locked());
  std::vector<SegmentInfo> segments = log_.segments();
  DUHENG_CHECK(remove_orphans_locked(segments));
  std::reverse(segments.begin(), segments.end());  // what people look at first
  std::size_t budget = records_max;
  for (const SegmentInfo& segment : segments) {
    if (sidecars_.contains(segment.first_number)) continue;
    DUHENG_TRY(const bool whole, index_locked(segment, budget));
    if (!whole) return true;
    if (segment.closed) DUHENG_CHECK(write_locked(segment, building_.at(segment.first_number)));
  }
  return false;
}

/// Whether the sidecar's times meet the query's; what its clear part says is enough to leave a segment out, since a
/// changed one is found by verify().
Result<bool> FrameFinder::may_matter_locked(const SegmentInfo& segment, const FrameQuery& query) {
  auto known = headers_.find(segment.first_number);
  if (known == headers_.end()) {
    DUHENG_TRY(const auto file, disk_.open(path_of(segment.first_number), OpenMode::read));
    DUHENG_TRY(const Bytes start, file->read_at(0, frame_index_header_bytes));
    DUHENG_TRY(const FrameIndexHeader header, parse_frame_index_header(start));
    known = headers_.emplace(segment.first_number, header).first;
  }
  const FrameIndexHeader& header = known->second;
  return header.latest_utc_ms >= query.from_utc_ms && header.earliest_utc_ms < query.to_utc_ms;
}

Result<FrameFinder::Index> FrameFinder::load_locked(std::uint64_t first_number) {
  const auto found = std::find_if(loaded_.begin(), loaded_.end(),
                                  [&](const Index& index) { return index->first_number() == first_number; });
  if (found != loaded_.end()) {
    loaded_.splice(loaded_.begin(), loaded_, found);
    return loaded_.front();
  }
  DUHENG_TRY(const crypto::Hash256 hash, log_.segment_hash(first_number));
  DUHENG_TRY(const Bytes file, read_file(disk_, path_of(first_number), sidecar_bytes_max));
  DUHENG_TRY(FrameIndex index, open_frame_index(file, hash, keys_));
  loaded_.push_front(std::make_shared<const FrameIndex>(std::move(index)));
  if (loaded_.size() > loaded_max) loaded_.pop_back();
  return loaded_.front();
}

Result<FrameFinder::Candidates> FrameFinder::candidates_locked(const SegmentInfo& segment, const FrameQuery& query) {
  if (sidecars_.contains(segment.first_number)) {
    const auto matters = may_matter_locked(segment, query);
    if (matters && !*matters) return Candidates{};
    if (matters) {
      const auto index = load_locked(segment.first_number);
      if (index) return Candidates{(*index)->records_of(query.gateway, query.device_uid)};
      if (index.error().code == ErrorCode::key_missing) return std::unexpected(index.error());
      log::warning("journal", "a frame index is damaged and is made anew",
                   {{"segment", segment.path}, {"reason", index.error()}});
    }
    sidecars_.erase(segment.first_number);
    headers_.erase(segment.first_number);
  }
  std::size_t budget = records_in_question_max;
  DUHENG_TRY(const bool whole, index_locked(segment, budget));
  return Candidates{building_.at(segment.first_number).records_of(query.gateway, query.device_uid), whole};
}

Result<FrameFinder::Candidates> FrameFinder::candidates(const SegmentInfo& segment, const FrameQuery& query) {
  const std::lock_guard lock(mutex_);
  DUHENG_CHECK(list_sidecars_locked());
  auto found = candidates_locked(segment, query);
  // Removed by retention meanwhile.
  if (!found && found.error().code == ErrorCode::not_found) return Candidates{};
  return found;
}

/// Adds a record's wanted frames. Returns whether the page is full, with its `next` set.
Result<bool> FrameFinder::read_record(std::uint64_t number, const FrameQuery& query, FramePage& page) const {
  const auto entry = log_.read(number);
  if (!entry && entry.error().code == ErrorCode::not_found) return false;
  if (!entry) return std::unexpected(entry.error());
  DUHENG_TRY(const JournalRecord record, parse_record(entry->bytes));
  DUHENG_TRY(const BatchView batch, BatchView::parse(record.body));
  for (FoundFrame& frame : wanted_frames(number, record, batch, query)) {
    if (page.frames.size() == query.frames_max) {
      page.next = page.frames.back().reference;
      return true;
    }
    page.frames.push_back(std::move(frame));
  }
  return false;
}

Result<FramePage> FrameFinder::find(const FrameQuery& query) {
  if (query.frames_max == 0 || query.frames_max > frame_query_limits::frames_max)
    return fail(ErrorCode::invalid_argument,
                fmt::format("a page holds 1 to {} frames", frame_query_limits::frames_max));
  std::vector<SegmentInfo> segments = log_.segments();
  if (query.newest_first) std::reverse(segments.begin(), segments.end());
  FramePage page;
  std::size_t looked_into = 0;
  std::size_t records_read = 0;
  for (const SegmentInfo& segment : segments) {
    if (!is_ahead(segment, query) || segment.first_number == segment.next_number) continue;
    DUHENG_TRY(Candidates found, candidates(segment, query));
    if (!found.indexed) ++page.segments_not_indexed;
    if (query.newest_first) std::reverse(found.records.begin(), found.records.end());
    for (const FrameIndex::Entry& entry : found.records) {
      if (!overlaps(entry, query) || !is_ahead(entry.record_number, query)) continue;
      DUHENG_TRY(const bool full, read_record(entry.record_number, query, page));
      if (full) return page;
      if (++records_read == frame_query_limits::records_max) {
        page.next = beyond(entry.record_number, query.newest_first);
        return page;
      }
    }
    if (++looked_into == frame_query_limits::segments_max) {
      page.next = beyond(segment, query.newest_first);
      return page;
    }
  }
  return page;
}

}  // namespace duheng::store
