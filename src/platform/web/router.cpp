#include "platform/web/router.hpp"

#include <charconv>
#include <stdexcept>

namespace duheng::platform::web {
namespace {

bool is_parameter(std::string_view segment) noexcept { return segment.size() > 2 && segment.front() == '{'; }

std::optional<std::int64_t> positive_integer(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value <= 0 || text.front() == '0') return std::nullopt;
  return value;
}

bool matches(const Router::Route& route, const RequestTarget& target,
             std::vector<std::pair<std::string, std::int64_t>>& parameters) {
  if (target.trailing_slash || route.segments.size() != target.segments.size()) return false;
  parameters.clear();
  for (std::size_t i = 0; i < route.segments.size(); ++i) {
    const std::string& expected = route.segments[i];
    if (!is_parameter(expected)) {
      if (expected != target.segments[i]) return false;
      continue;
    }
    const auto value = positive_integer(target.segments[i]);
    if (!value) return false;
    parameters.emplace_back(expected.substr(1, expected.size() - 2), *value);
  }
  return true;
}

}  // namespace

std::int64_t RequestContext::path_integer(std::string_view name) const {
  for (const auto& [key, value] : path_parameters) {
    if (key == name) return value;
  }
  throw std::logic_error("the route has no parameter " + std::string{name});
}

Router::Route& Router::insert(Route route) {
  for (const Route& other : routes_) {
    if (other.method == route.method && other.pattern == route.pattern) {
      throw std::logic_error("the route exists twice: " + route.pattern);
    }
  }
  auto target = parse_target(route.pattern);
  if (!target) throw std::logic_error("not a pattern: " + route.pattern);
  route.segments = std::move(target->segments);
  return routes_.emplace_back(std::move(route));
}

Router::Route& Router::add(Method method, std::string pattern, std::string operation, Permission permission,
                           Handler handler, std::size_t body_bytes_max) {
  return insert(
      {method, std::move(pattern), std::move(operation), permission, false, std::move(handler), {}, body_bytes_max});
}

void Router::add_websocket(std::string pattern, std::string operation, Permission permission, Handler handler) {
  insert({Method::get, std::move(pattern), std::move(operation), permission, true, std::move(handler), {}});
}

Router::Match Router::find(Method method, const RequestTarget& target) const {
  Match match;
  std::vector<std::pair<std::string, std::int64_t>> parameters;
  for (const Route& route : routes_) {
    if (!matches(route, target, parameters)) continue;
    if (!match.allowed.empty()) match.allowed += ", ";
    match.allowed += to_string(route.method);
    if (route.method == method) {
      match.route = &route;
      match.parameters = std::move(parameters);
      return match;
    }
  }
  return match;
}

}  // namespace duheng::platform::web
