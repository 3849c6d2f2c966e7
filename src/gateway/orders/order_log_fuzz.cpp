#include <cstdlib>

#include "gateway/orders/order_log.hpp"

/// Whatever a file holds: no crash, and what was understood is understood the same when written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = duheng::gateway::parse_order_records({data, size});
  if (!parsed) return 0;
  duheng::Bytes again;
  for (const auto& record : parsed->records) duheng::gateway::encode_order_record(record, again);
  const auto second = duheng::gateway::parse_order_records(again);
  if (!second || second->skipped_bytes != 0 || second->records.size() != parsed->records.size()) std::abort();
  return 0;
}
