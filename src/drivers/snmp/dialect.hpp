#pragma once
#include <memory>
#include <vector>

#include "codec/snmp/pdu.hpp"
#include "drivers/bus/dialect.hpp"
#include "drivers/snmp/credentials.hpp"

namespace duheng::drivers {

/// SNMPv2c and v3 over datagrams. Address: the name of a credential. Query: operation is a PDU type (get, get_next),
/// body a list of bindings (snmp::encode_bindings). Payload: the answer's list of bindings. Refusals: the error status
/// of RFC 3416; 1000 and more: what the security layer of version 3 reports (usmStats, RFC 3414, 5).
///
/// Version 3 first asks the device who it is and how long it has run; that exchange, and one after its clock was found
/// to be another, are parts of the same question. The engine's time is what it said last: a device that has not been
/// asked for longer than the 150 s of RFC 3414, 2.2.3 says so, and is asked again at once.
///
/// Frames are handed on with the community overwritten.
[[nodiscard]] std::unique_ptr<Dialect> make_snmp_dialect(std::shared_ptr<const SnmpCredentials> credentials);

inline constexpr std::uint32_t snmp_security_errors = 1'000;

[[nodiscard]] Query snmp_question(snmp::PduType type, const std::vector<snmp::ObjectId>& names);

}  // namespace duheng::drivers
