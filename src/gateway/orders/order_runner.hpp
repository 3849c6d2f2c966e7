#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "gateway/orders/field_access.hpp"
#include "gateway/orders/line_move.hpp"
#include "gateway/orders/log_queue.hpp"
#include "gateway/orders/move_settling.hpp"
#include "gateway/orders/order_desk.hpp"
#include "gateway/orders/order_log.hpp"
#include "gateway/orders/order_memory.hpp"
#include "gateway/orders/order_script.hpp"
#include "gateway/orders/report_tray.hpp"

namespace duheng::gateway {

struct OrderSettings {
  std::int64_t settle_ms = 300'000;     ///< how long a read-back waits for a device that does not answer
  std::int64_t probe_ms = 5'000;        ///< how often a silent device is tried while an order waits for it
  std::int64_t check_again_ms = 2'000;  ///< between two read-backs
  std::int64_t gather_ms = 300'000;     ///< within which all orders for one line's change must have come
  std::int64_t store_retry_ms = 1'000;  ///< after the log refused
  std::size_t history_questions_max = 100'000;
  std::size_t log_slack_bytes = 4U << 20;  ///< the log is rewritten when it is more than twice what it must hold, and
                                           ///< this
  OrderMemoryLimits memory;
};

struct OrderStatistics {
  std::uint64_t taken = 0;
  std::map<OrderState, std::uint64_t> ended;
  std::uint64_t repeated = 0;  ///< came again with an id that was known
  std::uint64_t log_failures = 0;
  std::size_t live = 0;        ///< waiting or under way
  std::size_t remembered = 0;  ///< finished ones
};

/// All orders of a gateway as one state machine.
///
/// A command or write is sent at most once, whatever fails: before its first octet may leave, the log says durably that
/// it is under way; without an answer it is never repeated, but read back where the model says how. Orders of one
/// device go one after another; histories give way to the others. One question of orders at a time on each channel.
///
/// Not thread-safe. The owner calls work() at next_wake_ms() and after every input.
class OrderRunner final : public OrderDesk {
 public:
  /// `found`: what the log held. Orders that were under way are settled by read-back, never sent again.
  OrderRunner(const Clock& clock, FieldAccess& field, std::vector<OrderRecord> found, OrderSettings settings = {});
  ~OrderRunner() override;

  void take(FieldOrder order) override;
  void cancel(const OrderId& id) override;
  void session_began() override;
  [[nodiscard]] std::vector<OrderReport> take_reports(std::size_t count_max) override;
  void received(std::span<const OrderId> ids) override;
  void on_reports(std::function<void()> ready) override { reports_ready_ = std::move(ready); }

  /// Puts questions, ends what is out of time.
  void work();
  /// Something changed on the channel: it opened, or one of its devices answered.
  void stir(std::uint32_t channel);
  [[nodiscard]] std::int64_t next_wake_ms() const;

  /// What became of a question; `frame` has its secrets masked. Returns whether the ticket is one of ours.
  bool exchange(std::uint32_t ticket, const drivers::Exchange& exchange, OrderFrame frame);
  /// The channel closed. `sent`: the question's octets had left.
  void lost(std::uint32_t ticket, bool sent);

  /// What is to be written to the log; then written(). Nothing when there is nothing, or one is being written.
  [[nodiscard]] std::optional<LogQueue::Write> take_log_write();
  void written(const Result<void>& outcome);

  [[nodiscard]] OrderStatistics statistics() const;

 private:
  struct Live;
  struct DeviceQueue {
    std::deque<OrderId> orders;
    std::uint32_t channel = 0;
    std::int64_t probe_at_ms = INT64_MIN;
  };
  struct ChannelQueue {
    std::deque<std::string> devices;  ///< with orders, by turns
    std::uint32_t ticket = 0;         ///< of the question that is out; 0: none
  };

  void restore(std::vector<OrderRecord> found);
  void enqueue(std::unique_ptr<Live> live, std::uint32_t channel);
  [[nodiscard]] Live* find_live(const OrderId& id);
  void close(const OrderId& id, OrderState state, OrderFault why);
  void refuse(FieldOrder& order, OrderFault fault);
  void end(Live& live, OrderState state, std::string reason = {}, std::string detail = {});
  void leave_queue(const Live& live);
  void tell(Live& live, OrderState state, std::string reason = {});
  void due(const OrderId& id);
  void encode_all(Bytes& out) const;

  void expire(std::int64_t now_ms);
  void out_of_time(Live& live, std::int64_t now_ms);
  void pump(std::uint32_t channel, std::int64_t now_ms);
  [[nodiscard]] Live* pick(const DeviceQueue& queue);
  void advance(Live& live, DeviceQueue& queue, std::int64_t now_ms);
  void without_device(Live& live);
  void begin(Live& live, const FieldAccess::Place& place);
  void log_begun(Live& live);
  void ask_next(Live& live, const FieldAccess::Place& place);
  void ask_history(Live& live, const FieldAccess::Place& place);
  void put(Live& live, const FieldAccess::Place& place, const drivers::Query& query);
  void wake_at(std::int64_t at_ms, const OrderId& id) { wakes_.emplace(at_ms, id); }

