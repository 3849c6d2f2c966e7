#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tools/bench/peers/http_session.hpp"
#include "tools/bench/peers/peer.hpp"
#include "tools/bench/peers/server_process.hpp"

namespace duheng::tools {

/// What the peers that speak HTTP share: one process, one connection for each lane and one for questions.
class HttpPeer : public Peer {
 public:
  [[nodiscard]] std::int64_t process_id() const override { return process_ ? process_->id() : 0; }

 protected:
  HttpPeer() = default;
  /// Starts `<servers>/bin/<program>`, waits until `ready_target` is answered well.
  [[nodiscard]] Result<void> start_server(const PeerPlace& place, const std::string& program,
                                          const std::vector<std::string>& arguments, std::uint16_t port,
                                          const std::string& ready_target);
  /// Ends it in order.
  void stop_server();
  [[nodiscard]] HttpSession& lane(std::size_t number) { return sessions_[number]; }
  [[nodiscard]] HttpSession& questions() { return sessions_.back(); }
  /// The folder's file system brought to the disk. Errors: storage_failed.
  [[nodiscard]] static Result<void> synchronise(const std::string& folder);
  /// Until `is_done` says so, asked four times a second. Errors: timed_out; its own.
  [[nodiscard]] static Result<void> wait_until(const std::function<Result<bool>()>& is_done, int timeout_s,
                                               std::string_view what);

 private:
  std::optional<ChildProcess> process_;
  std::vector<HttpSession> sessions_;
};

/// "1234.56" for 123456 with two decimals.
void append_decimal(std::string& out, std::int64_t mantissa, int decimals);
/// The reverse, for answers that come as text or floating point.
[[nodiscard]] std::int64_t mantissa_of(double value, int decimals);

}  // namespace duheng::tools
