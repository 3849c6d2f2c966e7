#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "crypto/password_hash.hpp"
#include "platform/organisations/scope.hpp"
#include "platform/throttling/throttle.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

/// What somebody may do: a viewer reads, an operator also changes devices and sites, an admin also people and gateways.
enum class Role : std::uint8_t { viewer, operator_, admin };
/// "viewer", "operator", "admin".
[[nodiscard]] std::string_view to_string(Role role) noexcept;
[[nodiscard]] std::optional<Role> role_of(std::string_view name) noexcept;

struct User {
  UserId id{};
  std::string name{};
  std::string display_name{};
  Role role = Role::viewer;
  OrganisationId organisation{};  ///< 0: everything
  bool active = true;
  bool must_change_password = false;
  [[nodiscard]] Scope scope() const { return organisation ? Scope::below(organisation) : Scope::everything(); }
};

struct NewUser {
  std::string name{};  ///< 1 to 100 octets without blanks at the ends; unique without regard to the case of A to Z
  std::string display_name{};  ///< at most 200 octets
  Role role = Role::viewer;
  OrganisationId organisation{};  ///< 0: everything
  std::string password{};
  bool must_change_password = true;
};

struct Session {
  User user{};
  std::int64_t created_at_utc_ms = 0;
  std::int64_t expires_at_utc_ms = 0;  ///< by idleness or by age, whichever is first, if nothing more happens
};

struct LoginResult {
  std::string token{};  ///< 256 random bits, hexadecimal: for the cookie, kept nowhere else
  Session session{};
};

struct AuditEntry {
  std::int64_t at_utc_ms = 0;
  UserId user{};          ///< 0 when nobody known
  std::string name{};     ///< as it was given, cut to 100 octets
  std::string action{};   ///< log_in, log_out, change_password, create_user, revoke_sessions, update_user, note's
  std::string outcome{};  ///< ok, or an error's name
  std::string remote_address{};
};

struct PeopleOptions {
  std::int64_t session_idle_ms = 30 * 60'000;
  std::int64_t session_age_ms = 12 * 3'600'000;
  std::size_t password_characters_min = 12;
  crypto::PasswordHashParameters password_cost{};
  ThrottlePolicy account_throttle{.wait_ms_max =
                                      60'000};  ///< short, so that a stranger cannot lock somebody out for long
  ThrottlePolicy address_throttle{.free_failures = 10};
  std::int64_t hash_wait_ms = 10'000;  ///< for one of the two places at the hasher (each takes 64 MiB)
};

/// Users, sessions and the audit of who came in. Thread-safe. Needs Organisations' tables.
class People {
 public:
  [[nodiscard]] static records::Capability migrations();
  /// Hashes one password for nobody, so that an unknown name costs a caller as much time as a known one.
  People(records::Database& database, const Clock& clock, Random& random, PeopleOptions options = {});

  /// By name; users of the scope's organisations (those of everything only in the scope of everything).
  [[nodiscard]] Result<std::vector<User>> list(const Scope& scope);
  [[nodiscard]] Result<std::int64_t> count();
  /// Errors: already_exists; not_found - the organisation; forbidden - a user of everything within a scope;
  /// invalid_argument - the name, or a password that is too short, too long or holds the name.
  [[nodiscard]] Result<UserId> create(const Scope& scope, const NewUser& user);
  /// Ends the user's sessions. Errors: not_found.
  [[nodiscard]] Result<void> set_active(const Scope& scope, UserId id, bool active);
  /// Gives a new password; ends the sessions. With `must_change_password` it is good for one thing only: choosing
  /// another. Errors: not_found, invalid_argument.
  [[nodiscard]] Result<void> set_password(const Scope& scope, UserId id, std::string_view password,
                                          bool must_change_password);
  /// 100 random bits in groups, for a first login.
  [[nodiscard]] std::string generate_password();

  /// A new session for every login. Errors: unauthenticated - name or password, one message for both and for inactive
  /// users; throttled - too many failures for this account or from this address; unavailable - the hasher is busy.
  [[nodiscard]] Result<LoginResult> log_in(std::string_view name, std::string_view password,
                                           std::string_view remote_address);
  /// How long log_in() would refuse this account or address for now, in milliseconds; 0 when it would look.
  [[nodiscard]] std::int64_t log_in_wait_ms(std::string_view name, std::string_view remote_address) const;
  /// The session behind a cookie; using it puts off its idle end. Errors: unauthenticated - none such; expired.
  [[nodiscard]] Result<Session> session(std::string_view token);
  /// Ends one session; nothing when there is none.
  [[nodiscard]] Result<void> log_out(std::string_view token, std::string_view remote_address);
  /// Ends every session of the user and opens one anew. Errors: unauthenticated - the session or the old password;
  /// throttled; invalid_argument - the new one is no better than the old, too short, too long.
  [[nodiscard]] Result<LoginResult> change_password(std::string_view token, std::string_view old_password,
                                                    std::string_view new_password, std::string_view remote_address);
  /// Returns how many were ended. Errors: not_found.
  [[nodiscard]] Result<std::int64_t> revoke_sessions(const Scope& scope, UserId id);
  /// Forgets sessions past their time and audit entries older than `audit_kept_ms`; call now and then.
  [[nodiscard]] Result<void> sweep(std::int64_t audit_kept_ms);
  /// Writes down what the platform did by itself, e.g. "remove_records" on "journal before 4711".
  [[nodiscard]] Result<void> note(std::string_view action, std::string_view name);
  /// Newest first, at most `limit`. Within a scope: entries of its users only.
  [[nodiscard]] Result<std::vector<AuditEntry>> audit(const Scope& scope, int limit);
  [[nodiscard]] std::int64_t sessions_open();
  /// Passwords compared with a hash since this object was made, nobody's hash included: what logins cost.
  [[nodiscard]] std::uint64_t passwords_checked() const noexcept { return passwords_checked_; }

 private:
  [[nodiscard]] Result<bool> password_matches(std::string_view stored_hash, std::string_view password);
  [[nodiscard]] Result<std::string> hash_password(std::string_view name, std::string_view password);
  [[nodiscard]] Result<LoginResult> check_and_open(std::string_view name, std::string_view password,
                                                   std::string_view remote_address);
  [[nodiscard]] Result<LoginResult> check_and_change(const User& user, std::string_view old_password,
                                                     std::string_view new_password, std::string_view remote_address);
  [[nodiscard]] Result<LoginResult> open_session(records::Transaction& transaction, const User& user,
                                                 std::string_view remote_address);
  void note(const AuditEntry& entry);

  records::Database& database_;
  const Clock& clock_;
  Random& random_;
  const PeopleOptions options_;
  crypto::PasswordHasher hasher_;
  std::string nobodys_hash_;
  Throttle accounts_;
  Throttle addresses_;
  std::counting_semaphore<16> hashing_{2};
  std::atomic<std::uint64_t> passwords_checked_{0};
};

}  // namespace duheng::platform
