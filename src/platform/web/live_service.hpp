#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "platform/live/live_hub.hpp"
#include "platform/web/api_services.hpp"
#include "platform/web/router.hpp"

namespace duheng::platform::web {

/// What a page follows: devices' readings and jobs' progress.
struct LiveRequest {
  std::vector<DeviceId> devices;
  std::vector<std::int64_t> jobs;
};
inline constexpr std::size_t live_jobs_max = 20;
/// Reads `{"subscribe":{"devices":[1,2],"jobs":[3]}}`, of which either list may be missing. Errors: malformed;
/// limit_exceeded - more than `devices_max` devices or `live_jobs_max` jobs.
[[nodiscard]] Result<LiveRequest> parse_subscription(std::string_view text, std::size_t devices_max);

/// The live WebSocket. One thread serves all clients: it takes what LiveHub has for each, at most every
/// `push_interval_ms` and only while the client's network takes it; meanwhile the hub replaces older values by newer
/// ones and counts them. The session behind a socket is looked at every `check_interval_ms`, and so is what its user
/// may see; an open page counts as use of the session, so that it ends by age, by logging out or by being revoked.
class LiveService {
 public:
  struct Options {
    std::size_t clients_max = 500;
    std::size_t devices_per_client_max = 200;
    std::int64_t push_interval_ms = 50;
    std::int64_t ping_interval_ms = 15'000;
    std::int64_t check_interval_ms = 15'000;
    std::size_t updates_per_push_max = 2'000;
    std::int64_t job_interval_ms = 1'000;       ///< a job's progress is told so often at most
    std::int64_t alarm_interval_ms = 250;       ///< how many alarms there are is told so often at most
    std::size_t pending_bytes_max = 64U << 10;  ///< a client that has taken less than this lags gets nothing new
  };
  LiveService(ApiServices& services, LiveHub& hub, const Options& options);
  /// Ends the thread. Every socket must have been closed before (HttpServer::stop).
  ~LiveService();

  void add_routes(Router& router);
  [[nodiscard]] std::size_t clients() const;
  [[nodiscard]] std::uint64_t messages_sent() const noexcept { return messages_sent_.load(); }

 private:
  class Client;
  struct Wake;
  [[nodiscard]] Result<HttpResponse> open(RequestContext& context);
  void run();
  [[nodiscard]] std::int64_t serve(Client& client, std::int64_t now_ms);
  [[nodiscard]] std::int64_t serve_jobs(Client& client, std::int64_t now_ms);
  [[nodiscard]] std::int64_t serve_alarms(Client& client, std::int64_t now_ms);
  [[nodiscard]] Result<void> follow_jobs(Client& client, const std::vector<std::int64_t>& jobs);
  [[nodiscard]] bool still_welcome(Client& client);
  void subscribe(Client& client, const std::string& request);
  [[nodiscard]] Result<void> follow(Client& client, const std::vector<DeviceId>& devices);
  void push(Client& client);
  [[nodiscard]] std::optional<SeriesId> series_of(const SourceKey& source, const LiveValue& value);

  ApiServices& services_;
  LiveHub& hub_;
  const Options options_;
  std::shared_ptr<Wake> wake_;
  mutable std::mutex mutex_;  // guards clients_
  std::vector<std::shared_ptr<Client>> clients_;
  std::unordered_map<SourceKey, std::vector<store::Series>, SourceKeyHash> series_;  // the thread's own
  std::atomic<std::uint64_t> messages_sent_{0};
  std::jthread thread_;
};

}  // namespace duheng::platform::web
