// What a large job costs the platform: made, handed over in windows, reported, over. Real encrypted records with a
// durable commit for every step; the gateways answer at once.
#include <benchmark/benchmark.h>

#include "platform/orders/order_test_world.hpp"

namespace duheng::platform {
namespace {

using order_testing::must;
using order_testing::World;

constexpr int devices = 10'000;
constexpr int gateways = 10;

/// A world with many meters behind some gateways, made once.
struct Town {
  Town() {
    world.options.book.window = 200;
    world.restart();
    std::vector<DeviceDetails> lines;
    for (int i = 0; i < gateways; ++i)
      doors.push_back(must(world.gateways.create(Scope::everything(), world.east, "door-" + std::to_string(i))));
    for (int i = 0; i < devices; ++i) {
      DeviceDetails details;
      details.uid = details.address = details.name = "town-" + std::to_string(i);
      details.protocol = "dlt645";
      details.model = "meter";
      details.organisation = world.east;
      details.gateway = doors[static_cast<std::size_t>(i % gateways)];
      lines.push_back(details);
    }
    std::vector<ImportError> errors;
    must(world.devices.import(Scope::everything(), lines, errors));
    for (const DeviceDetails& details : lines) {
      const auto found = must(world.devices.find_by_uid(Scope::everything(), details.uid));
      targets.push_back({found->id, details.gateway, details.uid, details.model});
    }
    for (const GatewayId door : doors) world.connect(door);
  }
  World world;
  std::vector<GatewayId> doors;
  std::vector<JobTarget> targets;
};

Town& town() {
  static Town made;
  return made;
}

void job_of_ten_thousand(benchmark::State& state) {
  Town& here = town();
  World& world = here.world;
  for (auto _ : state) {
    world.sent.clear();
    const JobNumber number = must(world.service->create(world.anna, world.read(here.targets)));
    std::map<GatewayId, std::size_t> answered;
    std::size_t over = 0;
    world.service->tick();
    while (over < here.targets.size()) {
      for (const GatewayId door : here.doors) {
        for (std::size_t& at = answered[door]; at < world.sent[door].size(); ++at, ++over) {
          OrderReport report;
          report.id = world.sent[door][at].id;
          report.state = OrderState::done;
          report.values.push_back({"voltage_a", "V", -1, SeriesKind::decimal, 2'204, Quality::good, 5, false});
          report.frames.push_back({Protocol::dlt645_2007, Bytes(16, 0x68), Bytes(20, 0x68), 1, 2});
          world.service->reported(door, std::move(report));
        }
      }
      world.service->flush();
      world.service->tick();
    }
    if (world.job(number).state != JobState::finished) state.SkipWithError("the job is not finished");
  }
  state.SetItemsProcessed(state.iterations() * devices);
}
BENCHMARK(job_of_ten_thousand)->Unit(benchmark::kMillisecond)->Iterations(3);

void making_a_job_of_ten_thousand(benchmark::State& state) {
  Town& here = town();
  for (auto _ : state) {
    const JobNumber number = must(here.world.service->create(here.world.anna, here.world.read(here.targets)));
    state.PauseTiming();
    if (!here.world.service->cancel(here.world.anna, number)) state.SkipWithError("cannot cancel");
    here.world.service->tick();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * devices);
}
BENCHMARK(making_a_job_of_ten_thousand)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace duheng::platform
