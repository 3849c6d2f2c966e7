#include "control_wiring.hpp"

#include "base/log.hpp"

namespace duheng::platform {

Result<std::unique_ptr<ControlWiring>> ControlWiring::start(records::Database& database, const Clock& clock,
                                                            Random& random, const std::string& models_directory,
                                                            bool is_default, const OrderServiceOptions& order_options) {
  auto models = std::make_shared<drivers::ModelLibrary>();
  if (!models_directory.empty()) {
    Result<drivers::ModelLibrary> loaded = drivers::ModelLibrary::load(models_directory);
    if (loaded) {
      *models = std::move(*loaded);
      for (const Error& error : models->errors()) log::warning("models", "a model is left out", {{"error", error}});
    } else if (is_default) {
      log::warning("models", "there are no device models: nothing can be asked of devices from here",
                   {{"error", loaded.error()}});
    } else {
      return std::unexpected(loaded.error());
    }
  }
  std::unique_ptr<ControlWiring> made(new ControlWiring(database, clock, random, std::move(models), order_options));
  DUHENG_CHECK(made->orders_->start());
  made->ticker_ = std::jthread([wiring = made.get()](const std::stop_token& stop) { wiring->tick(stop); });
  return made;
}

ControlWiring::ControlWiring(records::Database& database, const Clock& clock, Random& random,
                             std::shared_ptr<const drivers::ModelLibrary> models,
                             const OrderServiceOptions& order_options)
    : models_(std::move(models)), guards_(database, clock), plans_(database, clock) {
  server_ = std::make_unique<rpc::ControlServer>(clock, *this);
  const auto send = [this](GatewayId gateway, const control::FromPlatform& message) {
    return server_->send(gateway, message);
  };
  orders_ = std::make_unique<OrderService>(database, clock, random, models_, send, order_options);
  traces_ = std::make_unique<TraceDesk>(clock, send);
  plans_.set_sender([this](GatewayId gateway, const FieldPlanPart& part) { return server_->send(gateway, part); });
}

ControlWiring::~ControlWiring() { stop(); }

void ControlWiring::stop() {
  server_->stop();
  orders_->stop();
  if (!ticker_.joinable()) return;
  ticker_.request_stop();
  woken_.notify_all();
  ticker_.join();
}

void ControlWiring::tick(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    plans_.tick();
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
  }
}

void ControlWiring::connected(GatewayId gateway, const control::GatewayHello& hello) {
  plans_.connected(gateway, hello.plan_version, hello.plan_hash);
  orders_->connected(gateway);
}

void ControlWiring::disconnected(GatewayId gateway) {
  orders_->disconnected(gateway);
  traces_->disconnected(gateway);
  plans_.disconnected(gateway);
}

void ControlWiring::received(GatewayId gateway, control::FromGateway message) {
  std::visit([&](auto& one) { take(gateway, one); }, message);
}

void ControlWiring::rest() { orders_->flush(); }

void ControlWiring::take(GatewayId gateway, OrderReport& report) { orders_->reported(gateway, std::move(report)); }
void ControlWiring::take(GatewayId gateway, FieldPlanReport& report) { plans_.reported(gateway, std::move(report)); }
void ControlWiring::take(GatewayId gateway, control::FieldState& state) {
  if (!state.devices.empty()) plans_.device_states(gateway, std::move(state.devices));
  if (!state.channel_timings.empty()) plans_.channel_timings(gateway, std::move(state.channel_timings));
  if (state.unknown_present) plans_.unknown_devices(gateway, state.unknown);
}
void ControlWiring::take(GatewayId gateway, control::TraceEvents& events) {
  traces_->received(gateway, std::move(events));
}
void ControlWiring::take(GatewayId gateway, control::TraceEnded& ended) { traces_->ended(gateway, ended); }
void ControlWiring::take(GatewayId, control::GatewayHello&) {}  // ControlServer keeps these to itself

}  // namespace duheng::platform
