// What it costs one gateway to poll ten thousand meters once a minute, and how often it could: the real programs.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <thread>

#include "tools/bench/bench_programs.hpp"
#include "tools/bench/bench_timing.hpp"
#include "tools/bench/poll_on_demand.hpp"
#include "tools/bench/poll_world.hpp"
#include "tools/bench/suite.hpp"

namespace duheng::tools {
namespace {

constexpr std::uint32_t meters_polled = 10'000;
constexpr std::int64_t interval_ms = 60'000;
constexpr std::uint32_t rounds_min = 3;
constexpr double minute_s = 60;
constexpr double ms_a_second = 1'000;
/// After the last round's nominal end its last answers are still on their way.
constexpr std::chrono::seconds grace{5};
/// Tried one after the other until a round is skipped, a question is given up or an answer falls behind.
constexpr std::array<std::int64_t, 13> shorter_intervals_ms{10'000, 8'000, 6'000, 5'000, 4'000, 3'000, 2'500,
                                                            2'000,  1'500, 1'000, 750,   600,   500};
constexpr std::uint32_t meters_on_short_lines = 2;
constexpr double window_s_min = 12;
/// Above this a core counts as used up.
constexpr double core_full_percent = 90;

/// What happened between two moments.
struct Span {
  PollMoment begin;
  PollMoment end;
  [[nodiscard]] double seconds() const { return end.at_s - begin.at_s; }
  [[nodiscard]] double rate_per_min(double PollMoment::* what) const {
    return (end.*what - begin.*what) / seconds() * minute_s;
  }
  [[nodiscard]] double percent(double PollMoment::* cpu_s) const {
    return 100 * (end.*cpu_s - begin.*cpu_s) / seconds();
  }
  /// Nothing was left out, and as many questions were answered as the rounds hold (less those on their way).
  [[nodiscard]] bool clean(double answers_wanted) const {
    constexpr double on_their_way = 0.98;
    return end.rounds_skipped == begin.rounds_skipped && end.timed_out == begin.timed_out &&
           end.answered + end.refused - begin.answered - begin.refused >= on_their_way * answers_wanted;
  }
};

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(std::max(0.0, seconds))); }

Result<Span> watch(PollWorld& world, double warm_up_s, double window_s) {
  sleep_s(warm_up_s);
  Span out;
  DUHENG_TRY(out.begin, world.now());
  sleep_s(window_s);
  DUHENG_TRY(out.end, world.now());
  return out;
}

/// "clock_time 12, voltage_a 3"
std::string counts(const std::map<std::string, std::uint64_t, std::less<>>& by_register) {
  std::string out;
  for (const auto& [name, count] : by_register) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, count);
  return out;
}

void add_rounds(const PollFindings& found, BenchReport& report) {
  double worst = 100;
  for (std::size_t round = 0; round < found.rounds.size(); ++round) {
    report.figures.push_back({fmt::format("round_{}_complete_percent", round + 1), found.completeness_percent(round)});
    worst = std::min(worst, found.completeness_percent(round));
  }
  report.figures.push_back({"readings_expected_per_round", static_cast<double>(found.expected_per_round)});
  report.figures.push_back({"readings_doubled", static_cast<double>(found.doubled)});
  auto jitter = found.jitter_ms;
  report.figures.push_back({"cycle_jitter_ms_p50", percentile(jitter, 0.50)});
  report.figures.push_back({"cycle_jitter_ms_p99", percentile(jitter, 0.99)});
  report.figures.push_back({"cycle_jitter_ms_max", jitter.empty() ? 0 : jitter.back()});
  if (worst < 100) report.notes.push_back(fmt::format("NOT COMPLETE: the worst round has {:.4f} %", worst));
  if (found.doubled > 0)
    report.notes.push_back(fmt::format("read again within a round: {}", counts(found.doubled_by_register)));
  if (found.unexpected > 0)
    report.notes.push_back(
        fmt::format("readings of registers that are not of the rounds: {}", counts(found.unexpected_by_register)));
}

