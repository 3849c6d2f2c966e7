#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "platform/people/people.hpp"

namespace duheng::platform::web {

/// Who asks, as the session says.
struct Caller {
  UserId user;
  std::string name;
  Role role = Role::viewer;
  OrganisationId organisation;  ///< sees this one and all below it; 0: everything
  std::int64_t expires_utc_ms = 0;
  bool must_change_password = false;
  [[nodiscard]] bool sees_everything() const noexcept { return !organisation; }
  [[nodiscard]] Scope scope() const { return organisation ? Scope::below(organisation) : Scope::everything(); }
};

/// What a route asks of its caller. There is no default: whoever adds a route says who may use it, or it does not
/// compile.
class Permission {
 public:
  /// Anybody, without a session: logging in.
  [[nodiscard]] static constexpr Permission open() noexcept { return Permission{std::nullopt}; }
  /// Anybody who is logged in. What they see is cut to their organisation's subtree by the handler.
  [[nodiscard]] static constexpr Permission any_session() noexcept { return Permission{Role::viewer}; }
  [[nodiscard]] static constexpr Permission at_least(Role role) noexcept { return Permission{role}; }
  /// Whoever sees every organisation: for what is about the platform and cannot be cut to a part of it.
  [[nodiscard]] static constexpr Permission whole_platform() noexcept {
    Permission permission{Role::viewer};
    permission.whole_platform_ = true;
    return permission;
  }
  /// The same, and of at least this role.
  [[nodiscard]] static constexpr Permission whole_platform_at_least(Role role) noexcept {
    Permission permission{role};
    permission.whole_platform_ = true;
    return permission;
  }
  /// The same, also for somebody whose password must be changed first. Without this such a caller is refused.
  [[nodiscard]] constexpr Permission even_with_due_password() const noexcept {
    Permission permission = *this;
    permission.even_with_due_password_ = true;
    return permission;
  }

  [[nodiscard]] constexpr bool needs_session() const noexcept { return minimum_.has_value(); }
  /// Roles rise: each may do all that the one before may.
  [[nodiscard]] bool admits(const Caller& caller) const noexcept {
    return !minimum_ || (caller.role >= *minimum_ && (!whole_platform_ || caller.sees_everything()));
  }
  /// Whether a password that must be changed keeps this caller out.
  [[nodiscard]] bool refuses_due_password(const Caller& caller) const noexcept {
    return minimum_ && caller.must_change_password && !even_with_due_password_;
  }
  [[nodiscard]] constexpr bool is_for_whole_platform() const noexcept { return whole_platform_; }

 private:
  constexpr explicit Permission(std::optional<Role> minimum) noexcept : minimum_(minimum) {}
  std::optional<Role> minimum_;
  bool whole_platform_ = false;
  bool even_with_due_password_ = false;
};

}  // namespace duheng::platform::web
