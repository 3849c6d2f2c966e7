#include "tests/operations/carrier_world.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "codec/dlt645/address.hpp"
#include "codec/dlt645/frame.hpp"
#include "device/meter/virtual_bus.hpp"
#include "drivers/dlt645/dialect.hpp"

namespace duheng::operations {
namespace {

constexpr std::uint32_t command_function = 0x1C;
constexpr std::uint8_t read_answer = 0x91;
constexpr std::uint8_t command_answer = 0x9C;
constexpr std::int64_t tiny_ms = 1;

std::uint32_t identifier_of(std::uint32_t tag) { return 0x02000000U + tag; }

/// Says of each question who it was asked and what.
class Witness final : public device::VirtualDevice {
 public:
  using Commands = std::map<std::pair<std::string, std::uint32_t>, int>;
  Witness(const std::string& address, std::shared_ptr<Commands> commands)
      : uid_(address), address_(*dlt645::Address::parse(address)), commands_(std::move(commands)) {}
  [[nodiscard]] const std::string& uid() const noexcept override { return uid_; }
  [[nodiscard]] std::uint64_t bus_key() const noexcept override { return device::bus_key_of(address_); }
  std::optional<device::DeviceAnswer> answer(std::int64_t /*utc_ms*/, ByteView question) override {
    const auto frame = dlt645::decode_at_start(question);
    if (!frame || !(frame->address() == address_)) return std::nullopt;
    const auto plain = frame->plain_data();
    Bytes data(plain.view().begin(), plain.view().end());
    const bool command = frame->function() == command_function;
    if (command && !data.empty()) ++(*commands_)[{uid_, data[0]}];
    if (!command) data.insert(data.end(), address_.wire().begin(), address_.wire().end());
    const auto reply = dlt645::encode({address_, command ? command_answer : read_answer, ByteView{data}, 0});
    return device::DeviceAnswer{Bytes(reply->view().begin(), reply->view().end()), 0};
  }

