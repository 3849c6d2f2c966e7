#include <benchmark/benchmark.h>

#include "model/batch.hpp"

namespace {

using namespace duheng;

void fill(BatchWriter& writer, int frames) {
  static const Bytes request(16, 0x68);
  static const Bytes response(20, 0x68);
  for (int i = 0; i < frames; ++i) {
    const auto device = writer.device("dlt645-000000000161");
    const auto r = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
    writer.frame({device, Protocol::dlt645_2007, 1'750'000'000'000, 1'750'000'000'020, request, response});
    writer.reading({r, 123'456 + i, 1'750'000'000'020, TimeSource::gateway, Quality::good});
  }
}

void write_batch(benchmark::State& state) {
  BatchWriter writer(1'750'000'000'000);
  Bytes out;
  for (auto _ : state) {
    writer.clear(1'750'000'000'000);
    out.clear();
    fill(writer, 4096);
    writer.finish(out);
  }
  state.SetItemsProcessed(state.iterations() * 4096);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(write_batch);

void parse_and_walk_batch(benchmark::State& state) {
  BatchWriter writer(1'750'000'000'000);
  fill(writer, 4096);
  Bytes bytes;
  writer.finish(bytes);
  for (auto _ : state) {
    std::int64_t sum = 0;
    const auto view = BatchView::parse(bytes);
    view->for_each([](auto, const Frame&) {}, [&](auto, const Frame&, const Reading& r) { sum += r.mantissa; });
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * 4096);
}
BENCHMARK(parse_and_walk_batch);

}  // namespace
