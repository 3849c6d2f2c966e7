#include "platform/people/people.hpp"

#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "platform/organisations/organisations.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

constexpr std::string_view password = "a password nobody knows";
constexpr std::string_view address = "192.0.2.1";
constexpr std::int64_t minute_ms = 60'000;
const Scope all = Scope::everything();

PeopleOptions cheap() {
  PeopleOptions options;
  options.password_cost = {.memory_kib = 64, .passes = 1, .lanes = 1};
  return options;
}

class PeopleTest : public testing::Test {
 protected:
  OrganisationId add(const std::string& code, OrganisationId parent = {}) {
    return organisations_.create(all, {.parent = parent, .code = code, .name_zh = "", .name_en = code}).value();
  }
  static NewUser user(std::string name, OrganisationId organisation = {}) {
    return {.name = std::move(name),
            .display_name = "Ada 王",
            .role = Role::operator_,
            .organisation = organisation,
            .password = std::string{password},
            .must_change_password = false};
  }
  std::int64_t count(std::string_view sql) {
    return database_->read([&](records::Transaction& t) { return t.integer(sql); }).value().value();
  }
  static ErrorCode code(const auto& outcome) { return outcome ? ErrorCode{} : outcome.error().code; }

  records::TestDatabase database_{Organisations::migrations(), People::migrations()};
  ManualClock& clock_ = database_.clock;
  Organisations organisations_{*database_, clock_};
  SeededRandom random_{1};
  People people_{*database_, clock_, random_, cheap()};
  OrganisationId a_ = add("a"), b_ = add("b", a_), x_ = add("x");
  UserId ada_ = people_.create(all, user("Ada", b_)).value();
};

TEST_F(PeopleTest, CreatesAndListsWithinTheScope) {
  (void)people_.create(all, user("root")).value();
  (void)people_.create(Scope::below(x_), user("xenia", x_)).value();
  EXPECT_EQ(people_.list(all)->size(), 3U);
  EXPECT_EQ(people_.count().value(), 3);
  const auto mine = people_.list(Scope::below(a_)).value();
  ASSERT_EQ(mine.size(), 1U);
  EXPECT_EQ(mine[0].name, "Ada");
  EXPECT_EQ(mine[0].display_name, "Ada 王");
  EXPECT_EQ(mine[0].role, Role::operator_);
  EXPECT_EQ(mine[0].scope(), Scope::below(b_));
  EXPECT_EQ(people_.list(all)->at(1).scope(), Scope::everything());
}

