#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "device/bus/device_bus.hpp"
#include "device/carrier/virtual_carrier_module.hpp"
#include "drivers/carrier/carrier_session.hpp"

namespace duheng::operations {

/// What goes wrong on the line between a master and its module; what goes wrong behind it stands in the module's
/// options.
struct CarrierLineFaults {
  std::uint32_t noise_per_mille = 0;    ///< octets of no frame before a frame of the module
  std::uint32_t changed_per_mille = 0;  ///< one octet of a frame, either way
  std::uint32_t dropped_per_mille = 0;  ///< a whole frame, either way
  std::uint32_t torn_per_mille = 0;     ///< a frame of the module comes in two pieces
};

/// A carrier session, a virtual module and meters that say who they are and what they were asked: an answer that was
/// mixed up with another shows. Time jumps from event to event.
class CarrierWorld final : public drivers::SessionOutput {
 public:
  struct Ended {
    std::uint32_t meter = 0;
    std::uint32_t tag = 0;
    drivers::Outcome outcome = drivers::Outcome::timed_out;
    bool late = false;
    bool unasked = false;
    Bytes payload;
    Bytes request;
    Bytes response;
  };
  CarrierWorld(std::uint32_t meters, const device::CarrierModuleOptions& module, const CarrierLineFaults& faults = {},
               const drivers::SessionSettings& settings = {}, const drivers::CarrierSettings& carrier = {});

  /// The address of a meter of this world, as it shows it.
  [[nodiscard]] static std::string address_of(std::uint32_t meter);
  [[nodiscard]] static gdw13762::NodeAddress node_of(std::uint32_t meter);
  std::uint32_t add_meter(std::uint32_t meter);
  void open();
  /// A question of its own for each tag.
  void ask(std::uint32_t meter, std::uint32_t tag, bool command = false, bool urgent = false);
  void ask(std::uint32_t meter, drivers::Query query, std::uint32_t tag);
  /// Until nothing is under way or waiting, or the time is over. False: it is over.
  bool run(std::int64_t ms_max);
  /// That long, whatever goes on.
  void run_for(std::int64_t ms);
  /// What a meter of this world answers to a question of that tag.
  [[nodiscard]] static Bytes truth(std::uint32_t meter, std::uint32_t tag);

  [[nodiscard]] drivers::CarrierSession& session() { return session_; }
  [[nodiscard]] device::VirtualCarrierModule& module() { return module_; }
  [[nodiscard]] const std::vector<Ended>& ended() const { return ended_; }
  /// How often each command reached its meter: by meter and tag.
  [[nodiscard]] const std::map<std::pair<std::string, std::uint32_t>, int>& commands() const { return *commands_; }
  [[nodiscard]] int reopened() const { return reopened_; }
  [[nodiscard]] std::size_t most_at_once() const { return most_at_once_; }
  [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }
  void module_dead(bool dead) { dead_ = dead; }

  void send(ByteView octets) override;
  void deliver(const drivers::Exchange& exchange) override;
  void reopen() override;

 private:
  [[nodiscard]] drivers::Moment now() const { return {now_ms_, now_ms_}; }
  [[nodiscard]] bool chance(std::uint32_t per_mille) { return per_mille > 0 && random_.below(1'000) < per_mille; }
  [[nodiscard]] Bytes on_the_line(ByteView octets);
  void settle();
  /// False: nothing will happen any more by itself.
  bool step(std::int64_t until_ms);

  SeededRandom random_;
  CarrierLineFaults faults_;
  std::shared_ptr<std::map<std::pair<std::string, std::uint32_t>, int>> commands_;
  device::DeviceBus bus_;
  device::VirtualCarrierModule module_;
  drivers::CarrierSession session_;
  std::vector<Bytes> to_module_;
  std::vector<Bytes> to_master_;
  std::vector<Ended> ended_;
  std::set<std::uint64_t> awaited_;
  std::uint64_t newest_ = 0;
  std::int64_t now_ms_ = 1'000'000;
  std::size_t most_at_once_ = 0;
  std::size_t under_way_ = 0;
  int reopened_ = 0;
  bool reopen_wanted_ = false;
  bool dead_ = false;
};

}  // namespace duheng::operations
