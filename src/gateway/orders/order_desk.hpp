#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "model/field_order.hpp"

namespace duheng::gateway {

namespace order_limits {
inline constexpr std::size_t waiting_max = 100'000;        ///< of one gateway; beyond it orders are refused ("busy")
inline constexpr std::size_t waiting_per_device_max = 64;  ///< likewise of one device
inline constexpr std::size_t report_values_max = 1'000;    ///< further ones are in the journal only; `detail` says so
inline constexpr std::size_t report_frames_max = 32;       ///< likewise
inline constexpr std::size_t report_frame_bytes_max = 65'536;
inline constexpr std::int64_t lifetime_ms_max = 366LL * 24 * 3'600'000;  ///< longer ones are cut
inline constexpr std::size_t text_bytes_max = 4'096;                     ///< each text of an order
inline constexpr std::size_t list_items_max = 256;                       ///< registers, arguments
}  // namespace order_limits

/// Where the stream from the platform hands orders in and gets reports out. GatewayService::orders() is one.
/// Thread: the gateway's loop alone.
///
/// Each order is reported when the gateway has it (waiting), when its first octet may have left (under_way) and when it
/// is over, each report holding all that is known. A report handed out is *on its way* until received() names its
/// order; a newer report of the same order is handed out only then. So every report, also of a state that is not final,
/// must be answered by received().
class OrderDesk {
 public:
  virtual ~OrderDesk() = default;
  /// An id that is known is not begun again: its report is handed out anew. One that is not, without any lifetime left,
  /// is reported as expired and never begun.
  virtual void take(FieldOrder order) = 0;
  /// Only what has not begun can be cancelled; else the order's report is handed out anew. An id that is not known is
  /// reported as cancelled and remembered: the order itself may come after its cancelling.
  virtual void cancel(const OrderId& id) = 0;
  /// A new session with the platform: what was on its way may be lost. All reports it has not confirmed are due again.
  virtual void session_began() = 0;
  /// Reports that are due, oldest first, at most `count_max`.
  [[nodiscard]] virtual std::vector<OrderReport> take_reports(std::size_t count_max) = 0;
  /// The platform has the reports on their way of these orders on disk.
  virtual void received(std::span<const OrderId> ids) = 0;
  /// `ready` is called on the loop, from inside the gateway's work, when a report becomes due and none was before:
  /// post, do not call back at once.
  virtual void on_reports(std::function<void()> ready) = 0;
};

}  // namespace duheng::gateway
