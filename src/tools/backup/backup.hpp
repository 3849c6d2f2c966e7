#pragma once
#include <cstdint>
#include <iosfwd>
#include <string>

#include "store/backup/place_address.hpp"

namespace duheng::tools {

struct BackupOptions {
  std::string data;  ///< a platform's data directory, which no platform works on
  store::PlaceAddress place;
  std::string passphrase_file;  ///< seals the keys anew under its first line; empty: as they were sealed
  std::string product;
  bool json = false;
};
struct RestoreOptions {
  store::PlaceAddress place;
  std::string into;             ///< must not be there, or be empty
  std::uint64_t set = 0;        ///< 0: the newest
  std::string passphrase_file;  ///< opens the keys in the set ...
  std::string key_file;         ///< ... or: a copy of keys/master.key kept elsewhere
  bool json = false;
};
struct DrillOptions {
  store::PlaceAddress place;
  std::uint64_t set = 0;
  std::string passphrase_file;
  std::string key_file;
  std::string scratch;  ///< a directory of its own is made in there; empty: the machine's for temporary files
  bool json = false;
};

/// Exit codes.
inline constexpr int backup_sound = 0;
inline constexpr int backup_damaged = 1;   ///< what lies at the place is damaged; nothing was written
inline constexpr int backup_unusable = 2;  ///< could not be done: place away, another passphrase, no room

/// Makes a set of a platform that does not run; a running one makes its own.
[[nodiscard]] int run_backup(const BackupOptions& options, std::ostream& out, std::ostream& err);
/// Reads and compares everything at the place, and only then writes; the directory appears when all of it is there.
[[nodiscard]] int run_restore(const RestoreOptions& options, std::ostream& out, std::ostream& err);
/// Restores into a directory that is removed again, opens and verifies what is there, and tells how long it took.
[[nodiscard]] int run_drill(const DrillOptions& options, std::ostream& out, std::ostream& err);

}  // namespace duheng::tools
