#pragma once
// What every kind does with the rows of a file.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/imports/import_kind.hpp"

namespace duheng::platform {

struct ImportRow {
  std::size_t line = 0;
  const std::vector<std::string>& fields;
  std::string_view octets;  ///< see TableReader::octets()
};

/// Opens the file, hands its first row to `header` and every other to `row`; rows that cannot be read become findings
/// of the kind `malformed`. Returns how many rows there were, the header left out. Errors: malformed - no table, or an
/// empty one; limit_exceeded - over `lines_max`; cancelled; otherwise those of `header` and `row`.
[[nodiscard]] Result<std::size_t> read_import_rows(
    ByteView file, std::size_t lines_max, std::string_view malformed, ImportProgress& progress,
    std::vector<ImportFinding>& findings, const std::function<Result<void>(const std::vector<std::string>&)>& header,
    const std::function<Result<void>(const ImportRow&)>& row);

/// By line.
void sort_findings(std::vector<ImportFinding>& findings);

}  // namespace duheng::platform
