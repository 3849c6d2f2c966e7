#pragma once
#include <string>
#include <vector>

#include "gateway/service/gateway_core.hpp"

// GatewayCore's own, shared by the files it is written in.
namespace duheng::gateway {

inline constexpr std::uint32_t no_device = UINT32_MAX;
/// A question's tag: of polling the group and, below this shift, the question in it; of orders and upkeep a ticket.
inline constexpr std::uint32_t tag_group_shift = 16;
inline constexpr std::uint32_t tag_of_task = 1U << 31;
inline constexpr std::uint32_t tag_of_upkeep = 1U << 30;
inline constexpr std::uint32_t tag_ticket_mask = tag_of_upkeep - 1;

/// As Driver::mask_secrets(), whatever lies between the gateway and the channel's devices.
void mask_secrets(const CoreChannel& channel, const drivers::Driver& driver, Bytes& octets);
/// What asks the devices of such a channel.
[[nodiscard]] std::unique_ptr<drivers::LineSession> make_session(const CoreChannel& config,
                                                                 const drivers::DriverSecrets& secrets);

struct GatewayCore::Device {
  std::string uid;
  std::shared_ptr<const DeviceModel> model;  // null: the number is free
  std::uint32_t channel = 0;
  std::uint32_t meter = 0;  // the session's number
  MeterHealth health;
  std::vector<LastValue> last_values;
  PollPlanPointer polls;
  std::vector<std::uint16_t> waiting;            // questions under way, by round
  std::vector<RoundTiming> timings;              // by round; empty before the first answer
  std::vector<std::uint32_t> scheduled_entries;  // by round; empty before start()
  std::int64_t last_answer_utc_ms = 0;
  std::uint64_t unusable_answers = 0;
  bool is_planned = false;
  bool changed = false;  // stands in changed_
  bool fresh = false;    // came while the gateway ran, and was not asked yet
  bool leaving = false;  // removed, but for the question that is under way
};

struct GatewayCore::Channel {
  Channel(const CoreChannel& config, const drivers::DriverSecrets& secrets)
      : session(make_session(config, secrets)), reconnect(config.reconnect) {}
  std::unique_ptr<drivers::LineSession> session;
  link::Backoff reconnect;
  std::vector<std::uint32_t> devices;        // by the session's meter numbers; no_device where one was retired
  std::vector<std::uint32_t> silent_meters;  // timed out within the present call
  std::int64_t open_at_ms = INT64_MAX;       // when closed
  std::int64_t armed_ms = INT64_MAX;         // earliest wake queued for it
  std::uint64_t generation = 0;              // of the session, core-wide: what was stored for an older one is not its
  std::uint32_t fresh = 0;                   // devices that were not asked yet
  std::uint32_t live_exchanges = 0;          // since orders or upkeep asked here last
  std::unique_ptr<TimingHistogram> timing;   // null before the first reading
  bool in_use = true;
  bool reopen_wanted = false;
  bool restart_wanted = false;        // by an order
  drivers::LineFormat format_wanted;  // with the restart
  bool failure_told = false;
};

}  // namespace duheng::gateway
