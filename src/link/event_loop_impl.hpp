#pragma once
// Only for the .cpp files of this folder: keeps Asio out of everybody else's compilation.
#include <functional>
#include <optional>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "link/event_loop.hpp"

namespace duheng::link {

struct EventLoop::Impl {
  // One thread runs the context, so that Asio may leave out its locks where it can.
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::optional<asio::signal_set> signals;
  std::function<void()> terminate;
};

}  // namespace duheng::link
