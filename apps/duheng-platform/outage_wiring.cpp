#include "outage_wiring.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/log.hpp"
#include "platform/web/outage_watch.hpp"

namespace duheng::platform {
namespace {

constexpr std::chrono::seconds look_every{60};
constexpr int looks_between_sweeps = 60;

}  // namespace

void OutageWiring::give_to(web::ApiServices& services) {
  services.outages = &book_;
  services_ = &services;
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

void OutageWiring::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void OutageWiring::watch(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  for (int looks = 0; !stop.stop_requested(); ++looks) {
    std::unique_lock waiting{mutex};
    wake.wait_for(waiting, stop, look_every, [] { return false; });
    if (stop.stop_requested()) return;
    const auto standing = web::present_outages(*services_);
    const auto written = standing ? book_.observe(*standing) : Result<void>(std::unexpected(standing.error()));
    if (!written) log::warning("completeness", "what is wrong now is not written down", {{"error", written.error()}});
    if (looks % looks_between_sweeps != 0) continue;
    if (const auto swept = book_.forget_old(); !swept)
      log::warning("completeness", "cannot forget old outages", {{"error", swept.error()}});
  }
}

}  // namespace duheng::platform
