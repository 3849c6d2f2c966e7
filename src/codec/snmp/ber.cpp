#include "codec/snmp/ber.hpp"

#include <algorithm>
#include <array>

namespace duheng::snmp {

std::optional<BerReader::Element> BerReader::any() noexcept {
  const auto stop = [this]() -> std::optional<Element> {
    ok_ = false;
    return std::nullopt;
  };
  if (!ok_ || in_.size() - at_ < 2) return stop();
  Element out;
  out.begin = base_ + at_;
  out.tag = in_[at_];
  if ((out.tag & 0x1F) == 0x1F) return stop();  // tags of several octets do not occur
  std::size_t length = in_[at_ + 1];
  std::size_t header = 2;
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7F;
    if (octets == 0 || octets > 4 || in_.size() - at_ < 2 + octets) return stop();
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = length << 8 | in_[at_ + 2 + i];
    header += octets;
  }
  if (length > in_.size() - at_ - header) return stop();
  out.content_begin = base_ + at_ + header;
  out.content = in_.subspan(at_ + header, length);
  at_ += header + length;
  return out;
}

BerReader::Element BerReader::expect(std::uint8_t wanted) noexcept {
  auto element = any();
  if (!element || element->tag != wanted) {
    ok_ = false;
    return {};
  }
  return *element;
}

BerReader BerReader::inside(std::uint8_t wanted) noexcept {
  const auto element = expect(wanted);
  BerReader out(element.content, element.content_begin);
  if (!ok_) out.set_failed();
  return out;
}

std::int64_t BerReader::integer() noexcept {
  const auto value = read_signed(expect(tag::integer).content);
  if (!value) ok_ = false;
  return ok_ ? *value : 0;
}

ObjectId BerReader::object_id() noexcept {
  auto value = read_object_id(expect(tag::object_id).content);
  if (!ok_ || !value) {
    ok_ = false;
    return {};
  }
  return std::move(*value);
}

std::optional<std::int64_t> read_signed(ByteView content) noexcept {
  if (content.empty() || content.size() > 8) return std::nullopt;
  std::uint64_t value = (content[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t octet : content) value = value << 8 | octet;
  return static_cast<std::int64_t>(value);
}

std::optional<std::uint64_t> read_unsigned(ByteView content) noexcept {
  if (content.size() == 9 && content[0] == 0) content = content.subspan(1);
  if (content.empty() || content.size() > 8) return std::nullopt;
  std::uint64_t value = 0;
  for (const std::uint8_t octet : content) value = value << 8 | octet;
  return value;
}

std::optional<ObjectId> read_object_id(ByteView content) {
  ObjectId out;
  std::uint64_t part = 0;
  bool is_begun = false;
  for (const std::uint8_t octet : content) {
    part = part << 7 | (octet & 0x7FU);
    is_begun = true;
    if (part > UINT32_MAX + std::uint64_t{80}) return std::nullopt;
    if ((octet & 0x80) != 0) continue;
    if (out.parts.empty()) {
      const std::uint64_t first = std::min<std::uint64_t>(part / 40, 2);
      out.parts.push_back(static_cast<std::uint32_t>(first));
      part -= first * 40;
    }
    if (part > UINT32_MAX || out.parts.size() == ObjectId::parts_max) return std::nullopt;
    out.parts.push_back(static_cast<std::uint32_t>(part));
    part = 0;
    is_begun = false;
  }
  if (is_begun || out.parts.empty()) return std::nullopt;
  return out;
}

void put_element(Bytes& out, std::uint8_t tag, ByteView content) {
  out.push_back(tag);
  const std::size_t size = content.size();
  if (size < 0x80) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else if (size <= 0xFF) {
    out.push_back(0x81);
    out.push_back(static_cast<std::uint8_t>(size));
  } else {
    const bool is_long = size > 0xFFFF;
    out.push_back(is_long ? 0x84 : 0x82);
    for (int shift = is_long ? 24 : 8; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(size >> shift));
  }
  out.insert(out.end(), content.begin(), content.end());
}

void put_integer(Bytes& out, std::int64_t value, std::uint8_t tag) {
  std::array<std::uint8_t, 8> octets{};
  for (std::size_t i = 0; i < 8; ++i)
    octets[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (56 - 8 * i));
  std::size_t skip = 0;
  // The shortest form whose first bit is the sign.
  while (skip < 7 && ((octets[skip] == 0x00 && (octets[skip + 1] & 0x80) == 0) ||
                      (octets[skip] == 0xFF && (octets[skip + 1] & 0x80) != 0)))
    ++skip;
  put_element(out, tag, ByteView(octets).subspan(skip));
}

void put_unsigned(Bytes& out, std::uint64_t value, std::uint8_t tag) {
  std::array<std::uint8_t, 9> octets{};
  for (std::size_t i = 0; i < 8; ++i) octets[i + 1] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  std::size_t skip = 0;
  while (skip < 8 && octets[skip] == 0 && (octets[skip + 1] & 0x80) == 0) ++skip;
  put_element(out, tag, ByteView(octets).subspan(skip));
}

void put_object_id(Bytes& out, const ObjectId& id) {
  Bytes content;
  const auto put = [&content](std::uint64_t part) {
    for (int shift = 35; shift > 0; shift -= 7)
      if (part >> shift != 0) content.push_back(static_cast<std::uint8_t>(0x80U | (part >> shift & 0x7F)));
    content.push_back(static_cast<std::uint8_t>(part & 0x7F));
  };
  if (id.parts.size() >= 2) put(std::uint64_t{id.parts[0]} * 40 + id.parts[1]);
  for (std::size_t i = 2; i < id.parts.size(); ++i) put(id.parts[i]);
  put_element(out, tag::object_id, content);
}

}  // namespace duheng::snmp
