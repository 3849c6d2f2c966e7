#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "store/records/database.hpp"

namespace duheng::store {

/// How many rows each table of a records database holds.
[[nodiscard]] Result<std::map<std::string, std::int64_t>> count_rows(records::Database& database);

}  // namespace duheng::store
