#include "platform/administration/administration.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "store/seal/seal.hpp"

namespace duheng::platform {
namespace {

Error about(const Error& error, std::string_view what, std::string_view name) {
  return {error.code, fmt::format("{} \"{}\": {}", what, name, error.message)};
}

}  // namespace

Result<Administration> Administration::open(const std::string& data_directory, Disk& disk, const Clock& clock,
                                            Random& random, PeopleOptions people) {
  PlatformPaths paths{data_directory};
  DUHENG_CHECK(store::break_seal(disk, paths.root));
  DUHENG_TRY(auto records, PlatformRecords::open(paths, disk, clock, random, people));
  return Administration{std::move(paths), disk, std::move(records)};
}

Result<OrganisationId> Administration::organisation(std::string_view code) {
  DUHENG_TRY(const auto found, records_->organisations().find_by_code(Scope::everything(), code));
  if (!found) return fail(ErrorCode::not_found, fmt::format("there is no organisation \"{}\"", code));
  return found->id;
}

Result<std::optional<Gateway>> Administration::find_gateway(std::string_view name) {
  DUHENG_TRY(const std::vector<Gateway> gateways, records_->gateways().list(Scope::everything()));
  const auto it = std::ranges::find(gateways, name, &Gateway::name);
  return it == gateways.end() ? std::optional<Gateway>{} : std::optional<Gateway>{*it};
}

Result<CreatedUser> Administration::create_user(std::string_view name, Role role, std::string_view organisation_code,
                                                std::optional<std::string> password, bool must_change_password) {
  NewUser user;
  user.name = name;
  user.display_name = name;
  user.role = role;
  if (!organisation_code.empty()) {
    DUHENG_TRY(user.organisation, organisation(organisation_code));
  }
  user.password = password ? std::move(*password) : records_->people().generate_password();
  user.must_change_password = must_change_password;
  DUHENG_TRY(const UserId id, records_->people().create(Scope::everything(), user));
  return CreatedUser{id, std::move(user.password)};
}

Result<std::string> Administration::reset_password(std::string_view name, bool must_change_password) {
  DUHENG_TRY(const std::vector<User> users, records_->people().list(Scope::everything()));
  const auto user = std::ranges::find(users, name, &User::name);
  if (user == users.end()) return fail(ErrorCode::not_found, fmt::format("there is no user \"{}\"", name));
  std::string password = records_->people().generate_password();
  DUHENG_CHECK(records_->people().set_password(Scope::everything(), user->id, password, must_change_password));
  return password;
}

Result<WorldResult> Administration::make_world(const World& world) {
  // A running server keeps the devices in memory and would not see these.
  const auto lock = DataDirectoryLock::take(paths_, *disk_);
  if (!lock && lock.error().code == ErrorCode::unavailable) {
    return fail(ErrorCode::unavailable, "the platform is running on this data directory: stop it first");
  }
  if (!lock) return std::unexpected(lock.error());
  WorldResult result;
  DUHENG_CHECK(make_organisations(world, result));
  DUHENG_CHECK(make_sites_and_gateways(world, result));
  DUHENG_CHECK(make_devices(world, result));
  return result;
}

Result<void> Administration::make_organisations(const World& world, WorldResult& result) {
  for (const World::Organisation& wanted : world.organisations) {
    DUHENG_TRY(const auto present, records_->organisations().find_by_code(Scope::everything(), wanted.code));
    if (present) {
      ++result.already_there;
      continue;
    }
    NewOrganisation organisation_to_make{{}, wanted.code, wanted.name_zh, wanted.name_en};
    if (!wanted.parent.empty()) {
      DUHENG_TRY(organisation_to_make.parent, organisation(wanted.parent));
    }
    const auto made = records_->organisations().create(Scope::everything(), organisation_to_make);
    if (!made) return std::unexpected(about(made.error(), "organisation", wanted.code));
    ++result.organisations;
  }
  return {};
}

Result<void> Administration::make_sites_and_gateways(const World& world, WorldResult& result) {
  DUHENG_TRY(const std::vector<Site> sites, records_->sites().list(Scope::everything()));
  for (const World::Site& wanted : world.sites) {
    DUHENG_TRY(const OrganisationId owner, organisation(wanted.organisation));
    if (std::ranges::any_of(sites, [&](const Site& site) {
          return site.details.name == wanted.name && site.details.organisation == owner;
        })) {
      ++result.already_there;
      continue;
    }
    const auto made = records_->sites().create(Scope::everything(), {owner, wanted.name, wanted.zone, wanted.address});
    if (!made) return std::unexpected(about(made.error(), "site", wanted.name));
    ++result.sites;
  }
  for (const World::Gateway& wanted : world.gateways) {
    DUHENG_TRY(const auto present, find_gateway(wanted.name));
    if (present) {
      ++result.already_there;
      continue;
    }
    DUHENG_TRY(const OrganisationId owner, organisation(wanted.organisation));
    const auto made = records_->gateways().create(Scope::everything(), owner, wanted.name);
    if (!made) return std::unexpected(about(made.error(), "gateway", wanted.name));
    ++result.gateways;
  }
  return {};
}

Result<void> Administration::make_devices(const World& world, WorldResult& result) {
  std::map<std::string, OrganisationId, std::less<>> organisations;
  DUHENG_TRY(const std::vector<Organisation> all_organisations, records_->organisations().list(Scope::everything()));
  for (const Organisation& one : all_organisations) organisations.emplace(one.code, one.id);
  std::map<std::pair<OrganisationId, std::string>, SiteId> sites;
  DUHENG_TRY(const std::vector<Site> all_sites, records_->sites().list(Scope::everything()));
  for (const Site& one : all_sites) sites.emplace(std::pair{one.details.organisation, one.details.name}, one.id);
  std::map<std::string, GatewayId, std::less<>> gateways;
  DUHENG_TRY(const std::vector<Gateway> all_gateways, records_->gateways().list(Scope::everything()));
  for (const Gateway& one : all_gateways) gateways.emplace(one.name, one.id);

  std::vector<DeviceDetails> lines;
  for (const World::Device& wanted : world.devices) {
    DUHENG_TRY(const auto present, records_->devices().find_by_uid(Scope::everything(), wanted.uid));
    if (present) {
      ++result.already_there;
      continue;
    }
    DeviceDetails details;
    details.uid = wanted.uid;
    details.name = wanted.name;
    details.address = wanted.address;
    details.protocol = wanted.protocol;
    details.model = wanted.model;
    details.interval_s = wanted.interval_s;
    const auto owner = organisations.find(wanted.organisation);
    if (owner == organisations.end()) {
      return fail(ErrorCode::not_found,
                  fmt::format("device \"{}\": there is no organisation \"{}\"", wanted.uid, wanted.organisation));
    }
    details.organisation = owner->second;
    if (!wanted.site.empty()) {
      const auto site = sites.find({details.organisation, wanted.site});
      if (site == sites.end()) {
        return fail(ErrorCode::not_found,
                    fmt::format("device \"{}\": its organisation has no site \"{}\"", wanted.uid, wanted.site));
      }
      details.site = site->second;
    }
    if (!wanted.gateway.empty()) {
      const auto gateway = gateways.find(wanted.gateway);
      if (gateway == gateways.end()) {
        return fail(ErrorCode::not_found,
                    fmt::format("device \"{}\": there is no gateway \"{}\"", wanted.uid, wanted.gateway));
      }
      details.gateway = gateway->second;
    }
    lines.push_back(std::move(details));
  }
  if (lines.empty()) return {};
  std::vector<ImportError> errors;
  DUHENG_TRY(result.devices, records_->devices().import(Scope::everything(), lines, errors));
  if (!errors.empty()) {
    const ImportError& first = errors.front();
    return std::unexpected(about(first.error, "device", lines[first.line - 1].uid));
  }
  return {};
}

Result<std::string> Administration::make_enrolment_code(std::string_view gateway_name,
                                                        std::string_view organisation_code, std::int64_t lifetime_ms) {
  DUHENG_TRY(const auto present, find_gateway(gateway_name));
  GatewayId id;
  if (present) {
    id = present->id;
  } else if (organisation_code.empty()) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no gateway \"{}\"; name an organisation to make it", gateway_name));
  } else {
    DUHENG_TRY(const OrganisationId owner, organisation(organisation_code));
    DUHENG_TRY(id, records_->gateways().create(Scope::everything(), owner, gateway_name));
  }
  DUHENG_TRY(const crypto::EnrolmentCode code,
             records_->gateways().make_enrolment_code(Scope::everything(), id,
                                                      records_->issuer().trust_root_fingerprint(), lifetime_ms));
  return code.text();
}

Result<void> Administration::revoke_gateway(std::string_view gateway_name) {
  DUHENG_TRY(const auto present, find_gateway(gateway_name));
  if (!present) return fail(ErrorCode::not_found, fmt::format("there is no gateway \"{}\"", gateway_name));
  return records_->gateways().revoke(Scope::everything(), present->id);
}

}  // namespace duheng::platform
