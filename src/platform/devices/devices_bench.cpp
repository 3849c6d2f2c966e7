#include <benchmark/benchmark.h>
#include <chrono>
#include <fmt/format.h>

#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

constexpr int devices_count = 100'000;
const Scope all = Scope::everything();

/// 100,000 meters in 100 organisations of two levels, 1,000 sites, 50 gateways; made once.
struct World {
  records::TestDatabase database{Organisations::migrations(), Sites::migrations(), Gateways::migrations(),
                                 Devices::migrations()};
  SystemRandom random;
  Organisations organisations{*database, database.clock};
  Sites sites{*database, database.clock};
  Gateways gateways{*database, database.clock, random};
  Devices devices{*database, database.clock};
  OrganisationId region;
  double import_seconds = 0;

  World() {
    std::vector<OrganisationId> leaves;
    for (int r = 0; r < 10; ++r) {
      const auto top =
          organisations.create(all, {.parent = {}, .code = fmt::format("r{}", r), .name_zh = "区", .name_en = "Region"})
              .value();
      if (r == 3) region = top;
      for (int i = 0; i < 9; ++i) {
        leaves.push_back(
            organisations
                .create(all, {.parent = top, .code = fmt::format("r{}.{}", r, i), .name_zh = "所", .name_en = "Branch"})
                .value());
      }
    }
    std::vector<SiteId> places;
    for (int i = 0; i < 1000; ++i) {
      places.push_back(sites
                           .create(all, {.organisation = leaves[i % leaves.size()],
                                         .name = fmt::format("小区 {}", i),
                                         .iana_zone = "Asia/Shanghai",
                                         .address = ""})
                           .value());
    }
    std::vector<GatewayId> senders;
    for (int i = 0; i < 50; ++i)
      senders.push_back(gateways.create(all, leaves[i], fmt::format("gateway {}", i)).value());
    std::vector<DeviceDetails> lines(devices_count);
    for (int i = 0; i < devices_count; ++i) {
      const int shuffled = static_cast<int>(i * 48'271LL % devices_count);
      lines[i] = {.uid = fmt::format("dlt645-{:012}", i),
                  .name = fmt::format("{} 号楼 {} 室 电表 {}", shuffled % 97, shuffled / 97, shuffled),
                  .address = fmt::format("{:012}", 2'026'000'000'00LL + shuffled),
                  .protocol = "dlt645",
                  .model = "virtual_single_phase",
                  .organisation = leaves[i % leaves.size()],
                  .site = places[i % places.size()],
                  .gateway = senders[i % senders.size()]};
    }
    std::vector<ImportError> errors;
    const auto begin = std::chrono::steady_clock::now();
    (void)devices.import(all, lines, errors).value();
    import_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
};

World& world() {
  static World made;
  return made;
}

void page(benchmark::State& state, const Scope& scope, DeviceQuery query) {
  auto& devices = world().devices;
  std::int64_t total = 0;
  for (auto _ : state) {
    const auto found = devices.list(scope, query);
    if (!found || found->devices.empty()) {
      state.SkipWithError("no page");
      return;
    }
    total = found->total;
  }
  state.counters["total"] = static_cast<double>(total);
}

void first_page(benchmark::State& state) { page(state, all, {}); }
void page_in_the_middle(benchmark::State& state) { page(state, all, {.page = 1000}); }
void last_page_by_address(benchmark::State& state) {
  page(state, all, {.page = 2000, .sort = DeviceSort::address, .descending = true});
}
void first_page_of_a_region(benchmark::State& state) { page(state, Scope::below(world().region), {}); }
void middle_page_of_a_region(benchmark::State& state) { page(state, Scope::below(world().region), {.page = 100}); }
void page_of_a_gateway(benchmark::State& state) { page(state, all, {.page = 20, .gateway = GatewayId{7}}); }
void search_rare(benchmark::State& state) { page(state, all, {.search = "202600054321"}); }
void search_common(benchmark::State& state) { page(state, all, {.search = "96 号楼"}); }
void search_all_match(benchmark::State& state) { page(state, all, {.search = "电表"}); }
void search_in_a_region(benchmark::State& state) { page(state, Scope::below(world().region), {.search = "96 号楼"}); }
BENCHMARK(first_page)->Unit(benchmark::kMillisecond);
BENCHMARK(page_in_the_middle)->Unit(benchmark::kMillisecond);
BENCHMARK(last_page_by_address)->Unit(benchmark::kMillisecond);
BENCHMARK(first_page_of_a_region)->Unit(benchmark::kMillisecond);
BENCHMARK(middle_page_of_a_region)->Unit(benchmark::kMillisecond);
BENCHMARK(page_of_a_gateway)->Unit(benchmark::kMillisecond);
BENCHMARK(search_rare)->Unit(benchmark::kMillisecond);
BENCHMARK(search_common)->Unit(benchmark::kMillisecond);
BENCHMARK(search_all_match)->Unit(benchmark::kMillisecond);
BENCHMARK(search_in_a_region)->Unit(benchmark::kMillisecond);

/// What whoever finds devices by their sources reads after a change.
void read_all_sources(benchmark::State& state) {
  for (auto _ : state) {
    if (world().devices.all_sources(all)->size() != devices_count) state.SkipWithError("not all");
  }
  state.counters["import_s"] = world().import_seconds;
}
BENCHMARK(read_all_sources)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace duheng::platform
