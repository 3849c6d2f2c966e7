#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "uplink/batch_source.hpp"
#include "uplink/uplink_sender.hpp"

namespace duheng::rpc {

/// A gateway's identity on disk, as enrol() leaves it: key.pem (0600), chain.pem, root.pem in one folder.
struct IdentityFiles {
  std::string key;
  std::string certificate_chain;
  std::string trust_root;
  [[nodiscard]] static IdentityFiles in(const std::string& directory) {
    return {directory + "/key.pem", directory + "/chain.pem", directory + "/root.pem"};
  }
};

struct UplinkClientOptions {
  std::string address;      ///< host:port of the platform's gateway port
  std::string server_name;  ///< the name the platform's certificate must bear; empty: the host of `address`
  IdentityFiles identity;   ///< read anew at every connection, so that a renewed certificate needs no restart
  uplink::SenderOptions sender;
  std::int64_t keepalive_ms = 20'000;
  std::int64_t keepalive_timeout_ms = 10'000;
};

/// Carries batches from a source to the platform over one gRPC stream with mutual TLS, for as long as it lives; the
/// decisions are UplinkSender's. When less than a third of the certificate's life is left, it has it renewed. Runs one
/// thread of its own, which alone calls `source`, `random` and `status`. All calls are thread-safe.
class UplinkClient {
 public:
  UplinkClient(uplink::BatchSource& source, const Clock& clock, Disk& disk, Random& random,
               std::function<uplink::GatewayStatus()> status, UplinkClientOptions options);
  /// Closes the stream and joins the thread.
  ~UplinkClient();
  UplinkClient(const UplinkClient&) = delete;
  UplinkClient& operator=(const UplinkClient&) = delete;

  /// To be called when a batch has become durable in the source. Cheap; any thread.
  void new_batch();
  [[nodiscard]] uplink::SenderStatistics statistics() const;

 private:
  struct Shell;
  std::unique_ptr<Shell> shell_;
};

}  // namespace duheng::rpc
