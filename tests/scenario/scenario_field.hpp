#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/simulated_disk.hpp"
#include "device/ledger/ledger.hpp"
#include "device/scenario/scenario_line.hpp"
#include "drivers/bus/session.hpp"

namespace duheng::test {

/// A protocol at both ends of a line: four virtual devices, and what a master asks them.
struct FieldSetup {
  const device::LineProtocol* protocol = nullptr;
  std::function<std::unique_ptr<drivers::Dialect>()> dialect;
  struct Device {
    drivers::BusAddress address;
    std::shared_ptr<device::VirtualDevice> device;
    std::vector<drivers::Query> queries;
  };
  std::vector<Device> devices;
};
[[nodiscard]] FieldSetup dlt645_field();
[[nodiscard]] FieldSetup cjt188_field();
[[nodiscard]] FieldSetup modbus_rtu_field();
[[nodiscard]] FieldSetup modbus_tcp_field();

/// What was delivered, as the platform would hold it.
struct Heard {
  std::uint32_t meter;
  std::size_t query;
  drivers::Outcome outcome;
  bool late;
  Bytes response;
};

/// A real session over a line with a scenario: a world of its own, driven by the events' own times.
class ScenarioField final : private drivers::SessionOutput {
 public:
  struct Options {
    std::uint64_t seed = 1;
    bool reopen_after_timeout = false;
    std::string rules;  ///< the lines behind `rules:`
  };
  ScenarioField(const FieldSetup& setup, const Options& options);
  /// Asks so many questions, one after the other, of devices and about things drawn from the seed.
  void run(std::size_t questions);

  [[nodiscard]] const drivers::Session& session() const { return session_; }
  [[nodiscard]] const std::vector<Heard>& heard() const { return heard_; }
  [[nodiscard]] const device::Scenario& scenario() const { return scenario_; }
  /// Every answer the devices gave against everything delivered with octets.
  [[nodiscard]] device::LedgerComparison comparison();
  [[nodiscard]] std::vector<device::LedgerEntry> ledger();
  [[nodiscard]] std::string uid(std::uint32_t meter) const { return setup_.devices[meter].device->uid(); }
  [[nodiscard]] std::uint64_t questions_sent() const;

 private:
  void send(ByteView octets) override { sent_.emplace_back(octets.begin(), octets.end()); }
  void deliver(const drivers::Exchange& exchange) override;
  void reopen() override { reopening_ = true; }
  [[nodiscard]] drivers::Moment now() const;
  void react();
  void at_the_devices(ByteView octets);
  [[nodiscard]] std::int64_t next_ms() const;
  [[nodiscard]] bool is_busy() const;
  void step();

  FieldSetup setup_;
  SeededRandom random_;
  device::Scenario scenario_;
  device::DeviceBus bus_;
  device::DeviceBusPort port_;
  device::ScenarioLine line_;
  SimulatedDisk disk_;
  std::unique_ptr<device::LedgerWriter> ledger_;
  device::LedgerTrail trail_;
  drivers::Session session_;
  std::vector<Bytes> sent_;
  std::vector<Heard> heard_;
  std::map<std::uint64_t, std::int64_t> stored_at_;  // exchange, when it is durable
  bool reopening_ = false;
  std::int64_t now_ms_ = 0;
};

}  // namespace duheng::test
