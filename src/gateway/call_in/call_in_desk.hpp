#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "drivers/protocol/driver.hpp"

namespace duheng::gateway {

struct CallInOptions {
  std::vector<const drivers::Driver*> drivers;  ///< asked in this order, one after the other
  std::int64_t answer_timeout_ms = 3'000;       ///< for each question; radio takes its time
  std::uint32_t rounds = 2;                     ///< how often each driver asks
  std::size_t unidentified_max = 10'000;     ///< connections that have not said who they are; beyond it: closed at once
  std::size_t unknown_devices_max = 10'000;  ///< remembered for adoption; the longest silent one gives way
  std::size_t octets_max = 4'096;            ///< that a connection may send before it is identified
};

/// How a device named itself: the first frame of its connection, to be kept like every other.
struct CallInEvidence {
  Bytes request;  ///< empty when it spoke unasked
  Bytes response;
  std::int64_t sent_utc_ms = 0;  ///< 0 when it spoke unasked
  drivers::Moment received;
};

/// What the desk wants done. Must not call back into it.
class CallInOutput {
 public:
  virtual ~CallInOutput() = default;
  virtual void send(std::uint64_t connection, ByteView octets) = 0;
  virtual void close(std::uint64_t connection) = 0;
  /// The connection is this device's. It no longer is the desk's. A connection the device had before is over: meters
  /// behind mobile networks dial again without hanging up.
  virtual void assign(std::uint64_t connection, std::uint32_t device, CallInEvidence evidence) = 0;
};

/// A meter that called in and is in no list: an operator may adopt it.
struct UnknownDevice {
  const drivers::Driver* driver = nullptr;
  std::string address;  ///< as a devices file writes it
  std::string peer;     ///< where it last called from
  std::int64_t first_utc_ms = 0;
  std::int64_t last_utc_ms = 0;
  std::uint64_t calls = 0;
};

struct CallInStatistics {
  std::uint64_t accepted = 0;
  std::uint64_t identified = 0;    ///< as a device of ours
  std::uint64_t unknown = 0;       ///< named an address that is not ours; closed
  std::uint64_t silent = 0;        ///< said nothing we understand in time; closed
  std::uint64_t talkative = 0;     ///< sent more than `octets_max` without a whole frame; closed
  std::uint64_t refused_full = 0;  ///< `unidentified_max` were waiting
  std::size_t waiting = 0;
};

/// Where meters that dial in say who they are before anything they say is believed. Each new connection is asked for
/// its address in the protocols of the devices expected here; a whole, verified frame from a device counts as its name,
/// asked for or not. Only then it becomes that device's channel; everybody else is told about and hung up on.
///
/// An address is a claim, not a proof: protocols without keys (DL/T 645, CJ/T 188) cannot do better.
///
/// Sans-I/O: connections are numbers of the caller's. A connection costs memory only while it is unidentified.
class CallInDesk {
 public:
  explicit CallInDesk(CallInOptions options);
  ~CallInDesk();
  CallInDesk(const CallInDesk&) = delete;
  CallInDesk& operator=(const CallInDesk&) = delete;

  /// Expects a device here, at any time. A second one of the same protocol and address replaces the first.
  void expect(const drivers::Driver& driver, const drivers::BusAddress& address, std::uint32_t device);
  /// From now on it is a stranger; its connection, once assigned, is the caller's to end.
  void forget(const drivers::Driver& driver, const drivers::BusAddress& address);

  void accepted(std::uint64_t connection, std::string peer, const drivers::Moment& now, CallInOutput& out);
  void octets(std::uint64_t connection, ByteView octets, const drivers::Moment& now, CallInOutput& out);
  /// The peer hung up.
  void closed(std::uint64_t connection);
  /// To be called at next_wake_ms(), or any time.
  void tick(const drivers::Moment& now, CallInOutput& out);
  [[nodiscard]] std::int64_t next_wake_ms() const;

  [[nodiscard]] CallInStatistics statistics() const;
  /// The newest call first.
  [[nodiscard]] std::vector<UnknownDevice> unknown_devices() const;
  /// Grows whenever unknown_devices() changes.
  [[nodiscard]] std::uint64_t unknown_revision() const noexcept { return unknown_revision_; }

 private:
  struct Guest;
  struct Finder;
  using Name = std::pair<const drivers::Driver*, drivers::BusAddress>;
  void ask(std::uint64_t connection, Guest& guest, const drivers::Moment& now, CallInOutput& out);
  void settle(std::uint64_t connection, const Name& name, CallInEvidence evidence, CallInOutput& out);
  void remember(const Name& name, const std::string& peer, const drivers::Moment& now);
  void dismiss(std::uint64_t connection, CallInOutput& out);

  CallInOptions options_;
  std::map<Name, std::uint32_t> expected_;
  std::map<std::uint64_t, std::unique_ptr<Guest>> guests_;
  std::multimap<std::int64_t, std::uint64_t> deadlines_;
  std::map<Name, UnknownDevice> unknown_;
  std::uint64_t unknown_revision_ = 0;
  CallInStatistics counts_;
};

}  // namespace duheng::gateway
