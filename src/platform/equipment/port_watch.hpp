#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace duheng::platform {

/// Whether a port that has lost its link is an alarm. Stored: append, never renumber.
enum class PortSupervision : std::uint8_t {
  by_use = 1,  ///< where something is known to hang on it
  always = 2,
  never = 3,
};
[[nodiscard]] std::string_view to_string(PortSupervision supervision) noexcept;
[[nodiscard]] std::optional<PortSupervision> port_supervision(std::string_view word) noexcept;

/// The interface that a port's name means, e.g. 3 for "3", "ge-3" or "Gi1/0/3": the number at its end. Nothing: it has
/// none from 1 to 9,999.
[[nodiscard]] std::optional<std::uint32_t> port_number(std::string_view name) noexcept;

/// What was read of a port last. RFC 2863: ifAdminStatus, ifOperStatus, octets and errors since its start.
struct PortSample {
  std::optional<std::int64_t> enabled{};  ///< 1 up, 2 down, 3 testing
  std::optional<std::int64_t> state{};    ///< 1 up, 2 down, 3 testing, 5 dormant, 6 not present, 7 lower layer down
  std::optional<std::int64_t> octets_in{};
  std::optional<std::int64_t> octets_out{};
  std::optional<std::int64_t> errors_in{};
  std::int64_t errors_utc_ms = 0;  ///< when `errors_in` was read
};
using PortSamples = std::map<std::uint32_t, PortSample>;

/// A register of the device by which a switch is read, and its newest value.
struct RegisterValue {
  std::string name{};
  std::int64_t number = 0;
  std::int64_t time_utc_ms = 0;
};
/// Takes interface_<n>_state, _enabled, _octets_in, _octets_out and _errors_in out of them.
[[nodiscard]] PortSamples port_samples(std::span<const RegisterValue> values);

enum class PortState : std::uint8_t { unknown, up, down, disabled };
[[nodiscard]] std::string_view to_string(PortState state) noexcept;

struct PortStatus {
  PortState state = PortState::unknown;
  PortSupervision supervision = PortSupervision::by_use;
  bool is_watched = false;        ///< what its supervision comes to
  bool is_alarm = false;          ///< watched, and without a link for long enough
  std::int64_t since_utc_ms = 0;  ///< of the state, as it was seen; 0: never seen
  PortSample sample{};
  std::optional<std::int64_t> errors_per_hour{};  ///< between the two newest readings
};

struct PortRules {
  std::int64_t down_after_ms = 10'000;  ///< without a link for so long: a link that is being made anew is no alarm
  std::int64_t up_after_ms = 5'000;
};

/// The ports of one piece of equipment, as a state machine without I/O. A port that is shut off is never an alarm; nor
/// is one of which nothing is known. Not thread-safe.
class PortWatch {
 public:
  explicit PortWatch(PortRules rules = {}) : rules_(rules) {}
  void configure(std::map<std::uint32_t, PortSupervision> chosen, std::set<std::uint32_t> used);
  void advance(const PortSamples& samples, std::int64_t monotonic_ms, std::int64_t utc_ms);

  struct Change {
    std::uint32_t number = 0;
    bool is_alarm = false;
  };
  /// What is to be said since the last call; of each port the first judgement, too: an alarm may stand from before.
  [[nodiscard]] std::vector<Change> take_changes();
  [[nodiscard]] std::map<std::uint32_t, PortStatus> ports() const;

 private:
  struct Port {
    PortStatus status;
    std::int64_t state_since_ms = 0;  // monotonic
    bool has_told = false;
    bool told_alarm = false;
  };
  void take(Port& port, const PortSample& sample, std::int64_t monotonic_ms, std::int64_t utc_ms) const;
  void judge(Port& port, std::int64_t monotonic_ms) const;
  [[nodiscard]] bool is_watched(std::uint32_t number) const;

  PortRules rules_;
  std::map<std::uint32_t, PortSupervision> chosen_;
  std::set<std::uint32_t> used_;
  std::map<std::uint32_t, Port> ports_;
};

}  // namespace duheng::platform
