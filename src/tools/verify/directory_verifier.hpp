#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/key_provider.hpp"
#include "store/records/database.hpp"
#include "store/seal/seal.hpp"
#include "tools/verify/directory_report.hpp"

namespace duheng::tools {

/// Called with the part or file that is being read.
using OnProgress = std::function<void(const std::string&)>;

/// Verifies one directory. Errors: unavailable - its program runs; key_missing - no key file; storage_failed;
/// invalid_argument - neither a platform's nor a gateway's.
class DirectoryVerifier {
 public:
  DirectoryVerifier(Disk& disk, const Clock& clock, Random& random, bool deep, OnProgress progress)
      : disk_(disk), clock_(clock), random_(random), deep_(deep), progress_(std::move(progress)) {}

  [[nodiscard]] Result<DirectoryReport> data_directory(const std::string& directory);
  /// A journal's directory, or shipped segments.
  [[nodiscard]] Result<DirectoryReport> journal(const std::string& directory, const std::string& key_file);

 private:
  struct Work;
  [[nodiscard]] Result<void> platform(Work& work);
  [[nodiscard]] Result<void> gateway(Work& work);
  [[nodiscard]] Result<void> check_journal(Work& work, const std::string& below);
  [[nodiscard]] Result<void> check_spool(Work& work);
  [[nodiscard]] Result<void> check_with_seal(Work& work);
  [[nodiscard]] Result<void> check_records(Work& work);
  static void check_operation_log(records::Database& database, Work& work);
  [[nodiscard]] Result<void> check_telemetry(Work& work);
  void list_unproven(Work& work, const store::Seal& seal);
  [[nodiscard]] Result<std::unique_ptr<crypto::KeyProvider>> open_key(const std::string& path);

  Disk& disk_;
  const Clock& clock_;
  Random& random_;
  const bool deep_;
  const OnProgress progress_;
};

}  // namespace duheng::tools
