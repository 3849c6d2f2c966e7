#include "platform/sensors/sensor_table.hpp"
#include "store/table_files/csv_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  store::CsvReader reader(as_text({data, size}));
  std::vector<std::string> cells;
  for (;;) {
    const auto more = reader.next(cells);
    if (!more) continue;
    if (!*more) return 0;
    static_cast<void>(platform::check_sensor_table_head(cells));
    const auto line = platform::read_sensor_line(cells);
    if (line && line->calibration && platform::date_text(line->calibration->on_utc_ms) != cells[9] &&
        "'" + platform::date_text(line->calibration->on_utc_ms) != cells[9])
      __builtin_trap();
  }
}
