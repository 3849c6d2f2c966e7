#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "model/reading.hpp"

namespace duheng {

/// What an edit does. Stored: append, never renumber.
enum class EditKind : std::uint8_t {
  correction = 1,  ///< another value stands in the place of what was read; the value read is kept beside it
  estimate = 2,    ///< nothing was read at that time: a value by a named method; gives way when the true value comes
  withdrawal = 3,  ///< the edits before it at that time are no longer in force: the value read stands again
};
[[nodiscard]] std::string_view to_string(EditKind kind) noexcept;

/// What a person or a rule said about one value of one series. Nothing is ever overwritten: an edit is journalled like
/// a frame and stands beside what was read, with who, when, why, old and new (T/CITS 565-2025 6.6; T/ACCEM BM-5.2.1b).
struct Edit {
  EditKind kind = EditKind::correction;
  GatewayId gateway;  ///< with `device_uid`: whose value, as in the batch that carried it
  std::string device_uid;
  std::string register_name;
  std::string unit;
  std::int8_t exponent = 0;
  SeriesKind series_kind = SeriesKind::decimal;
  std::int64_t time_utc_ms = 0;  ///< of the value
  std::int64_t mantissa = 0;     ///< the new one; 0 for a withdrawal
  /// What stood there when the edit was made, as its author saw it; nothing where nothing stood.
  std::optional<std::int64_t> old_mantissa{};
  std::string author;               ///< login name of the person, or "rule:" and the rule's name
  std::string reason;               ///< in the author's own words
  std::string method;               ///< of an estimate, e.g. "linear"; otherwise empty
  std::int64_t made_utc_ms = 0;     ///< platform's clock
  std::uint64_t record_number = 0;  ///< of the journal record that holds it; set when read, not encoded
  friend bool operator==(const Edit&, const Edit&) = default;
};

namespace edit_limits {
inline constexpr std::size_t bytes_max = 4U << 20;  ///< of one journal record
inline constexpr std::size_t edits_max = 10'000;    ///< of one journal record
inline constexpr std::size_t author_bytes_max = 128;
inline constexpr std::size_t reason_bytes_max = 2'000;
inline constexpr std::size_t method_bytes_max = 64;
}  // namespace edit_limits

/// Layout, version 1 (integers: v = varint, z = zigzag varint, s = v length + octets):
///   u8 version = 1 · v edits { u8 kind · z gateway · s uid · s name · s unit · z exponent · u8 series kind · z time ·
///   z mantissa · u8 old present · [z old] · s author · s reason · s method · z made }
/// Errors: limit_exceeded; invalid_argument - an edit without author or reason, an estimate without method.
[[nodiscard]] Result<Bytes> encode_edits(const std::vector<Edit>& edits);
/// Errors: malformed; limit_exceeded; unsupported - a newer version.
[[nodiscard]] Result<std::vector<Edit>> parse_edits(ByteView bytes, std::uint64_t record_number);

}  // namespace duheng
