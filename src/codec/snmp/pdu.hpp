#pragma once
#include <cstdint>
#include <vector>

#include "codec/snmp/ber.hpp"

namespace duheng::snmp {

/// RFC 3416, section 3. The numbers are the tags.
enum class PduType : std::uint8_t {
  get = 0xA0,
  get_next = 0xA1,
  response = 0xA2,
  set = 0xA3,
  get_bulk = 0xA5,
  inform = 0xA6,
  trap = 0xA7,
  report = 0xA8,
};

/// A value as it travels: its tag and the content octets.
struct Value {
  std::uint8_t tag = tag::null;
  Bytes content{};
  /// INTEGER, Counter32, Gauge32, TimeTicks or Counter64. Nothing: another type, or a number above INT64_MAX.
  [[nodiscard]] std::optional<std::int64_t> number() const noexcept;
  /// The object, or this instance of it, does not exist, or the view ends here.
  [[nodiscard]] bool is_absent() const noexcept { return tag >= tag::no_such_object && tag <= tag::end_of_mib_view; }
  [[nodiscard]] static Value of_integer(std::int64_t number);
  [[nodiscard]] static Value of_unsigned(std::uint64_t number, std::uint8_t tag);
  [[nodiscard]] static Value of_text(std::string_view text);
  friend bool operator==(const Value&, const Value&) = default;
};
struct Binding {
  ObjectId name{};
  Value value{};
  friend bool operator==(const Binding&, const Binding&) = default;
};

struct Pdu {
  PduType type = PduType::get;
  std::int32_t request_id = 0;
  std::int32_t error_status = 0;  ///< of a response; RFC 3416, section 3: 0 is noError
  std::int32_t error_index = 0;   ///< of a response: the binding at fault, from 1
  std::vector<Binding> bindings{};
  static constexpr std::size_t bindings_max = 1'024;
  friend bool operator==(const Pdu&, const Pdu&) = default;
};

void put_pdu(Bytes& out, const Pdu& pdu);
/// Errors: malformed - not one whole PDU; unsupported - of a type that is not ours (SNMPv1 traps).
[[nodiscard]] Result<Pdu> parse_pdu(ByteView octets);

/// The list of bindings alone, as answers are handed on. Errors: malformed.
[[nodiscard]] Bytes encode_bindings(const std::vector<Binding>& bindings);
[[nodiscard]] Result<std::vector<Binding>> parse_bindings(ByteView octets);

}  // namespace duheng::snmp
