#include "store/journal/journal_verify.hpp"

#include <algorithm>

#include "store/journal/backup_watermark.hpp"
#include "store/journal/frame_index.hpp"
#include "store/journal/segment_shipping.hpp"
#include "store/segment_log/segment_file.hpp"

namespace duheng::store {
namespace {

constexpr std::string_view purpose = "journal";
constexpr std::size_t sidecar_bytes_max = 512U << 20;

class DirectoryCheck {
 public:
  DirectoryCheck(Disk& disk, crypto::KeyProvider& keys, const std::string& directory, VerifyReport& report)
      : disk_(disk), keys_(keys), directory_(directory), report_(report) {}

  Result<void> file(const std::string& name) {
    if (number_in_segment_name(name)) return {};  // checked with their chain
    if (const auto number = number_in_frame_index_name(name)) return sidecar(name, *number);
    if (name == watermark_name) return watermark(name);
    if (name == shipping_list_name) return shipping_list();
    // What an interrupted copy or replacement leaves is harmless, but no part of the journal.
    report_.findings.push_back({name, 0, "no file of a journal has this name"});
    return {};
  }

 private:
  Result<void> sidecar(const std::string& name, std::uint64_t number) {
    SegmentFile segment(disk_, keys_, directory_ + "/" + segment_name(number), std::string(purpose), number);
    const auto index = segment.load_index();
    DUHENG_TRY(const Bytes bytes, read_file(disk_, directory_ + "/" + name, sidecar_bytes_max));
    report_.bytes += bytes.size();
    if (!index) {
      report_.findings.push_back({name, 0, "the segment that it indexes cannot be read: " + index.error().message});
      return {};
    }
    if (const auto opened = open_frame_index(bytes, index->last_hash, keys_); !opened)
      report_.findings.push_back({name, 0, opened.error().message + "; it is derived: delete it, it is made anew"});
    return {};
  }
  Result<void> watermark(const std::string& name) {
    DUHENG_TRY(const Bytes bytes, read_file(disk_, directory_ + "/" + name, 4096));
    report_.bytes += bytes.size();
    if (!parse_watermark(bytes)) report_.findings.push_back({name, 0, "the backup watermark is damaged"});
    return {};
  }
  Result<void> shipping_list() {
    DUHENG_TRY(auto findings, verify_shipping_list(disk_, directory_));
    std::move(findings.begin(), findings.end(), std::back_inserter(report_.findings));
    return {};
  }

  Disk& disk_;
  crypto::KeyProvider& keys_;
  const std::string& directory_;
  VerifyReport& report_;
};

}  // namespace

Result<VerifyReport> verify_journal_directory(Disk& disk, crypto::KeyProvider& keys, const std::string& directory) {
  DUHENG_TRY(VerifyReport report, SegmentLog::verify_directory(disk, keys, directory, std::string(purpose)));
  DUHENG_TRY(const auto names, disk.list(directory));
  DirectoryCheck check(disk, keys, directory, report);
  for (const std::string& name : names) DUHENG_CHECK(check.file(name));
  return report;
}

}  // namespace duheng::store
