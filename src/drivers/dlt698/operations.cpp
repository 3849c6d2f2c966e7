#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "codec/dlt698/crc.hpp"
#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/line_settings.hpp"
#include "drivers/dlt698/values.hpp"
#include "drivers/protocol/inputs.hpp"

namespace duheng::drivers {
namespace {

using dlt698::Node;
using dlt698::Oad;
namespace make = dlt698::make;
namespace objects = dlt698::objects;
namespace types = dlt698::types;

constexpr std::uint32_t password_oad = 0x44010200;
constexpr std::uint32_t settlement_days_oad = 0x41160200;
constexpr std::uint32_t clock_oad = 0x40000200;
constexpr std::uint32_t address_oad = 0x40010200;

dlt698::CalendarTime calendar_of(const CivilTime& time) {
  dlt698::CalendarTime out;
  out.year = static_cast<std::uint16_t>(time.year);
  out.month = static_cast<std::uint8_t>(time.month);
  out.day = static_cast<std::uint8_t>(time.day);
  out.hour = static_cast<std::uint8_t>(time.hour);
  out.minute = static_cast<std::uint8_t>(time.minute);
  out.second = static_cast<std::uint8_t>(time.second);
  return out;
}

/// CONNECT by mechanism 1. Source: DL/T 698.45-2017, application layer (association with password).
Query connect_with(std::string_view password) {
  constexpr std::uint8_t by_password = 1;
  constexpr std::size_t mechanism_place = 9;
  dlt698::ConnectParameters parameters;
  parameters.protocol_conformance.fill(0xFF);
  parameters.function_conformance.fill(0xFF);
  Node apdu = dlt698::connect_request(0, parameters);
  Node& mechanism = apdu.children.at(mechanism_place);
  mechanism.selector = by_password;
  mechanism.children.assign(1, dlt698::prototype(*mechanism.type->alternative(by_password)->type));
  mechanism.children.front().children.front() = make::visible_string(password);
  return dlt698_query(apdu, false);
}

Result<std::string_view> visible_password(std::string_view text, std::string_view what) {
  constexpr std::size_t characters_max = 32;
  const bool fits = !text.empty() && text.size() <= characters_max &&
                    std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  if (!fits) return fail(ErrorCode::invalid_argument, fmt::format("{} must be 1 to 32 visible characters", what));
  return text;
}

/// One SET or ACTION, behind a CONNECT where the model says that writing needs the password.
class ServiceOperation : public Operation {
 public:
  explicit ServiceOperation(bool with_password) : with_password_(with_password) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const final {
    DUHENG_TRY(const Node apdu, apdu_of(inputs));
    return with_connection(apdu, inputs);
  }
  [[nodiscard]] bool needs_password() const final { return with_password_; }

 protected:
  [[nodiscard]] Result<std::vector<Query>> with_connection(const Node& apdu, const OperationInputs& inputs) const {
    std::vector<Query> out;
    if (with_password_) {
      if (inputs.password.empty()) return fail(ErrorCode::forbidden, "this needs the meter's password");
      DUHENG_TRY(const auto password, visible_password(inputs.password, "the password"));
      out.push_back(connect_with(password));
    }
    out.push_back(dlt698_query(apdu, true));
    out.back().has_answer = !is_broadcast();
    return out;
  }

 private:
  [[nodiscard]] virtual Result<Node> apdu_of(const OperationInputs& inputs) const = 0;
  bool with_password_;
};

/// A method whose argument is the same every time.
class MethodOperation final : public ServiceOperation {
 public:
  MethodOperation(bool with_password, std::uint32_t omd, Node argument)
      : ServiceOperation(with_password), omd_(omd), argument_(std::move(argument)) {}

 private:
  [[nodiscard]] Result<Node> apdu_of(const OperationInputs& /*inputs*/) const override {
    return dlt698::action_request(0, omd_, argument_);
  }
  std::uint32_t omd_;
  Node argument_;
};

class ClockSetOperation final : public ServiceOperation {
 public:
  explicit ClockSetOperation(bool with_password) : ServiceOperation(with_password) {}

 private:
  [[nodiscard]] Result<Node> apdu_of(const OperationInputs& inputs) const override {
    return dlt698::set_request(0, Oad::from(clock_oad), make::date_time_s(calendar_of(civil_now(inputs))));
  }
};

/// Method 127 of the clock, to everybody.
class ClockBroadcast final : public ServiceOperation {
 public:
  ClockBroadcast() : ServiceOperation(false) {}
  [[nodiscard]] bool is_broadcast() const override { return true; }

