#include "base/bytes.hpp"
#include "base/config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = duheng::ConfigFile::parse(duheng::as_text({data, size}), "fuzz", 4096);
  if (!file) return 0;
  const auto root = file->root();
  for (const auto& key : root.keys()) {
    static_cast<void>(root.integer(key, {0, 10}, 0));
    for (const auto& item : root.items(key)) static_cast<void>(item.as_text());
  }
  static_cast<void>(file->finish());
  return 0;
}
