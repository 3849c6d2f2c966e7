// What a server may say: every entry that comes out has a name.
#include <cstdint>
#include <cstdlib>

#include "store/backup/sftp_place.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto listed = duheng::store::parse_sftp_listing(duheng::as_text({data, size}));
  if (!listed) return 0;
  for (const auto& entry : *listed)
    if (entry.name.empty()) std::abort();
  return 0;
}
