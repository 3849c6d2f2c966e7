#pragma once
#include <functional>
#include <string>

#include "base/disk.hpp"
#include "crypto/key_provider.hpp"
#include "store/segment_log/segment_log.hpp"

namespace duheng::store {

/// Checks every file of a journal's directory, or of a copy of it, that no process has open: segments with their chain,
/// frame indexes, backup watermark, list of shipped segments; a file of any other name is a finding. Changes nothing.
/// Errors: storage_failed - could not be read; damage is a finding.
[[nodiscard]] Result<VerifyReport> verify_journal_directory(Disk& disk, crypto::KeyProvider& keys,
                                                            const std::string& directory);

}  // namespace duheng::store
