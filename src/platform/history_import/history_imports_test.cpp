#include "platform/history_import/history_imports.hpp"

#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "model/batch.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/imports/file_imports.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"
#include "store/table_files/sealed_file.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

constexpr std::int64_t first_ms = 1'614'528'000'000;  // 2021-02-28T16:00:00Z
constexpr std::int64_t hour_ms = 3'600'000;

class HistoryImportTest : public testing::Test {
 protected:
  HistoryImportTest() {
    const Scope all = Scope::everything();
    east = must(organisations.create(all, {{}, "east", "东", "East"}));
    west = must(organisations.create(all, {{}, "west", "西", "West"}));
    gateway = must(gateways.create(all, east, "gateway-1"));
    other_gateway = must(gateways.create(all, west, "gateway-2"));
    meter("000000000001", east, gateway);
    meter("000000000002", west, other_gateway);
    NewUser user;
    user.name = "anna";
    user.password = "correct horse battery";
    anna = {must(people.create(all, user)), "anna", Role::operator_, all, "127.0.0.1"};
    must(disk.make_directories("/journal"));
    journal = must(store::Journal::open(disk, random, keys, {.directory = "/journal"}));
    // What the meter sent before: 1.00 kWh at the first hour.
    BatchWriter writer(first_ms);
    Frame frame;
    frame.device_index = writer.device("000000000001");
    frame.received_utc_ms = first_ms;
    const std::uint32_t energy = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
    writer.frame(frame);
    writer.reading({energy, 100, first_ms, TimeSource::gateway, Quality::good});
    Bytes body;
    writer.finish(body);
    store::JournalRecord record;
    record.gateway = gateway;
    record.epoch = 5;
    record.hash = uplink::batch_hash(record.previous_hash, record.epoch, record.sequence, body);
    record.body = body;
    must(journal->commit({&record, 1}));
    apply();
    restart();
  }

