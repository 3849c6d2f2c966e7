#pragma once
#include <vector>

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"

namespace duheng::codec {

/// One object per frame of Q/GDW 1376.2, whole or broken, in the order they stand; at least one. Octets outside frames
/// are the next frame's "leading", those behind the last one its "trailing". A meter's frame that is carried stands in
/// "carried": its protocol's number, its octets, and how long it was under way where that is told.
[[nodiscard]] std::vector<nlohmann::ordered_json> gdw13762_to_json(ByteView octets);

}  // namespace duheng::codec
