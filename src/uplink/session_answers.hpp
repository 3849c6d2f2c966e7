#pragma once
#include "uplink/batch_sink.hpp"

namespace duheng::uplink {

/// The way back from whoever commits batches to the sessions they came from. Thread-safe; a session that is gone is
/// passed over.
class SessionAnswers {
 public:
  virtual ~SessionAnswers() = default;
  virtual void committed(SessionId session, const EpochPosition& position) = 0;
  virtual void refused(SessionId session, const Refusal& refusal) = 0;
  /// The sink has room again: batches that were held back may be offered.
  virtual void room_available() = 0;
};

}  // namespace duheng::uplink