TEST_F(PeopleTest, CreateRefuses) {
  const auto with_password = [](std::string text) {
    auto made = user("newcomer");
    made.password = std::move(text);
    return made;
  };
  EXPECT_EQ(code(people_.create(all, user("ADA"))), ErrorCode::already_exists);
  EXPECT_EQ(code(people_.create(all, user(""))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(people_.create(all, user(" ada"))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(people_.create(all, user("a\nb"))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(people_.create(all, user(std::string(101, 'x')))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(people_.create(Scope::below(a_), user("new"))), ErrorCode::forbidden);
  EXPECT_EQ(code(people_.create(Scope::below(a_), user("new", x_))), ErrorCode::not_found);
  EXPECT_EQ(code(people_.create(all, with_password("eleven chrs"))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(people_.create(all, with_password("度衡度衡度衡度衡度衡度"))), ErrorCode::invalid_argument)
      << "33 octets, 11 characters";
  EXPECT_EQ(code(people_.create(all, with_password("度衡度衡度衡度衡度衡度衡"))), ErrorCode{});
  EXPECT_EQ(code(people_.create(all, with_password("the Newcomer of today"))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(people_.create(all, with_password(std::string(1025, 'x')))), ErrorCode::invalid_argument);
}

TEST_F(PeopleTest, NothingStoredIsThePasswordOrTheToken) {
  const auto login = people_.log_in("ada", password, address).value();
  EXPECT_EQ(login.token.size(), 64U);
  const auto stored = database_->read([](records::Transaction& t) {
    return t.first("SELECT u.password_hash, s.token_hash FROM users u JOIN sessions s ON s.user_id = u.id", {},
                   [](const records::Row& row) { return std::pair{row.text(0), row.blob(1)}; });
  });
  EXPECT_TRUE(stored.value()->first.starts_with("$argon2id$"));
  const auto hash = crypto::sha256(as_bytes(login.token));
  EXPECT_EQ(stored.value()->second, Bytes(hash.begin(), hash.end()));
}

TEST_F(PeopleTest, LogsInWithAnyCaseOfTheNameAndANewSessionEachTime) {
  const auto first = people_.log_in("ada", password, address).value();
  const auto second = people_.log_in("ADA", password, address).value();
  EXPECT_NE(first.token, second.token);
  EXPECT_EQ(first.session.user.id, ada_);
  EXPECT_EQ(people_.session(first.token)->user.name, "Ada");
  EXPECT_EQ(people_.session(second.token)->user.role, Role::operator_);
  EXPECT_EQ(people_.sessions_open(), 2);
}

TEST_F(PeopleTest, EveryWrongLoginLooksTheSame) {
  const auto gone = people_.create(all, user("gone")).value();
  ASSERT_TRUE(people_.set_active(all, gone, false));
  const auto wrong = people_.log_in("ada", "another password", address);
  const auto unknown = people_.log_in("nobody", password, address);
  const auto inactive = people_.log_in("gone", password, address);
  const auto empty = people_.log_in("", "", address);
  for (const auto* outcome : {&wrong, &unknown, &inactive, &empty}) {
    ASSERT_FALSE(*outcome);
    EXPECT_EQ(outcome->error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(outcome->error().message, wrong.error().message);
  }
}

TEST_F(PeopleTest, AnUnknownNameCostsAHashAsAKnownOneDoes) {
  const auto checks = [&](std::string_view name) {
    const auto before = people_.passwords_checked();
    EXPECT_FALSE(people_.log_in(name, "another password", address));
    return people_.passwords_checked() - before;
  };
  EXPECT_EQ(checks("ada"), 1U);
  EXPECT_EQ(checks("nobody"), 1U);
  EXPECT_EQ(checks(std::string(200, 'x')), 1U);
}

TEST_F(PeopleTest, GuessingOneAccountIsSlowedDown) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(code(people_.log_in("ada", "wrong password", "192.0.2." + std::to_string(i))),
              ErrorCode::unauthenticated);
  }
  EXPECT_EQ(code(people_.log_in("Ada", password, "192.0.2.9")), ErrorCode::throttled) << "even with the right password";
  EXPECT_EQ(people_.log_in_wait_ms("ada", "192.0.2.9"), 1000);
  clock_.advance_ms(1000);
  EXPECT_TRUE(people_.log_in("ada", password, "192.0.2.9"));
  EXPECT_EQ(people_.log_in_wait_ms("ada", "192.0.2.9"), 0);
}

TEST_F(PeopleTest, GuessingFromOneAddressIsSlowedDownAndALoginDoesNotClearIt) {
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(code(people_.log_in("name " + std::to_string(i), "wrong password", address)), ErrorCode::unauthenticated);
  }
  EXPECT_TRUE(people_.log_in("ada", password, address));
  EXPECT_EQ(code(people_.log_in("another", "wrong password", address)), ErrorCode::unauthenticated);
  EXPECT_EQ(code(people_.log_in("ada", password, address)), ErrorCode::throttled);
  EXPECT_TRUE(people_.log_in("ada", password, "192.0.2.2"));
}

TEST_F(PeopleTest, SessionsEndByIdlenessAndByAge) {
  const auto idle = people_.log_in("ada", password, address).value().token;
  clock_.advance_ms(30 * minute_ms - 1);
  EXPECT_TRUE(people_.session(idle));
  clock_.advance_ms(30 * minute_ms - 1);
  EXPECT_TRUE(people_.session(idle)) << "its use put the end off";
  clock_.advance_ms(30 * minute_ms);
  EXPECT_EQ(code(people_.session(idle)), ErrorCode::expired);

  const auto busy = people_.log_in("ada", password, address).value().token;
  for (int i = 0; i < 12 * 6 - 1; ++i) {
    clock_.advance_ms(10 * minute_ms);
    ASSERT_TRUE(people_.session(busy)) << i;
  }
  EXPECT_EQ(people_.session(busy)->expires_at_utc_ms, clock_.utc_ms() + 10 * minute_ms);
  clock_.advance_ms(10 * minute_ms);
  EXPECT_EQ(code(people_.session(busy)), ErrorCode::expired);
}

TEST_F(PeopleTest, OtherTokensAreNone) {
  const auto token = people_.log_in("ada", password, address).value().token;
  for (const std::string& other :
       {std::string{}, std::string(64, '0'), token + " ", to_hex(crypto::sha256(as_bytes(token)))}) {
    EXPECT_EQ(code(people_.session(other)), ErrorCode::unauthenticated) << other;
  }
}

TEST_F(PeopleTest, LoggingOutEndsThatSessionOnly) {
  const auto first = people_.log_in("ada", password, address).value().token;
  const auto second = people_.log_in("ada", password, address).value().token;
  ASSERT_TRUE(people_.log_out(first, address));
  EXPECT_TRUE(people_.log_out(first, address)) << "nothing to do is no error";
  EXPECT_EQ(code(people_.session(first)), ErrorCode::unauthenticated);
  EXPECT_TRUE(people_.session(second));
}

TEST_F(PeopleTest, RevokingAndShuttingOutEndEverySession) {
  const auto first = people_.log_in("ada", password, address).value().token;
  (void)people_.log_in("ada", password, address).value();
  EXPECT_EQ(code(people_.revoke_sessions(Scope::below(x_), ada_)), ErrorCode::not_found);
  EXPECT_EQ(people_.revoke_sessions(Scope::below(a_), ada_).value(), 2);
  EXPECT_EQ(code(people_.session(first)), ErrorCode::unauthenticated);
  const auto third = people_.log_in("ada", password, address).value().token;
  EXPECT_EQ(code(people_.set_active(Scope::below(x_), ada_, false)), ErrorCode::not_found);
  ASSERT_TRUE(people_.set_active(all, ada_, false));
  EXPECT_EQ(code(people_.session(third)), ErrorCode::unauthenticated);
  ASSERT_TRUE(people_.set_active(all, ada_, true));
  EXPECT_EQ(code(people_.session(third)), ErrorCode::unauthenticated) << "it does not come back";
}

TEST_F(PeopleTest, ChangingThePasswordEndsAllSessionsAndOpensOne) {
  ASSERT_TRUE(people_.set_password(Scope::below(a_), ada_, "first password given", true));
  const auto other = people_.log_in("ada", "first password given", address).value();
  EXPECT_TRUE(other.session.user.must_change_password);
  const auto token = people_.log_in("ada", "first password given", address).value().token;
  EXPECT_EQ(code(people_.change_password(token, "wrong old one", "second password", address)),
            ErrorCode::unauthenticated);
  EXPECT_EQ(code(people_.change_password(token, "first password given", "first password given", address)),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(people_.change_password(token, "first password given", "short", address)),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(people_.change_password("no token", "first password given", "second password", address)),
            ErrorCode::unauthenticated);
  const auto changed = people_.change_password(token, "first password given", "second password", address).value();
  EXPECT_FALSE(changed.session.user.must_change_password);
  EXPECT_EQ(code(people_.session(token)), ErrorCode::unauthenticated);
  EXPECT_EQ(code(people_.session(other.token)), ErrorCode::unauthenticated);
  EXPECT_TRUE(people_.session(changed.token));
  EXPECT_EQ(code(people_.log_in("ada", "first password given", address)), ErrorCode::unauthenticated);
  EXPECT_FALSE(people_.log_in("ada", "second password", address)->session.user.must_change_password);
}

TEST_F(PeopleTest, GuessingTheOldPasswordIsSlowedDown) {
  const auto token = people_.log_in("ada", password, address).value().token;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(code(people_.change_password(token, "wrong", "second password", address)), ErrorCode::unauthenticated);
  }
  EXPECT_EQ(code(people_.change_password(token, password, "second password", address)), ErrorCode::throttled);
}

TEST_F(PeopleTest, SettingAPasswordEndsSessionsWithinTheScope) {
  const auto token = people_.log_in("ada", password, address).value().token;
  EXPECT_EQ(code(people_.set_password(Scope::below(x_), ada_, "first password given", true)), ErrorCode::not_found);
  EXPECT_EQ(code(people_.set_password(all, ada_, "short", true)), ErrorCode::invalid_argument);
  EXPECT_TRUE(people_.session(token));
  ASSERT_TRUE(people_.set_password(all, ada_, "first password given", true));
  EXPECT_EQ(code(people_.session(token)), ErrorCode::unauthenticated);
  EXPECT_TRUE(people_.log_in("ada", "first password given", address)->session.user.must_change_password);
  ASSERT_TRUE(people_.set_password(all, ada_, "second password given", false));
  EXPECT_FALSE(people_.log_in("ada", "second password given", address)->session.user.must_change_password);
}

TEST_F(PeopleTest, AHashOfAnotherCostIsMadeAnewAtLogin) {
  auto dearer = cheap();
  dearer.password_cost.memory_kib = 128;
  People later{*database_, clock_, random_, dearer};
  ASSERT_TRUE(later.log_in("ada", password, address));
  EXPECT_EQ(count("SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=128,%'"), 1);
  EXPECT_TRUE(later.log_in("ada", password, address));
}

TEST_F(PeopleTest, GeneratedPasswordsAreUsableAndDiffer) {
  const auto generated = people_.generate_password();
  EXPECT_EQ(generated.size(), 24U);
  EXPECT_NE(people_.generate_password(), generated);
  auto made = user("newcomer");
  made.password = generated;
  ASSERT_TRUE(people_.create(all, made));
  EXPECT_TRUE(people_.log_in("newcomer", generated, address));
}

TEST_F(PeopleTest, WhoCameInIsWrittenDown) {
  (void)people_.log_in("ada", "wrong password", address);
  (void)people_.log_in("Nobody \xFF", "wrong password", address);
  const auto token = people_.log_in("ada", password, address).value().token;
  ASSERT_TRUE(people_.log_out(token, address));
  const auto entries = people_.audit(all, 100).value();
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries[0].action, "log_out");
  EXPECT_EQ(entries[1].action, "log_in");
  EXPECT_EQ(entries[1].outcome, "ok");
  EXPECT_EQ(entries[1].user, ada_);
  EXPECT_EQ(entries[2].name, "Nobody ");
  EXPECT_EQ(entries[2].outcome, "unauthenticated");
  EXPECT_EQ(entries[2].user, UserId{});
  EXPECT_EQ(entries[3].remote_address, address);
  EXPECT_EQ(entries[4].action, "create_user");
  EXPECT_EQ(people_.audit(all, 2)->size(), 2U);
  EXPECT_EQ(people_.audit(Scope::below(a_), 100)->size(), 3U);
  EXPECT_TRUE(people_.audit(Scope::below(x_), 100)->empty());
}

TEST_F(PeopleTest, SweepingForgetsWhatIsOver) {
  (void)people_.log_in("ada", password, address).value();
  clock_.advance_ms(31 * minute_ms);
  const auto token = people_.log_in("ada", password, address).value().token;
  ASSERT_TRUE(people_.sweep(10 * minute_ms));
  EXPECT_EQ(count("SELECT count(*) FROM sessions"), 1);
  EXPECT_EQ(count("SELECT count(*) FROM audit_log"), 1);
  EXPECT_TRUE(people_.session(token));
}

TEST(Roles, HaveStableNames) {
  for (const Role role : {Role::viewer, Role::operator_, Role::admin}) EXPECT_EQ(role_of(to_string(role)), role);
  EXPECT_EQ(role_of("root"), std::nullopt);
}

}  // namespace
}  // namespace duheng::platform
