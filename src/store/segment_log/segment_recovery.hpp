#pragma once
#include <optional>
#include <string>
#include <vector>

#include "store/segment_log/segment_file.hpp"

namespace duheng::store {

/// What stands in a log's directory, after judging the end of its last segment. Nothing has been changed yet.
struct Recovery {
  struct Last {
    SegmentHeader header;
    crypto::SecretKey key;
    SegmentIndex index;
    bool closed = false;  ///< ends with its index
  };
  std::vector<std::uint64_t> segments;        ///< first numbers, ascending; the torn one left out
  std::optional<Last> last;                   ///< of segments.back()
  std::optional<std::uint64_t> torn_segment;  ///< a file whose header was never whole: to be removed
  OpenReport report;
};

/// Errors: storage_corrupt - damage that no crash explains; key_missing; unsupported; storage_failed.
[[nodiscard]] Result<Recovery> examine_log(Disk& disk, crypto::KeyProvider& keys, const std::string& directory,
                                           const std::string& purpose, std::uint64_t first_number_of_new_log);

}  // namespace duheng::store
