#include "store/backup/record_rows.hpp"

#include <fmt/format.h>
#include <vector>

namespace duheng::store {

Result<std::map<std::string, std::int64_t>> count_rows(records::Database& database) {
  using Rows = std::map<std::string, std::int64_t>;
  return database.read([](records::Transaction& transaction) -> Result<Rows> {
    DUHENG_TRY(const auto tables,
               transaction.all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", {},
                               [](const records::Row& row) { return row.text(0); }));
    Rows out;
    for (const std::string& table : tables) {
      // Names come from the schema, which is this product's own.
      DUHENG_TRY(const auto count, transaction.integer(fmt::format("SELECT count(*) FROM \"{}\"", table)));
      out[table] = count.value_or(0);
    }
    return out;
  });
}

}  // namespace duheng::store
