#include "codec/gdw13762/test_vectors.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

namespace duheng::gdw13762 {

const std::vector<TestVector>& test_vectors() {
  static const std::vector<TestVector> vectors = [] {
    std::vector<TestVector> out;
    std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/gdw13762.json");
    for (const auto& entry : nlohmann::json::parse(file))
      out.push_back(
          {entry.at("name"), from_hex(entry.at("hex").get<std::string>()).value(), entry.at("expect").at("valid")});
    return out;
  }();
  return vectors;
}

}  // namespace duheng::gdw13762