 private:
  [[nodiscard]] Result<Node> apdu_of(const OperationInputs& inputs) const override {
    constexpr std::uint32_t broadcast_time = 0x40007F00;
    return dlt698::action_request(0, broadcast_time, make::date_time_s(calendar_of(civil_now(inputs))));
  }
};

class PasswordOperation final : public ServiceOperation {
 public:
  PasswordOperation() : ServiceOperation(true) {}

 private:
  [[nodiscard]] Result<Node> apdu_of(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto text, argument_text(inputs, "new_password"));
    DUHENG_TRY(const auto password, visible_password(text, "the new password"));
    return dlt698::set_request(0, Oad::from(password_oad), make::visible_string(password));
  }
};

/// The meter's list of settlement days becomes the one of the arguments "day" and "hour".
class SettlementDayOperation final : public ServiceOperation {
 public:
  explicit SettlementDayOperation(bool with_password) : ServiceOperation(with_password) {}

 private:
  [[nodiscard]] Result<Node> apdu_of(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto day, argument_mantissa(inputs, "day", 0));
    DUHENG_TRY(const auto hour, argument_mantissa(inputs, "hour", 0));
    if (day < 1 || day > 28 || hour < 0 || hour > 23)
      return fail(ErrorCode::invalid_argument, "the day must be 1 to 28 and the hour 0 to 23");
    return dlt698::set_request(0, Oad::from(settlement_days_oad),
                               make::array({make::structure({make::number(types::unsigned_integer, day),
                                                             make::number(types::unsigned_integer, hour)})}));
  }
};

/// Method 127 of F201: the first RS-485 port gets the speed of the argument "speed", with the format that DL/T 698.45
/// meters have (8 data bits, even parity, 1 stop bit). The meter answers at the old speed.
class PortSpeedOperation final : public ServiceOperation {
 public:
  explicit PortSpeedOperation(bool with_password) : ServiceOperation(with_password) {}
  [[nodiscard]] Result<std::vector<Query>> tell_format(const LineFormat& format,
                                                       const OperationInputs& inputs) const override {
    DUHENG_TRY(const Node apdu, apdu_at(format.baud));
    return with_connection(apdu, inputs);
  }
  [[nodiscard]] std::optional<NewPlace> moves_to(const OperationInputs& inputs) const override {
    return place_at_speed(inputs);
  }

 private:
  [[nodiscard]] Result<Node> apdu_of(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto baud, argument_mantissa(inputs, "speed", 0));
    return apdu_at(baud > 0 && baud <= UINT32_MAX ? static_cast<std::uint32_t>(baud) : 0);
  }
  [[nodiscard]] static Result<Node> apdu_at(std::uint32_t baud) {
    constexpr std::uint32_t set_up_port = 0xF2017F00;
    constexpr std::uint32_t first_port = 0xF2010201;
    constexpr std::uint8_t even_parity = 2;
    constexpr std::uint8_t data_bits = 8;
    constexpr std::int64_t meter_reading = 1;
    const std::uint8_t code = dlt698::baud_code_of(baud);
    if (code == dlt698::baud_automatic)
      return fail(ErrorCode::invalid_argument, "argument 'speed' is none of DL/T 698.45's speeds");
    const std::array<std::uint8_t, 5> comdcb{code, even_parity, data_bits, 1, 0};
    return dlt698::action_request(
        0, set_up_port,
        make::structure({make::oad(Oad::from(first_port)), make::octets(types::comdcb, comdcb),
                         make::number(types::enumeration, meter_reading)}));
  }
};

/// SET of 4001: the argument "address" becomes the meter's communication address.
class AddressOperation final : public ServiceOperation {
 public:
  explicit AddressOperation(bool with_password) : ServiceOperation(with_password) {}
  [[nodiscard]] std::optional<NewPlace> moves_to(const OperationInputs& inputs) const override {
    const auto text = argument_text(inputs, "address");
    if (!text) return std::nullopt;
    return NewPlace{.address = std::string(*text), .baud = 0, .reaches_all = false, .whole_line = false};
  }

 private:
  [[nodiscard]] Result<Node> apdu_of(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto text, argument_text(inputs, "address"));
    constexpr std::size_t digits = 12;
    const bool fits = text.size() == digits && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (!fits) return fail(ErrorCode::invalid_argument, "argument 'address' must be twelve digits");
    DUHENG_TRY(const Bytes octets, from_hex(text));
    return dlt698::set_request(0, Oad::from(address_oad), make::octet_string(octets));
  }
};

