#include "tools/bench/udp_callers.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/clock.hpp"
#include "device/bus/device_bus.hpp"
#include "device/fleet/catalogue.hpp"

namespace duheng::tools {
namespace {

constexpr std::uint32_t first_source = 0x7F01'0000;  // 127.1.0.0
constexpr std::int64_t call_again_ms = 2'000;
constexpr std::uint8_t wake_up_octet = 0xFE;

/// The address by which a datagram came, or shall go.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in_pktinfo))> octets{};
};

struct Meter {
  explicit Meter(std::shared_ptr<device::VirtualDevice> one)
      : bus(device::protocol_of(device::LineKind::dlt645)), port((bus.add(std::move(one)), bus)) {}
  device::DeviceBus bus;
  device::DeviceBusPort port;
  bool introduced = false;
  bool asked = false;
};

}  // namespace

struct UdpCallers::Impl {
  explicit Impl(const Options& chosen) : options(chosen) {}
  ~Impl() {
    stop = true;
    if (thread.joinable()) thread.join();
    if (descriptor >= 0) ::close(descriptor);
  }

  Options options;
  SystemClock clock;
  int descriptor = -1;
  std::deque<Meter> meters;                                    // not movable
  std::uint32_t next = 0;                                      // who calls next
  std::uint32_t unasked = 0;                                   // have called, and were not asked yet
  std::deque<std::pair<std::int64_t, std::uint32_t>> calling;  // when to call again, who; the earliest in front
  std::atomic<std::uint32_t> introduced{0};
  std::atomic<std::uint64_t> answers{0};
  std::atomic<bool> stop{false};
  std::thread thread;

  Result<void> open() {
    descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    const int wanted_octets = 4 << 20;
    sockaddr_in here{};
    here.sin_family = AF_INET;
    if (descriptor < 0 || ::setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) != 0 ||
        ::bind(descriptor, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0)
      return fail(ErrorCode::unavailable, fmt::format("no UDP socket: {}", std::strerror(errno)));
    // As much as the machine grants; less only makes calls be repeated.
    static_cast<void>(::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &wanted_octets, sizeof wanted_octets));
    return {};
  }

  void make_meters() {
    const auto& model = *device::find_virtual_model("dlt645-2007-single-phase");
    for (std::uint32_t i = 0; i < options.meters; ++i) {
      device::DeviceSeat seat;
      seat.uid = seat.address = fmt::format("{:012}", options.first_address + i);
      seat.seed = i;
      meters.emplace_back(device::make_virtual_device(model, seat));
    }
  }

  void send(std::uint32_t meter, ByteView octets) {
    sockaddr_in gateway{};
    gateway.sin_family = AF_INET;
    gateway.sin_port = htons(options.gateway_port);
    gateway.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Control control;
    iovec piece{const_cast<std::uint8_t*>(octets.data()), octets.size()};
    msghdr message{};
    message.msg_name = &gateway;
    message.msg_namelen = sizeof gateway;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.octets.data();
    message.msg_controllen = control.octets.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo source{};
    source.ipi_spec_dst.s_addr = htonl(first_source + meter);
    std::memcpy(CMSG_DATA(header), &source, sizeof source);
    // A datagram that is lost here is lost like any other: the gateway asks again.
    static_cast<void>(::sendmsg(descriptor, &message, 0));
  }

  void call(std::int64_t now_ms) {
    while (!calling.empty() && (meters[calling.front().second].asked || calling.front().first <= now_ms)) {
      const std::uint32_t meter = calling.front().second;
      calling.pop_front();
      if (meters[meter].asked) continue;
      send(meter, ByteView(&wake_up_octet, 1));
      calling.emplace_back(now_ms + call_again_ms, meter);
    }
    while (next < options.meters && unasked < options.at_once) {
      ++unasked;
      send(next, ByteView(&wake_up_octet, 1));
      calling.emplace_back(now_ms + call_again_ms, next++);
    }
  }

  /// Who is meant by the next datagram, and its octets; false when none is there.
  bool receive(std::uint32_t& meter, std::array<std::uint8_t, 2'048>& octets, std::size_t& size) {
    Control control;
    iovec piece{octets.data(), octets.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.octets.data();
    message.msg_controllen = control.octets.size();
    const auto got = ::recvmsg(descriptor, &message, 0);
    if (got < 0) return false;
    size = static_cast<std::size_t>(got);
    meter = UINT32_MAX;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != IPPROTO_IP || header->cmsg_type != IP_PKTINFO) continue;
      in_pktinfo target{};
      std::memcpy(&target, CMSG_DATA(header), sizeof target);
      meter = ntohl(target.ipi_addr.s_addr) - first_source;
    }
    return true;
  }

  void answer_waiting() {
    std::array<std::uint8_t, 2'048> octets;
    std::uint32_t number = 0;
    std::size_t size = 0;
    while (!stop && receive(number, octets, size)) {
      if (number >= meters.size()) continue;
      Meter& meter = meters[number];
      if (!std::exchange(meter.asked, true)) --unasked;
      meter.port.octets(
          clock.utc_ms(), {octets.data(), size}, [](ByteView) {},
          [&](const device::BusAnswer& answer) {
            send(number, answer.octets);
            ++answers;
            if (!std::exchange(meter.introduced, true)) ++introduced;
          });
    }
  }

  void serve() {
    constexpr int pause_ms = 20;
    while (!stop) {
      call(clock.monotonic_ms());
      pollfd one{descriptor, POLLIN, 0};
      if (::poll(&one, 1, pause_ms) > 0) answer_waiting();
    }
  }
};

UdpCallers::UdpCallers(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UdpCallers::~UdpCallers() = default;

Result<std::unique_ptr<UdpCallers>> UdpCallers::start(const Options& options) {
  auto impl = std::make_unique<Impl>(options);
  DUHENG_CHECK(impl->open());
  impl->make_meters();
  impl->thread = std::thread([raw = impl.get()] { raw->serve(); });
  return std::unique_ptr<UdpCallers>(new UdpCallers(std::move(impl)));
}

std::uint32_t UdpCallers::introduced() const noexcept { return impl_->introduced; }
std::uint64_t UdpCallers::answers() const noexcept { return impl_->answers; }

}  // namespace duheng::tools
