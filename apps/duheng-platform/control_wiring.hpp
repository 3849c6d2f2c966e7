#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "drivers/models/device_model.hpp"
#include "platform/onboarding/plan_book.hpp"
#include "platform/orders/device_guards.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/tracing/trace_desk.hpp"
#include "rpc/control_server.hpp"

namespace duheng::platform {

/// The control streams of all gateways, and what speaks over them: orders, plans, traces.
class ControlWiring final : public rpc::ControlHandler {
 public:
  /// `models_directory` empty or `is_default` and not there: no models, so that devices can be read by their gateways
  /// but nothing can be asked of them here. Errors: not_found - no such folder; as OrderService::start().
  [[nodiscard]] static Result<std::unique_ptr<ControlWiring>> start(records::Database& database, const Clock& clock,
                                                                    Random& random, const std::string& models_directory,
                                                                    bool is_default,
                                                                    const OrderServiceOptions& order_options = {});
  /// Ends the streams and what works behind them; the objects stay until the destructor. UplinkServer::stop() first.
  void stop();
  ~ControlWiring() override;

  [[nodiscard]] rpc::ControlServer& server() noexcept { return *server_; }
  [[nodiscard]] OrderService& orders() noexcept { return *orders_; }
  [[nodiscard]] DeviceGuards& guards() noexcept { return guards_; }
  [[nodiscard]] TraceDesk& traces() noexcept { return *traces_; }
  [[nodiscard]] PlanBook& plans() noexcept { return plans_; }
  [[nodiscard]] const std::shared_ptr<const drivers::ModelLibrary>& models() const noexcept { return models_; }

  void connected(GatewayId gateway, const control::GatewayHello& hello) override;
  void received(GatewayId gateway, control::FromGateway message) override;
  void disconnected(GatewayId gateway) override;
  void rest() override;

 private:
  ControlWiring(records::Database& database, const Clock& clock, Random& random,
                std::shared_ptr<const drivers::ModelLibrary> models, const OrderServiceOptions& order_options);
  void take(GatewayId gateway, OrderReport& report);
  void take(GatewayId gateway, FieldPlanReport& report);
  void take(GatewayId gateway, control::FieldState& state);
  void take(GatewayId gateway, control::TraceEvents& events);
  void take(GatewayId gateway, control::TraceEnded& ended);
  void take(GatewayId gateway, control::GatewayHello& hello);
  void tick(const std::stop_token& stop);

  const std::shared_ptr<const drivers::ModelLibrary> models_;
  DeviceGuards guards_;
  PlanBook plans_;
  std::unique_ptr<rpc::ControlServer> server_;  ///< made first of what sends, gone last
  std::unique_ptr<OrderService> orders_;
  std::unique_ptr<TraceDesk> traces_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::jthread ticker_;  ///< of plans
};

}  // namespace duheng::platform
