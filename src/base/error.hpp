#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace duheng {

/// What went wrong, told as what the caller should do next. Logged and sent over the API: append, never renumber.
enum class ErrorCode : std::uint16_t {
  truncated = 1,          ///< wait for more octets
  checksum_mismatch = 2,  ///< drop the frame, count it, ask again
  malformed = 3,          ///< drop the input, count it, keep it where it is evidence; the same bytes will never do
  bad_bcd_digit = 4,      ///< keep the frame for diagnosis, mark the reading invalid
  unsupported = 5,        ///< keep the bytes as they are; this release has no meaning for them
  limit_exceeded = 6,     ///< send less at once; the message states the limit
  not_found = 7,          ///< nothing of that name or id; do not retry
  already_exists = 8,     ///< somebody did it before; read the present state
  conflict = 9,           ///< the same key carries other content; raise an alarm, keep both
  invalid_argument = 10,  ///< the caller's own fault; correct and call again
  unauthenticated = 11,   ///< log in, or enrol, again
  forbidden = 12,         ///< authenticated but without the right; do not retry
  throttled = 13,         ///< wait as the message says, then retry
  unavailable = 14,       ///< the peer or a resource is away; retry with back-off
  timed_out = 15,         ///< no answer in time; the outcome is unknown, read back before repeating a command
  storage_full = 16,      ///< free space or extend the disk; nothing was written
  storage_failed = 17,    ///< the disk refused; what was not acknowledged must be presumed lost
  storage_corrupt = 18,   ///< stored bytes do not match their checksum; restore or rebuild
  key_missing = 19,       ///< the key is not there or does not open the data; configuration alarm
  expired = 20,           ///< a certificate, code or session is past its time; renew
  cancelled = 21,         ///< the caller asked to stop
  internal = 22,          ///< our own fault; report with the log
};

/// The stable lower-case name, e.g. "checksum_mismatch"; "unknown" for a number this release does not know.
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  ///< one sentence in English for logs and operators; never holds a secret
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace duheng

#define DUHENG_CONCAT_INNER(a, b) a##b
#define DUHENG_CONCAT(a, b) DUHENG_CONCAT_INNER(a, b)
/// Leaves the function with the error if `expression` failed; otherwise goes on. For Result<void>.
#define DUHENG_CHECK(expression)                                                                                     \
  do {                                                                                                               \
    if (auto duheng_result = (expression); !duheng_result) return std::unexpected(std::move(duheng_result).error()); \
  } while (false)
/// Declares `declaration` with the value of `expression`, or leaves the function with its error.
#define DUHENG_TRY(declaration, expression)                                          \
  auto DUHENG_CONCAT(duheng_try_, __LINE__) = (expression);                          \
  if (!DUHENG_CONCAT(duheng_try_, __LINE__))                                         \
    return std::unexpected(std::move(DUHENG_CONCAT(duheng_try_, __LINE__)).error()); \
  declaration = std::move(*DUHENG_CONCAT(duheng_try_, __LINE__))
