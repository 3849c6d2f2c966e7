#pragma once
#include <functional>
#include <utility>

#include "store/journal/journal.hpp"

namespace duheng::platform {

/// Sees that the journal can take nothing more in this process (a synchronisation failed, so what the kernel holds can
/// no longer be trusted) and says so once. The platform then ends with an exit code of its own and is started again:
/// everything that hangs on the journal is made anew from the disk on the one way that every start takes.
class JournalWatch {
 public:
  JournalWatch(const store::Journal& journal, std::function<void()> failed)
      : journal_(journal), failed_(std::move(failed)) {}
  /// Call it every second or so, from one thread.
  void look();

 private:
  const store::Journal& journal_;
  const std::function<void()> failed_;
  bool told_ = false;
};

}  // namespace duheng::platform
