#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/disk.hpp"
#include "crypto/hash.hpp"
#include "store/journal/journal.hpp"

namespace duheng::store {

/// The list beside shipped segments, in the form that `sha256sum -c` reads: one line "<64 hexadecimal digits>  <name>"
/// for each file, by name.
inline constexpr std::string_view shipping_list_name = "segments.sha256";
using ShippingList = std::map<std::string, crypto::Hash256>;
[[nodiscard]] std::string write_shipping_list(const ShippingList& list);
/// Errors: malformed.
[[nodiscard]] Result<ShippingList> parse_shipping_list(std::string_view text);

struct ShipReport {
  std::uint64_t segments_shipped = 0;  ///< by this call
  std::uint64_t segments_present = 0;  ///< were there before
  std::uint64_t bytes_shipped = 0;
  /// Every record before this one, from the journal's oldest on, stands in the directory now.
  std::uint64_t next_number = 0;
  bool more = false;  ///< the limit was reached; call again
};

/// Copies up to `segments_max` closed segments of the journal that are not in `directory` yet: each is verified, copied
/// beside its name, synchronised, read back, compared, renamed and listed, so that a call cut off at any point is gone
/// on with by the next one. The copies stay encrypted; without the key file they are of no use. Errors: storage_corrupt
/// - a segment is damaged and was not shipped, nor any after it; storage_full, storage_failed; conflict - another
/// segment of that name stands there, e.g. of another journal.
[[nodiscard]] Result<ShipReport> ship_closed_segments(const Journal& journal, Disk& disk, const std::string& directory,
                                                      std::size_t segments_max);

/// Compares the shipped files with their list. Errors: storage_failed; damage is a finding.
[[nodiscard]] Result<std::vector<VerifyFinding>> verify_shipping_list(Disk& disk, const std::string& directory);

}  // namespace duheng::store
