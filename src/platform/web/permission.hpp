#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "platform/people/people.hpp"

namespace duheng::platform::web {

/// What a route asks of its caller. There is no default: whoever adds a route says who may use it, or it does not
/// compile.
class Permission {
 public:
  /// Anybody, without a session: logging in.
  [[nodiscard]] static constexpr Permission open() noexcept { return Permission{std::nullopt}; }
  /// Anybody who is logged in. What they see is cut to their organisation's subtree by the handler.
  [[nodiscard]] static constexpr Permission any_session() noexcept { return Permission{Role::viewer}; }
  [[nodiscard]] static constexpr Permission at_least(Role role) noexcept { return Permission{role}; }

  [[nodiscard]] constexpr bool needs_session() const noexcept { return minimum_.has_value(); }
  /// Roles rise: each may do all that the one before may.
  [[nodiscard]] constexpr bool admits(std::optional<Role> role) const noexcept {
    return !minimum_ || (role && *role >= *minimum_);
  }

 private:
  constexpr explicit Permission(std::optional<Role> minimum) noexcept : minimum_(minimum) {}
  std::optional<Role> minimum_;
};

/// Who asks, as the session says.
struct Caller {
  UserId user;
  std::string name;
  Role role = Role::viewer;
  OrganisationId organisation;  ///< sees this one and all below it; 0: everything
  std::int64_t expires_utc_ms = 0;
  [[nodiscard]] Scope scope() const { return organisation ? Scope::below(organisation) : Scope::everything(); }
};

}  // namespace duheng::platform::web
