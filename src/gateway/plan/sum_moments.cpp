#include "gateway/plan/sum_moments.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace duheng::gateway {
namespace {

constexpr std::string_view magic = "DHSM";
constexpr std::uint8_t format = 1;
constexpr std::size_t file_bytes_max = 1U << 20;
constexpr std::size_t hash_octets = std::tuple_size_v<crypto::Hash256>;

crypto::Hash256 hash_of_sum(const FieldSum& sum) {
  Bytes octets;
  ByteWriter out(octets);
  out.sized(sum.register_name);
  out.sized(sum.unit);
  out.u8(static_cast<std::uint8_t>(-sum.exponent));
  out.varint(static_cast<std::uint64_t>(sum.interval_ms));
  out.varint(static_cast<std::uint64_t>(sum.tolerance_ms));
  out.varint(static_cast<std::uint64_t>(sum.wait_ms));
  for (const auto& member : sum.members) out.sized(member);
  return crypto::sha256(octets);
}

}  // namespace

std::optional<std::int64_t> SumMoments::find(const FieldSum& sum) const {
  const auto known = known_.find(sum.uid);
  if (known == known_.end() || known->second.hash != hash_of_sum(sum)) return std::nullopt;
  return known->second.after_utc_ms;
}

bool SumMoments::note(const FieldSum& sum, std::int64_t after_utc_ms) {
  const Known news{hash_of_sum(sum), after_utc_ms};
  Known& known = known_[sum.uid];
  if (known == news) return false;
  known = news;
  return true;
}

bool SumMoments::forget(std::string_view uid) {
  const auto known = known_.find(uid);
  if (known == known_.end()) return false;
  known_.erase(known);
  return true;
}

Bytes SumMoments::encode() const {
  Bytes octets;
  ByteWriter out(octets);
  out.raw(as_bytes(magic));
  out.u8(format);
  out.varint(known_.size());
  for (const auto& [uid, known] : known_) {
    out.sized(uid);
    out.raw(known.hash);
    out.varint(static_cast<std::uint64_t>(std::max<std::int64_t>(known.after_utc_ms, 0)));
  }
  return octets;
}

Result<SumMoments> SumMoments::parse(ByteView octets) {
  SumMoments out;
  ByteReader in(octets);
  const bool is_ours = as_text(in.raw(magic.size())) == magic && in.u8() == format;
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < count; ++i) {
    std::string uid(in.sized_text());
    const ByteView hash = in.raw(hash_octets);
    Known known;
    if (hash.size() == hash_octets) std::ranges::copy(hash, known.hash.begin());
    known.after_utc_ms = static_cast<std::int64_t>(in.varint());
    out.known_.insert_or_assign(std::move(uid), known);
  }
  if (!is_ours || !in.ok() || !in.at_end()) return fail(ErrorCode::malformed, "these are no moments of sums");
  return out;
}

Result<void> write_sum_moments(Disk& disk, const std::string& path, const SumMoments& moments) {
  const Bytes octets = moments.encode();
  const auto hash = crypto::sha256(octets);
  Bytes file(hash.begin(), hash.end());
  file.insert(file.end(), octets.begin(), octets.end());
  return write_file_atomically(disk, path, file);
}

Result<SumMoments> read_sum_moments(Disk& disk, const std::string& path) {
  const auto file = read_file(disk, path, file_bytes_max);
  if (!file && file.error().code == ErrorCode::not_found) return SumMoments{};
  if (!file) return std::unexpected(file.error());
  const auto damaged = [&] {
    return fail(ErrorCode::storage_corrupt, "the moments of sums in " + path + " are damaged");
  };
  if (file->size() < hash_octets) return damaged();
  const ByteView octets = ByteView(*file).subspan(hash_octets);
  if (!std::ranges::equal(crypto::sha256(octets), ByteView(*file).first(hash_octets))) return damaged();
  auto moments = SumMoments::parse(octets);
  if (!moments) return damaged();
  return moments;
}

}  // namespace duheng::gateway
