#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng::tools {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// Plain HTTP/1.0 GET on 127.0.0.1, for health and metrics listeners. Errors: unavailable, timed_out, limit_exceeded
/// (16 MiB).
[[nodiscard]] Result<HttpAnswer> http_get(std::uint16_t port, std::string_view path, int timeout_ms = 2000);

/// The value of one sample line of the Prometheus text format, e.g. `duheng_readings_total`; labels are part of the
/// name. The samples of a name without labels given are added up. Errors: not_found.
[[nodiscard]] Result<double> metric_value(std::string_view metrics_text, std::string_view name);

}  // namespace duheng::tools
