// Lists of 100,000 devices: the goal is about 50 ms for any filter and order.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "platform/gateways/gateways.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"
#include "platform/web/device_directory.hpp"
#include "store/records/test_database.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace {

using namespace duheng;
using namespace duheng::platform;
using namespace duheng::platform::web;

constexpr int device_count = 100'000;

struct World {
  World()
      : database({Organisations::migrations(), Sites::migrations(), Gateways::migrations(), Devices::migrations()}),
        organisations(*database, clock),
        gateways(*database, clock, random),
        devices(*database, clock),
        heard(telemetry, clock, [this](std::uint64_t&) { return std::exchange(news, {}); }),
        directory(devices, clock, heard) {
    const OrganisationId organisation = *organisations.create(Scope::everything(), {{}, "o", "组织", "Organisation"});
    const GatewayId gateway = *gateways.create(Scope::everything(), organisation, "gateway");
    std::vector<DeviceDetails> lines(device_count);
    SeededRandom seeded{1};
    for (int i = 0; i < device_count; ++i) {
      DeviceDetails& line = lines[static_cast<std::size_t>(i)];
      line.uid = line.address = fmt::format("{:012}", i);
      line.name = fmt::format("电表 Meter {:06}", (i * 7919) % device_count);
      line.protocol = line.model = "m";
      line.organisation = organisation;
      line.gateway = gateway;
      line.interval_s = 900;
      news.push_back({{gateway, line.uid}, clock.utc_ms() - static_cast<std::int64_t>(seeded.below(20'000'000))});
    }
    std::vector<ImportError> errors;
    if (devices.import(Scope::everything(), lines, errors).value_or(0) != device_count) std::abort();
  }
  SystemClock clock;
  SystemRandom random;
  records::TestDatabase database;
  Organisations organisations;
  Gateways gateways;
  Devices devices;
  store::MemoryTelemetryStore telemetry;
  std::vector<LastHeard> news;
  HeardTimes heard;
  DeviceDirectory directory;
};

World& world() {
  static World made;
  return made;
}

void list(benchmark::State& state, const DirectoryQuery& query) {
  if (!world().directory.list(query)) std::abort();
  for (auto _ : state) {
    auto page = world().directory.list(query);
    benchmark::DoNotOptimize(page->total);
  }
}

void BM_FirstPageByName(benchmark::State& state) { list(state, {}); }
void BM_LastReadingOrder(benchmark::State& state) {
  DirectoryQuery query;
  query.sort = DirectorySort::last_reading;
  list(state, query);
}
void BM_StateFilter(benchmark::State& state) {
  DirectoryQuery query;
  query.state = DeviceState::late;
  list(state, query);
}
void BM_SearchStateAndOrder(benchmark::State& state) {
  DirectoryQuery query;
  query.search = "meter 0123";
  query.state = DeviceState::online;
  query.sort = DirectorySort::last_reading;
  query.descending = true;
  query.page = 2;
  list(state, query);
}
void BM_StateCounts(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(world().directory.counts(std::nullopt)->late);
}
void BM_SnapshotAnew(benchmark::State& state) {
  for (auto _ : state) {
    DeviceDirectory fresh{world().devices, world().clock, world().heard};
    benchmark::DoNotOptimize(fresh.snapshot()->get());
  }
}
BENCHMARK(BM_FirstPageByName)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LastReadingOrder)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_StateFilter)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_SearchStateAndOrder)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_StateCounts)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_SnapshotAnew)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
