#pragma once
#include <string>

#include "base/error.hpp"

namespace duheng::store {

/// Holds "<directory>/lock" as the program does whose directory it is (flock), so that it does not run meanwhile.
/// Nothing is made: a directory without that file was never worked in.
class DirectoryLock {
 public:
  /// Errors: unavailable - a process works there.
  [[nodiscard]] static Result<DirectoryLock> take(const std::string& directory);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

 private:
  DirectoryLock() = default;
  int descriptor_ = -1;
};

}  // namespace duheng::store
