#include "tests/scenario/scenario_field.hpp"

#include <stdexcept>

#include "device/cjt188/cjt188_line.hpp"
#include "device/cjt188/virtual_cjt188_meter.hpp"
#include "device/meter/virtual_bus.hpp"
#include "device/modbus/behaviours.hpp"
#include "device/modbus/modbus_line.hpp"
#include "drivers/cjt188/dialect.hpp"
#include "drivers/dlt645/dialect.hpp"
#include "drivers/modbus/dialect.hpp"

namespace duheng::test {
namespace {

using namespace duheng::device;
using namespace duheng::drivers;

constexpr std::int64_t epoch_utc_ms = 1'768'620'600'000;
constexpr std::int64_t timeout_ms = 1'000;
constexpr std::string_view ledger_path = "ledger";

FieldSetup modbus_field(modbus::Transport transport) {
  FieldSetup out;
  const bool is_tcp = transport == modbus::Transport::tcp;
  out.protocol = is_tcp ? &modbus_tcp_line() : &modbus_rtu_line();
  out.dialect = [transport] { return make_modbus_dialect(transport); };
  for (std::uint8_t unit = 1; unit <= 4; ++unit) {
    ModbusDeviceOptions options{.uid = "line-" + std::to_string(unit), .unit = unit, .transport = transport};
    // Different lengths: on a serial line nothing else tells one answer from another.
    std::vector<Query> queries;
    for (const std::uint16_t quantity : {1, 2, 4})
      queries.push_back(modbus_read({modbus::Table::input_registers, 0, quantity, {}}));
    out.devices.push_back(
        {modbus_unit(unit),
         std::make_shared<VirtualModbusDevice>(std::move(options), make_flow_behaviour({.seed = unit})),
         std::move(queries)});
  }
  return out;
}

template <class T>
T valid(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

}  // namespace

FieldSetup dlt645_field() {
  FieldSetup out;
  out.protocol = &dlt645_line();
  out.dialect = [] { return make_dlt645_dialect(); };
  for (std::uint64_t number = 1; number <= 4; ++number) {
    const auto address = *dlt645::Address::parse(std::to_string(202'600'000'000 + number));
    out.devices.push_back(
        {bus_address(address),
         std::make_shared<VirtualMeter>(VirtualMeterOptions{.address = address, .seed = number}),
         {dlt645_read({0x00010000}), dlt645_read({0x02010100}), dlt645_read({0x02030000}), dlt645_read({0x04000102})}});
  }
  return out;
}

FieldSetup cjt188_field() {
  FieldSetup out;
  out.protocol = &cjt188_line();
  out.dialect = [] { return make_cjt188_dialect(); };
  const std::uint8_t types[] = {0x10, 0x20, 0x30, 0x10};
  for (std::uint64_t number = 0; number < 4; ++number) {
    const auto address = *cjt188::Address::parse(std::to_string(20'260'000'000'001 + number));
    const auto& profile = *cjt188::find_profile("standard_2004");
    const std::uint8_t type = types[number];
    out.devices.push_back(
        {bus_address(address),
         std::make_shared<VirtualCjt188Meter>(Cjt188MeterOptions{
             .address = address, .meter_type = type, .profile = &profile, .seed = number, .has_valve = type == 0x30}),
         {cjt188_read(type, profile, cjt188::identifiers::metering),
          cjt188_read(type, profile, cjt188::identifiers::settlement_last_month),
          cjt188_read(type, profile, cjt188::identifiers::settlement_day)}});
  }
  return out;
}

FieldSetup modbus_rtu_field() { return modbus_field(modbus::Transport::rtu); }
FieldSetup modbus_tcp_field() { return modbus_field(modbus::Transport::tcp); }

ScenarioField::ScenarioField(const FieldSetup& setup, const Options& options)
    : setup_(setup),
      random_(options.seed),
      scenario_(
          valid(parse_scenario("seed: " + std::to_string(options.seed >> 1) + "\nrules:\n" + options.rules, "s.yaml")),
          {epoch_utc_ms, 0}),
      bus_(*setup.protocol),
      port_(bus_),
      line_(scenario_, *setup.protocol),
      ledger_(valid(LedgerWriter::open(disk_, std::string(ledger_path)))),
      trail_(*ledger_),
      session_(setup.dialect(), {.reopen_after_timeout = options.reopen_after_timeout}) {
  for (const auto& device : setup_.devices) {
    bus_.add(scenario_.seat(device.device, "model"));
    session_.add_meter(device.address, {timeout_ms, 1, 2});
  }
}

Moment ScenarioField::now() const { return {now_ms_, epoch_utc_ms + now_ms_}; }

void ScenarioField::deliver(const Exchange& exchange) {
  heard_.push_back({exchange.meter, exchange.tag, exchange.outcome, exchange.late,
                    Bytes(exchange.response.begin(), exchange.response.end())});
  if (exchange.number > 0) stored_at_.emplace(exchange.number, now_ms_ + static_cast<std::int64_t>(random_.below(30)));
}

/// As a fleet does it: the ledger first, then the line.
void ScenarioField::at_the_devices(ByteView octets) {
  using Fate = LineEntry::Fate;
  port_.octets(
      now().utc_ms, octets,
      [&](ByteView question) {
        trail_.question(question);
        line_.question(now_ms_, question);
      },
      [&](const BusAnswer& said) {
        for (const auto& entry : line_.answer(now_ms_, said)) {
          valid([&]() -> Result<bool> {
            DUHENG_CHECK(trail_.answer(entry.address.text, entry.identifier.value, entry.octets, now().utc_ms,
                                       entry.fate == Fate::spoiled));
            return true;
          }());
          if (entry.fate == Fate::open) trail_.cut();
        }
        line_.commit();
      });
}

void ScenarioField::react() {
  while (reopening_ || !sent_.empty()) {
    if (reopening_) {
      reopening_ = false;
      sent_.clear();
      line_.cut();
      port_.reset();
      trail_.cut();
      session_.opened(now(), *this);
      continue;
    }
    const Bytes octets = std::move(sent_.front());
    sent_.erase(sent_.begin());
    at_the_devices(octets);
  }
}

std::int64_t ScenarioField::next_ms() const {
  const std::int64_t line_ms = std::min(line_.due_ms(), session_.deadline_ms());
  return stored_at_.empty() ? line_ms : std::min(line_ms, stored_at_.begin()->second);
}

/// Goes on to whatever happens next: octets that arrive, an exchange that is durable, the session's own deadline.
void ScenarioField::step() {
  if (next_ms() == INT64_MAX) throw std::logic_error("the line stands still");
  now_ms_ = std::max(now_ms_, next_ms());
  if (const auto octets = line_.take_due(now_ms_)) {
    session_.octets(now(), *octets, *this);
  } else if (!stored_at_.empty() && stored_at_.begin()->second <= now_ms_) {
    const std::uint64_t number = stored_at_.begin()->first;
    stored_at_.erase(stored_at_.begin());
    session_.stored_through(number, now(), *this);
  } else {
    session_.timer(now(), *this);
  }
  react();
}

bool ScenarioField::is_busy() const {
  return session_.waiting_questions() > 0 || session_.awaiting_answer() || !stored_at_.empty();
}

void ScenarioField::run(std::size_t questions) {
  session_.opened({now_ms_ - 60'000, epoch_utc_ms - 60'000}, *this);
  for (std::size_t asked = 1; asked <= questions; ++asked) {
    const auto meter = static_cast<std::uint32_t>(random_.below(setup_.devices.size()));
    const auto& queries = setup_.devices[meter].queries;
    const std::size_t query = random_.below(queries.size());
    if (!session_.ask(meter, queries[query], static_cast<std::uint32_t>(query))) throw std::logic_error("queue full");
    session_.advance(now(), *this);
    react();
    // Sometimes questions pile up.
    if (asked < questions && random_.below(4) == 0) continue;
    for (std::size_t steps = 0; is_busy(); ++steps) {
      if (steps > 100'000) throw std::logic_error("a question never ends");
      step();
    }
    const std::int64_t pause_ends_ms = now_ms_ + static_cast<std::int64_t>(random_.below(600));
    while (next_ms() <= pause_ends_ms) step();
    now_ms_ = pause_ends_ms;
  }
}

std::vector<LedgerEntry> ScenarioField::ledger() {
  valid([&]() -> Result<bool> {
    DUHENG_CHECK(ledger_->flush());
    return true;
  }());
  return valid(read_ledger(disk_, std::string(ledger_path)));
}

LedgerComparison ScenarioField::comparison() {
  std::vector<ObservedFrame> observed;
  for (const auto& each : heard_)
    if (!each.response.empty() && each.outcome != Outcome::timed_out)
      observed.push_back({uid(each.meter), each.response, 0});
  return compare_with_ledger(ledger(), observed);
}

std::uint64_t ScenarioField::questions_sent() const {
  std::uint64_t out = 0;
  for (std::uint32_t meter = 0; meter < setup_.devices.size(); ++meter) out += session_.counters(meter).questions;
  return out;
}

}  // namespace duheng::test
