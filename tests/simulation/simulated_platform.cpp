#include "tests/simulation/simulated_platform.hpp"

#include <algorithm>

namespace duheng::simulation {
namespace {

constexpr const char* journal_directory = "platform/journal";
constexpr std::int64_t commit_ms = 3;  // gathering and one synchronisation

crypto::LocalKeyProvider make_keys(std::uint64_t seed) {
  SeededRandom random(seed);
  std::array<std::uint8_t, 32> master{};
  random.fill(master);
  return crypto::LocalKeyProvider(crypto::SecretKey(master));
}

}  // namespace

Platform::Platform(EventQueue& queue, std::uint64_t seed)
    : queue_(queue), clock_(queue), random_(seed), keys_(make_keys(seed ^ 0x5EED)) {}

bool Platform::start() {
  auto journal = store::Journal::open(
      *disk_, random_, keys_,
      {.directory = journal_directory, .segment_bytes_max = 256U << 10, .cache_bytes_max = 1U << 20});
  if (!journal) {
    last_error_ = journal.error().message;
    return false;
  }
  generation_.next();
  commit_scheduled_ = false;
  journal_ = std::move(*journal);
  sink_ = std::make_unique<Sink>(*journal_, clock_);
  telemetry_ = std::make_unique<store::MemoryTelemetryStore>();
  applier_ = std::make_unique<platform::TelemetryApplier>(*journal_, *telemetry_, clock_);
  return true;
}

void Platform::stop() {
  generation_.next();
  auto sessions = std::move(sessions_);
  sessions_.clear();
  applier_.reset();
  telemetry_.reset();
  sink_.reset();
  journal_.reset();
  for (auto& [id, session] : sessions) session.dropped();
}

void Platform::crash(Random& random) {
  stop();
  disk_->crash(random);
}

std::map<std::string, Bytes> Platform::backup() {
  std::map<std::string, Bytes> files;
  const auto names = disk_->list(journal_directory);
  if (!names) return files;
  for (const auto& name : *names) {
    const std::string path = std::string(journal_directory) + "/" + name;
    if (auto bytes = read_file(*disk_, path)) files.emplace(path, std::move(*bytes));
  }
  return files;
}

void Platform::restore(const std::map<std::string, Bytes>& backup) {
  stop();
  disk_ = std::make_unique<SimulatedDisk>();
  static_cast<void>(disk_->make_directories(journal_directory));
  for (const auto& [path, bytes] : backup) static_cast<void>(write_file_atomically(*disk_, path, bytes));
}

uplink::SessionId Platform::connect(GatewayId gateway, std::function<void(uplink::SessionResponse)> send,
                                    std::function<void()> dropped) {
  const uplink::SessionId id{next_session_++};
  sessions_.emplace(
      id, Session{std::make_unique<uplink::UplinkReceiver>(*sink_, clock_, gateway, id, uplink::ReceiverOptions{}),
                  std::move(send), std::move(dropped)});
  return id;
}

void Platform::disconnect(uplink::SessionId session) { sessions_.erase(session); }

void Platform::receive(uplink::SessionId session, uplink::SessionRequest message) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  found->second.receiver->received(std::move(message));
  flush(session);
  schedule_commit();
}

void Platform::flush(uplink::SessionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  while (auto response = found->second.receiver->next_response()) found->second.send(std::move(*response));
  if (found->second.receiver->failure()) {
    auto dropped = std::move(found->second.dropped);
    sessions_.erase(found);
    dropped();
  }
}

void Platform::schedule_commit() {
  if (commit_scheduled_ || !sink_->core.has_pending()) return;
  commit_scheduled_ = true;
  queue_.after(commit_ms, generation_.guard([this] { commit(); }));
}

void Platform::commit() {
  commit_scheduled_ = false;
  const auto outcome = sink_->core.commit_pending();
  for (const auto& [id, position] : outcome.committed) {
    if (const auto found = sessions_.find(id); found != sessions_.end()) found->second.receiver->committed(position);
  }
  for (const auto& [id, refusal] : outcome.refused) {
    if (const auto found = sessions_.find(id); found != sessions_.end()) found->second.receiver->refused(refusal);
  }
  std::vector<uplink::SessionId> ids;
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  for (const auto id : ids) flush(id);
  schedule_commit();
}

Result<void> Platform::catch_up() {
  for (;;) {
    DUHENG_TRY(const auto applied, applier_->step());
    if (applied == 0) return {};
  }
}

}  // namespace duheng::simulation
