#pragma once
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// DL/T 698.45-2017. A model may have
///   dlt698: { objects_max: 8 }   how many attributes one question may ask
/// and an item has
///   oad       the attribute, eight hexadecimal digits: OI, attribute, index
///   element   the place in an array or structure, from 0
/// Register name, unit and exponent must agree with the object table (codec/dlt698/objects); clocks and status words
/// have neither.
///
/// A command's `operation` has
///   does      trip (`alarm_minutes`, `limit_minutes`, `closes_itself`), close_permit, close_direct, alarm,
///             alarm_release (methods of 8000; `relay`), keep_power, keep_power_release (8001), clock_set,
///             clock_broadcast (4000), freeze (5000), clear_demand, clear_meter, clear_events (4300), change_password
///             (4401; argument new_password), settlement_day (4116; arguments day, hour)
///   password  false: without a CONNECT before it; a parameter's `write` has it, too
/// Parameters that are a single number, switch, choice or date_time_s can be written.
/// A history names its record `table`, e.g. 50020200, and is read by ranges of time, `records_max` intervals, days or
/// months at once; its items are columns (`oad`, `element`). Of events the columns are 201E0200 and 20200200, and
/// `code` is what the register says at that time. An answer that comes in blocks is asked for again by shorter ranges.
[[nodiscard]] const Driver& dlt698_driver();

}  // namespace duheng::drivers
