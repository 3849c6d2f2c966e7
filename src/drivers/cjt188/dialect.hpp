#pragma once
#include <memory>

#include "codec/cjt188/address.hpp"
#include "codec/cjt188/message.hpp"
#include "drivers/bus/dialect.hpp"

namespace duheng::drivers {

/// CJ/T 188-2004 and -2018 as a master speaks it. In its terms
///   BusAddress        the seven octets of the address as they travel;
///   Query::operation  T << 8 | control code, e.g. 2001H reads a heat meter;
///   Query::subject    place of the profile in cjt188::known_profiles() << 16 | data identifier;
///   Query::body       what follows SER;
///   payload           what follows SER;
///   error             the status word of the refusal, first octet low.
/// SER counts up with every question; an answer must repeat it.
/// Source: CJ/T 188-2004 and -2018, data link and application layer.
[[nodiscard]] std::unique_ptr<Dialect> make_cjt188_dialect();

[[nodiscard]] inline BusAddress bus_address(const cjt188::Address& address) noexcept {
  return BusAddress(address.wire());
}
/// 01H. `profile` is one of cjt188::known_profiles(); any other counts as the first.
[[nodiscard]] Query cjt188_read(std::uint8_t meter_type, const cjt188::Profile& profile,
                                cjt188::DataIdentifier identifier);

}  // namespace duheng::drivers
