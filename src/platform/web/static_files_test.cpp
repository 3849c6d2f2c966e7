#include "platform/web/static_files.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <zlib.h>

namespace duheng::platform::web {
namespace {

namespace fs = std::filesystem;

class StaticFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "duheng-static-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    write("dist/index.html", "<!doctype html>" + std::string(600, ' '));
    write("dist/assets/app-3f2a.js", "console.log('duheng');" + std::string(2'000, ';'));
    write("dist/assets/app-3f2a.js.map", "{}");
    write("dist/favicon.svg", "<svg/>");
    write("dist/.secret", "hidden");
    write("secret.txt", "outside");
    Result<StaticFiles> loaded = StaticFiles::load((root_ / "dist").string());
    ASSERT_TRUE(loaded.has_value());
    std::swap(files_, loaded.value());
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  [[nodiscard]] HttpResponse get(const std::string& target, std::vector<HttpHeader> headers = {}) const {
    HttpRequest request;
    request.method = Method::get;
    request.target = target;
    request.headers = std::move(headers);
    const auto parsed = parse_target(target);
    if (!parsed) {
      HttpResponse response;
      response.status = 400;
      return response;
    }
    return files_.answer(request, *parsed);
  }
  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const HttpHeader& h : response.headers) {
      if (h.name == name) return h.value;
    }
    return {};
  }
  static std::string body(const HttpResponse& response) {
    return response.shared_body ? std::string{as_text(*response.shared_body)} : response.body;
  }

  fs::path root_;
  StaticFiles files_;
};

TEST_F(StaticFilesTest, ServesFilesWithTypeAndCaching) {
  const auto script = get("/assets/app-3f2a.js");
  EXPECT_EQ(script.status, 200);
  EXPECT_EQ(script.content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(header(script, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(get("/"), "Cache-Control"), "no-cache");
  EXPECT_EQ(get("/favicon.svg").content_type, "image/svg+xml");
  EXPECT_EQ(files_.size(), 3U);
}

TEST_F(StaticFilesTest, FallsBackToTheIndexForAddressesOfTheApplication) {
  EXPECT_EQ(body(get("/devices/17")), body(get("/")));
  EXPECT_EQ(body(get("/frames/123?x=1")), body(get("/index.html")));
  EXPECT_EQ(get("/missing.js").status, 404);
  EXPECT_EQ(get("/assets/old-1111").status, 404);
}

TEST_F(StaticFilesTest, NeverLeavesItsFolder) {
  for (const char* path : {"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt",
                           "/assets/..%5c..%5csecret.txt", "/.secret", "/assets/app-3f2a.js.map", "/%2Fetc%2Fpasswd"}) {
    EXPECT_GE(get(path).status, 400) << path;
  }
  EXPECT_NE(get("//etc/passwd").status, 200);
}

TEST_F(StaticFilesTest, AnswersNotModified) {
  const std::string etag = header(get("/"), "ETag");
  ASSERT_FALSE(etag.empty());
  const auto again = get("/", {{"If-None-Match", etag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body_bytes(), 0U);
  EXPECT_EQ(header(again, "ETag"), etag);
  EXPECT_EQ(get("/", {{"If-None-Match", "\"other\""}}).status, 200);
}

TEST_F(StaticFilesTest, SendsCompressedWhereItIsWelcome) {
  const auto plain = get("/assets/app-3f2a.js");
  const auto small = get("/assets/app-3f2a.js", {{"Accept-Encoding", "gzip, br"}});
  EXPECT_EQ(header(plain, "Content-Encoding"), "");
  EXPECT_EQ(header(small, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(small, "Vary"), "Accept-Encoding");
  EXPECT_NE(header(small, "ETag"), header(plain, "ETag"));
  EXPECT_LT(small.body_bytes(), plain.body_bytes() / 4);
  std::string unpacked(plain.body_bytes() + 1, '\0');
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = const_cast<Bytef*>(small.shared_body->data());
  stream.avail_in = static_cast<uInt>(small.shared_body->size());
  stream.next_out = reinterpret_cast<Bytef*>(unpacked.data());
  stream.avail_out = static_cast<uInt>(unpacked.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  unpacked.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_EQ(unpacked, body(plain));
  EXPECT_EQ(header(get("/favicon.svg", {{"Accept-Encoding", "gzip"}}), "Content-Encoding"), "");
}

TEST_F(StaticFilesTest, SaysWhatIsMissing) {
  const auto code_for = [&](const std::string& folder, const StaticFiles::Limits& limits) {
    const Result<StaticFiles> loaded = StaticFiles::load((root_ / folder).string(), limits);
    return loaded ? "none" : to_string(loaded.error().code);
  };
  EXPECT_EQ(code_for("none", {}), "not_found");
  EXPECT_EQ(code_for("dist/assets", {}), "not_found");
  EXPECT_EQ(code_for("dist", {.files_max = 2}), "limit_exceeded");
  EXPECT_EQ(code_for("dist", {.files_max = 10, .bytes_max = 1'000}), "limit_exceeded");
  EXPECT_EQ(code_for("dist", {}), "none");
  EXPECT_EQ(StaticFiles{}.size(), 0U);
}

}  // namespace
}  // namespace duheng::platform::web
