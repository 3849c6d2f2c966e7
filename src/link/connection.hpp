#pragma once
// Only for the .cpp files of this folder: reading and writing over any Asio stream.
#include <array>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/write.hpp>

#include "link/channel.hpp"

namespace duheng::link {

inline constexpr std::size_t read_octets_max = 4'096;

/// One open stream's reading and writing. Its owner cuts it off with abandon(); a handler that Asio still holds then
/// finds nobody to tell.
template <class Stream>
class Connection : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Stream stream, std::function<void(ByteView)> octets, std::function<void(const Error&)> ended)
      : stream_(std::move(stream)), octets_(std::move(octets)), ended_(std::move(ended)) {}

  Stream& stream() noexcept { return stream_; }

  void read() {
    if constexpr (requires { stream_.async_wait(Stream::wait_read, [](const std::error_code&) {}); }) {
      read_when_ready();
    } else {
      input_.resize(read_octets_max);
      stream_.async_read_some(asio::buffer(input_),
                              [self = this->shared_from_this()](const std::error_code& error, std::size_t size) {
                                if (!self->alive_) return;
                                if (error) return self->end(error);
                                self->octets_({self->input_.data(), size});
                                if (self->alive_) self->read();
                              });
    }
  }

  Result<void> write(ByteView octets) {
    if (!alive_) return fail(ErrorCode::unavailable, "the channel is not open");
    if (waiting_.size() + octets.size() > Channel::write_queue_bytes_max)
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("the peer does not read: {} octets wait already", waiting_.size()));
    waiting_.insert(waiting_.end(), octets.begin(), octets.end());
    if (!writing_) write_next();
    return {};
  }

  void finish() {
    finishing_ = true;
    // Posted, so that the owner hears of it from the loop, never from inside its own call.
    if (!writing_) asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->finished(); });
  }

  void abandon() {
    alive_ = false;
    std::error_code ignored;
    stream_.close(ignored);
  }

 private:
  /// Sockets are waited for and then read into one buffer that all share: tens of thousands of idle meters would each
  /// hold an empty one.
  void read_when_ready() {
    stream_.async_wait(Stream::wait_read, [self = this->shared_from_this()](const std::error_code& error) {
      if (!self->alive_) return;
      if (error) return self->end(error);
      thread_local std::array<std::uint8_t, read_octets_max> input;
      std::error_code problem;
      if (!self->stream_.non_blocking()) self->stream_.non_blocking(true, problem);
      const std::size_t size = problem ? 0 : self->stream_.read_some(asio::buffer(input), problem);
      if (problem && problem != asio::error::would_block) return self->end(problem);
      if (size > 0) self->octets_({input.data(), size});
      if (self->alive_) self->read();
    });
  }
  void write_next() {
    writing_ = true;
    going_.swap(waiting_);
    waiting_.clear();
    asio::async_write(stream_, asio::buffer(going_),
                      [self = this->shared_from_this()](const std::error_code& error, std::size_t) {
                        self->writing_ = false;
                        if (!self->alive_) return;
                        if (error) return self->end(error);
                        if (!self->waiting_.empty())
                          self->write_next();
                        else if (self->finishing_)
                          self->finished();
                      });
  }

  void finished() {
    if (!alive_) return;
    abandon();
    ended_({ErrorCode::cancelled, "closed when all was written"});
  }

  void end(const std::error_code& error) {
    abandon();
    ended_({ErrorCode::unavailable, error == asio::error::eof ? std::string("closed by the peer") : error.message()});
  }

  Stream stream_;
  std::function<void(ByteView)> octets_;
  std::function<void(const Error&)> ended_;
  Bytes input_;  ///< only of streams that cannot be waited for
  Bytes waiting_;
  Bytes going_;
  bool writing_ = false;
  bool finishing_ = false;
  bool alive_ = true;
};

}  // namespace duheng::link
