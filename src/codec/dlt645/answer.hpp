#pragma once
// The short way from a frame to its values, for those who read meters all day.
#include "codec/dlt645/frame.hpp"
#include "codec/dlt645/value.hpp"

namespace duheng::dlt645 {

/// A read answer taken apart and decoded. Reusable; nothing in it is cleared between answers, so make it once.
struct Answer {
  DataDescription description;  ///< what the identifier stands for
  PlainData plain;              ///< DATA without 33H
  ValueList values;
  /// The octets the values were read from, as decode_values() wants them: Value::offset counts in here.
  [[nodiscard]] ByteView payload() const noexcept {
    return plain.view().subspan(description.edition == Edition::edition_1997 ? 2 : DataIdentifier::size_octets);
  }
};

/// Decodes a whole, good read answer: 91H, or 81H of the 1997 edition. The same as plain_data(), parse_read_reply(),
/// describe() and decode_values() one after the other, with the same results and errors, but in one pass.
/// Errors, beside those of describe() and decode_values() (whose offsets count in the payload): unsupported, field
/// control - the frame is another one: a question, an error, a part of a longer answer; truncated - DATA ends before
/// the identifier does. With unsupported, field data_identifier, `plain` holds the octets to keep.
/// Pure, no allocation.
[[nodiscard]] std::expected<void, DecodeError> decode_answer(const FrameView& frame, Answer& out) noexcept;

}  // namespace duheng::dlt645
