#pragma once
// For tests: an authority, identities from it, and a sink that takes every batch at once.
#include <chrono>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/simulated_disk.hpp"
#include "crypto/certificate_issuer.hpp"
#include "rpc/uplink_client.hpp"
#include "rpc/uplink_server.hpp"

namespace duheng::rpc::testing {

inline constexpr std::int64_t day_ms = 24 * 3'600'000;

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

/// Until `condition` holds, at most 20 s.
template <class Condition>
bool wait_until(Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

class Authority {
 public:
  /// With the clock so many days back, what it issues may have expired by now.
  explicit Authority(std::int64_t days_ago = 0) : clock_(SystemClock{}.utc_ms() - days_ago * day_ms) {
    issuer_ = value_or_throw(crypto::LocalCertificateIssuer::open(disk_, random_, clock_, "authority"));
  }
  [[nodiscard]] crypto::LocalCertificateIssuer& issuer() { return *issuer_; }
  [[nodiscard]] ServerIdentity server() {
    const auto key = value_or_throw(crypto::PrivateKey::generate());
    crypto::CertificateOrder order;
    order.profile = crypto::CertificateProfile::server;
    order.request_pem = value_or_throw(crypto::make_certificate_request(key, "platform"));
    order.common_name = "platform";
    order.dns_names = {"localhost"};
    order.ip_addresses = {"127.0.0.1"};
    order.lifetime_ms = 90 * day_ms;  // also valid now when the authority lives in the past
    return {value_or_throw(issuer_->issue(order)).chain_pem, value_or_throw(key.to_pem())};
  }
  struct GatewayIdentity {
    std::string key{};
    std::string chain{};
    std::string root{};
  };
  [[nodiscard]] GatewayIdentity gateway(GatewayId id, std::int64_t lifetime_ms = 30 * day_ms) {
    const auto key = value_or_throw(crypto::PrivateKey::generate());
    crypto::CertificateOrder order;
    order.profile = crypto::CertificateProfile::gateway;
    order.request_pem = value_or_throw(crypto::make_certificate_request(key, "gateway"));
    order.common_name = "gateway";
    order.gateway = id;
    order.lifetime_ms = lifetime_ms;
    return {value_or_throw(key.to_pem()), value_or_throw(issuer_->issue(order)).chain_pem, issuer_->trust_root_pem()};
  }

 private:
  SimulatedDisk disk_;
  SystemRandom random_;
  ManualClock clock_;
  std::unique_ptr<crypto::LocalCertificateIssuer> issuer_;
};

inline IdentityFiles store(Disk& disk, const Authority::GatewayIdentity& identity,
                           const std::string& directory = "identity") {
  const IdentityFiles files = IdentityFiles::in(directory);
  (void)disk.make_directories(directory);
  for (const auto& [path, text] : {std::pair{files.key, identity.key},
                                   {files.certificate_chain, identity.chain},
                                   {files.trust_root, identity.root}}) {
    if (const auto written = write_file_atomically(disk, path, as_bytes(text)); !written)
      throw std::runtime_error(written.error().message);
  }
  return files;
}

class TakeAllSink final : public uplink::BatchSink {
 public:
  [[nodiscard]] std::vector<uplink::EpochPosition> positions(GatewayId gateway,
                                                             std::span<const uplink::EpochRange> ranges) override {
    const std::lock_guard lock(mutex_);
    std::vector<uplink::EpochPosition> found;
    for (const uplink::EpochRange& range : ranges) found.push_back(at(gateway, range.epoch));
    return found;
  }
  [[nodiscard]] Offered offer(GatewayId gateway, uplink::SessionId, const uplink::Batch& batch) override {
    const std::lock_guard lock(mutex_);
    if (full) return Full{};
    uplink::EpochPosition& position = at(gateway, batch.epoch);
    if (batch.sequence == position.next_sequence) {
      ++position.next_sequence;
      position.last_hash = batch.hash;
      bytes += batch.body.size();
    }
    return Duplicate{position};
  }
  [[nodiscard]] std::uint64_t taken(GatewayId gateway, std::uint64_t epoch) {
    const std::lock_guard lock(mutex_);
    return at(gateway, epoch).next_sequence;
  }
  std::atomic<bool> full = false;
  std::atomic<std::uint64_t> bytes = 0;

 private:
  uplink::EpochPosition& at(GatewayId gateway, std::uint64_t epoch) {
    auto& position = positions_[{gateway.value, epoch}];
    position.epoch = epoch;
    return position;
  }
  std::mutex mutex_;
  std::map<std::pair<std::int64_t, std::uint64_t>, uplink::EpochPosition> positions_;
};

}  // namespace duheng::rpc::testing