  void meter(const char* uid, OrganisationId owner, GatewayId reader) {
    DeviceDetails details;
    details.uid = details.name = details.address = uid;
    details.protocol = "dlt645_2007";
    details.model = "dlt645-2007-single-phase";
    details.organisation = owner;
    details.gateway = reader;
    must(devices.create(Scope::everything(), details));
  }
  void restart() {
    imports.reset();
    imports = std::make_unique<FileImports>(
        FileImports::Parts{*database, disk, database.clock, random, keys, kind(), "/imports"});
    must(imports->open());
    imports->run();
  }
  HistoryImportKind& kind() {
    history = std::make_unique<HistoryImportKind>(HistoryImportKind::Parts{
        *database, disk, database.clock, random, keys, devices, *journal, telemetry, models, "/imports"});
    return *history;
  }
  void apply() {
    while (telemetry.next_record() < journal->next_number()) {
      const std::uint64_t number = std::max<std::uint64_t>(telemetry.next_record(), 1);
      if (telemetry.next_record() < number) {
        const store::TelemetryRecord empty{telemetry.next_record(), gateway, {}};
        must(telemetry.apply({&empty, 1}));
      }
      const store::StoredRecord stored = must(journal->read(number));
      const store::TelemetryRecord record{number, stored.record.gateway, stored.record.body};
      must(telemetry.apply({&record, 1}));
    }
  }
  FileImport settled(std::int64_t id, const Author& author) {
    for (int i = 0; i < 4'000; ++i) {
      const FileImport found = must(imports->get(author, id));
      if (found.state != ImportState::checking && found.state != ImportState::committing) return found;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    throw std::runtime_error("it does not end");
  }
  FileImport check(const std::string& file) { return check(file, anna); }
  FileImport check(const std::string& file, const Author& author) {
    return settled(must(imports->start(author, "old.csv", as_bytes(file))).id, author);
  }
  FileImport commit(const FileImport& import, CommitMode mode = CommitMode::all_or_nothing) {
    must(imports->commit(anna, import.id, mode));
    const FileImport done = settled(import.id, anna);
    apply();
    return done;
  }
  static std::vector<std::string> kinds(const FileImport& import) {
    std::vector<std::string> out;
    for (const auto& finding : import.findings) out.push_back(std::to_string(finding.line) + " " + finding.kind);
    return out;
  }
  std::vector<store::Point> points() {
    const auto source = telemetry.find_source(gateway, "000000000001");
    for (const auto& series : telemetry.series_of(source->id)) {
      if (series.register_name == "energy_active_import_total")
        return must(telemetry.range(series.id, {0, first_ms + 1'000 * hour_ms}, 1'000, {})).points;
    }
    return {};
  }

  records::TestDatabase database{Organisations::migrations(),     Sites::migrations(),      Gateways::migrations(),
                                 Devices::migrations(),           People::migrations(),     OrderService::migrations(),
                                 HistoryImportKind::migrations(), FileImports::migrations()};
  static PeopleOptions quick() {
    PeopleOptions options;
    options.password_cost = {.memory_kib = 64, .passes = 1};
    return options;
  }
  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{records::test_key()};
  Organisations organisations{*database, database.clock};
  Gateways gateways{*database, database.clock, random};
  Devices devices{*database, database.clock};
  People people{*database, database.clock, random, quick()};
  store::MemoryTelemetryStore telemetry;
  std::shared_ptr<const drivers::ModelLibrary> models =
      std::make_shared<const drivers::ModelLibrary>(must(drivers::ModelLibrary::load(DUHENG_SOURCE_DIR "/models")));
  OrganisationId east, west;
  GatewayId gateway, other_gateway;
  Author anna;
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<HistoryImportKind> history;
  std::unique_ptr<FileImports> imports;
};

TEST_F(HistoryImportTest, EveryLineIsChecked) {
  const FileImport checked = check(
      "device_uid,register,time,value,unit\n"
      "000000000001,energy_active_import_total,2021-03-01T01:00:00+08:00,17.25,kWh\n"    // 2: good
      "000000000009,energy_active_import_total,2021-03-01T01:00:00+08:00,1,kWh\n"        // 3
      "000000000001,height,2021-03-01T01:00:00+08:00,1,m\n"                              // 4
      "000000000001,energy_active_import_total,yesterday,1,kWh\n"                        // 5
      "000000000001,energy_active_import_total,2099-03-01T01:00:00+08:00,1,kWh\n"        // 6
      "000000000001,energy_active_import_total,2021-03-01T02:00:00+08:00,1.2.3,kWh\n"    // 7
      "000000000001,energy_active_import_total,2021-03-01T02:00:00+08:00,1.005,kWh\n"    // 8
      "000000000001,energy_active_import_total,2021-03-01T02:00:00+08:00,1,MWh\n"        // 9
      "000000000001,energy_active_import_total,2021-03-01T01:00:00+08:00,17.2500,kWh\n"  // 10: doubled
      "000000000001,energy_active_import_total,2021-03-01T01:00:00+08:00,17.26,kWh\n"    // 11
      "000000000001,energy_active_import_total,2021-03-01T00:00:00+08:00,1.00,kWh\n"     // 12: stored already
      "000000000001,voltage_a,2021-03-01T00:00:00+08:00,220.1,V\n"                       // 13: good, by the model
      "\"000000000001\",\"unfinished\n");                                                // 14
  EXPECT_EQ(checked.state, ImportState::checked) << checked.reason;
  EXPECT_EQ(kinds(checked),
            (std::vector<std::string>{"3 unknown_device", "4 unknown_register", "5 bad_time", "6 bad_time",
                                      "7 bad_number", "8 bad_number", "9 bad_unit", "10 doubled", "11 contradiction",
                                      "12 known", "14 malformed_line"}));
  EXPECT_EQ(checked.counts.lines, 13U);
  EXPECT_EQ(checked.counts.good_lines, 3U);
  EXPECT_EQ(checked.counts.bad_lines, 9U);
  EXPECT_EQ(checked.counts.doubled_lines, 1U);
  EXPECT_EQ(checked.counts.known_lines, 1U);
  EXPECT_EQ(journal->next_number(), 2U) << "nothing is imported yet";
  const std::string report = must(imports->report_csv(anna, checked.id));
  EXPECT_NE(report.find("11,contradiction,"), std::string::npos);
  EXPECT_EQ(imports->commit(anna, checked.id, CommitMode::all_or_nothing).error().code, ErrorCode::conflict);
}

TEST_F(HistoryImportTest, ValuesJoinTheDevicesOwnSeriesWithTheLineAsEvidence) {
  const std::string line = "000000000001,\"energy_active_import_total\",2021-03-01T01:00:00+08:00,17.25,";
  const FileImport checked = check("device_uid,register,time,value,unit\r\n" + line + "\r\n");
  const FileImport done = commit(checked);
  EXPECT_EQ(done.state, ImportState::done) << done.reason;
  EXPECT_EQ(done.lines_made, 1U);
  const auto stored = points();
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[1].time_utc_ms, first_ms + hour_ms);
  EXPECT_EQ(stored[1].mantissa, 1'725);
  EXPECT_EQ(stored[1].time_source, TimeSource::platform);
  const auto evidence = must(journal->frame(stored[1].frame));
  EXPECT_EQ(as_text(evidence.frame.response), line);
  const std::string_view question = as_text(evidence.frame.request);
  EXPECT_NE(question.find("line 2 of \"old.csv\""), std::string_view::npos) << question;
  EXPECT_NE(question.find(done.sha256), std::string_view::npos);
  EXPECT_NE(question.find("by anna"), std::string_view::npos);
  EXPECT_EQ(evidence.device_uid, "000000000001");
  // The file is kept, encrypted, under its hash.
  auto reader = must(store::SealedFileReader::open(disk, keys, "imports", "/imports/" + done.sha256 + ".import", 1));
  const auto kept = must(reader.next());
  EXPECT_TRUE(as_text(*kept).ends_with(line + "\r\n"));
  const auto log = must(operations(*database, Scope::everything(), 5));
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].action, "import_history");
  EXPECT_NE(log[0].detail.find(done.sha256), std::string::npos);
}

