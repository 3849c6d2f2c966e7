#pragma once
#include "platform/equipment/equipment.hpp"
#include "platform/equipment/equipment_import.hpp"
#include "platform/equipment/equipment_supervision.hpp"
#include "platform/equipment/equipment_watch.hpp"

namespace duheng::platform {

/// What the web API needs of this folder, in one place.
struct EquipmentDesk {
  EquipmentLedger& ledger;
  EquipmentWatch& watch;
  EquipmentSupervision& supervision;
  EquipmentImport& import;
};

}  // namespace duheng::platform
