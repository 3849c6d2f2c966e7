#include "platform/web/problem.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace duheng::platform::web {

int http_status(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::malformed:
    case ErrorCode::invalid_argument:
    case ErrorCode::truncated:
    case ErrorCode::checksum_mismatch:
    case ErrorCode::bad_bcd_digit:
      return 400;
    case ErrorCode::limit_exceeded:
      return 400;
    case ErrorCode::unauthenticated:
    case ErrorCode::expired:
      return 401;
    case ErrorCode::forbidden:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::already_exists:
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::throttled:
      return 429;
    case ErrorCode::unsupported:
      return 501;
    case ErrorCode::unavailable:
    case ErrorCode::cancelled:
      return 503;
    case ErrorCode::timed_out:
      return 504;
    case ErrorCode::storage_full:
      return 507;
    default:
      return 500;
  }
}

HttpResponse problem(int status, std::string_view code, std::string_view message, std::string_view request_id,
                     std::optional<std::int64_t> retry_after_s) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = fmt::format(R"({{"code":{},"message":{},"request_id":{})", log::json_quoted(code),
                              log::json_quoted(message), log::json_quoted(request_id));
  if (retry_after_s) {
    response.body += fmt::format(R"(,"retry_after_s":{})", *retry_after_s);
    response.headers.push_back({"Retry-After", std::to_string(*retry_after_s)});
  }
  response.body += "}";
  return response;
}

HttpResponse problem(const Error& error, std::string_view request_id) {
  const int status = http_status(error.code);
  if (status == 503)
    return problem(status, to_string(error.code), "not available at the moment; try again", request_id, 1);
  if (status == 504)
    return problem(status, to_string(error.code), "this took too long; ask for less at once", request_id);
  if (status == 507) return problem(status, to_string(error.code), "the platform's disk is full", request_id);
  if (status >= 500 && status != 501) {
    return problem(status, to_string(error.code), "a fault of the platform; the log has it under this request id",
                   request_id);
  }
  return problem(status, to_string(error.code), error.message, request_id);
}

}  // namespace duheng::platform::web
