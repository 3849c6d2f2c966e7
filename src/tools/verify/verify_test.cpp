#include "tools/verify/verify.hpp"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <sstream>
#include <sys/file.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/operation_log.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "store/journal/journal_testing.hpp"
#include "store/journal/segment_shipping.hpp"
#include "store/records/test_database.hpp"
#include "store/seal/seal.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"

namespace duheng::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Outcome verify(VerifyOptions options) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_verify(options, out, err);
  return {code, out.str(), err.str()};
}

/// A data directory as the store libraries make it, ended in good order.
class DataDirectory : public ::testing::Test {
 protected:
  DataDirectory() {
    for (const char* name : {"keys", "authority", "tls", "run", "records", "telemetry"})
      fs::create_directories(path(name));
    write("lock", "");
    write("authority/authority.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    write("tls/server.key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    keys_ = std::move(crypto::LocalKeyProvider::open(disk_, random_, path("keys/master.key")).value());
    fill_journal();
    fill_records();
    fill_telemetry();
  }
  std::string path(const std::string& below) const { return folder_.file("data/" + below); }
  void write(const std::string& below, const std::string& text) const {
    std::ofstream(path(below), std::ios::binary) << text;
  }
  void fill_journal() {
    const auto journal =
        store::Journal::open(disk_, random_, *keys_, {.directory = path("journal"), .segment_bytes_max = 2'500})
            .value();
    store::testing::Sender sender(7, 1);
    for (int i = 0; i < 25; ++i) {
      const store::JournalRecord record = sender.next(3);
      ASSERT_TRUE(journal->commit({&record, 1}));
    }
    while (journal->index_frames().value()) {
    }
    ASSERT_TRUE(journal->set_backup_watermark(9));
    ASSERT_TRUE(store::ship_closed_segments(*journal, disk_, folder_.file("shipped"), 1'000));
  }
  void fill_records() {
    auto database = records::SqliteDatabase::open({.path = path("records/records.db")}, *keys_).value();
    auto transaction = database->begin_write().value();
    ASSERT_TRUE(transaction->execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)"));
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(transaction->execute("INSERT INTO note (text) VALUES ('something')"));
    ASSERT_TRUE(transaction->commit());
  }
  void fill_telemetry() {
    const auto journal =
        store::Journal::open(disk_, random_, *keys_, {.directory = path("journal"), .segment_bytes_max = 2'500})
            .value();
    auto opened = store::DuckDbTelemetryStore::open({.directory = path("telemetry")}, disk_, clock_, *keys_).value();
    std::vector<store::StoredRecord> held;
    std::vector<store::TelemetryRecord> records(1);  // there is no record 0
    store::JournalCursor cursor = journal->cursor(1);
    while (auto stored = cursor.next().value()) held.push_back(std::move(*stored));
    for (const auto& stored : held)
      records.push_back(
          {stored.number, stored.record.gateway, stored.record.body, store::TelemetryRecord::Content::batch});
    ASSERT_TRUE(opened.store->apply(records));
    ASSERT_TRUE(opened.store->checkpoint());
  }
  void seal() {
    ASSERT_TRUE(store::seal_directory(disk_, *keys_, folder_.file("data"), store::is_left_out_of_platform_seal));
  }
  void flip(const std::string& below, std::uint64_t at) const {
    std::fstream file(path(below), std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(at));
    const char octet = static_cast<char>(file.get() ^ (1 << (at % 8)));
    file.seekp(static_cast<std::streamoff>(at));
    file.put(octet);
  }
  Outcome run(bool deep = false) const {
    VerifyOptions options;
    options.directories = {folder_.file("data")};
    options.json = true;
    options.deep = deep;
    return verify(options);
  }
  Outcome run_journal() const {
    VerifyOptions options;
    options.journal = folder_.file("shipped");
    options.key_file = path("keys/master.key");
    return verify(options);
  }

  records::TemporaryFolder folder_;
  PosixDisk disk_;
  SystemRandom random_;
  SystemClock clock_;
  std::unique_ptr<crypto::KeyProvider> keys_;
};

TEST_F(DataDirectory, SealedAFlippedOctetInAnyFileIsFound) {
  seal();
  const Outcome whole = run();
  ASSERT_EQ(whole.exit_code, verify_sound) << whole.out << whole.err;
  const Json told = Json::parse(whole.out);
  EXPECT_EQ(told["kind"], "platform");
  EXPECT_TRUE(told["sealed"]);
  EXPECT_TRUE(told["unproven"].empty()) << told["unproven"];
  const auto files = store::list_files(disk_, folder_.file("data")).value();
  std::size_t flips = 0;
  std::set<std::string> kinds;
  for (const std::string& file : files) {
    const std::uint64_t size = fs::file_size(path(file));
    kinds.insert(fs::path(file).extension());
    // Of each file about 12 octets, the first and the last among them.
    const std::uint64_t step = std::max<std::uint64_t>(1, size / 11);
    for (std::uint64_t at = 0; at < size; at = at + step < size || at == size - 1 ? at + step : size - 1) {
      flip(file, at);
      const Outcome damaged = run();
      EXPECT_NE(damaged.exit_code, verify_sound) << file << " at " << at;
      flip(file, at);
      ++flips;
    }
  }
  EXPECT_GT(flips, 150U);
  for (const char* kind : {".seg", ".fix", ".db", ".duckdb", ".key", ".pem"}) EXPECT_TRUE(kinds.contains(kind)) << kind;
  EXPECT_EQ(run().exit_code, verify_sound);
}

TEST_F(DataDirectory, DeepReadsTheDatabasesToo) {
  seal();
  const Outcome deep = run(true);
  ASSERT_EQ(deep.exit_code, verify_sound) << deep.out << deep.err;
  std::map<std::string, std::uint64_t> entries;
  const Json told = Json::parse(deep.out);
  for (const auto& part : told["parts"]) entries[part["name"]] = part["entries"];
  EXPECT_EQ(entries.at("journal"), 25U);
  EXPECT_EQ(entries.at("telemetry"), 75U);
  EXPECT_TRUE(entries.contains("records"));
}

/// As a kill leaves it: no seal. Whatever octet is flipped, the directory is never called sound: either the damage is
/// found, or the file is among those that could not be proved.
TEST_F(DataDirectory, AfterAKillNoFlippedOctetIsCalledSound) {
  write("run/ports.json", "{\"https\":8443}\n");
  const auto files = store::list_files(disk_, folder_.file("data")).value();
  std::size_t found = 0;
  std::size_t named = 0;
  std::mt19937 chance(20261121);
  for (const std::string& file : files) {
    const std::uint64_t size = fs::file_size(path(file));
    if (size == 0) continue;
    for (const std::uint64_t at : {std::uint64_t{0}, chance() % size, chance() % size, size - 1}) {
      flip(file, at);
      const Outcome damaged = run();
      flip(file, at);
      ASSERT_NE(damaged.exit_code, verify_sound) << file << " at " << at;
      if (damaged.exit_code != verify_unproven) {
        ++found;
        continue;
      }
      const std::set<std::string> unproven = Json::parse(damaged.out)["unproven"];
      EXPECT_TRUE(unproven.contains(file)) << file << " at " << at << " was neither found nor named";
      ++named;
    }
  }
  EXPECT_GT(found, 10U);
  EXPECT_GT(named, 0U) << "free pages, notes without a check of their own";
  // Ended in good order once, the same directory is proved.
  fs::remove(path("run/ports.json"));
  seal();
  EXPECT_EQ(run().exit_code, verify_sound);
}

TEST_F(DataDirectory, SaysWhatIsNotProvedAndWhatToDo) {
  VerifyOptions options;
  options.directories = {folder_.file("data")};
  const Outcome told = verify(options);
  EXPECT_EQ(told.exit_code, verify_unproven);
  EXPECT_NE(told.out.find("NOT PROVED"), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("  records/records.db\n"), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("end it in good order, and verify again"), std::string::npos) << told.out;
  seal();
  const Outcome sealed = verify(options);
  EXPECT_EQ(sealed.exit_code, verify_sound);
  EXPECT_NE(sealed.out.find(": sound, 0 findings, 0 files not proved"), std::string::npos) << sealed.out;
  // Damage outweighs what is not proved, and what cannot be verified at all outweighs both.
  fs::remove(path("seal"));
  flip("telemetry/telemetry.duckdb", 100);
  EXPECT_EQ(run().exit_code, verify_damaged);
  options.directories.push_back(folder_.file("nothing"));
  EXPECT_EQ(verify(options).exit_code, verify_unusable);
}

TEST_F(DataDirectory, WithoutASealTheFormatsChecksRemainAndTheRestIsNamed) {
  const Outcome unsealed = run();
  ASSERT_EQ(unsealed.exit_code, verify_unproven) << unsealed.out << unsealed.err;
  const Json told = Json::parse(unsealed.out);
  EXPECT_FALSE(told["sealed"]);
  EXPECT_FALSE(told["sound"]);
  const std::set<std::string> unproven = told["unproven"];
  EXPECT_TRUE(unproven.contains("tls/server.key.pem"));
  EXPECT_TRUE(unproven.contains("records/records.db"));
  flip("records/records.db", fs::file_size(path("records/records.db")) / 2);
  EXPECT_EQ(run().exit_code, verify_damaged);
  flip("records/records.db", fs::file_size(path("records/records.db")) / 2);
  flip("telemetry/telemetry.duckdb", 100);
  EXPECT_EQ(run().exit_code, verify_damaged);
}

TEST_F(DataDirectory, FindsAnEntryOfTheOperationLogThatWasChangedWithTheKey) {
  fs::remove_all(path("records"));
  fs::create_directories(path("records"));
  {
    auto database = records::SqliteDatabase::open({.path = path("records/records.db")}, *keys_).value();
    using namespace platform;
    const std::vector<records::Capability> capabilities{Organisations::migrations(), Sites::migrations(),
                                                        Gateways::migrations(),      Devices::migrations(),
                                                        People::migrations(),        OrderService::migrations()};
    ASSERT_TRUE(records::migrate(*database, clock_, capabilities));
    for (int i = 0; i < 3; ++i) {
      OperationEntry entry;
      entry.action = "protect";
      entry.outcome = "ok";
      ASSERT_TRUE(database->write([&](records::Transaction& t) { return write_operation(t, entry); }));
    }
  }
  const Outcome sound = run();
  EXPECT_EQ(sound.exit_code, verify_unproven) << sound.out;
  EXPECT_NE(sound.out.find("each entry bound to all before it"), std::string::npos) << sound.out;
  {
    auto database = records::SqliteDatabase::open({.path = path("records/records.db")}, *keys_).value();
    ASSERT_TRUE(database->write([](records::Transaction& t) -> Result<void> {
      DUHENG_CHECK(t.execute("DROP TRIGGER operation_log_is_not_changed"));
      DUHENG_CHECK(t.execute("UPDATE operation_log SET outcome = 'refused' WHERE id = 2"));
      return {};
    }));
  }
  const Outcome changed = run();
  EXPECT_EQ(changed.exit_code, verify_damaged);
  EXPECT_NE(changed.out.find("entry 2 of the operation log"), std::string::npos) << changed.out;
}

TEST_F(DataDirectory, ChangesNothing) {
  seal();
  std::map<std::string, std::pair<std::uint64_t, fs::file_time_type>> before;
  const auto files = store::list_files(disk_, folder_.file("data")).value();
  for (const auto& file : files) before[file] = {fs::file_size(path(file)), fs::last_write_time(path(file))};
  EXPECT_EQ(run(true).exit_code, verify_sound);
  const auto files_after = store::list_files(disk_, folder_.file("data")).value();
  for (const auto& file : files_after) {
    ASSERT_TRUE(before.contains(file)) << file;
    const auto now = std::pair{fs::file_size(path(file)), fs::last_write_time(path(file))};
    EXPECT_EQ(before[file], now) << file;
  }
}

TEST_F(DataDirectory, RefusesWhileTheProgramRunsAndWithoutAKey) {
  const int descriptor = ::open(path("lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(descriptor, LOCK_EX), 0);
  const Outcome busy = run();
  EXPECT_EQ(busy.exit_code, verify_unusable);
  EXPECT_NE(busy.err.find("in use"), std::string::npos) << busy.err;
  EXPECT_EQ(Json::parse(busy.out)["error"], "unavailable");
  ::close(descriptor);
  EXPECT_EQ(run().exit_code, verify_unproven);
  fs::remove(path("keys/master.key"));
  EXPECT_EQ(run().exit_code, verify_unusable);
  EXPECT_FALSE(fs::exists(path("keys/master.key"))) << "verifying must not make a key";
}

TEST_F(DataDirectory, ShippedSegmentsAreVerifiedWithTheirKey) {
  EXPECT_EQ(run_journal().exit_code, verify_sound) << run_journal().out;
  const auto files = store::list_files(disk_, folder_.file("shipped")).value();
  ASSERT_GT(files.size(), 2U);
  fs::remove(folder_.file("shipped/" + files[1]));
  const Outcome damaged = run_journal();
  EXPECT_EQ(damaged.exit_code, verify_damaged);
  EXPECT_NE(damaged.out.find("a listed segment is missing"), std::string::npos) << damaged.out;
}

TEST(Verify, AGatewaysDirectory) {
  const records::TemporaryFolder folder;
  PosixDisk disk;
  SystemRandom random;
  const std::string root = folder.file("gateway");
  fs::create_directories(root + "/spool");
  std::ofstream(root + "/lock");
  std::ofstream(root + "/plan.bin") << "a plan";
  std::ofstream(root + "/spool/state") << "a note";
  const auto keys = crypto::LocalKeyProvider::open(disk, random, root + "/master.key").value();
  std::string segment;
  {
    const auto log = store::SegmentLog::open(disk, random, *keys,
                                             {.directory = root + "/spool/0000000000000001", .purpose = "spool"})
                         .value();
    const Bytes entry(300, 7);
    const std::vector<ByteView> entries{entry, entry};
    ASSERT_TRUE(log->append(entries));
    segment = log->segments().front().path;
  }
  ASSERT_TRUE(store::seal_directory(disk, *keys, root, store::is_left_out_of_gateway_seal));
  VerifyOptions options;
  options.directories = {root};
  const Outcome whole = verify(options);
  ASSERT_EQ(whole.exit_code, verify_sound) << whole.out << whole.err;
  EXPECT_NE(whole.out.find("gateway "), std::string::npos);
  for (const std::string& file : {segment, root + "/plan.bin", root + "/spool/state", root + "/master.key"}) {
    const std::uint64_t at = fs::file_size(file) / 2;
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(static_cast<std::streamoff>(at));
    const char octet = static_cast<char>(stream.get());
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(octet ^ 4)).flush();
    EXPECT_EQ(verify(options).exit_code, verify_damaged) << file;
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(octet).flush();
  }
  EXPECT_EQ(verify(options).exit_code, verify_sound);
}

}  // namespace
}  // namespace duheng::tools
