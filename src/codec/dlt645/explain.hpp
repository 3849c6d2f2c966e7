#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::dlt645 {

/// A sentence in both languages of the product.
struct BilingualText {
  std::string english;
  std::string chinese;
};

/// One field of a frame, for people: which octets, what they are called, what they say, where that is laid down.
struct ExplainedField {
  std::size_t offset = 0;  ///< into the octets given to explain()
  std::size_t size = 0;
  std::string raw;            ///< the octets as they travelled, e.g. "68 61 01"
  std::string plain;          ///< DATA only: the same with 33H removed
  std::string key;            ///< stable identifier, e.g. "control", "data_identifier", "value"
  BilingualText label;        ///< name of the field
  BilingualText meaning;      ///< what this content says, in words
  std::string value;          ///< the decoded content, e.g. "220.4"; empty when there is none
  std::string unit;           ///< of `value`, if any
  std::string register_name;  ///< the product's name of the register, when `key` is "value" and it has one
  std::string_view clause;    ///< standard, edition, clause
  bool is_fault = false;      ///< this field is why the frame, or its content, is refused
};

/// Every field of whatever frames stand in `octets`. The fields follow one another without gap or overlap from the
/// first octet to the last, also for broken frames: what could be read, then the field at fault, then the rest unread.
/// Pure; allocates (a person reads it). Linear in the number of octets.
[[nodiscard]] std::vector<ExplainedField> explain(ByteView octets);

}  // namespace duheng::dlt645
