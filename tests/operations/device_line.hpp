#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "device/bus/device_bus.hpp"
#include "device/carrier/virtual_carrier_module.hpp"
#include "device/fleet/catalogue.hpp"
#include "drivers/bus/line_session.hpp"
#include "drivers/models/device_model.hpp"

namespace duheng::operations {

/// What became of one question.
struct Reply {
  drivers::Outcome outcome = drivers::Outcome::timed_out;
  std::uint32_t error = 0;
  Bytes payload;
};

/// Of the one virtual device of that model that tests have.
[[nodiscard]] std::string address_of(const drivers::DeviceModel& model);
/// Errors: throws std::invalid_argument - there is no virtual device of that model.
[[nodiscard]] std::shared_ptr<device::VirtualDevice> device_of(const drivers::DeviceModel& model, std::uint64_t seed);

/// A virtual device of a model on a line of its own, and the real session and driver that speak to it. Time stands
/// still unless it is moved.
class DeviceLine final : public drivers::SessionOutput {
 public:
  /// What is put on the line in the device's place, e.g. itself with a scenario around it.
  using Seat = std::function<std::shared_ptr<device::VirtualDevice>(std::shared_ptr<device::VirtualDevice>)>;
  /// `behind_module`: not on the line itself, but behind a carrier module at its end.
  DeviceLine(std::shared_ptr<const drivers::DeviceModel> model, std::int64_t utc_ms, std::uint64_t seed = 1,
             const Seat& seat = {}, bool behind_module = false);

  std::int64_t utc_ms;
  [[nodiscard]] Reply ask(const drivers::Query& query);
  /// One after the other, until one is not answered; the last reply.
  [[nodiscard]] Reply ask_all(const std::vector<drivers::Query>& queries);
  /// The good values of an answer, by item.
  [[nodiscard]] std::vector<drivers::ItemValue> read(const drivers::ModelQuestion& question);
  [[nodiscard]] drivers::OperationInputs inputs() const;
  [[nodiscard]] device::VirtualDevice& device() { return *device_; }
  [[nodiscard]] const drivers::DeviceModel& model() const { return *model_; }
  [[nodiscard]] std::size_t questions() const { return questions_; }

  void send(ByteView octets) override { sent_.insert(sent_.end(), octets.begin(), octets.end()); }
  void deliver(const drivers::Exchange& exchange) override;
  void reopen() override {}

 private:
  void exchange(ByteView question);
  [[nodiscard]] drivers::Moment now() const { return {utc_ms, utc_ms}; }
  std::shared_ptr<const drivers::DeviceModel> model_;
  std::shared_ptr<device::VirtualDevice> device_;
  device::DeviceBus bus_;
  device::DeviceBusPort port_;
  std::unique_ptr<device::VirtualCarrierModule> module_;
  std::unique_ptr<drivers::LineSession> session_;
  Bytes heard_;
  Bytes sent_;
  Reply reply_;
  bool replied_ = false;
  std::size_t questions_ = 0;
  std::uint64_t delivered_ = 0;
};

}  // namespace duheng::operations
