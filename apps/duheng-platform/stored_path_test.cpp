// What is stored, from both ends: a figure traced over the running server's API as `duheng trace` does it, and the data
// directory verified as `duheng verify` does it once the server has ended.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <thread>

#include <nlohmann/json.hpp>

#include "model/batch.hpp"
#include "platform.hpp"
#include "platform/administration/administration.hpp"
#include "store/journal/journal.hpp"
#include "store/records/test_database.hpp"
#include "tools/trace/trace.hpp"
#include "tools/verify/verify.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class StoredPath : public ::testing::Test {
 protected:
  StoredPath() {
    PeopleOptions people;
    people.password_cost = {.memory_kib = 1'024, .passes = 1};
    auto administration = Administration::open(data_, disk_, clock_, random_, people);
    EXPECT_TRUE(administration && administration->create_user("operator", Role::operator_, "", password_, false));
    std::ofstream(folder_.file("password")) << password_ << "\n";
    write_journal();
  }
  /// One reading, as if a gateway had sent it before the server was started.
  void write_journal() {
    const auto keys = crypto::LocalKeyProvider::open(disk_, random_, data_ + "/keys/master.key").value();
    const auto journal = store::Journal::open(disk_, random_, *keys, {.directory = data_ + "/journal"}).value();
    const std::int64_t now = clock_.utc_ms();
    BatchWriter writer(now);
    const auto device = writer.device("000000000001");
    const auto energy = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
    const Bytes request = {0x68, 0x11, 0x16};
    const Bytes response = {0x68, 0x91, 0x16};
    writer.frame({device, Protocol::dlt645_2007, now - 20, now, request, response});
    writer.reading({energy, 12'345, now, TimeSource::gateway, Quality::good});
    Bytes body;
    writer.finish(body);
    const store::JournalRecord record{
        store::JournalRecordType::batch, GatewayId{1}, 7, 0, uplink::batch_hash({}, 7, 0, body), {}, now, {}, body};
    ASSERT_TRUE(journal->commit({&record, 1}));
  }
  Configuration configuration() const {
    return parse_configuration(
               "data: " + data_ +
                   "\nhttps: { address: 127.0.0.1, port: 0 }\ngateways: { address: 127.0.0.1, port: 0 }\n"
                   "enrolment: { address: 127.0.0.1, port: 0 }\nobservability: { port: 0 }\n"
                   "limits: { people: { password_memory_kib: 1024, password_passes: 1 }, telemetry: { memory_mib: 128 "
                   "} "
                   "}\n",
               "platform.yaml")
        .value();
  }
  tools::TraceOptions question(std::uint16_t port) const {
    tools::TraceOptions options;
    options.url = "https://127.0.0.1:" + std::to_string(port);
    options.user = "operator";
    options.password_file = folder_.file("password");
    options.authority_file = data_ + "/authority/authority.pem";
    options.device = "000000000001";
    options.register_name = "energy_active_import_total";
    options.json = true;
    return options;
  }
  int trace(const tools::TraceOptions& options) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const int code = tools::run_trace(options, in, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  int verify() {
    tools::VerifyOptions options;
    options.directories = {data_};
    options.json = true;
    std::ostringstream out;
    std::ostringstream err;
    const int code = tools::run_verify(options, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  records::TemporaryFolder folder_;
  const std::string data_ = folder_.file("data");
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  const std::string password_ = "correct horse battery";
  std::string out_;
  std::string err_;
};

TEST_F(StoredPath, AFigureIsTracedOverTheApi) {
  auto platform = Platform::start(configuration());
  ASSERT_TRUE(platform) << platform.error().message;
  tools::TraceOptions options = question((*platform)->ports().https);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  int code = tools::trace_failed;
  while (code == tools::trace_failed && std::chrono::steady_clock::now() < deadline) {
    code = trace(options);
    if (code == tools::trace_failed) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ASSERT_EQ(code, tools::trace_verified) << err_ << out_;
  const Json told = Json::parse(out_);
  EXPECT_EQ(told["versions"][0]["value"], "123.45");
  EXPECT_EQ(told["versions"][0]["frame"]["response"]["hex"], "689116");
  EXPECT_EQ(told["versions"][0]["proof"]["verified"], true);
  options.json = false;
  options.language = "zh";
  ASSERT_EQ(trace(options), tools::trace_verified) << err_;
  EXPECT_NE(out_.find("123.45 kWh"), std::string::npos) << out_;
  options.device = "nobody";
  EXPECT_EQ(trace(options), tools::trace_failed);
  EXPECT_NE(err_.find("not_found"), std::string::npos) << err_;
  options = question((*platform)->ports().https);
  std::ofstream(options.password_file) << "wrong\n";
  EXPECT_EQ(trace(options), tools::trace_failed);
  EXPECT_NE(err_.find("unauthenticated"), std::string::npos) << err_;
  // A certificate of an unknown authority is not spoken to.
  options.authority_file.clear();
  EXPECT_EQ(trace(options), tools::trace_failed);
  EXPECT_NE(err_.find("unavailable"), std::string::npos) << err_;
}

TEST_F(StoredPath, WhatTheServerLeavesIsSealedAndAnyFlippedOctetIsFound) {
  {
    auto platform = Platform::start(configuration());
    ASSERT_TRUE(platform) << platform.error().message;
    EXPECT_FALSE(fs::exists(data_ + "/seal")) << "no seal while it runs";
    EXPECT_EQ(verify(), tools::verify_unusable) << "in use";
    (*platform)->stop();
  }
  ASSERT_EQ(verify(), tools::verify_sound) << out_ << err_;
  const Json told = Json::parse(out_);
  EXPECT_TRUE(told["sealed"]);
  EXPECT_TRUE(told["unproven"].empty()) << told["unproven"];
  std::size_t files = 0;
  std::vector<std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(data_))
    if (entry.is_regular_file() && entry.file_size() > 0) all.push_back(entry.path());
  for (const std::string& file : all) {
    const std::uint64_t size = fs::file_size(file);
    for (const std::uint64_t at : {std::uint64_t{0}, size / 3, size - 1}) {
      std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
      stream.seekg(static_cast<std::streamoff>(at));
      const char octet = static_cast<char>(stream.get());
      stream.seekp(static_cast<std::streamoff>(at));
      stream.put(static_cast<char>(octet ^ 1)).flush();
      EXPECT_NE(verify(), tools::verify_sound) << file << " at " << at;
      stream.seekp(static_cast<std::streamoff>(at));
      stream.put(octet).flush();
    }
    ++files;
  }
  EXPECT_GT(files, 7U);
  EXPECT_EQ(verify(), tools::verify_sound) << out_;
}

}  // namespace
}  // namespace duheng::platform
