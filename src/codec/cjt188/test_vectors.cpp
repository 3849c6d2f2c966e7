#include "codec/cjt188/test_vectors.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

namespace duheng::cjt188 {

const std::vector<TestVector>& test_vectors() {
  static const std::vector<TestVector> vectors = [] {
    std::vector<TestVector> out;
    std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/cjt188.json");
    for (const auto& entry : nlohmann::json::parse(file)) {
      const auto& expect = entry.at("expect");
      TestVector vector;
      vector.name = entry.at("name");
      vector.octets = from_hex(entry.at("hex").get<std::string>()).value();
      vector.valid = expect.at("valid");
      vector.error = expect.value("error", "");
      vector.address = expect.value("address", "");
      vector.payload = expect.value("payload", "");
      out.push_back(std::move(vector));
    }
    return out;
  }();
  return vectors;
}

std::vector<TestVector> valid_test_vectors() {
  std::vector<TestVector> out = test_vectors();
  std::erase_if(out, [](const TestVector& vector) { return !vector.valid; });
  return out;
}

}  // namespace duheng::cjt188
