#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "store/segment_log/segment_catalogue.hpp"

namespace duheng::store {

/// Of a log that may grow meanwhile.
[[nodiscard]] Result<VerifyReport> verify_catalogue(const SegmentCatalogue& catalogue);
[[nodiscard]] Result<VerifyReport> verify_one(const SegmentCatalogue& catalogue, std::uint64_t first_number);
[[nodiscard]] Result<VerifyReport> verify_files(Disk& disk, crypto::KeyProvider& keys, const std::string& directory,
                                                const std::string& purpose);

}  // namespace duheng::store
