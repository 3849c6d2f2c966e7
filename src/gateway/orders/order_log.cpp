#include "gateway/orders/order_log.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/crc32.hpp"
#include "base/log.hpp"
#include "gateway/orders/order_desk.hpp"

namespace duheng::gateway {
namespace {

constexpr std::array<std::uint8_t, 3> mark{'D', 'H', 'O'};
constexpr std::uint8_t format_version = 1;
constexpr std::size_t head_bytes = 12;
constexpr std::size_t payload_bytes_max = 8U << 20;
constexpr std::size_t file_bytes_max = 512U << 20;
enum class RecordKind : std::uint8_t { begun = 1, ended = 2, confirmed = 3 };

void write(const OrderBegun& begun, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(RecordKind::begun));
  out.raw(begun.id);
  out.u8(static_cast<std::uint8_t>(begun.kind));
  out.sized(begun.device_uid);
  out.sized(begun.name);
  out.varint(begun.arguments.size());
  for (const auto& argument : begun.arguments) {
    out.sized(argument.name);
    out.sized(argument.value);
  }
  out.zigzag(begun.utc_ms);
}

void write(const OrderReport& report, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(RecordKind::ended));
  out.raw(report.id);
  out.u8(static_cast<std::uint8_t>(report.state));
  out.sized(report.reason);
  out.sized(report.detail);
  out.zigzag(report.utc_ms);
  out.varint(report.values.size());
  for (const auto& value : report.values) {
    out.sized(value.register_name);
    out.sized(value.unit);
    out.zigzag(value.exponent);
    out.u8(static_cast<std::uint8_t>(value.kind));
    out.zigzag(value.mantissa);
    out.varint(static_cast<std::uint16_t>(value.quality));
    out.zigzag(value.time_utc_ms);
    out.u8(value.read_back ? 1 : 0);
  }
  out.varint(report.frames.size());
  for (const auto& frame : report.frames) {
    out.u8(static_cast<std::uint8_t>(frame.protocol));
    out.sized(frame.request);
    out.sized(frame.response);
    out.zigzag(frame.sent_utc_ms);
    out.zigzag(frame.received_utc_ms);
  }
}

void write(const OrderConfirmed& confirmed, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(RecordKind::confirmed));
  out.raw(confirmed.id);
}

OrderId read_id(ByteReader& in) {
  OrderId id{};
  const auto octets = in.raw(id.size());
  if (octets.size() == id.size()) std::ranges::copy(octets, id.begin());
  return id;
}

std::size_t read_count(ByteReader& in, std::size_t most) {
  const std::uint64_t count = in.varint();
  if (count > most) in.set_failed();
  return in.ok() ? static_cast<std::size_t>(count) : 0;
}

OrderBegun read_begun(ByteReader& in) {
  OrderBegun out;
  out.id = read_id(in);
  const std::uint8_t kind = in.u8();
  if (kind < 1 || kind > static_cast<std::uint8_t>(OrderKind::history)) in.set_failed();
  out.kind = static_cast<OrderKind>(kind);
  out.device_uid = in.sized_text();
  out.name = in.sized_text();
  out.arguments.resize(read_count(in, order_limits::list_items_max));
  for (auto& argument : out.arguments) {
    argument.name = in.sized_text();
    argument.value = in.sized_text();
  }
  out.utc_ms = in.zigzag();
  return out;
}

OrderValue read_value(ByteReader& in) {
  OrderValue out;
  out.register_name = in.sized_text();
  out.unit = in.sized_text();
  const std::int64_t exponent = in.zigzag();
  if (exponent < -127 || exponent > 127) in.set_failed();
  out.exponent = static_cast<std::int8_t>(exponent);
  const std::uint8_t kind = in.u8();
  if (kind > static_cast<std::uint8_t>(SeriesKind::event)) in.set_failed();
  out.kind = static_cast<SeriesKind>(kind);
  out.mantissa = in.zigzag();
  const std::uint64_t quality = in.varint();
  if (quality > UINT16_MAX) in.set_failed();
  out.quality = static_cast<Quality>(quality);
  out.time_utc_ms = in.zigzag();
  const std::uint8_t read_back = in.u8();
  if (read_back > 1) in.set_failed();
  out.read_back = read_back == 1;
  return out;
}

OrderFrame read_frame(ByteReader& in) {
  OrderFrame out;
  out.protocol = static_cast<Protocol>(in.u8());
  const auto request = in.sized();
  out.request.assign(request.begin(), request.end());
  const auto response = in.sized();
  out.response.assign(response.begin(), response.end());
  out.sent_utc_ms = in.zigzag();
  out.received_utc_ms = in.zigzag();
  return out;
}

