#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "rpc/tls_files.hpp"

namespace duheng::rpc {

struct EnrolmentAsk {
  std::string code_secret{};
  std::string request_pem{};
  std::string software_version{};
  std::string remote_address{};
};
struct EnrolmentGrant {
  GatewayId gateway{};
  std::string gateway_name{};
  std::string certificate_chain{};
  std::string trust_root{};
  std::int64_t not_after_utc_ms = 0;
};

/// The port at which gateways without a certificate trade a one-time code for one: gRPC, the server alone shows a
/// certificate. Small messages, few connections: anybody may knock here.
class EnrolmentServer {
 public:
  /// Decides; called from gRPC's threads. Its error's message is what the asker is told.
  using Grant = std::function<Result<EnrolmentGrant>(const EnrolmentAsk&)>;

  /// Errors: unavailable - the address cannot be used; invalid_argument - key or certificate.
  [[nodiscard]] static Result<std::unique_ptr<EnrolmentServer>> start(const std::string& listen,
                                                                      const ServerIdentity& identity, Grant grant);
  ~EnrolmentServer();
  EnrolmentServer(const EnrolmentServer&) = delete;
  EnrolmentServer& operator=(const EnrolmentServer&) = delete;
  [[nodiscard]] int port() const noexcept;

 private:
  struct Impl;
  explicit EnrolmentServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace duheng::rpc
