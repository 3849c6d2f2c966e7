#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "platform/organisations/scope.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

struct SiteDetails {
  OrganisationId organisation{};
  std::string name{};       ///< 1 to 200 octets, unique in its organisation
  std::string iana_zone{};  ///< civil days are counted in it, e.g. "Asia/Shanghai"
  std::string address{};    ///< postal, at most 500 octets, may be empty
};

struct Site {
  SiteId id{};
  SiteDetails details{};
};

/// Places where devices stand. Thread-safe. Needs Organisations' tables.
class Sites {
 public:
  [[nodiscard]] static records::Capability migrations();
  Sites(records::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// By name.
  [[nodiscard]] Result<std::vector<Site>> list(const Scope& scope);
  /// Errors: not_found.
  [[nodiscard]] Result<Site> get(const Scope& scope, SiteId id);
  /// Errors: not_found - the organisation; already_exists - the name; invalid_argument - a text is missing or too long,
  /// or the machine knows no such zone.
  [[nodiscard]] Result<SiteId> create(const Scope& scope, const SiteDetails& details);
  /// Errors: as get() and create().
  [[nodiscard]] Result<void> update(const Scope& scope, SiteId id, const SiteDetails& details);
  /// Errors: not_found; conflict - devices or points stand there.
  [[nodiscard]] Result<void> remove(const Scope& scope, SiteId id);

 private:
  records::Database& database_;
  const Clock& clock_;
};

/// For other capabilities' transactions: not_found when `id` is not a site of the scope.
[[nodiscard]] Result<void> require_site(records::Transaction& transaction, const Scope& scope, SiteId id);

}  // namespace duheng::platform
