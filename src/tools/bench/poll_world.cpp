#include "tools/bench/poll_world.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <fmt/format.h>
#include <fstream>
#include <regex>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/config.hpp"
#include "base/random.hpp"
#include "crypto/key_provider.hpp"
#include "drivers/models/device_model.hpp"
#include "gateway/spool/spool.hpp"
#include "model/batch.hpp"
#include "tools/bench/bench_programs.hpp"
#include "tools/process/http_get.hpp"

namespace duheng::tools {
namespace {

constexpr std::size_t devices_file_bytes_max = 16U << 20;
constexpr std::uint32_t shares = 20;

/// Besides the DL/T 645 meters: how many twentieths of all are of which model.
struct Share {
  std::string_view model;
  std::uint32_t twentieths;
};
constexpr std::array others{Share{"cjt188-cold-water", 3},  Share{"cjt188-heat-2018", 2},
                            Share{"cjt188-gas-valve", 1},   Share{"modbus-three-phase-meter", 2},
                            Share{"modbus-flow-sensor", 1}, Share{"modbus-heat-station", 1}};
constexpr std::array electricity{"dlt645-2007-single-phase", "dlt645-2007-three-phase"};

/// What all programs together have used of all cores, from /proc/stat.
double machine_cpu_s() {
  std::ifstream in("/proc/stat");
  std::string name;
  std::array<double, 8> ticks{};  // user, nice, system, idle, waiting for disks, interrupts (2), stolen
  in >> name;
  for (double& one : ticks) in >> one;
  constexpr std::array<std::size_t, 6> used{0, 1, 2, 5, 6, 7};
  double out = 0;
  for (const std::size_t place : used) out += ticks[place];
  return out / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint32_t lines_for(std::uint32_t meters, std::uint32_t per_line) { return (meters + per_line - 1) / per_line; }

std::string fleet_yaml(const PollWorldPlan& plan) {
  std::string groups;
  std::uint32_t left = plan.meters;
  for (const auto& [model, twentieths] : others) {
    const std::uint32_t count = std::max<std::uint32_t>(1, plan.meters * twentieths / shares);
    left -= count;
    groups += fmt::format("  - {{ model: {}, count: {}, channel: tcp, per_channel: {} }}\n", model, count,
                          plan.meters_per_line);
  }
  return fmt::format(
      "data_directory: {}/fleet\nmeters: {}\ntcp: {{ ports: {} }}\nserial: {{ lines: 0 }}\nlog: {{ level: warning }}\n"
      "groups:\n{}",
      plan.folder, left, lines_for(left, plan.meters_per_line), groups);
}

}  // namespace

Result<std::string> with_interval(const std::string& model_yaml, std::int64_t interval_ms) {
  // Only the intervals of the groups that are polled: what a clock is watched by and what a load profile's rows lie
  // apart belongs to other sections, and stays.
  static const std::regex interval("\\binterval_ms: *[0-9]+");
  std::string out;
  bool in_groups = false;
  bool found = false;
  for (std::size_t at = 0; at < model_yaml.size();) {
    const std::size_t end = std::min(model_yaml.find('\n', at), model_yaml.size() - 1) + 1;
    const std::string line = model_yaml.substr(at, end - at);
    at = end;
    if (std::isalpha(static_cast<unsigned char>(line.front())) != 0) in_groups = line.starts_with("groups:");
    const bool changes = in_groups && std::regex_search(line, interval);
    found = found || changes;
    out += changes ? std::regex_replace(line, interval, fmt::format("interval_ms: {}", interval_ms)) : line;
  }
  if (!found) return fail(ErrorCode::malformed, "the model has no interval");
  return out;
}

Result<PollWorld> PollWorld::start(Disk& disk, const BenchOptions& options, PollWorldPlan plan) {
  DUHENG_CHECK(disk.make_directories(plan.folder));
  DUHENG_CHECK(write_file_atomically(disk, plan.folder + "/fleet.yaml", as_bytes(fleet_yaml(plan))));
  DUHENG_TRY(auto fleet, start_program(options, plan.folder, "duheng-fleet", "fleet.yaml"));
  DUHENG_CHECK(wait_for_file(disk, plan.folder + "/fleet/ready", fleet));
  return PollWorld(disk, options, std::move(plan), std::move(fleet));
}

std::string PollWorld::gateway_directory() const { return fmt::format("{}/gateway-{}", plan_.folder, gateways_); }

Result<void> PollWorld::write_models(std::int64_t interval_ms) {
  const std::string folder = plan_.folder + "/models";
  DUHENG_CHECK(disk_.make_directories(folder));
  const auto write = [&](std::string_view model) -> Result<void> {
    const auto path = fmt::format("/{}.yaml", model);
    DUHENG_TRY(const auto shipped, read_file(disk_, options_.share_directory + "/models" + path, 1U << 20));
    DUHENG_TRY(const auto text, with_interval(std::string(as_text(shipped)), interval_ms));
    return write_file_atomically(disk_, folder + path, as_bytes(text));
  };
  for (const auto* model : electricity) DUHENG_CHECK(write(model));
  for (const auto& [model, twentieths] : others) DUHENG_CHECK(write(model));
  return {};
}

Result<void> PollWorld::learn_meters() {
  if (!meters_.empty()) return {};
  DUHENG_TRY(const auto models, drivers::ModelLibrary::load(plan_.folder + "/models"));
  if (!models.errors().empty()) return std::unexpected(models.errors().front());
  DUHENG_TRY(const auto file, ConfigFile::load(plan_.folder + "/fleet/devices.yaml", devices_file_bytes_max));
  lines_ = static_cast<std::uint32_t>(file.root().items("channels").size());
  for (const auto& node : file.root().items("devices")) {
    const auto model = models.find(node.text("model"));
    if (!model) return fail(ErrorCode::not_found, "the fleet has a device of an unknown model");
    PolledMeter meter{node.text("uid"), {}};
    for (const auto& group : model->groups) {
      auto& registers = meter.groups.emplace_back();
      for (const auto& question : group.questions)
        for (const auto& item : question.items) registers.push_back(item.register_name);
      questions_per_round_ += group.questions.size();
    }
    meters_.push_back(std::move(meter));
  }
  return {};
}

Result<void> PollWorld::start_gateway(std::int64_t interval_ms, bool idle) {
  ++gateways_;
  DUHENG_CHECK(write_models(interval_ms));
  DUHENG_CHECK(learn_meters());
  const std::string yaml =
      fmt::format("data_directory: {}\nmodels_directory: {}/models\n{}log: {{ level: warning }}\n", gateway_directory(),
                  plan_.folder, idle ? "" : fmt::format("devices_files: [{}/fleet/devices.yaml]\n", plan_.folder));
  DUHENG_CHECK(write_file_atomically(disk_, plan_.folder + "/gateway.yaml", as_bytes(yaml)));
  DUHENG_TRY(gateway_, start_program(options_, plan_.folder, "duheng-gateway", "gateway.yaml"));
  DUHENG_CHECK(wait_for_file(disk_, gateway_directory() + "/run.json", *gateway_));
  DUHENG_TRY(port_, status_port(disk_, gateway_directory() + "/run.json"));
  return {};
}

void PollWorld::stop_gateway() {
  constexpr int longest_ms = 30'000;
  if (gateway_) gateway_->stop(longest_ms);
  gateway_.reset();
}

Result<double> PollWorld::channels_open() const { return metric(port_, "duheng_gateway_channels_open"); }

Result<PollMoment> PollWorld::now() const {
  DUHENG_TRY(const auto answer, http_get(port_, "/metrics", 10'000));
  PollMoment out;
  const std::array<std::pair<double*, std::string_view>, 7> samples{
      {{&out.questions, "duheng_gateway_questions_total"},
       {&out.answered, "duheng_gateway_exchanges_answered_total"},
       {&out.refused, "duheng_gateway_exchanges_refused_total"},
       {&out.timed_out, "duheng_gateway_exchanges_timed_out_total"},
       {&out.readings, "duheng_gateway_readings_total"},
       {&out.rounds_skipped, "duheng_gateway_rounds_skipped_total"},
       {&out.batches, "duheng_gateway_batches_stored_total"}}};
  for (const auto& [into, name] : samples) {
    DUHENG_TRY(*into, metric_value(answer.body, name));
  }
  out.gateway_cpu_s = static_cast<double>(gateway_->cpu_ms()) / 1'000;
  out.fleet_cpu_s = static_cast<double>(fleet_.cpu_ms()) / 1'000;
  out.machine_cpu_s = machine_cpu_s();
  out.at_s = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  return out;
}

Result<PollFindings> PollWorld::audit(std::int64_t interval_ms, std::uint32_t rounds) const {
  const SystemClock clock;
  SystemRandom random;
  DUHENG_TRY(const auto keys, crypto::LocalKeyProvider::open(disk_, random, gateway_directory() + "/master.key"));
  gateway::SpoolOptions options;
  options.directory = gateway_directory() + "/spool";
  DUHENG_TRY(const auto spool, gateway::Spool::open(disk_, random, *keys, clock, options));
  PollAudit out(meters_, interval_ms, rounds);
  for (const auto& range : spool->epochs()) {
    for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence) {
      DUHENG_TRY(const auto held, spool->read(range.epoch, sequence));
      DUHENG_TRY(const auto batch, BatchView::parse(held.body));
      batch.for_each([](std::uint32_t, const Frame&) {},
                     [&](std::uint32_t, const Frame& frame, const Reading& reading) {
                       // What meters remember comes with their own stamps, and is no part of a round.
                       if (reading.time_source != TimeSource::gateway) return;
                       out.reading(batch.devices()[frame.device_index], batch.registers()[reading.register_index].name,
                                   reading.time_utc_ms);
                     });
    }
  }
  return out.findings();
}

}  // namespace duheng::tools
