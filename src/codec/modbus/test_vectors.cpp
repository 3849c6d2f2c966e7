#include "codec/modbus/test_vectors.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

namespace duheng::modbus {

const std::vector<TestVector>& test_vectors() {
  static const std::vector<TestVector> vectors = [] {
    std::vector<TestVector> out;
    std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/modbus.json");
    for (const auto& entry : nlohmann::json::parse(file)) {
      const auto& expect = entry.at("expect");
      const std::string transport = expect.at("transport");
      TestVector vector;
      vector.name = entry.at("name");
      vector.octets = from_hex(entry.at("hex").get<std::string>()).value();
      vector.transport = transport == "rtu" ? Transport::rtu : transport == "tcp" ? Transport::tcp : Transport::ascii;
      vector.valid = expect.at("valid");
      vector.alone = expect.value("leading", "").empty();
      vector.role = vector.valid ? expect.value("role", "request") : "";
      out.push_back(std::move(vector));
    }
    return out;
  }();
  return vectors;
}

std::vector<ValidFrame> valid_frames() {
  std::vector<ValidFrame> out;
  for (const auto& vector : test_vectors()) {
    if (!vector.valid || !vector.alone) continue;
    if (vector.role != "response") out.push_back({&vector, Role::request});
    if (vector.role != "request") out.push_back({&vector, Role::response});
  }
  return out;
}

}  // namespace duheng::modbus