 private:
  std::string uid_;
  dlt645::Address address_;
  std::shared_ptr<Commands> commands_;
};

}  // namespace

CarrierWorld::CarrierWorld(std::uint32_t meters, const device::CarrierModuleOptions& module,
                           const CarrierLineFaults& faults, const drivers::SessionSettings& settings,
                           const drivers::CarrierSettings& carrier)
    : random_(module.seed ^ 0x5EEDU),
      faults_(faults),
      commands_(std::make_shared<Witness::Commands>()),
      bus_(device::dlt645_line()),
      module_(bus_, module,
              {[](const auto&, ByteView) {}, [](const auto&, const device::BusAnswer&, bool) { return true; },
               [](const auto&, const device::BusAnswer&) { return true; }, [] {},
               [this](ByteView octets) {
                 if (dead_ || chance(faults_.dropped_per_mille)) return;
                 Bytes frame = on_the_line(octets);
                 if (chance(faults_.noise_per_mille)) to_master_.push_back({0x68, 0x31, 0x02});
                 if (chance(faults_.torn_per_mille)) {
                   const auto half = frame.begin() + static_cast<std::ptrdiff_t>(frame.size() / 2);
                   to_master_.emplace_back(frame.begin(), half);
                   frame.erase(frame.begin(), half);
                 }
                 to_master_.push_back(std::move(frame));
               }}),
      session_([] { return drivers::make_dlt645_dialect(); }, gdw13762::CarriedProtocol::dlt645_2007, settings,
               carrier) {
  for (std::uint32_t meter = 0; meter < meters; ++meter) add_meter(meter);
}

std::string CarrierWorld::address_of(std::uint32_t meter) { return fmt::format("{:012}", 202'600'000'000ULL + meter); }
gdw13762::NodeAddress CarrierWorld::node_of(std::uint32_t meter) {
  return *gdw13762::NodeAddress::parse(address_of(meter));
}

std::uint32_t CarrierWorld::add_meter(std::uint32_t meter) {
  bus_.add(std::make_shared<Witness>(address_of(meter), commands_));
  const auto address = drivers::bus_address(*dlt645::Address::parse(address_of(meter)));
  return session_.add_meter(address, {.response_timeout_ms = 1'500, .retries = 2, .preamble_octets = 4});
}

Bytes CarrierWorld::truth(std::uint32_t meter, std::uint32_t /*tag*/) {
  const auto address = *dlt645::Address::parse(address_of(meter));
  return {address.wire().begin(), address.wire().end()};
}

void CarrierWorld::open() {
  session_.opened(now(), *this);
  settle();
}

void CarrierWorld::ask(std::uint32_t meter, std::uint32_t tag, bool command, bool urgent) {
  drivers::Query query;
  query.operation = command ? command_function : 0x11;
  query.subject = identifier_of(tag);
  query.at_most_once = command;
  if (command) query.body = {static_cast<std::uint8_t>(tag)};
  ++under_way_;
  static_cast<void>(session_.ask(meter, std::move(query), tag, urgent));
}
void CarrierWorld::ask(std::uint32_t meter, drivers::Query query, std::uint32_t tag) {
  ++under_way_;
  static_cast<void>(session_.ask(meter, std::move(query), tag, false));
}

Bytes CarrierWorld::on_the_line(ByteView octets) {
  Bytes out(octets.begin(), octets.end());
  if (chance(faults_.changed_per_mille))
    out[random_.below(out.size())] ^= static_cast<std::uint8_t>(1 + random_.below(255));
  return out;
}

void CarrierWorld::send(ByteView octets) {
  if (dead_ || chance(faults_.dropped_per_mille)) return;
  to_module_.push_back(on_the_line(octets));
}

void CarrierWorld::deliver(const drivers::Exchange& exchange) {
  ended_.push_back({exchange.meter, exchange.tag, exchange.outcome, exchange.late, exchange.unasked,
                    Bytes(exchange.payload.begin(), exchange.payload.end()),
                    Bytes(exchange.request.begin(), exchange.request.end()),
                    Bytes(exchange.response.begin(), exchange.response.end())});
  newest_ = std::max(newest_, exchange.number);
  if (!exchange.late && !exchange.unasked) --under_way_;
}

void CarrierWorld::reopen() {
  ++reopened_;
  reopen_wanted_ = true;
}

void CarrierWorld::settle() {
  if (std::exchange(reopen_wanted_, false)) {
    to_module_.clear();
    to_master_.clear();
    module_.cut();
    session_.opened(now(), *this);
  }
  session_.stored_through(newest_, now(), *this);
}

bool CarrierWorld::step(std::int64_t until_ms) {
  most_at_once_ = std::max<std::size_t>(most_at_once_, session_.awaiting_answer() ? 1 : 0);
  if (!to_module_.empty()) {
    const Bytes octets = std::move(to_module_.front());
    to_module_.erase(to_module_.begin());
    module_.octets(now_ms_, now_ms_, octets);
    return true;
  }
  if (!to_master_.empty()) {
    const Bytes octets = std::move(to_master_.front());
    to_master_.erase(to_master_.begin());
    now_ms_ += tiny_ms;
    session_.octets(now(), octets, *this);
    settle();
    return true;
  }
  const std::int64_t next_ms = std::min(module_.due_ms(), session_.deadline_ms());
  if (next_ms > until_ms) {
    now_ms_ = std::max(now_ms_, until_ms);
    return false;
  }
  now_ms_ = std::max(now_ms_, next_ms);
  module_.advance(now_ms_, now_ms_);
  session_.timer(now(), *this);
  settle();
  return true;
}

bool CarrierWorld::run(std::int64_t ms_max) {
  const std::int64_t until_ms = now_ms_ + ms_max;
  session_.advance(now(), *this);
  while (under_way_ > 0)
    if (now_ms_ >= until_ms || !step(until_ms)) return false;
  return true;
}

void CarrierWorld::run_for(std::int64_t ms) {
  const std::int64_t until_ms = now_ms_ + ms;
  session_.advance(now(), *this);
  while (now_ms_ < until_ms && step(until_ms)) {
  }
}

}  // namespace duheng::operations
