#include "store/seal/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace duheng::store {

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  DirectoryLock lock;
  lock.descriptor_ = ::open((directory + "/lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (lock.descriptor_ >= 0 && ::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorCode::unavailable, directory + " is in use: stop its program first");
  return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace duheng::store
