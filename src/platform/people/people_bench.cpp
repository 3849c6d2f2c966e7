#include <benchmark/benchmark.h>

#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

constexpr std::string_view password = "a password nobody knows";

struct World {
  records::TestDatabase database{Organisations::migrations(), People::migrations()};
  SystemRandom random;
  People people{*database, database.clock, random};
  Result<UserId> user = people.create(
      Scope::everything(),
      {.name = "ada", .display_name = "", .role = Role::viewer, .organisation = {}, .password = std::string{password}});
};

/// A login at the default cost: one Argon2id of 64 MiB and one durable transaction.
void log_in(benchmark::State& state) {
  World world;
  for (auto _ : state) {
    if (!world.people.log_in("ada", password, "192.0.2.1")) state.SkipWithError("not logged in");
  }
}
BENCHMARK(log_in)->Unit(benchmark::kMillisecond)->UseRealTime();

/// What every request pays.
void check_session(benchmark::State& state) {
  World world;
  const auto token = world.people.log_in("ada", password, "192.0.2.1").value().token;
  for (auto _ : state) {
    if (!world.people.session(token)) state.SkipWithError("no session");
  }
}
BENCHMARK(check_session)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace duheng::platform