TEST_F(HistoryImportTest, TheSameFileAgainIsOnlyEvidence) {
  std::string file = "device_uid,register,time_utc_ms,value\n";
  for (int i = 0; i < 300; ++i) {
    file += "000000000001,energy_active_import_total," + std::to_string(first_ms + i * hour_ms) + "," +
            std::to_string(i + 1) + "\n";
  }
  EXPECT_EQ(commit(check(file)).lines_made, 300U);
  EXPECT_EQ(points().size(), 300U);
  const FileImport again = check(file);
  EXPECT_EQ(again.counts.known_lines, 300U);
  restart();  // what is checked still waits
  EXPECT_EQ(must(imports->get(anna, again.id)).counts.known_lines, 300U);
  commit(again);
  const auto stored = points();
  ASSERT_EQ(stored.size(), 300U);
  EXPECT_EQ(stored[0].evidence_count, 3U) << "the meter, the file, the file again";
  for (const auto& point : stored) {
    EXPECT_FALSE(point.conflict);
    EXPECT_GE(point.evidence_count, 2U);
  }
}

TEST_F(HistoryImportTest, AnotherValueIsKeptBesideTheOneStored) {
  const FileImport checked =
      check("device_uid,register,time,value\n000000000001,energy_active_import_total,2021-03-01T00:00:00+08:00,2\n");
  EXPECT_EQ(kinds(checked), (std::vector<std::string>{"2 conflict"}));
  EXPECT_NE(checked.findings[0].message.find("1.00"), std::string::npos);
  commit(checked);
  const auto stored = points();
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_TRUE(stored[0].conflict && stored[1].conflict);
}

