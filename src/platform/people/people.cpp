#include "platform/people/people.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/log.hpp"
#include "crypto/hash.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr records::Migration steps[] = {{"people",
                                         "CREATE TABLE users ("
                                         " id INTEGER PRIMARY KEY,"
                                         " name TEXT NOT NULL,"
                                         " name_key TEXT NOT NULL UNIQUE,"
                                         " display_name TEXT NOT NULL,"
                                         " role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),"
                                         " organisation_id INTEGER REFERENCES organisations (id),"
                                         " password_hash TEXT NOT NULL,"
                                         " must_change_password INTEGER NOT NULL,"
                                         " active INTEGER NOT NULL,"
                                         " created_at_ms INTEGER NOT NULL);"
                                         "CREATE TABLE sessions ("
                                         " token_hash BLOB PRIMARY KEY,"
                                         " user_id INTEGER NOT NULL REFERENCES users (id),"
                                         " created_at_ms INTEGER NOT NULL,"
                                         " last_used_at_ms INTEGER NOT NULL,"
                                         " remote_address TEXT NOT NULL);"
                                         "CREATE INDEX sessions_user ON sessions (user_id);"
                                         "CREATE TABLE audit_log ("
                                         " id INTEGER PRIMARY KEY,"
                                         " at_ms INTEGER NOT NULL,"
                                         " user_id INTEGER REFERENCES users (id),"
                                         " name TEXT NOT NULL,"
                                         " action TEXT NOT NULL,"
                                         " outcome TEXT NOT NULL,"
                                         " remote_address TEXT NOT NULL);"
                                         "CREATE INDEX audit_log_time ON audit_log (at_ms);"}};

constexpr std::size_t name_octets_max = 100;
constexpr std::size_t token_octets = 32;
constexpr std::size_t audit_text_octets_max = 100;
constexpr std::string_view not_logged_in = "log in again";
constexpr std::string_view wrong_login = "the name or the password is wrong";

constexpr std::string_view user_columns =
    "SELECT u.id, u.name, u.display_name, u.role, u.organisation_id, u.active, u.must_change_password";

User read_user(const Row& row) {
  return {.id = row.id<UserId>(0),
          .name = row.text(1),
          .display_name = row.text(2),
          .role = role_of(row.text_view(3)).value_or(Role::viewer),
          .organisation = row.id<OrganisationId>(4),
          .active = row.boolean(5),
          .must_change_password = row.boolean(6)};
}

Result<User> find_user(Transaction& t, const Scope& scope, UserId id) {
  DUHENG_TRY(auto found, t.first(std::string{user_columns} + " FROM users u WHERE u.id = ?1 AND " +
                                     scope.condition("u.organisation_id", "?2"),
                                 {id, scope.parameter_value()}, read_user));
  if (!found) return fail(ErrorCode::not_found, "there is no such user");
  return std::move(*found);
}

Result<void> end_sessions(Transaction& t, UserId id) {
  DUHENG_CHECK(t.execute("DELETE FROM sessions WHERE user_id = ?1", {id}));
  return {};
}

/// What is stored for a token. A text that is no token of ours hashes to something nobody has.
crypto::Hash256 token_hash(std::string_view token) { return crypto::sha256(as_bytes(token)); }

/// At most `octets` of a text from outside, whole UTF-8 or nothing.
std::string audit_text(std::string_view text) {
  if (text.size() > audit_text_octets_max) text = text.substr(0, audit_text_octets_max);
  while (!text.empty() && !check_text("name", text, 0, audit_text_octets_max)) text.remove_suffix(1);
  return std::string{text};
}

Result<void> write_audit(Transaction& t, const AuditEntry& entry) {
  DUHENG_CHECK(t.execute(
      "INSERT INTO audit_log (at_ms, user_id, name, action, outcome, remote_address) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      {entry.at_utc_ms, entry.user, entry.name, entry.action, entry.outcome, entry.remote_address}));
  return {};
}

std::string account_key(std::string_view name) { return to_lower_ascii(name.substr(0, name_octets_max)); }

}  // namespace

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::viewer:
      return "viewer";
    case Role::operator_:
      return "operator";
    case Role::admin:
      return "admin";
  }
  return "viewer";
}

std::optional<Role> role_of(std::string_view name) noexcept {
  for (const Role role : {Role::viewer, Role::operator_, Role::admin}) {
    if (to_string(role) == name) return role;
  }
  return std::nullopt;
}

