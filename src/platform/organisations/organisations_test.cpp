#include "platform/organisations/organisations.hpp"

#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <set>

#include "platform/organisations/text.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();

struct World {
  records::TestDatabase database{Organisations::migrations()};
  Organisations organisations{*database, database.clock};

  OrganisationId add(std::string code, OrganisationId parent = {}) {
    return organisations
        .create(all, {.parent = parent, .code = code, .name_zh = "单位" + code, .name_en = "Unit " + code})
        .value();
  }
  std::vector<std::string> codes(const Scope& scope) {
    std::vector<std::string> found;
    const auto listed = organisations.list(scope).value();
    for (const auto& organisation : listed) found.push_back(organisation.code);
    return found;
  }
};

class OrganisationsTest : public testing::Test, protected World {
 protected:
  // a ── b ── c      x
  //  └── d
  OrganisationId a_ = add("a"), b_ = add("b", a_), c_ = add("c", b_), d_ = add("d", a_), x_ = add("x");
};

TEST_F(OrganisationsTest, ListsParentsFirstWithinTheScope) {
  EXPECT_EQ(codes(all), (std::vector<std::string>{"a", "x", "b", "d", "c"}));
  EXPECT_EQ(codes(Scope::below(a_)), (std::vector<std::string>{"a", "b", "d", "c"}));
  EXPECT_EQ(codes(Scope::below(c_)), std::vector<std::string>{"c"});
  EXPECT_TRUE(codes(Scope::below(OrganisationId{999})).empty());
  EXPECT_TRUE(codes(Scope::below(OrganisationId{})).empty()) << "no organisation is not every organisation";
}

TEST_F(OrganisationsTest, ReadsOneWithinTheScopeOnly) {
  const auto b = organisations.get(Scope::below(a_), b_).value();
  EXPECT_EQ(b.parent, a_);
  EXPECT_EQ(b.depth, 1);
  EXPECT_EQ(b.name_zh, "单位b");
  EXPECT_EQ(organisations.get(Scope::below(b_), a_).error().code, ErrorCode::not_found);
  EXPECT_EQ(organisations.find_by_code(all, "c").value()->id, c_);
  EXPECT_EQ(organisations.find_by_code(Scope::below(x_), "c").value(), std::nullopt);
  EXPECT_TRUE(organisations.contains(Scope::below(a_), c_).value());
  EXPECT_FALSE(organisations.contains(Scope::below(a_), x_).value());
}

