#pragma once
#include <string>

namespace duheng::rpc {

/// What a server shows, as PEM texts.
struct ServerIdentity {
  std::string certificate_chain{};  ///< leaf first; trust root last, so that an enrolling gateway can compare it
  std::string private_key{};
};

}  // namespace duheng::rpc
