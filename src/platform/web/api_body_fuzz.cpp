#include <cstdlib>

#include "platform/web/live_service.hpp"
#include "platform/web/routes.hpp"

// What clients send as JSON: logins, changes of password, questions to the analyser, and live subscriptions.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::platform::web;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto login = parse_log_in(text); login && (login->name.size() > 400 || login->password.size() > 4'000))
    abort();
  if (const auto change = parse_password_change(text);
      change && (change->old_password.size() > 4'000 || change->new_password.size() > 4'000))
    abort();
  if (const auto question = parse_analysis_question(text); question && question->text.size() > size) abort();
  if (const auto order = parse_frame_order(text); order && order->parameters.size() > 50) abort();
  if (const auto devices = parse_subscription(text, 200)) {
    if (devices->size() > 200) abort();
    for (const auto id : *devices) {
      if (id.value <= 0) abort();
    }
  }
  return 0;
}
