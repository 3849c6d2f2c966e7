#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/disk.hpp"
#include "base/error.hpp"
#include "model/field_order.hpp"

namespace duheng::gateway {

/// Written before the first octet of an order that changes a device may leave. Holds what the read-back needs to know
/// after a restart; never a password.
struct OrderBegun {
  OrderId id{};
  OrderKind kind = OrderKind::command;
  std::string device_uid;
  std::string name;
  std::vector<OrderArgument> arguments;  ///< those that the read-back compares with, no others
  std::int64_t utc_ms = 0;
};
/// The platform has this order's last report.
struct OrderConfirmed {
  OrderId id{};
};
/// The report is an order's last.
using OrderRecord = std::variant<OrderBegun, OrderReport, OrderConfirmed>;

/// One record as it stands in the file, appended to `out`:
///   4 octets "DHO" and version 1 · u32 length · u32 CRC-32 of the payload · payload, its first octet the kind.
void encode_order_record(const OrderRecord& record, Bytes& out);

struct ParsedOrderRecords {
  std::vector<OrderRecord> records;
  std::size_t skipped_bytes = 0;  ///< that belong to no whole record
  bool damage_within = false;     ///< whole records follow behind skipped octets: no mere torn end
};
/// Takes every whole record there is, also behind damaged places: each is true by itself.
/// Errors: unsupported - records of a newer release.
[[nodiscard]] Result<ParsedOrderRecords> parse_order_records(ByteView file);

/// The gateway's own journal of orders: append-only, checksummed, rewritten atomically when most of it is history.
/// Not thread-safe: after open() the storage thread alone.
class OrderLog {
 public:
  /// Creates the file when missing; a torn end is cut, damaged places are left out (and told in the log).
  /// Errors: storage_failed, storage_full; unsupported - a newer release's file.
  [[nodiscard]] static Result<std::unique_ptr<OrderLog>> open(Disk& disk, std::string path);
  /// What the file held, in order. Once.
  [[nodiscard]] std::vector<OrderRecord> take_found() { return std::move(found_); }
  [[nodiscard]] bool found_damage() const noexcept { return found_damage_; }

  /// Durable on return. After a failure nothing is known of what was written: only replace() is then allowed, and
  /// append() answers storage_failed.
  [[nodiscard]] Result<void> append(ByteView records);
  /// The file holds `records` and nothing else afterwards; after a crash all of the old or all of the new.
  [[nodiscard]] Result<void> replace(ByteView records);

 private:
  OrderLog(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Disk& disk_;
  std::string path_;
  std::unique_ptr<File> file_;  ///< null after a failure
  std::vector<OrderRecord> found_;
  bool found_damage_ = false;
};

}  // namespace duheng::gateway
