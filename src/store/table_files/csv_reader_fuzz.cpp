#include <cstdlib>

#include "store/table_files/csv_reader.hpp"

// Whatever comes is read to its end; what was read is written and read again the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::store;
  const auto text = decode_text_file({data, size});
  if (!text) return 0;
  CsvReader reader(*text);
  std::vector<std::string> fields;
  std::size_t line = 0;
  while (true) {
    const auto read = reader.next(fields);
    if (read && !*read) break;
    if (reader.line() <= line) std::abort();  // it must get on
    line = reader.line();
    if (!read) continue;
    std::string again;
    bool plain = true;
    for (const auto& field : fields) {
      again += (again.empty() ? "" : ",") + csv_field(field);
      plain = plain && (field.empty() || std::string_view("=+-@\t\r").find(field.front()) == std::string_view::npos);
    }
    if (!plain) continue;
    again += '\n';
    CsvReader second(again);
    std::vector<std::string> same;
    const auto reread = second.next(same);
    if (!reread || !*reread || same != fields) std::abort();
  }
  return 0;
}
