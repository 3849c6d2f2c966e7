#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "platform/web/http.hpp"

namespace duheng::platform::web {

/// The HTTP status that tells a client what an error of ours means to it.
[[nodiscard]] int http_status(ErrorCode code) noexcept;

/// A `Problem` of api/openapi.yaml as the body; `retry_after_s` also becomes the header.
[[nodiscard]] HttpResponse problem(int status, std::string_view code, std::string_view message,
                                   std::string_view request_id,
                                   std::optional<std::int64_t> retry_after_s = std::nullopt);
/// The same from an error. What is our own fault (5xx) is told without its inner message, which stands in the log.
[[nodiscard]] HttpResponse problem(const Error& error, std::string_view request_id);

}  // namespace duheng::platform::web
