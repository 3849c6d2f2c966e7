#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "codec/modbus/error.hpp"
#include "codec/modbus/function.hpp"

namespace duheng::modbus {

/// One object of an answer to function 43/14, in somebody else's buffer.
struct IdentificationObject {
  std::uint8_t id = 0;
  ByteView value;  ///< ASCII for the basic and regular objects, anything for the maker's own
};

/// A whole protocol data unit (function code and data) in somebody else's buffer; checked, never copied.
/// Which accessors mean something follows from function and role, see each; the others return 0 or nothing.
class PduView {
 public:
  [[nodiscard]] ByteView octets() const noexcept { return {data_, size_}; }
  [[nodiscard]] Role role() const noexcept { return role_; }
  /// As it stands, with the exception bit.
  [[nodiscard]] std::uint8_t function_octet() const noexcept { return data_[0]; }
  /// Without the exception bit.
  [[nodiscard]] std::uint8_t function_code() const noexcept {
    return static_cast<std::uint8_t>(data_[0] & ~unsigned{exception_bit});
  }
  [[nodiscard]] bool is(Function wanted) const noexcept { return data_[0] == static_cast<std::uint8_t>(wanted); }
  [[nodiscard]] bool is_exception() const noexcept { return (data_[0] & exception_bit) != 0; }
  /// Of an exception; codes that are not laid down are passed on.
  [[nodiscard]] std::uint8_t exception_code() const noexcept { return is_exception() ? data_[1] : 0; }
  /// The content is carried as it is: a function, or MEI type, this codec has no reading for.
  [[nodiscard]] bool is_raw() const noexcept;
  /// Everything behind the function code.
  [[nodiscard]] ByteView data() const noexcept { return {data_ + 1, size_ - 1U}; }

  /// Requests 1-6, 15, 16, 22, 23 (read part); answers 5, 6, 15, 16, 22.
  [[nodiscard]] bool has_address() const noexcept;
  [[nodiscard]] std::uint16_t address() const noexcept { return has_address() ? word_at(1) : std::uint16_t{0}; }
  /// Requests 1-4, 15, 16, 23 (read part); answers 15, 16.
  [[nodiscard]] bool has_quantity() const noexcept;
  [[nodiscard]] std::uint16_t quantity() const noexcept { return has_quantity() ? word_at(3) : std::uint16_t{0}; }
  /// 5 and 6, both directions: FF00H or 0 for a coil, the register else.
  [[nodiscard]] std::uint16_t single_value() const noexcept;
  /// 22, both directions: new = (old and and_mask) or (or_mask and not and_mask).
  [[nodiscard]] std::uint16_t and_mask() const noexcept;
  [[nodiscard]] std::uint16_t or_mask() const noexcept;
  /// Request 23.
  [[nodiscard]] std::uint16_t write_address() const noexcept;
  [[nodiscard]] std::uint16_t write_quantity() const noexcept;
  /// Coils, inputs or registers as they travel: requests 15, 16, 23; answers 1-4, 23. Else empty.
  [[nodiscard]] ByteView value_octets() const noexcept;
  /// Offset of value_octets() in octets(); 0 when there are none.
  [[nodiscard]] std::size_t value_offset() const noexcept;
  [[nodiscard]] bool holds_bits() const noexcept;
  [[nodiscard]] std::size_t register_count() const noexcept { return holds_bits() ? 0 : value_octets().size() / 2; }
  /// `index` < register_count().
  [[nodiscard]] std::uint16_t register_at(std::size_t index) const noexcept {
    const ByteView values = value_octets();
    return static_cast<std::uint16_t>(values[2 * index] << 8 | values[2 * index + 1]);
  }
  /// Bits there is room for: an answer does not say how many of its last octet count.
  [[nodiscard]] std::size_t bit_capacity() const noexcept { return holds_bits() ? value_octets().size() * 8 : 0; }
  /// `index` < bit_capacity().
  [[nodiscard]] bool bit_at(std::size_t index) const noexcept {
    return (value_octets()[index / 8] >> (index % 8) & 1U) != 0;
  }