/// A number, a switch, a choice or a time as Data of the type that the object table names.
class WriteOperation final : public ServiceOperation {
 public:
  WriteOperation(bool with_password, Oad oad, objects::Type type, std::int8_t exponent)
      : ServiceOperation(with_password),
        oad_(oad),
        type_(dlt698::data_type(static_cast<std::uint8_t>(type))),
        exponent_(exponent) {}

 private:
  [[nodiscard]] Result<Node> apdu_of(const OperationInputs& inputs) const override {
    DUHENG_TRY(const Node data, data_of(inputs));
    return dlt698::set_request(0, oad_, data);
  }
  [[nodiscard]] Result<Node> data_of(const OperationInputs& inputs) const {
    if (type_->kind == dlt698::Kind::date_time_s) return time_of(inputs);
    DUHENG_TRY(const auto mantissa, argument_mantissa(inputs, "value", exponent_));
    if (!holds(mantissa)) return fail(ErrorCode::invalid_argument, "argument 'value' does not fit the attribute");
    return make::number(*type_, mantissa);
  }
  /// YYYY-MM-DDThh:mm:ss; the model has checked the form.
  [[nodiscard]] static Result<Node> time_of(const OperationInputs& inputs) {
    DUHENG_TRY(const auto text, argument_text(inputs, "value"));
    std::int64_t digits = 0;
    for (const char c : text)
      if (c >= '0' && c <= '9' && digits < INT64_MAX / 100) digits = digits * 10 + (c - '0');
    const CivilTime time = civil_time_of_digits(digits);
    if (!exists(time)) return fail(ErrorCode::invalid_argument, "argument 'value' is no time that exists");
    return make::date_time_s(calendar_of(time));
  }
  [[nodiscard]] bool holds(std::int64_t value) const {
    const unsigned bits = 8U * type_->size_octets;
    if (type_->kind == dlt698::Kind::signed_integer)
      return bits >= 64 || (value >= -(std::int64_t{1} << (bits - 1)) && value < std::int64_t{1} << (bits - 1));
    if (type_->kind == dlt698::Kind::boolean) return value == 0 || value == 1;
    return value >= 0 && (bits >= 64 || value < std::int64_t{1} << bits);
  }

  Oad oad_;
  const dlt698::Type* type_;
  std::int8_t exponent_;
};

bool can_be_written(objects::Type type) {
  using enum objects::Type;
  switch (type) {
    case int8:
    case int16:
    case int32:
    case int64:
    case uint8:
    case uint16:
    case uint32:
    case uint64:
    case boolean:
    case enumeration:
    case date_time_s:
      return true;
    default:
      return false;
  }
}

bool with_password(const ConfigNode& node) { return node.flag("password", true); }

Oad relay_of(const ConfigNode& node) {
  const auto oad = parse_oad(node.text("relay", "F2050201"));
  if (!oad) node.reject("relay", "must be eight hexadecimal digits");
  return oad.value_or(Oad{});
}

