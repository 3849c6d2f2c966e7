#pragma once
// Words for explain(): names of fields, services, codes. Private to explain.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "codec/dlt698/objects/object_table.hpp"

namespace duheng::dlt698::text {

using objects::Label;

/// The name of a field of the grammar, e.g. "piid_acd"; the key itself where there is no better word.
[[nodiscard]] Label field_label(std::string_view key) noexcept;
/// What a service or one of its kinds is, by the name of its type, e.g. "GET-Request", "GetRequestNormal".
[[nodiscard]] Label type_label(std::string_view type_name) noexcept;
/// What a DecodeError calls a part: a field or a type.
[[nodiscard]] Label part_label(std::string_view name) noexcept;
/// Data access result in both languages; empty for codes without a meaning at hand.
[[nodiscard]] Label dar_label(std::uint8_t code) noexcept;
/// Fields that are a code: "type", "result", "mechanism" … within a service; empty when there is no such code.
[[nodiscard]] Label code_label(std::string_view service, std::string_view key, std::uint8_t code) noexcept;
/// Bits of the conformance blocks of CONNECT, first bit = top bit of the first octet; empty for bits not assigned.
[[nodiscard]] Label conformance_label(bool is_protocol, unsigned bit) noexcept;
/// Both texts with the separator between them, unless one is empty.
[[nodiscard]] std::string joined(std::string_view a, std::string_view b, std::string_view separator);
/// "9600 bit/s, even parity, 8 data bits, 1 stop bit" of the five octets of a COMDCB.
struct Both {
  std::string english;
  std::string chinese;
};
[[nodiscard]] Both line_settings(ByteView comdcb);

}  // namespace duheng::dlt698::text