records::Capability People::migrations() { return {"people", steps}; }

People::People(records::Database& database, const Clock& clock, Random& random, PeopleOptions options)
    : database_(database),
      clock_(clock),
      random_(random),
      options_(options),
      hasher_(random, options.password_cost),
      accounts_(clock, options.account_throttle),
      addresses_(clock, options.address_throttle) {
  // Without a hash for nobody, unknown names would answer faster than known ones: log_in() then refuses them as
  // unavailable.
  if (auto hash = hasher_.hash(generate_password())) nobodys_hash_ = std::move(*hash);
}

Result<std::vector<User>> People::list(const Scope& scope) {
  return database_.read([&](Transaction& t) {
    return t.all(std::string{user_columns} + " FROM users u WHERE " + scope.condition("u.organisation_id", "?1") +
                     " ORDER BY u.name_key",
                 {scope.parameter_value()}, read_user);
  });
}

Result<std::int64_t> People::count() {
  DUHENG_TRY(const auto count, database_.read([](Transaction& t) { return t.integer("SELECT count(*) FROM users"); }));
  return count.value_or(0);
}

Result<UserId> People::create(const Scope& scope, const NewUser& user) {
  DUHENG_CHECK(check_text("a user's name", user.name, 1, name_octets_max));
  DUHENG_CHECK(check_text("a user's display name", user.display_name, 0, 200));
  if (user.name.front() == ' ' || user.name.back() == ' ')
    return fail(ErrorCode::invalid_argument, "a user's name begins or ends with a blank");
  if (!user.organisation && !scope.is_everything())
    return fail(ErrorCode::forbidden, "a user of everything needs the right to everything");
  DUHENG_TRY(const auto hash, hash_password(user.name, user.password));
  return database_.write([&](Transaction& t) -> Result<UserId> {
    if (user.organisation) DUHENG_CHECK(require_organisation(t, scope, user.organisation));
    const auto made = t.insert(
        "INSERT INTO users (name, name_key, display_name, role, organisation_id, password_hash, must_change_password, "
        "active, created_at_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8) RETURNING id",
        {user.name, to_lower_ascii(user.name), user.display_name, to_string(user.role), user.organisation, hash,
         user.must_change_password, clock_.utc_ms()});
    if (!made && made.error().code == ErrorCode::conflict)
      return fail(ErrorCode::already_exists, "a user named \"" + user.name + "\" exists");
    if (!made) return std::unexpected(made.error());
    DUHENG_CHECK(write_audit(t, {.at_utc_ms = clock_.utc_ms(),
                                 .user = UserId{*made},
                                 .name = user.name,
                                 .action = "create_user",
                                 .outcome = "ok",
                                 .remote_address = ""}));
    return UserId{*made};
  });
}

Result<void> People::set_active(const Scope& scope, UserId id, bool active) {
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const auto user, find_user(t, scope, id));
    DUHENG_CHECK(t.execute("UPDATE users SET active = ?2 WHERE id = ?1", {id, active}));
    DUHENG_CHECK(end_sessions(t, id));
    return write_audit(t, {.at_utc_ms = clock_.utc_ms(),
                           .user = id,
                           .name = user.name,
                           .action = "update_user",
                           .outcome = "ok",
                           .remote_address = ""});
  });
}

Result<void> People::set_password(const Scope& scope, UserId id, std::string_view password, bool must_change_password) {
  DUHENG_TRY(const auto user, database_.read([&](Transaction& t) { return find_user(t, scope, id); }));
  DUHENG_TRY(const auto hash, hash_password(user.name, password));
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(find_user(t, scope, id));
    DUHENG_CHECK(t.execute("UPDATE users SET password_hash = ?2, must_change_password = ?3 WHERE id = ?1",
                           {id, hash, must_change_password}));
    DUHENG_CHECK(end_sessions(t, id));
    return write_audit(t, {.at_utc_ms = clock_.utc_ms(),
                           .user = id,
                           .name = user.name,
                           .action = "update_user",
                           .outcome = "ok",
                           .remote_address = ""});
  });
}

std::string People::generate_password() {
  // Crockford's letters: none is taken for another when it is read aloud or typed from a screen.
  constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string password;
  for (int i = 0; i < 20; ++i) {
    if (i > 0 && i % 4 == 0) password += '-';
    password += alphabet[random_.below(alphabet.size())];
  }
  return password;
}

