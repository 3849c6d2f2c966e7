#include "codec/cjt188/cipher.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "codec/cjt188/message.hpp"

namespace duheng::cjt188 {

namespace {

constexpr std::string_view clause_security = "CJ/T 188-2018, 7 (data security)";
constexpr std::size_t block_octets_max = 32;
constexpr std::size_t mac_octets_max = 32;
constexpr std::size_t header_octets = frame_layout::length_offset - frame_layout::type_offset;

using Covered = CipherProfile::Covered;
using InitialVector = CipherProfile::InitialVector;
using MacCovers = CipherProfile::MacCovers;
using Marker = CipherProfile::Marker;
using Padding = CipherProfile::Padding;
using Octets = std::span<std::uint8_t>;

/// Room for the largest DATA, its padding and a header before it.
using Scratch = std::array<std::uint8_t, 512>;

std::unexpected<DecodeError> refuse(ErrorCode code, Field field, std::size_t offset) noexcept {
  return std::unexpected(DecodeError{code, field, 0, 0, static_cast<std::uint32_t>(offset), clause_security});
}

bool makes_sense(const CipherProfile& profile) noexcept {
  return profile.block_octets > 0 && profile.block_octets <= block_octets_max && profile.mac_octets <= mac_octets_max;
}

/// Octets of DATA that stay readable.
std::size_t clear_octets(const CipherProfile& profile) noexcept {
  return profile.covered == Covered::whole_data ? 0 : Message::payload_offset;
}
std::size_t vector_octets(const CipherProfile& profile) noexcept {
  return profile.initial_vector == InitialVector::first_block ? profile.block_octets : 0U;
}

/// Appends the padding to `size` octets in `text`; the new size. `text` has room.
std::size_t pad(const CipherProfile& profile, Octets text, std::size_t size) noexcept {
  const std::size_t block = profile.block_octets;
  if (profile.padding == Padding::length_prefix) {
    std::memmove(text.data() + 1, text.data(), size);
    text[0] = static_cast<std::uint8_t>(size);
    ++size;
    if (size % block == 0) return size;
  }
  const std::size_t missing = (block - size % block) % block;
  std::size_t count = missing;
  if (count == 0 && (profile.padding == Padding::iso7816 || profile.padding == Padding::pkcs7)) count = block;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t octet = 0;
    if (profile.padding == Padding::pkcs7) octet = static_cast<std::uint8_t>(count);
    if (i == 0 && (profile.padding == Padding::iso7816 || profile.padding == Padding::length_prefix)) octet = 0x80;
    text[size + i] = octet;
  }
  return size + count;
}

/// The octets of `text` without padding; nothing when the padding is not what it must be.
std::optional<ByteView> without_padding(const CipherProfile& profile, ByteView text) noexcept {
  const std::size_t block = profile.block_octets;
  switch (profile.padding) {
    case Padding::zero:
      // What was data and what padding cannot be told apart: all is given, the reader knows its layout.
      return text;
    case Padding::pkcs7: {
      const std::size_t count = text.empty() ? 0 : text.back();
      if (count == 0 || count > block || count > text.size()) return std::nullopt;
      const ByteView tail = text.last(count);
      if (!std::ranges::all_of(tail, [count](std::uint8_t octet) { return octet == count; })) return std::nullopt;
      return text.first(text.size() - count);
    }
    case Padding::iso7816: {
      std::size_t at = text.size();
      while (at > 0 && text[at - 1] == 0) --at;
      if (at == 0 || text[at - 1] != 0x80 || text.size() - at >= block) return std::nullopt;
      return text.first(at - 1);
    }
    case Padding::length_prefix:
      break;
  }
  const std::size_t size = text.empty() ? text.size() : text[0] + 1U;
  if (text.empty() || size > text.size() || text.size() - size >= block) return std::nullopt;
  const ByteView tail = text.subspan(size);
  for (std::size_t i = 0; i < tail.size(); ++i) {
    if (tail[i] != (i == 0 ? 0x80 : 0)) return std::nullopt;
  }
  return text.subspan(1, size - 1);
}

struct Vector {
  std::array<std::uint8_t, block_octets_max> octets{};
  std::size_t size = 0;
  [[nodiscard]] ByteView view() const noexcept { return {octets.data(), size}; }
};

/// The initialisation vector that does not travel; false when the cipher refuses.
bool known_vector(const CipherProfile& profile, Cipher& cipher, ByteView header, Vector& out) {
  out.size = profile.block_octets;
  if (profile.initial_vector == InitialVector::zero) return true;
  return cipher.initial_vector(profile.key, header, Octets(out.octets).first(out.size));
}

/// Computes the MAC over what the profile says.
bool compute_mac(const CipherProfile& profile, Cipher& cipher, ByteView header, ByteView cipher_text,
                 ByteView plain_text, Octets mac) {
  if (profile.mac_covers == MacCovers::cipher_text) return cipher.authenticate(profile.key, cipher_text, mac);
  if (profile.mac_covers == MacCovers::plain_text) return cipher.authenticate(profile.key, plain_text, mac);
  Scratch joined;
  std::ranges::copy(header, joined.begin());
  std::ranges::copy(cipher_text, joined.begin() + static_cast<std::ptrdiff_t>(header.size()));
  return cipher.authenticate(profile.key, ByteView(joined).first(header.size() + cipher_text.size()), mac);
}

/// No early way out, so that the time taken says nothing about where two codes differ.
bool equal_in_constant_time(ByteView left, ByteView right) noexcept {
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) difference |= static_cast<unsigned>(left[i] ^ right[i]);
  return difference == 0;
}

}  // namespace

