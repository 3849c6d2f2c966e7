#include "model/batch.hpp"

#include <fmt/format.h>

namespace duheng {
namespace {

constexpr std::uint8_t version_1 = 1;

// Stamps are carried as differences. They wrap like unsigned numbers, so that no content can overflow a signed one.
std::int64_t difference(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t sum(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

std::uint32_t BatchWriter::device(std::string_view uid) {
  key_.assign(uid);
  const auto [it, is_new] = devices_.try_emplace(key_, static_cast<std::uint32_t>(devices_.size()));
  if (is_new) ByteWriter(device_bytes_).sized(uid);
  return it->second;
}

std::uint32_t BatchWriter::register_of(const Register& r) {
  key_.assign(r.name);
  key_.push_back('\0');
  key_.append(r.unit);
  key_.push_back(static_cast<char>(r.exponent));
  key_.push_back(static_cast<char>(r.kind));
  const auto [it, is_new] = registers_.try_emplace(key_, static_cast<std::uint32_t>(registers_.size()));
  if (is_new) {
    ByteWriter out(register_bytes_);
    out.sized(r.name);
    out.sized(r.unit);
    out.zigzag(r.exponent);
    out.u8(static_cast<std::uint8_t>(r.kind));
  }
  return it->second;
}

void BatchWriter::frame(const Frame& frame) {
  close_frame();
  ByteWriter out(frame_bytes_);
  out.varint(frame.device_index);
  out.u8(static_cast<std::uint8_t>(frame.protocol));
  out.zigzag(difference(frame.received_utc_ms, created_utc_ms_));
  out.zigzag(frame.sent_utc_ms == 0 ? 0 : sum(difference(frame.received_utc_ms, frame.sent_utc_ms), 1));
  out.sized(frame.request);
  out.sized(frame.response);
  open_received_utc_ms_ = frame.received_utc_ms;
  frame_open_ = true;
  ++frame_count_;
}

void BatchWriter::reading(const Reading& reading) {
  ByteWriter out(reading_bytes_);
  out.varint(reading.register_index);
  out.zigzag(reading.mantissa);
  out.zigzag(difference(reading.time_utc_ms, open_received_utc_ms_));
  out.u8(static_cast<std::uint8_t>(reading.time_source));
  out.varint(static_cast<std::uint16_t>(reading.quality));
  ++open_readings_;
  ++reading_count_;
}

void BatchWriter::close_frame() {
  if (!frame_open_) return;
  ByteWriter out(frame_bytes_);
  out.varint(open_readings_);
  out.raw(reading_bytes_);
  reading_bytes_.clear();
  open_readings_ = 0;
  frame_open_ = false;
}

void BatchWriter::finish(Bytes& out) {
  close_frame();
  out.reserve(out.size() + size_bytes());
  ByteWriter writer(out);
  writer.u8(version_1);
  writer.u64(static_cast<std::uint64_t>(created_utc_ms_));
  writer.varint(devices_.size());
  writer.raw(device_bytes_);
  writer.varint(registers_.size());
  writer.raw(register_bytes_);
  writer.varint(frame_count_);
  writer.raw(frame_bytes_);
}

void BatchWriter::clear(std::int64_t created_utc_ms) {
  created_utc_ms_ = created_utc_ms;
  devices_.clear();
  registers_.clear();
  device_bytes_.clear();
  register_bytes_.clear();
  frame_bytes_.clear();
  reading_bytes_.clear();
  frame_count_ = reading_count_ = open_readings_ = 0;
  frame_open_ = false;
}

void BatchView::read_frame(ByteReader& in, Frame& frame, std::uint64_t& readings) const noexcept {
  frame.device_index = static_cast<std::uint32_t>(in.varint());
  frame.protocol = static_cast<Protocol>(in.u8());
  frame.received_utc_ms = sum(created_utc_ms_, in.zigzag());
  const std::int64_t since_sent = in.zigzag();
  frame.sent_utc_ms = since_sent == 0 ? 0 : difference(frame.received_utc_ms, difference(since_sent, 1));
  frame.request = in.sized();
  frame.response = in.sized();
  readings = in.varint();
}

Reading BatchView::read_reading(ByteReader& in, const Frame& frame) noexcept {
  Reading reading;
  reading.register_index = static_cast<std::uint32_t>(in.varint());
  reading.mantissa = in.zigzag();
  reading.time_utc_ms = sum(frame.received_utc_ms, in.zigzag());
  reading.time_source = static_cast<TimeSource>(in.u8());
  reading.quality = static_cast<Quality>(in.varint());
  return reading;
}

Result<BatchView> BatchView::parse(ByteView bytes) {
  using namespace batch_limits;
  const auto malformed = [](std::string_view what, const ByteReader& in) {
    return fail(ErrorCode::malformed, fmt::format("batch: {} at octet {}", what, in.offset()));
  };
  if (bytes.size() > bytes_max) {
    return fail(ErrorCode::limit_exceeded, fmt::format("batch of {} octets, the limit is {}", bytes.size(), bytes_max));
  }
  ByteReader in(bytes);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != version_1) {
    return fail(ErrorCode::unsupported, fmt::format("batch version {}, this release reads 1", version));
  }
  BatchView view;
  view.created_utc_ms_ = static_cast<std::int64_t>(in.u64());

  // Every table entry takes at least one octet, so a count beyond what remains is refused before memory is reserved.
  const std::uint64_t device_count = in.varint();
  if (!in.ok() || device_count > devices_max || device_count > in.remaining()) return malformed("device table", in);
  view.devices_.reserve(device_count);
  for (std::uint64_t i = 0; i < device_count; ++i) {
    const auto uid = in.sized_text();
    if (!in.ok() || uid.empty() || uid.size() > device_uid_bytes_max) return malformed("device uid", in);
    view.devices_.push_back(uid);
  }
  const std::uint64_t register_count = in.varint();
  if (!in.ok() || register_count > registers_max || register_count > in.remaining())
    return malformed("register table", in);
  view.registers_.reserve(register_count);
  for (std::uint64_t i = 0; i < register_count; ++i) {
    Register r;
    r.name = in.sized_text();
    r.unit = in.sized_text();
    const std::int64_t exponent = in.zigzag();
    r.kind = static_cast<SeriesKind>(in.u8());
    if (!in.ok() || r.name.empty() || r.name.size() > register_name_bytes_max ||
        r.unit.size() > register_name_bytes_max || exponent < -18 || exponent > 18 || r.kind > SeriesKind::event) {
      return malformed("register", in);
    }
    r.exponent = static_cast<std::int8_t>(exponent);
    view.registers_.push_back(r);
  }
  const std::uint64_t frame_count = in.varint();
  if (!in.ok() || frame_count > frames_max || frame_count > in.remaining()) return malformed("frame table", in);
  view.frame_count_ = frame_count;
  view.frames_ = bytes.subspan(in.offset());
  for (std::uint64_t i = 0; i < frame_count; ++i) {
    const std::uint64_t device = in.varint();
    in.u8();
    in.zigzag();
    in.zigzag();
    const auto request = in.sized();
    const auto response = in.sized();
    const std::uint64_t readings = in.varint();
    if (!in.ok() || device >= view.devices_.size() || request.size() > frame_bytes_max ||
        response.size() > frame_bytes_max || readings > in.remaining()) {
      return malformed("frame", in);
    }
    for (std::uint64_t r = 0; r < readings; ++r) {
      const std::uint64_t index = in.varint();
      in.zigzag();
      in.zigzag();
      const std::uint8_t time_source = in.u8();
      const std::uint64_t quality = in.varint();
      if (!in.ok() || index >= view.registers_.size() || time_source > 2 || quality > 0xFFFF)
        return malformed("reading", in);
    }
    view.reading_count_ += readings;
  }
  if (!in.at_end()) return malformed("octets left over", in);
  return view;
}

std::optional<BatchView::FrameWithReadings> BatchView::find(std::uint32_t frame_index) const {
  std::optional<FrameWithReadings> found;
  for_each(
      [&](std::uint32_t index, const Frame& frame) {
        if (index == frame_index) found = FrameWithReadings{frame, {}};
      },
      [&](std::uint32_t index, const Frame&, const Reading& reading) {
        if (index == frame_index) found->readings.push_back(reading);
      });
  return found;
}

}  // namespace duheng
