#pragma once
#include <memory>

#include "codec/dlt645/address.hpp"
#include "codec/dlt645/data_identifier.hpp"
#include "drivers/bus/dialect.hpp"

namespace duheng::drivers {

/// DL/T 645-2007 as a master speaks it. In its terms
///   BusAddress        the six octets of the address as they travel;
///   Query::operation  the function, e.g. 11H read, 14H write, 1CH relay;
///   Query::subject    the data identifier, for the functions that carry one (03H, 11H, 14H, 18H);
///   Query::body       the rest of DATA without 33H: passwords, operator, content;
///   payload           DATA without 33H, data identifier and, in following frames, SEQ;
///   error             the error word.
/// Source: DL/T 645-2007, 7.
[[nodiscard]] std::unique_ptr<Dialect> make_dlt645_dialect();

[[nodiscard]] inline BusAddress bus_address(const dlt645::Address& address) noexcept {
  return BusAddress(address.wire());
}
/// 11H.
[[nodiscard]] Query dlt645_read(dlt645::DataIdentifier identifier);

}  // namespace duheng::drivers