TEST_F(HistoryImportTest, BatchesAreChainedForEachGateway) {
  std::string file = "device_uid,register,time_utc_ms,value\n";
  for (int i = 1; i <= 6'000; ++i) {
    const std::string at = std::to_string(first_ms + i * 60'000);
    file += "000000000001,energy_active_import_total," + at + "," + std::to_string(i) + "\n";
    if (i <= 10) file += "000000000002,energy_active_import_total," + at + "," + std::to_string(i) + "\n";
  }
  const FileImport done = commit(check(file));
  EXPECT_EQ(done.lines_made, 6'010U) << done.reason;
  std::map<std::int64_t, std::pair<std::uint64_t, crypto::Hash256>> last;
  std::size_t readings = 0;
  for (std::uint64_t number = 2; number < journal->next_number(); ++number) {
    const store::StoredRecord stored = must(journal->read(number));
    const auto& record = stored.record;
    EXPECT_EQ(record.epoch >> 32, 0x4849'5354U);
    auto& [sequence, hash] = last[record.gateway.value];
    EXPECT_EQ(record.sequence, sequence);
    EXPECT_EQ(record.previous_hash, hash);
    EXPECT_EQ(record.hash, uplink::batch_hash(hash, record.epoch, record.sequence, record.body));
    ++sequence;
    hash = record.hash;
    readings += must(BatchView::parse(record.body)).reading_count();
  }
  EXPECT_EQ(readings, 6'010U);
  EXPECT_GT(last.at(gateway.value).first, 1U);
  EXPECT_EQ(last.at(other_gateway.value).first, 1U);
}

TEST_F(HistoryImportTest, OthersDevicesAreUnknown) {
  Author in_the_west = anna;
  in_the_west.scope = Scope::below(west);
  const FileImport checked =
      check("device_uid,register,time,value\n000000000001,energy_active_import_total,2021-03-01T00:00:00+08:00,2\n",
            in_the_west);
  EXPECT_EQ(kinds(checked), (std::vector<std::string>{"2 unknown_device"}));
}

TEST_F(HistoryImportTest, WhatIsNoSuchFileFails) {
  EXPECT_EQ(check("").state, ImportState::failed);
  EXPECT_EQ(check("device_uid,value\n1,2\n").state, ImportState::failed);
  EXPECT_EQ(check("device_uid,register,time,value,value\n").state, ImportState::failed);
  EXPECT_EQ(imports->start(anna, std::string(201, 'x'), {}).error().code, ErrorCode::invalid_argument);
  const Bytes large(history_limits::file_bytes_max + 1);
  EXPECT_EQ(imports->start(anna, "x", large).error().code, ErrorCode::limit_exceeded);
}

TEST_F(HistoryImportTest, TimesWithoutAnOffsetAreTakenInTheZoneThatIsGiven) {
  const std::string head = "device_uid,register,time,value\n";
  const std::string line = "000000000001,energy_active_import_total,2021-03-01 01:00,17.25\n";
  EXPECT_EQ(kinds(check(head + line)), (std::vector<std::string>{"2 bad_time"}));
  const auto begun = must(imports->start(anna, "a.csv", as_bytes(head + line), {"Asia/Shanghai"}));
  const FileImport checked = settled(begun.id, anna);
  EXPECT_EQ(checked.counts.good_lines, 1U);
  EXPECT_EQ(commit(checked).lines_made, 1U);
  EXPECT_EQ(points().back().time_utc_ms, first_ms + hour_ms);
  // In Berlin the clocks went from 02:00 to 03:00 on 28 March 2021 and from 03:00 to 02:00 on 31 October.
  const std::string skipped = "000000000001,energy_active_import_total,2021-03-28T02:30:00,1\n";
  const std::string twice = "000000000001,energy_active_import_total,2021-10-31T02:30:00,2\n";
  const std::string plain = "000000000001,energy_active_import_total,2021-10-31T03:30:00,3\n";
  const auto berlin = must(imports->start(anna, "b.csv", as_bytes(head + skipped + twice + plain), {"Europe/Berlin"}));
  EXPECT_EQ(kinds(settled(berlin.id, anna)), (std::vector<std::string>{"2 bad_time", "3 bad_time"}));
  EXPECT_EQ(imports->start(anna, "c.csv", {}, {"Mars/Olympus"}).error().code, ErrorCode::invalid_argument);
}

/// The platform ends once some batches are in the journal, again and again.
TEST_F(HistoryImportTest, ACommitGoesOnWhereARestartBrokeItOff) {
  std::string file = "device_uid,register,time_utc_ms,value\n";
  constexpr int count = 30'000;
  for (int i = 1; i <= count; ++i)
    file += "000000000001,energy_active_import_total," + std::to_string(first_ms + i * 60'000) + "," +
            std::to_string(i) + "\n";
  const FileImport checked = check(file);
  must(imports->commit(anna, checked.id, CommitMode::all_or_nothing));
  std::size_t made = 0;
  int restarts = 0;
  while (must(imports->get(anna, checked.id)).state == ImportState::committing) {
    const std::size_t now = must(imports->get(anna, checked.id)).lines_made;
    if (now == made) {
      std::this_thread::yield();
      continue;
    }
    made = now;
    restart();
    ++restarts;
  }
  const FileImport done = settled(checked.id, anna);
  EXPECT_EQ(done.state, ImportState::done) << done.reason;
  EXPECT_EQ(done.lines_made, static_cast<std::size_t>(count));
  EXPECT_GT(restarts, 0);
  std::size_t readings = 0;
  for (std::uint64_t number = 2; number < journal->next_number(); ++number)
    readings += must(BatchView::parse(must(journal->read(number)).record.body)).reading_count();
  EXPECT_EQ(readings, static_cast<std::size_t>(count)) << "no batch twice, none missing";
}

TEST_F(HistoryImportTest, FullDiskImportsNothingAndSaysSo) {
  const FileImport checked =
      check("device_uid,register,time,value\n000000000001,energy_active_import_total,2021-03-01T05:00:00+08:00,2\n");
  disk.set_capacity_bytes(disk.used_bytes());
  EXPECT_EQ(imports->start(anna, "x", as_bytes("device_uid\n")).error().code, ErrorCode::storage_full);
  const FileImport failed = commit(checked);
  EXPECT_EQ(failed.state, ImportState::failed);
  EXPECT_EQ(failed.lines_made, 0U);
  EXPECT_FALSE(failed.reason.empty());
  disk.set_capacity_bytes({});
  EXPECT_EQ(commit(check("device_uid,register,time,value\n"
                         "000000000001,energy_active_import_total,2021-03-01T05:00:00+08:00,2\n"))
                .state,
            ImportState::done);
}

}  // namespace
}  // namespace duheng::platform
