#pragma once
// A line with virtual devices on it, whatever protocol they speak.
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "model/field_parity.hpp"

namespace duheng::device {

/// What a device says to one question.
struct DeviceAnswer {
  Bytes octets;                  ///< one whole frame as the master's codec gives it back, without a preamble
  std::uint32_t identifier = 0;  ///< what was asked, for the ledger; its meaning is the protocol's
};

/// Something that happens to a device itself rather than to what it says: a scenario's doing (device/scenario).
struct DeviceHappening {
  enum class Kind : std::uint8_t {
    clock_jump,               ///< `amount` milliseconds forward; negative: back
    clock_drift,              ///< from now on its clock gains `amount` parts per million more than by itself; 0: ends
    magnetic_field,           ///< a strong magnet: 1 comes near, 0 is taken away
    electrostatic_discharge,  ///< one strike
    radiated_field,           ///< a strong radio field: 1 begins, 0 ends
    cover,                    ///< 1 is opened, 0 is closed
    reverse,                  ///< wired or mounted the wrong way round: 1 begins, 0 ends
    voltage,                  ///< supply from the mains, `amount` per mille of the nominal value
    battery,                  ///< the battery now has `amount` mV
    power,                    ///< the supply: 0 fails, 1 comes back
    button,                   ///< somebody at the device presses its button
    sensor,                   ///< 1: its sensor breaks (open or short circuit), 0: it is mended
    valve_seat,               ///< 1: its valve lets through although it is closed, 0: it is tight again
    // What an electricity meter notices on its line: 1 begins, 0 ends. The first five happen to `phase`.
    phase_break,
    loss_of_current,
    over_current,
    overload,
    reverse_flow,
    voltage_sequence,  ///< the phases come in the wrong order
    current_sequence,
    voltage_unbalance,
    current_unbalance,
    over_demand,
    terminal_cover,
  };
  Kind kind = Kind::clock_jump;
  std::int64_t amount = 0;
  std::uint8_t phase = 0;  ///< 1 A, 2 B, 3 C; 0: all there are
};

/// A command that a device has carried out: it changed what the device keeps. Asking to change something that is so
/// already counts, too.
struct DeviceCommand {
  std::uint64_t number = 0;                     ///< 1, 2, 3 … over the device's whole life, kept with its state
  std::uint16_t function = 0;                   ///< the protocol's own, e.g. 1CH of DL/T 645, 6 of Modbus
  std::uint32_t identifier = 0;                 ///< what was written or done; its meaning is the protocol's
  std::array<std::uint8_t, 32> request_hash{};  ///< SHA-256 over the request as it came
  std::int64_t utc_ms = 0;
  friend bool operator==(const DeviceCommand&, const DeviceCommand&) = default;
};
/// For what a device keeps. Fails in the reader's own way.
void write_command(ByteWriter& out, const DeviceCommand& command);
[[nodiscard]] DeviceCommand read_command(ByteReader& in);
using CommandListener = std::function<void(const DeviceCommand&)>;

/// A device that exists only in memory: questions in, answers out; no sockets and no clock of its own.
class VirtualDevice {
 public:
  virtual ~VirtualDevice() = default;
  /// How the ledger calls it, which is the uid under which a gateway knows it.
  [[nodiscard]] virtual const std::string& uid() const noexcept = 0;
  /// Its address on the bus as LineProtocol::addressee() gives it.
  [[nodiscard]] virtual std::uint64_t bus_key() const noexcept = 0;
  /// The answer to one whole frame; nothing when it keeps silent (not meant, a broadcast, an answer itself).
  [[nodiscard]] virtual std::optional<DeviceAnswer> answer(std::int64_t utc_ms, ByteView question) = 0;
  /// The speed of its line's interface in bit/s, once somebody has set one; 0: whatever the line has.
  [[nodiscard]] virtual std::uint32_t line_speed() const { return 0; }
  /// The parity it was set to; nothing: it was never set to one, and speaks as its line does.
  [[nodiscard]] virtual std::optional<FieldParity> line_parity() const { return std::nullopt; }
  /// What it tells of its own accord: the frame that is due now; nothing when there is none. It is due again some time
  /// after, until a master has confirmed it. Only for lines on which nobody else may speak at that moment.
  [[nodiscard]] virtual std::optional<DeviceAnswer> report(std::int64_t utc_ms) {
    static_cast<void>(utc_ms);
    return std::nullopt;
  }
  /// The last command carried out, as kept over restarts; nothing when there was none, or the device keeps no count.
  [[nodiscard]] virtual std::optional<DeviceCommand> last_command() const { return std::nullopt; }
  /// Calls `listener` after a command has been carried out and its effect is kept, before it is answered.
  virtual void listen_to_commands(CommandListener listener) { static_cast<void>(listener); }
  /// Told before the first question behind it, with the moment at which it happened. A device that knows nothing of
  /// such a thing goes on as before; without supply nobody asks it.
  virtual void happen(std::int64_t utc_ms, const DeviceHappening& happening) {
    static_cast<void>(utc_ms);
    static_cast<void>(happening);
  }
};

/// Cuts what a master sends into questions.
class QuestionCutter {
 public:
  using OnQuestion = std::function<void(ByteView)>;
  virtual ~QuestionCutter() = default;
  virtual void feed(ByteView octets, const OnQuestion& on_question) = 0;
  /// The line has been silent: what is unfinished will not be finished.
  virtual void flush(const OnQuestion& on_question) = 0;
  virtual void reset() noexcept = 0;
};

/// What a bus must know of a protocol. Stateless; one object serves all buses.
class LineProtocol {
 public:
  virtual ~LineProtocol() = default;
  [[nodiscard]] virtual std::unique_ptr<QuestionCutter> cutter() const = 0;
  /// The key of the one device that is meant; nothing when several may be (wildcard, broadcast).
  [[nodiscard]] virtual std::optional<std::uint64_t> addressee(ByteView question) const = 0;
  /// After so long a silence an unfinished question is given up.
  [[nodiscard]] virtual std::int64_t octet_gap_ms() const = 0;
  /// False: nothing in a frame shows that an octet was changed on the way.
  [[nodiscard]] virtual bool has_checksum() const { return true; }
  /// False: a master asks on before what it heard is durable, or repeats a question in other octets.
  [[nodiscard]] virtual bool next_question_confirms() const { return true; }
  /// An answer as it may be written down, secrets overwritten. Nothing: as it is.
  [[nodiscard]] virtual std::optional<Bytes> masked(ByteView answer) const {
    static_cast<void>(answer);
    return std::nullopt;
  }
};

/// A device's name as an answer carries it; good during the call.
struct DeviceName {
  std::string_view text;
  [[nodiscard]] std::string to_string() const { return std::string(text); }
};
/// See DeviceAnswer::identifier.
struct AnswerIdentifier {
  std::uint32_t value = 0;
};

/// What a bus sends back to one question.
struct BusAnswer {
  DeviceName address;
  AnswerIdentifier identifier;
  ByteView octets;         ///< good during the call
  bool collision = false;  ///< several devices spoke at once: what arrives is no answer of anybody
};

/// Devices on one line. Everybody hears everything; who is meant answers. When several answer at once the octets
/// collide (both driving the line: the 0 bits win). Several masters may be connected, each with its own DeviceBusPort.
class DeviceBus {
 public:
  using OnAnswer = std::function<void(const BusAnswer&)>;
  explicit DeviceBus(const LineProtocol& protocol) : protocol_(protocol) {}
  /// A device whose key is taken already replaces the former one.
  void add(std::shared_ptr<VirtualDevice> device);
  [[nodiscard]] std::size_t size() const noexcept { return devices_.size(); }
  [[nodiscard]] const LineProtocol& protocol() const noexcept { return protocol_; }
  /// What a master speaks at from now on; a device that was set to another speed hears and says nothing. 0: there is no
  /// speed on this line.
  void set_speed(std::uint32_t baud) noexcept { baud_ = baud; }
  /// Likewise its parity: octets of another are dropped. Until it is set there is none on this line.
  void set_parity(FieldParity parity) noexcept { parity_ = parity; }
  /// What devices tell of their own accord.
  void reports(std::int64_t utc_ms, const OnAnswer& on_report);
  /// `frame` is one whole question.
  void question(std::int64_t utc_ms, ByteView frame, const OnAnswer& on_answer);

 private:
  [[nodiscard]] bool hears(const VirtualDevice& device) const;
  void renumber();
  void everybody(std::int64_t utc_ms, ByteView frame, const OnAnswer& on_answer);
  const LineProtocol& protocol_;
  std::map<std::uint64_t, std::shared_ptr<VirtualDevice>> devices_;
  std::uint32_t baud_ = 0;
  std::optional<FieldParity> parity_;
};

/// One master's way in: cuts its octets into questions.
class DeviceBusPort {
 public:
  explicit DeviceBusPort(DeviceBus& bus) : bus_(bus), cutter_(bus.protocol().cutter()) {}
  /// Calls `on_question` with the frame's octets before the devices see it, and `on_answer` for what comes back.
  void octets(std::int64_t utc_ms, ByteView octets, const std::function<void(ByteView)>& on_question,
              const DeviceBus::OnAnswer& on_answer);
  void reset() noexcept { cutter_->reset(); }

 private:
  DeviceBus& bus_;
  std::unique_ptr<QuestionCutter> cutter_;
  std::int64_t heard_utc_ms_ = 0;
};

}  // namespace duheng::device
