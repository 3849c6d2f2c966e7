// What many alarms cost: 100,000 taken in and stored, asked for, counted; beside as many plain rows with an index in
// the same database.
#include <benchmark/benchmark.h>

#include "platform/alarms/alarm_book.hpp"
#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform::alarms {
namespace {

constexpr int alarms = 100'000;
constexpr int bundle = 5'000;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

Condition silent(int number, int minutes) {
  return {.kind = "device_silent",
          .subject = {SubjectKind::device, std::to_string(number)},
          .severity = static_cast<Severity>(number % 4),
          .facts = {{"silent_minutes", std::to_string(minutes)}, {"interval_s", "900"}}};
}

/// Devices 1 to 100,000 of two organisations, and a book that gathers nothing.
struct World {
  World() {
    city = must(organisations.create(Scope::everything(), {.code = "city", .name_en = "City"}));
    east = must(organisations.create(Scope::everything(), {.parent = city, .code = "east", .name_en = "East"}));
    std::vector<DeviceDetails> lines;
    for (int i = 0; i < alarms; ++i) {
      DeviceDetails details;
      details.uid = details.address = details.name = "meter-" + std::to_string(i);
      details.protocol = "dlt645";
      details.model = "meter";
      details.organisation = i % 2 == 0 ? east : city;
      lines.push_back(details);
    }
    std::vector<ImportError> errors;
    must(devices.import(Scope::everything(), lines, errors));
    book = must(AlarmBook::open(*records, clock, topology, {.rules = {.flood_rings = 1'000'000}}));
  }
  records::TestDatabase records{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                Devices::migrations(),       People::migrations(), OrderService::migrations(),
                                AlarmBook::migrations()};
  ManualClock clock;
  Organisations organisations{*records, clock};
  Devices devices{*records, clock};
  OrganisationId city, east;
  NoTopology topology;
  std::unique_ptr<AlarmBook> book;
};

World& full_world() {
  static World world;
  static const bool filled = [] {
    for (int i = 1; i <= alarms; ++i) world.book->raise(silent(i, 5));
    while (world.book->step()) {
    }
    return true;
  }();
  benchmark::DoNotOptimize(filled);
  return world;
}

/// Raised, decided, stored with history, durable.
void raise_and_store(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    World world;
    state.ResumeTiming();
    for (int i = 1; i <= alarms; ++i) world.book->raise(silent(i, 5));
    while (world.book->step()) {
    }
    state.PauseTiming();
    if (world.book->open_alarms() != alarms) state.SkipWithError("alarms are missing");
    world.book.reset();
    state.ResumeTiming();
  }
  state.counters["alarms_per_s"] = benchmark::Counter(alarms, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(raise_and_store)->Iterations(1)->Unit(benchmark::kMillisecond);

/// As many rows of about the same size and as many history rows, nothing decided.
void plain_rows(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    records::TestDatabase database;
    must(database->write([](records::Transaction& t) {
      return t.run_script(
          "CREATE TABLE plain (number INTEGER PRIMARY KEY, kind TEXT, subject TEXT, severity INTEGER, facts TEXT, "
          "stage INTEGER, raised_ms INTEGER); CREATE INDEX plain_shown ON plain (severity, raised_ms);"
          "CREATE TABLE steps (id INTEGER PRIMARY KEY, number INTEGER, at_ms INTEGER, step INTEGER, hash BLOB);"
          "CREATE INDEX steps_by_number ON steps (number);");
    }));
    const Bytes hash(32, 7);
    state.ResumeTiming();
    for (int begin = 0; begin < alarms; begin += bundle) {
      must(database->write([&](records::Transaction& t) -> Result<void> {
        for (int i = begin; i < begin + bundle; ++i) {
          DUHENG_CHECK(t.execute(
              "INSERT INTO plain VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
              {i, "device_silent", std::to_string(i), i % 4, R"({"silent_minutes":"5","interval_s":"900"})", 1, i}));
          DUHENG_CHECK(t.execute("INSERT INTO steps VALUES (?1, ?1, ?1, 1, ?2)", {i, hash}));
        }
        return {};
      }));
    }
  }
  state.counters["rows_per_s"] = benchmark::Counter(alarms, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(plain_rows)->Iterations(1)->Unit(benchmark::kMillisecond);

/// One more alarm, or one less, stored while 100,000 stand.
void one_more(benchmark::State& state) {
  World& world = full_world();
  bool raised = false;
  for (auto _ : state) {
    const Subject server{SubjectKind::server, "a"};
    if (raised) {
      world.book->clear("disk_hot", server);
    } else {
      world.book->raise({.kind = "disk_hot", .subject = server, .severity = Severity::notice, .facts = {}});
    }
    raised = !raised;
    world.book->step();
  }
}
BENCHMARK(one_more)->Unit(benchmark::kMicrosecond);

void first_page(benchmark::State& state) {
  World& world = full_world();
  const Scope scope = state.range(0) == 0 ? Scope::everything() : Scope::below(world.east);
  for (auto _ : state) benchmark::DoNotOptimize(must(world.book->list(scope, {})).total);
}
BENCHMARK(first_page)->ArgName("scoped")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

/// Everything the badge needs, not from the cache.
void counts(benchmark::State& state) {
  World& world = full_world();
  bool raised = false;
  for (auto _ : state) {
    state.PauseTiming();
    const Subject server{SubjectKind::server, "b"};
    raised = !raised;
    if (raised) {
      world.book->raise({.kind = "disk_hot", .subject = server, .severity = Severity::notice, .facts = {}});
    } else {
      world.book->clear("disk_hot", server);
    }
    world.book->step();
    state.ResumeTiming();
    benchmark::DoNotOptimize(must(world.book->counts(Scope::everything())).shelved);
  }
}
BENCHMARK(counts)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace duheng::platform::alarms
