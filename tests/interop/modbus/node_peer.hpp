#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tools/process/child_process.hpp"

namespace duheng::interop {

/// peer.mjs as a child; what it prints goes to a file of this test. Ended, by its own id, with this object.
class NodePeer {
 public:
  explicit NodePeer(std::vector<std::string> arguments);
  NodePeer(const NodePeer&) = delete;
  NodePeer& operator=(const NodePeer&) = delete;
  ~NodePeer();
  [[nodiscard]] std::string output() const;
  /// What stands behind "ready" in the first whole line that begins so; nothing when it does not come in time.
  [[nodiscard]] std::optional<std::string> wait_ready();
  [[nodiscard]] std::optional<int> wait_exit();

 private:
  template <class Condition>
  auto wait_for(Condition&& condition) -> decltype(condition());
  std::string output_path_;
  std::optional<tools::ChildProcess> child_;
};

}  // namespace duheng::interop
