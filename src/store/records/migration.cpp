#include "store/records/migration.hpp"

#include <fmt/format.h>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/hash.hpp"

namespace duheng::records {
namespace {

constexpr std::string_view ledger_table =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "capability TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, "
    "applied_at_ms INTEGER NOT NULL, PRIMARY KEY (capability, version))";

using Applied = std::map<std::string, std::map<std::int64_t, std::string>, std::less<>>;

std::string checksum_of(const Migration& migration) { return to_hex(crypto::sha256(as_bytes(migration.sql))); }

Result<Applied> read_applied(Transaction& transaction) {
  Applied applied;
  DUHENG_CHECK(transaction.each("SELECT capability, version, checksum FROM schema_migrations", {},
                                [&](const Row& row) { applied[row.text(0)][row.integer(1)] = row.text(2); }));
  return applied;
}

Result<void> check_no_newer(const Applied& applied, std::span<const Capability> capabilities) {
  for (const auto& [name, versions] : applied) {
    std::size_t known = 0;
    for (const auto& capability : capabilities) {
      if (capability.name == name) known = capability.migrations.size();
    }
    if (versions.rbegin()->first > static_cast<std::int64_t>(known)) {
      return fail(ErrorCode::unsupported,
                  fmt::format("the records were written by a newer release: {} is at version {}, this "
                              "program knows {}",
                              name, versions.rbegin()->first, known));
    }
  }
  return {};
}

Result<void> migrate_capability(Transaction& transaction, const Clock& clock, const Capability& capability,
                                const std::map<std::int64_t, std::string>& applied) {
  std::int64_t version = 0;
  for (const auto& migration : capability.migrations) {
    ++version;
    const std::string checksum = checksum_of(migration);
    if (const auto found = applied.find(version); found != applied.end()) {
      if (found->second == checksum) continue;
      return fail(ErrorCode::conflict,
                  fmt::format("migration {} of {} ({}) is not the one that was applied to this database", version,
                              capability.name, migration.name));
    }
    if (auto done = transaction.run_script(migration.sql); !done) {
      done.error().message =
          fmt::format("migration {} of {} ({}): {}", version, capability.name, migration.name, done.error().message);
      return done;
    }
    DUHENG_CHECK(
        transaction.execute("INSERT INTO schema_migrations (capability, version, name, checksum, applied_at_ms) VALUES "
                            "(?1, ?2, ?3, ?4, ?5)",
                            {capability.name, version, migration.name, checksum, clock.utc_ms()}));
  }
  return {};
}

}  // namespace

Result<void> migrate(Database& database, const Clock& clock, std::span<const Capability> capabilities) {
  return database.write([&](Transaction& transaction) -> Result<void> {
    DUHENG_CHECK(transaction.execute(ledger_table));
    DUHENG_TRY(const auto applied, read_applied(transaction));
    DUHENG_CHECK(check_no_newer(applied, capabilities));
    for (const auto& capability : capabilities) {
      const auto found = applied.find(capability.name);
      DUHENG_CHECK(migrate_capability(transaction, clock, capability,
                                      found == applied.end() ? std::map<std::int64_t, std::string>{} : found->second));
    }
    return {};
  });
}

}  // namespace duheng::records
