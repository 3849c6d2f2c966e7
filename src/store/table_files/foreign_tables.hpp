#pragma once
// Internal to this folder.
#include "store/table_files/table_reader.hpp"

namespace duheng::store::table_files {

[[nodiscard]] Result<std::unique_ptr<TableReader>> open_xlsx(ByteView file);
[[nodiscard]] Result<std::unique_ptr<TableReader>> open_parquet(ByteView file);

/// Fields as one line of comma-separated values, quoted where they must be.
[[nodiscard]] std::string as_line(const std::vector<std::string>& fields);

}  // namespace duheng::store::table_files
