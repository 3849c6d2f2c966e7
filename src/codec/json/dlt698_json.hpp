#pragma once
#include <vector>

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"

namespace duheng::codec {

/// One object per frame, whole or broken, in the order they stand; at least one, so that no input is passed over in
/// silence. Octets before a frame are its "leading", those behind the last one its "trailing".
///
/// The APDU stands in "apdu", its parts under the names of the grammar (codec/dlt698/grammar.cpp); a Data is an object
/// of one member named after its type, NULL is null. "user_data" is plain; where the frame was scrambled its octets as
/// they travelled stand in "user_data_wire". A frame that is whole but holds no well-formed APDU is not valid.
[[nodiscard]] std::vector<nlohmann::ordered_json> dlt698_to_json(ByteView octets);

/// The same for octets that are an APDU alone: exactly one object, with "layer": "apdu". Octets behind the APDU are its
/// "trailing".
[[nodiscard]] std::vector<nlohmann::ordered_json> dlt698_apdu_to_json(ByteView octets);

}  // namespace duheng::codec
