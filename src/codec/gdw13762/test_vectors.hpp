#pragma once
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::gdw13762 {

struct TestVector {
  std::string name;
  Bytes octets;
  bool valid = false;
};
/// tests/vectors/gdw13762.json.
[[nodiscard]] const std::vector<TestVector>& test_vectors();

}  // namespace duheng::gdw13762
