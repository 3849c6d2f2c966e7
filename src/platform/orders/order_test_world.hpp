#pragma once
// For tests: orders over real records, with people, meters and gateways that say what the test tells them.
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "drivers/models/device_model.hpp"
#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform::order_testing {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}
inline void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

class NoOperation final : public drivers::Operation {
 public:
  explicit NoOperation(bool password) : password_(password) {}
  [[nodiscard]] Result<std::vector<drivers::Query>> build(const drivers::OperationInputs&) const override {
    return std::vector<drivers::Query>{};
  }
  [[nodiscard]] bool needs_password() const override { return password_; }

 private:
  bool password_;
};

inline drivers::ModelCommand command(std::string name, Danger danger, bool password) {
  drivers::ModelCommand out;
  out.name = out.title_english = std::move(name);
  out.title_chinese = "命令";
  out.danger = danger;
  out.operation = std::make_shared<NoOperation>(password);
  return out;
}

inline std::shared_ptr<const drivers::ModelLibrary> library() {
  auto models = std::make_shared<drivers::ModelLibrary>();
  drivers::DeviceModel meter;
  meter.id = "meter";
  drivers::ModelQuestion question;
  drivers::ModelItem voltage;
  voltage.register_name = "voltage_a";
  question.items.push_back(voltage);
  meter.groups.push_back({"live", 1'000, {question}});
  meter.commands = {command("relay_trip", Danger::supply, true), command("relay_close", Danger::supply, true),
                    command("supply_keep", Danger::none, false), command("supply_keep_end", Danger::none, false),
                    command("meter_reset", Danger::irreversible, false)};
  drivers::ModelArgument new_password;
  new_password.name = "new_password";
  new_password.type = drivers::ArgumentType::text;
  new_password.secret = true;
  drivers::ModelCommand change = command("password_change", Danger::none, true);
  change.arguments.push_back(new_password);
  meter.commands.push_back(change);
  drivers::ModelParameter day;
  day.name = "settlement_day";
  day.value.name = "value";
  day.value.type = drivers::ArgumentType::integer;
  day.value.minimum = Decimal{1, 0};
  day.value.maximum = Decimal{28, 0};
  day.write = std::make_shared<NoOperation>(false);
  meter.parameters.push_back(day);
  models->add(std::move(meter));
  drivers::DeviceModel sensor;
  sensor.id = "sensor";
  models->add(std::move(sensor));
  return models;
}

class World {
 public:
  World()
      : database({Organisations::migrations(), Sites::migrations(), Gateways::migrations(), Devices::migrations(),
                  People::migrations(), OrderService::migrations()}),
        organisations(*database, database.clock),
        gateways(*database, database.clock, random),
        devices(*database, database.clock),
        guards(*database, database.clock),
        people(*database, database.clock, random, quick_people()) {
    const Scope all = Scope::everything();
    east = must(organisations.create(all, {{}, "east", "东区", "East"}));
    west = must(organisations.create(all, {{}, "west", "西区", "West"}));
    gateway = must(gateways.create(all, east, "gateway-east"));
    other_gateway = must(gateways.create(all, west, "gateway-west"));
    anna = person("anna", Role::operator_, {});
    bert = person("bert", Role::operator_, {});
    vera = person("vera", Role::viewer, {});
    eastern = person("eastern", Role::operator_, east);
    start();
  }
  static PeopleOptions quick_people() {
    PeopleOptions options;
    options.password_cost = {.memory_kib = 64, .passes = 1};
    return options;
  }
  Author person(const std::string& name, Role role, OrganisationId organisation) {
    NewUser user;
    user.name = name;
    user.role = role;
    user.organisation = organisation;
    user.password = "correct horse battery";
    const UserId id = must(people.create(Scope::everything(), user));
    return {id, name, role, organisation ? Scope::below(organisation) : Scope::everything(), "127.0.0.1"};
  }
  JobTarget device(GatewayId of, OrganisationId owner, const std::string& model = "meter") {
    DeviceDetails details;
    details.uid = details.address = details.name = "meter-" + std::to_string(++device_count);
    details.protocol = "dlt645";
    details.model = model;
    details.organisation = owner;
    details.gateway = of;
    const DeviceId id = must(devices.create(Scope::everything(), details));
    return {id, of, details.uid, model};
  }
  JobTarget device() { return device(gateway, east); }
  std::vector<JobTarget> many(int count) {
    std::vector<JobTarget> out;
    for (int i = 0; i < count; ++i) out.push_back(device());
    return out;
  }

  void start() {
    service = std::make_unique<OrderService>(
        *database, database.clock, random, models,
        [this](GatewayId to, const control::FromPlatform& message) {
          if (!connected.contains(to)) return false;
          if (const auto* order = std::get_if<FieldOrder>(&message)) {
            sent[to].push_back(*order);
          } else if (const auto* cancel = std::get_if<control::CancelOrder>(&message)) {
            cancelled.push_back(cancel->id);
          } else if (const auto* received = std::get_if<control::ReportsReceived>(&message)) {
            confirmed.insert(confirmed.end(), received->ids.begin(), received->ids.end());
          }
          return true;
        },
        options);
    must(service->load());
  }
  /// As after a kill: what was not stored is gone.
  void restart() {
    service.reset();
    start();
    for (const GatewayId id : connected) service->connected(id);
  }
  void connect(GatewayId id) {
    connected.insert(id);
    service->connected(id);
    service->tick();
  }
  void disconnect(GatewayId id) {
    connected.erase(id);
    service->disconnected(id);
  }
  void report(GatewayId from, const OrderId& id, OrderState state, std::string reason = {}) {
    OrderReport out;
    out.id = id;
    out.state = state;
    out.reason = std::move(reason);
    if (state == OrderState::done) {
      out.values.push_back({"relay", "", 0, SeriesKind::bit_set, 16, Quality::good, 5, true});
      out.frames.push_back({Protocol::dlt645_2007, Bytes{0x68}, Bytes{0x16}, 1, 2});
    }
    service->reported(from, std::move(out));
    service->flush();
    service->tick();
  }
  void pass(std::int64_t ms) {
    database.clock.advance_ms(ms);
    service->tick();
  }
  NewJob read(std::vector<JobTarget> targets) {
    NewJob job;
    job.content.kind = OrderKind::read;
    job.content.registers = {"voltage_a"};
    job.targets = std::move(targets);
    return job;
  }
  NewJob command_job(const std::string& name, std::vector<JobTarget> targets) {
    NewJob job;
    job.content.kind = OrderKind::command;
    job.content.name = name;
    job.reason = "arrears";
    job.targets = std::move(targets);
    return job;
  }
  NewJob trip(std::vector<JobTarget> targets) {
    NewJob job = command_job("relay_trip", std::move(targets));
    job.access = DeviceAccess{"02000000", "00000001"};
    return job;
  }
  Job job(JobNumber number) { return must(service->job(Scope::everything(), number)); }
  OrderRow only_order(JobNumber number) { return must(service->orders(Scope::everything(), number, {})).orders.at(0); }
  ErrorCode refusal(const Result<JobNumber>& result) { return result ? ErrorCode::internal : result.error().code; }
  ErrorCode refusal(const Result<void>& result) { return result ? ErrorCode::internal : result.error().code; }

  records::TestDatabase database;
  SystemRandom random;
  Organisations organisations;
  Gateways gateways;
  Devices devices;
  DeviceGuards guards;
  People people;
  std::shared_ptr<const drivers::ModelLibrary> models = library();
  OrderServiceOptions options{.book = {.window = 3, .grace_ms = 1'000}};
  std::set<GatewayId> connected;
  std::map<GatewayId, std::vector<FieldOrder>> sent;
  std::vector<OrderId> cancelled;
  std::vector<OrderId> confirmed;
  OrganisationId east, west;
  GatewayId gateway, other_gateway;
  Author anna, bert, vera, eastern;
  int device_count = 0;
  std::unique_ptr<OrderService> service;
};

}  // namespace duheng::platform::order_testing
