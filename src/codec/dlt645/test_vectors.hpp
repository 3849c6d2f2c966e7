#pragma once
// For tests only: the frames of tests/vectors/dlt645.json.
#include <ostream>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::dlt645 {

struct TestVector {
  std::string name;
  Bytes octets;
  bool valid = false;
  std::string error;    ///< "checksum", "truncated" …; empty for a valid frame
  std::string address;  ///< of a valid frame
  std::string data_minus_33;
  friend void PrintTo(const TestVector& vector, std::ostream* out) { *out << vector.name; }
};

[[nodiscard]] const std::vector<TestVector>& test_vectors();

}  // namespace duheng::dlt645
