#include "platform/orders/operation_chain.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "platform/orders/order_test_world.hpp"

namespace duheng::platform {
namespace {

using order_testing::must;
using records::Transaction;

class Log {
 public:
  void write(std::int64_t at_utc_ms, const std::string& detail) {
    must(database->write([&](Transaction& t) {
      OperationEntry entry;
      entry.at_utc_ms = at_utc_ms;
      entry.name = "anna";
      entry.action = "create_job";
      entry.job = 7;
      entry.order = 9;
      entry.outcome = "ok";
      entry.detail = detail;
      entry.remote_address = "127.0.0.1";
      return write_operation(t, entry);
    }));
  }
  /// As somebody who holds the key would, past the triggers.
  void tamper(const std::string& sql) {
    must(database->write([&](Transaction& t) -> Result<void> {
      DUHENG_CHECK(t.execute("DROP TRIGGER IF EXISTS operation_log_is_not_changed"));
      DUHENG_CHECK(t.execute("DROP TRIGGER IF EXISTS operation_log_is_not_deleted"));
      DUHENG_TRY(const std::int64_t changed, t.execute(sql));
      if (changed != 1) return fail(ErrorCode::internal, "nothing was tampered with");
      return {};
    }));
  }
  OperationChainReport check() { return must(check_operation_chain(*database)); }

  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(), OrderService::migrations()};
};

TEST(OperationChain, AnEmptyLogIsWhole) {
  Log log;
  const auto report = log.check();
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(report.entries, 0);
  EXPECT_EQ(report.head.hash, crypto::Hash256{});
}

TEST(OperationChain, EntriesCanBeNeitherChangedNorDeleted) {
  Log log;
  log.write(1'000, "one");
  for (const char* sql : {"UPDATE operation_log SET detail = 'two'", "DELETE FROM operation_log",
                          "REPLACE INTO operation_log SELECT id, at_ms, user_id, name, action, job_id, order_number, "
                          "device_id, outcome, 'two', remote_address, chain_hash FROM operation_log"}) {
    EXPECT_FALSE(log.database->write([&](Transaction& t) -> Result<void> {
      DUHENG_CHECK(t.execute(sql));
      return {};
    })) << sql;
  }
  EXPECT_EQ(log.check().entries, 1);
}

TEST(OperationChain, TheHashIsAsDocumented) {
  OperationEntry entry;
  entry.number = 1;
  entry.at_utc_ms = 1'000;
  entry.name = "安娜";
  entry.action = "protect";
  entry.outcome = "ok";
  const std::string content = "1:1,4:1000,1:0,6:安娜,7:protect,1:0,1:0,1:0,2:ok,0:,0:,";
  const crypto::Hash256 none{};
  EXPECT_EQ(operation_hash(none, entry), crypto::sha256({ByteView{none}, as_bytes(content)}));
}

TEST(OperationChain, WhatAnOlderReleaseWroteIsBoundToo) {
  Log log;
  log.write(1'000, "one");
  log.write(2'000, "two");
  log.tamper("UPDATE operation_log SET chain_hash = x'' WHERE id = 1");
  log.tamper("UPDATE operation_log SET chain_hash = x'' WHERE id = 2");
  log.write(3'000, "three");
  EXPECT_TRUE(log.check().sound());
  log.tamper("UPDATE operation_log SET detail = 'another' WHERE id = 1");
  EXPECT_EQ(log.check().broken_at, 3) << "the first that is bound to them";
}

TEST(OperationChain, ATimeIsOneRunOfNumbers) {
  Log log;
  for (const std::int64_t at : {1'000, 5'000, 2'000, 6'000}) log.write(at, "x");  // a clock that was set back
  const auto span = must(log.database->read([](Transaction& t) { return operations_between(t, 1'000, 3'000); }));
  ASSERT_TRUE(span);
  EXPECT_EQ(span->first, 1);
  EXPECT_EQ(span->last, 3);
  EXPECT_FALSE(must(log.database->read([](Transaction& t) { return operations_between(t, 7'000, 9'000); })));
  const auto found =
      must(log.database->read([&](Transaction& t) { return chained_operations(t, span->first - 1, span->last, 2); }));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].entry.at_utc_ms, 5'000);
  EXPECT_EQ(found[1].hash, operation_hash(*found[0].hash, found[1].entry));
}

RC_GTEST_PROP(OperationChain, AnyChangeOfAnyEntryIsFoundThere, ()) {
  Log log;
  const auto count = *rc::gen::inRange<std::int64_t>(3, 30);
  for (std::int64_t i = 0; i < count; ++i) log.write(1'000 + i, fmt::format("detail {}", i));
  RC_ASSERT(log.check().sound());
  RC_ASSERT(log.check().entries == count);
  const auto at = *rc::gen::inRange<std::int64_t>(1, count);
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      log.tamper(fmt::format("UPDATE operation_log SET detail = detail || ' ' WHERE id = {}", at));
      RC_ASSERT(log.check().broken_at == at);
      break;
    case 1:
      log.tamper(fmt::format("UPDATE operation_log SET job_id = NULL WHERE id = {}", at));
      RC_ASSERT(log.check().broken_at == at);
      break;
    case 2:
      log.tamper(fmt::format("DELETE FROM operation_log WHERE id = {}", at));
      RC_ASSERT(log.check().broken_at == at + 1);
      break;
    default:
      log.tamper(fmt::format("UPDATE operation_log SET chain_hash = zeroblob(32) WHERE id = {}", at));
      RC_ASSERT(log.check().broken_at == at);
  }
}

}  // namespace
}  // namespace duheng::platform
