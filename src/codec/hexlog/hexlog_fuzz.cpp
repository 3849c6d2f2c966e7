#include <cstdlib>

#include "codec/hexlog/hexlog.hpp"

// Whatever the text: every octet took two digits at least (a single one after "0x"), places ascend, lines are counted.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace hexlog = duheng::codec::hexlog;
  const auto log = hexlog::read(duheng::as_text({data, size}));
  if (!log) {
    if (size <= hexlog::limits::text_bytes_max) std::abort();
    return 0;
  }
  std::size_t octets = 0;
  std::size_t line = 0;
  for (const auto& piece : log->pieces) {
    octets += piece.octets.size();
    if (piece.octets.empty() || piece.places.empty() || piece.places.front().octet != 0) std::abort();
    for (std::size_t i = 0; i < piece.places.size(); ++i) {
      const auto& place = piece.places[i];
      if (place.line < line || place.line > log->lines || place.column == 0) std::abort();
      if (place.octet >= piece.octets.size() || (i > 0 && place.octet <= piece.places[i - 1].octet)) std::abort();
      line = place.line;
    }
  }
  if (octets != log->octets || octets * 2 > size) std::abort();
  if (log->blank_lines + log->skipped_lines > log->lines || log->skipped.size() > log->skipped_lines) std::abort();
  return 0;
}
