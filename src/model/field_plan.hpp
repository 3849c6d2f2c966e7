#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "model/field_derivation_plan.hpp"
#include "model/field_parity.hpp"

namespace duheng {

namespace field_plan_limits {
inline constexpr std::size_t channels_max = 50'000;
inline constexpr std::size_t devices_max = 200'000;
inline constexpr std::size_t name_bytes_max = 64;  ///< channel names, device uids, model ids
inline constexpr std::size_t address_bytes_max = 64;
inline constexpr std::size_t place_bytes_max = 255;  ///< host names, paths of serial ports
inline constexpr std::size_t part_entries_max = 2'000;
inline constexpr std::size_t parts_max = 10'000;
inline constexpr std::size_t intervals_max = 256;  ///< of one device
inline constexpr std::int64_t interval_ms_min = 100;
inline constexpr std::int64_t interval_ms_max = 31LL * 24 * 3'600'000;
}  // namespace field_plan_limits

struct FieldTcp {
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const FieldTcp&, const FieldTcp&) = default;
};
struct FieldUdp {
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const FieldUdp&, const FieldUdp&) = default;
};
struct FieldSerial {
  std::string device;  ///< as the gateway's machine names the port, e.g. "/dev/ttyS1"
  std::uint32_t baud = 2'400;
  std::uint8_t data_bits = 8;
  FieldParity parity = FieldParity::even;
  std::uint8_t stop_bits = 1;
  friend bool operator==(const FieldSerial&, const FieldSerial&) = default;
};

/// A carrier or radio module stands at the channel's end, with the meters behind it (Q/GDW 1376.2).
enum class FieldCarrierKind : std::uint8_t { narrow_band, broadband, radio };
struct FieldCarrier {
  FieldCarrierKind kind = FieldCarrierKind::narrow_band;
  std::string main_node;  ///< up to twelve digits; empty: the module keeps its own
  friend bool operator==(const FieldCarrier&, const FieldCarrier&) = default;
};

struct FieldChannel {
  std::string name;
  std::variant<FieldTcp, FieldUdp, FieldSerial> way;
  std::optional<FieldCarrier> carrier{};  ///< not over UDP
  friend bool operator==(const FieldChannel&, const FieldChannel&) = default;
};
/// How often something of a device is read, in place of what its model says.
struct FieldInterval {
  std::string group;          ///< of the model
  std::string register_name;  ///< of that group; empty: all of it. One question's registers are read together
  std::int64_t interval_ms = 0;
  friend bool operator==(const FieldInterval&, const FieldInterval&) = default;
};
/// A problem's reason begins so when the device serves, but at its model's own intervals.
inline constexpr std::string_view interval_problem_prefix = "interval: ";

struct FieldDevice {
  std::string uid;
  std::string model;
  std::string address;                     ///< as the meter shows it
  std::string channel;                     ///< of the plan, of the gateway's own file, or a listener
  std::vector<FieldInterval> intervals{};  ///< by group, then register, each once
  friend bool operator==(const FieldDevice&, const FieldDevice&) = default;
};

/// Which channels and devices a gateway serves, beside those of its own configuration file. Always the whole of it: an
/// older plan sent again under a new number undoes what came after it.
struct FieldPlan {
  std::uint64_t version = 0;  ///< rising for each gateway; 0: there is no plan
  std::vector<FieldChannel> channels;
  std::vector<FieldDevice> devices;
  std::vector<FieldRule> rules{};  ///< also for devices of the gateway's own file
  std::vector<FieldSum> sums{};
  /// Puts channels in the order of their names, devices and sums in that of their uids, rules in that of device and
  /// result, as octets. A plan that travels is sorted.
  void sort();
  friend bool operator==(const FieldPlan&, const FieldPlan&) = default;
};

/// Whether a plan may travel: sorted, nothing named twice, every text within its limit and without control characters.
/// That models, addresses and channels exist only its gateway can say.
/// Errors: invalid_argument - which entry and why; limit_exceeded.
[[nodiscard]] Result<void> check_field_plan(const FieldPlan& plan);

