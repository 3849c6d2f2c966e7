#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/disk.hpp"
#include "gateway/orders/order_log.hpp"
#include "gateway/service/gateway_core.hpp"

namespace duheng::gateway {

/// The files behind the core's orders and upkeep: `orders.log` and `history.bin` in the gateway's data folder. All
/// writing is done by the storage thread. Thread: the gateway's loop.
class TaskKeeper final : public OrderDesk {
 public:
  struct Surroundings {
    Disk& disk;
    std::string directory;
    /// Does the work on the storage thread, then the rest on the loop.
    std::function<void(std::function<Result<void>()>, std::function<void(const Result<void>&)>)> store;
    std::function<void()> wake;  ///< the core wants its tick()
  };
  /// Errors: as OrderLog::open(). Progress that cannot be read is done without.
  [[nodiscard]] static Result<std::unique_ptr<TaskKeeper>> open(Surroundings surroundings);
  /// What the core begins with. Once.
  [[nodiscard]] CoreTasks take_known();
  void serve(GatewayCore& core) { core_ = &core; }

  /// After every call into the core: writes what is to be written.
  void attend();
  /// Before the end: what else there is to write.
  void finish();

  // OrderDesk
  void take(FieldOrder order) override;
  void cancel(const OrderId& id) override;
  void session_began() override;
  [[nodiscard]] std::vector<OrderReport> take_reports(std::size_t count_max) override;
  void received(std::span<const OrderId> ids) override;
  void on_reports(std::function<void()> ready) override;

 private:
  explicit TaskKeeper(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
  void save_progress(bool at_once);
  Surroundings surroundings_;
  std::unique_ptr<OrderLog> log_;
  HistoryProgress progress_;
  GatewayCore* core_ = nullptr;
  bool saving_ = false;
};

}  // namespace duheng::gateway