/// Method 129 of 8000: array of relay, alarm before, time limit, closes by itself.
Node trip_argument(const ConfigNode& node) {
  const auto alarm_minutes = node.integer("alarm_minutes", {0, 255}, 0);
  const auto limit_minutes = node.integer("limit_minutes", {0, 65'535}, 0);
  return make::array({make::structure({make::oad(relay_of(node)), make::number(types::unsigned_integer, alarm_minutes),
                                       make::number(types::long_unsigned, limit_minutes),
                                       make::boolean(node.flag("closes_itself", false))})});
}
/// Method 130 of 8000: array of relay, 0 permit or 1 close.
Node close_argument(const ConfigNode& node, bool at_once) {
  return make::array({make::structure({make::oad(relay_of(node)), make::number(types::enumeration, at_once ? 1 : 0)})});
}

std::shared_ptr<const Operation> method(const ConfigNode& node, std::uint32_t omd, Node argument) {
  return std::make_shared<MethodOperation>(with_password(node), omd, std::move(argument));
}

}  // namespace

std::shared_ptr<const Operation> dlt698_command(const ConfigNode& node) {
  enum class Kind : std::uint8_t {
    trip,
    close_permit,
    close_direct,
    alarm,
    alarm_release,
    keep_power,
    keep_power_release,
    clock_set,
    clock_broadcast,
    freeze,
    clear_demand,
    clear_meter,
    clear_events,
    change_password,
    settlement_day,
    change_speed,
    write_address
  };
  switch (static_cast<Kind>(node.choice(
      "does", {"trip", "close_permit", "close_direct", "alarm", "alarm_release", "keep_power", "keep_power_release",
               "clock_set", "clock_broadcast", "freeze", "clear_demand", "clear_meter", "clear_events",
               "change_password", "settlement_day", "change_speed", "write_address"}))) {
    case Kind::trip:
      return method(node, 0x80008100, trip_argument(node));
    case Kind::close_permit:
      return method(node, 0x80008200, close_argument(node, false));
    case Kind::close_direct:
      return method(node, 0x80008200, close_argument(node, true));
    case Kind::alarm:
      return method(node, 0x80007F00, make::null());
    case Kind::alarm_release:
      return method(node, 0x80008000, make::null());
    case Kind::keep_power:
      return method(node, 0x80017F00, make::null());
    case Kind::keep_power_release:
      return method(node, 0x80018000, make::null());
    case Kind::clock_set:
      return std::make_shared<ClockSetOperation>(with_password(node));
    case Kind::clock_broadcast:
      return std::make_shared<ClockBroadcast>();
    case Kind::freeze:
      return method(node, 0x50000300, make::number(types::long_unsigned, 0));
    case Kind::clear_demand:
      return method(node, 0x43000600, make::null());
    case Kind::clear_meter:
      return method(node, 0x43000300, make::null());
    case Kind::clear_events:
      return method(node, 0x43000500, make::null());
    case Kind::change_password:
      return std::make_shared<PasswordOperation>();
    case Kind::settlement_day:
      return std::make_shared<SettlementDayOperation>(with_password(node));
    case Kind::change_speed:
      return std::make_shared<PortSpeedOperation>(with_password(node));
    case Kind::write_address:
      return std::make_shared<AddressOperation>(with_password(node));
  }
  return nullptr;
}

std::shared_ptr<const Operation> dlt698_writer(const ConfigNode& item, const ConfigNode& write) {
  const bool password = with_password(write);
  const auto oad = parse_oad(item.text("oad"));
  const auto what = oad ? objects::describe(oad->value()) : std::unexpected(objects::LookupError::unknown_object);
  if (!what || what->shape == nullptr || !can_be_written(what->shape->type)) {
    write.reject("only a single number, switch, choice or time can be written");
    return nullptr;
  }
  return std::make_shared<WriteOperation>(password, *oad, what->shape->type,
                                          objects::register_scale(*what->shape).exponent);
}

namespace {

/// Overwrites what `reader` calls secret in an APDU; false when there is nothing.
bool mask_apdu(std::span<std::uint8_t> apdu) {
  const bool is_connect = !apdu.empty() && apdu[0] == types::connect_request.tag;
  const bool is_set = !apdu.empty() && apdu[0] == types::set_request.tag;
  if (!is_connect && !is_set) return false;
  bool any = false;
  bool of_password = false;
  dlt698::Reader reader(types::apdu, apdu);
  while (reader.step() && reader.current().event != dlt698::Element::Event::finished) {
    const auto& element = reader.current();
    if (element.is_value(dlt698::Kind::oad)) of_password = dlt698::read_oad(element.content).oi == password_oad >> 16;
    const bool is_secret = is_connect ? element.name == "password" : of_password && element.is_tagged;
    if (element.event != dlt698::Element::Event::value || !is_secret) continue;
    const auto at = static_cast<std::size_t>(element.content.data() - apdu.data());
    std::ranges::fill(apdu.subspan(at, element.content.size()), std::uint8_t{0});
    any = true;
  }
  return any;
}

}  // namespace

void mask_dlt698_secrets(Bytes& request) {
  std::size_t at = 0;
  while (at < request.size()) {
    const auto frame = dlt698::decode(ByteView(request).subspan(at));
    if (!frame) return;
    const std::size_t begin = at + frame->offset();
    const std::size_t size = frame->size_octets();
    const auto octets = std::span(request).subspan(begin, size);
    const std::size_t data_at = frame->user_data_offset();
    const std::size_t data_size = frame->wire_user_data().size();
    at = begin + size;
    if (frame->is_fragment() || frame->is_scrambled() || !mask_apdu(octets.subspan(data_at, data_size))) continue;
    constexpr std::size_t check_octets = 2;
    const auto check = dlt698::check_of(octets.subspan(1, size - 1 - check_octets - 1));
    octets[size - 3] = static_cast<std::uint8_t>(check);
    octets[size - 2] = static_cast<std::uint8_t>(check >> 8);
  }
}

}  // namespace duheng::drivers
