#pragma once
// Between UplinkServer, which owns the port, and ControlServer. For the .cpp files of this folder only.
#include <functional>
#include <grpcpp/grpcpp.h>

#include "rpc/uplink_server.hpp"

namespace duheng::rpc {

class ControlService {
 public:
  virtual ~ControlService() = default;
  [[nodiscard]] virtual grpc::Service& grpc_service() = 0;
  /// `identify` says who calls, or why it may not. Called before the port opens.
  virtual void open(std::function<Result<Peer>(const grpc::ServerContextBase&)> identify) = 0;
  /// Ends the sessions of peers that `admits` refuses.
  virtual void review(const std::function<Result<void>(const Peer&)>& admits) = 0;
  virtual void disconnect(GatewayId gateway, const Error& reason) = 0;
  /// Ends all sessions and takes no new ones.
  virtual void close() = 0;
};

}  // namespace duheng::rpc
