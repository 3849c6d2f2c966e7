// One suite for every implementation of BackupPlace: a directory on a simulated disk, one on the machine's own, and a
// folder behind OpenSSH's server.
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <sys/stat.h>

#include "base/simulated_disk.hpp"
#include "store/backup/backup_object.hpp"
#include "store/backup/directory_place.hpp"
#include "store/backup/place_address.hpp"
#include "store/backup/sftp_test_server.hpp"
#include "store/records/test_database.hpp"

namespace duheng::store {
namespace {

/// A place and what it stands on.
struct Stand {
  virtual ~Stand() = default;
  virtual BackupPlace& place() = 0;
  virtual void take_away() = 0;
  /// What a put() that was cut off leaves.
  virtual void leave_part(const std::string& name) = 0;
};

struct SimulatedStand final : Stand {
  SimulatedStand() { (void)disk.make_directories("/second"); }
  BackupPlace& place() override { return made; }
  void take_away() override { made_away = std::make_unique<DirectoryPlace>(disk, "/not/mounted"); }
  void leave_part(const std::string& name) override {
    (void)(*disk.open("/second/" + name + ".part", OpenMode::create_new))->append(as_bytes("torn"));
  }
  SimulatedDisk disk;
  DirectoryPlace made{disk, "/second"};
  std::unique_ptr<DirectoryPlace> made_away;
};

struct PosixStand final : Stand {
  PosixStand() { (void)disk.make_directories(folder.file("second")); }
  BackupPlace& place() override { return made; }
  void take_away() override { std::filesystem::rename(folder.file("second"), folder.file("gone")); }
  void leave_part(const std::string& name) override {
    (void)(*disk.open(folder.file("second/" + name + ".part"), OpenMode::create_new))->append(as_bytes("torn"));
  }
  records::TemporaryFolder folder;
  PosixDisk disk;
  DirectoryPlace made{disk, folder.file("second")};
};

struct SftpStand final : Stand {
  SftpStand() : server(folder.file("")) {
    auto opened = SftpPlace::open(disk, server.options());
    if (opened) made = std::move(*opened);
  }
  BackupPlace& place() override { return *made; }
  void take_away() override { server.stop(); }
  void leave_part(const std::string& name) override {
    (void)(*disk.open(server.place_folder() + "/" + name + ".part", OpenMode::create_new))->append(as_bytes("torn"));
  }
  records::TemporaryFolder folder;
  PosixDisk disk;
  testing::SftpTestServer server;
  std::unique_ptr<SftpPlace> made;
};

enum class Kind : std::uint8_t { simulated, directory, sftp };

class PlaceContract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::simulated) stand_ = std::make_unique<SimulatedStand>();
    if (GetParam() == Kind::directory) stand_ = std::make_unique<PosixStand>();
    if (GetParam() == Kind::sftp) {
      if (const std::string why = testing::SftpTestServer::unavailable(); !why.empty()) GTEST_SKIP() << why;
      auto stand = std::make_unique<SftpStand>();
      ASSERT_TRUE(stand->server.is_running()) << stand->server.log();
      ASSERT_TRUE(stand->made);
      stand_ = std::move(stand);
    }
  }
  BackupPlace& place() { return stand_->place(); }
  static Bytes octets(std::size_t size, std::uint64_t seed) {
    Bytes out(size);
    SeededRandom(seed).fill(out);
    return out;
  }
  std::unique_ptr<Stand> stand_;
};