OrderReport read_ended(ByteReader& in) {
  OrderReport out;
  out.id = read_id(in);
  const std::uint8_t state = in.u8();
  if (state < static_cast<std::uint8_t>(OrderState::done) || state > static_cast<std::uint8_t>(OrderState::cancelled))
    in.set_failed();
  out.state = static_cast<OrderState>(state);
  out.reason = in.sized_text();
  out.detail = in.sized_text();
  out.utc_ms = in.zigzag();
  out.values.resize(read_count(in, order_limits::report_values_max));
  for (auto& value : out.values) value = read_value(in);
  out.frames.resize(read_count(in, order_limits::report_frames_max));
  for (auto& frame : out.frames) frame = read_frame(in);
  return out;
}

std::optional<OrderRecord> parse_payload(ByteView payload) {
  ByteReader in(payload);
  std::optional<OrderRecord> out;
  switch (static_cast<RecordKind>(in.u8())) {
    case RecordKind::begun:
      out = read_begun(in);
      break;
    case RecordKind::ended:
      out = read_ended(in);
      break;
    case RecordKind::confirmed:
      out = OrderConfirmed{read_id(in)};
      break;
    default:
      return std::nullopt;
  }
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return out;
}

bool marked(ByteView file, std::size_t at) {
  return file.size() - at >= head_bytes && std::equal(mark.begin(), mark.end(), file.begin() + static_cast<long>(at));
}

/// The payload of the record at `at`, when its length and sum are right.
std::optional<ByteView> payload_at(ByteView file, std::size_t at) {
  ByteReader head(file.subspan(at + mark.size() + 1, head_bytes - mark.size() - 1));
  const std::uint32_t size = head.u32();
  const std::uint32_t sum = head.u32();
  if (size == 0 || size > payload_bytes_max || size > file.size() - at - head_bytes) return std::nullopt;
  const auto payload = file.subspan(at + head_bytes, size);
  if (crc32(payload) != sum) return std::nullopt;
  return payload;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

}  // namespace

void encode_order_record(const OrderRecord& record, Bytes& out) {
  Bytes payload;
  ByteWriter body(payload);
  std::visit([&](const auto& content) { write(content, body); }, record);
  ByteWriter writer(out);
  writer.raw(mark);
  writer.u8(format_version);
  writer.u32(static_cast<std::uint32_t>(payload.size()));
  writer.u32(crc32(payload));
  writer.raw(payload);
}

Result<ParsedOrderRecords> parse_order_records(ByteView file) {
  ParsedOrderRecords out;
  std::size_t at = 0;
  while (at < file.size()) {
    const auto payload = marked(file, at) ? payload_at(file, at) : std::nullopt;
    if (payload && file[at + mark.size()] > format_version)
      return fail(ErrorCode::unsupported, "the order log was written by a newer release");
    auto record = payload ? parse_payload(*payload) : std::nullopt;
    if (!record) {
      ++out.skipped_bytes;
      ++at;
      continue;
    }
    out.damage_within = out.damage_within || out.skipped_bytes > 0;
    out.records.push_back(std::move(*record));
    at += head_bytes + payload->size();
  }
  return out;
}

Result<std::unique_ptr<OrderLog>> OrderLog::open(Disk& disk, std::string path) {
  auto opened = std::unique_ptr<OrderLog>(new OrderLog(disk, std::move(path)));
  if (!disk.exists(opened->path_)) {
    DUHENG_CHECK(opened->replace({}));
    return opened;
  }
  DUHENG_TRY(const auto file, read_file(disk, opened->path_, file_bytes_max));
  DUHENG_TRY(auto parsed, parse_order_records(file));
  opened->found_ = std::move(parsed.records);
  opened->found_damage_ = parsed.damage_within;
  if (parsed.damage_within)
    log::error("orders", "the order log has damaged places: an order noted there could be begun again",
               {{"path", opened->path_}, {"octets", parsed.skipped_bytes}});
  if (parsed.skipped_bytes == 0) {
    DUHENG_TRY(opened->file_, disk.open(opened->path_, OpenMode::append));
    // What was read, and the file's very name, may never have been synchronised; what is built on them must not be
    // lost with them.
    DUHENG_CHECK(opened->file_->sync());
    DUHENG_CHECK(disk.sync_directory(directory_of(opened->path_)));
    return opened;
  }
  Bytes whole;
  for (const auto& record : opened->found_) encode_order_record(record, whole);
  DUHENG_CHECK(opened->replace(whole));
  return opened;
}

Result<void> OrderLog::append(ByteView records) {
  if (!file_) return fail(ErrorCode::storage_failed, "the order log must be written anew after an error");
  auto outcome = file_->append(records);
  if (outcome) outcome = file_->sync();
  if (!outcome) file_.reset();
  return outcome;
}

Result<void> OrderLog::replace(ByteView records) {
  file_.reset();
  DUHENG_CHECK(write_file_atomically(disk_, path_, records));
  DUHENG_TRY(file_, disk_.open(path_, OpenMode::append));
  return {};
}

}  // namespace duheng::gateway
