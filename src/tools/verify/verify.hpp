#pragma once
#include <iosfwd>
#include <string>
#include <vector>

namespace duheng::tools {

struct VerifyOptions {
  std::vector<std::string> directories;  ///< data directories of a platform or a gateway, told apart by what they hold
  std::string journal;                   ///< instead: a journal's directory or a copy of shipped segments ...
  std::string key_file;                  ///< ... and the key file that opens it
  bool deep = false;                     ///< read databases through their engines even where a seal proves their octets
  bool json = false;
  bool progress = false;  ///< tell on `err` what is being read
};

/// Exit codes of `duheng verify`.
inline constexpr int verify_sound = 0;     ///< every octet of every file was checked and nothing wrong was found
inline constexpr int verify_damaged = 1;   ///< at least one finding
inline constexpr int verify_unusable = 2;  ///< could not be verified: in use, no key, cannot be read
inline constexpr int verify_unproven = 3;  ///< nothing wrong was found, but not every octet of every file was checked

/// Checks every file of data directories whose program does not run; changes nothing. Prints findings and a summary, or
/// one JSON object for each directory. What no check covers is listed as unproven with what to do about it, and such a
/// directory is never called sound.
[[nodiscard]] int run_verify(const VerifyOptions& options, std::ostream& out, std::ostream& err);

}  // namespace duheng::tools