/// Once a minute, `rounds` rounds after the warm-up.
Result<void> measure_minutes(PollWorld& world, std::uint32_t rounds, BenchReport& report) {
  DUHENG_CHECK(world.start_gateway(interval_ms, true));
  sleep_s(1);
  const double idle_bytes = world.gateway_bytes();
  world.stop_gateway();
  DUHENG_CHECK(world.start_gateway(interval_ms));
  const double interval_s = static_cast<double>(interval_ms) / ms_a_second;
  DUHENG_TRY(const auto span, watch(world, interval_s, rounds * interval_s));
  DUHENG_TRY(const double open, world.channels_open());
  const double bytes = world.gateway_bytes();
  const double fleet_bytes = world.fleet_bytes();
  std::this_thread::sleep_for(grace);
  world.stop_gateway();
  DUHENG_TRY(const auto found, world.audit(interval_ms, rounds));
  const auto meters = static_cast<double>(world.meters().size());
  report.figures = {{"meters", meters},
                    {"lines_open", open},
                    {"questions_per_round", static_cast<double>(world.questions_per_round())},
                    {"rounds", static_cast<double>(rounds)},
                    {"answers_per_min", span.rate_per_min(&PollMoment::answered)},
                    {"refusals_per_min", span.rate_per_min(&PollMoment::refused)},
                    {"readings_per_min", span.rate_per_min(&PollMoment::readings)},
                    {"questions_given_up", span.end.timed_out - span.begin.timed_out},
                    {"rounds_skipped", span.end.rounds_skipped - span.begin.rounds_skipped}};
  add_rounds(found, report);
  const double cpu_percent = span.percent(&PollMoment::gateway_cpu_s);
  report.figures.insert(report.figures.end(),
                        {{"gateway_cpu_percent_of_one_core", cpu_percent},
                         {"gateway_memory_mib", bytes / (1 << 20)},
                         {"gateway_memory_mib_without_meters", idle_bytes / (1 << 20)},
                         {"gateway_bytes_per_meter", (bytes - idle_bytes) / meters},
                         {"gateway_batches_per_s", span.rate_per_min(&PollMoment::batches) / minute_s},
                         {"fleet_cpu_percent_of_one_core", span.percent(&PollMoment::fleet_cpu_s)},
                         {"fleet_memory_mib", fleet_bytes / (1 << 20)},
                         {"machine_cpu_percent_of_one_core", span.percent(&PollMoment::machine_cpu_s)}});
  return {};
}

struct Step {
  double interval_s = 0;
  Span span;
  bool clean = false;
};
std::string limit_of(const Step& failed) {
  const double cores = std::thread::hardware_concurrency();
  const double gateway = failed.span.percent(&PollMoment::gateway_cpu_s);
  const double fleet = failed.span.percent(&PollMoment::fleet_cpu_s);
  if (gateway >= core_full_percent) return "the gateway's one core";
  if (fleet >= core_full_percent) return "the fleet's one core, not the gateway";
  if (gateway + fleet >= core_full_percent * cores) return "the machine's cores, which gateway and fleet share";
  if (failed.span.percent(&PollMoment::machine_cpu_s) >= core_full_percent * cores)
    return "this machine's other programs: it was not quiet, and the figure is none";
  return "the lines: one question at a time on each, and the next only when the answer is durable";
}

/// All meters every `shorter_ms`, for two rounds or a dozen seconds.
Result<Step> try_interval(PollWorld& world, std::int64_t shorter_ms) {
  Step out{static_cast<double>(shorter_ms) / ms_a_second, {}};
  DUHENG_CHECK(world.start_gateway(shorter_ms));
  const double rounds = std::max(2.0, std::ceil(window_s_min / out.interval_s));
  DUHENG_TRY(out.span, watch(world, out.interval_s + 2, rounds * out.interval_s));
  world.stop_gateway();
  const double wanted = static_cast<double>(world.questions_per_round()) * out.span.seconds() / out.interval_s;
  out.clean = out.span.clean(wanted);
  return out;
}

