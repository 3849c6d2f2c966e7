#pragma once
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "platform/alarms/alarm_condition.hpp"
#include "platform/servers/server_sources.hpp"
#include "platform/servers/source_reader.hpp"

namespace duheng::platform::servers {

struct ServerLimits {
  std::int64_t memory_percent_max = 92;
  std::int64_t load_percent_max = 300;  ///< five-minute load, of the number of processors
  std::int64_t temperature_c_max = 90;  ///< where a sensor states no limit of its own
  std::int64_t disk_temperature_c_max = 65;
};

struct ServerOptions {
  std::vector<std::string> smartctl{"smartctl"};
  std::vector<std::string> ipmitool{"ipmitool"};
  std::int64_t interval_ms = 60'000;
  std::int64_t processors = 1;
  ServerLimits limits{};
};

enum class SourceState : std::uint8_t {
  ok,
  problem,      ///< something it tells of is not as it should be
  not_present,  ///< this machine has no such thing, or no program for it: no fault
  failed,       ///< it is there and cannot be read
};
[[nodiscard]] std::string_view to_string(SourceState state) noexcept;

/// The kinds of alarm that come from here.
[[nodiscard]] std::span<const std::string_view> server_alarm_kinds() noexcept;

/// One thing of a source: a disk, an array, a sensor.
struct ServerItem {
  std::string name{};
  bool is_problem = false;
  std::string value{};  ///< "41 degC", "2 of 3 members"; numbers and English words of the tools
};
struct ServerSource {
  std::string name{};  ///< disks, raid, supply, temperature, memory, processor
  SourceState state = SourceState::not_present;
  std::string reason{};  ///< of not_present and failed, in English
  std::vector<ServerItem> items{};
};
struct ServerReport {
  std::int64_t read_utc_ms = 0;  ///< 0: not yet
  std::vector<ServerSource> sources{};
};

/// The health of the machine that the platform runs on: asks its sources in the background, raises and clears
/// conditions (server_disk_failing, server_raid_degraded, server_supply_lost, server_temperature_high,
/// server_memory_high, server_processor_high). What cannot be asked for a while keeps its conditions. Thread-safe.
class ServerWatch {
 public:
  ServerWatch(std::unique_ptr<SourceReader> reader, alarms::ConditionSink& sink, const Clock& clock,
              ServerOptions options);
  ~ServerWatch();
  ServerWatch(const ServerWatch&) = delete;
  ServerWatch& operator=(const ServerWatch&) = delete;
  /// Steps on a thread of its own; without it step() is called by hand.
  void start();
  /// Alarms that stand from before a restart: they end when what they are about is well, or gone. Before start().
  void take_over(std::string_view kind, const std::vector<alarms::Subject>& standing);
  /// Asks every source once.
  void step();
  [[nodiscard]] ServerReport report() const;

 private:
  void settle(std::string_view kind, SourceState state, const std::vector<alarms::Condition>& now);
  void run(const std::stop_token& stop);

  std::unique_ptr<SourceReader> reader_;
  alarms::ConditionSink& sink_;
  const Clock& clock_;
  ServerOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  ServerReport report_;
  std::map<std::string, std::set<alarms::Subject>, std::less<>> standing_;  ///< by kind; of step()'s thread
  std::jthread thread_;                                                     // last: it uses all of the above
};

}  // namespace duheng::platform::servers
