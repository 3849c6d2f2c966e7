#include "gateway/plan/plan_file.hpp"

#include <algorithm>

namespace duheng::gateway {
namespace {

constexpr std::size_t file_bytes_max = 256U << 20;

}  // namespace

Result<void> write_plan_file(Disk& disk, const std::string& path, const FieldPlan& plan) {
  const Bytes octets = encode_field_plan(plan);
  const auto hash = crypto::sha256(octets);
  Bytes file(hash.begin(), hash.end());
  file.insert(file.end(), octets.begin(), octets.end());
  return write_file_atomically(disk, path, file);
}

Result<std::optional<FieldPlan>> read_plan_file(Disk& disk, const std::string& path) {
  const auto file = read_file(disk, path, file_bytes_max);
  if (!file && file.error().code == ErrorCode::not_found) return std::optional<FieldPlan>();
  if (!file) return std::unexpected(file.error());
  const auto damaged = [&] { return fail(ErrorCode::storage_corrupt, "the plan in " + path + " is damaged"); };
  constexpr std::size_t hash_octets = std::tuple_size_v<FieldPlanHash>;
  if (file->size() < hash_octets) return damaged();
  const ByteView octets = ByteView(*file).subspan(hash_octets);
  if (!std::ranges::equal(crypto::sha256(octets), ByteView(*file).first(hash_octets))) return damaged();
  auto plan = parse_field_plan(octets);
  if (!plan) return std::unexpected(plan.error());
  return std::optional(std::move(*plan));
}

}  // namespace duheng::gateway
