#include "gateway/orders/order_log.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/simulated_disk.hpp"
#include "gateway/orders/order_memory.hpp"

namespace duheng::gateway {
namespace {

OrderId id_of(std::uint8_t number) {
  OrderId id{};
  id[0] = number;
  return id;
}

OrderReport report_of(std::uint8_t number, std::int64_t utc_ms = 1'000) {
  OrderReport report;
  report.id = id_of(number);
  report.state = OrderState::done;
  report.reason = "why";
  report.detail = "in words";
  report.utc_ms = utc_ms;
  report.values.push_back(
      {"voltage_a", "V", -1, SeriesKind::decimal, -2'301, Quality::out_of_range, 1'763'712'000'000, true});
  report.frames.push_back({Protocol::dlt645_2007, {0x68, 1}, {0x68, 2, 0x16}, 5, 9});
  return report;
}

std::string text_of(const OrderRecord& record) {
  Bytes out;
  encode_order_record(record, out);
  return to_hex(out);
}
std::vector<std::string> texts_of(const std::vector<OrderRecord>& records) {
  std::vector<std::string> out;
  for (const auto& record : records) out.push_back(text_of(record));
  return out;
}

TEST(OrderLog, KeepsEveryFieldOfEveryRecord) {
  const OrderBegun begun{id_of(1), OrderKind::parameter, "2026", "settlement_day", {{"value", "0300"}}, 77};
  Bytes file;
  encode_order_record(begun, file);
  encode_order_record(report_of(2), file);
  encode_order_record(OrderConfirmed{id_of(2)}, file);
  const auto parsed = parse_order_records(file);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->records.size(), 3U);
  EXPECT_EQ(parsed->skipped_bytes, 0U);
  const auto& first = std::get<OrderBegun>(parsed->records[0]);
  EXPECT_EQ(first.device_uid, "2026");
  EXPECT_EQ(first.kind, OrderKind::parameter);
  EXPECT_EQ(first.name, "settlement_day");
  EXPECT_EQ(first.arguments.at(0).value, "0300");
  EXPECT_EQ(first.utc_ms, 77);
  const auto& second = std::get<OrderReport>(parsed->records[1]);
  EXPECT_EQ(second.values.at(0).mantissa, -2'301);
  EXPECT_EQ(second.values.at(0).exponent, -1);
  EXPECT_EQ(second.values.at(0).quality, Quality::out_of_range);
  EXPECT_TRUE(second.values.at(0).read_back);
  EXPECT_EQ(second.frames.at(0).response, (Bytes{0x68, 2, 0x16}));
  EXPECT_EQ(second.frames.at(0).received_utc_ms, 9);
  EXPECT_EQ(std::get<OrderConfirmed>(parsed->records[2]).id, id_of(2));
}

TEST(OrderLog, ATornEndIsCutAtAnyOctet) {
  Bytes whole;
  encode_order_record(OrderBegun{id_of(1), OrderKind::command, "a", "b", {}, 1}, whole);
  const std::size_t first = whole.size();
  encode_order_record(report_of(1), whole);
  for (std::size_t size = first; size < whole.size(); ++size) {
    const auto parsed = parse_order_records(ByteView(whole).first(size));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->records.size(), 1U);
    EXPECT_EQ(parsed->skipped_bytes, size - first);
    EXPECT_FALSE(parsed->damage_within);
  }
}

RC_GTEST_PROP(OrderLog, DamageCostsOnlyTheRecordItHits, (std::uint16_t where, std::uint8_t change)) {
  Bytes file;
  for (std::uint8_t i = 1; i <= 5; ++i) encode_order_record(report_of(i), file);
  const auto before = texts_of(parse_order_records(file)->records);
  const std::size_t record_bytes = file.size() / 5;
  const std::size_t at = where % file.size();
  if (at % record_bytes == 3) return;  // the version: another release's file
  file[at] ^= change == 0 ? 1 : change;
  const auto parsed = parse_order_records(file);
  RC_ASSERT(parsed.has_value());
  auto expected = before;
  expected.erase(expected.begin() + static_cast<long>(at / record_bytes));
  RC_ASSERT(texts_of(parsed->records) == expected);
}

TEST(OrderLog, AFileOfANewerReleaseIsRefused) {
  Bytes file;
  encode_order_record(report_of(1), file);
  file[3] = 2;
  const auto parsed = parse_order_records(file);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::unsupported);
  SimulatedDisk disk;
  ASSERT_TRUE(write_file_atomically(disk, "orders.log", file));
  EXPECT_FALSE(OrderLog::open(disk, "orders.log"));
  EXPECT_EQ(*read_file(disk, "orders.log"), file);  // and left as it is
}

/// Power fails at every single disk operation: what append() or replace() had reported is there afterwards, and nothing
/// that was never written.
TEST(OrderLog, PowerLossAtEveryWriteLosesNothingThatWasReported) {
  std::uint64_t losses = 0;
  for (std::uint64_t operations = 0; operations < 60; ++operations) {
    SimulatedDisk disk;
    SeededRandom random(operations + 1);
    std::vector<std::string> durable;
    std::vector<std::string> attempted;
    disk.lose_power_after(operations);
    if (auto log = OrderLog::open(disk, "orders.log")) {
      for (std::uint8_t number = 1; number <= 8; ++number) {
        Bytes record;
        encode_order_record(report_of(number), record);
        attempted.push_back(to_hex(record));
        Bytes all;
        for (const auto& text : durable) {
          const auto bytes = from_hex(text);
          all.insert(all.end(), bytes->begin(), bytes->end());
        }
        all.insert(all.end(), record.begin(), record.end());
        const auto outcome = number % 4 == 0 ? (*log)->replace(all) : (*log)->append(record);
        if (!outcome) break;
        durable.push_back(attempted.back());
      }
    }
    losses += disk.powerless() ? 1 : 0;
    disk.crash(random);
    auto log = OrderLog::open(disk, "orders.log");
    ASSERT_TRUE(log) << log.error().message;
    const auto found = texts_of((*log)->take_found());
    ASSERT_GE(found.size(), durable.size()) << operations;
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], attempted[i]);
    // And what is written now is there after the next loss of power.
    Bytes record;
    encode_order_record(report_of(99), record);
    ASSERT_TRUE((*log)->append(record));
    disk.crash(random);
    const auto again = texts_of((*OrderLog::open(disk, "orders.log"))->take_found());
    ASSERT_EQ(again.size(), found.size() + 1);
    EXPECT_EQ(again.back(), to_hex(record));
  }
  EXPECT_GT(losses, 20U);
}

