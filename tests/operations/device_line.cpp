#include "tests/operations/device_line.hpp"

#include <stdexcept>

namespace duheng::operations {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

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

DeviceLine::DeviceLine(std::shared_ptr<const drivers::DeviceModel> model, std::int64_t at_utc_ms, std::uint64_t seed)
    : utc_ms(at_utc_ms),
      model_(std::move(model)),
      device_(device_of(*model_, seed)),
      bus_(device::protocol_of(device::find_virtual_model(model_->id)->line)),
      port_(bus_),
      session_(model_->driver->dialect(), {}) {
  bus_.add(device_);
  session_.add_meter(*model_->driver->address(address_of(*model_), model_->address_digits),
                     {.response_timeout_ms = model_->response_timeout_ms, .retries = 0, .preamble_octets = 4});
  session_.opened({utc_ms - hour_ms, utc_ms - hour_ms}, *this);
}

void DeviceLine::deliver(const drivers::Exchange& exchange) {
  reply_ = {exchange.outcome, exchange.error, {exchange.payload.begin(), exchange.payload.end()}};
  delivered_ = exchange.number;
  replied_ = true;
}

Reply DeviceLine::ask(const drivers::Query& query) {
  replied_ = false;
  ++questions_;
  if (!session_.ask(0, query, 0)) throw std::logic_error("the session takes no question");
  session_.advance(now(), *this);
  for (int i = 0; i < 2'000 && !replied_; ++i) {
    const Bytes question = std::exchange(sent_, {});
    Bytes heard;
    port_.octets(
        utc_ms, question, [](ByteView) {},
        [&](const device::BusAnswer& answer) {
          heard.insert(heard.end(), answer.octets.begin(), answer.octets.end());
        });
    if (!heard.empty())
      session_.octets(now(), heard, *this);
    else
      session_.timer({utc_ms + model_->response_timeout_ms * (i + 1), utc_ms}, *this);
  }
  session_.stored_through(delivered_, now(), *this);
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
