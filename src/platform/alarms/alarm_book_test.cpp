#include "platform/alarms/alarm_book.hpp"

#include <gtest/gtest.h>
#include <thread>

#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform::alarms {
namespace {

constexpr std::int64_t minute = 60'000;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Passes everything on until it is told that the disk is full.
class FailingDatabase final : public records::Database {
 public:
  explicit FailingDatabase(records::Database& behind) : behind_(behind) {}
  [[nodiscard]] Result<std::unique_ptr<records::Transaction>> begin_write() override {
    if (is_full) return fail(ErrorCode::storage_full, "no space");
    return behind_.begin_write();
  }
  [[nodiscard]] Result<std::unique_ptr<records::Transaction>> begin_read() override { return behind_.begin_read(); }
  bool is_full = false;

 private:
  records::Database& behind_;
};

/// By the records, as they were when asked first.
class TestTopology final : public Topology {
 public:
  [[nodiscard]] std::optional<Subject> parent(const Subject& subject) const override {
    const auto it = parents.find(subject);
    return it == parents.end() ? std::nullopt : std::optional{it->second};
  }
  [[nodiscard]] std::int64_t organisation(const Subject& subject) const override {
    const auto it = organisations.find(subject);
    return it == organisations.end() ? 0 : it->second;
  }
  std::map<Subject, Subject> parents;
  std::map<Subject, std::int64_t> organisations;
};

//   city ── gateway "roof": nothing of its own
//   ├── east   device east-1, east-2
//   └── west   device west-1, gateway "cellar"
class AlarmBookTest : public testing::Test {
 protected:
  AlarmBookTest() {
    city = must(organisations.create(Scope::everything(), {.code = "city", .name_zh = "市", .name_en = "City"}));
    east = must(organisations.create(Scope::everything(),
                                     {.parent = city, .code = "east", .name_zh = "东", .name_en = "East"}));
    west = must(organisations.create(Scope::everything(),
                                     {.parent = city, .code = "west", .name_zh = "西", .name_en = "West"}));
    roof = must(gateways.create(Scope::everything(), city, "roof"));
    cellar = must(gateways.create(Scope::everything(), west, "cellar"));
    hill =
        must(sites.create(Scope::everything(), {.organisation = east, .name = "Hill", .iana_zone = "Asia/Shanghai"}));
    east_1 = make_device("east-1", east, hill);
    east_2 = make_device("east-2", east, {});
    west_1 = make_device("west-1", west, {});
    for (const DeviceId id : {east_1, east_2, west_1}) topology.parents[subject(id)] = subject(roof);
    anna.scope = Scope::everything();
    anna.name = "anna";
    anna.role = Role::operator_;
    reopen();
  }
  void reopen() {
    book.reset();
    book = must(AlarmBook::open(database, clock, topology, {.rules = {.flood_rings = 100}}));
  }
  DeviceId make_device(const std::string& name, OrganisationId organisation, SiteId site) {
    DeviceDetails details;
    details.uid = details.address = details.name = name;
    details.protocol = "dlt645";
    details.model = "meter";
    details.organisation = organisation;
    details.site = site;
    details.gateway = roof;
    return must(devices.create(Scope::everything(), details));
  }
  static Subject subject(DeviceId id) { return {SubjectKind::device, std::to_string(id.value)}; }
  static Subject subject(GatewayId id) { return {SubjectKind::gateway, std::to_string(id.value)}; }
  void raise(const std::string& kind, const Subject& about, Severity severity = Severity::warning) {
    book->raise({.kind = kind, .subject = about, .severity = severity, .facts = {{"silent_minutes", "7"}}});
    book->step();
  }
  void clear(const std::string& kind, const Subject& about) {
    book->clear(kind, about);
    book->step();
  }
  [[nodiscard]] std::vector<std::string> subjects(const Scope& scope, const AlarmQuery& query = {}) {
    std::vector<std::string> out;
    for (const AlarmRow& row : must(book->list(scope, query)).alarms)
      out.push_back(row.subject_name.empty() ? row.alarm.subject.id : row.subject_name);
    return out;
  }
  [[nodiscard]] std::int64_t number_of(const Subject& about) {
    return must(book->list(Scope::everything(),
                           {.part = AlarmPart::all, .subject_kind = about.kind, .subject = about.id}))
        .alarms.at(0)
        .alarm.number;
  }

