#pragma once
// For tests only: records with two organisations and a gateway each, the models of this release, and gateways that
// answer as the test likes.
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "crypto/hash.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/imports/file_imports.hpp"
#include "platform/onboarding/onboarding.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform::testing {

struct OnboardingWorld {
  OnboardingWorld() {
    clock.set_utc_ms(1'763'712'000'000);
    plans.set_sender([this](GatewayId gateway, const FieldPlanPart& part) { return send(gateway, part); });
  }

  [[nodiscard]] Author author(OrganisationId organisation = {}) {
    auto& user = users[organisation];
    if (!user) {
      NewUser made;
      made.name = made.display_name = "user" + std::to_string(organisation.value);
      made.role = Role::operator_;
      made.organisation = organisation;
      made.password = "correct horse battery";
      user = people.create(Scope::everything(), made).value();
    }
    return {.user = user,
            .name = "user" + std::to_string(organisation.value),
            .role = Role::operator_,
            .scope = organisation ? Scope::below(organisation) : Scope::everything(),
            .remote_address = "192.0.2.1"};
  }
  /// The gateway tells of a line "bus" and a listener "nb" of its own file, and knows the models.
  FieldPlanReport report(std::uint64_t version = 0, const FieldPlanHash& hash = {}) {
    FieldPlanReport out;
    out.version = version;
    out.hash = hash;
    out.channels = {{"bus", "serial", "/dev/ttyS1 2400 8E1", false, true, 0},
                    {"nb", "listener_tcp", "0.0.0.0:5000", false, true, 0}};
    out.models = models->ids();
    return out;
  }
  [[nodiscard]] NewDevice meter(const std::string& address, const std::string& channel = "bus") const {
    NewDevice out;
    out.address = address;
    out.model = "dlt645-2007-single-phase";
    out.gateway = gateway_east;
    out.channel = channel;
    out.organisation = east;
    return out;
  }
  bool send(GatewayId gateway, const FieldPlanPart& part) {
    if (!takes) return false;
    auto whole =
        assemblers.try_emplace(gateway, [](ByteView octets) { return crypto::sha256(octets); }).first->second.add(part);
    if (whole && *whole) received[gateway].push_back(std::move(**whole));
    return true;
  }
  [[nodiscard]] std::vector<std::string> actions() {
    std::vector<std::string> out;
    const auto entries = operations(*database, Scope::everything(), 1'000).value();
    for (const auto& entry : entries) out.insert(out.begin(), entry.action);
    return out;
  }

  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),      Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(),     OrderService::migrations(),
                                 PlanBook::migrations(),      FileImports::migrations()};
  ManualClock& clock = database.clock;
  SeededRandom random{1};
  Organisations organisations{*database, clock};
  Sites sites{*database, clock};
  Gateways gateways{*database, clock, random};
  Devices devices{*database, clock};
  People people{*database, clock, random, {.password_cost = {.memory_kib = 64, .passes = 1, .lanes = 1}}};
  std::shared_ptr<const drivers::ModelLibrary> models =
      std::make_shared<drivers::ModelLibrary>(*drivers::ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models"));
  PlanBook plans{*database, clock};
  Onboarding onboarding{*database, clock, devices, plans, models};
  OrganisationId city = organisations.create(Scope::everything(), {{}, "city", "市", "City"}).value();
  OrganisationId east = organisations.create(Scope::everything(), {city, "east", "东", "East"}).value();
  OrganisationId west = organisations.create(Scope::everything(), {city, "west", "西", "West"}).value();
  SiteId hill = sites.create(Scope::everything(), {east, "Hill", "Asia/Shanghai", ""}).value();
  GatewayId gateway_east = gateways.create(Scope::everything(), east, "gateway-east").value();
  GatewayId gateway_west = gateways.create(Scope::everything(), west, "gateway-west").value();
  std::map<OrganisationId, UserId> users;
  std::map<GatewayId, FieldPlanAssembler> assemblers;
  std::map<GatewayId, std::vector<FieldPlan>> received;
  bool takes = true;
};

}  // namespace duheng::platform::testing
