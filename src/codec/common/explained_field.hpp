#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace duheng::codec {

/// A sentence in both languages of the product.
struct BilingualText {
  std::string english;
  std::string chinese;
};

/// One field of a frame, for people: which octets, what they are called, what they say, where that is laid down.
///
/// A list of fields is a tree in reading order: a field that has parts is followed by them, each one level deeper. The
/// leaves follow one another without gap or overlap from the first octet to the last; a field with parts spans them.
struct ExplainedField {
  std::size_t offset = 0;  ///< into the octets given to explain()
  std::size_t size = 0;
  std::string raw;            ///< the octets as they travelled, e.g. "68 61 01"
  std::string plain;          ///< what `raw` says once the protocol's shift or scrambling is taken off; else empty
  std::string key;            ///< stable identifier, e.g. "control", "data_identifier", "value"
  BilingualText label;        ///< name of the field
  BilingualText meaning;      ///< what this content says, in words
  std::string value;          ///< the decoded content, e.g. "220.4"; empty when there is none
  std::string unit;           ///< of `value`, if any
  std::string register_name;  ///< the product's name of the register, when `key` is "value" and it has one
  std::string_view clause;    ///< standard, edition, clause
  bool is_fault = false;      ///< this field is why the frame, or its content, is refused
  std::uint8_t depth = 0;     ///< 0 = a field of the frame itself
};

}  // namespace duheng::codec
