#include "platform/web/request_target.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::platform::web {
namespace {

using Segments = std::vector<std::string>;

TEST(RequestTarget, TakesPathAndQueryApart) {
  const auto target = parse_target("/api/v1/devices?page=2&search=%E7%94%B5%E8%A1%A8+1&empty=&flag");
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(target->segments, (Segments{"api", "v1", "devices"}));
  ASSERT_EQ(target->query.size(), 4U);
  EXPECT_EQ(target->query[1].value, "电表 1");
  EXPECT_EQ(target->query[2].value, "");
  EXPECT_FALSE(target->trailing_slash);
  EXPECT_TRUE(parse_target("/")->segments.empty());
  EXPECT_TRUE(parse_target("/a/")->trailing_slash);
  EXPECT_EQ(parse_target("/a%20b+c")->segments, (Segments{"a b+c"}));
}

TEST(RequestTarget, RefusesWhatIsAmbiguousOrBroken) {
  for (const char* bad : {"",           "a",           "http://x/", "*",      "//",       "/a//b", "/../etc/passwd",
                          "/a/./b",     "/%2e%2e/etc", "/a%2Fb",    "/a%5Cb", "/a\\b",    "/%",    "/%4",
                          "/%zz",       "/%00",        "/%0a",      "/a?x=%", "/a?x=%0d", "/%ff",  "/%c0%af",
                          "/%ed%a0%80", "/a?x=1&x=2",  "/a#b",      "/a\x7f"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
  std::string deep;
  for (int i = 0; i < 33; ++i) deep += "/a";
  EXPECT_EQ(parse_target(deep).error().code, ErrorCode::limit_exceeded);
  std::string many = "/a?";
  for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=1&";
  EXPECT_EQ(parse_target(many).error().code, ErrorCode::limit_exceeded);
}

TEST(QueryReader, ReadsTypesAndTellsTheFirstMistake) {
  const std::vector<QueryItem> items{{"page", "3"},          {"search", "表"},
                                     {"sort", "-name"},      {"from", "2026-11-21T08:00:00+08:00"},
                                     {"date", "2026-11-21"}, {"site_id", ""}};
  QueryReader reader{items};
  EXPECT_EQ(reader.integer("page", 1, 10, 1), 3);
  EXPECT_EQ(reader.integer("page_size", 1, 10, 7), 7);
  EXPECT_EQ(reader.text("search", 1), "表");
  EXPECT_EQ(reader.choice("sort", {"name", "-name"}), "-name");
  EXPECT_EQ(reader.required_time("from"), 1'795'219'200'000);
  EXPECT_EQ(reader.required_date("date"), "2026-11-21");
  EXPECT_EQ(reader.optional_id("site_id"), std::nullopt);
  EXPECT_TRUE(reader.finish());
}

TEST(QueryReader, Refuses) {
  const auto error_of = [](std::vector<QueryItem> items, auto&& read) {
    QueryReader reader{items};
    read(reader);
    const auto result = reader.finish();
    return result ? std::string{"none"} : result.error().message;
  };
  EXPECT_EQ(error_of({{"page", "x"}}, [](auto& r) { (void)r.integer("page", 1, 2, 1); }),
            "query item \"page\" is not an integer");
  EXPECT_EQ(error_of({{"page", "3"}}, [](auto& r) { (void)r.integer("page", 1, 2, 1); }),
            "query item \"page\" must be from 1 to 2");
  EXPECT_EQ(error_of({{"page", "99999999999999999999"}}, [](auto& r) { (void)r.integer("page", 1, 2, 1); }),
            "query item \"page\" is not an integer");
  EXPECT_EQ(error_of({{"s", "表表"}}, [](auto& r) { (void)r.text("s", 1); }),
            "query item \"s\" is longer than 1 characters");
  EXPECT_EQ(error_of({{"s", "c"}}, [](auto& r) { (void)r.choice("s", {"a", "b"}); }),
            "query item \"s\" must be one of a, b");
  EXPECT_EQ(error_of({}, [](auto& r) { (void)r.required_time("from"); }), "query item \"from\" is required");
  EXPECT_NE(error_of({{"from", "yesterday"}}, [](auto& r) { (void)r.required_time("from"); }), "none");
  EXPECT_NE(error_of({{"date", "2026-1-1"}}, [](auto& r) { (void)r.required_date("date"); }), "none");
  EXPECT_EQ(error_of({}, [](auto& r) { (void)r.required_date("date"); }), "query item \"date\" is required");
  EXPECT_EQ(error_of({{"pagee", "1"}}, [](auto& r) { (void)r.integer("page", 1, 2, 1); }),
            "query item \"pagee\" is not known here");
}

TEST(Cookies, AreFoundByTheirWholeName) {
  EXPECT_EQ(find_cookie("a=1; __Host-duheng=abc; b=2", "__Host-duheng"), "abc");
  EXPECT_EQ(find_cookie("x__Host-duheng=abc", "__Host-duheng"), std::nullopt);
  EXPECT_EQ(find_cookie("__Host-duheng", "__Host-duheng"), std::nullopt);
  EXPECT_EQ(find_cookie("", "a"), std::nullopt);
  EXPECT_EQ(find_cookie("a=1;a=2", "a"), "1");
}

TEST(AcceptEncoding, HonoursZeroWeights) {
  EXPECT_TRUE(accepts_encoding("br, GZip;q=0.5", "gzip"));
  EXPECT_FALSE(accepts_encoding("br, gzip;q=0", "gzip"));
  EXPECT_FALSE(accepts_encoding("gzip;q=0.000", "gzip"));
  EXPECT_FALSE(accepts_encoding("identity", "gzip"));
}

RC_GTEST_PROP(RequestTarget, PercentDecodingGivesBackWhatWasEncoded, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(0x20, 0x7F));
  std::string encoded;
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    encoded += '%';
    encoded += digits[static_cast<unsigned char>(c) >> 4];
    encoded += digits[static_cast<unsigned char>(c) & 15];
  }
  const auto decoded = percent_decode(encoded, true);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == text);
}

}  // namespace
}  // namespace duheng::platform::web
