#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "codec/gdw13762/message.hpp"
#include "codec/gdw13762/stream_parser.hpp"
#include "device/bus/device_bus.hpp"

namespace duheng::device {

/// What a virtual carrier module is like, and what goes wrong behind it. Chances are drawn for each question.
struct CarrierModuleOptions {
  std::uint64_t seed = 1;
  gdw13762::CarriedProtocol protocol = gdw13762::CarriedProtocol::dlt645_2007;
  gdw13762::NodeAddress main_node{};
  std::uint8_t communication_kind = static_cast<std::uint8_t>(gdw13762::CommunicationKind::routed_carrier);
  bool tells_mode = true;        ///< false: of the 2009 edition, which denies 03H F10 and F11
  std::uint8_t at_once_max = 1;  ///< questions it takes at once by F1H F1; 1: only 13H F1, one by one
  std::uint16_t nodes_max = 1'000;
  std::uint8_t answer_timeout_s = 20;
  std::int64_t hop_ms_min = 20;  ///< one way over one hop
  std::int64_t hop_ms_max = 60;
  std::uint8_t relay_levels_max = 3;
  std::uint32_t lost_per_mille = 0;       ///< question or answer dies on the carrier: the module says "no answer"
  std::uint32_t swallowed_per_mille = 0;  ///< the module itself says nothing more to a question
  std::uint32_t spoiled_per_mille = 0;    ///< one octet of the meter's frame changes, the module's checks hold
  std::uint32_t doubled_per_mille = 0;    ///< the answer comes twice
  std::uint32_t late_per_mille = 0;       ///< the answer comes after the longest time told
  std::uint32_t busy_per_mille = 0;       ///< the question is denied
  std::uint32_t rerouted_per_mille = 0;   ///< the way of the node changes
  std::uint32_t restart_per_mille = 0;    ///< the module starts anew, and forgets what was under way
};

struct CarrierModuleCounters {
  std::uint64_t questions = 0;  ///< put to meters
  std::uint64_t denied = 0;
  std::uint64_t lost = 0;
  std::uint64_t restarts = 0;
  std::uint64_t broadcasts = 0;
  std::uint64_t reports = 0;
};

/// A concentrator's local communication module with meters behind it (Q/GDW 1376.2-2013), as its master sees it over a
/// serial line or a connection. Exists only in memory: octets and time in, octets out. Nodes sit behind up to
/// `relay_levels_max` relays, on one of three phases, with a way that may change. Answers the services that
/// CarrierSession (drivers/carrier) uses and denies the others.
class VirtualCarrierModule {
 public:
  /// Who watches what goes on behind it. `write_down` is asked before an answer leaves a meter; false: it keeps silent.
  struct Hooks {
    std::function<void(const gdw13762::NodeAddress& node, ByteView question)> question;
    std::function<bool(const gdw13762::NodeAddress& node, const BusAnswer& said, bool spoiled)> write_down;
    /// The same for what a meter tells of its own accord.
    std::function<bool(const gdw13762::NodeAddress& node, const BusAnswer& told)> told;
    /// What was under way to the master is gone.
    std::function<void()> cut;
    std::function<void(ByteView octets)> send;
  };
  VirtualCarrierModule(DeviceBus& bus, const CarrierModuleOptions& options, Hooks hooks);

  void octets(std::int64_t now_ms, std::int64_t utc_ms, ByteView octets);
  /// Does what is due; `now_ms` is monotonic.
  void advance(std::int64_t now_ms, std::int64_t utc_ms);
  [[nodiscard]] std::int64_t due_ms() const noexcept;
  /// Pushes what meters tell of their own accord.
  void push_reports(std::int64_t utc_ms);
  /// The power of the module fails and comes back: it tells that it has started.
  void restart();
  /// The master is gone.
  void cut() noexcept;

  [[nodiscard]] const CarrierModuleCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t node_count() const noexcept { return nodes_.size(); }
  [[nodiscard]] const gdw13762::NodeAddress& main_node() const noexcept { return options_.main_node; }
  [[nodiscard]] bool route_is_suspended() const noexcept { return suspended_; }
  /// As if somebody had entered it before.
  void add_node(const gdw13762::NodeAddress& node) { nodes_[node] = place_of(node); }
  void forget_node(const gdw13762::NodeAddress& node) { nodes_.erase(node); }

 private:
  struct Place {
    std::uint8_t relay_level = 0;
    std::uint8_t phase = 1;
    std::uint8_t quality = 10;
  };
  /// A question on its way to a meter.
  struct Way {
    std::int64_t due_ms = 0;
    std::int64_t began_ms = 0;
    std::uint8_t serial = 0;
    bool concurrent = false;
    gdw13762::NodeAddress node;
    Bytes question;
  };
  struct Outgoing {
    std::int64_t due_ms = 0;
    Bytes octets;
  };
  [[nodiscard]] Place place_of(const gdw13762::NodeAddress& node) const;
  [[nodiscard]] bool chance(std::uint32_t per_mille) { return per_mille > 0 && random_.below(1'000) < per_mille; }
  void on_frame(const gdw13762::FrameView& frame, std::int64_t now_ms, std::int64_t utc_ms);
  void on_query(const gdw13762::FrameView& frame);
  void on_archive(const gdw13762::FrameView& frame);
  void on_broadcast(const gdw13762::FrameView& frame, std::int64_t utc_ms);
  void on_question(const gdw13762::FrameView& frame, std::int64_t now_ms);
  void arrive(Way way, std::int64_t now_ms, std::int64_t utc_ms);
  void answer(const Way& way, ByteView content, std::int64_t now_ms);
  void say(const gdw13762::Service& service, ByteView data, std::uint8_t serial, bool began,
           const gdw13762::NodeAddress* node = nullptr);
  [[nodiscard]] Bytes framed(const gdw13762::Service& service, ByteView data, std::uint8_t serial, bool began,
                             const gdw13762::NodeAddress* node) const;
  void deny(std::uint8_t serial, gdw13762::DenyCode why);
  void confirm(std::uint8_t serial) { say(gdw13762::services::confirm, gdw13762::make_confirmation(0), serial, false); }

  DeviceBus& bus_;
  CarrierModuleOptions options_;
  Hooks hooks_;
  SeededRandom random_;
  gdw13762::StreamParser parser_;
  std::map<gdw13762::NodeAddress, Place> nodes_;
  std::vector<Way> ways_;
  std::vector<Outgoing> outgoing_;
  bool suspended_ = false;
  std::uint8_t own_serial_ = 0;
  CarrierModuleCounters counters_;
};

}  // namespace duheng::device
