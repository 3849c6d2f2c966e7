#pragma once
#include <vector>

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"

namespace duheng::codec {

/// One object per frame, whole or broken, in the order they stand; at least one, so that no input is passed over in
/// silence. Octets before a frame are its "leading", those behind the last one its "trailing".
[[nodiscard]] std::vector<nlohmann::ordered_json> cjt188_to_json(ByteView octets);

}  // namespace duheng::codec
