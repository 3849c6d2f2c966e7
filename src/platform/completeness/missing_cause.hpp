#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace duheng::platform {

/// Why a device's values are missing, by whom can do something about it.
enum class MissingCause : std::uint8_t {
  link,       ///< the way between: gateway to platform, or the channel to the devices
  collector,  ///< the gateway itself was not working
  meter,      ///< asked, and it did not answer
  key,        ///< it answered and refused, or its answers cannot be opened: password, key
  plan,       ///< nobody asks it: it has no gateway, or the gateway could not take it up
};
[[nodiscard]] std::string_view to_string(MissingCause cause) noexcept;
[[nodiscard]] std::optional<MissingCause> missing_cause_of(std::string_view name) noexcept;

/// What is known of a device whose values of a day are missing. Of the gateway's own counters the latest it told.
struct MissingEvidence {
  bool has_gateway = false;
  bool gateway_enrolled = true;          ///< not only created, not revoked
  bool gateway_connected = false;        ///< now
  bool batches_waiting = false;          ///< the gateway says that it still holds some
  bool gateway_delivered = false;        ///< values of the day, of any of its devices
  std::int64_t gateway_last_utc_ms = 0;  ///< the latest value of any of its devices; 0: none ever
  std::int64_t day_end_utc_ms = 0;       ///< or now, when the day goes on
  bool left_out = false;                 ///< the gateway says that it could not follow the plan for it
  std::optional<bool> channel_open{};    ///< nothing: not known
  bool channel_delivered = true;         ///< values of the day of another device of the channel
  std::uint32_t channel_devices = 1;     ///< of the channel, this one included
  bool line_known = false;               ///< the gateway has told of it
  std::uint64_t answers = 0;             ///< that brought something, if any came on the day; else 0
  std::uint64_t refusals = 0;            ///< answers that say no
  std::uint64_t unusable_answers = 0;    ///< that could not be opened or understood
  std::uint64_t bad_frames = 0;          ///< damaged on the way
  std::uint64_t time_outs = 0;
  bool password_refused = false;  ///< the last order for it ended so
};

struct FoundCause {
  MissingCause cause = MissingCause::meter;
  /// no_gateway, not_enrolled, left_out, gateway_away, batches_waiting, gateway_stood_still, channel_closed,
  /// channel_silent, refused, unusable, damaged, no_answer, not_asked
  std::string_view detail;
};
/// The nearest cause that explains it, from the platform outwards: what is nearer hides what lies behind it. Pure.
[[nodiscard]] FoundCause cause_of(const MissingEvidence& evidence) noexcept;

/// The same word for good, as FoundCause wants it; "no_answer" for one that is not known.
[[nodiscard]] std::string_view kept_detail(std::string_view detail) noexcept;

}  // namespace duheng::platform
