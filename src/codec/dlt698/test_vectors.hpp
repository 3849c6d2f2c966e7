#pragma once
// For tests only: the frames and bare APDUs of tests/vectors/dlt69845.json.
#include <ostream>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::dlt698 {

struct TestVector {
  std::string name;
  Bytes octets;
  bool is_bare_apdu = false;
  bool valid = false;
  bool has_apdu = false;  ///< not a fragment
  friend void PrintTo(const TestVector& vector, std::ostream* out) { *out << vector.name; }
};

[[nodiscard]] const std::vector<TestVector>& test_vectors();
/// The APDUs of all valid vectors, bare or out of their frames.
[[nodiscard]] std::vector<Bytes> test_apdus();

}  // namespace duheng::dlt698
