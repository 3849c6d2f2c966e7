#include "store/segment_log/segment_verify.hpp"

namespace duheng::store {
namespace {

constexpr std::size_t findings_max = 1000;

struct ToVerify {
  std::uint64_t first_number = 0;
  bool closed = true;                ///< must end with its index
  std::optional<std::uint64_t> end;  ///< how far an open one was durable; nothing = all of it
};

class Verification {
 public:
  Verification(Disk& disk, crypto::KeyProvider& keys, const std::string& directory, const std::string& purpose)
      : disk_(disk), keys_(keys), directory_(directory), purpose_(purpose) {}

  /// Errors: storage_failed, not_found.
  Result<void> segment(const ToVerify& wanted) {
    const std::string name = segment_name(wanted.first_number);
    auto started =
        SegmentScanner::start(disk_, keys_, directory_ + "/" + name, purpose_, wanted.first_number, wanted.end);
    if (!started) {
      const ErrorCode code = started.error().code;
      if (code == ErrorCode::storage_failed || code == ErrorCode::not_found) return std::unexpected(started.error());
      find(name, 0, started.error().message);
      previous_.reset();  // what follows can no longer be compared with it
      return {};
    }
    SegmentScanner& scanner = *started;
    ++report_.segments;
    report_.bytes += scanner.file_bytes();
    compare_with_previous(scanner, name);
    auto step = SegmentScanner::Step::block;
    while (step == SegmentScanner::Step::block) {
      DUHENG_TRY(step, scanner.next());
    }
    if (step == SegmentScanner::Step::damage) {
      find(name, scanner.index().end, scanner.damage());
      previous_.reset();
    } else {
      if (step == SegmentScanner::Step::end && wanted.closed)
        find(name, scanner.index().end, "the segment has no index although another follows");
      previous_ = scanner.index();
    }
    report_.blocks += scanner.index().blocks.size();
    report_.entries += scanner.index().next_number - wanted.first_number;
    return {};
  }
  void find(const std::string& file, std::uint64_t offset, std::string what) {
    if (report_.findings.size() < findings_max) report_.findings.push_back({file, offset, std::move(what)});
  }
  VerifyReport take_report() { return std::move(report_); }

 private:
  void compare_with_previous(const SegmentScanner& scanner, const std::string& name) {
    if (!previous_) return;
    if (previous_->next_number != scanner.header().first_number)
      find(name, 0, "entries are missing before this segment");
    if (previous_->last_hash != scanner.header().previous_hash)
      find(name, 0, "the segment does not continue the hash chain");
  }

  Disk& disk_;
  crypto::KeyProvider& keys_;
  const std::string& directory_;
  const std::string& purpose_;
  std::optional<SegmentIndex> previous_;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify_catalogue(const SegmentCatalogue& catalogue) {
  Verification verification(catalogue.disk(), catalogue.keys(), catalogue.directory(), catalogue.purpose());
  const auto files = catalogue.segments();
  for (std::size_t i = 0; i < files.size(); ++i) {
    // Behind the durable end of the segment being written a writer may be at work.
    const auto durable_end = files[i]->durable_end();
    const ToVerify wanted{files[i]->first_number(), !durable_end, durable_end};
    const auto verified = verification.segment(wanted);
    if (verified) continue;
    if (verified.error().code != ErrorCode::not_found) return std::unexpected(verified.error());
    if (catalogue.lists(wanted.first_number))
      verification.find(segment_name(wanted.first_number), 0, "the segment file is gone");
  }
  return verification.take_report();
}

Result<VerifyReport> verify_one(const SegmentCatalogue& catalogue, std::uint64_t first_number) {
  Verification verification(catalogue.disk(), catalogue.keys(), catalogue.directory(), catalogue.purpose());
  DUHENG_TRY(const auto file, catalogue.file_of(first_number));
  const auto durable_end = file->durable_end();
  DUHENG_CHECK(verification.segment({first_number, !durable_end, durable_end}));
  return verification.take_report();
}

Result<VerifyReport> verify_files(Disk& disk, crypto::KeyProvider& keys, const std::string& directory,
                                  const std::string& purpose) {
  Verification verification(disk, keys, directory, purpose);
  DUHENG_TRY(const auto numbers, list_segments(disk, directory));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    DUHENG_CHECK(verification.segment({numbers[i], i + 1 < numbers.size(), std::nullopt}));
  }
  return verification.take_report();
}

}  // namespace duheng::store
