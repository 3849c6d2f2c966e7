#include <cstdlib>

#include "platform/analyser/analyser.hpp"

// Whatever the text: every octet that was read comes out once, fields cover their frame, nothing crashes. The first
// octet chooses the protocol.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace analyser = duheng::platform::analyser;
  if (size == 0) return 0;
  const auto rows = analyser::protocols();
  const std::size_t choice = data[0] % (rows.size() + 2);
  const bool is_apdu = choice == rows.size() + 1;
  const std::string_view protocol = choice < rows.size() ? rows[choice].name : "auto";
  const std::string_view text = duheng::as_text({data + 1, size - 1});
  const auto analysis = analyser::analyse({.text = text, .protocol = protocol, .is_apdu = is_apdu}, {});
  if (!analysis) return 0;
  std::size_t octets = 0;
  for (const auto& item : analysis->items) {
    octets += item.octets.size();
    if (!item.fields) continue;
    std::size_t at = 0;
    for (std::size_t i = 0; i < item.fields->size(); ++i) {
      const auto& field = (*item.fields)[i];
      if (i + 1 < item.fields->size() && (*item.fields)[i + 1].depth > field.depth) continue;
      if (field.offset != at) std::abort();
      at += field.size;
    }
    if (at != item.octets.size()) std::abort();
  }
  const bool all_told = analysis->items.size() == analysis->frames + analysis->gaps;
  if (all_told && octets != analysis->log.octets) std::abort();
  return 0;
}
