#pragma once
#include <memory>
#include <span>

#include "codec/dlt698/address.hpp"
#include "codec/dlt698/value.hpp"
#include "drivers/bus/dialect.hpp"

namespace duheng::drivers {

/// DL/T 698.45-2017 as a client speaks it to one meter or many. In its terms
///   BusAddress        AF and the octets of the server address as they travel;
///   Query::operation  the service's tag, e.g. 05H GET, 06H SET, 07H ACTION;
///   Query::subject    not used;
///   Query::body       the APDU without its tag; PIID is filled in here;
///   payload           the whole APDU of the answer, pieces joined;
///   error             the data access result, when the whole answer is one; 100H + type of an ERROR-Response; 200H +
///                     result of a CONNECT that was not allowed.
/// PIID counts up with every question; an answer must repeat it. Answers in pieces are confirmed piece by piece.
/// Source: DL/T 698.45-2017, link layer and application layer.
[[nodiscard]] std::unique_ptr<Dialect> make_dlt698_dialect();

[[nodiscard]] BusAddress bus_address(const dlt698::ServerAddress& address);
/// GET of one or more attributes.
[[nodiscard]] Query dlt698_get(std::span<const dlt698::Oad> oads);

}  // namespace duheng::drivers
