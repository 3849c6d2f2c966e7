#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/administration/platform_data.hpp"
#include "platform/administration/world.hpp"

namespace duheng::platform {

struct CreatedUser {
  UserId id;
  std::string password;  ///< made here when none was given: shown once, kept nowhere
};

struct WorldResult {
  std::size_t organisations = 0, sites = 0, gateways = 0, devices = 0;  ///< made now
  std::size_t already_there = 0;
};

/// What an operator does at the command line, on the data directory itself. Everything here acts with the scope of
/// everything: whoever can read the master key can do anything anyway. Users, codes and revocations may be made while
/// the server runs (the records take several processes); a world only when it does not.
class Administration {
 public:
  /// Opens, or makes, the data directory. Errors: as PlatformRecords::open().
  [[nodiscard]] static Result<Administration> open(const std::string& data_directory, Disk& disk, const Clock& clock,
                                                   Random& random, PeopleOptions people = {});

  /// `organisation_code` empty: the user sees everything. `must_change_password` false only where nobody but the user
  /// ever saw the password. Errors: not_found - the organisation; otherwise as People::create().
  [[nodiscard]] Result<CreatedUser> create_user(std::string_view name, Role role, std::string_view organisation_code,
                                                std::optional<std::string> password, bool must_change_password);
  /// A new password for a user, made here; ends their sessions. Errors: not_found.
  [[nodiscard]] Result<std::string> reset_password(std::string_view name, bool must_change_password);

  /// Makes what is not there yet; what is, stays as it is (by code, name and uid). Devices all or none.
  /// Errors: unavailable - the server runs; not_found, invalid_argument, conflict - the message names the entry.
  [[nodiscard]] Result<WorldResult> make_world(const World& world);

  /// A one-time code for the gateway of that name. With `organisation_code` the gateway is made first when it is not
  /// there. Errors: not_found - no such gateway or organisation; forbidden - revoked.
  [[nodiscard]] Result<std::string> make_enrolment_code(std::string_view gateway_name,
                                                        std::string_view organisation_code,
                                                        std::int64_t lifetime_ms = Gateways::code_lifetime_ms_default);
  /// Errors: not_found.
  [[nodiscard]] Result<void> revoke_gateway(std::string_view gateway_name);

  [[nodiscard]] PlatformRecords& records() noexcept { return *records_; }
  [[nodiscard]] const PlatformPaths& paths() const noexcept { return paths_; }

 private:
  Administration(PlatformPaths paths, Disk& disk, std::unique_ptr<PlatformRecords> records)
      : paths_(std::move(paths)), disk_(&disk), records_(std::move(records)) {}
  [[nodiscard]] Result<OrganisationId> organisation(std::string_view code);
  [[nodiscard]] Result<std::optional<Gateway>> find_gateway(std::string_view name);
  [[nodiscard]] Result<void> make_organisations(const World& world, WorldResult& result);
  [[nodiscard]] Result<void> make_sites_and_gateways(const World& world, WorldResult& result);
  [[nodiscard]] Result<void> make_devices(const World& world, WorldResult& result);

  PlatformPaths paths_;
  Disk* disk_;
  std::unique_ptr<PlatformRecords> records_;
};

}  // namespace duheng::platform
