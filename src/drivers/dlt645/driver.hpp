#pragma once
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// DL/T 645-2007. An item of a model has
///   di        the data identifier, eight hexadecimal digits, DI3 first; items of one identifier share a question;
///   element   the place in a block, from 0.
/// Register name, unit and exponent must agree with the standard's table (DL/T 645-2007, Annex A).
///
/// A command's `operation` has
///   does      relay (1CH; `relay`: trip, close_permit, close_direct, alarm, alarm_release, keep_power,
///             keep_power_release; `valid_for_ms`), clock_set (two writes), clock_broadcast (08H), freeze and
///             freeze_broadcast (16H), clear_demand (19H), clear_meter (1AH), clear_events (1BH; `di`),
///             change_password (18H; argument new_password)
///   level     PA, two digits, 2 unless stated; a parameter's `write` has it, too
/// The password has six digits, the operator code eight; both travel low pair first.
/// A history is
///   profile         load records by the time of the first wanted: `record_class` (0 all), `records_max` (8 at most);
///                   items name fields of the record; `interval_ms` is the meter's, or shorter and divides it
///   daily_freeze    items of 05xxxxxx, `di` that of the last (…01); each with the freeze's own time
///   monthly_freeze  items of 00xxxx01; the times follow from the settlement days 04000B01 to 03
///   events          `di` of the last record (…01); an item says at which octet of the record a time stands (`time_at`)
///                   and what the register then says (`code`)
[[nodiscard]] const Driver& dlt645_driver();

}  // namespace duheng::drivers
