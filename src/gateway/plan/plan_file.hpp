#pragma once
#include <optional>
#include <string>

#include "base/disk.hpp"
#include "crypto/hash.hpp"
#include "model/field_plan.hpp"

namespace duheng::gateway {

[[nodiscard]] inline FieldPlanHash hash_of(const FieldPlan& plan) { return crypto::sha256(encode_field_plan(plan)); }

/// Keeps the plan in force, so that a gateway that starts without its platform serves what it served: the SHA-256 of
/// the canonical octets, then those octets. Written whole or not at all.
/// Errors: of the disk.
[[nodiscard]] Result<void> write_plan_file(Disk& disk, const std::string& path, const FieldPlan& plan);
/// Nothing when there is no such file. Errors: storage_corrupt - it is damaged; serve what the gateway's own file names
/// until the platform sends the plan again.
[[nodiscard]] Result<std::optional<FieldPlan>> read_plan_file(Disk& disk, const std::string& path);

}  // namespace duheng::gateway
