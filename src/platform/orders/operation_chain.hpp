#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "crypto/hash.hpp"
#include "platform/orders/operation_log.hpp"

namespace duheng::platform {

/// Binds an entry to all before it: SHA-256 over the hash of the one before (32 zero octets before the first) and the
/// entry as netstrings (`<octets>:<text>,`) of number, time in UTC milliseconds, user's number, name, action, job,
/// order, device, outcome, detail, remote address; numbers in decimal, 0 for none. docs/data-schema tells the same to
/// whoever checks an audit export.
[[nodiscard]] crypto::Hash256 operation_hash(const crypto::Hash256& previous, const OperationEntry& entry);

/// An entry with its hash as stored; nothing where it was written before entries were chained.
struct ChainedOperation {
  OperationEntry entry{};
  std::optional<crypto::Hash256> hash{};
};
/// The newest entry's number and the hash that the next one is bound to; of an older release's entries it is made here.
struct OperationChainHead {
  std::int64_t number = 0;
  crypto::Hash256 hash{};
};
[[nodiscard]] Result<OperationChainHead> operation_chain_head(records::Transaction& transaction);
/// With numbers after `after` and up to `through`, oldest first.
[[nodiscard]] Result<std::vector<ChainedOperation>> chained_operations(records::Transaction& transaction,
                                                                       std::int64_t after, std::int64_t through,
                                                                       std::int64_t limit);
/// All numbers from the first to the last entry of a time, those between included that a clock set back put elsewhere;
/// nothing when there is none.
struct OperationSpan {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
[[nodiscard]] Result<std::optional<OperationSpan>> operations_between(records::Transaction& transaction,
                                                                      std::int64_t from_utc_ms, std::int64_t to_utc_ms);

/// What came of reading the whole log and making each hash again. Who can open the database can also make a whole chain
/// anew, or leave out its end: only a head that is kept elsewhere (an audit export, a backup) shows that.
struct OperationChainReport {
  std::int64_t entries = 0;
  OperationChainHead head{};
  std::int64_t broken_at = 0;  ///< the first entry that is not what was written, or whose predecessor is gone; 0: none
  [[nodiscard]] bool sound() const noexcept { return broken_at == 0; }
};
[[nodiscard]] Result<OperationChainReport> check_operation_chain(records::Database& database);

}  // namespace duheng::platform
