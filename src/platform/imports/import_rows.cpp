#include "platform/imports/import_rows.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

#include "store/table_files/table_reader.hpp"

namespace duheng::platform {

Result<std::size_t> read_import_rows(ByteView file, std::size_t lines_max, std::string_view malformed,
                                     ImportProgress& progress, std::vector<ImportFinding>& findings,
                                     const std::function<Result<void>(const std::vector<std::string>&)>& header,
                                     const std::function<Result<void>(const ImportRow&)>& row) {
  constexpr std::size_t told_every = 500;
  DUHENG_TRY(const auto table, store::open_table(file));
  std::vector<std::string> fields;
  DUHENG_TRY(const bool has_header, table->next(fields));
  if (!has_header) return fail(ErrorCode::malformed, "the file is empty");
  DUHENG_CHECK(header(fields));
  std::size_t count = 0;
  while (true) {
    const auto read = table->next(fields);
    if (read && !*read) break;
    if (!read && read.error().code != ErrorCode::malformed) return std::unexpected(read.error());
    if (++count > lines_max)
      return fail(ErrorCode::limit_exceeded, fmt::format("a file has at most {} lines", lines_max));
    if (read) {
      DUHENG_CHECK(row({table->line(), fields, table->octets()}));
    } else {
      findings.push_back({table->line(), std::string{malformed}, true, "", read.error().message});
    }
    if (count % told_every != 0) continue;
    progress.checked(count);
    if (progress.is_cancelled()) return fail(ErrorCode::cancelled, "cancelled");
  }
  return count;
}

void sort_findings(std::vector<ImportFinding>& findings) {
  std::ranges::sort(findings, [](const ImportFinding& a, const ImportFinding& b) {
    return std::tie(a.line, a.kind, a.column, a.message) < std::tie(b.line, b.kind, b.column, b.message);
  });
}

}  // namespace duheng::platform
