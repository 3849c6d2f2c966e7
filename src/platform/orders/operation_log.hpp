#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "platform/organisations/scope.hpp"
#include "platform/people/people.hpp"
#include "store/records/database.hpp"

namespace duheng::platform {

/// Who does something to devices.
struct Author {
  UserId user{};
  std::string name{};
  Role role = Role::viewer;
  Scope scope = Scope::below({});
  std::string remote_address{};
};

/// One step of what was done to devices: who, when, what, with what result. Kept for good.
struct OperationEntry {
  std::int64_t at_utc_ms = 0;
  UserId user{};       ///< 0: the platform itself, or a device by its gateway
  std::string name{};  ///< of the user, as it was then
  /// create_job, confirm_job, cancel_job, lapse_job, order_over, set_access, forget_access, protect, unprotect
  std::string action{};
  std::int64_t job = 0;
  std::int64_t order = 0;
  DeviceId device{};
  std::string device_name{};  ///< as it is now; read only
  std::string outcome{};      ///< ok, an error's name, or an order's last stage
  std::string detail{};       ///< for people, in English; never a secret
  std::string remote_address{};
  std::int64_t number = 0;  ///< of the entry, rising; read only
};

/// Which entries; what is empty or 0 asks for everything.
struct OperationQuery {
  std::int64_t from_utc_ms = 0;
  std::int64_t to_utc_ms = 0;  ///< up to, but not with
  std::string name{};          ///< part of the user's name
  std::string action{};
  std::string outcome{};
  DeviceId device{};
  std::int64_t job = 0;
  std::int64_t before_number = 0;  ///< entries older than this one: to go on where a page ended, whatever came since
  std::int64_t page = 1;
  std::int64_t page_size = 50;
};
struct OperationPage {
  std::vector<OperationEntry> entries{};  ///< newest first
  std::int64_t total = 0;                 ///< of all pages
};

/// For the capabilities of this folder, within their own transactions.
[[nodiscard]] Result<void> write_operation(records::Transaction& transaction, const OperationEntry& entry);
[[nodiscard]] OperationEntry operation_of(const Author& author, std::string_view action, std::int64_t at_utc_ms);

/// Newest first. Within a scope: what its users did, and what was done to its devices.
[[nodiscard]] Result<std::vector<OperationEntry>> operations(records::Database& database, const Scope& scope,
                                                             std::int64_t limit);
[[nodiscard]] Result<OperationPage> find_operations(records::Database& database, const Scope& scope,
                                                    const OperationQuery& query);

}  // namespace duheng::platform
