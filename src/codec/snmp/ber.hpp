#pragma once
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "codec/snmp/object_id.hpp"

namespace duheng::snmp {

/// Tags that SNMP uses. ITU-T X.690; RFC 2578 (SMIv2), RFC 3416.
namespace tag {
inline constexpr std::uint8_t integer = 0x02;
inline constexpr std::uint8_t octet_string = 0x04;
inline constexpr std::uint8_t null = 0x05;
inline constexpr std::uint8_t object_id = 0x06;
inline constexpr std::uint8_t sequence = 0x30;
inline constexpr std::uint8_t ip_address = 0x40;
inline constexpr std::uint8_t counter32 = 0x41;
inline constexpr std::uint8_t gauge32 = 0x42;
inline constexpr std::uint8_t time_ticks = 0x43;
inline constexpr std::uint8_t opaque = 0x44;
inline constexpr std::uint8_t counter64 = 0x46;
inline constexpr std::uint8_t no_such_object = 0x80;
inline constexpr std::uint8_t no_such_instance = 0x81;
inline constexpr std::uint8_t end_of_mib_view = 0x82;
}  // namespace tag

/// Reads elements of definite length one behind the other; never past its input. The first failure sticks: later reads
/// give nothing, and the caller checks ok() once.
class BerReader {
 public:
  explicit BerReader(ByteView in, std::size_t base = 0) noexcept : in_(in), base_(base) {}
  struct Element {
    std::uint8_t tag = 0;
    ByteView content;
    std::size_t begin = 0;          ///< of its tag, from the first octet of the whole message
    std::size_t content_begin = 0;  ///< likewise
  };
  /// Any element. Nothing: there is none, and ok() is false.
  [[nodiscard]] std::optional<Element> any() noexcept;
  /// An element of this tag; else ok() becomes false and the content is empty.
  [[nodiscard]] Element expect(std::uint8_t wanted) noexcept;
  /// A reader of the content of an element of this tag.
  [[nodiscard]] BerReader inside(std::uint8_t wanted) noexcept;
  /// A signed INTEGER of at most 8 octets.
  [[nodiscard]] std::int64_t integer() noexcept;
  [[nodiscard]] ByteView octets() noexcept { return expect(tag::octet_string).content; }
  [[nodiscard]] ObjectId object_id() noexcept;

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == in_.size(); }
  /// Whole: nothing went wrong and nothing is left.
  [[nodiscard]] bool is_done() const noexcept { return ok_ && at_end(); }
  [[nodiscard]] std::uint8_t peek() const noexcept { return at_end() ? std::uint8_t{0} : in_[at_]; }
  void set_failed() noexcept { ok_ = false; }

 private:
  ByteView in_;
  std::size_t base_ = 0;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// Content of an INTEGER, two's complement; of counters, unsigned. Nothing when it is empty or does not fit.
[[nodiscard]] std::optional<std::int64_t> read_signed(ByteView content) noexcept;
[[nodiscard]] std::optional<std::uint64_t> read_unsigned(ByteView content) noexcept;
[[nodiscard]] std::optional<ObjectId> read_object_id(ByteView content);

// Appending. A constructed element is written as its content first and then wrapped.
void put_element(Bytes& out, std::uint8_t tag, ByteView content);
void put_integer(Bytes& out, std::int64_t value, std::uint8_t tag = tag::integer);
void put_unsigned(Bytes& out, std::uint64_t value, std::uint8_t tag);
void put_object_id(Bytes& out, const ObjectId& id);
inline void put_octets(Bytes& out, ByteView content) { put_element(out, tag::octet_string, content); }

}  // namespace duheng::snmp
