#include "tests/simulation/world.hpp"

#include <fmt/format.h>
#include <stdexcept>

namespace duheng::simulation {
namespace {

/// Read more often than a real meter, so that an hour holds many answers.
constexpr std::string_view model_text = R"(
model: simulated
title: { en: "Simulated", zh-CN: "仿真" }
protocol: dlt645_2007
proven: vectors
address_digits: 12
timing: { response_timeout_ms: 800, retries: 1, preamble_octets: 4 }
groups:
  - name: live
    interval_ms: 4000
    items:
      - { register: voltage_a, di: "02010100", unit: V, exponent: -1, range: { min: 0, max: 300 } }
      - { register: power_active_total, di: "02030000", unit: kW, exponent: -4, range: { min: -20, max: 20 } }
  - name: energy
    interval_ms: 7000
    items:
      - { register: energy_active_import_total, di: "00010000", unit: kWh, exponent: -2, counts_up: true }
)";

constexpr const char* ledger_path = "ledger";

}  // namespace

World::World(const WorldOptions& options) : random_(options.seed) {
  auto model = drivers::parse_device_model(model_text, "simulated");
  if (!model) throw std::runtime_error(model.error().message);
  auto ledger = device::LedgerWriter::open(field_disk_, ledger_path);
  if (!ledger) throw std::runtime_error(ledger.error().message);
  ledger_ = std::move(*ledger);
  meters_ = std::make_unique<gateway::SimulatedMeters>(
      *ledger_, gateway::SimulatedMetersOptions{
                    .lines = options.buses, .meters_per_line = options.meters_per_bus, .seed = random_.next_u64()});
  platform_ = std::make_unique<Platform>(queue_, random_.next_u64());
  gateway_ =
      std::make_unique<Gateway>(queue_, *meters_, *platform_, GatewayId{7},
                                std::make_shared<const drivers::DeviceModel>(std::move(*model)), random_.next_u64());
  if (!platform_->start()) throw std::runtime_error(platform_->last_error());
  if (!gateway_->start()) throw std::runtime_error(gateway_->last_error());
  watch_journal();
}

void World::watch_journal() {
  queue_.after(15'000, [this] {
    // A journal that trusts its disk no longer ends the platform; a service manager starts it anew.
    if (platform_->running() && platform_->ingest_statistics().storage_failed) crash_platform();
    watch_journal();
  });
}

void World::restart_gateway() {
  if (gateway_->running()) return;
  if (gateway_->start()) return;
  // The disk failed it, as it may while power comes and goes; a service manager tries again.
  gateway_->crash(random_);
  queue_.after(1'000, [this] { restart_gateway(); });
}

void World::restart_platform() {
  if (platform_->running()) return;
  if (platform_->start()) return;
  // The disk failed it, as it may while power comes and goes; a service manager tries again.
  platform_->crash(random_);
  queue_.after(1'000, [this] { restart_platform(); });
}

void World::crash_gateway() {
  if (!gateway_->running()) return;
  gateway_->crash(random_);
  queue_.after(static_cast<std::int64_t>(random_.below(20'000)), [this] { restart_gateway(); });
}

void World::crash_platform() {
  if (!platform_->running()) return;
  platform_->crash(random_);
  queue_.after(static_cast<std::int64_t>(random_.below(30'000)), [this] { restart_platform(); });
}

void World::random_fault() {
  const auto soon = [&] { return static_cast<std::int64_t>(random_.below(3'000)); };
  switch (random_.below(9)) {
    case 0:
      crash_gateway();
      break;
    case 1:
      crash_platform();
      break;
    case 2:
      // Power fails in the middle of some write to come.
      gateway_->disk().lose_power_after(random_.below(12));
      queue_.after(soon(), [this] { crash_gateway(); });
      break;
    case 3:
      platform_->disk().lose_power_after(random_.below(8));
      queue_.after(soon(), [this] { crash_platform(); });
      break;
    case 4:
      gateway_->cut_uplink();
      break;
    case 5:
      gateway_->forbid_uplink_until(queue_.now_ms() + static_cast<std::int64_t>(random_.below(120'000)));
      gateway_->cut_uplink();
      break;
    case 6:
      gateway_->hold_uplink_until(queue_.now_ms() + static_cast<std::int64_t>(random_.below(60'000)));
      break;
    case 7:
      gateway_->cut_bus(static_cast<std::uint32_t>(random_.below(meters_->line_count())));
      break;
    default:
      // A synchronisation fails; the program must not trust that disk until it is opened anew.
      (random_.below(2) == 0 ? gateway_->disk() : platform_->disk()).fail_next_syncs(1);
      queue_.after(10'000, [this] { crash_platform(); });
      break;
  }
}

bool World::come_to_rest() {
  run_for(150'000);  // every fault's own end has come
  meters_->fall_silent();
  for (int minute = 0; minute < 120; ++minute) {
    run_for(60'000);
    if (gateway_->running() && platform_->running() && gateway_->drained()) return true;
  }
  return false;
}

std::string World::what() const {
  const auto counts = gateway_->statistics();
  const auto ingest = platform_->ingest_statistics();
  return fmt::format(
      "gateway: {} answered, {} batches stored, {} store failures, waiting {}; platform: {} batches, {} duplicates, {} "
      "gaps, {} conflicts, "
      "{} declared lost, {} failed commits",
      counts.exchanges_answered, counts.batches_stored, counts.store_failures, counts.storage_waiting, ingest.batches,
      ingest.duplicates, ingest.gaps, ingest.conflicts, ingest.batches_lost, ingest.commits_failed);
}

Result<tools::AuditReport> World::audit() {
  DUHENG_CHECK(ledger_->flush());
  DUHENG_CHECK(platform_->catch_up());
  return tools::audit(field_disk_, {ledger_path}, platform_->journal(), platform_->telemetry());
}

}  // namespace duheng::simulation
