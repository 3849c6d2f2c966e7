#pragma once
// Private: brings nlohmann-json in.
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace duheng::platform::analyser {

/// Objects as text. A device's text may hold octets that are no UTF-8; they become U+FFFD.
[[nodiscard]] inline std::vector<std::string> to_texts(const std::vector<nlohmann::ordered_json>& objects) {
  std::vector<std::string> out;
  out.reserve(objects.size());
  for (const auto& object : objects) {
    out.push_back(object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  }
  return out;
}

}  // namespace duheng::platform::analyser
