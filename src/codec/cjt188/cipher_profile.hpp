#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace duheng::cjt188 {

/// Which key of the meter: the frame does not carry it in any layout known publicly.
struct KeyReference {
  std::uint8_t index = 0;
  std::uint8_t version = 0;
  friend bool operator==(const KeyReference&, const KeyReference&) = default;
};

/// How a meter encrypts DATA, as far as the standard's public traces leave it open. Every choice is data, because the
/// text of CJ/T 188-2018, chapter 7 (data security), was not at hand: none of these is proven against a real meter.
struct CipherProfile {
  /// What of DATA is replaced by cipher text.
  enum class Covered : std::uint8_t { whole_data, payload_after_sequence };
  /// Where the initialisation vector comes from.
  enum class InitialVector : std::uint8_t { zero, configured, first_block, derived };
  /// What fills the last block.
  enum class Padding : std::uint8_t {
    iso7816,        ///< 80H, then 00H; a whole block when nothing is missing
    length_prefix,  ///< one octet of length before the data; 80H and 00H behind it only when the block is not full
    pkcs7,          ///< n octets of the value n
    zero,           ///< 00H to the end of the block; cannot be told from data, so it stays on when decrypting
  };
  /// How a receiver knows a frame is encrypted.
  enum class Marker : std::uint8_t { none, control_bit, identifier_list };
  /// What a message authentication code is computed over.
  enum class MacCovers : std::uint8_t { cipher_text, plain_text, header_and_cipher_text };

  std::string_view name = {};
  Covered covered = Covered::payload_after_sequence;
  InitialVector initial_vector = InitialVector::zero;
  Padding padding = Padding::iso7816;
  Marker marker = Marker::none;  ///< none: every frame of a session is encrypted
  std::uint8_t marker_bit = 0;   ///< control_bit: the mask in C
  std::span<const std::uint16_t> marker_identifiers = {};
  std::uint8_t mac_octets = 0;  ///< 0: none; else they end DATA
  MacCovers mac_covers = MacCovers::cipher_text;
  std::uint8_t block_octets = 16;
  KeyReference key = {};
};

}  // namespace duheng::cjt188
