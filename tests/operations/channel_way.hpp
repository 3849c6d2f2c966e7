#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "device/bus/device_bus.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/models/device_model.hpp"
#include "link/channel.hpp"
#include "link/event_loop.hpp"

namespace duheng::operations {

/// How a gateway and a device come together.
enum class Way : std::uint8_t {
  tcp,          ///< the gateway dials
  tcp_call_in,  ///< the device dials and is asked who it is
  udp,          ///< the gateway sends first
  udp_call_in,  ///< the device sends first and is asked who it is
  rs485,        ///< a serial line, here a pair of pseudo-terminals
  carrier,      ///< a carrier module at the end of such a line, the device behind it
};
inline constexpr std::array all_ways{Way::tcp, Way::tcp_call_in, Way::udp, Way::udp_call_in, Way::rs485, Way::carrier};
[[nodiscard]] std::string_view name_of(Way way) noexcept;
[[nodiscard]] constexpr bool is_call_in(Way way) noexcept { return way == Way::tcp_call_in || way == Way::udp_call_in; }
/// There is a connection that either side can end.
[[nodiscard]] constexpr bool has_connection(Way way) noexcept { return way == Way::tcp || way == Way::tcp_call_in; }

/// What befalls an answer on its way. Each piece leaves the device only when the gateway has heard all before it, so
/// that pieces arrive apart however busy the machine is.
enum class Weather : std::uint8_t {
  calm,
  torn,         ///< each answer comes in three pieces
  noise,        ///< octets of no frame come before each answer, some apart from it and some with it
  half_before,  ///< half of each answer comes, and then all of it
  broken_off,   ///< of one answer half comes and no more; a connection ends there
};
inline constexpr std::array all_weathers{Weather::calm, Weather::torn, Weather::noise, Weather::half_before,
                                         Weather::broken_off};
[[nodiscard]] std::string_view name_of(Weather weather) noexcept;

/// A virtual device at one end of a real channel. Its time stands still.
class ChannelWay {
 public:
  ChannelWay(link::EventLoop& loop, Way way, const drivers::DeviceModel& model,
             std::shared_ptr<device::VirtualDevice> device, std::int64_t utc_ms);
  ~ChannelWay();
  ChannelWay(const ChannelWay&) = delete;
  ChannelWay& operator=(const ChannelWay&) = delete;

  /// The gateway's end, to be taken once; it must end before this object.
  [[nodiscard]] std::unique_ptr<link::Channel> gateway_end();
  /// What a gateway asks with on a channel of this kind.
  [[nodiscard]] std::unique_ptr<drivers::LineSession> session(const drivers::DeviceModel& model) const;
  /// What a gateway sets for a channel of this kind.
  [[nodiscard]] drivers::SessionSettings settings() const;
  /// From now on.
  void set_weather(Weather weather);
  /// Answers that the weather touched since it was set.
  [[nodiscard]] std::size_t spoiled() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duheng::operations
