#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>

#include "link/connection.hpp"
#include "link/event_loop_impl.hpp"

namespace duheng::link {
namespace {

using Descriptor = asio::posix::stream_descriptor;

std::optional<speed_t> speed_of(std::uint32_t baud) noexcept {
  switch (baud) {
    case 300:
      return B300;
    case 600:
      return B600;
    case 1'200:
      return B1200;
    case 2'400:
      return B2400;
    case 4'800:
      return B4800;
    case 9'600:
      return B9600;
    case 19'200:
      return B19200;
    case 38'400:
      return B38400;
    case 57'600:
      return B57600;
    case 115'200:
      return B115200;
    default:
      return std::nullopt;
  }
}

constexpr std::array<std::uint32_t, 10> usual_bauds{300,   600,    1'200,  2'400,  4'800,
                                                    9'600, 19'200, 38'400, 57'600, 115'200};

Error system_error(const std::string& what) { return {ErrorCode::unavailable, what + ": " + std::strerror(errno)}; }

/// Unix98 pseudo-terminal slaves have the majors 136 to 143 (Linux, Documentation/admin-guide/devices.txt).
bool is_pseudo_terminal(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || !S_ISCHR(status.st_mode)) return false;
  const unsigned number = major(status.st_rdev);
  return number >= 136 && number <= 143;
}

Result<void> configure(int descriptor, const SerialSettings& settings) {
  termios line{};
  if (::tcgetattr(descriptor, &line) != 0)
    return std::unexpected(system_error(settings.path + " is not a serial line"));
  ::cfmakeraw(&line);
  line.c_cflag |= CLOCAL | CREAD;
  line.c_cflag &= ~static_cast<tcflag_t>(CSTOPB | CRTSCTS | PARENB | PARODD);
  if (settings.stop_bits == 2) line.c_cflag |= CSTOPB;
  if (settings.parity != Parity::none && !is_pseudo_terminal(descriptor)) {
    line.c_cflag |= PARENB;
    if (settings.parity == Parity::odd) line.c_cflag |= PARODD;
    // An octet with wrong parity arrives as 0: the frame's checksum then tells, and nothing is silently lost.
    line.c_iflag |= INPCK;
  }
  const auto speed = speed_of(settings.baud);
  if (!speed) return fail(ErrorCode::invalid_argument, fmt::format("{} baud is not supported", settings.baud));
  ::cfsetispeed(&line, *speed);
  ::cfsetospeed(&line, *speed);
  if (::tcsetattr(descriptor, TCSANOW, &line) != 0)
    return std::unexpected(system_error("cannot set up " + settings.path));
  if (::tcflush(descriptor, TCIOFLUSH) != 0) return std::unexpected(system_error("cannot flush " + settings.path));
  return {};
}

Result<int> open_serial(const SerialSettings& settings) {
  const int descriptor = ::open(settings.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return std::unexpected(system_error("cannot open " + settings.path));
  auto outcome = configure(descriptor, settings);
  // Two masters on one line would take each other's answers. The lock ends with the process, however it ends; TIOCEXCL
  // also keeps out programs that ignore locks, but on a pseudo-terminal it would outlive us, because its other side
  // stays open.
  if (outcome && ::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    outcome = std::unexpected(system_error(settings.path + " is in use"));
  if (outcome && !is_pseudo_terminal(descriptor)) static_cast<void>(::ioctl(descriptor, TIOCEXCL));
  if (!outcome) {
    ::close(descriptor);
    return std::unexpected(outcome.error());
  }
  return descriptor;
}

class SerialChannel final : public Channel {
 public:
  SerialChannel(asio::io_context& context, SerialSettings settings)
      : state_(std::make_shared<State>(context)), settings_(std::move(settings)) {}
  ~SerialChannel() override {
    state_->handlers = {};
    close();
  }

  void set_handlers(ChannelHandlers handlers) override { state_->handlers = std::move(handlers); }

  void open() override {
    if (state_->connection || state_->opening) return;
    state_->opening = true;
    const std::uint64_t attempt = ++state_->attempt;
    asio::post(state_->context, [state = state_, settings = settings_, attempt] {
      if (attempt != state->attempt) return;
      state->opening = false;
      const auto descriptor = open_serial(settings);
      if (!descriptor) return state->failed(descriptor.error());
      const std::weak_ptr<State> weak = state;
      state->connection = std::make_shared<Connection<Descriptor>>(
          Descriptor(state->context, *descriptor),
          [weak](ByteView octets) {
            if (const auto self = weak.lock(); self && self->handlers.octets) {
              const auto handler = self->handlers.octets;
              handler(octets);
            }
          },
          [weak](const Error& error) {
            if (const auto self = weak.lock()) self->failed(error);
          });
      state->connection->read();
      if (state->handlers.opened) {
        const auto handler = state->handlers.opened;
        handler();
      }
    });
  }

  void close() override {
    ++state_->attempt;
    state_->opening = false;
    if (state_->connection) state_->connection->abandon();
    state_->connection.reset();
  }
  void close_when_written() override {
    if (state_->connection) state_->connection->finish();
  }
  bool is_open() const override { return state_->connection != nullptr; }
  Result<void> write(ByteView octets) override {
    if (!state_->connection) return fail(ErrorCode::unavailable, name() + " is not open");
    return state_->connection->write(octets);
  }
  std::string name() const override { return "serial " + settings_.path; }

 private:
  struct State {
    explicit State(asio::io_context& io) : context(io) {}
    void failed(const Error& error) {
      if (connection) connection->abandon();
      connection.reset();
      if (handlers.closed) {
        const auto handler = handlers.closed;
        handler(error);
      }
    }
    asio::io_context& context;
    std::shared_ptr<Connection<Descriptor>> connection;
    ChannelHandlers handlers;
    std::uint64_t attempt = 0;
    bool opening = false;
  };
  std::shared_ptr<State> state_;
  SerialSettings settings_;
};

class MasterSide final : public PseudoTerminal {
 public:
  MasterSide(asio::io_context& context, int master, int slave, std::string path)
      : path_(std::move(path)), slave_(slave), state_(std::make_shared<State>(context, master)) {
    read(state_);
  }
  MasterSide(const MasterSide&) = delete;
  MasterSide& operator=(const MasterSide&) = delete;
  ~MasterSide() override {
    ::close(slave_);
    state_->octets = nullptr;
    state_->reopened = nullptr;
    std::error_code ignored;
    state_->master.close(ignored);
  }
  const std::string& path() const override { return path_; }
  std::uint32_t baud() const override {
    termios line{};
    if (::tcgetattr(slave_, &line) != 0) return 0;
    const speed_t speed = ::cfgetospeed(&line);
    for (const std::uint32_t each : usual_bauds)
      if (speed_of(each) == speed) return each;
    return 0;
  }
  void set_handlers(std::function<void(ByteView)> octets, std::function<void()> reopened) override {
    state_->octets = std::move(octets);
    state_->reopened = std::move(reopened);
  }
  Result<void> write(ByteView octets) override {
    // A terminal's buffer (4 KiB) holds more than any frame; what does not fit is lost, as on a line nobody listens to.
    while (!octets.empty()) {
      const ssize_t written = ::write(state_->master.native_handle(), octets.data(), octets.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return std::unexpected(system_error("cannot write to " + path_));
      octets = octets.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

 private:
  struct State {
    State(asio::io_context& context, int descriptor) : master(context, descriptor) {}
    Descriptor master;
    std::array<std::uint8_t, read_octets_max> input{};
    std::function<void(ByteView)> octets;
    std::function<void()> reopened;
  };

  static void read(const std::shared_ptr<State>& state) {
    state->master.async_read_some(asio::buffer(state->input), [state](const std::error_code& error, std::size_t size) {
      if (error || !state->master.is_open()) return;
      // Packet mode (ioctl_tty(2), TIOCPKT): the first octet is 0 before data, else a set of events.
      const std::uint8_t events = size > 0 ? state->input[0] : 0;
      if (events == TIOCPKT_DATA && size > 1 && state->octets) state->octets({state->input.data() + 1, size - 1});
      if ((events & (TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE)) != 0) {
        // The client's flush does not reach what our own side has taken in already: a former client's last question.
        ::tcflush(state->master.native_handle(), TCIFLUSH);
        if (state->reopened) state->reopened();
      }
      if (state->master.is_open()) read(state);
    });
  }

  std::string path_;
  int slave_;  // kept open, or the master would report a hang-up whenever no client is there
  std::shared_ptr<State> state_;
};

}  // namespace

bool serial_baud_supported(std::uint32_t baud) noexcept { return speed_of(baud).has_value(); }

std::unique_ptr<Channel> make_serial(EventLoop& loop, const SerialSettings& settings) {
  return std::make_unique<SerialChannel>(loop.impl().context, settings);
}

Result<std::unique_ptr<PseudoTerminal>> open_pseudo_terminal(EventLoop& loop) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (master < 0) return std::unexpected(system_error("no pseudo-terminal"));
  std::array<char, 128> name{};
  int slave = -1;
  if (::grantpt(master) == 0 && ::unlockpt(master) == 0 && ::ptsname_r(master, name.data(), name.size()) == 0)
    slave = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios line{};
  int on = 1;
  // Raw before the first client comes: an echoing line would send every answer back as a question.
  const bool ready = slave >= 0 && ::tcgetattr(slave, &line) == 0 &&
                     (::cfmakeraw(&line), ::tcsetattr(slave, TCSANOW, &line)) == 0 &&
                     ::ioctl(master, TIOCPKT, &on) == 0;
  if (!ready) {
    const Error error = system_error("cannot set up a pseudo-terminal");
    if (slave >= 0) ::close(slave);
    ::close(master);
    return std::unexpected(error);
  }
  return std::make_unique<MasterSide>(loop.impl().context, master, slave, name.data());
}

}  // namespace duheng::link
