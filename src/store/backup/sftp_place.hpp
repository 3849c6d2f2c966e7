#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.hpp"
#include "store/backup/backup_place.hpp"

namespace duheng::store {

struct SftpOptions {
  std::string host;
  std::uint16_t port = 22;
  std::string user;
  std::string directory;  ///< from the root, e.g. "/srv/duheng"; must be there
  /// Of the server's host key as `ssh-keygen -lf` prints it ("SHA256:..."). Another key is refused: nobody is asked.
  std::string host_key_sha256;
  std::string key_file;  ///< private key without a passphrase, mode 0600
  std::int64_t connect_timeout_ms = 15'000;
  std::int64_t stall_timeout_ms = 60'000;  ///< without an octet
};

/// A folder on another machine by SFTP (libcurl with libssh2): key authentication only, host key pinned. An upload goes
/// to another name and is renamed. What the server calls written may still be in its memory when its power fails: a
/// later backup sees by the sizes what is missing, and a drill by the octets.
class SftpPlace final : public BackupPlace {
 public:
  /// Does not connect yet. Errors: invalid_argument - an option is missing or not usable; key_missing - no key file, or
  /// others can read it.
  [[nodiscard]] static Result<std::unique_ptr<SftpPlace>> open(Disk& disk, SftpOptions options);
  ~SftpPlace() override;
  [[nodiscard]] const std::string& name() const noexcept override;
  [[nodiscard]] Result<void> put(const std::string& name, ByteView bytes) override;
  [[nodiscard]] Result<Bytes> get(const std::string& name, std::uint64_t bytes_max) override;
  [[nodiscard]] Result<std::vector<PlaceEntry>> list(const std::string& folder) override;
  [[nodiscard]] Result<void> remove(const std::string& name) override;
  [[nodiscard]] Result<void> sweep(const std::string& folder) override;

 private:
  struct State;
  explicit SftpPlace(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The regular files of a listing as OpenSSH's server gives it ("ls -l"). Errors: malformed.
[[nodiscard]] Result<std::vector<PlaceEntry>> parse_sftp_listing(std::string_view text);

}  // namespace duheng::store
