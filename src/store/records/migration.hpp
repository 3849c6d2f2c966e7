#pragma once
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "store/records/database.hpp"

namespace duheng::records {

/// One step of a capability's tables. Once released it is never edited, only followed by another.
struct Migration {
  std::string_view name;
  std::string_view sql;
};

/// A capability's tables through all releases; version n is the state after the n-th migration.
struct Capability {
  std::string_view name;
  std::span<const Migration> migrations;
};

/// Brings the database to this release, all in one transaction, in the order of `capabilities` (those that others refer
/// to come first). Nothing happens when it is already there. Errors: conflict - a migration that was applied differs
/// from this program's: the program was altered, nothing was done; unsupported - the database was written by a newer
/// release, start that one; otherwise as Transaction.
[[nodiscard]] Result<void> migrate(Database& database, const Clock& clock, std::span<const Capability> capabilities);

}  // namespace duheng::records