  records::TestDatabase records{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                Devices::migrations(),       People::migrations(), OrderService::migrations(),
                                AlarmBook::migrations()};
  FailingDatabase database{*records};
  ManualClock clock;
  SystemRandom random;
  Organisations organisations{*records, clock};
  Sites sites{*records, clock};
  Gateways gateways{*records, clock, random};
  Devices devices{*records, clock};
  OrganisationId city, east, west;
  SiteId hill;
  GatewayId roof, cellar;
  DeviceId east_1, east_2, west_1;
  TestTopology topology;
  Author anna;
  std::unique_ptr<AlarmBook> book;
};

TEST_F(AlarmBookTest, EverybodySeesTheirOwn) {
  raise("device_silent", subject(east_1));
  raise("device_silent", subject(west_1), Severity::major);
  raise("gateway_offline", subject(cellar), Severity::critical);
  raise("backup_missed", {SubjectKind::backup, "daily"});
  EXPECT_EQ(subjects(Scope::everything()), (std::vector<std::string>{"cellar", "west-1", "daily", "east-1"}));
  EXPECT_EQ(subjects(Scope::below(city)), (std::vector<std::string>{"cellar", "west-1", "east-1"}));
  EXPECT_EQ(subjects(Scope::below(east)), (std::vector<std::string>{"east-1"}));
  EXPECT_EQ(subjects(Scope::below(west)), (std::vector<std::string>{"cellar", "west-1"}));
  EXPECT_EQ(book->get(Scope::below(east), number_of(subject(west_1))).error().code, ErrorCode::not_found);
  EXPECT_EQ(book->history(Scope::below(east), number_of(subject(west_1))).error().code, ErrorCode::not_found);
  EXPECT_EQ(must(book->counts(Scope::below(west))).active, (std::array<std::int64_t, 4>{0, 0, 1, 1}));
  EXPECT_EQ(must(book->counts(Scope::below(east))).active, (std::array<std::int64_t, 4>{0, 1, 0, 0}));
  const AlarmRow row = must(book->get(Scope::below(east), number_of(subject(east_1))));
  EXPECT_EQ(row.site_name, "Hill");
  EXPECT_EQ(row.organisation_zh, "东");
  EXPECT_EQ(row.alarm.facts.at("silent_minutes"), "7");
}

TEST_F(AlarmBookTest, WhoDoesNotSeeTheCauseSeesWhatItDoes) {
  raise("gateway_offline", subject(roof), Severity::major);
  for (const DeviceId id : {east_1, east_2, west_1}) raise("device_silent", subject(id));
  EXPECT_EQ(subjects(Scope::everything()), (std::vector<std::string>{"roof"}));
  EXPECT_EQ(must(book->list(Scope::everything(), {})).alarms[0].alarm.affected, 3);
  const std::int64_t cause = number_of(subject(roof));
  EXPECT_EQ(subjects(Scope::everything(), {.held_by = cause}).size(), 3U);
  EXPECT_EQ(subjects(Scope::below(east), {.held_by = cause}).size(), 2U);
  EXPECT_EQ(subjects(Scope::below(east)), (std::vector<std::string>{"east-2", "east-1"}));
  EXPECT_EQ(must(book->counts(Scope::below(east))).active[1], 2);
  EXPECT_EQ(must(book->counts(Scope::everything())).active, (std::array<std::int64_t, 4>{0, 0, 1, 0}));
}

TEST_F(AlarmBookTest, FiltersSortsAndPages) {
  for (int i = 0; i < 30; ++i) {
    raise(i % 3 == 0 ? "disk_hot" : "fan_slow", {SubjectKind::server, "server-" + std::to_string(i)},
          static_cast<Severity>(i % 4));
    clock.advance_ms(1'000);
  }
  const AlarmPage first = must(book->list(Scope::everything(), {.page_size = 7}));
  EXPECT_EQ(first.total, 30);
  EXPECT_EQ(first.alarms.size(), 7U);
  EXPECT_EQ(first.alarms[0].alarm.subject.id, "server-27");
  EXPECT_EQ(first.alarms[0].alarm.severity, Severity::critical);
  std::set<std::int64_t> seen;
  for (int page = 1; page <= 5; ++page)
    for (const AlarmRow& row : must(book->list(Scope::everything(), {.page = page, .page_size = 7})).alarms)
      EXPECT_TRUE(seen.insert(row.alarm.number).second);
  EXPECT_EQ(seen.size(), 30U);
  EXPECT_EQ(must(book->list(Scope::everything(), {.kind = "disk_hot"})).total, 10);
  EXPECT_EQ(must(book->list(Scope::everything(), {.severity_min = Severity::major})).total, 14);
  EXPECT_EQ(must(book->list(Scope::everything(), {.subject_kind = SubjectKind::device})).total, 0);
  EXPECT_EQ(must(book->list(Scope::everything(), {.subject = "server-3"})).total, 1);
  EXPECT_EQ(subjects(Scope::everything(), {.sort = AlarmSort::raised, .ascending = true})[0], "server-0");
  EXPECT_EQ(book->list(Scope::everything(), {.page_size = 201}).error().code, ErrorCode::invalid_argument);
  raise("device_silent", subject(east_1));
  EXPECT_EQ(subjects(Scope::everything(), {.site = hill}), (std::vector<std::string>{"east-1"}));
  EXPECT_EQ(subjects(Scope::everything(), {.organisation = city}), (std::vector<std::string>{"east-1"}));
  EXPECT_TRUE(subjects(Scope::everything(), {.organisation = west}).empty());
}

TEST_F(AlarmBookTest, PeopleActWithinTheirScopeAndItIsWrittenDown) {
  raise("ingest_conflict", subject(east_1), Severity::critical);
  raise("ingest_conflict", subject(west_1), Severity::critical);
  const std::int64_t mine = number_of(subject(east_1));
  const std::int64_t other = number_of(subject(west_1));
  Author eva = anna;
  eva.scope = Scope::below(east);
  const DeedOutcome outcome = must(book->acknowledge(eva, std::array{mine, other, std::int64_t{999}}, "on my way"));
  EXPECT_EQ(outcome.done, (std::vector{mine}));
  ASSERT_EQ(outcome.refused.size(), 2U);
  EXPECT_EQ(outcome.refused[0].second.code, ErrorCode::not_found);
  EXPECT_EQ(must(book->acknowledge(eva, std::array{mine}, "")).refused.at(0).second.code, ErrorCode::conflict);
  must(book->shelve(anna, std::array{other}, "works on the line", clock.utc_ms() + minute));
  EXPECT_EQ(subjects(Scope::everything(), {.part = AlarmPart::shelved}), (std::vector<std::string>{"west-1"}));
  EXPECT_EQ(must(book->counts(Scope::everything())).shelved, 1);
  must(book->unshelve(anna, std::array{other}));
  EXPECT_EQ(subjects(Scope::everything(), {.acknowledged = true}), (std::vector<std::string>{"east-1"}));
  const std::string long_note(AlarmBook::note_octets_max + 1, 'x');
  EXPECT_EQ(book->acknowledge(anna, std::array{other}, long_note).error().code, ErrorCode::limit_exceeded);
  const auto operations_done = must(operations(*records, Scope::everything(), 10));
  ASSERT_EQ(operations_done.size(), 3U);
  EXPECT_EQ(operations_done[0].action, "unshelve_alarm");
  EXPECT_EQ(operations_done[2].action, "acknowledge_alarm");
  EXPECT_EQ(operations_done[2].device, east_1);
  EXPECT_NE(operations_done[2].detail.find("on my way"), std::string::npos);
  const auto steps = must(book->history(Scope::everything(), mine));
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[1].author, "anna");
  EXPECT_EQ(steps[1].text, "on my way");
}

TEST_F(AlarmBookTest, SurvivesAnEndAtAnyPoint) {
  raise("gateway_offline", subject(roof), Severity::major);
  raise("device_silent", subject(east_1));
  raise("device_silent", subject(west_1));
  must(book->acknowledge(anna, std::array{number_of(subject(roof))}, "seen"));
  reopen();
  EXPECT_EQ(book->open_alarms(), 3U);
  EXPECT_EQ(book->standing("device_silent").size(), 2U);
  clear("gateway_offline", subject(roof));
  reopen();
  clock.advance_ms(6 * minute);
  book->step();
  EXPECT_EQ(subjects(Scope::everything()), (std::vector<std::string>{"west-1", "east-1"}));
  clear("device_silent", subject(west_1));
  clear("device_silent", subject(east_1));
  clock.advance_ms(11 * minute);
  reopen();
  book->step();
  EXPECT_EQ(book->open_alarms(), 0U);
  EXPECT_EQ(must(book->list(Scope::everything(), {.part = AlarmPart::closed})).total, 3);
  raise("device_silent", subject(east_1));
  EXPECT_EQ(number_of(subject(east_1)), 4);  // a new one: the old one is closed
  EXPECT_GT(must(book->verify_history()), 9);
}

TEST_F(AlarmBookTest, WhatCannotBeStoredWaitsInMemory) {
  raise("ingest_conflict", subject(east_1), Severity::critical);
  const std::int64_t number = number_of(subject(east_1));
  database.is_full = true;
  raise("ingest_conflict", subject(west_1), Severity::critical);
  EXPECT_EQ(book->waiting().entries, 1U);
  EXPECT_EQ(book->acknowledge(anna, std::array{number}, "").error().code, ErrorCode::storage_full);
  database.is_full = false;
  clock.advance_ms(2'000);
  book->step();
  EXPECT_EQ(book->waiting().entries, 0U);
  EXPECT_EQ(subjects(Scope::everything()), (std::vector<std::string>{"west-1", "east-1"}));
  EXPECT_EQ(must(book->list(Scope::everything(), {.acknowledged = true})).total, 0);
  EXPECT_EQ(must(book->acknowledge(anna, std::array{number}, "")).done.size(), 1U);
}

TEST_F(AlarmBookTest, NobodyReadingKeepsTheNewestWordOnly) {
  book = must(AlarmBook::open(database, clock, topology, {.queue_max = 100}));
  for (int i = 0; i < 10'000; ++i) {
    const Subject about{SubjectKind::server, std::to_string(i % 10)};
    if (i % 20 < 10) {
      book->raise({.kind = "disk_hot", .subject = about, .severity = Severity::notice, .facts = {}});
    } else {
      book->clear("disk_hot", about);
    }
  }
  EXPECT_LE(book->waiting().conditions, 101U);
  while (book->step()) {
  }
  EXPECT_TRUE(book->standing("disk_hot").empty());
}

TEST_F(AlarmBookTest, TheHistoryIsNotQuietlyChanged) {
  raise("ingest_conflict", subject(east_1), Severity::critical);
  must(book->acknowledge(anna, std::array{number_of(subject(east_1))}, "anna did"));
  clear("ingest_conflict", subject(east_1));
  const std::int64_t entries = must(book->verify_history());
  EXPECT_EQ(entries, 4);
  const auto run = [&](const std::string& sql) {
    return records->write([&](records::Transaction& t) -> Result<void> { return t.run_script(sql); });
  };
  EXPECT_FALSE(run("UPDATE alarm_history SET author = 'ben' WHERE id = 2"));
  EXPECT_FALSE(run("DELETE FROM alarm_history WHERE id = 2"));
  ASSERT_TRUE(run("DROP TRIGGER alarm_history_stays; UPDATE alarm_history SET author = 'ben' WHERE id = 2"));
  EXPECT_EQ(book->verify_history().error().code, ErrorCode::storage_corrupt);
  ASSERT_TRUE(run("UPDATE alarm_history SET author = 'anna' WHERE id = 2"));
  EXPECT_EQ(must(book->verify_history()), entries);
  ASSERT_TRUE(run("DROP TRIGGER alarm_history_is_kept; DELETE FROM alarm_history WHERE id = 2"));
  EXPECT_EQ(book->verify_history().error().code, ErrorCode::storage_corrupt);
}

TEST_F(AlarmBookTest, ItsThreadTakesWordsFromEverywhereAndTells) {
  std::atomic<int> told = 0;
  book->on_change([&] { ++told; });
  const std::uint64_t before = book->revision();
  book->start();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 100; ++i)
        book->raise({.kind = "disk_hot",
                     .subject = {SubjectKind::server, std::to_string(thread * 100 + i)},
                     .severity = Severity::notice,
                     .facts = {}});
    });
  }
  threads.clear();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  const auto wait_until = [&](const auto& condition) {
    while (!condition() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    return condition();
  };
  EXPECT_TRUE(wait_until([&] { return book->open_alarms() >= 401; }));
  EXPECT_EQ(book->open_alarms(), 401U);  // with the one that gathers: 300 beyond the 100 a minute
  // An alarm stands before it is stored, is stored before the revision grows, and only then listeners are told.
  EXPECT_TRUE(wait_until([&] {
    const auto waiting = book->waiting();
    return waiting.conditions == 0 && waiting.entries == 0 && told.load() > 0;
  }));
  EXPECT_GT(told.load(), 0);
  EXPECT_GT(book->revision(), before);
  EXPECT_GT(book->rings(), 0U);
  book->on_change({});
}

}  // namespace
}  // namespace duheng::platform::alarms