Result<std::string> People::hash_password(std::string_view name, std::string_view password) {
  DUHENG_CHECK(check_text("a password", password, 1, crypto::PasswordHasher::password_bytes_max));
  const auto characters = static_cast<std::size_t>(
      std::count_if(password.begin(), password.end(), [](char c) { return (c & 0xC0) != 0x80; }));
  if (characters < options_.password_characters_min) {
    return fail(ErrorCode::invalid_argument,
                "a password has at least " + std::to_string(options_.password_characters_min) + " characters");
  }
  if (to_lower_ascii(password).find(to_lower_ascii(name)) != std::string::npos) {
    return fail(ErrorCode::invalid_argument, "a password must not hold the user's name");
  }
  if (!hashing_.try_acquire_for(std::chrono::milliseconds(options_.hash_wait_ms))) {
    return fail(ErrorCode::unavailable, "too many passwords are being checked at once");
  }
  auto hash = hasher_.hash(password);
  hashing_.release();
  return hash;
}

Result<bool> People::password_matches(std::string_view stored_hash, std::string_view password) {
  if (!hashing_.try_acquire_for(std::chrono::milliseconds(options_.hash_wait_ms))) {
    return fail(ErrorCode::unavailable, "too many passwords are being checked at once");
  }
  auto matches = hasher_.verify(stored_hash, password);
  ++passwords_checked_;
  hashing_.release();
  return matches;
}

Result<LoginResult> People::open_session(Transaction& t, const User& user, std::string_view remote_address) {
  std::array<std::uint8_t, token_octets> octets{};
  random_.fill(octets);
  const std::int64_t now_ms = clock_.utc_ms();
  LoginResult opened;
  opened.token = to_hex(octets);
  opened.session = {.user = user,
                    .created_at_utc_ms = now_ms,
                    .expires_at_utc_ms = now_ms + std::min(options_.session_idle_ms, options_.session_age_ms)};
  DUHENG_CHECK(
      t.execute("INSERT INTO sessions (token_hash, user_id, created_at_ms, last_used_at_ms, remote_address) VALUES "
                "(?1, ?2, ?3, ?3, ?4)",
                {token_hash(opened.token), user.id, now_ms, audit_text(remote_address)}));
  return opened;
}

Result<LoginResult> People::log_in(std::string_view name, std::string_view password, std::string_view remote_address) {
  const std::string account = account_key(name);
  DUHENG_CHECK(addresses_.begin(remote_address));
  if (auto allowed = accounts_.begin(account); !allowed) {
    log::warning("people", "login throttled", {{"remote", remote_address}});
    return std::unexpected(std::move(allowed).error());
  }
  auto opened = check_and_open(name, password, remote_address);
  if (opened) {
    accounts_.succeeded(account);
    addresses_.took_back(remote_address);
    return opened;
  }
  if (opened.error().code != ErrorCode::unauthenticated) {
    // Our own trouble is nobody's failed guess.
    accounts_.took_back(account);
    addresses_.took_back(remote_address);
  }
  note({.at_utc_ms = clock_.utc_ms(),
        .user = {},
        .name = audit_text(name),
        .action = "log_in",
        .outcome = std::string{to_string(opened.error().code)},
        .remote_address = audit_text(remote_address)});
  return opened;
}

Result<LoginResult> People::check_and_open(std::string_view name, std::string_view password,
                                           std::string_view remote_address) {
  struct Known {
    User user;
    std::string hash;
  };
  DUHENG_TRY(const auto known, database_.read([&](Transaction& t) {
    return t.first(std::string{user_columns} + ", u.password_hash FROM users u WHERE u.name_key = ?1",
                   {to_lower_ascii(name)}, [](const Row& row) { return Known{read_user(row), row.text(7)}; });
  }));
  DUHENG_TRY(const bool matches, password_matches(known ? known->hash : nobodys_hash_, password));
  if (!known || !matches || !known->user.active) return fail(ErrorCode::unauthenticated, std::string{wrong_login});
  std::string better_hash;
  if (hasher_.needs_rehash(known->hash)) {
    if (auto hash = hasher_.hash(password)) better_hash = std::move(*hash);
  }
  return database_.write([&](Transaction& t) -> Result<LoginResult> {
    // Read again with what was checked: the password may have been changed, or the user shut out, in the meantime.
    DUHENG_TRY(const auto user, t.first(std::string{user_columns} +
                                            " FROM users u WHERE u.id = ?1 AND u.active = 1 AND u.password_hash = ?2",
                                        {known->user.id, known->hash}, read_user));
    if (!user) return fail(ErrorCode::unauthenticated, std::string{wrong_login});
    if (!better_hash.empty())
      DUHENG_CHECK(t.execute("UPDATE users SET password_hash = ?2 WHERE id = ?1", {user->id, better_hash}));
    DUHENG_CHECK(write_audit(t, {.at_utc_ms = clock_.utc_ms(),
                                 .user = user->id,
                                 .name = user->name,
                                 .action = "log_in",
                                 .outcome = "ok",
                                 .remote_address = audit_text(remote_address)}));
    return open_session(t, *user, remote_address);
  });
}

