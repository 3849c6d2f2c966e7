// Exports of ten million rows: how fast, and in how much memory. The readings are made up on the way, so that the
// figures are those of the export alone: rows, format, compression, encryption, disk.
#include <benchmark/benchmark.h>
#include <fstream>
#include <stdexcept>
#include <string>

#include "platform/devices/devices.hpp"
#include "platform/exports/export_service.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t quarter_ms = 900'000;
constexpr std::int64_t begin_ms = 1'700'000'100'000;
constexpr std::int64_t series_count = 1'000;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class Registers final : public ExportSource {
 public:
  [[nodiscard]] std::uint64_t next_record() const override { return 1; }
  [[nodiscard]] Result<store::PointPage> range(SeriesId series, store::TimeRange range, std::size_t points_max,
                                               const store::QueryOptions&) const override {
    store::PointPage page;
    std::int64_t at = range.from_utc_ms;
    for (; at < range.to_utc_ms && page.points.size() < points_max; at += quarter_ms) {
      store::Point point;
      point.time_utc_ms = at;
      point.mantissa = (at - begin_ms) / quarter_ms * (3 + series.value % 17) + series.value * 1'000;
      point.received_utc_ms = at + 1'000 + series.value;
      point.frame = FrameReference::make(static_cast<std::uint64_t>((at - begin_ms) / quarter_ms + 1),
                                         static_cast<std::uint32_t>(series.value));
      page.points.push_back(point);
    }
    if (at < range.to_utc_ms) page.next_from_utc_ms = at;
    return page;
  }
  [[nodiscard]] std::vector<Edit> edits(SeriesId, store::TimeRange) const override { return {}; }
  [[nodiscard]] Result<BucketPage> buckets(SeriesId, store::BucketSize, store::DaySpan,
                                           const store::QueryOptions&) const override {
    return fail(ErrorCode::unsupported, "readings only");
  }
};

double status_mib(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::stod(line.substr(name.size() + 1)) / 1'024;
  }
  return 0;
}

/// The kernel's highest mark of resident memory begins anew.
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

NewExport wish(store::TableFormat format, std::int64_t rows) {
  NewExport out;
  out.format = format;
  out.time_zone = "Asia/Shanghai";
  out.range = {begin_ms, begin_ms + rows / series_count * quarter_ms};
  for (std::int64_t i = 0; i < series_count; ++i) {
    const std::string uid = std::to_string(100'000'000'000 + i);
    out.plan.devices.push_back({DeviceId{i + 1}, uid, "Meter " + uid, uid, "Hill"});
    out.plan.parts.push_back({static_cast<std::uint32_t>(i), SeriesId{i + 1}, "energy_active_import_total", "kWh", -2,
                              SeriesKind::decimal, out.range});
  }
  return out;
}

void export_rows(benchmark::State& state) {
  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(), OrderService::migrations(),
                                 ExportService::migrations()};
  records::TemporaryFolder folder;
  PosixDisk disk;
  SystemClock clock;
  SystemRandom random;
  crypto::LocalKeyProvider keys{records::test_key()};
  Registers source;
  ExportOptions options;
  options.directory = folder.file("exports");
  ExportService service(*database, disk, clock, random, keys, source, options);
  must(service.open());
  const auto format = static_cast<store::TableFormat>(state.range(0));
  const std::int64_t rows = state.range(1);
  const Scope all = Scope::everything();
  PeopleOptions quick;
  quick.password_cost = {.memory_kib = 64, .passes = 1};
  People people(*database, clock, random, quick);
  NewUser user;
  user.name = "anna";
  user.password = "correct horse battery";
  const Author anna{must(people.create(all, user)), "anna", Role::viewer, all, "127.0.0.1"};
  double peak_mib = 0;
  Export done;
  for (auto _ : state) {
    const Export asked = must(service.ask(anna, wish(format, rows), 1));
    reset_peak();
    while (must(service.step()) != ExportService::Step::idle) {
    }
    peak_mib = status_mib("VmHWM:");
    done = must(service.get(anna, asked.id));
    if (done.state != ExportState::done || done.rows != static_cast<std::uint64_t>(rows))
      throw std::runtime_error("the export is not whole");
  }
  state.SetLabel(std::string{store::to_string(format)});
  state.counters["rows_per_s"] = benchmark::Counter(static_cast<double>(rows) * static_cast<double>(state.iterations()),
                                                    benchmark::Counter::kIsRate);
  state.counters["peak_memory_mib"] = peak_mib;
  state.counters["file_mib"] = static_cast<double>(done.size_bytes) / (1 << 20);
  state.counters["disk_mib"] = static_cast<double>(done.disk_bytes) / (1 << 20);
}
BENCHMARK(export_rows)
    ->ArgsProduct({{1, 2, 3, 4}, {10'000'000}})
    ->Iterations(1)
    ->Unit(benchmark::kSecond)
    ->UseRealTime();

}  // namespace
}  // namespace duheng::platform
