#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::store {

struct PlaceEntry {
  std::string name;  ///< within its folder
  std::uint64_t size_bytes = 0;
  friend bool operator==(const PlaceEntry&, const PlaceEntry&) = default;
};

/// Where backups are kept, away from the machine: whole objects by name. A name is "folder/name" of small letters,
/// digits, '-', '_' and '.', neither part beginning with '.'. One thread at a time.
///
/// Errors of every call: invalid_argument - not such a name; unavailable - the place is away (not mounted, no
/// connection), retry with back-off; unauthenticated - it does not let us in, or is not the one we know: somebody must
/// look; storage_full, storage_failed; timed_out; cancelled.
class BackupPlace {
 public:
  virtual ~BackupPlace() = default;
  /// For people, e.g. "/mnt/second" or "sftp://backup@second:22/duheng". Never holds a secret.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  /// Stores the octets wholly or not at all, in place of what stood there. What was cut off is seen by nobody.
  [[nodiscard]] virtual Result<void> put(const std::string& name, ByteView bytes) = 0;
  /// Errors: not_found; limit_exceeded - larger than `bytes_max`.
  [[nodiscard]] virtual Result<Bytes> get(const std::string& name, std::uint64_t bytes_max) = 0;
  /// By name. A folder that nothing was put into is empty.
  [[nodiscard]] virtual Result<std::vector<PlaceEntry>> list(const std::string& folder) = 0;
  /// Nothing happens when it is not there.
  [[nodiscard]] virtual Result<void> remove(const std::string& name) = 0;
  /// Removes what calls of put() that were cut off have left in a folder. Only while nobody else puts.
  [[nodiscard]] virtual Result<void> sweep(const std::string& folder) = 0;
};

[[nodiscard]] bool is_place_folder(std::string_view folder) noexcept;
[[nodiscard]] bool is_place_name(std::string_view name) noexcept;

}  // namespace duheng::store
