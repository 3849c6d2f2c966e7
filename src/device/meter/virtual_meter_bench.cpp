// What one question costs a virtual meter: plain registers, and those of a meter whose relay was used.
#include <benchmark/benchmark.h>

#include "device/meter/virtual_meter.hpp"

namespace duheng::device {
namespace {

constexpr std::int64_t now_ms = 1'763'712'000'000;

dlt645::Address own_address() { return *dlt645::Address::parse("202600000161"); }

void ask_again_and_again(benchmark::State& state, VirtualMeter& meter, const dlt645::FrameBuffer& question) {
  std::int64_t at = now_ms;
  const Bytes octets(question.view().begin(), question.view().end());
  for (auto _ : state) {
    auto answer = meter.answer(at, dlt645::decode(octets)->octets());
    benchmark::DoNotOptimize(answer);
    at += 1'000;
  }
}

void read(benchmark::State& state) {
  VirtualMeter meter({.address = own_address(), .seed = 77, .three_phase = true, .exports = true});
  ask_again_and_again(state, meter, dlt645::read_request(own_address(), {static_cast<std::uint32_t>(state.range(0))}));
}
BENCHMARK(read)
    ->Arg(0x00010000)
    ->Arg(0x0001FF00)
    ->Arg(0x0203FF00)
    ->Arg(0x0201FF00)
    ->Arg(0x04000102)
    ->Arg(0x04000503)
    ->Arg(0x05060101)
    ->Arg(0x00010001);

#ifndef DUHENG_WITHOUT_COMMANDS
void read_after_trips(benchmark::State& state) {
  VirtualMeter meter({.address = own_address(), .seed = 77, .three_phase = true, .exports = true});
  for (std::int64_t i = 0; i < state.range(0); ++i)
    for (const auto command : {dlt645::RelayCommand::trip, dlt645::RelayCommand::close_direct}) {
      const auto frame =
          dlt645::control_request(own_address(), {2, {0x56, 0x34, 0x12}, {}}, command, {2090, 1, 1, 0, 0, 0});
      static_cast<void>(meter.answer(now_ms - 100'000'000 + i * 60'000, *dlt645::decode(frame.view())));
    }
  ask_again_and_again(state, meter, dlt645::read_request(own_address(), {0x00010000}));
}
BENCHMARK(read_after_trips)->Arg(1)->Arg(100);

void read_load_records(benchmark::State& state) {
  VirtualMeter meter({.address = own_address(), .seed = 77, .three_phase = true, .exports = true});
  ask_again_and_again(
      state, meter,
      dlt645::read_records_request(own_address(), {0x06000001}, 8, dlt645::DateTime{2025, 3, 7, 0, 0, 0}));
}
BENCHMARK(read_load_records);
#endif

}  // namespace
}  // namespace duheng::device
