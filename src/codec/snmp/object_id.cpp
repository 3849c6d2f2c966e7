#include "codec/snmp/object_id.hpp"

#include <algorithm>
#include <charconv>

namespace duheng::snmp {

Result<ObjectId> ObjectId::parse(std::string_view text) {
  const auto refuse = [&] {
    return fail(ErrorCode::invalid_argument, "'" + std::string(text) + "' is no object identifier");
  };
  ObjectId out;
  std::string_view rest = text.starts_with('.') ? text.substr(1) : text;
  while (out.parts.size() < parts_max) {
    std::uint32_t part = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), part);
    if (error != std::errc{}) return refuse();
    out.parts.push_back(part);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.empty()) break;
    if (rest.front() != '.') return refuse();
    rest.remove_prefix(1);
  }
  if (!rest.empty() || out.parts.size() < 2) return refuse();
  if (out.parts[0] > 2 || (out.parts[0] < 2 && out.parts[1] >= 40)) return refuse();
  return out;
}

std::string ObjectId::text() const {
  std::string out;
  for (const std::uint32_t part : parts) {
    if (!out.empty()) out += '.';
    out += std::to_string(part);
  }
  return out;
}

bool ObjectId::is_within(const ObjectId& root) const noexcept {
  return parts.size() >= root.parts.size() && std::equal(root.parts.begin(), root.parts.end(), parts.begin());
}

}  // namespace duheng::snmp
