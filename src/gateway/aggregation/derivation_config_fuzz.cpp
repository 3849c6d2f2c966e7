#include "base/bytes.hpp"
#include "gateway/aggregation/derivation_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const auto file = ConfigFile::parse(as_text({data, size}), "fuzz.yaml");
  if (!file) return 0;
  const auto config = gateway::read_derivation(file->root());
  if (!file->finish()) return 0;
  // Whatever rule was accepted takes every value.
  for (const auto& point : config.points) {
    gateway::PointProcessor processor(point.rule);
    for (const std::int64_t mantissa : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{12'345}, INT64_MAX})
      for (const std::int8_t exponent : {std::int8_t{-128}, std::int8_t{-3}, std::int8_t{0}, std::int8_t{127}})
        static_cast<void>(processor.take({mantissa, exponent}, Quality::good));
  }
  return 0;
}
