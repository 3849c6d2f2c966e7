#include "platform/orders/operation_chain.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::platform {
namespace {

using records::Row;

constexpr std::string_view columns =
    "SELECT l.at_ms, l.user_id, l.name, l.action, l.job_id, l.order_number, l.device_id, l.outcome, l.detail, "
    "l.remote_address, l.id, l.chain_hash FROM operation_log l ";

ChainedOperation read_entry(const Row& row) {
  ChainedOperation out;
  out.entry = {.at_utc_ms = row.integer(0),
               .user = row.id<UserId>(1),
               .name = row.text(2),
               .action = row.text(3),
               .job = row.integer(4),
               .order = row.integer(5),
               .device = row.id<DeviceId>(6),
               .outcome = row.text(7),
               .detail = row.text(8),
               .remote_address = row.text(9),
               .number = row.integer(10)};
  const ByteView stored = row.blob_view(11);
  if (stored.size() == std::tuple_size_v<crypto::Hash256>) std::ranges::copy(stored, out.hash.emplace().begin());
  return out;
}

std::string select(std::string_view rest) { return std::string{columns} + std::string{rest}; }

void add(std::string_view text, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}:{},", text.size(), text);
}

}  // namespace

crypto::Hash256 operation_hash(const crypto::Hash256& previous, const OperationEntry& entry) {
  std::string content;
  const auto number = [&](std::int64_t value) { add(std::to_string(value), content); };
  number(entry.number);
  number(entry.at_utc_ms);
  number(entry.user.value);
  add(entry.name, content);
  add(entry.action, content);
  number(entry.job);
  number(entry.order);
  number(entry.device.value);
  add(entry.outcome, content);
  add(entry.detail, content);
  add(entry.remote_address, content);
  return crypto::sha256({ByteView{previous}, as_bytes(content)});
}

Result<OperationChainHead> operation_chain_head(records::Transaction& transaction) {
  DUHENG_TRY(const auto last, transaction.first(select("ORDER BY l.id DESC LIMIT 1"), {}, read_entry));
  OperationChainHead head;
  if (!last) return head;
  if (last->hash) return OperationChainHead{last->entry.number, *last->hash};
  DUHENG_CHECK(transaction.each(select("ORDER BY l.id"), {}, [&](const Row& row) {
    const ChainedOperation found = read_entry(row);
    head = {found.entry.number, operation_hash(head.hash, found.entry)};
  }));
  return head;
}

Result<std::vector<ChainedOperation>> chained_operations(records::Transaction& transaction, std::int64_t after,
                                                         std::int64_t through, std::int64_t limit) {
  return transaction.all(select("WHERE l.id > ?1 AND l.id <= ?2 ORDER BY l.id LIMIT ?3"), {after, through, limit},
                         read_entry);
}

Result<std::optional<OperationSpan>> operations_between(records::Transaction& transaction, std::int64_t from_utc_ms,
                                                        std::int64_t to_utc_ms) {
  std::optional<OperationSpan> out;
  DUHENG_CHECK(transaction.each("SELECT MIN(id), MAX(id) FROM operation_log WHERE at_ms >= ?1 AND at_ms < ?2",
                                {from_utc_ms, to_utc_ms}, [&](const Row& row) {
                                  if (!row.is_null(0)) out = OperationSpan{row.integer(0), row.integer(1)};
                                }));
  return out;
}

Result<OperationChainReport> check_operation_chain(records::Database& database) {
  return database.read([](records::Transaction& t) -> Result<OperationChainReport> {
    OperationChainReport out;
    DUHENG_CHECK(t.each(select("ORDER BY l.id"), {}, [&](const Row& row) {
      const ChainedOperation found = read_entry(row);
      const crypto::Hash256 expected = operation_hash(out.head.hash, found.entry);
      if (found.hash && *found.hash != expected && out.broken_at == 0) out.broken_at = found.entry.number;
      // Goes on from what is stored, so that one wrong entry is told once.
      out.head = {found.entry.number, found.hash.value_or(expected)};
      ++out.entries;
    }));
    return out;
  });
}

}  // namespace duheng::platform
