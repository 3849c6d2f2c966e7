#include "store/telemetry/memory_telemetry_store.hpp"
#include "store/telemetry/telemetry_key_file.hpp"

// The input is read as a key file, and applied as the body of a journal record: whatever it is, the store keeps its
// promises.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::store;
  const ByteView input(data, size);
  if (const auto parsed = TelemetryKeyFile::parse(as_text(input))) {
    const auto again = TelemetryKeyFile::parse(parsed->to_text());
    if (!again || *again != *parsed) __builtin_trap();
  }
  MemoryTelemetryStore store;
  const TelemetryRecord record{0, GatewayId{1}, input};
  const auto applied = store.apply({&record, 1});
  if (!applied) {
    if (store.next_record() != 0 || store.statistics().readings != 0) __builtin_trap();
    return 0;
  }
  const auto statistics = store.statistics();
  if (applied->next_record != 1 || statistics.readings != applied->readings) __builtin_trap();
  const auto series = store.series_of(SourceId{1});
  for (const Series& one : series) {
    const auto latest = store.latest({&one.id, 1});
    if (!latest[0]) __builtin_trap();
    const auto& point = *latest[0];
    if (point.time_utc_ms > INT64_MAX / 8 || point.time_utc_ms < INT64_MIN / 8) continue;
    const auto found = store.range(one.id, {point.time_utc_ms, point.time_utc_ms + 1}, 10, {});
    if (!found || found->points.empty()) __builtin_trap();
  }
  return 0;
}
