#include "tests/operations/device_line.hpp"

#include <stdexcept>

#include "drivers/bus/session.hpp"
#include "drivers/carrier/carrier_session.hpp"

namespace duheng::operations {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t longest_wait_ms = 120'000;  // a module's for a node

}  // namespace

std::string address_of(const drivers::DeviceModel& model) {
  if (model.driver->name().starts_with("modbus")) return "7";
  return std::string(model.address_digits, '1');
}

std::shared_ptr<device::VirtualDevice> device_of(const drivers::DeviceModel& model, std::uint64_t seed) {
  const auto* virtual_model = device::find_virtual_model(model.id);
  if (virtual_model == nullptr) throw std::invalid_argument("no virtual device of " + model.id);
  device::DeviceSeat seat;
  seat.address = address_of(model);
  seat.uid = seat.address;
  seat.seed = seed;
  seat.exports = true;
  return device::make_virtual_device(*virtual_model, seat);
}

namespace {

gdw13762::CarriedProtocol carried(const drivers::DeviceModel& model) {
  return model.driver->protocol() == Protocol::dlt698_45 ? gdw13762::CarriedProtocol::dlt698
                                                         : gdw13762::CarriedProtocol::dlt645_2007;
}

std::unique_ptr<drivers::LineSession> session_of(const drivers::DeviceModel& model, bool behind_module) {
  if (!behind_module) return std::make_unique<drivers::Session>(model.driver->dialect(), drivers::SessionSettings{});
  return std::make_unique<drivers::CarrierSession>([driver = model.driver] { return driver->dialect(); },
                                                   carried(model), drivers::SessionSettings{},
                                                   drivers::CarrierSettings{});
}

}  // namespace

DeviceLine::DeviceLine(std::shared_ptr<const drivers::DeviceModel> model, std::int64_t at_utc_ms, std::uint64_t seed,
                       const Seat& seat, bool behind_module)
    : utc_ms(at_utc_ms),
      model_(std::move(model)),
      device_(device_of(*model_, seed)),
      bus_(device::protocol_of(device::find_virtual_model(model_->id)->line)),
      port_(bus_),
      session_(session_of(*model_, behind_module)) {
  bus_.add(seat ? seat(device_) : device_);
  if (behind_module) {
    device::CarrierModuleOptions options;
    options.protocol = carried(*model_);
    options.at_once_max = 5;
    options.hop_ms_min = options.hop_ms_max = 0;
    module_ = std::make_unique<device::VirtualCarrierModule>(
        bus_, options,
        device::VirtualCarrierModule::Hooks{
            [](const auto&, ByteView) {}, [](const auto&, const device::BusAnswer&, bool) { return true; },
            [](const auto&, const device::BusAnswer&) { return true; }, [] {},
            [this](ByteView octets) { heard_.insert(heard_.end(), octets.begin(), octets.end()); }});
  }
  session_->add_meter(*model_->driver->address(address_of(*model_), model_->address_digits),
                      {.response_timeout_ms = model_->response_timeout_ms, .retries = 0, .preamble_octets = 4});
  session_->opened({utc_ms - hour_ms, utc_ms - hour_ms}, *this);
}

/// What the other end says to it stands in heard_ then.
void DeviceLine::exchange(ByteView question) {
  heard_.clear();
  if (module_) {
    module_->octets(utc_ms, utc_ms, question);
    module_->advance(utc_ms, utc_ms);
    return;
  }
  port_.octets(
      utc_ms, question, [](ByteView) {},
      [&](const device::BusAnswer& answer) {
        heard_.insert(heard_.end(), answer.octets.begin(), answer.octets.end());
      });
}

void DeviceLine::deliver(const drivers::Exchange& exchange) {
  reply_ = {exchange.outcome, exchange.error, {exchange.payload.begin(), exchange.payload.end()}};
  delivered_ = exchange.number;
  replied_ = true;
}

Reply DeviceLine::ask(const drivers::Query& query) {
  replied_ = false;
  ++questions_;
  if (!session_->ask(0, query, 0)) throw std::logic_error("the session takes no question");
  session_->advance(now(), *this);
  for (int i = 0; i < 2'000 && !replied_; ++i) {
    const Bytes question = std::exchange(sent_, {});
    exchange(question);
    const std::int64_t wait_ms = module_ ? longest_wait_ms : model_->response_timeout_ms;
    if (!heard_.empty())
      session_->octets(now(), Bytes(heard_), *this);
    else
      session_->timer({utc_ms + wait_ms * (i + 1), utc_ms}, *this);
  }
  session_->stored_through(delivered_, now(), *this);
  if (!replied_) throw std::logic_error("no end of a question");
  return reply_;
}

Reply DeviceLine::ask_all(const std::vector<drivers::Query>& queries) {
  Reply last;
  for (const auto& query : queries) {
    last = ask(query);
    const bool fine = last.outcome == drivers::Outcome::answered || last.outcome == drivers::Outcome::sent;
    if (!fine) break;
  }
  return last;
}

std::vector<drivers::ItemValue> DeviceLine::read(const drivers::ModelQuestion& question) {
  std::vector<drivers::ItemValue> out;
  const Reply reply = ask(question.query);
  if (reply.outcome == drivers::Outcome::answered) static_cast<void>(question.reader->read(reply.payload, out));
  return out;
}

drivers::OperationInputs DeviceLine::inputs() const {
  drivers::OperationInputs out;
  out.utc_ms = utc_ms;
  out.zone_offset_minutes = model_->zone_offset_minutes;
  out.password = model_->driver->protocol() == Protocol::dlt698_45 ? "00000000" : "123456";
  out.operator_code = "00001234";
  return out;
}

}  // namespace duheng::operations
