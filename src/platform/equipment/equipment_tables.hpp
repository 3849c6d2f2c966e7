#pragma once
// Internal to this folder: rows as they are stored.
#include "platform/equipment/equipment.hpp"

namespace duheng::platform::equipment_tables {

[[nodiscard]] records::Capability migrations();
/// not_found when `id` is not present equipment of the scope.
[[nodiscard]] Result<void> require(records::Transaction& t, const Scope& scope, EquipmentId id);
/// Errors: invalid_argument - the uplinks above `parent` reach `id`, or are too many.
[[nodiscard]] Result<void> check_uplinks(records::Transaction& t, EquipmentId id, EquipmentId parent);
[[nodiscard]] Result<void> set_uplink(records::Transaction& t, EquipmentId id, EquipmentId parent, std::int64_t now_ms);
[[nodiscard]] Attachment read_attachment(const records::Row& row, int first);
/// Columns for read_attachment(); `a` is the table.
inline constexpr const char* attachment_columns =
    "a.port, a.kind, a.gateway_id, a.channel, a.device_id, a.from_ms, a.to_ms,"
    " COALESCE((SELECT name FROM devices WHERE id = a.device_id), (SELECT name FROM gateways WHERE id = a.gateway_id),"
    " '')";
inline constexpr int attachment_columns_count = 8;
[[nodiscard]] Result<EquipmentPicture> picture(records::Transaction& t, const Scope& scope, std::int64_t nodes_max);

}  // namespace duheng::platform::equipment_tables
