#pragma once
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "codec/modbus/function.hpp"

namespace duheng::codec {

/// One object per frame, whole or broken, in the order they stand; at least one, so that no input is passed over in
/// silence. Octets outside frames are the next frame's "leading", those behind the last one its "trailing".
///
/// `transport` and `role`: found from the octets when not given. An RTU, ASCII or TCP frame does not say who sent it:
/// "role" is "request" or "response" where only one of them makes sense, else "either". The keys then are those of the
/// request, and where an answer would read otherwise they stand in "as_response".
/// Numbers of the protocol (function, unit, address, quantity, registers) are JSON numbers; coils are true and false;
/// checksums are hexadecimal, the high octet first.
[[nodiscard]] std::vector<nlohmann::ordered_json> modbus_to_json(ByteView octets,
                                                                 std::optional<modbus::Transport> transport,
                                                                 std::optional<modbus::Role> role);
[[nodiscard]] std::vector<nlohmann::ordered_json> modbus_to_json(ByteView octets);

}  // namespace duheng::codec
