#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "codec/cjt188/data_identifier.hpp"
#include "codec/cjt188/error.hpp"
#include "codec/cjt188/field.hpp"
#include "codec/cjt188/message.hpp"

namespace duheng::cjt188 {

/// The fields of one payload, in the order they travel.
struct Layout {
  const FieldFormat* field_list = nullptr;
  const Value* value_list = nullptr;  ///< each field's value before its octets are known
  std::uint8_t field_count = 0;
  std::uint8_t octets = 0;
  bool unit_may_stand_in_front = false;
  std::string_view clause = {};
  [[nodiscard]] std::span<const FieldFormat> fields() const noexcept { return {field_list, field_count}; }
};

/// The layout of a message's payload, by its direction, identifier, the meter's family and the payload's length.
/// Errors: unsupported - this release knows no layout for it, keep the octets; malformed (field data) - the identifier
/// is known but not with this length; octet_offset counts in DATA and is where the payload should have gone on or
/// ended.
[[nodiscard]] std::expected<const Layout*, DecodeError> find_layout(const Message& message) noexcept;

}  // namespace duheng::cjt188