TEST_P(PlaceContract, GivesBackWhatItWasGiven) {
  EXPECT_EQ(place().list("objects").value(), std::vector<PlaceEntry>{});
  for (const std::size_t size : {0U, 1U, 100U, 32'768U, 5'000'001U}) {
    const Bytes wanted = octets(size, size);
    const auto put = place().put("objects/a" + std::to_string(size), wanted);
    ASSERT_TRUE(put) << put.error().message;
    const auto got = place().get("objects/a" + std::to_string(size), 6'000'000);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(*got, wanted) << size;
  }
  const auto listed = place().list("objects");
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(*listed, (std::vector<PlaceEntry>{
                         {"a0", 0}, {"a1", 1}, {"a100", 100}, {"a32768", 32'768}, {"a5000001", 5'000'001}}));
  EXPECT_EQ(place().list("sets").value(), std::vector<PlaceEntry>{});
}

TEST_P(PlaceContract, ReplacesRemovesAndTellsWhatIsNotThere) {
  ASSERT_TRUE(place().put("sets/one.set", as_bytes("first and longer")));
  ASSERT_TRUE(place().put("sets/one.set", as_bytes("second")));
  EXPECT_EQ(as_text(place().get("sets/one.set", 100).value()), "second");
  EXPECT_EQ(place().get("sets/one.set", 5).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(place().get("sets/two.set", 100).error().code, ErrorCode::not_found);
  EXPECT_EQ(place().get("never/two", 100).error().code, ErrorCode::not_found);
  ASSERT_TRUE(place().remove("sets/one.set"));
  const auto again = place().remove("sets/one.set");
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(place().get("sets/one.set", 100).error().code, ErrorCode::not_found);
  EXPECT_EQ(place().list("sets").value(), std::vector<PlaceEntry>{});
}

TEST_P(PlaceContract, ShowsNothingUnfinishedAndSweepsIt) {
  ASSERT_TRUE(place().put("objects/a", as_bytes("whole")));
  stand_->leave_part("objects/b");
  stand_->leave_part("objects/a");
  EXPECT_EQ(place().list("objects").value(), (std::vector<PlaceEntry>{{"a", 5}}));
  ASSERT_TRUE(place().put("objects/b", as_bytes("new")));
  EXPECT_EQ(as_text(place().get("objects/b", 10).value()), "new");
  const auto swept = place().sweep("objects");
  ASSERT_TRUE(swept) << swept.error().message;
  EXPECT_EQ(as_text(place().get("objects/a", 10).value()), "whole");
  ASSERT_TRUE(place().sweep("never"));
}

TEST_P(PlaceContract, TakesNoNameThatLeadsElsewhere) {
  for (const char* const name : {"a", "../a/b", "/a/b", "a/../b", "a/b/c", "a/.b", "a/B", "a/b c", "a/", "a/b.part"}) {
    EXPECT_EQ(place().put(name, {}).error().code, ErrorCode::invalid_argument) << name;
    EXPECT_EQ(place().get(name, 1).error().code, ErrorCode::invalid_argument) << name;
    EXPECT_EQ(place().remove(name).error().code, ErrorCode::invalid_argument) << name;
  }
  EXPECT_EQ(place().list("..").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(place().sweep("a/b").error().code, ErrorCode::invalid_argument);
}

TEST_P(PlaceContract, SaysWhenItIsAway) {
  ASSERT_TRUE(place().put("objects/a", as_bytes("whole")));
  stand_->take_away();
  BackupPlace* away = &place();
  if (auto* simulated = dynamic_cast<SimulatedStand*>(stand_.get())) away = simulated->made_away.get();
  EXPECT_EQ(away->put("objects/b", as_bytes("x")).error().code, ErrorCode::unavailable);
  EXPECT_EQ(away->get("objects/a", 10).error().code, ErrorCode::unavailable);
  EXPECT_EQ(away->list("objects").error().code, ErrorCode::unavailable);
  EXPECT_EQ(away->remove("objects/a").error().code, ErrorCode::unavailable);
}

std::string kind_name(const ::testing::TestParamInfo<Kind>& parameter) {
  if (parameter.param == Kind::sftp) return "Sftp";
  return parameter.param == Kind::directory ? "Directory" : "Simulated";
}
INSTANTIATE_TEST_SUITE_P(Places, PlaceContract, ::testing::Values(Kind::simulated, Kind::directory, Kind::sftp),
                         kind_name);

class Sftp : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = testing::SftpTestServer::unavailable(); !why.empty()) GTEST_SKIP() << why;
    server_ = std::make_unique<testing::SftpTestServer>(folder_.file(""));
    ASSERT_TRUE(server_->is_running()) << server_->log();
  }
  Error refusal(const SftpOptions& options) {
    const auto opened = SftpPlace::open(disk_, options);
    if (!opened) return opened.error();
    const auto put = (*opened)->put("objects/a", as_bytes("x"));
    return put ? Error{ErrorCode::internal, "it was let in"} : put.error();
  }
  records::TemporaryFolder folder_;
  PosixDisk disk_;
  std::unique_ptr<testing::SftpTestServer> server_;
};

TEST_F(Sftp, AnotherHostKeyOrAnUnknownClientKeyIsRefused) {
  SftpOptions options = server_->options();
  options.host_key_sha256 = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  const Error other_host = refusal(options);
  EXPECT_EQ(other_host.code, ErrorCode::unauthenticated) << other_host.message;
  options = server_->options();
  options.key_file = server_->other_key_file();
  const Error other_key = refusal(options);
  EXPECT_EQ(other_key.code, ErrorCode::unauthenticated) << other_key.message;
  EXPECT_TRUE(disk_.list(server_->place_folder()).value().empty());
}

TEST_F(Sftp, KeyFilesMustBePrivateAndOptionsWhole) {
  SftpOptions options = server_->options();
  ASSERT_EQ(::chmod(options.key_file.c_str(), 0644), 0);
  EXPECT_EQ(refusal(options).code, ErrorCode::key_missing);
  ASSERT_EQ(::chmod(options.key_file.c_str(), 0600), 0);
  options.key_file += ".none";
  EXPECT_EQ(refusal(options).code, ErrorCode::key_missing);
  for (const auto& spoil : std::vector<std::function<void(SftpOptions&)>>{
           [](SftpOptions& o) { o.host_key_sha256.clear(); }, [](SftpOptions& o) { o.host_key_sha256 = "MD5:00"; },
           [](SftpOptions& o) { o.host = "a b"; }, [](SftpOptions& o) { o.user = "root@x"; },
           [](SftpOptions& o) { o.directory = "relative"; }, [](SftpOptions& o) { o.directory = "/a\nrm /b"; }}) {
    SftpOptions wrong = server_->options();
    spoil(wrong);
    EXPECT_EQ(refusal(wrong).code, ErrorCode::invalid_argument);
  }
}

TEST_F(Sftp, GoesOnAfterTheServerWasStartedAgain) {
  const auto place = SftpPlace::open(disk_, server_->options()).value()->name();
  auto opened = std::move(SftpPlace::open(disk_, server_->options()).value());
  const auto put = opened->put("objects/a", as_bytes("before"));
  ASSERT_TRUE(put) << put.error().message << server_->log();
  server_->stop();
  EXPECT_FALSE(opened->get("objects/a", 10));
  server_->start();
  ASSERT_TRUE(server_->is_running());
  const auto got = opened->get("objects/a", 10);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(as_text(*got), "before");
  EXPECT_EQ(place.find(server_->options().key_file), std::string::npos);
}

TEST(PlaceAddress, IsADirectoryOrSftp) {
  records::TemporaryFolder folder;
  PosixDisk disk;
  ASSERT_TRUE(write_file_atomically(disk, folder.file("key"), as_bytes("k")));
  const auto name_of = [&](const std::string& address) {
    const auto place = open_place(disk, {address, "SHA256:abc", folder.file("key")});
    return place ? (*place)->name() : std::string(to_string(place.error().code));
  };
  EXPECT_EQ(name_of("/mnt/second"), "/mnt/second");
  EXPECT_EQ(name_of("sftp://backup@second/srv/duheng"), "sftp://backup@second:22/srv/duheng");
  EXPECT_EQ(name_of("sftp://backup@[::1]:2222/srv"), "sftp://backup@[::1]:2222/srv");
  for (const char* const wrong : {"", "relative", "/", "sftp://host/srv", "sftp://a@b", "sftp://a@b:0/c",
                                  "sftp://a@b:99999/c", "sftp://a:secret@b/c", "sftp://a@b/../c d"})
    EXPECT_EQ(name_of(wrong), "invalid_argument") << wrong;
}

TEST(SftpListing, IsReadByItsEnd) {
  const auto listed = parse_sftp_listing(
      "drwxr-xr-x    2 root     root         4096 Nov 21 23:00 .\n"
      "-rw-------    1 backup   domain users      120 Nov 21 23:00 b\n"
      "-rw-------    1 1000     1000     5000000000 Jan  3  2025 a\n"
      "lrwxrwxrwx    1 root     root            5 Nov 21 23:00 link -> x\n");
  ASSERT_TRUE(listed);
  EXPECT_EQ(*listed, (std::vector<PlaceEntry>{{"a", 5'000'000'000}, {"b", 120}}));
  EXPECT_FALSE(parse_sftp_listing("-rw------- 1 a b\n"));
  EXPECT_FALSE(parse_sftp_listing("-rw------- 1 a b x9 Nov 21 23:00 name\n"));
  EXPECT_TRUE(parse_sftp_listing("")->empty());
}

}  // namespace
}  // namespace duheng::store
