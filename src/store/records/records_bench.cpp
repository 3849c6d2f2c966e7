#include <benchmark/benchmark.h>

#include "store/records/test_database.hpp"

namespace duheng::records {
namespace {

constexpr Migration steps[] = {{"notes", "CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT)"}};

/// One durable transaction of one row: what a login or a change of a device costs at least (an fsync).
void commit_one_row(benchmark::State& state) {
  TestDatabase database{Capability{"note", steps}};
  for (auto _ : state) {
    const auto done =
        database->write([](Transaction& t) { return t.execute("INSERT INTO note (words) VALUES (?1)", {"words"}); });
    if (!done) state.SkipWithError(done.error().message.c_str());
  }
}
BENCHMARK(commit_one_row)->UseRealTime();

void read_one_row(benchmark::State& state) {
  TestDatabase database{Capability{"note", steps}};
  const auto filled = database->write([](Transaction& t) -> Result<void> {
    for (int i = 0; i < 10'000; ++i) DUHENG_CHECK(t.execute("INSERT INTO note (words) VALUES (?1)", {"words"}));
    return {};
  });
  if (!filled) state.SkipWithError(filled.error().message.c_str());
  std::int64_t id = 0;
  for (auto _ : state) {
    id = id % 10'000 + 1;
    const auto words = database->read([&](Transaction& t) {
      return t.first("SELECT words FROM note WHERE id = ?1", {id}, [](const Row& row) { return row.text(0); });
    });
    if (!words || !*words) state.SkipWithError("no row");
  }
}
BENCHMARK(read_one_row)->UseRealTime();

}  // namespace
}  // namespace duheng::records
