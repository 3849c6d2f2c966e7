#pragma once
// For tests only: everything there is in one process - virtual devices behind sockets, a gateway that enrols itself,
// the platform with its stores, its web API over HTTPS.
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "device/fleet/fleet.hpp"
#include "gateway/service/gateway_service.hpp"
#include "link/event_loop.hpp"
#include "platform.hpp"
#include "platform/web/testing/tls_client.hpp"
#include "store/records/test_database.hpp"
#include "uplink_wiring.hpp"

namespace duheng::field_path {

using Json = nlohmann::json;

/// The time of a part of the world that may be ahead of the machine's, or behind it.
class ShiftedClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t utc_ms() const override { return real_.utc_ms() + shift_ms_; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return real_.monotonic_ns() + passed_ms_ * 1'000'000; }
  /// So much time passes at once.
  void skip_ms(std::int64_t ms) {
    shift_ms_ += ms;
    passed_ms_ += ms;
  }
  /// Set to another time, as by an operator; nothing has passed.
  void set_ahead_ms(std::int64_t ms) { shift_ms_ = ms; }

 private:
  SystemClock real_;
  std::atomic<std::int64_t> shift_ms_{0};
  std::atomic<std::int64_t> passed_ms_{0};
};

struct SystemOptions {
  std::vector<device::FleetGroup> groups;
  std::uint32_t meters = 0;                  ///< DL/T 645, single-phase
  std::string scenario;                      ///< times since the start of the fleet, by the devices' clock
  std::string gateway_yaml;                  ///< besides what every gateway needs
  std::int64_t polling_interval_ms = 1'000;  ///< instead of what the models say
};

/// Operators "anna" and "bert" and a viewer "vera" may log in. Driven from one thread.
class WholeSystem {
 public:
  explicit WholeSystem(SystemOptions options);
  ~WholeSystem();
  WholeSystem(const WholeSystem&) = delete;
  WholeSystem& operator=(const WholeSystem&) = delete;

  ShiftedClock field_clock;  ///< of the devices
  ShiftedClock gateway_clock;

  void start_fleet();
  void start_platform();
  void start_gateway();
  void stop_gateway();
  void start() {
    start_fleet();
    start_platform();
    start_gateway();
  }

  /// Serves devices and gateway until the condition holds, or the limit has passed.
  template <class Condition>
  [[nodiscard]] bool until(Condition&& condition, std::chrono::seconds limit = std::chrono::seconds(60)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop_.run_for_ms(20);
    }
    return true;
  }
  void pass_ms(std::int64_t ms) { loop_.run_for_ms(ms); }

  [[nodiscard]] Json get(const std::string& path, const std::string& user = "anna");
  /// The answer's status, and what it says.
  struct Said {
    int status = 0;
    Json body;
  };
  Said post(const std::string& path, const Json& body = Json::object(), const std::string& user = "anna");
  /// The platform's device by the meter's uid; 0 when there is none.
  [[nodiscard]] std::int64_t device_id(const std::string& uid);
  /// The uids of all devices, in the fleet's order.
  [[nodiscard]] const std::vector<std::string>& uids() const { return uids_; }
  /// The latest good value of a register as text; empty while there is none.
  [[nodiscard]] std::string latest(std::int64_t device, const std::string& register_name);
  /// The frame that carried a register's latest value, as the API explains it.
  [[nodiscard]] Json frame_of(std::int64_t device, const std::string& register_name);
  /// Open alarms of one kind about one device.
  [[nodiscard]] Json alarms(const std::string& kind, std::int64_t device, const std::string& state = "open");
  /// Makes a job for one device and confirms it where that is asked for: the job's path.
  [[nodiscard]] std::string begin_job(Json wanted, std::int64_t device);
  /// Makes a job for one device, confirms it where that is asked for, and waits until it is over: the order.
  [[nodiscard]] Json finish_job(Json wanted, std::int64_t device);

  [[nodiscard]] device::Fleet& fleet() { return *fleet_; }
  [[nodiscard]] gateway::GatewayService& gateway() { return *service_; }

 private:
  [[nodiscard]] Json reading(std::int64_t device, const std::string& register_name);
  void write(const std::string& name, const std::string& text) const;
  void write_models() const;
  void make_world();
  [[nodiscard]] std::string& cookie_of(const std::string& user);

  SystemOptions options_;
  records::TemporaryFolder folder_;
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  link::EventLoop loop_;
  std::vector<std::string> uids_;
  std::map<std::string, std::int64_t> ids_;
  std::map<std::string, std::string> cookies_;
  std::unique_ptr<device::Fleet> fleet_;
  std::unique_ptr<platform::Platform> platform_;
  std::unique_ptr<gateway::GatewayService> service_;
  std::unique_ptr<UplinkWiring> uplink_;
};

}  // namespace duheng::field_path
