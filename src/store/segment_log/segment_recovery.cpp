#include "store/segment_log/segment_recovery.hpp"

#include <fmt/format.h>

namespace duheng::store {
namespace {

class Examination {
 public:
  Examination(Disk& disk, crypto::KeyProvider& keys, const std::string& directory, const std::string& purpose)
      : disk_(disk), keys_(keys), directory_(directory), purpose_(purpose) {}

  Result<Recovery> run(std::uint64_t first_number_of_new_log) {
    DUHENG_TRY(recovery_.segments, list_segments(disk_, directory_));
    if (recovery_.segments.empty()) {
      recovery_.report.created = true;
      return std::move(recovery_);
    }
    DUHENG_TRY(const bool whole, header_is_whole(recovery_.segments.back()));
    if (!whole) {
      DUHENG_CHECK(set_torn_segment_aside(first_number_of_new_log));
      if (recovery_.segments.empty()) return std::move(recovery_);
    }
    DUHENG_CHECK(scan_last());
    DUHENG_CHECK(check_predecessor());
    return std::move(recovery_);
  }

 private:
  std::string path_of(std::uint64_t number) const { return directory_ + "/" + segment_name(number); }

  std::unexpected<Error> corrupt(std::uint64_t segment, std::uint64_t offset, std::string_view what) const {
    return fail(ErrorCode::storage_corrupt, fmt::format("{} at octet {}: {}; this is no torn tail, so nothing was cut",
                                                        path_of(segment), offset, what));
  }

  /// False: the header was never written wholly, and nothing sound stands behind it.
  Result<bool> header_is_whole(std::uint64_t number) {
    DUHENG_TRY(const auto file, disk_.open(path_of(number), OpenMode::read));
    const auto header = read_segment_header(*file, keys_, purpose_, number);
    if (header) return true;
    if (header.error().code != ErrorCode::storage_corrupt) {
      return fail(header.error().code, fmt::format("{}: {}", path_of(number), header.error().message));
    }
    DUHENG_TRY(const std::uint64_t size, file->size());
    DUHENG_TRY(const bool sound_behind, sound_data_behind(*file, 0, size));
    // A whole header under another name or purpose is no torn one.
    DUHENG_TRY(const bool whole_header, hash_of_header_is_right(*file));
    if (sound_behind || whole_header) return corrupt(number, 0, header.error().message);
    recovery_.report.bytes_cut = size;
    recovery_.report.cut_file = segment_name(number);
    recovery_.report.cut_reason = header.error().message;
    return false;
  }

  static Result<bool> hash_of_header_is_right(const File& file) {
    DUHENG_TRY(const Bytes prefix, file.read_at(0, header_prefix_bytes));
    const auto size = header_size(prefix);
    if (!size) return false;
    DUHENG_TRY(const Bytes bytes, file.read_at(0, *size));
    return parse_header(bytes).has_value();
  }

  Result<void> set_torn_segment_aside(std::uint64_t first_number_of_new_log) {
    const std::uint64_t torn = recovery_.segments.back();
    recovery_.segments.pop_back();
    recovery_.torn_segment = torn;
    if (recovery_.segments.empty()) {
      // A log's very first file may be torn; any other one only ever starts behind a closed one.
      if (torn != first_number_of_new_log) return corrupt(torn, 0, "the only segment has no sound header");
      recovery_.report.created = true;
    }
    return {};
  }

  Result<void> scan_last() {
    const std::uint64_t number = recovery_.segments.back();
    auto started = SegmentScanner::start(disk_, keys_, path_of(number), purpose_, number, std::nullopt);
    if (!started) return fail(started.error().code, fmt::format("{}: {}", path_of(number), started.error().message));
    SegmentScanner& scanner = *started;
    auto step = SegmentScanner::Step::block;
    while (step == SegmentScanner::Step::block) {
      DUHENG_TRY(step, scanner.next());
    }
    if (step == SegmentScanner::Step::damage) DUHENG_CHECK(judge_damage(scanner, number));
    const bool closed = step == SegmentScanner::Step::footer;
    if (recovery_.torn_segment && (!closed || scanner.index().next_number != *recovery_.torn_segment)) {
      return corrupt(*recovery_.torn_segment, 0,
                     "it has no sound header, yet the segment before it was not closed there");
    }
    recovery_.last.emplace(Recovery::Last{scanner.header(), scanner.key(), scanner.index(), closed});
    return {};
  }

  Result<void> judge_damage(const SegmentScanner& scanner, std::uint64_t number) {
    const std::uint64_t end = scanner.index().end;
    // The octet at `end` itself may start a sound block or index that merely does not continue this segment.
    DUHENG_TRY(const bool sound_behind, sound_data_behind(scanner.file(), end, scanner.file_bytes()));
    if (sound_behind) return corrupt(number, end, scanner.damage());
    recovery_.report.bytes_cut += scanner.file_bytes() - end;
    recovery_.report.cut_file = segment_name(number);
    recovery_.report.cut_reason = scanner.damage();
    return {};
  }

  Result<void> check_predecessor() {
    if (recovery_.segments.size() < 2) return {};
    const std::uint64_t number = recovery_.segments[recovery_.segments.size() - 2];
    SegmentFile before(disk_, keys_, path_of(number), purpose_, number);
    auto index = before.load_index();
    // A withdrawn key puts its own segments out of reach, not the log.
    if (!index && index.error().code == ErrorCode::key_missing) return {};
    if (!index) return fail(index.error().code, fmt::format("{}: {}", path_of(number), index.error().message));
    const SegmentHeader& header = recovery_.last->header;
    if (index->next_number != header.first_number || index->last_hash != header.previous_hash) {
      return corrupt(number, index->end, "the last segment does not continue it");
    }
    return {};
  }

  Disk& disk_;
  crypto::KeyProvider& keys_;
  const std::string& directory_;
  const std::string& purpose_;
  Recovery recovery_;
};

}  // namespace

Result<Recovery> examine_log(Disk& disk, crypto::KeyProvider& keys, const std::string& directory,
                             const std::string& purpose, std::uint64_t first_number_of_new_log) {
  return Examination(disk, keys, directory, purpose).run(first_number_of_new_log);
}

}  // namespace duheng::store
