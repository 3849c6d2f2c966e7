#include "platform/status/health.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace duheng::platform::status {

std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::ok:
      return "ok";
    case State::degraded:
      return "degraded";
    case State::failed:
      break;
  }
  return "failed";
}

void Health::add(std::string name, std::function<Finding()> check) {
  std::lock_guard lock{mutex_};
  checks_.push_back({std::move(name), std::move(check)});
}

void Health::forget() {
  std::lock_guard lock{mutex_};
  checks_.clear();
}

std::vector<Component> Health::components() const {
  // Under the lock, so that forget() returns only when no check is running any more.
  std::lock_guard lock{mutex_};
  std::vector<Component> out;
  out.reserve(checks_.size());
  for (const Check& check : checks_) out.push_back({check.name, check.ask()});
  return out;
}

bool is_ready(const std::vector<Component>& components) noexcept {
  return !components.empty() &&
         std::ranges::none_of(components, [](const Component& c) { return c.finding.state == State::failed; });
}

std::string readiness_json(const std::vector<Component>& components) {
  std::string out = is_ready(components) ? R"({"ready":true,"reasons":[)" : R"({"ready":false,"reasons":[)";
  bool first = true;
  const auto reason = [&](std::string_view name, std::string_view detail) {
    if (!first) out += ",";
    first = false;
    out += R"({"name":)" + log::json_quoted(name) + R"(,"detail":)" + log::json_quoted(detail) + "}";
  };
  for (const Component& component : components) {
    if (component.finding.state == State::failed) reason(component.name, component.finding.detail_en);
  }
  if (components.empty()) reason("start", "the components are not up yet, or are going down");
  return out + "]}";
}

}  // namespace duheng::platform::status
