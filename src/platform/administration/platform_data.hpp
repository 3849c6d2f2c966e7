#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/certificate_issuer.hpp"
#include "crypto/key_provider.hpp"
#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/sqlite_database.hpp"

namespace duheng::platform {

/// Where things stand in a platform's data directory.
struct PlatformPaths {
  explicit PlatformPaths(std::string data) : root(std::move(data)) {}
  std::string root;
  [[nodiscard]] std::string lock() const { return root + "/lock"; }
  [[nodiscard]] std::string master_key() const { return root + "/keys/master.key"; }
  [[nodiscard]] std::string keys() const { return root + "/keys"; }
  [[nodiscard]] std::string authority() const { return root + "/authority"; }
  [[nodiscard]] std::string records() const { return root + "/records"; }
  [[nodiscard]] std::string journal() const { return root + "/journal"; }
  [[nodiscard]] std::string telemetry() const { return root + "/telemetry"; }
  [[nodiscard]] std::string exports() const { return root + "/exports"; }
  [[nodiscard]] std::string imports() const { return root + "/imports"; }
  [[nodiscard]] std::string run() const { return root + "/run"; }
  [[nodiscard]] std::string ports() const { return run() + "/ports.json"; }
};

/// Says that this process works on the data directory; given back at the end of the process or of this object. An
/// advisory lock (flock) of the operating system: it cannot be left behind by a process that was killed.
class DataDirectoryLock {
 public:
  /// Errors: unavailable - another process has it; storage_failed - the directory cannot be made or written.
  [[nodiscard]] static Result<DataDirectoryLock> take(const PlatformPaths& paths, Disk& disk);
  DataDirectoryLock(DataDirectoryLock&& other) noexcept;
  DataDirectoryLock& operator=(DataDirectoryLock&& other) noexcept;
  ~DataDirectoryLock();

 private:
  explicit DataDirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

/// What the server and the command line both need of a data directory: keys, the authority, and the records with all
/// their capabilities, brought to this release. Thread-safe as its parts are.
class PlatformRecords {
 public:
  /// Makes what is missing. Errors: as LocalKeyProvider, LocalCertificateIssuer, SqliteDatabase and migrate() give.
  [[nodiscard]] static Result<std::unique_ptr<PlatformRecords>> open(const PlatformPaths& paths, Disk& disk,
                                                                     const Clock& clock, Random& random,
                                                                     PeopleOptions people = {});

  [[nodiscard]] crypto::KeyProvider& keys() noexcept { return *keys_; }
  [[nodiscard]] crypto::CertificateIssuer& issuer() noexcept { return *issuer_; }
  [[nodiscard]] records::SqliteDatabase& database() noexcept { return *database_; }
  [[nodiscard]] Organisations& organisations() noexcept { return *organisations_; }
  [[nodiscard]] Sites& sites() noexcept { return *sites_; }
  [[nodiscard]] Gateways& gateways() noexcept { return *gateways_; }
  [[nodiscard]] Devices& devices() noexcept { return *devices_; }
  [[nodiscard]] People& people() noexcept { return *people_; }

 private:
  PlatformRecords() = default;
  std::unique_ptr<crypto::KeyProvider> keys_;
  std::unique_ptr<crypto::CertificateIssuer> issuer_;
  std::unique_ptr<records::SqliteDatabase> database_;
  std::unique_ptr<Organisations> organisations_;
  std::unique_ptr<Sites> sites_;
  std::unique_ptr<Gateways> gateways_;
  std::unique_ptr<Devices> devices_;
  std::unique_ptr<People> people_;
};

}  // namespace duheng::platform
