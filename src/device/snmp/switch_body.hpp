#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "device/snmp/mib_view.hpp"

namespace duheng::device {

struct SwitchBodyOptions {
  std::string name{};       ///< sysName
  std::uint64_t seed = 1;   ///< of its traffic and its hardware addresses
  std::uint32_t ports = 8;  ///< 2 to 24; port 1 is the uplink
  /// What is plugged into port 2, 3 …; the ports behind those are empty: nobody has shut them off, no cable is in them.
  std::vector<std::string> carries{};
};

/// A switch as its management sees it: supply, cables, counters. What comes in on the other ports goes out on the
/// uplink while that has a link, and the other way round; counters never go back except by a loss of supply, which
/// starts them and the uptime anew. Pure; a clock that jumps back stands still meanwhile. Not thread-safe.
class SwitchBody {
 public:
  static constexpr std::uint32_t ports_max = 24;
  SwitchBody(SwitchBodyOptions options, std::int64_t utc_ms);

  void set_power(std::int64_t utc_ms, bool is_on);
  /// Pulls the cable of a port, or puts it back; a port without one stays empty. Ports are numbered from 1; others are
  /// ignored, here as below.
  void set_pulled(std::int64_t utc_ms, std::uint32_t port, bool is_pulled);
  /// Somebody shuts a port off by configuration.
  void set_enabled(std::int64_t utc_ms, std::uint32_t port, bool is_enabled);
  /// Broken frames that arrive on a port, as with a bad cable.
  void set_errors(std::int64_t utc_ms, std::uint32_t port, std::uint32_t per_second);
  /// Octets that really passed between a port and the uplink, besides those made up.
  void carry(std::int64_t utc_ms, std::uint32_t port, std::uint64_t octets_in, std::uint64_t octets_out);

  [[nodiscard]] bool is_on() const noexcept { return is_on_; }
  /// It has supply, and both this port and the uplink have a link.
  [[nodiscard]] bool passes(std::uint32_t port) const noexcept;
  [[nodiscard]] std::int64_t uptime_ms(std::int64_t utc_ms) const noexcept;
  [[nodiscard]] MibView view(std::int64_t utc_ms);

 private:
  struct Counts {
    std::uint64_t octets = 0;
    std::uint64_t frames = 0;
  };
  struct Port {
    std::string alias;
    bool has_cable = false;
    bool is_pulled = false;
    bool is_enabled = true;
    std::uint32_t errors_per_second = 0;
    std::uint64_t rate_in = 0;  // octets a second, made up
    std::uint64_t rate_out = 0;
    std::int64_t changed_ms = 0;  // uptime of the last change of its link
    Counts in, out;
    std::uint64_t errors_in = 0;
    [[nodiscard]] bool has_link() const noexcept { return has_cable && !is_pulled && is_enabled; }
  };
  [[nodiscard]] Port* port(std::uint32_t number) noexcept;
  void count_to(std::int64_t utc_ms);
  static void add(Counts& counts, std::uint64_t octets);
  void change(std::int64_t utc_ms, std::uint32_t number, void (*apply)(Port&, std::uint32_t), std::uint32_t value);
  void put_system(MibView& view, std::int64_t up_ms) const;
  void put_port(MibView& view, std::uint32_t number, const Port& one) const;

  SwitchBodyOptions options_;
  std::vector<Port> ports_;
  bool is_on_ = true;
  std::int64_t now_ms_;
  std::int64_t on_since_ms_;
  double counted_s_ = 0;  // weighted seconds up to which counters stand
};

}  // namespace duheng::device
