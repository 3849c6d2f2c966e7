// What an auditor is given: complete, provable by whoever has the file alone, and the same after any restart.
#include <algorithm>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/simulated_disk.hpp"
#include "platform/devices/devices.hpp"
#include "platform/exports/audit_source.hpp"
#include "platform/exports/export_service.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/operation_chain.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::platform {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t hour_ms = 3'600'000;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class AuditExportTest : public testing::Test {
 protected:
  AuditExportTest() {
    options.directory = "/exports";
    options.piece_rows = 3;
    options.free_bytes_min = 0;
    People people(*database, database.clock, random, {.password_cost = {.memory_kib = 64, .passes = 1}});
    NewUser user;
    user.name = "auditor";
    user.password = "correct horse battery";
    auditor = {must(people.create(Scope::everything(), user)), "auditor", Role::operator_, Scope::everything(), "::1"};
    journal = must(store::Journal::open(disk, random, keys, {.directory = "/journal"}));
    const store::TelemetryRecord none{};  // there is no record 0
    must(telemetry.apply({&none, 1}));
    restart();
  }
  void restart() {
    service.reset();
    service = std::make_unique<ExportService>(*database, disk, database.clock, random, keys, source, options, &audit);
    must(service->open());
  }
  void log(std::int64_t at_utc_ms, const std::string& detail) {
    must(database->write([&](records::Transaction& t) {
      OperationEntry entry = operation_of(auditor, "protect", at_utc_ms);
      entry.detail = detail;
      return write_operation(t, entry);
    }));
  }
  void edit(std::int64_t made_utc_ms, std::int64_t time_utc_ms, const std::string& reason) {
    Edit one;
    one.kind = time_utc_ms % 2 == 0 ? EditKind::correction : EditKind::withdrawal;
    one.gateway = GatewayId{4};
    one.device_uid = "000000000007";
    one.register_name = "energy_active_import_total";
    one.unit = "kWh";
    one.exponent = -2;
    one.time_utc_ms = time_utc_ms;
    one.mantissa = one.kind == EditKind::withdrawal ? 0 : 4'242;
    one.old_mantissa = 17;
    one.author = "bert";
    one.reason = reason;
    one.made_utc_ms = made_utc_ms;
    const Bytes body = must(encode_edits({one}));
    const store::JournalRecord record = store::edits_record(body, made_utc_ms);
    const std::uint64_t number = must(journal->commit({&record, 1}));
    const store::TelemetryRecord applied{number, {}, body, store::TelemetryRecord::Content::edits};
    must(telemetry.apply({&applied, 1}));
  }
  Export made(store::TableFormat format, store::TimeRange range, int restart_every = 0) {
    NewExport wanted;
    wanted.is_audit = true;
    wanted.format = format;
    wanted.time_zone = "Asia/Shanghai";
    wanted.range = range;
    const Export asked = must(service->ask(auditor, wanted, journal->next_number()));
    for (int steps = 1; must(service->step()) != ExportService::Step::idle; ++steps) {
      if (steps > 1'000) throw std::runtime_error("it does not end");
      if (restart_every > 0 && steps % restart_every == 0) restart();
    }
    return must(service->get(auditor, asked.id));
  }
  std::string content(const Export& done) {
    ExportDownload download = must(service->download(auditor, done.id));
    std::string out;
    while (auto piece = must(download.reader.next())) out += as_text(*piece);
    return out;
  }
  std::vector<Json> lines(const Export& done, std::string_view part) {
    std::vector<Json> out;
    const std::string text = content(done);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      Json line = Json::parse(text.substr(at, end - at));
      if (line["part"] == part) out.push_back(std::move(line));
      at = end + 1;
    }
    return out;
  }

  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(), OrderService::migrations(),
                                 ExportService::migrations()};
  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{records::test_key(3)};
  std::unique_ptr<store::Journal> journal;
  store::MemoryTelemetryStore telemetry;
  TelemetryExportSource source{telemetry};
  // The journal is opened in the body: what is used of it comes later.
  struct Late final : AuditSource {
    explicit Late(AuditExportTest& of) : world(of) {}
    [[nodiscard]] JournalAuditSource real() const { return {*world.journal, world.telemetry}; }
    [[nodiscard]] std::vector<Edit> edits(store::TimeRange made, std::uint64_t as_of_record) const override {
      return real().edits(made, as_of_record);
    }
    [[nodiscard]] Result<RecordProof> prove(std::uint64_t number) const override { return real().prove(number); }
    [[nodiscard]] Result<std::vector<AuditedSegment>> segments(std::uint64_t as_of_record) const override {
      return real().segments(as_of_record);
    }
    AuditExportTest& world;
  } audit{*this};
  ExportOptions options;
  Author auditor;
  std::unique_ptr<ExportService> service;
};

