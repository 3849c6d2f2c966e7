// Both ends of the transfer in one simulated world: the gateways' senders, the platform's receivers, ingest and
// journal, links that cut, disks that lose power, programs that end, a gateway installed anew, a platform restored from
// an older copy. Whatever happens: every batch stands in the journal once, in order, octet for octet, its chain
// unbroken.
#include <cstdlib>
#include <deque>
#include <gtest/gtest.h>
#include <map>

#include "base/log.hpp"
#include "base/simulated_disk.hpp"
#include "platform/ingest/ingest_core.hpp"
#include "platform/ingest/test_batches.hpp"
#include "uplink/test_source.hpp"
#include "uplink/uplink_receiver.hpp"
#include "uplink/uplink_sender.hpp"

namespace duheng::platform {
namespace {

constexpr std::string_view journal_directory = "journal";

/// The platform's end as IngestService arranges it, without threads.
class Platform final : public uplink::BatchSink {
 public:
  Platform(const Clock& clock, Random& random)
      : clock_(clock), random_(random), disk_(std::make_unique<SimulatedDisk>()) {
    open();
  }

  void open() {
    core_.reset();
    journal_.reset();
    const store::JournalOptions where{.directory = std::string{journal_directory}, .segment_bytes_max = 2'000};
    auto opened = store::Journal::open(*disk_, random_, keys_, where);
    // A fault that waited for the next synchronisation hits the opening: whoever starts the program starts it again.
    if (!opened && opened.error().code == ErrorCode::storage_failed)
      opened = store::Journal::open(*disk_, random_, keys_, where);
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
    IngestOptions options;
    options.pending_batches_max = 6;
    options.commit_batches_max = 4;
    options.storage_retry_ms = 1'000;
    core_.emplace(*journal_, clock_, options);
  }
  void crash() {
    core_.reset();
    journal_.reset();
    disk_->crash(random_);
    disk_->set_capacity_bytes(std::nullopt);
    open();
  }
  /// What a backup made now would hold: whole files as they are on the medium and in the log.
  void back_up() {
    copy_.clear();
    const auto names = disk_->list(std::string{journal_directory});
    ASSERT_TRUE(names);
    for (const std::string& name : *names) {
      const auto content = read_file(*disk_, path(name));
      ASSERT_TRUE(content);
      copy_[name] = *content;
    }
  }
  [[nodiscard]] bool has_backup() const { return !copy_.empty(); }
  void restore() {
    core_.reset();
    journal_.reset();
    disk_ = std::make_unique<SimulatedDisk>();
    ASSERT_TRUE(disk_->make_directories(std::string{journal_directory}));
    for (const auto& [name, content] : copy_) ASSERT_TRUE(write_file_atomically(*disk_, path(name), content));
    open();
  }

  [[nodiscard]] std::vector<uplink::EpochPosition> positions(GatewayId gateway,
                                                             std::span<const uplink::EpochRange> ranges) override {
    return core_->positions(gateway, ranges);
  }
  [[nodiscard]] Offered offer(GatewayId gateway, uplink::SessionId session, const uplink::Batch& batch) override {
    return core_->offer(gateway, session, check_batch(batch, 1U << 20));
  }
  [[nodiscard]] SimulatedDisk& disk() { return *disk_; }
  [[nodiscard]] IngestCore& core() { return *core_; }
  [[nodiscard]] store::Journal& journal() { return *journal_; }

 private:
  static std::string path(const std::string& name) { return std::string{journal_directory} + "/" + name; }
  const Clock& clock_;
  Random& random_;
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  std::unique_ptr<SimulatedDisk> disk_;
  std::unique_ptr<store::Journal> journal_;
  std::optional<IngestCore> core_;
  std::map<std::string, Bytes> copy_;
};

struct Gateway {
  GatewayId id{};
  uplink::TestSource source{};
  std::optional<uplink::UplinkSender> sender{};
  // The link, when there is one.
  std::optional<uplink::UplinkReceiver> receiver{};
  std::deque<uplink::SessionRequest> up{};
  std::deque<uplink::SessionResponse> down{};
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed), platform_(clock_, random_), gateways_(1 + random_.below(2)) {
    for (std::size_t i = 0; i < gateways_.size(); ++i) {
      gateways_[i].id = GatewayId{static_cast<std::int64_t>(i) + 1};
      start_epoch(gateways_[i]);
      start_sender(gateways_[i]);
    }
  }

