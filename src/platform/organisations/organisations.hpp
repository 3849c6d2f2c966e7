#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "platform/organisations/scope.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

struct Organisation {
  OrganisationId id{};
  OrganisationId parent{};  ///< 0 at the top
  int depth = 0;            ///< 0 at the top of the tree
  std::string code{};       ///< unique in the platform
  std::string name_zh{};
  std::string name_en{};
};

struct NewOrganisation {
  OrganisationId parent{};
  std::string code{};     ///< 1 to 64 octets, unique
  std::string name_zh{};  ///< one of the two names may be empty
  std::string name_en{};  ///< each at most 200 octets
};

/// The tree of organisations. Thread-safe.
class Organisations {
 public:
  static constexpr int depth_max = 32;
  [[nodiscard]] static records::Capability migrations();

  Organisations(records::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// Parents before children, then by code.
  [[nodiscard]] Result<std::vector<Organisation>> list(const Scope& scope);
  /// Errors: not_found.
  [[nodiscard]] Result<Organisation> get(const Scope& scope, OrganisationId id);
  [[nodiscard]] Result<std::optional<Organisation>> find_by_code(const Scope& scope, std::string_view code);
  /// A new top needs the scope of everything. Errors: not_found - the parent; forbidden - a top within a scope;
  /// already_exists - the code; invalid_argument - a text is missing or too long; limit_exceeded - deeper than
  /// `depth_max`.
  [[nodiscard]] Result<OrganisationId> create(const Scope& scope, const NewOrganisation& organisation);
  /// Errors: not_found; invalid_argument.
  [[nodiscard]] Result<void> rename(const Scope& scope, OrganisationId id, std::string_view name_zh,
                                    std::string_view name_en);
  /// Hangs `id` with everything below it under `parent`; both must be in the scope, and a scope's own root stays where
  /// it is. A parent of 0 makes it a top, in the scope of everything. Errors: not_found; forbidden; invalid_argument -
  /// the parent is `id` itself or below it; limit_exceeded.
  [[nodiscard]] Result<void> move(const Scope& scope, OrganisationId id, OrganisationId parent);
  /// Every organisation of the scope, in no order.
  [[nodiscard]] Result<std::vector<OrganisationId>> subtree_ids(const Scope& scope);
  [[nodiscard]] Result<bool> contains(const Scope& scope, OrganisationId id);

 private:
  records::Database& database_;
  const Clock& clock_;
};

/// For other capabilities' transactions: not_found when `id` is not an organisation of the scope.
[[nodiscard]] Result<void> require_organisation(records::Transaction& transaction, const Scope& scope,
                                                OrganisationId id);

}  // namespace duheng::platform