  void after_step(Live& live, const drivers::Exchange& exchange);
  void after_question(Live& live, const drivers::Exchange& exchange);
  void after_history(Live& live, const drivers::Exchange& exchange);
  void after_check(Live& live, const drivers::Exchange& exchange);
  void check_again(Live& live);
  void after_late(Live& live, std::uint32_t ticket, const drivers::Exchange& exchange);
  void settle(Live& live, bool answered);
  void end_refused(Live& live, std::uint32_t error);

  // Orders that change how a device is reached, and those that the gateway does itself: order_moves.cpp.
  /// Why the device must not be sent elsewhere from here.
  [[nodiscard]] std::optional<OrderFault> fault_of_move(const OrderScript& script,
                                                        const FieldAccess::Place& place) const;
  /// Without a serial line of ours there is no speed or parity to follow.
  void leave_out_foreign_line(OrderScript& script, const FieldAccess::Place& place) const;
  void begin_move(Live& live, const FieldAccess::Place& place);
  void look_for_device(Live& live, const FieldAccess::Place& place);
  void after_look(Live& live, const drivers::Exchange& exchange);
  void go_to(const Live& live, MoveSettling::Place where);
  void end_move(Live& live);
  void maintain(Live& live, const FieldAccess::Place& place);
  void after_ping(Live& live, const drivers::Exchange& exchange);
  void end_ping(Live& live);

  // Orders that take a whole line to another speed or parity: order_lines.cpp.
  struct LineWork;
  struct LineGroup;
  void note_line(Live& live, const std::optional<drivers::NewPlace>& moves, const FieldAccess::Place& place);
  /// True: a change of the whole line has the channel to itself; nothing else is put there until it is over.
  [[nodiscard]] bool drive_lines(std::uint32_t channel, std::int64_t now_ms);
  void learn_recovered(std::uint32_t channel);
  /// It has come again after a restart: what was written down nowhere may be known again.
  void take_password(FieldOrder& again);
  /// Begun before a restart, and not to be told anything without its password.
  [[nodiscard]] bool lacks_password(const Live& live) const;
  [[nodiscard]] LineGroup gather(std::uint32_t channel) const;
  [[nodiscard]] bool is_changing(std::uint32_t channel) const;
  void end_gathering(const LineGroup& group);
  void begin_line(std::uint32_t channel, const LineGroup& group, LineMove::Begin begin);
  [[nodiscard]] bool log_member(Live& live);
  [[nodiscard]] bool line_is_ready(LineWork& work, std::int64_t now_ms);
  void drive(std::uint32_t channel, LineWork& work, std::int64_t now_ms);
  void take_line_step(LineWork& work, const LineMove::Step& step, Live& live, const FieldAccess::Place& place);
  void say(LineWork& work, Live& live, const FieldAccess::Place& place, LineMove::Place to);
  [[nodiscard]] bool bring_line(std::uint32_t device, const drivers::LineFormat& format);
  void after_line(Live& live, const drivers::Exchange& exchange);
  void line_lost(const Live& live, bool sent);
  void end_line(std::uint32_t channel);
  void end_member(Live& live, const LineWork& work, const LineMove::Member& member, LineMove::Place line_at);
  [[nodiscard]] LineWork* work_of(const Live& live);
  [[nodiscard]] bool follow_channel(std::string_view uid, DeviceQueue& queue, const FieldAccess::Place& place);

  const Clock& clock_;
  FieldAccess& field_;
  OrderSettings settings_;
  OrderMemory memory_;
  std::map<OrderId, std::unique_ptr<Live>> live_;
  std::map<std::string, DeviceQueue, std::less<>> devices_;
  std::map<std::uint32_t, ChannelQueue> channels_;
  std::map<std::uint32_t, std::unique_ptr<LineWork>> line_works_;  ///< by channel
  std::set<std::uint32_t> stirred_;
  std::map<std::uint32_t, OrderId> asked_;  ///< by ticket: questions out, and those whose late answer may still come
  std::map<std::uint32_t, std::uint32_t> out_;  ///< channel by ticket: questions out
  std::uint32_t next_ticket_ = 1;
  std::multimap<std::int64_t, OrderId> wakes_;
  std::int64_t tidy_at_ms_ = INT64_MIN;

  ReportTray tray_;
  std::function<void()> reports_ready_;
  LogQueue log_;
  std::map<std::uint64_t, std::vector<OrderId>> unlogged_;  ///< begun or ended, by the write that makes it durable
  std::set<OrderId> ended_unlogged_;
  OrderStatistics counts_;
};

}  // namespace duheng::gateway
