#pragma once
#include <functional>
#include <memory>
#include <span>

#include "platform/ingest/ingest_core.hpp"
#include "uplink/session_answers.hpp"

namespace duheng::platform {

/// IngestCore with its threads: sessions offer from theirs, one committer takes all that waits (group commit across
/// gateways), commits it to the journal and answers each session.
class IngestService final : public uplink::BatchSink {
 public:
  /// Called in the committer's thread with what has just become durable: be quick, hand it on.
  using Listener = std::function<void(std::span<const CommittedBatch>)>;

  IngestService(store::Journal& journal, const Clock& clock, IngestOptions options, Listener listener = {});
  /// Commits what waits, then ends.
  ~IngestService() override;

  /// Where answers go. Until it is set, and after it is set to nullptr, they go nowhere; does not return while an
  /// answer is being given, so that `answers` may be destroyed afterwards.
  void set_answers(uplink::SessionAnswers* answers);

  [[nodiscard]] std::vector<uplink::EpochPosition> positions(GatewayId gateway,
                                                             std::span<const uplink::EpochRange> ranges) override;
  [[nodiscard]] Offered offer(GatewayId gateway, uplink::SessionId session, const uplink::Batch& batch) override;

  [[nodiscard]] IngestStatistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duheng::platform