/// Shorter and shorter intervals until something is left out twice running.
Result<void> measure_most(PollWorld& world, std::string_view name, BenchReport& report) {
  std::optional<Step> best;
  std::optional<Step> failed;
  for (const std::int64_t shorter_ms : shorter_intervals_ms) {
    DUHENG_TRY(auto step, try_interval(world, shorter_ms));
    if (!step.clean) {
      DUHENG_TRY(step, try_interval(world, shorter_ms));
    }
    (step.clean ? best : failed) = step;
    if (failed) break;
  }
  if (best) {
    const auto add = [&](std::string_view figure, double value) {
      report.figures.push_back({fmt::format("{}_{}", name, figure), value});
    };
    add("meters_per_min", static_cast<double>(world.meters().size()) * minute_s / best->interval_s);
    add("answers_per_s", best->span.rate_per_min(&PollMoment::answered) / minute_s);
    add("gateway_cpu_percent_of_one_core", best->span.percent(&PollMoment::gateway_cpu_s));
    add("fleet_cpu_percent_of_one_core", best->span.percent(&PollMoment::fleet_cpu_s));
    add("machine_cpu_percent_of_one_core", best->span.percent(&PollMoment::machine_cpu_s));
  }
  if (failed) {
    report.notes.push_back(fmt::format(
        "{}: all meters every {} s was too much; there the gateway took {:.0f} %, the fleet {:.0f} % and all "
        "programs {:.0f} % of a core, {:.0f} rounds were skipped, {:.0f} questions given up and {:.0f} answers a "
        "second came. What limits: {}",
        name, failed->interval_s, failed->span.percent(&PollMoment::gateway_cpu_s),
        failed->span.percent(&PollMoment::fleet_cpu_s), failed->span.percent(&PollMoment::machine_cpu_s),
        failed->span.end.rounds_skipped - failed->span.begin.rounds_skipped,
        failed->span.end.timed_out - failed->span.begin.timed_out,
        failed->span.rate_per_min(&PollMoment::answered) / minute_s, limit_of(*failed)));
  }
  return {};
}

/// One part after the other; what a part has found stands when a later one fails.
Result<void> run_parts(const BenchOptions& options, const std::string& scratch, BenchReport& report) {
  PosixDisk disk;
  const auto rounds = std::max(rounds_min, static_cast<std::uint32_t>(options.seconds / minute_s));
  {
    DUHENG_TRY(auto world, PollWorld::start(disk, options, {scratch + "/long-lines", meters_polled}));
    DUHENG_CHECK(measure_minutes(world, rounds, report));
    report.notes.push_back(fmt::format(
        "{} lines over TCP on loopback: half the meters DL/T 645, three tenths CJ/T 188, one fifth Modbus; the shipped "
        "models with every group read once in {} s, every answer durable (fsync) before the line's next question; "
        "nothing is sent to a platform; fleet and gateway share this machine's {} cores",
        world.lines(), interval_ms / 1'000, std::thread::hardware_concurrency()));
    report.notes.push_back(
        "jitter: |time between the readings of two successive rounds of one group of one meter - interval|, by the "
        "stamps in the gateway's spool; bytes per meter: resident memory less that of a gateway with the same models "
        "and no meters, everything of lines, sessions, schedule and last values in it");
    DUHENG_CHECK(measure_most(world, "most", report));
  }
  {
    // Where the lines are not what limits.
    DUHENG_TRY(auto world,
               PollWorld::start(disk, options, {scratch + "/short-lines", meters_polled, meters_on_short_lines}));
    DUHENG_CHECK(measure_most(world, "most_with_short_lines", report));
    report.notes.push_back(
        fmt::format("short lines: {} of them, at most {} meters on each", world.lines(), meters_on_short_lines));
  }
  return measure_on_demand(disk, options, scratch + "/on-demand", meters_polled, report);
}

}  // namespace

Result<BenchReport> run_polling_bench(const BenchOptions& options) {
  DUHENG_TRY(const auto scratch, ScratchFolder::make(options));
  BenchReport report;
  const auto outcome = run_parts(options, scratch.path(), report);
  if (!outcome && report.figures.empty()) return std::unexpected(outcome.error());
  if (!outcome) report.failed = outcome.error().message;
  return report;
}

}  // namespace duheng::tools
