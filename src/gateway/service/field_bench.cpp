// The field side in memory: what a gateway's core costs without sockets and disks.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "base/log.hpp"
#include "base/simulated_disk.hpp"
#include "codec/dlt645/message.hpp"
#include "drivers/dlt645/dialect.hpp"
#include "drivers/dlt645/driver.hpp"
#include "gateway/service/simulated_field.hpp"

namespace duheng::gateway {
namespace {

struct Loopback final : drivers::SessionOutput {
  void send(ByteView octets) override { question.assign(octets.begin(), octets.end()); }
  void deliver(const drivers::Exchange& exchange) override {
    newest = exchange.number;
    answered += exchange.outcome == drivers::Outcome::answered ? 1 : 0;
  }
  void reopen() override {}
  Bytes question;
  std::uint64_t newest = 0;
  std::uint64_t answered = 0;
};

/// One master and ten meters: question, virtual meter's answer, delivery, durable, next.
void session_with_virtual_meters(benchmark::State& state) {
  device::VirtualBus bus;
  drivers::Session session(drivers::make_dlt645_dialect(),
                           {.reopen_after_timeout = true});  // a shared line would be listened to first
  for (std::uint32_t i = 0; i < 10; ++i) {
    const auto address = *dlt645::Address::parse(std::to_string(i + 1));
    bus.add(std::make_shared<device::VirtualMeter>(device::VirtualMeterOptions{.address = address, .seed = i}));
    session.add_meter(drivers::bus_address(address), {1'500, 2, 4});
  }
  device::VirtualBusPort port(bus);
  Loopback line;
  const std::vector<dlt645::DataIdentifier> identifiers{{0x00010000}, {0x02010100}, {0x02030000}, {0x04000102}};
  std::uint32_t n = 0;
  drivers::Moment now{0, 1'763'712'000'000};
  session.opened(now, line);
  for (auto _ : state) {
    ++n;
    now.monotonic_ms += 1;
    now.utc_ms += 1;
    benchmark::DoNotOptimize(session.ask(n % 10, drivers::dlt645_read(identifiers[n % identifiers.size()]), 0));
    session.advance(now, line);
    Bytes answer;
    port.octets(
        now.utc_ms, line.question, [](ByteView) {},
        [&](const device::BusAnswer& said) { answer.assign(said.octets.begin(), said.octets.end()); });
    session.octets(now, answer, line);
    session.stored_through(line.newest, now, line);
  }
  if (line.answered != n) state.SkipWithError("an exchange failed");
  state.SetItemsProcessed(static_cast<std::int64_t>(n));
}
BENCHMARK(session_with_virtual_meters);

/// The whole core with its models, validation and batches, against virtual meters on a jumping clock; storing costs
/// nothing.
void core_with_virtual_meters(benchmark::State& state) {
  log::Options quiet;
  quiet.level = log::Level::error;
  log::configure(quiet);
  const auto models = *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  const auto meters = static_cast<std::uint32_t>(state.range(0));
  std::uint64_t exchanges = 0;
  std::uint64_t readings = 0;
  for (auto _ : state) {
    state.PauseTiming();
    ManualClock clock(1'763'712'000'000);
    SimulatedDisk ledger_disk;
    auto ledger = *device::LedgerWriter::open(ledger_disk, "ledger");
    SimulatedField field(clock, *ledger, {.channels = meters / 10, .meters_per_channel = 10});
    SeededRandom random(1);
    GatewayCore core(clock, random, field.core_options(models));
    field.attach(core, [](ByteView) -> Result<void> { return {}; });
    state.ResumeTiming();
    field.run_until_ms(30'000);
    const auto figures = core.statistics();
    exchanges += figures.exchanges_answered;
    readings += figures.readings;
    if (figures.devices_answering != meters) state.SkipWithError("a meter did not answer");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(exchanges));
  state.counters["readings/s"] = benchmark::Counter(static_cast<double>(readings), benchmark::Counter::kIsRate);
  state.counters["simulated_s/s"] =
      benchmark::Counter(30.0 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(core_with_virtual_meters)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

/// Heap per bus with one meter: the core's share of the 8 KiB that a held-open meter may cost.
void memory_per_session(benchmark::State& state) {
  const auto models = *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  constexpr std::uint32_t sessions = 20'000;
  double bytes = 0;
  for (auto _ : state) {
    ManualClock clock;
    SeededRandom random(1);
    CoreOptions options;
    for (std::uint32_t i = 0; i < sessions; ++i) {
      options.channels.push_back({"c", &drivers::dlt645_driver(), {}, {}});
      options.devices.push_back({std::to_string(i),
                                 drivers::bus_address(*dlt645::Address::parse(std::to_string(i + 1))),
                                 models.find("dlt645-2007-three-phase"), i});
    }
    const auto before = mallinfo2();
    GatewayCore core(clock, random, std::move(options));
    const auto after = mallinfo2();
    bytes = static_cast<double>(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / sessions;
  }
  state.counters["bytes_per_session"] = bytes;
}
BENCHMARK(memory_per_session)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace duheng::gateway
