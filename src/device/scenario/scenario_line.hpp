#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "device/scenario/scenario.hpp"

namespace duheng::device {

/// What the ledger must hold of an answer before anything of it is sent.
struct LineEntry {
  enum class Fate : std::uint8_t {
    provable,  ///< goes out whole and at once: the master's next, different question proves that it arrived
    open,      ///< may arrive, or come too late, or be drowned: no question proves anything
    spoiled,   ///< cannot arrive whole
  };
  DeviceName address;
  AnswerIdentifier identifier;
  ByteView octets;
  Fate fate = Fate::provable;
};

/// What a line with faults makes of its devices' answers: between a DeviceBusPort and the octets' way out. One for each
/// master's connection. Pure: answers and time in, octets due out. For protocols without a checksum every fault that
/// would change octets unnoticed becomes silence, as on the TCP connections over which they run.
class ScenarioLine {
 public:
  using Kind = ScenarioRule::Kind;
  ScenarioLine(Scenario& scenario, const LineProtocol& protocol);

  /// Before the question is answered; `now_ms` is monotonic, here as below.
  void question(std::int64_t now_ms, ByteView octets);
  /// What the ledger must be told, in this order; good until the next call. Only then call commit(), or drop() when the
  /// ledger cannot be written: nothing is sent then.
  [[nodiscard]] const std::vector<LineEntry>& answer(std::int64_t now_ms, const BusAnswer& said);
  void commit();
  void drop() noexcept { planned_.clear(); }
  /// The octets to send next, one piece for each call; nothing when none is due.
  [[nodiscard]] std::optional<Bytes> take_due(std::int64_t now_ms);
  /// When something is due; INT64_MAX when nothing is.
  [[nodiscard]] std::int64_t due_ms() const noexcept;
  /// The connection is gone, and with it what was on its way.
  void cut() noexcept;

  /// Octets that wait to be sent at one time. Beyond it answers are lost.
  static constexpr std::size_t waiting_octets_max = 256U << 10;

 private:
  struct Piece {
    std::int64_t due_ms;
    Bytes octets;
  };
  struct Babble {
    const ScenarioRule* rule;
    std::int64_t next_ms;
    std::int64_t until_ms;
  };
  /// What rules make of one answer.
  struct Effect {
    const ScenarioRule* content = nullptr;  // the one that replaces or breaks it
    bool touched = false;
    bool doubled = false;
    Bytes before;
    Bytes after;
    std::int64_t delay_ms = 0;
    std::int64_t gap_ms = 0;
  };
  [[nodiscard]] bool applies(const ScenarioRule& rule, std::int64_t now_ms);
  [[nodiscard]] Effect effect_on(std::int64_t now_ms, const BusAnswer& said);
  [[nodiscard]] bool take(const ScenarioRule& rule, Effect& effect);
  [[nodiscard]] bool unnoticed(const ScenarioRule& rule) const noexcept;
  /// The answer with the rule's fault in it; empty for silence.
  [[nodiscard]] Bytes broken(const ScenarioRule& rule, ByteView octets);
  [[nodiscard]] Bytes noise(const ScenarioRule& rule, std::size_t at_least = 0);
  void begin_babble(const ScenarioRule& rule, std::int64_t now_ms);
  [[nodiscard]] Bytes replayed(const std::string& uid);
  void plan(std::int64_t now_ms, const Effect& effect, const Bytes& content);
  void remember(const BusAnswer& said, bool clean);
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

  Scenario& scenario_;
  bool has_checksum_;
  SeededRandom random_;
  std::multimap<std::int64_t, Bytes> waiting_;
  std::size_t waiting_octets_ = 0;
  std::vector<Piece> planned_;
  std::optional<Babble> babble_;
  std::vector<LineEntry> entries_;
  Bytes question_;
  bool repeated_ = false;      // the same question as before: an answer to the former one may be due, too
  bool dirty_ = false;         // since this question something went out that is nobody's answer, or may still
  bool dirty_before_ = false;  // the same of the question before
  std::map<std::string, Bytes, std::less<>> newest_;  // of each device, as it went out
  std::string asked_before_;  // the device that answered before this question, and whether nothing more is due from it
  bool asked_before_clean_ = true;
  std::string asked_;
  bool asked_clean_ = true;
};

}  // namespace duheng::device
