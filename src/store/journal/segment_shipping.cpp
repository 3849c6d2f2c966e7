#include "store/journal/segment_shipping.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::store {
namespace {

constexpr std::size_t segment_bytes_max = 2U << 30;
constexpr std::size_t copy_step_bytes = 4U << 20;
constexpr std::size_t digits = 64;

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<ShippingList> read_list(Disk& disk, const std::string& directory) {
  const std::string path = fmt::format("{}/{}", directory, shipping_list_name);
  if (!disk.exists(path)) return ShippingList{};
  DUHENG_TRY(const Bytes file, read_file(disk, path));
  auto list = parse_shipping_list(as_text(file));
  if (!list) return fail(ErrorCode::storage_corrupt, path + ": " + list.error().message);
  return list;
}

Result<void> write_part(Disk& disk, const std::string& path, ByteView bytes) {
  if (disk.exists(path)) DUHENG_CHECK(disk.remove(path));
  DUHENG_TRY(const auto file, disk.open(path, OpenMode::create_new));
  for (std::size_t at = 0; at < bytes.size(); at += copy_step_bytes)
    DUHENG_CHECK(file->append(bytes.subspan(at, std::min(copy_step_bytes, bytes.size() - at))));
  return file->sync();
}

/// Copies one file and returns its hash.
Result<crypto::Hash256> copy_file(Disk& disk, const std::string& from, const std::string& directory) {
  DUHENG_TRY(const Bytes bytes, read_file(disk, from, segment_bytes_max));
  const crypto::Hash256 hash = crypto::sha256(bytes);
  const std::string to = directory + "/" + name_of(from);
  const std::string part = to + ".part";
  DUHENG_CHECK(write_part(disk, part, bytes));
  DUHENG_TRY(const Bytes copy, read_file(disk, part, segment_bytes_max));
  if (crypto::sha256(copy) != hash) return fail(ErrorCode::storage_failed, part + " is not what was written");
  DUHENG_CHECK(disk.rename(part, to));
  DUHENG_CHECK(disk.sync_directory(directory));
  return hash;
}

/// Whether a listed copy is this segment's; its content is verify_shipping_list()'s to judge.
Result<bool> is_present(Disk& disk, const SegmentInfo& segment, const std::string& directory,
                        const ShippingList& list) {
  const std::string name = name_of(segment.path);
  const std::string path = directory + "/" + name;
  if (!list.contains(name) || !disk.exists(path)) return false;
  DUHENG_TRY(const auto copy, disk.open(path, OpenMode::read));
  DUHENG_TRY(const std::uint64_t size, copy->size());
  if (size != segment.size_bytes)
    return fail(ErrorCode::conflict, path + " is another segment than the journal's: ship into a directory of its own");
  return true;
}

Result<void> ship(const Journal& journal, Disk& disk, const SegmentInfo& segment, const std::string& directory,
                  ShippingList& list) {
  DUHENG_TRY(const VerifyReport verified, journal.verify_segment(segment.first_number));
  if (!verified.sound()) {
    const VerifyFinding& finding = verified.findings.front();
    return fail(ErrorCode::storage_corrupt,
                fmt::format("{} at octet {}: {}; it was not shipped", finding.file, finding.offset, finding.what));
  }
  DUHENG_TRY(const crypto::Hash256 hash, copy_file(disk, segment.path, directory));
  list[name_of(segment.path)] = hash;
  return write_file_atomically(disk, fmt::format("{}/{}", directory, shipping_list_name),
                               as_bytes(write_shipping_list(list)));
}

}  // namespace

std::string write_shipping_list(const ShippingList& list) {
  std::string text;
  for (const auto& [name, hash] : list) text += fmt::format("{}  {}\n", to_hex(hash), name);
  return text;
}

Result<ShippingList> parse_shipping_list(std::string_view text) {
  const auto malformed = [] { return fail(ErrorCode::malformed, "this is not a list of shipped segments"); };
  ShippingList list;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos || end < digits + 3 || text.substr(digits, 2) != "  ") return malformed();
    const auto octets = from_hex(text.substr(0, digits));
    if (!octets || octets->size() != crypto::Hash256{}.size()) return malformed();
    const std::string name(text.substr(digits + 2, end - digits - 2));
    // A name, not a way out of the directory.
    if (name.find('/') != std::string::npos || list.contains(name)) return malformed();
    std::copy(octets->begin(), octets->end(), list[name].begin());
    text.remove_prefix(end + 1);
  }
  return list;
}

Result<ShipReport> ship_closed_segments(const Journal& journal, Disk& disk, const std::string& directory,
                                        std::size_t segments_max) {
  if (!disk.exists(directory)) DUHENG_CHECK(disk.make_directories(directory));
  DUHENG_TRY(ShippingList list, read_list(disk, directory));
  ShipReport report;
  const std::vector<SegmentInfo> segments = journal.segments();
  report.next_number = segments.empty() ? journal.next_number() : segments.front().first_number;
  for (const SegmentInfo& segment : segments) {
    if (!segment.closed) break;
    DUHENG_TRY(const bool present, is_present(disk, segment, directory, list));
    if (present) {
      ++report.segments_present;
    } else if (report.segments_shipped == segments_max) {
      report.more = true;
      break;
    } else {
      DUHENG_CHECK(ship(journal, disk, segment, directory, list));
      ++report.segments_shipped;
      report.bytes_shipped += segment.size_bytes;
    }
    report.next_number = segment.next_number;
  }
  return report;
}

Result<std::vector<VerifyFinding>> verify_shipping_list(Disk& disk, const std::string& directory) {
  std::vector<VerifyFinding> findings;
  const auto list = read_list(disk, directory);
  if (!list && list.error().code != ErrorCode::storage_corrupt) return std::unexpected(list.error());
  if (!list) {
    findings.push_back({std::string(shipping_list_name), 0, list.error().message});
    return findings;
  }
  for (const auto& [name, hash] : *list) {
    const auto file = read_file(disk, directory + "/" + name, segment_bytes_max);
    if (!file && file.error().code == ErrorCode::not_found) {
      findings.push_back({name, 0, "a listed segment is missing"});
    } else if (!file) {
      return std::unexpected(file.error());
    } else if (crypto::sha256(*file) != hash) {
      findings.push_back({name, 0, "the file does not match its hash in the list"});
    }
  }
  DUHENG_TRY(const auto names, disk.list(directory));
  for (const std::string& name : names) {
    if (number_in_frame_index_name(name) || !name.ends_with(".seg") || list->contains(name)) continue;
    findings.push_back({name, 0, "the segment is not in the list"});
  }
  return findings;
}

}  // namespace duheng::store
