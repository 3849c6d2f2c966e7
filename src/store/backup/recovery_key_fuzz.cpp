// The head of a recovery key; opening one would spend its time in Argon2id.
#include <cstdint>

#include "store/backup/recovery_key.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)duheng::store::mark_of_recovery_key({data, size});
  return 0;
}
