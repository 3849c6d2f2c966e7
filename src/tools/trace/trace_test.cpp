#include "tools/trace/trace.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include <nlohmann/json.hpp>

#include "codec/dlt645/message.hpp"
#include "model/batch.hpp"
#include "model/edit.hpp"
#include "store/journal/journal.hpp"
#include "store/records/test_database.hpp"
#include "store/seal/seal.hpp"
#include "tools/trace/platform_client.hpp"
#include "uplink/messages.hpp"

namespace duheng::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t start_utc_ms = 1'763'654'400'000;  // 2025-11-20T16:00Z: midnight in Shanghai

/// A platform's data directory with one meter, read at every midnight; telemetry is made by the command itself.
class Trace : public ::testing::Test {
 protected:
  Trace() {
    fs::create_directories(root_ + "/keys");
    std::ofstream(root_ + "/lock");
    keys_ = std::move(crypto::LocalKeyProvider::open(disk_, random_, root_ + "/keys/master.key").value());
    journal_ = std::move(store::Journal::open(disk_, random_, *keys_, {.directory = root_ + "/journal"}).value());
    for (int day = 0; day < 4; ++day) read(start_utc_ms + day * day_ms, 1'000 + 321 * day);
    correct();
    journal_.reset();
  }
  void read(std::int64_t time_utc_ms, std::int64_t mantissa) {
    BatchWriter writer(time_utc_ms);
    const auto device = writer.device("645:000000000001");
    const auto energy = writer.register_of({.name = "energy_active_import_total", .unit = "kWh", .exponent = -2});
    const auto address = dlt645::Address::parse("000000000001");
    const auto bcd = [](std::int64_t digits) { return static_cast<std::uint8_t>(digits / 10 * 16 + digits % 10); };
    const Bytes payload{bcd(mantissa % 100), bcd(mantissa / 100 % 100), 0, 0};
    const auto question = dlt645::read_request(*address, dlt645::DataIdentifier{0x00010000});
    const auto answer = dlt645::read_reply(*address, dlt645::DataIdentifier{0x00010000}, payload);
    writer.frame({device, Protocol::dlt645_2007, time_utc_ms - 50, time_utc_ms, question.view(), answer->view()});
    writer.reading({energy, mantissa, time_utc_ms, TimeSource::gateway, Quality::good});
    Bytes body;
    writer.finish(body);
    const crypto::Hash256 hash = uplink::batch_hash(hash_, 77, sequence_, body);
    const store::JournalRecord record{
        store::JournalRecordType::batch, GatewayId{12}, 77, sequence_++, hash, hash_, time_utc_ms + 10, {}, body};
    hash_ = hash;
    ASSERT_TRUE(journal_->commit({&record, 1}));
  }
  /// The second day's value, 13.21, is corrected to 13.00.
  void correct() {
    Edit edit;
    edit.gateway = GatewayId{12};
    edit.device_uid = "645:000000000001";
    edit.register_name = "energy_active_import_total";
    edit.unit = "kWh";
    edit.exponent = -2;
    edit.time_utc_ms = start_utc_ms + day_ms;
    edit.mantissa = 1'300;
    edit.old_mantissa = 1'321;
    edit.author = "wang";
    edit.reason = "read by eye";
    edit.made_utc_ms = start_utc_ms + 4 * day_ms;
    const Bytes body = encode_edits({edit}).value();
    const store::JournalRecord record = store::edits_record(body, edit.made_utc_ms);
    ASSERT_TRUE(journal_->commit({&record, 1}));
  }
  TraceOptions value_at(const std::string& time) const {
    TraceOptions options;
    options.data = root_;
    options.device = "645:000000000001";
    options.register_name = "energy_active_import_total";
    options.time = time;
    return options;
  }
  int run(const TraceOptions& options) {
    std::ostringstream out;
    std::ostringstream err;
    std::istringstream in;
    const int code = run_trace(options, in, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  bool says(std::string_view text) const { return out_.find(text) != std::string::npos; }

  records::TemporaryFolder folder_;
  const std::string root_ = folder_.file("data");
  PosixDisk disk_;
  SystemRandom random_;
  std::unique_ptr<crypto::KeyProvider> keys_;
  std::unique_ptr<store::Journal> journal_;
  crypto::Hash256 hash_{};
  std::uint64_t sequence_ = 0;
  std::string out_;
  std::string err_;
};

TEST_F(Trace, AValueIsFollowedToItsOctets) {
  ASSERT_EQ(run(value_at("2025-11-23T00:00:00+08:00")), trace_verified) << err_ << out_;
  for (const char* text : {"16.42 kWh", "in force", "68 01 00 00 00 00 00 68 91", "Journal record: 3 (batch)",
                           "12, 000000000000004D, 2", "Verified: yes", ".seg", "encrypted under key version: 1"})
    EXPECT_TRUE(says(text)) << text << "\n" << out_;
  TraceOptions chinese = value_at("2025-11-23T00:00:00+08:00");
  chinese.language = "zh";
  ASSERT_EQ(run(chinese), trace_verified);
  EXPECT_TRUE(says("验证结果：通过")) << out_;
  EXPECT_TRUE(says("日志记录：3（") || says("日志记录：3 (")) << out_;
}

TEST_F(Trace, WithoutATimeTheLatestValueIsMeant) {
  TraceOptions options = value_at("");
  options.json = true;
  ASSERT_EQ(run(options), trace_verified) << err_;
  const Json told = Json::parse(out_);
  EXPECT_EQ(told["time"], "2025-11-23T16:00:00.000Z");
  EXPECT_EQ(told["versions"].size(), 1U);
  EXPECT_EQ(told["versions"][0]["value"], "19.63");
  EXPECT_EQ(told["versions"][0]["frame"]["readings"][0]["value"], "19.63");
  EXPECT_EQ(told["versions"][0]["proof"]["record"], 4);
  EXPECT_EQ(told["versions"][0]["proof"]["verified"], true);
  // The way back: the frame by the reference just told.
  TraceOptions by_frame;
  by_frame.data = root_;
  by_frame.frame = told["versions"][0]["frame"]["reference"];
  by_frame.json = true;
  ASSERT_EQ(run(by_frame), trace_verified) << err_;
  const Json frame = Json::parse(out_);
  EXPECT_EQ(frame["frame"], told["versions"][0]["frame"]);
  EXPECT_EQ(frame["proof"]["block_hash"], told["versions"][0]["proof"]["block_hash"]);
  EXPECT_FALSE(frame["frame"]["response"]["fields"].empty());
}

TEST_F(Trace, ACorrectionShowsWhoWhyOldAndNew) {
  TraceOptions options = value_at("2025-11-21T16:00:00Z");
  options.json = true;
  ASSERT_EQ(run(options), trace_verified) << err_;
  const Json told = Json::parse(out_);
  ASSERT_EQ(told["versions"].size(), 2U);
  EXPECT_EQ(told["versions"][0]["value"], "13.21");
  EXPECT_EQ(told["versions"][0]["in_force"], false);
  EXPECT_EQ(told["versions"][1]["value"], "13.00");
  EXPECT_EQ(told["versions"][1]["in_force"], true);
  EXPECT_EQ(told["versions"][1]["edit"]["author"], "wang");
  EXPECT_EQ(told["versions"][1]["edit"]["reason"], "read by eye");
  EXPECT_EQ(told["versions"][1]["edit"]["old_value"], "13.21");
  EXPECT_EQ(told["versions"][1]["proof"]["type"], "edits");
  EXPECT_EQ(told["versions"][1]["proof"]["record"], 5);
}

TEST_F(Trace, ADaysAndAMonthsConsumptionIsComputedAnew) {
  TraceOptions options = value_at("");
  options.day = "2025-11-22";
  options.json = true;
  ASSERT_EQ(run(options), trace_verified) << err_;
  Json told = Json::parse(out_);
  EXPECT_EQ(told["after"], "2025-11-21T16:00:00.000Z");
  EXPECT_EQ(told["amount"], "3.42") << "16.42 less the corrected 13.00";
  ASSERT_EQ(told["values"].size(), 2U);
  EXPECT_EQ(told["values"][0]["versions"].size(), 2U);
  options.day.clear();
  options.month = "2025-11";
  EXPECT_NE(run(options), trace_failed) << err_;
  told = Json::parse(out_);
  EXPECT_EQ(told["after"], "2025-10-31T16:00:00.000Z");
  EXPECT_EQ(told["through"], "2025-11-30T16:00:00.000Z");
  EXPECT_EQ(told["amount"], "9.63");
  options.month = "2025-12";
  options.json = false;
  (void)run(options);
  options.month = "2025-13";
  EXPECT_EQ(run(options), trace_failed);
}

TEST_F(Trace, WhatCannotBeAnsweredIsSaid) {
  TraceOptions options = value_at("2025-11-22T00:00:01+08:00");
  EXPECT_EQ(run(options), trace_failed);
  EXPECT_NE(err_.find("nothing was read"), std::string::npos) << err_;
  options.device = "645:000000000002";
  EXPECT_EQ(run(options), trace_failed);
  options.device.clear();
  EXPECT_EQ(run(options), trace_failed);
  options = value_at("noon");
  EXPECT_EQ(run(options), trace_failed);
  options = value_at("");
  options.bucket = "day";
  EXPECT_EQ(run(options), trace_failed);
  EXPECT_NE(err_.find("a bucket and a day in it"), std::string::npos) << err_;
  options.day = "2025-11-22";
  EXPECT_EQ(run(options), trace_failed) << "rows are kept by a running platform";
  EXPECT_NE(err_.find("running platform"), std::string::npos) << err_;
  options = TraceOptions{};
  options.data = root_;
  options.point = "1";
  EXPECT_EQ(run(options), trace_failed);
  EXPECT_NE(err_.find("running platform"), std::string::npos) << err_;
  options = value_at("");
  options.data = folder_.file("nowhere");
  EXPECT_EQ(run(options), trace_failed);
  EXPECT_FALSE(fs::exists(folder_.file("nowhere")));
}

TEST_F(Trace, TheSealIsMadeAgain) {
  ASSERT_EQ(run(value_at("")), trace_verified);
  EXPECT_FALSE(fs::exists(root_ + "/seal")) << "there was none before";
  ASSERT_TRUE(store::seal_directory(disk_, *keys_, root_, store::is_left_out_of_platform_seal));
  ASSERT_EQ(run(value_at("")), trace_verified);
  const auto check = store::check_seal(disk_, *keys_, root_, store::is_left_out_of_platform_seal);
  ASSERT_TRUE(check && check->sealed);
  EXPECT_TRUE(check->findings.empty()) << check->findings.at(0).file << " " << check->findings.at(0).what;
}

TEST_F(Trace, APlatformThatIsNotThereIsSaid) {
  TraceOptions options = value_at("");
  options.url = "https://127.0.0.1:1";
  EXPECT_EQ(run(options), trace_failed) << "an address and a directory";
  options.data.clear();
  options.password_file = "-";
  EXPECT_EQ(run(options), trace_failed);
  EXPECT_NE(err_.find("unavailable"), std::string::npos) << err_;
  options.url = "http://127.0.0.1:1";
  EXPECT_EQ(run(options), trace_failed);
  EXPECT_NE(err_.find("https"), std::string::npos) << "a password never goes in the clear: " << err_;
}

TEST(PlatformAnswer, IsTakenApart) {
  const auto plain = parse_answer("HTTP/1.1 200 OK\r\nSet-Cookie: s=1; Secure\r\nContent-Length: 2\r\n\r\nhi");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->status, 200);
  EXPECT_EQ(plain->cookie, "s=1");
  EXPECT_EQ(plain->body, "hi");
  const auto chunked =
      parse_answer("HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  ASSERT_TRUE(chunked);
  EXPECT_EQ(chunked->status, 404);
  EXPECT_EQ(chunked->body, "abcde");
  for (const char* text : {"", "HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"})
    EXPECT_FALSE(parse_answer(text)) << text;
}

TEST(PlatformAnswer, QueriesAreEncoded) {
  EXPECT_EQ(percent_encoded("645:01 +度"), "645%3A01%20%2B%E5%BA%A6");
  EXPECT_EQ(percent_encoded("a-Z_0.~"), "a-Z_0.~");
}

}  // namespace
}  // namespace duheng::tools
