#pragma once
#include <memory>
#include <string>

#include "base/disk.hpp"
#include "store/backup/backup_place.hpp"

namespace duheng::store {

/// How an operator names a place.
struct PlaceAddress {
  /// A directory, or "sftp://user@host[:port]/directory".
  std::string address;
  std::string host_key_sha256;  ///< of sftp: "SHA256:..."
  std::string key_file;         ///< of sftp: private key without a passphrase, mode 0600
};

/// Does not connect yet. Errors: invalid_argument - not such an address; key_missing.
[[nodiscard]] Result<std::unique_ptr<BackupPlace>> open_place(Disk& disk, const PlaceAddress& address);

}  // namespace duheng::store
