#pragma once
// For tests only: the frames of tests/vectors/modbus.json.
#include <ostream>
#include <string>
#include <vector>

#include "codec/modbus/frame.hpp"

namespace duheng::modbus {

struct TestVector {
  std::string name;
  Bytes octets;
  Transport transport = Transport::rtu;
  bool valid = false;
  bool alone = true;  ///< the frame begins with the first octet
  std::string role;   ///< "request", "response", "either"; empty for an invalid frame
  friend void PrintTo(const TestVector& vector, std::ostream* out) { *out << vector.name; }
};

[[nodiscard]] const std::vector<TestVector>& test_vectors();
/// Every frame of the vectors once for each role by which it is sound.
struct ValidFrame {
  const TestVector* vector = nullptr;
  Role role = Role::request;
};
[[nodiscard]] std::vector<ValidFrame> valid_frames();

}  // namespace duheng::modbus
