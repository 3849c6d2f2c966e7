#pragma once
// For tests only: the frames of tests/vectors/cjt188.json.
#include <ostream>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::cjt188 {

struct TestVector {
  std::string name;
  Bytes octets;
  bool valid = false;
  std::string error;    ///< "checksum", "end" ...; empty for a valid frame
  std::string address;  ///< of a valid frame
  std::string payload;  ///< behind DI and SER; empty when there is none
  friend void PrintTo(const TestVector& vector, std::ostream* out) { *out << vector.name; }
};

[[nodiscard]] const std::vector<TestVector>& test_vectors();
[[nodiscard]] std::vector<TestVector> valid_test_vectors();

}  // namespace duheng::cjt188