TEST_F(OrganisationsTest, CreateRefuses) {
  const auto code = [&](const Scope& scope, const NewOrganisation& organisation) {
    const auto made = organisations.create(scope, organisation);
    return made ? std::optional<ErrorCode>{} : made.error().code;
  };
  EXPECT_EQ(code(all, {.parent = {}, .code = "a", .name_zh = "甲", .name_en = ""}), ErrorCode::already_exists);
  EXPECT_EQ(code(all, {.parent = {}, .code = "", .name_zh = "甲", .name_en = ""}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(all, {.parent = {}, .code = "n", .name_zh = "", .name_en = ""}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(all, {.parent = {}, .code = "n", .name_zh = "\xFF", .name_en = ""}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(all, {.parent = {}, .code = "n\n", .name_zh = "甲", .name_en = ""}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(all, {.parent = {}, .code = std::string(65, 'n'), .name_zh = "甲", .name_en = ""}),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(all, {.parent = OrganisationId{99}, .code = "n", .name_zh = "甲", .name_en = ""}),
            ErrorCode::not_found);
  EXPECT_EQ(code(Scope::below(a_), {.parent = x_, .code = "n", .name_zh = "甲", .name_en = ""}), ErrorCode::not_found);
  EXPECT_EQ(code(Scope::below(a_), {.parent = {}, .code = "n", .name_zh = "甲", .name_en = ""}), ErrorCode::forbidden);
  EXPECT_EQ(code(Scope::below(a_), {.parent = d_, .code = "n", .name_zh = "甲", .name_en = ""}), std::nullopt);
}

TEST_F(OrganisationsTest, TheDepthIsLimited) {
  OrganisationId parent = x_;
  for (int depth = 1; depth < Organisations::depth_max; ++depth) parent = add("deep" + std::to_string(depth), parent);
  const auto deeper =
      organisations.create(all, {.parent = parent, .code = "deeper", .name_zh = "", .name_en = "deeper"});
  EXPECT_EQ(deeper.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(organisations.move(all, x_, d_).error().code, ErrorCode::limit_exceeded);
}

TEST_F(OrganisationsTest, RenamesWithinTheScope) {
  ASSERT_TRUE(organisations.rename(Scope::below(a_), b_, "新", "New"));
  EXPECT_EQ(organisations.get(all, b_)->name_en, "New");
  EXPECT_EQ(organisations.rename(Scope::below(x_), b_, "新", "New").error().code, ErrorCode::not_found);
  EXPECT_EQ(organisations.rename(all, b_, "", "").error().code, ErrorCode::invalid_argument);
}

TEST_F(OrganisationsTest, MovesASubtree) {
  ASSERT_TRUE(organisations.move(all, b_, x_));
  EXPECT_EQ(codes(Scope::below(a_)), (std::vector<std::string>{"a", "d"}));
  EXPECT_EQ(codes(Scope::below(x_)), (std::vector<std::string>{"x", "b", "c"}));
  EXPECT_EQ(organisations.get(all, c_)->depth, 2);
  ASSERT_TRUE(organisations.move(all, b_, {}));
  EXPECT_EQ(codes(Scope::below(x_)), std::vector<std::string>{"x"});
  EXPECT_EQ(organisations.get(all, b_)->depth, 0);
}

TEST_F(OrganisationsTest, MoveRefusesCyclesAndWhatIsOutside) {
  EXPECT_EQ(organisations.move(all, a_, a_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(organisations.move(all, a_, c_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(organisations.move(Scope::below(a_), b_, x_).error().code, ErrorCode::not_found);
  EXPECT_EQ(organisations.move(Scope::below(a_), x_, b_).error().code, ErrorCode::not_found);
  EXPECT_EQ(organisations.move(Scope::below(a_), a_, b_).error().code, ErrorCode::forbidden);
  EXPECT_EQ(organisations.move(Scope::below(a_), b_, {}).error().code, ErrorCode::forbidden);
  EXPECT_EQ(codes(all), (std::vector<std::string>{"a", "x", "b", "d", "c"}));
}

// Whatever is moved wherever, the subtree of each organisation is what the parents say.
RC_GTEST_PROP(OrganisationsProperty, ClosureFollowsTheParents, ()) {
  static World world;
  static std::vector<OrganisationId> ids = [] {
    std::vector<OrganisationId> made;
    for (int i = 0; i < 8; ++i)
      made.push_back(world.add("p" + std::to_string(i), i % 3 == 0 ? OrganisationId{} : made[i / 2]));
    return made;
  }();
  const auto which = *rc::gen::inRange<std::size_t>(0, ids.size());
  const auto where = *rc::gen::inRange<std::size_t>(0, ids.size() + 1);
  const auto parent = where == ids.size() ? OrganisationId{} : ids[where];
  const auto moved = world.organisations.move(all, ids[which], parent);

  std::map<OrganisationId, OrganisationId> parents;
  const auto listed = world.organisations.list(all).value();
  for (const auto& organisation : listed) parents[organisation.id] = organisation.parent;
  if (moved) RC_ASSERT(parents[ids[which]] == parent);
  for (const auto root : ids) {
    std::set<OrganisationId> expected;
    for (const auto id : ids) {
      for (auto above = id; above; above = parents[above]) {
        if (above == root) expected.insert(id);
      }
    }
    const auto found = world.organisations.subtree_ids(Scope::below(root)).value();
    RC_ASSERT(std::set<OrganisationId>(found.begin(), found.end()) == expected);
  }
}

TEST(CheckText, TakesWholeUtf8Only) {
  for (const char* good : {"", "abc", "度衡", "é", "😀", "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(check_text("it", good, 0, 10)) << good;
  for (const char* bad : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xE5\xBA", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "a\tb", "\x7F"}) {
    EXPECT_EQ(check_text("it", bad, 0, 10).error().code, ErrorCode::invalid_argument) << bad;
  }
  EXPECT_EQ(check_text("it", "abc", 4, 10).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(check_text("it", "abc", 0, 2).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace duheng::platform
