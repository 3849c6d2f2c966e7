#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/bus/session.hpp"
#include "drivers/models/device_model.hpp"
#include "drivers/protocol/operations.hpp"
#include "model/field_order.hpp"

namespace duheng::gateway {

/// The field as orders and upkeep see it. No call may lead back into its caller.
class FieldAccess {
 public:
  virtual ~FieldAccess() = default;
  struct Place {
    std::uint32_t device = 0;
    std::uint32_t channel = 0;
    std::shared_ptr<const drivers::DeviceModel> model;
  };
  /// Nothing when the gateway has no such device (any more).
  [[nodiscard]] virtual std::optional<Place> find(std::string_view device_uid) const = 0;
  enum class Readiness : std::uint8_t {
    ready,
    silent,  ///< its channel is open, but it has not answered for some time
    away,    ///< its channel is closed
  };
  [[nodiscard]] virtual Readiness readiness(std::uint32_t device) const = 0;
  /// Whether a question that can wait may be put to the device's channel: nothing else waits there, or the live
  /// questions have had a whole round since the last that could wait.
  [[nodiscard]] virtual bool has_room(std::uint32_t device) const = 0;
  /// Puts a question before all polling, at most one of orders and one of upkeep at a time for each channel. What
  /// becomes of it is told under `ticket`. False: nothing will come of it.
  [[nodiscard]] virtual bool ask(std::uint32_t device, const drivers::Query& query, std::uint32_t ticket) = 0;
  /// Asks a silent device something harmless, to learn whether it is there.
  virtual void probe(std::uint32_t device) = 0;

  /// How a device is reached now.
  struct Line {
    std::string address;        ///< the device's, as its model files write it
    std::uint32_t devices = 1;  ///< on its channel, itself among them
    std::uint32_t baud = 0;     ///< 0: no serial line of this gateway's, its speed is somebody else's
    /// Device and channel are of the platform's plan: what is changed there stays changed.
    bool is_planned = false;
    FieldParity parity = FieldParity::even;
  };
  [[nodiscard]] virtual Line line_of(std::uint32_t device) const {
    static_cast<void>(device);
    return {};
  }
  /// The uids of all devices on the device's channel, itself among them.
  [[nodiscard]] virtual std::vector<std::string> line_members(std::uint32_t device) const {
    static_cast<void>(device);
    return {};
  }
  /// From now on the device is asked so; a new speed or parity closes its channel and opens it again.
  /// Errors: invalid_argument - no address of its protocol, no usual speed; already_exists - another device of the
  /// channel has the address.
  [[nodiscard]] virtual Result<void> move(std::uint32_t device, const drivers::NewPlace& place) {
    static_cast<void>(device), static_cast<void>(place);
    return fail(ErrorCode::unsupported, "devices stay where they are");
  }
  /// Closes the channel and opens it again.
  virtual void reopen(std::uint32_t channel) { static_cast<void>(channel); }
  /// Ends this gateway's work and begins it anew, soon; false: it cannot.
  [[nodiscard]] virtual bool restart_gateway() { return false; }

  // While an answered exchange is being told: its values go into the batch, behind its frame.
  /// Appends them to `out`. False: the payload does not fit the question.
  [[nodiscard]] virtual bool note(const drivers::ModelQuestion& question, const drivers::Exchange& exchange,
                                  std::vector<OrderValue>& out) = 0;
  virtual void note_history(const std::vector<drivers::ModelItem>& items, std::span<const drivers::HistoryValue> values,
                            std::vector<OrderValue>* out) = 0;
  /// A value that the gateway itself found out about the device, at its own time.
  virtual void note_finding(const Register& what, std::int64_t mantissa, std::int64_t time_utc_ms) = 0;

  /// The gateway's own clock was set back and has not caught up.
  [[nodiscard]] virtual bool clock_suspect() const = 0;
};

}  // namespace duheng::gateway
