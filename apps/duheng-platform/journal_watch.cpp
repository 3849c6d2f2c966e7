#include "journal_watch.hpp"

#include "base/log.hpp"

namespace duheng::platform {

void JournalWatch::look() {
  if (told_ || !journal_.poisoned()) return;
  told_ = true;
  log::error("journal",
             "a synchronisation of the disk failed: nothing is acknowledged any more, the platform ends to be started "
             "again and open the journal anew");
  if (failed_) failed_();
}

}  // namespace duheng::platform