/// The canonical octets of a plan that check_field_plan() lets pass: the same plan gives the same octets for ever, so
/// that their SHA-256 names it at both ends.
[[nodiscard]] Bytes encode_field_plan(const FieldPlan& plan);
/// Errors: malformed - not the canonical octets of any plan; unsupported - of a later format.
[[nodiscard]] Result<FieldPlan> parse_field_plan(ByteView octets);

using FieldPlanHash = std::array<std::uint8_t, 32>;  ///< SHA-256 of encode_field_plan()

/// A piece of a plan small enough for one message; see control.proto, PlanPart.
struct FieldPlanPart {
  std::uint64_t version = 0;
  FieldPlanHash hash{};
  std::uint32_t part = 0;
  std::uint32_t parts = 0;
  std::vector<FieldChannel> channels;
  std::vector<FieldDevice> devices;
  std::vector<FieldRule> rules{};
  std::vector<FieldSum> sums{};
};
/// At least one part, also of an empty plan; at most `entries_max` channels and devices in each, channels first. Rules
/// and sums are larger and count for several.
[[nodiscard]] std::vector<FieldPlanPart> split_field_plan(
    const FieldPlan& plan, const FieldPlanHash& hash, std::size_t entries_max = field_plan_limits::part_entries_max);

/// Puts a plan together from its parts. A first part begins anew, whatever came before.
class FieldPlanAssembler {
 public:
  using Hasher = std::function<FieldPlanHash(ByteView)>;
  explicit FieldPlanAssembler(Hasher sha256) : sha256_(std::move(sha256)) {}
  /// The plan when this was its last part. Errors: malformed - a part out of order or of another plan, more than a plan
  /// may hold, or a whole that is not what its hash says; everything taken so far is dropped.
  [[nodiscard]] Result<std::optional<FieldPlan>> add(FieldPlanPart part);

 private:
  [[nodiscard]] Result<std::optional<FieldPlan>> finish();
  [[nodiscard]] bool has_room(const FieldPlanPart& part) const;
  [[nodiscard]] std::unexpected<Error> drop(std::string reason);
  Hasher sha256_;
  FieldPlan plan_;
  FieldPlanHash hash_{};
  std::uint32_t next_part_ = 0;
  std::uint32_t parts_ = 0;
};

/// What of a plan its gateway could not follow; the rest serves.
struct FieldPlanProblem {
  std::string subject;  ///< device uid, channel name or sum's uid
  std::string reason;   ///< one sentence in English
  friend bool operator==(const FieldPlanProblem&, const FieldPlanProblem&) = default;
};
struct FieldChannelState {
  std::string name;
  std::string kind;    ///< tcp, udp, serial, carrier_tcp, carrier_serial, listener_tcp, listener_udp
  std::string detail;  ///< "host:port", "device 9600 8E1"
  bool from_plan = false;
  bool open = false;
  std::uint32_t devices = 0;
  friend bool operator==(const FieldChannelState&, const FieldChannelState&) = default;
};
/// What a gateway says of itself after a plan, after connecting, and when its channels change.
struct FieldPlanReport {
  std::uint64_t version = 0;  ///< of the plan in force; 0: none
  FieldPlanHash hash{};
  std::vector<FieldPlanProblem> problems;
  std::vector<FieldChannelState> channels;  ///< all of the gateway's, listeners included
  std::vector<std::string> models;          ///< that it knows
  std::uint32_t file_devices = 0;           ///< of its own configuration file
  friend bool operator==(const FieldPlanReport&, const FieldPlanReport&) = default;
};

/// A meter that called in and is in no list: an operator may adopt it.
struct FieldUnknownDevice {
  std::string listener;
  std::string protocol;  ///< a driver's name
  std::string address;   ///< as a devices file writes it
  std::string peer;      ///< where it last called from
  std::int64_t first_utc_ms = 0;
  std::int64_t last_utc_ms = 0;
  std::uint64_t calls = 0;
  friend bool operator==(const FieldUnknownDevice&, const FieldUnknownDevice&) = default;
};

}  // namespace duheng
