#include "tests/simulation/simulated_field.hpp"

#include <fmt/format.h>
#include <stdexcept>

namespace duheng::simulation {

Field::Field(EventQueue& queue, Random& random, std::size_t buses, std::size_t meters_per_bus) : queue_(queue) {
  static_cast<void>(disk_.make_directories("field"));
  auto ledger = device::LedgerWriter::open(disk_, ledger_path);
  if (!ledger) throw std::runtime_error(ledger.error().message);
  ledger_ = std::move(*ledger);
  for (std::size_t b = 0; b < buses; ++b) {
    Bus bus;
    bus.bus = std::make_unique<device::VirtualBus>();
    for (std::size_t m = 0; m < meters_per_bus; ++m) {
      const std::string digits = fmt::format("{:012}", 100'000 + b * 1'000 + m);
      device::VirtualMeterOptions options;
      options.address = *dlt645::Address::parse(digits);
      options.seed = random.next_u64();
      options.three_phase = m % 2 == 1;
      bus.bus->add(std::make_shared<device::VirtualMeter>(options));
      meters_.push_back({"dlt645-" + digits, options.address, b});
    }
    bus.port = std::make_unique<device::VirtualBusPort>(*bus.bus);
    bus.trail = std::make_unique<device::LedgerTrail>(*ledger_);
    buses_.push_back(std::move(bus));
  }
}

void Field::connect(std::size_t bus, std::function<void(Bytes)> deliver) {
  disconnect(bus);
  buses_[bus].deliver = std::move(deliver);
}

void Field::disconnect(std::size_t bus) {
  buses_[bus].deliver = nullptr;
  buses_[bus].port->reset();
  buses_[bus].trail->cut();
}

void Field::receive(std::size_t index, ByteView octets) {
  Bus& bus = buses_[index];
  if (silent_ || !bus.deliver) return;
  const std::int64_t now = NodeClock::epoch_utc_ms + queue_.now_ms();
  Bytes back;
  bus.port->octets(
      now, octets, [&](ByteView question) { bus.trail->question(question); },
      [&](const device::BusAnswer& answer) {
        if (!bus.trail->answer(answer.address.to_string(), answer.identifier.value, answer.octets, now,
                               answer.collision))
          return;
        back.insert(back.end(), answer.octets.begin(), answer.octets.end());
      });
  if (!back.empty()) bus.deliver(std::move(back));
}

}  // namespace duheng::simulation
