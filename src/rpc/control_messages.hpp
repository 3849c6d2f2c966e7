#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/hash.hpp"
#include "model/field_order.hpp"
#include "model/field_plan.hpp"

/// What platform and gateway tell each other beside the readings; control.proto has the wire's form.
namespace duheng::control {

inline constexpr std::uint32_t protocol_version = 1;

struct GatewayHello {
  std::uint32_t version = protocol_version;
  std::string software_version;
  std::uint64_t plan_version = 0;  ///< of the plan in force; 0: none
  crypto::Hash256 plan_hash{};     ///< of it; zeros: none
  std::int64_t gateway_utc_ms = 0;
};

struct PlatformWelcome {
  std::uint32_t version = protocol_version;
  std::int64_t platform_utc_ms = 0;
};

/// Not yet begun, it is dropped; else nothing changes. The report that follows says which.
struct CancelOrder {
  OrderId id{};
};

/// These orders' latest reports are on the platform's disk.
struct ReportsReceived {
  std::vector<OrderId> ids;
};

// ---- field ----

/// How far apart readings were, in thousandths of the period asked for.
struct Timing {
  std::uint64_t samples = 0;
  std::uint64_t missed = 0;  ///< whole periods without a reading
  std::uint32_t p50_per_mille = 0;
  std::uint32_t p95_per_mille = 0;
  std::uint32_t p99_per_mille = 0;
  std::uint32_t max_per_mille = 0;
};
/// What is asked of a device at one period.
struct RoundTiming {
  std::string group;
  std::int64_t interval_ms = 0;  ///< in force
  Timing timing;
};
struct ChannelTiming {
  std::string channel;
  Timing timing;
};
struct DeviceState {
  std::string uid;
  bool answering = false;
  bool offline = false;
  std::int64_t last_answer_utc_ms = 0;
  std::uint64_t questions = 0;
  std::uint64_t answers = 0;
  std::uint64_t refusals = 0;
  std::uint64_t time_outs = 0;
  std::uint64_t late_answers = 0;
  std::uint64_t unasked_answers = 0;
  std::uint64_t unusable_answers = 0;
  std::string channel;
  std::uint64_t bad_frames = 0;  ///< damaged ones heard while this device's answer was awaited
  std::uint64_t noise_octets = 0;
  std::vector<RoundTiming> rounds{};  ///< empty: as told before
};
struct FieldState {
  std::vector<DeviceState> devices;  ///< those that changed
  std::vector<FieldUnknownDevice> unknown;
  bool unknown_present = false;  ///< `unknown` is the whole list, also when empty
  std::vector<ChannelTiming> channel_timings{};
};

// ---- traces ----

struct TraceRequest {
  std::uint64_t trace = 0;  ///< the platform's number, not 0
  std::string device_uid;   ///< one of the two
  std::string channel;
  std::uint64_t lifetime_ms = 0;  ///< ends by itself
};
struct TraceStop {
  std::uint64_t trace = 0;
};
struct TraceEvent {
  std::int64_t utc_ms = 0;
  std::string kind;  ///< sent, received, answered, refused, timed_out, opened, closed
  Bytes octets;      ///< secrets overwritten
  std::string device_uid;
  std::string channel;
  std::string note;
};
struct TraceEvents {
  std::uint64_t trace = 0;
  std::vector<TraceEvent> events;
  std::uint64_t dropped = 0;  ///< since the last message
};
struct TraceEnded {
  std::uint64_t trace = 0;
  std::string reason;
};

using FromGateway = std::variant<GatewayHello, OrderReport, FieldPlanReport, FieldState, TraceEvents, TraceEnded>;
using FromPlatform =
    std::variant<PlatformWelcome, FieldOrder, CancelOrder, ReportsReceived, FieldPlanPart, TraceRequest, TraceStop>;

}  // namespace duheng::control
