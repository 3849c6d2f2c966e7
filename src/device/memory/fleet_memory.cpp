#include "device/memory/fleet_memory.hpp"

#include <algorithm>

#include "base/crc32.hpp"

namespace duheng::device {
namespace {

// File: magic, then records { u32 size of the payload, u32 CRC-32 of the size, payload { v uid, v key, v value }, u32
// CRC-32 of the payload }. The size has a check of its own, so that a damaged one is not taken for a torn end.
constexpr std::string_view magic = "DHMEM01\n";
constexpr std::size_t head_bytes = 8;
constexpr std::size_t tail_bytes = 4;
constexpr std::size_t file_bytes_max = 4ULL << 30;

std::uint64_t record_bytes(std::string_view uid, std::string_view key, std::size_t value_size) {
  // Sizes up to 127 take one octet, of values up to four: good enough to tell when rewriting pays.
  return head_bytes + tail_bytes + 3 + uid.size() + key.size() + value_size;
}

void write_record(Bytes& out, std::string_view uid, std::string_view key, ByteView value) {
  Bytes payload;
  ByteWriter in(payload);
  in.sized(uid);
  in.sized(key);
  in.sized(value);
  ByteWriter record(out);
  const std::size_t begin = out.size();
  record.u32(static_cast<std::uint32_t>(payload.size()));
  record.u32(crc32(ByteView(out).subspan(begin)));
  record.raw(payload);
  record.u32(crc32(payload));
}

enum class RecordState : std::uint8_t { whole, torn, damaged };
struct Record {
  RecordState state = RecordState::torn;
  std::string_view uid;
  std::string_view key;
  ByteView value;
  std::size_t size_bytes = 0;
};

Record read_record(ByteView rest) {
  Record out;
  if (rest.size() < head_bytes) return out;
  if (std::ranges::all_of(rest, [](std::uint8_t octet) { return octet == 0; })) return out;
  out.state = RecordState::damaged;
  ByteReader in(rest);
  const std::uint32_t size = in.u32();
  if (in.u32() != crc32(rest.first(4))) return out;
  if (in.remaining() < std::uint64_t{size} + tail_bytes) {
    out.state = RecordState::torn;
    return out;
  }
  const ByteView body = in.raw(size);
  if (in.u32() != crc32(body)) return out;
  ByteReader payload(body);
  out.uid = payload.sized_text();
  out.key = payload.sized_text();
  out.value = payload.sized();
  if (payload.ok() && payload.at_end()) out.state = RecordState::whole;
  out.size_bytes = in.offset();
  return out;
}

}  // namespace

class FleetMemory::Part final : public DeviceMemory {
 public:
  Part(FleetMemory& whole, std::string uid) : whole_(whole), uid_(std::move(uid)) {}
  [[nodiscard]] std::optional<Bytes> load(std::string_view key) const override {
    const auto device = whole_.values_.find(uid_);
    if (device == whole_.values_.end()) return std::nullopt;
    const auto value = device->second.find(key);
    if (value == device->second.end()) return std::nullopt;
    return value->second;
  }
  [[nodiscard]] Result<void> store(std::string_view key, ByteView value) override {
    return whole_.append(uid_, key, value);
  }

 private:
  FleetMemory& whole_;
  std::string uid_;
};

FleetMemory::FleetMemory(Disk& disk, std::string path, std::uint64_t slack_bytes)
    : disk_(disk), path_(std::move(path)), slack_bytes_(slack_bytes) {}
FleetMemory::~FleetMemory() = default;

std::shared_ptr<DeviceMemory> FleetMemory::of(std::string uid) { return std::make_shared<Part>(*this, std::move(uid)); }

Result<std::unique_ptr<FleetMemory>> FleetMemory::open(Disk& disk, std::string path, std::uint64_t slack_bytes) {
  std::unique_ptr<FleetMemory> out(new FleetMemory(disk, std::move(path), slack_bytes));
  if (disk.exists(out->path_)) DUHENG_CHECK(out->read_existing());
  if (out->file_) return out;
  DUHENG_TRY(out->file_, disk.open(out->path_, OpenMode::append));
  out->size_bytes_ = magic.size();
  DUHENG_CHECK(out->file_->append(as_bytes(magic)));
  return out;
}

/// Leaves `file_` unset when the file holds nothing, not even its beginning.
Result<void> FleetMemory::read_existing() {
  DUHENG_TRY(const auto bytes, read_file(disk_, path_, file_bytes_max));
  if (bytes.size() < magic.size()) return disk_.remove(path_);  // killed while starting the file
  if (as_text(ByteView(bytes).first(magic.size())) != magic)
    return fail(ErrorCode::storage_corrupt, path_ + " is not a fleet's memory");
  std::size_t at = magic.size();
  while (at < bytes.size()) {
    const Record record = read_record(ByteView(bytes).subspan(at));
    if (record.state == RecordState::torn) break;
    if (record.state == RecordState::damaged)
      return fail(ErrorCode::storage_corrupt, path_ + " is damaged at octet " + std::to_string(at));
    keep(record.uid, record.key, record.value);
    at += record.size_bytes;
  }
  DUHENG_TRY(file_, disk_.open(path_, OpenMode::append));
  if (at < bytes.size()) DUHENG_CHECK(file_->truncate(at));
  size_bytes_ = at;
  return {};
}

void FleetMemory::keep(std::string_view uid, std::string_view key, ByteView value) {
  auto device = values_.find(uid);
  if (device == values_.end()) device = values_.emplace(std::string(uid), Values{}).first;
  const auto found = device->second.find(key);
  if (found != device->second.end()) {
    live_bytes_ -= record_bytes(uid, key, found->second.size());
    found->second.assign(value.begin(), value.end());
  } else {
    device->second.emplace(std::string(key), Bytes(value.begin(), value.end()));
  }
  live_bytes_ += record_bytes(uid, key, value.size());
}

Result<void> FleetMemory::append(std::string_view uid, std::string_view key, ByteView value) {
  if (!file_) DUHENG_CHECK(reopen());
  if (size_bytes_ > 2 * live_bytes_ + slack_bytes_) DUHENG_CHECK(compact());
  record_.clear();
  write_record(record_, uid, key, value);
  if (const auto written = file_->append(record_); !written) {
    static_cast<void>(file_->truncate(size_bytes_));
    return written;
  }
  size_bytes_ += record_.size();
  keep(uid, key, value);
  return {};
}

Result<void> FleetMemory::compact() {
  Bytes fresh(magic.begin(), magic.end());
  for (const auto& [uid, values] : values_)
    for (const auto& [key, value] : values) write_record(fresh, uid, key, value);
  const auto written = write_file_atomically(disk_, path_, fresh);
  // Even when that failed the name may stand for the new file already: go on with whichever it is.
  file_.reset();
  DUHENG_CHECK(reopen());
  DUHENG_CHECK(written);
  ++compactions_;
  return {};
}

Result<void> FleetMemory::reopen() {
  DUHENG_TRY(file_, disk_.open(path_, OpenMode::append));
  DUHENG_TRY(size_bytes_, file_->size());
  return {};
}

}  // namespace duheng::device
