#include "codec/dlt645/test_vectors.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

namespace duheng::dlt645 {

const std::vector<TestVector>& test_vectors() {
  static const std::vector<TestVector> vectors = [] {
    std::vector<TestVector> out;
    std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/dlt645.json");
    for (const auto& entry : nlohmann::json::parse(file)) {
      const auto& expect = entry.at("expect");
      TestVector vector;
      vector.name = entry.at("name");
      vector.octets = from_hex(entry.at("hex").get<std::string>()).value();
      vector.valid = expect.at("valid");
      vector.error = expect.value("error", "");
      vector.address = expect.value("address", "");
      vector.data_minus_33 = expect.value("data_minus_33", "");
      out.push_back(std::move(vector));
    }
    return out;
  }();
  return vectors;
}

}  // namespace duheng::dlt645
