#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace duheng::platform::status {

/// ok - as it should be; degraded - works, somebody should look; failed - does not do its work: not ready.
enum class State : std::uint8_t { ok, degraded, failed };
[[nodiscard]] std::string_view to_string(State state) noexcept;

struct Finding {
  State state = State::ok;
  std::string detail_zh;
  std::string detail_en;
};

struct Component {
  std::string name;
  Finding finding;
};

/// Asks each component how it is. A check must answer within milliseconds and not throw; it is asked from several
/// threads.
class Health {
 public:
  void add(std::string name, std::function<Finding()> check);
  /// Takes back every check: call before what they look at goes away.
  void forget();
  [[nodiscard]] std::vector<Component> components() const;

 private:
  struct Check {
    std::string name;
    std::function<Finding()> ask;
  };
  mutable std::mutex mutex_;
  std::vector<Check> checks_;
};

/// Ready when nothing has failed.
[[nodiscard]] bool is_ready(const std::vector<Component>& components) noexcept;
/// `{"ready":false,"reasons":[{"name":"journal","detail":"..."}]}` for /readyz.
[[nodiscard]] std::string readiness_json(const std::vector<Component>& components);

}  // namespace duheng::platform::status
