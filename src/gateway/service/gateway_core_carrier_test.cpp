// Two hundred meters behind a bad carrier module, read by the whole core: nothing of theirs is lost, doubled or mixed.
#include <gtest/gtest.h>
#include <map>

#include "base/simulated_disk.hpp"
#include "device/carrier/virtual_carrier_module.hpp"
#include "device/ledger/ledger.hpp"
#include "device/meter/virtual_bus.hpp"
#include "drivers/dlt645/dialect.hpp"
#include "gateway/service/gateway_core.hpp"
#include "model/batch.hpp"

namespace duheng::gateway {
namespace {

const ModelLibrary& models() {
  static const ModelLibrary library = *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  return library;
}

/// A gateway with one carrier line; octets take a millisecond either way, batches are durable at once.
class CarrierField final : public GatewayOutput {
 public:
  CarrierField(std::uint32_t meters, const device::CarrierModuleOptions& options)
      : ledger_(*device::LedgerWriter::open(disk_, "ledger")),
        module_(bus_, options,
                {[this](const auto& node, ByteView question) { trail_of(node).question(question); },
                 [this](const auto& node, const device::BusAnswer& said, bool spoiled) {
                   return trail_of(node)
                       .answer(said.address.to_string(), said.identifier.value, said.octets, clock.utc_ms(), spoiled)
                       .has_value();
                 },
                 [](const auto&, const device::BusAnswer&) { return true; },
                 [this] {
                   for (auto& [node, trail] : trails_) trail.cut();
                 },
                 [this](ByteView octets) { to_gateway_.emplace_back(octets.begin(), octets.end()); }}) {
    CoreOptions core_options;
    CoreChannel channel;
    channel.name = "carrier";
    channel.driver = models().find("dlt645-2007-single-phase")->driver;
    channel.session.octet_time_us = 1'146;  // 9600 8E1
    channel.carrier = drivers::CarrierSettings{};
    core_options.channels.push_back(channel);
    for (std::uint32_t i = 0; i < meters; ++i) {
      const auto address = *dlt645::Address::parse(uid(i));
      bus_.add(std::make_shared<device::VirtualMeter>(device::VirtualMeterOptions{.address = address, .seed = i + 1}));
      core_options.devices.push_back(
          {uid(i), drivers::bus_address(address), models().find("dlt645-2007-single-phase"), 0});
    }
    core = std::make_unique<GatewayCore>(clock, random_, std::move(core_options));
    core->start(*this);
  }
  static std::string uid(std::uint32_t meter) { return std::to_string(202'600'000'001ULL + meter); }

  void run_ms(std::int64_t ms) {
    const std::int64_t until_ms = clock.monotonic_ms() + ms;
    while (clock.monotonic_ms() < until_ms) {
      settle();
      const std::int64_t next_ms = std::min({until_ms, module_.due_ms(), core->next_wake_ms()});
      clock.advance_ms(std::max<std::int64_t>(next_ms - clock.monotonic_ms(), 1));
      module_.advance(clock.monotonic_ms(), clock.utc_ms());
      core->tick(*this);
    }
    settle();
  }
  device::LedgerComparison compare() {
    EXPECT_TRUE(ledger_->flush());
    return device::compare_with_ledger(*device::read_ledger(disk_, "ledger"), frames);
  }

  void open_channel(std::uint32_t channel) override { opened_.push_back(channel); }
  void close_channel(std::uint32_t /*channel*/) override {
    to_module_.clear();
    to_gateway_.clear();
    module_.cut();
  }
  void send(std::uint32_t /*channel*/, ByteView octets) override {
    to_module_.emplace_back(octets.begin(), octets.end());
  }
  void store(ByteView body) override {
    const auto view = BatchView::parse(body);
    ASSERT_TRUE(view);
    view->for_each(
        [&](std::uint32_t, const Frame& frame) {
          const std::string uid(view->devices()[frame.device_index]);
          const auto carried = gdw13762::carried_frames(frame.response);
          ASSERT_TRUE(carried) << to_hex(frame.response);
          ASSERT_TRUE(gdw13762::carried_frames(frame.request));
          const auto inner = dlt645::decode(*carried);
          ASSERT_TRUE(inner);
          EXPECT_EQ(inner->address().to_string(), uid);
          frames.push_back({uid, *carried, frame.received_utc_ms});
        },
        [&](std::uint32_t, const Frame& frame, const Reading&) {
          ++readings[std::string(view->devices()[frame.device_index])];
        });
    stored_ = true;
  }

  ManualClock clock{1'763'712'000'000};
  std::unique_ptr<GatewayCore> core;
  std::vector<device::ObservedFrame> frames;
  std::map<std::string, std::uint64_t> readings;
  device::VirtualCarrierModule& module() { return module_; }

 private:
  device::LedgerTrail& trail_of(const gdw13762::NodeAddress& node) {
    return trails_.try_emplace(node, *ledger_).first->second;
  }
  void settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (const std::uint32_t channel : std::exchange(opened_, {})) core->channel_opened(channel, *this), busy = true;
      if (std::exchange(stored_, false)) core->stored({}, *this), busy = true;
      for (const auto& octets : std::exchange(to_module_, {}))
        module_.octets(clock.monotonic_ms(), clock.utc_ms(), octets), busy = true;
      for (const auto& octets : std::exchange(to_gateway_, {})) core->octets(0, octets, *this), busy = true;
    }
  }

  SimulatedDisk disk_;
  SeededRandom random_{5};
  std::unique_ptr<device::LedgerWriter> ledger_;
  device::VirtualBus bus_;
  std::map<gdw13762::NodeAddress, device::LedgerTrail> trails_;
  device::VirtualCarrierModule module_;
  std::vector<std::uint32_t> opened_;
  std::vector<Bytes> to_module_;
  std::vector<Bytes> to_gateway_;
  bool stored_ = false;
};

TEST(GatewayCoreCarrier, TwoHundredMetersBehindABadCarrierLoseNothingAndMixNothing) {
  for (const std::uint8_t at_once : {std::uint8_t{1}, std::uint8_t{6}}) {
    device::CarrierModuleOptions options;
    options.seed = 7U + at_once;
    options.at_once_max = at_once;
    options.lost_per_mille = 30;
    options.spoiled_per_mille = 20;
    options.doubled_per_mille = 30;
    options.busy_per_mille = 30;
    options.rerouted_per_mille = 30;
    options.restart_per_mille = 1;
    CarrierField field(200, options);
    field.run_ms(2 * 3'600'000);
    EXPECT_EQ(field.readings.size(), 200U);
    const auto statistics = field.core->statistics();
    EXPECT_EQ(statistics.devices_offline, 0U);
    EXPECT_GT(statistics.readings, 10'000U);
    EXPECT_GT(statistics.carriers.denials, 0U);
    EXPECT_GT(statistics.carriers.module_restarts, 0U);
    EXPECT_EQ(statistics.carriers.nodes_refused, 0U);
    const auto comparison = field.compare();
    EXPECT_TRUE(comparison.sound()) << comparison.lost << " lost " << comparison.doubled << " doubled "
                                    << comparison.unknown << " unknown "
                                    << (comparison.examples.empty() ? "" : comparison.examples[0]);
    EXPECT_GT(comparison.confirmed, 1'000U);
    RecordProperty("answers_at_once_" + std::to_string(at_once), static_cast<int>(comparison.answers));
  }
}

}  // namespace
}  // namespace duheng::gateway
