#pragma once
// The frame work of CJ/T 188-2018, chapter 7 (data security): where cipher text and MAC lie, padding, the new length
// and checksum. No cryptography: a Cipher brings it.
#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include "base/bytes.hpp"
#include "codec/cjt188/cipher_profile.hpp"
#include "codec/cjt188/frame.hpp"

namespace duheng::cjt188 {

/// A block cipher in the mode the meter uses (SM4-CBC by 2018), with the keys it needs. Implemented elsewhere; may be
/// called from one thread at a time. `false` means that the key is missing or the operation failed.
class Cipher {
 public:
  virtual ~Cipher() = default;
  /// `text` is whole blocks, changed in place.
  [[nodiscard]] virtual bool encrypt(KeyReference key, ByteView initial_vector, std::span<std::uint8_t> text) = 0;
  [[nodiscard]] virtual bool decrypt(KeyReference key, ByteView initial_vector, std::span<std::uint8_t> text) = 0;
  /// Writes mac.size() octets.
  [[nodiscard]] virtual bool authenticate(KeyReference key, ByteView covered, std::span<std::uint8_t> mac) = 0;
  /// For CipherProfile::InitialVector::configured and derived; `header` is T, A0..A6 and C.
  [[nodiscard]] virtual bool initial_vector(KeyReference key, ByteView header, std::span<std::uint8_t> out) = 0;
  /// For first_block: a fresh one to send.
  [[nodiscard]] virtual bool fresh_initial_vector(std::span<std::uint8_t> out) = 0;
};

/// Plain DATA of an encrypted frame, in its own small buffer.
class PlainFrame {
 public:
  [[nodiscard]] ByteView data() const noexcept { return {buffer_.data(), size_}; }

 private:
  friend std::expected<PlainFrame, DecodeError> unprotect(const CipherProfile&, Cipher&, const FrameView&);
  std::array<std::uint8_t, frame_layout::data_octets_max> buffer_{};
  std::size_t size_ = 0;
};

/// Whether the frame is encrypted, as far as its marker tells; with Marker::none every frame that has something to
/// cover is.
[[nodiscard]] bool is_encrypted(const CipherProfile& profile, const FrameView& frame) noexcept;

/// Pads, encrypts, puts the cipher text and the MAC in DATA's place, sets the marker and a new L and CS.
/// Errors: limit_exceeded - more than 255 octets of DATA; truncated - DATA is shorter than DI and SER; key_missing -
/// the cipher refused; invalid_argument - the profile contradicts itself.
[[nodiscard]] std::expected<FrameBuffer, DecodeError> protect(const CipherProfile& profile, Cipher& cipher,
                                                              const FrameFields& fields);

/// Checks the MAC, decrypts, takes the padding off. Nothing of a frame whose MAC or padding is wrong is given out.
/// Errors: checksum_mismatch (field mac) - tampered with, or another key; malformed (field padding, data) - cipher text
/// that is not whole blocks, or another key; key_missing - the cipher refused; truncated; invalid_argument.
/// octet_offset counts in DATA.
[[nodiscard]] std::expected<PlainFrame, DecodeError> unprotect(const CipherProfile& profile, Cipher& cipher,
                                                               const FrameView& frame);

}  // namespace duheng::cjt188
