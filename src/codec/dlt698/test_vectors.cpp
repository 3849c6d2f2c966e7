#include "codec/dlt698/test_vectors.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

#include "codec/dlt698/frame.hpp"

namespace duheng::dlt698 {

const std::vector<TestVector>& test_vectors() {
  static const std::vector<TestVector> vectors = [] {
    std::vector<TestVector> out;
    std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/dlt69845.json");
    for (const auto& entry : nlohmann::json::parse(file)) {
      const auto& expect = entry.at("expect");
      TestVector vector;
      vector.name = entry.at("name");
      vector.octets = from_hex(entry.at("hex").get<std::string>()).value();
      vector.is_bare_apdu = expect.value("layer", "") == "apdu";
      vector.valid = expect.at("valid");
      vector.has_apdu = expect.contains("apdu");
      out.push_back(std::move(vector));
    }
    return out;
  }();
  return vectors;
}

std::vector<Bytes> test_apdus() {
  std::vector<Bytes> out;
  for (const TestVector& vector : test_vectors()) {
    if (!vector.valid || !vector.has_apdu) continue;
    if (vector.is_bare_apdu) {
      out.push_back(vector.octets);
      continue;
    }
    const auto frame = decode(vector.octets);
    const ByteView user_data = frame->wire_user_data();
    out.emplace_back(user_data.begin(), user_data.end());
  }
  return out;
}

}  // namespace duheng::dlt698