/// A rewriting that was cut off may be seen without being durable: what is built on it must hold all the same.
TEST(OrderLog, ARewritingThatNobodySynchronisedIsMadeDurableAtOpening) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SimulatedDisk disk;
    SeededRandom random(seed);
    auto log = *OrderLog::open(disk, "orders.log");
    Bytes record;
    encode_order_record(report_of(1), record);
    disk.lose_power_after(4);  // before the directory is synchronised
    ASSERT_FALSE(log->replace(record));
    disk.kill_process();
    log = *OrderLog::open(disk, "orders.log");
    const auto found = log->take_found().size();
    ASSERT_TRUE(log->append(record));
    disk.crash(random);
    EXPECT_EQ((*OrderLog::open(disk, "orders.log"))->take_found().size(), found + 1);
  }
}

TEST(OrderLog, AfterAFailedSynchronisationOnlyAWholeNewFileIsTaken) {
  SimulatedDisk disk;
  auto log = *OrderLog::open(disk, "orders.log");
  Bytes first;
  encode_order_record(report_of(1), first);
  ASSERT_TRUE(log->append(first));
  disk.fail_next_syncs(1);
  Bytes second;
  encode_order_record(report_of(2), second);
  EXPECT_FALSE(log->append(second));
  EXPECT_FALSE(log->append(second));  // the disk would say yes, and forget it
  Bytes both = first;
  both.insert(both.end(), second.begin(), second.end());
  ASSERT_TRUE(log->replace(both));
  SeededRandom random(3);
  disk.crash(random);
  EXPECT_EQ((*OrderLog::open(disk, "orders.log"))->take_found().size(), 2U);
}

TEST(OrderMemory, ForgetsConfirmedOnesAfterTheirTimeAndTheOldestWhenThereAreTooMany) {
  OrderMemory memory({.orders_max = 3, .bytes_max = 1U << 20, .keep_ms = 1'000});
  for (std::uint8_t number = 1; number <= 3; ++number) std::ignore = memory.add(report_of(number, number * 100));
  memory.confirm(id_of(1));
  memory.confirm(id_of(3));
  memory.forget_old(1'099);
  EXPECT_EQ(memory.size(), 3U);
  memory.forget_old(5'000);
  EXPECT_FALSE(memory.knows(id_of(1)));
  EXPECT_TRUE(memory.knows(id_of(2)));  // the platform does not have it
  EXPECT_TRUE(memory.knows(id_of(3)));  // oldest first
  EXPECT_EQ(memory.unconfirmed(), std::vector{id_of(2)});
  for (std::uint8_t number = 4; number <= 6; ++number) std::ignore = memory.add(report_of(number, 5'000));
  memory.forget_old(5'000);
  EXPECT_EQ(memory.size(), 3U);
  EXPECT_FALSE(memory.knows(id_of(3)));
  EXPECT_EQ(memory.find(id_of(6))->detail, "in words");
  EXPECT_FALSE(memory.find(id_of(1)));
}

TEST(OrderMemory, GivesBackWhatItWasGiven) {
  OrderMemory memory;
  std::ignore = memory.add(report_of(1));
  std::ignore = memory.add(report_of(2));
  memory.confirm(id_of(1));
  auto other = report_of(1);
  other.state = OrderState::failed;
  std::ignore = memory.add(other);  // a final report never changes
  EXPECT_EQ(memory.find(id_of(1))->state, OrderState::done);
  Bytes all;
  memory.encode(all);
  EXPECT_EQ(parse_order_records(all)->records.size(), 3U);
}

}  // namespace
}  // namespace duheng::gateway
