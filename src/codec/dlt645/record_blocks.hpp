#pragma once
// Contents whose parts are of varying number: load records and the data block of a freeze; private to this library,
// reached through decode_values().
#include "codec/dlt645/value.hpp"

namespace duheng::dlt645 {

/// Reads load records, one behind the other: A0 A0, a length, the time, six classes of values each ended by AA, a sum,
/// E5. A class may be empty; an answer for one class (`only_class` 1..6, else 0) may hold that one alone. No digit pair
/// is AA or E5, which is why the parts are found by these octets; the length and the sum inside the block are not
/// believed over them, as the frame's own sum has been checked before. Value::element is the record, Value::field the
/// field of the rule. Errors: malformed - not of this form, or limit_exceeded - more values than a list holds; `out` is
/// then empty. bad_bcd_digit as decode_values(). Source: DL/T 645-2007, Annex B (load records) as public knowledge
/// gives it; no capture at hand.
[[nodiscard]] std::expected<void, DecodeError> decode_load_records(ByteView payload, std::uint8_t only_class,
                                                                   ValueList& out) noexcept;

/// Reads the data block of a freeze: time, eight energies (total and tariffs), forward and reverse maximum demand with
/// times, eight powers. With AA between the parts each says itself how many tariffs it has; without, the number of
/// tariffs follows from the length. Value::element is the tariff, Value::field the field of the rule.
/// Errors as above. Source: DL/T 645-2007, Table A.6, as public knowledge gives it; no capture at hand.
[[nodiscard]] std::expected<void, DecodeError> decode_freeze_block(ByteView payload, ValueList& out) noexcept;

}  // namespace duheng::dlt645