TEST_F(AuditExportTest, TellsEveryOperationEditAndSegmentWithItsHash) {
  for (int i = 0; i < 10; ++i) log(i * hour_ms, "=step, \"" + std::to_string(i) + "\"");
  edit(hour_ms, 1'000, "misread");
  edit(2 * hour_ms, 1'001, "was right after all");
  edit(50 * hour_ms, 1'002, "later");
  const Export done = made(store::TableFormat::json_lines, {2 * hour_ms, 9 * hour_ms});
  ASSERT_EQ(done.state, ExportState::done) << done.reason;
  EXPECT_EQ(done.parts, 3U);
  EXPECT_EQ(done.parts_done, 3U);

  const auto operations = lines(done, "operation");
  ASSERT_EQ(operations.size(), 7U);
  EXPECT_EQ(operations.front()["number"], 3);
  EXPECT_EQ(operations.front()["detail"], "=step, \"2\"");
  EXPECT_EQ(operations.front()["time_utc_ms"], 2 * hour_ms);
  EXPECT_EQ(operations.front()["user"], "auditor");
  EXPECT_EQ(operations.front()["remote_address"], "::1");
  for (std::size_t i = 0; i < operations.size(); ++i) {
    EXPECT_EQ(operations[i]["hash_holds"], 1);
    if (i == 0) continue;
    EXPECT_EQ(operations[i]["previous_hash"], operations[i - 1]["hash"]);
  }

  const auto edits = lines(done, "edit");
  ASSERT_EQ(edits.size(), 1U) << "one was made before, one after";
  EXPECT_EQ(edits[0]["user"], "bert");
  EXPECT_EQ(edits[0]["action"], "withdrawal");
  EXPECT_EQ(edits[0]["detail"], "was right after all");
  EXPECT_EQ(edits[0]["old_value"], "0.17");
  EXPECT_TRUE(edits[0]["new_value"].is_null());
  EXPECT_EQ(edits[0]["hash_holds"], 1);
  EXPECT_EQ(edits[0]["hash"], to_hex(must(audit.prove(edits[0]["number"].get<std::uint64_t>())).hash));

  const auto segments = lines(done, "segment");
  ASSERT_EQ(segments.size(), 1U);
  EXPECT_EQ(segments[0]["number"], 1);
  EXPECT_EQ(segments[0]["next_number"], 4);
  EXPECT_EQ(segments[0]["hash_holds"], 1);
}

TEST_F(AuditExportTest, RestartsBetweenAllPiecesChangeNothing) {
  for (int i = 0; i < 20; ++i) log(i * hour_ms, "step");
  for (int i = 0; i < 7; ++i) edit(i * hour_ms, i, "reason");
  for (const auto format : {store::TableFormat::csv, store::TableFormat::json_lines, store::TableFormat::xlsx,
                            store::TableFormat::parquet}) {
    const Export whole = made(format, {0, 30 * hour_ms});
    const Export pieces = made(format, {0, 30 * hour_ms}, 1);
    EXPECT_EQ(pieces.rows, 20U + 7U + 1U);
    EXPECT_TRUE(content(whole) == content(pieces)) << store::to_string(format);
  }
}

TEST_F(AuditExportTest, TellsWhatWasTamperedWith) {
  for (int i = 0; i < 5; ++i) log(i * hour_ms, "step");
  must(database->write([](records::Transaction& t) -> Result<void> {
    DUHENG_CHECK(t.execute("DROP TRIGGER operation_log_is_not_changed"));
    DUHENG_CHECK(t.execute("UPDATE operation_log SET detail = 'nothing' WHERE id = 3"));
    return {};
  }));
  std::vector<int> holds;
  for (const Json& line : lines(made(store::TableFormat::json_lines, {0, 30 * hour_ms}), "operation"))
    holds.push_back(line["hash_holds"].get<int>());
  EXPECT_EQ(holds, (std::vector<int>{1, 1, 0, 1, 1}));
}

TEST_F(AuditExportTest, AnEmptyTimeTellsTheJournalAlone) {
  edit(hour_ms, 1'000, "misread");
  const Export done = made(store::TableFormat::json_lines, {90 * hour_ms, 91 * hour_ms});
  EXPECT_EQ(done.state, ExportState::done);
  EXPECT_EQ(done.rows, 1U);
}

TEST_F(AuditExportTest, IsRefusedWhereNothingIsAudited) {
  ExportService without(*database, disk, database.clock, random, keys, source, options);
  NewExport wanted;
  wanted.is_audit = true;
  wanted.time_zone = "UTC";
  wanted.range = {0, hour_ms};
  EXPECT_EQ(without.ask(auditor, wanted, 1).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace duheng::platform