bool is_encrypted(const CipherProfile& profile, const FrameView& frame) noexcept {
  const ByteView data = frame.data();
  if (data.size() <= clear_octets(profile)) return false;
  switch (profile.marker) {
    case Marker::none:
      return true;
    case Marker::control_bit:
      return (frame.control() & profile.marker_bit) != 0;
    case Marker::identifier_list:
      break;
  }
  if (data.size() < Message::payload_offset) return false;
  const auto identifier = resolve_identifier(data[0], data[1], IdentifierOrder::low_first).identifier;
  return std::ranges::find(profile.marker_identifiers, identifier.value) != profile.marker_identifiers.end();
}

std::expected<FrameBuffer, DecodeError> protect(const CipherProfile& profile, Cipher& cipher,
                                                const FrameFields& fields) {
  if (!makes_sense(profile)) return refuse(ErrorCode::invalid_argument, Field::none, 0);
  const std::size_t clear = clear_octets(profile);
  if (fields.data.size() < clear) return refuse(ErrorCode::truncated, Field::data_identifier, fields.data.size());
  if (fields.data.size() > frame_layout::data_octets_max) return refuse(ErrorCode::limit_exceeded, Field::data, 0);
  const ByteView plain = fields.data.subspan(clear);
  const std::size_t vector_size = vector_octets(profile);

  FrameFields sealed = fields;
  if (profile.marker == Marker::control_bit) sealed.control |= profile.marker_bit;
  std::array<std::uint8_t, header_octets> header{sealed.meter_type};
  std::ranges::copy(sealed.address.wire(), header.begin() + 1);
  header.back() = sealed.control;

  // Clear octets, vector, cipher text, MAC.
  Scratch data{};
  std::ranges::copy(fields.data.first(clear), data.begin());
  const Octets vector_place = Octets(data).subspan(clear, vector_size);
  const Octets text_place = Octets(data).subspan(clear + vector_size);
  std::ranges::copy(plain, text_place.begin());
  const std::size_t text_size = pad(profile, text_place, plain.size());
  const std::size_t size = clear + vector_size + text_size + profile.mac_octets;
  if (size > frame_layout::data_octets_max) return refuse(ErrorCode::limit_exceeded, Field::data, 0);

  Vector vector;
  const bool has_vector =
      vector_size > 0 ? cipher.fresh_initial_vector(vector_place) : known_vector(profile, cipher, header, vector);
  const ByteView used_vector = vector_size > 0 ? ByteView(vector_place) : vector.view();
  const Octets text = text_place.first(text_size);
  if (!has_vector || !cipher.encrypt(profile.key, used_vector, text)) {
    return refuse(ErrorCode::key_missing, Field::data, clear);
  }
  const Octets mac = text_place.subspan(text_size, profile.mac_octets);
  if (!mac.empty() &&
      !compute_mac(profile, cipher, header, ByteView(data).first(size - mac.size()), fields.data, mac)) {
    return refuse(ErrorCode::key_missing, Field::mac, size - mac.size());
  }
  sealed.data = ByteView(data).first(size);
  return encode(sealed);
}

