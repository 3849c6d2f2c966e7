// What one meter of a fleet costs: a polling question, a page of load profile, a command kept.
#include <benchmark/benchmark.h>

#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/message.hpp"
#include "device/dlt698/calendar.hpp"
#include "device/dlt698/virtual_dlt698_meter.hpp"
#include "device/memory/ram_memory.hpp"

namespace {

using namespace duheng;
using dlt698::Oad;
namespace make = dlt698::make;

const auto own = *dlt698::ServerAddress::parse("202611000001");
constexpr std::int64_t now_utc_ms = 1'763'000'000'000;
constexpr std::int64_t zone_ms = 28'800'000;

device::Dlt698MeterOptions options() {
  return {.address = own, .seed = 5, .three_phase = true, .plain_writes_allowed = true};
}
Bytes framed(const dlt698::Node& node) {
  const Bytes apdu = *dlt698::encode_tree(dlt698::types::apdu, node);
  dlt698::FrameFields fields;
  fields.server_address = own;
  fields.user_data = apdu;
  return *dlt698::encode(fields);
}
void ask(benchmark::State& state, const device::Dlt698MeterOptions& with, const Bytes& question) {
  device::VirtualDlt698Meter meter(with);
  std::int64_t at = now_utc_ms;
  std::size_t octets = 0;
  for (auto _ : state) {
    const auto said = meter.answer(++at, question);
    if (!said) return state.SkipWithError("silent");
    octets = said->octets.size();
  }
  state.counters["answer_octets"] = static_cast<double>(octets);
}

void live_group(benchmark::State& state) {
  const std::array oads{Oad{0x2000, 2, 0}, Oad{0x2001, 2, 0}, Oad{0x2004, 2, 0}, Oad{0x200A, 2, 0},
                        Oad{0x0010, 2, 1}, Oad{0x0020, 2, 1}, Oad{0x200F, 2, 0}, Oad{0x4000, 2, 0}};
  ask(state, options(), framed(dlt698::get_list_request(1, oads)));
}
BENCHMARK(live_group);

void profile_page(benchmark::State& state) {
  const std::int64_t to = now_utc_ms + zone_ms;
  const std::array columns{Oad{0x2021, 2, 0}, Oad{0x0010, 2, 1}, Oad{0x0020, 2, 1}, Oad{0x2004, 2, 0}};
  const auto range = make::select_range(Oad{0x2021, 2, 0}, device::meter698::moment_node(to - 12 * 900'000),
                                        device::meter698::moment_node(to), make::null());
  ask(state, options(), framed(dlt698::get_record_request(1, Oad{0x5002, 2, 0}, range, columns)));
}
BENCHMARK(profile_page);

void clock_set_and_kept(benchmark::State& state) {
  auto with = options();
  with.memory = std::make_shared<device::RamMemory>();
  const auto time = device::meter698::moment_node(now_utc_ms + zone_ms);
  ask(state, with, framed(dlt698::set_request(1, Oad{0x4000, 2, 0}, time)));
}
BENCHMARK(clock_set_and_kept);

}  // namespace