  void run(std::size_t steps) {
    for (std::size_t i = 0; i < steps; ++i) disturb_or_work(gateways_[random_.below(gateways_.size())]);
  }
  /// Nothing goes wrong any more; true when everything was acknowledged in the end.
  bool settle() {
    platform_.disk().set_capacity_bytes(std::nullopt);
    if (platform_.disk().powerless()) crash_platform();
    for (int round = 0; round < 20'000; ++round) {
      bool done = true;
      for (Gateway& gateway : gateways_) {
        work(gateway);
        for (auto& stored : gateway.source.all()) done &= stored.acknowledged.next_sequence == stored.batches.size();
      }
      commit();
      if (done) return true;
      clock_.advance_ms(50);
    }
    return false;
  }
  void check() {
    std::map<std::pair<std::int64_t, std::uint64_t>, std::vector<Bytes>> found;
    auto cursor = platform_.journal().cursor(store::Journal::first_record_number);
    while (true) {
      const auto read = cursor.next();
      ASSERT_TRUE(read) << read.error().message;
      if (!*read) break;
      const store::JournalRecord& record = (*read)->record;
      ASSERT_EQ(record.type, store::JournalRecordType::batch) << "nobody did wrong: " << record.reason;
      auto& bodies = found[{record.gateway.value, record.epoch}];
      ASSERT_EQ(record.sequence, bodies.size()) << "each once and in order";
      ASSERT_EQ(uplink::batch_hash(record.previous_hash, record.epoch, record.sequence, record.body), record.hash);
      bodies.emplace_back(record.body.begin(), record.body.end());
    }
    for (Gateway& gateway : gateways_) {
      for (auto& stored : gateway.source.all()) {
        ASSERT_EQ(stored.stopped, "");
        const auto& bodies = found[{gateway.id.value, stored.epoch}];
        ASSERT_EQ(bodies.size(), stored.batches.size());
        for (std::size_t i = 0; i < bodies.size(); ++i) ASSERT_EQ(bodies[i], stored.batches[i].second);
        batches += bodies.size();
      }
    }
  }
  std::size_t batches = 0, cuts = 0, gateway_crashes = 0, platform_crashes = 0, restores = 0, reinstallations = 0;

 private:
  void disturb_or_work(Gateway& gateway) {
    clock_.advance_ms(static_cast<std::int64_t>(random_.below(120)));
    switch (random_.below(200)) {
      case 0:
        return cut(gateway);
      case 1:
        return crash_gateway(gateway);
      case 2:
        return crash_platform();
      case 3:
        platform_.disk().lose_power_after(random_.below(6));
        return;
      case 4:
        platform_.disk().set_capacity_bytes(platform_.disk().used_bytes() + random_.below(400));
        return;
      case 5:
        platform_.disk().set_capacity_bytes(std::nullopt);
        return;
      case 6:
        ++reinstallations;
        start_epoch(gateway);
        return crash_gateway(gateway);
      case 7:
        if (!platform_.disk().powerless()) platform_.back_up();
        return;
      case 8:
        if (!platform_.has_backup() || restores > 0) return;
        ++restores;
        for (Gateway& each : gateways_) drop_link(each, "restored");
        platform_.restore();
        return;
      case 9:
        platform_.disk().fail_next_syncs(1);
        return;
      default:
        break;
    }
    if (random_.below(3) == 0) {
      gateway.source.append(
          test_body(clock_.utc_ms(), static_cast<std::int64_t>(random_.below(1'000'000)), 1 + random_.below(3)));
      gateway.sender->new_batch();
    }
    if (random_.below(4) == 0) commit();
    work(gateway);
  }

