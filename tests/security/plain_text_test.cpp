// Nothing that is stored or sent can be read by whoever has the disk or the wire: a small world is run, everything
// between its parts is captured, and every file and every capture is searched for what is known to be in them.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <thread>

#include <nlohmann/json.hpp>

#include "gateway/spool/spool.hpp"
#include "model/batch.hpp"
#include "platform.hpp"
#include "platform/administration/administration.hpp"
#include "platform/web/testing/tls_client.hpp"
#include "rpc/enrolment_client.hpp"
#include "rpc/uplink_client.hpp"
#include "store/journal/journal.hpp"
#include "store/records/test_database.hpp"
#include "tcp_relay.hpp"
#include "uplink/test_source.hpp"

namespace duheng::security {
namespace {

namespace fs = std::filesystem;
using platform::Platform;
using platform::web::testing::Client;
using Json = nlohmann::json;

// Long or odd enough that they stand nowhere by chance.
constexpr std::string_view device_uid = "918273645001";
constexpr std::string_view password = "correct horse battery staple";
constexpr std::string_view meter_name = "Boiler house meter";
constexpr std::string_view register_name = "energy_active_import_total";
constexpr std::int64_t mantissa = 7'364'518'293;

struct Secret {
  std::string name;
  std::string octets;
};

std::string text_of(ByteView octets) { return std::string(as_text(octets)); }

/// What is looked for, in every form in which it is handled.
std::vector<Secret> secrets() {
  std::vector<Secret> out{{"register", std::string(register_name)},
                          {"device", std::string(device_uid)},
                          {"password", std::string(password)},
                          {"name", std::string(meter_name)},
                          {"value, decimal", "73645182.93"},
                          {"value, digits", std::to_string(mantissa)},
                          {"frame", text_of(Bytes{0x68, 0x01, 0x50, 0x64, 0x73, 0x82, 0x91, 0x68})}};
  Bytes binary;
  ByteWriter(binary).u64(static_cast<std::uint64_t>(mantissa));
  out.push_back({"value, binary", text_of(ByteView(binary).first(5))});
  out.push_back({"value, BCD", text_of(Bytes{0x93, 0x82, 0x51, 0x64, 0x73})});
  out.push_back({"value, DL/T 645", text_of(Bytes{0xC6, 0xB5, 0x84, 0x97, 0xA6})});
  out.push_back({"address, BCD", text_of(Bytes{0x01, 0x50, 0x64, 0x73, 0x82, 0x91})});
  return out;
}

/// Names of the secrets that stand in `octets`.
std::vector<std::string> found_in(std::string_view octets) {
  std::vector<std::string> out;
  for (const Secret& secret : secrets())
    if (octets.find(secret.octets) != std::string_view::npos) out.push_back(secret.name);
  return out;
}

Bytes batch_body(std::int64_t now_utc_ms, int number) {
  BatchWriter writer(now_utc_ms);
  const auto device = writer.device(device_uid);
  const auto energy = writer.register_of({std::string(register_name), "kWh", -2, SeriesKind::decimal});
  const Bytes request = {0x68, 0x01, 0x50, 0x64, 0x73, 0x82, 0x91, 0x68, 0x11, 0x16};
  Bytes response = {0x68, 0x01, 0x50, 0x64, 0x73, 0x82, 0x91, 0x68, 0x91, 0x08, 0x33, 0x33, 0x34, 0x33};
  for (const std::uint8_t octet : {0xC6, 0xB5, 0x84, 0x97, 0xA6, 0x00, 0x16}) response.push_back(octet);
  writer.frame({device, Protocol::dlt645_2007, now_utc_ms - 20, now_utc_ms, request, response});
  writer.reading({energy, mantissa, now_utc_ms + number, TimeSource::gateway, Quality::good});
  Bytes body;
  writer.finish(body);
  return body;
}

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Searches every file below a folder; how many were searched.
std::size_t expect_no_plain_text_below(const std::string& folder) {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    for (const std::string& name : found_in(content_of(entry.path())))
      ADD_FAILURE() << name << " stands in plain text in " << fs::relative(entry.path(), folder);
  }
  return files;
}

class PlainText : public ::testing::TestWithParam<crypto::Cipher> {
 protected:
  PlainText() {
    platform::PeopleOptions people;
    people.password_cost = {.memory_kib = 1'024, .passes = 1};
    auto opened = platform::Administration::open(data_, disk_, clock_, random_, people);
    if (!opened) throw std::runtime_error(opened.error().message);
    const auto world = platform::parse_world(
        "organisations: [{ code: city, name_zh: 市供电公司, name_en: City Power }]\n"
        "gateways: [{ organisation: city, name: gateway-1 }]\n"
        "devices: [{ uid: '918273645001', name: Boiler house meter, address: '918273645001', protocol: dlt645, model: "
        "m, "
        "organisation: city, gateway: gateway-1 }]\n",
        "world.yaml");
    if (!world || !opened->make_world(*world) ||
        !opened->create_user("operator", platform::Role::operator_, "", std::string(password), false))
      throw std::runtime_error("no world");
    code_ = opened->make_enrolment_code("gateway-1", "").value();
  }
  platform::Configuration configuration(const std::string& more = {}) const {
    return platform::parse_configuration(
               "data: " + data_ + "\nhttps: { address: 127.0.0.1, port: 0" + more +
                   " }\ngateways: { address: 127.0.0.1, port: 0 }\n"
                   "enrolment: { address: 127.0.0.1, port: 0 }\nobservability: { port: 0 }\n"
                   "limits: { people: { password_memory_kib: 1024, password_passes: 1 }, telemetry: { memory_mib: 128 "
                   "} }\nencryption: { cipher: " +
                   std::string(crypto::to_string(GetParam())) + " }\n",
               "platform.yaml")
        .value();
  }
  template <class Condition>
  bool until(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  void expect_sealed(const std::string& captured, std::string_view what) {
    EXPECT_GT(captured.size(), 2'000U) << what << ": something was said";
    for (const std::string& name : found_in(captured)) ADD_FAILURE() << name << " was sent in plain text: " << what;
    EXPECT_EQ(captured.find(code_), std::string::npos) << what;
  }
  /// A gateway that enrols and sends its batches, both through somebody in between.
  void send_readings(const Platform::Ports& ports) {
    TcpRelay enrolling(ports.enrolment);
    TcpRelay sending(ports.gateways);
    const std::string identity_folder = folder_.file("identity");
    ASSERT_TRUE(disk_.make_directories(identity_folder));
    const auto identity = rpc::IdentityFiles::in(identity_folder);
    const auto enrolled =
        rpc::enrol(disk_, clock_, "127.0.0.1:" + std::to_string(enrolling.port()), code_, "test", identity);
    ASSERT_TRUE(enrolled) << enrolled.error().message;
    uplink::TestSource source;
    source.start_epoch(7);
    for (int i = 0; i < 20; ++i) source.append(batch_body(clock_.utc_ms(), i));
    {
      rpc::UplinkClientOptions options;
      options.address = "127.0.0.1:" + std::to_string(sending.port());
      options.identity = identity;
      rpc::UplinkClient client(source, clock_, disk_, random_, [] { return uplink::GatewayStatus{}; }, options);
      ASSERT_TRUE(until([&] { return client.statistics().batches_acknowledged >= 20; }));
    }
    ASSERT_TRUE(until([&] { return sending.captured().size() > 2'000; }));
    expect_sealed(enrolling.captured(), "enrolment");
    expect_sealed(sending.captured(), "uplink");
  }
  /// A browser that logs in, looks at the device, corrects nothing, and has its readings exported.
  void browse(const Platform::Ports& ports) {
    TcpRelay relay(ports.https);
    {
      auto client = Client::connect(relay.port());
      ASSERT_TRUE(client);
      const auto session =
          client->request("POST", "/api/v1/session", "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n",
                          Json{{"name", "operator"}, {"password", password}}.dump());
      ASSERT_EQ(session.status, 200) << session.body;
      const std::string set = session.header("set-cookie");
      const std::string cookie = "Cookie: " + set.substr(0, set.find(';')) + "\r\n";
      std::string devices;
      ASSERT_TRUE(until([&] {
        devices = client->request("GET", "/api/v1/devices/1", cookie).body;
        return devices.find("73645182.93") != std::string::npos;
      })) << devices;
      EXPECT_FALSE(found_in(devices).empty()) << "what is searched for would be found";
      const auto made = client->request(
          "POST", "/api/v1/exports", cookie + "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n",
          R"({"format":"csv","from":"2020-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z","all_devices":true})");
      ASSERT_EQ(made.status / 100, 2) << made.body;
      const std::string one = "/api/v1/exports/" + std::to_string(Json::parse(made.body)["id"].get<int>());
      ASSERT_TRUE(until([&] { return Json::parse(client->request("GET", one, cookie).body)["state"] == "done"; }));
      EXPECT_NE(client->request("GET", one + "/file", cookie).body.find("73645182.93"), std::string::npos);
      if (const char* samples = std::getenv("DUHENG_DATA_SAMPLES")) write_samples(*client, cookie, samples);
    }
    ASSERT_TRUE(until([&] { return relay.captured().size() > 2'000; }));
    expect_sealed(relay.captured(), "browser");
  }

  /// For check-data-schema.mjs: readings with one of them corrected, the record of the correction, the operation log.
  void write_samples(Client& client, const std::string& cookie, const std::string& folder) {
    const std::string headers = cookie + "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n";
    const Json device = Json::parse(client.request("GET", "/api/v1/devices/1", cookie).body);
    const std::string series = std::to_string(device["registers"][0]["series_id"].get<int>());
    const Json readings =
        Json::parse(client.request("GET", "/api/v1/series/" + series + "/readings?limit=1", cookie).body);
    const Json correction{{"kind", "correction"},
                          {"reason", "misread"},
                          {"values",
                           {{{"time", readings["readings"][0]["time"]},
                             {"value", "73645182.90"},
                             {"expected", readings["readings"][0]["value"]}}}}};
    const auto edited = client.request("POST", "/api/v1/series/" + series + "/edits", headers, correction.dump());
    ASSERT_EQ(edited.status / 100, 2) << edited.body;
    const Json edits = Json::parse(client.request("GET", "/api/v1/series/" + series + "/edits", cookie).body);
    const std::uint64_t record = std::stoull(edits["edits"][0]["record"].get<std::string>());
    const auto figure = client.request("GET", "/api/v1/figure?frame=" + std::to_string(record << 16U), cookie);
    ASSERT_EQ(figure.status, 200) << figure.body;
    std::ofstream(folder + "/edit-record.jsonl") << figure.body << "\n";
    for (const auto& [what, file] :
         {std::pair{R"("all_devices":true)", "/reading-row.jsonl"}, std::pair{R"("by":"audit")", "/audit-row.jsonl"}}) {
      const auto made =
          client.request("POST", "/api/v1/exports", headers,
                         R"({"format":"json_lines","from":"2020-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z",)" +
                             std::string(what) + "}");
      const std::string one = "/api/v1/exports/" + std::to_string(Json::parse(made.body)["id"].get<int>());
      ASSERT_TRUE(until([&] { return Json::parse(client.request("GET", one, cookie).body)["state"] == "done"; }));
      std::ofstream(folder + file) << client.request("GET", one + "/file", cookie).body;
    }
    std::ofstream(folder + "/operation.csv") << client.request("GET", "/api/v1/operations/export", cookie).body;
  }

  records::TemporaryFolder folder_;
  const std::string data_ = folder_.file("data");
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  std::string code_;
};
INSTANTIATE_TEST_SUITE_P(Under, PlainText, ::testing::Values(crypto::Cipher::aes_256_gcm, crypto::Cipher::sm4_gcm),
                         [](const auto& entry) { return std::string(crypto::to_string(entry.param)); });

TEST_P(PlainText, StandsNeitherOnTheWireNorInAnyFileOfThePlatform) {
  auto platform = Platform::start(configuration());
  ASSERT_TRUE(platform) << platform.error().message;
  send_readings((*platform)->ports());
  if (HasFatalFailure()) return;
  browse((*platform)->ports());
  if (HasFatalFailure()) return;
  EXPECT_GT(expect_no_plain_text_below(data_), 10U) << "while it runs";
  (*platform)->stop();
  platform->reset();
  EXPECT_GT(expect_no_plain_text_below(data_), 10U) << "when it has ended";
  // The cipher chosen is the one that was used.
  std::size_t segments = 0;
  for (const auto& entry : fs::directory_iterator(data_ + "/journal")) {
    if (entry.path().extension() != ".seg") continue;
    ++segments;
    constexpr std::size_t cipher_at = 6 + 2 + 4 + 3;  // the high octet of the key's version
    EXPECT_EQ(content_of(entry.path()).at(cipher_at), static_cast<char>(GetParam()));
  }
  EXPECT_GT(segments, 0U);
}

TEST_P(PlainText, AnRsaCertificateOfTheOperatorsServesAsWell) {
  const std::string key = folder_.file("rsa.key");
  const std::string certificate = folder_.file("rsa.crt");
  const std::string command =
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
      "subjectAltName=DNS:localhost -keyout '" +
      key + "' -out '" + certificate + "' 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  fs::permissions(key, fs::perms::owner_read | fs::perms::owner_write);
  auto platform = Platform::start(configuration(", certificate: " + certificate + ", key: " + key));
  ASSERT_TRUE(platform) << platform.error().message;
  send_readings((*platform)->ports());
  if (HasFatalFailure()) return;
  browse((*platform)->ports());
}

TEST_P(PlainText, StandsInNoFileOfAGatewaysSpool) {
  const std::string directory = folder_.file("spool");
  const auto keys = crypto::LocalKeyProvider::open(disk_, random_, folder_.file("master.key")).value();
  keys->seal_with(GetParam());
  {
    const auto spool = gateway::Spool::open(disk_, random_, *keys, clock_, {.directory = directory}).value();
    for (int i = 0; i < 50; ++i) {
      const Bytes body = batch_body(clock_.utc_ms(), i);
      EXPECT_FALSE(found_in(as_text(body)).empty()) << "what is searched for would be found";
      ASSERT_TRUE(spool->append(body));
    }
  }
  EXPECT_GT(expect_no_plain_text_below(directory), 1U);
}

/// After a change of the cipher both kinds stand side by side, and everything is read.
TEST_P(PlainText, WhatWasWrittenUnderTheOtherCipherStaysReadable) {
  const bool is_sm4 = GetParam() == crypto::Cipher::sm4_gcm;
  const auto other = is_sm4 ? crypto::Cipher::aes_256_gcm : crypto::Cipher::sm4_gcm;
  std::set<std::uint32_t> versions;
  for (const crypto::Cipher cipher : {other, GetParam(), other}) {
    const auto keys = crypto::LocalKeyProvider::open(disk_, random_, folder_.file("master.key")).value();
    keys->seal_with(cipher);
    const auto journal = store::Journal::open(disk_, random_, *keys, {.directory = folder_.file("journal")}).value();
    // The way back to AES begins with the next segment, which a running platform starts by itself.
    const bool is_back = cipher == crypto::Cipher::aes_256_gcm && journal->next_number() > journal->first_number();
    ASSERT_TRUE(!is_back || journal->start_new_segment());
    const std::uint64_t sequence = journal->next_number();
    const Bytes body = batch_body(clock_.utc_ms(), 1);
    const store::JournalRecord record{
        store::JournalRecordType::batch, GatewayId{1}, 7, sequence, {}, {}, clock_.utc_ms(), {}, body};
    ASSERT_TRUE(journal->commit({&record, 1}));
    for (std::uint64_t number = journal->first_number(); number < journal->next_number(); ++number) {
      ASSERT_TRUE(journal->read(number)) << number;
      versions.insert(journal->place_of(number)->key_version);
    }
    EXPECT_TRUE(journal->verify()->sound());
    EXPECT_EQ(journal->place_of(journal->next_number() - 1)->key_version, crypto::with_cipher(1, cipher));
  }
  EXPECT_EQ(versions.size(), 2U);
}

}  // namespace
}  // namespace duheng::security