std::expected<PlainFrame, DecodeError> unprotect(const CipherProfile& profile, Cipher& cipher, const FrameView& frame) {
  if (!makes_sense(profile)) return refuse(ErrorCode::invalid_argument, Field::none, 0);
  const ByteView data = frame.data();
  const std::size_t clear = clear_octets(profile);
  const std::size_t around = clear + vector_octets(profile) + profile.mac_octets;
  if (data.size() <= around) return refuse(ErrorCode::truncated, Field::data, data.size());
  const std::size_t text_size = data.size() - around;
  if (text_size % profile.block_octets != 0) return refuse(ErrorCode::malformed, Field::data, data.size());
  const ByteView header = frame.octets().subspan(frame_layout::type_offset, header_octets);
  const ByteView covered = data.first(data.size() - profile.mac_octets);
  const ByteView mac = data.last(profile.mac_octets);

  std::array<std::uint8_t, mac_octets_max> due{};
  const auto check_mac = [&](ByteView plain) -> std::expected<void, DecodeError> {
    const Octets out = Octets(due).first(mac.size());
    if (!compute_mac(profile, cipher, header, covered, plain, out)) {
      return refuse(ErrorCode::key_missing, Field::mac, covered.size());
    }
    if (!equal_in_constant_time(out, mac)) return refuse(ErrorCode::checksum_mismatch, Field::mac, covered.size());
    return {};
  };
  const bool plain_is_covered = profile.mac_covers == MacCovers::plain_text;
  if (!mac.empty() && !plain_is_covered) {
    if (const auto checked = check_mac({}); !checked) return std::unexpected(checked.error());
  }

  Vector vector;
  if (const std::size_t size = vector_octets(profile); size > 0) {
    std::ranges::copy(data.subspan(clear, size), vector.octets.begin());
    vector.size = size;
  } else if (!known_vector(profile, cipher, header, vector)) {
    return refuse(ErrorCode::key_missing, Field::data, clear);
  }
  Scratch text{};
  const std::size_t text_offset = clear + vector_octets(profile);
  std::ranges::copy(data.subspan(text_offset, text_size), text.begin());
  if (!cipher.decrypt(profile.key, vector.view(), Octets(text).first(text_size))) {
    return refuse(ErrorCode::key_missing, Field::data, text_offset);
  }
  const auto plain = without_padding(profile, ByteView(text).first(text_size));
  if (!plain) return refuse(ErrorCode::malformed, Field::padding, text_offset);

  PlainFrame out;
  std::ranges::copy(data.first(clear), out.buffer_.begin());
  std::ranges::copy(*plain, out.buffer_.begin() + static_cast<std::ptrdiff_t>(clear));
  out.size_ = clear + plain->size();
  if (!mac.empty() && plain_is_covered) {
    if (const auto checked = check_mac(out.data()); !checked) return std::unexpected(checked.error());
  }
  return out;
}

}  // namespace duheng::cjt188
