#include "platform/sites/sites.hpp"

#include <gtest/gtest.h>

#include "platform/organisations/organisations.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();

class SitesTest : public testing::Test {
 protected:
  OrganisationId add(const std::string& code, OrganisationId parent = {}) {
    return organisations_.create(all, {.parent = parent, .code = code, .name_zh = "", .name_en = code}).value();
  }
  static SiteDetails site(OrganisationId organisation, std::string name) {
    return {.organisation = organisation, .name = std::move(name), .iana_zone = "Asia/Shanghai", .address = "一号路"};
  }
  static ErrorCode code(const auto& outcome) { return outcome ? ErrorCode{} : outcome.error().code; }

  records::TestDatabase database_{Organisations::migrations(), Sites::migrations()};
  Organisations organisations_{*database_, database_.clock};
  Sites sites_{*database_, database_.clock};
  OrganisationId a_ = add("a"), b_ = add("b", a_), x_ = add("x");
};

TEST_F(SitesTest, KeepsAndListsWithinTheScope) {
  const auto south = sites_.create(all, site(b_, "south")).value();
  const auto east = sites_.create(Scope::below(a_), site(a_, "east")).value();
  (void)sites_.create(all, site(x_, "other")).value();
  const auto listed = sites_.list(Scope::below(a_)).value();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].id, east);
  EXPECT_EQ(listed[1].id, south);
  const auto read = sites_.get(Scope::below(b_), south).value();
  EXPECT_EQ(read.details.iana_zone, "Asia/Shanghai");
  EXPECT_EQ(read.details.address, "一号路");
  EXPECT_EQ(code(sites_.get(Scope::below(x_), south)), ErrorCode::not_found);
  EXPECT_EQ(sites_.list(all)->size(), 3U);
}

TEST_F(SitesTest, CreateRefuses) {
  (void)sites_.create(all, site(a_, "east")).value();
  EXPECT_EQ(code(sites_.create(all, site(a_, "east"))), ErrorCode::already_exists);
  EXPECT_EQ(code(sites_.create(all, site(b_, "east"))), ErrorCode{});
  EXPECT_EQ(code(sites_.create(Scope::below(a_), site(x_, "north"))), ErrorCode::not_found);
  EXPECT_EQ(code(sites_.create(all, site({}, "north"))), ErrorCode::not_found);
  EXPECT_EQ(code(sites_.create(all, site(a_, ""))), ErrorCode::invalid_argument);
  auto nowhere = site(a_, "nowhere");
  nowhere.iana_zone = "Mars/Olympus";
  EXPECT_EQ(code(sites_.create(all, nowhere)), ErrorCode::invalid_argument);
  nowhere.iana_zone = "../../etc/passwd";
  EXPECT_EQ(code(sites_.create(all, nowhere)), ErrorCode::invalid_argument);
}

TEST_F(SitesTest, UpdatesAndRemoves) {
  const auto id = sites_.create(all, site(a_, "east")).value();
  (void)sites_.create(all, site(a_, "west")).value();
  auto changed = site(b_, "east 2");
  changed.iana_zone = "Europe/Paris";
  ASSERT_TRUE(sites_.update(Scope::below(a_), id, changed));
  EXPECT_EQ(sites_.get(all, id)->details.organisation, b_);
  EXPECT_EQ(sites_.get(all, id)->details.iana_zone, "Europe/Paris");
  EXPECT_EQ(code(sites_.update(all, id, site(a_, "west"))), ErrorCode::already_exists);
  EXPECT_EQ(code(sites_.update(Scope::below(x_), id, changed)), ErrorCode::not_found);
  EXPECT_EQ(code(sites_.update(Scope::below(a_), id, site(x_, "east"))), ErrorCode::not_found);
  EXPECT_EQ(code(sites_.update(all, SiteId{99}, changed)), ErrorCode::not_found);
  EXPECT_EQ(code(sites_.remove(Scope::below(x_), id)), ErrorCode::not_found);
  ASSERT_TRUE(sites_.remove(all, id));
  EXPECT_EQ(code(sites_.get(all, id)), ErrorCode::not_found);
}

}  // namespace
}  // namespace duheng::platform