  /// Function 43, both directions.
  [[nodiscard]] std::uint8_t mei_type() const noexcept;
  [[nodiscard]] bool is_identification() const noexcept { return mei_type() == mei_read_device_identification; }
  /// 43/14, both directions: 1 basic, 2 regular, 3 extended, 4 one object.
  [[nodiscard]] std::uint8_t read_device_id() const noexcept { return is_identification() ? data_[2] : 0; }
  /// Request 43/14: first or only object wanted. Answer: where to go on when more_follows().
  [[nodiscard]] std::uint8_t object_id() const noexcept;
  /// Answer 43/14: 01, 02, 03 for what streaming gives, 80H added when single objects can be asked for.
  [[nodiscard]] std::uint8_t conformity_level() const noexcept;
  [[nodiscard]] bool more_follows() const noexcept;
  [[nodiscard]] std::uint8_t object_count() const noexcept;
  /// Calls `on_object(IdentificationObject)` for each object of an answer 43/14, in order.
  template <class OnObject>
  void for_each_object(OnObject&& on_object) const {
    const std::size_t count = object_count();
    std::size_t at = identification_header_octets;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t length = data_[at + 1];
      on_object(IdentificationObject{data_[at], {data_ + at + 2, length}});
      at += 2 + length;
    }
  }
  /// Function, MEI type, read device id, conformity level, more follows, next object, number of objects.
  static constexpr std::size_t identification_header_octets = 7;

 private:
  friend std::expected<PduView, DecodeError> decode_pdu(ByteView, Role) noexcept;
  [[nodiscard]] std::uint16_t word_at(std::size_t offset) const noexcept {
    return static_cast<std::uint16_t>(data_[offset] << 8 | data_[offset + 1]);
  }
  const std::uint8_t* data_ = nullptr;
  std::uint16_t size_ = 0;
  Role role_ = Role::request;
};

/// Checks a PDU that must fill `octets`: shape by function and role, quantities, address + quantity <= 65536, byte
/// counts against quantities, coil values, MEI objects.
/// Errors: truncated - `field` is due at `octet_offset`; malformed - `field` has no allowed value, or `trailing`
/// octets. Pure, no allocation, never reads past the span. Source: Modbus Application Protocol V1.1b3, 6 and 7.
[[nodiscard]] std::expected<PduView, DecodeError> decode_pdu(ByteView octets, Role role) noexcept;

/// What the octets at hand say about a PDU's size; for transports that do not carry it (RTU).
struct PduSize {
  enum class Kind : std::uint8_t {
    known,       ///< `octets` is the size
    unknown,     ///< the function's size is not laid down, or not here: only a gap ends the frame
    more,        ///< at least `octets` are needed to tell
    impossible,  ///< no PDU of this role begins so
  };
  Kind kind = Kind::more;
  std::uint16_t octets = 1;
};
/// Pure, no allocation; linear in the objects of 43/14, constant else.
[[nodiscard]] PduSize pdu_size(ByteView octets, Role role) noexcept;

/// A PDU with its own storage, so that building one does not allocate.
class PduBuffer {
 public:
  [[nodiscard]] ByteView view() const noexcept { return {buffer_.data(), size_}; }
  void append(std::uint8_t octet) noexcept {
    // Builders check their quantities first; what does not fit is their fault and shows as a PDU that is refused.
    if (size_ < buffer_.size()) buffer_[size_++] = octet;
  }
  void append_word(std::uint16_t word) noexcept {
    append(static_cast<std::uint8_t>(word >> 8));
    append(static_cast<std::uint8_t>(word));
  }
  void append(ByteView octets) noexcept {
    for (const std::uint8_t octet : octets) append(octet);
  }
  [[nodiscard]] std::size_t room() const noexcept { return buffer_.size() - size_; }
  void set(std::size_t index, std::uint8_t octet) noexcept { buffer_[index] = octet; }

 private:
  std::array<std::uint8_t, limits::pdu_octets_max> buffer_;
  std::size_t size_ = 0;
};

}  // namespace duheng::modbus
