#include "rpc/grpc_common.hpp"

#include <atomic>
#include <grpc/support/log.h>
#include <mutex>
#include <string_view>

#include "base/log.hpp"

namespace duheng::rpc {

namespace {

std::atomic<std::uint64_t> handshake_failures{0};

bool names_failed_handshake(std::string_view text) {
  return text.find("Handshake failed") != std::string_view::npos ||
         text.find("Handshaking failed") != std::string_view::npos;
}

void take_log_line(gpr_log_func_args* line) {
  const std::string_view text = line->message;
  if (names_failed_handshake(text)) {
    ++handshake_failures;
    log::warning("rpc", "TLS handshake failed", {{"reason", text}});
  } else if (line->severity == GPR_LOG_SEVERITY_ERROR) {
    log::warning("rpc", "gRPC reports an error", {{"text", text}});
  }
}

}  // namespace

void adopt_grpc_log() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpr_set_log_function(take_log_line);
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_INFO);
  });
}

std::uint64_t handshakes_failed() { return handshake_failures; }

Error error_of(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return {ErrorCode::unavailable, "the peer ended the session"};
    case grpc::StatusCode::CANCELLED:
      return {ErrorCode::cancelled, status.error_message()};
    case grpc::StatusCode::INVALID_ARGUMENT:
      return {ErrorCode::malformed, status.error_message()};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {ErrorCode::timed_out, status.error_message()};
    case grpc::StatusCode::NOT_FOUND:
      return {ErrorCode::not_found, status.error_message()};
    case grpc::StatusCode::PERMISSION_DENIED:
      return {ErrorCode::forbidden, status.error_message()};
    case grpc::StatusCode::UNAUTHENTICATED:
      return {ErrorCode::unauthenticated, status.error_message()};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {ErrorCode::throttled, status.error_message()};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {ErrorCode::unsupported, status.error_message()};
    case grpc::StatusCode::INTERNAL:
      return {ErrorCode::internal, status.error_message()};
    default:
      return {ErrorCode::unavailable, status.error_message()};
  }
}

grpc::Status status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::malformed:
    case ErrorCode::invalid_argument:
      return {grpc::StatusCode::INVALID_ARGUMENT, error.message};
    case ErrorCode::limit_exceeded:
    case ErrorCode::throttled:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, error.message};
    case ErrorCode::unauthenticated:
    case ErrorCode::expired:
      return {grpc::StatusCode::UNAUTHENTICATED, error.message};
    case ErrorCode::forbidden:
      return {grpc::StatusCode::PERMISSION_DENIED, error.message};
    case ErrorCode::unsupported:
      return {grpc::StatusCode::UNIMPLEMENTED, error.message};
    case ErrorCode::cancelled:
      return {grpc::StatusCode::CANCELLED, error.message};
    case ErrorCode::timed_out:
      return {grpc::StatusCode::DEADLINE_EXCEEDED, error.message};
    case ErrorCode::internal:
      return {grpc::StatusCode::INTERNAL, "internal error"};
    default:
      return {grpc::StatusCode::UNAVAILABLE, error.message};
  }
}

std::string address_of(const std::string& grpc_peer) {
  const std::size_t scheme = grpc_peer.find(':');
  const std::size_t port = grpc_peer.rfind(':');
  if (scheme == std::string::npos || port <= scheme) return grpc_peer;
  std::string address = grpc_peer.substr(scheme + 1, port - scheme - 1);
  if (address.starts_with("%5B") && address.ends_with("%5D")) address = address.substr(3, address.size() - 6);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  return address;
}

}  // namespace duheng::rpc