std::int64_t People::log_in_wait_ms(std::string_view name, std::string_view remote_address) const {
  return std::max(accounts_.wait_ms(account_key(name)), addresses_.wait_ms(remote_address));
}

Result<Session> People::session(std::string_view token) {
  struct Stored {
    User user;
    std::int64_t created_at_ms;
    std::int64_t last_used_at_ms;
  };
  const auto hash = token_hash(token);
  DUHENG_TRY(const auto stored, database_.read([&](Transaction& t) {
    return t.first(std::string{user_columns} +
                       ", s.created_at_ms, s.last_used_at_ms FROM sessions s JOIN users u ON u.id = s.user_id"
                       " WHERE s.token_hash = ?1 AND u.active = 1",
                   {hash}, [](const Row& row) { return Stored{read_user(row), row.integer(7), row.integer(8)}; });
  }));
  if (!stored) return fail(ErrorCode::unauthenticated, std::string{not_logged_in});
  const std::int64_t now_ms = clock_.utc_ms();
  const std::int64_t old_ms = stored->created_at_ms + options_.session_age_ms;
  if (now_ms >= old_ms || now_ms >= stored->last_used_at_ms + options_.session_idle_ms) {
    return fail(ErrorCode::expired, std::string{not_logged_in});
  }
  // Not at every request: a tenth of the idle time is exact enough and spares the disk.
  if (now_ms - stored->last_used_at_ms >= std::min<std::int64_t>(60'000, options_.session_idle_ms / 10)) {
    const auto touched = database_.write([&](Transaction& t) {
      return t.execute("UPDATE sessions SET last_used_at_ms = ?2 WHERE token_hash = ?1", {hash, now_ms});
    });
    // A full disk must not log people out: the session goes on and ends a little early.
    if (!touched) log::warning("people", "a session's use could not be noted", {{"error", touched.error()}});
  }
  return Session{.user = stored->user,
                 .created_at_utc_ms = stored->created_at_ms,
                 .expires_at_utc_ms = std::min(now_ms + options_.session_idle_ms, old_ms)};
}

Result<void> People::log_out(std::string_view token, std::string_view remote_address) {
  return database_.write([&](Transaction& t) -> Result<void> {
    const auto hash = token_hash(token);
    DUHENG_TRY(const auto user, t.first(std::string{user_columns} +
                                            " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ?1",
                                        {hash}, read_user));
    if (!user) return {};
    DUHENG_CHECK(t.execute("DELETE FROM sessions WHERE token_hash = ?1", {hash}));
    return write_audit(t, {.at_utc_ms = clock_.utc_ms(),
                           .user = user->id,
                           .name = user->name,
                           .action = "log_out",
                           .outcome = "ok",
                           .remote_address = audit_text(remote_address)});
  });
}

Result<void> People::note(std::string_view action, std::string_view name) {
  return database_.write([&](Transaction& t) -> Result<void> {
    return write_audit(t, {.at_utc_ms = clock_.utc_ms(),
                           .user = {},
                           .name = audit_text(name),
                           .action = audit_text(action),
                           .outcome = "ok",
                           .remote_address = ""});
  });
}

Result<LoginResult> People::change_password(std::string_view token, std::string_view old_password,
                                            std::string_view new_password, std::string_view remote_address) {
  DUHENG_TRY(const auto current, session(token));
  const std::string account = account_key(current.user.name);
  DUHENG_CHECK(accounts_.begin(account));
  auto changed = check_and_change(current.user, old_password, new_password, remote_address);
  if (changed) {
    accounts_.succeeded(account);
  } else if (changed.error().code != ErrorCode::unauthenticated) {
    accounts_.took_back(account);
  }
  if (!changed) {
    note({.at_utc_ms = clock_.utc_ms(),
          .user = current.user.id,
          .name = current.user.name,
          .action = "change_password",
          .outcome = std::string{to_string(changed.error().code)},
          .remote_address = audit_text(remote_address)});
  }
  return changed;
}

Result<LoginResult> People::check_and_change(const User& user, std::string_view old_password,
                                             std::string_view new_password, std::string_view remote_address) {
  DUHENG_TRY(const auto stored_hash, database_.read([&](Transaction& t) {
    return t.first("SELECT password_hash FROM users WHERE id = ?1", {user.id},
                   [](const Row& row) { return row.text(0); });
  }));
  DUHENG_TRY(const bool matches, password_matches(stored_hash.value_or(nobodys_hash_), old_password));
  if (!matches) return fail(ErrorCode::unauthenticated, "the old password is wrong");
  if (old_password == new_password) return fail(ErrorCode::invalid_argument, "the new password is the old one");
  DUHENG_TRY(const auto new_hash, hash_password(user.name, new_password));
  return database_.write([&](Transaction& t) -> Result<LoginResult> {
    DUHENG_TRY(const auto changed, t.execute("UPDATE users SET password_hash = ?2, must_change_password = 0"
                                             " WHERE id = ?1 AND active = 1 AND password_hash = ?3",
                                             {user.id, new_hash, stored_hash}));
    if (changed == 0) return fail(ErrorCode::unauthenticated, std::string{not_logged_in});
    DUHENG_CHECK(end_sessions(t, user.id));
    DUHENG_CHECK(write_audit(t, {.at_utc_ms = clock_.utc_ms(),
                                 .user = user.id,
                                 .name = user.name,
                                 .action = "change_password",
                                 .outcome = "ok",
                                 .remote_address = audit_text(remote_address)}));
    User now = user;
    now.must_change_password = false;
    return open_session(t, now, remote_address);
  });
}

Result<std::int64_t> People::revoke_sessions(const Scope& scope, UserId id) {
  return database_.write([&](Transaction& t) -> Result<std::int64_t> {
    DUHENG_TRY(const auto user, find_user(t, scope, id));
    DUHENG_TRY(const auto ended, t.execute("DELETE FROM sessions WHERE user_id = ?1", {id}));
    DUHENG_CHECK(write_audit(t, {.at_utc_ms = clock_.utc_ms(),
                                 .user = id,
                                 .name = user.name,
                                 .action = "revoke_sessions",
                                 .outcome = "ok",
                                 .remote_address = ""}));
    return ended;
  });
}

Result<void> People::sweep(std::int64_t audit_kept_ms) {
  return database_.write([&](Transaction& t) -> Result<void> {
    const std::int64_t now_ms = clock_.utc_ms();
    DUHENG_CHECK(t.execute("DELETE FROM sessions WHERE created_at_ms <= ?1 OR last_used_at_ms <= ?2",
                           {now_ms - options_.session_age_ms, now_ms - options_.session_idle_ms}));
    DUHENG_CHECK(t.execute("DELETE FROM audit_log WHERE at_ms < ?1", {now_ms - audit_kept_ms}));
    return {};
  });
}

Result<std::vector<AuditEntry>> People::audit(const Scope& scope, int limit) {
  return database_.read([&](Transaction& t) {
    return t.all(
        "SELECT a.at_ms, a.user_id, a.name, a.action, a.outcome, a.remote_address FROM audit_log a"
        " LEFT JOIN users u ON u.id = a.user_id WHERE " +
            scope.condition("u.organisation_id", "?1") + " ORDER BY a.id DESC LIMIT ?2",
        {scope.parameter_value(), std::clamp(limit, 0, 1000)}, [](const Row& row) {
          return AuditEntry{row.integer(0), row.id<UserId>(1), row.text(2), row.text(3), row.text(4), row.text(5)};
        });
  });
}

std::int64_t People::sessions_open() {
  const std::int64_t now_ms = clock_.utc_ms();
  const auto count = database_.read([&](Transaction& t) {
    return t.integer("SELECT count(*) FROM sessions WHERE created_at_ms > ?1 AND last_used_at_ms > ?2",
                     {now_ms - options_.session_age_ms, now_ms - options_.session_idle_ms});
  });
  return count ? count->value_or(0) : 0;
}

void People::note(const AuditEntry& entry) {
  const auto written = database_.write([&](Transaction& t) { return write_audit(t, entry); });
  if (!written)
    log::error("people", "an audit entry was not written", {{"action", entry.action}, {"error", written.error()}});
}

}  // namespace duheng::platform
