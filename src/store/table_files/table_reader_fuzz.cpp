#include <cstdlib>

#include "store/table_files/table_reader.hpp"

// Whatever comes is read to its end, or to a limit; lines only rise, and what is handed out keeps its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  namespace limits = store::table_read_limits;
  const auto table = store::open_table({data, size});
  if (!table) return 0;
  std::vector<std::string> fields;
  std::size_t line = 0;
  for (int rows = 0; rows < 2'000; ++rows) {
    const auto read = (*table)->next(fields);
    if (!read && read.error().code != ErrorCode::malformed) break;
    if (read && !*read) break;
    // A damaged part may fail again and again where it stands.
    if ((*table)->line() < line || (read && (*table)->line() == line)) std::abort();
    line = (*table)->line();
    if (!read) continue;
    if (fields.size() > limits::fields_max || (*table)->octets().size() > limits::octets_max) std::abort();
    for (const auto& field : fields)
      if (field.size() > limits::field_bytes_max) std::abort();
  }
  return 0;
}
