#pragma once
// A database that Duheng's telemetry is measured beside.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "tools/bench/peers/sample_world.hpp"

namespace duheng::tools {

enum class Durability : std::uint8_t {
  usual,         ///< as the product comes, or as its makers advise
  synchronised,  ///< what was answered is on the disk, as far as the product or its file system can be made to
};

struct PeerPlace {
  std::string servers_directory{};  ///< what scripts/test-servers.sh unpacked
  std::string folder{};             ///< the peer's own, empty
};

/// Half-open, seconds since 1970: all sample times are whole seconds.
struct SecondsRange {
  std::int64_t from_s = 0;
  std::int64_t to_s = 0;
};

struct TopEntry {
  std::uint32_t series = 0;
  std::int64_t mantissa = 0;
  friend bool operator==(const TopEntry&, const TopEntry&) = default;
};

/// One peer on loopback, in a folder of its own, set up as somebody who knows it would. Loaded over its fastest way for
/// many readings at once. Questions come in two halves: asking, which is measured, and reading the answer, which is
/// not.
class Peer {
 public:
  virtual ~Peer() = default;
  /// Begins the names of its figures.
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view title() const = 0;
  /// One sentence; empty when there is no such way.
  [[nodiscard]] virtual std::string_view durability(Durability durability) const = 0;
  [[nodiscard]] virtual std::string_view set_up() const = 0;

  /// Errors: not_found - it is not unpacked; unavailable, timed_out - it does not start: the message has the end of its
  /// log.
  [[nodiscard]] virtual Result<void> start(const PeerPlace& place, Durability durability) = 0;
  /// The requests that bring a block in. Pure; done before the clock runs.
  [[nodiscard]] virtual std::vector<std::string> bodies(const SampleBlock& block) const = 0;
  /// From one thread for each lane, 0 to lanes - 1. Errors: the peer's answer.
  static constexpr std::size_t lanes = 2;
  [[nodiscard]] virtual Result<void> load(std::size_t lane, SampleKind kind, std::string_view body) = 0;
  /// Until what was loaded can be asked for.
  [[nodiscard]] virtual Result<void> flush() = 0;
  /// Merges, cleans, waits: until the files of these kinds are as small as they get.
  [[nodiscard]] virtual Result<void> settle(std::span<const SampleKind> kinds) = 0;
  /// Of the energy and analogue values.
  [[nodiscard]] virtual Result<std::uint64_t> disk_bytes() = 0;

  /// A question that costs nothing but the way there and back.
  [[nodiscard]] virtual Result<void> ping() = 0;
  [[nodiscard]] virtual Result<std::string> ask_series(SampleKind kind, std::uint32_t series, SecondsRange range) = 0;
  [[nodiscard]] virtual Result<SampleTruth> read_series(SampleKind kind, std::uint32_t series,
                                                        const std::string& answer) const = 0;
  /// The hundred meters that used most on a day, by what they used.
  [[nodiscard]] virtual Result<std::string> ask_top(std::int64_t day_s) = 0;
  [[nodiscard]] virtual Result<std::vector<TopEntry>> read_top(const std::string& answer) const = 0;

  /// Of the running server; 0 before start().
  [[nodiscard]] virtual std::int64_t process_id() const = 0;
};

[[nodiscard]] std::unique_ptr<Peer> make_victoria_metrics();
[[nodiscard]] std::unique_ptr<Peer> make_influxdb();
[[nodiscard]] std::unique_ptr<Peer> make_clickhouse();
[[nodiscard]] std::unique_ptr<Peer> make_postgresql();
[[nodiscard]] std::vector<std::unique_ptr<Peer>> make_peers();

}  // namespace duheng::tools
