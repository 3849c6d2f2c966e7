#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/disk.hpp"
#include "crypto/hash.hpp"
#include "model/field_derivation_plan.hpp"

namespace duheng::gateway {

/// Since when the plan's sums have the members they have, so that after a restart nothing of before is added up by
/// members of today.
class SumMoments {
 public:
  /// The instant a sum holds after, when it is the one that was noted; else nothing.
  [[nodiscard]] std::optional<std::int64_t> find(const FieldSum& sum) const;
  /// `sum` with its members found out. True when that is news.
  bool note(const FieldSum& sum, std::int64_t after_utc_ms);
  bool forget(std::string_view uid);
  [[nodiscard]] std::size_t size() const noexcept { return known_.size(); }

  [[nodiscard]] Bytes encode() const;
  /// Errors: malformed.
  [[nodiscard]] static Result<SumMoments> parse(ByteView octets);
  friend bool operator==(const SumMoments&, const SumMoments&) = default;

 private:
  struct Known {
    crypto::Hash256 hash{};
    std::int64_t after_utc_ms = 0;
    friend bool operator==(const Known&, const Known&) = default;
  };
  std::map<std::string, Known, std::less<>> known_;
};

/// Written whole or not at all, with its SHA-256. Errors: of the disk.
[[nodiscard]] Result<void> write_sum_moments(Disk& disk, const std::string& path, const SumMoments& moments);
/// None when there is no such file. Errors: storage_corrupt - all sums count from now on.
[[nodiscard]] Result<SumMoments> read_sum_moments(Disk& disk, const std::string& path);

}  // namespace duheng::gateway