  void work(Gateway& gateway) {
    while (const auto action = gateway.sender->next(gateway.up.size() < 4)) {
      if (std::holds_alternative<uplink::UplinkSender::Connect>(*action)) {
        if (random_.below(8) == 0) {
          gateway.sender->disconnected({ErrorCode::unavailable, "no way"});
          continue;
        }
        gateway.receiver.emplace(platform_, clock_, gateway.id, uplink::SessionId{++sessions_},
                                 uplink::ReceiverOptions{.window_batches = 5, .window_bytes = 2'000});
        gateway.sender->connected();
      } else if (std::holds_alternative<uplink::UplinkSender::Close>(*action)) {
        drop_link(gateway, "closed");
      } else if (const auto* hello = std::get_if<uplink::Hello>(&*action)) {
        gateway.up.emplace_back(*hello);
      } else if (const auto* batch = std::get_if<uplink::Batch>(&*action)) {
        gateway.up.emplace_back(*batch);
      } else {
        gateway.up.emplace_back(std::get<uplink::GatewayStatus>(*action));
      }
    }
    if (gateway.receiver) gateway.receiver->retry();
    for (std::uint64_t n = 1 + random_.below(3);
         n > 0 && gateway.receiver && gateway.receiver->wants_message() && !gateway.up.empty(); --n) {
      gateway.receiver->received(std::move(gateway.up.front()));
      gateway.up.pop_front();
      ASSERT_FALSE(gateway.receiver->failure()) << gateway.receiver->failure()->message;
    }
    if (gateway.receiver) {
      while (auto response = gateway.receiver->next_response()) gateway.down.push_back(std::move(*response));
    }
    for (std::uint64_t n = random_.below(4); n > 0 && !gateway.down.empty(); --n) {
      gateway.sender->received(gateway.down.front());
      gateway.down.pop_front();
    }
  }

  void commit() {
    const IngestCore::Outcome outcome = platform_.core().commit_pending();
    for (Gateway& gateway : gateways_) {
      if (!gateway.receiver) continue;
      for (const auto& [session, position] : outcome.committed) {
        if (session == gateway.receiver->session()) gateway.receiver->committed(position);
      }
      for (const auto& [session, refusal] : outcome.refused) {
        if (session == gateway.receiver->session()) gateway.receiver->refused(refusal);
      }
    }
    if (platform_.disk().powerless() || platform_.journal().poisoned()) crash_platform();
  }

  void drop_link(Gateway& gateway, const char* why) {
    const bool stood = gateway.receiver.has_value();
    // What was on its way may still arrive at the platform, whose answers do not come back.
    while (gateway.receiver && !gateway.up.empty() && gateway.receiver->wants_message() && random_.below(2) == 0) {
      gateway.receiver->received(std::move(gateway.up.front()));
      gateway.up.pop_front();
    }
    gateway.receiver.reset();
    gateway.up.clear();
    gateway.down.clear();
    if (stood) gateway.sender->disconnected({ErrorCode::unavailable, why});
  }
  void cut(Gateway& gateway) {
    ++cuts;
    drop_link(gateway, "cut");
  }
  void crash_gateway(Gateway& gateway) {
    ++gateway_crashes;
    drop_link(gateway, "crash");
    start_sender(gateway);
  }
  void crash_platform() {
    ++platform_crashes;
    for (Gateway& gateway : gateways_) drop_link(gateway, "the platform ended");
    platform_.crash();
  }
  void start_epoch(Gateway& gateway) { gateway.source.start_epoch(random_.next_u64()); }
  void start_sender(Gateway& gateway) {
    uplink::SenderOptions options;
    options.backoff = {.first_ms = 100, .longest_ms = 2'000};
    options.stall_timeout_ms = 5'000;
    options.status_interval_ms = 3'000;
    gateway.sender.emplace(gateway.source, clock_, random_, options, [] { return uplink::GatewayStatus{}; });
  }

  ManualClock clock_;
  SeededRandom random_;
  Platform platform_;
  std::deque<Gateway> gateways_;
  std::int64_t sessions_ = 0;
};

TEST(TransferProperty, EveryBatchStandsInTheJournalOnceAndInOrderWhateverHappens) {
  log::configure({.level = log::Level::error, .format = log::Format::json, .program = "test", .file = "/dev/null"});
  const char* only = std::getenv("DUHENG_SEED");
  const std::uint64_t first = only == nullptr ? 1 : std::strtoull(only, nullptr, 10);
  const std::uint64_t last = only == nullptr ? 1'500 : first;
  std::size_t batches = 0, cuts = 0, gateway_crashes = 0, platform_crashes = 0, restores = 0, reinstallations = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(testing::Message() << "DUHENG_SEED=" << seed);
    World world(seed);
    world.run(400);
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_TRUE(world.settle()) << "not everything was acknowledged";
    world.check();
    ASSERT_FALSE(HasFatalFailure());
    batches += world.batches;
    cuts += world.cuts;
    gateway_crashes += world.gateway_crashes;
    platform_crashes += world.platform_crashes;
    restores += world.restores;
    reinstallations += world.reinstallations;
  }
  if (only == nullptr) {
    // A world in which nothing happens would prove nothing.
    EXPECT_GT(batches, 50'000U);
    EXPECT_GT(cuts, 1'000U);
    EXPECT_GT(gateway_crashes, 1'000U);
    EXPECT_GT(platform_crashes, 1'000U);
    EXPECT_GT(restores, 300U);
    EXPECT_GT(reinstallations, 1'000U);
  }
  RecordProperty("batches", static_cast<int>(batches));
}

}  // namespace
}  // namespace duheng::platform
