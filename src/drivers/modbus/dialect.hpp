#pragma once
#include <memory>

#include "codec/modbus/function.hpp"
#include "codec/modbus/read_plan.hpp"
#include "drivers/bus/dialect.hpp"

namespace duheng::drivers {

/// Modbus as a client (master) speaks it. In its terms
///   BusAddress        the unit, one octet;
///   Query::operation  the function code;
///   Query::subject    for functions 1 to 4: address << 16 | quantity;
///   Query::body       for the others: what follows the function code;
///   payload           of reads (1 to 4, 23) the values' octets, else what follows the function code;
///   error             the exception code.
/// A Modbus answer does not say which registers it holds (over TCP the transaction tells, on a line nothing does): that
/// it belongs to its question rests on the Session's asking nothing else while an answer may still come.
/// Source: Modbus Application Protocol V1.1b3; Modbus over Serial Line V1.02; Modbus Messaging on TCP/IP V1.0b.
[[nodiscard]] std::unique_ptr<Dialect> make_modbus_dialect(modbus::Transport transport);

[[nodiscard]] BusAddress modbus_unit(std::uint8_t unit) noexcept;
/// Functions 1 to 4.
[[nodiscard]] Query modbus_read(const modbus::PlannedRead& read);

}  // namespace duheng::drivers
