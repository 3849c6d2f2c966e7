#include "platform/web/websocket_protocol.hpp"

#include <algorithm>
#include <array>
#include <openssl/evp.h>

#include "platform/web/request_target.hpp"

namespace duheng::platform::web::websocket {
namespace {

bool is_control(Opcode opcode) noexcept { return static_cast<std::uint8_t>(opcode) >= 8; }

bool is_sendable_close_code(std::uint16_t code) noexcept {
  // RFC 6455, 7.4: 1004 to 1006 and 1015 never stand in a frame; 3000 to 4999 belong to applications.
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

bool has_token(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view part = list.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (equal_ignoring_case(part, token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::string base64(ByteView octets) {
  std::string out(4 * ((octets.size() + 2) / 3) + 1, '\0');
  const int written =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), octets.data(), static_cast<int>(octets.size()));
  out.resize(static_cast<std::size_t>(written));
  return out;
}

}  // namespace

void Reader::violation(std::uint16_t code, std::string reason, const std::function<void(Event)>& on_event) {
  ended_ = true;
  on_event({Event::Kind::violation, std::move(reason), code});
}

void Reader::feed(ByteView octets, const std::function<void(Event)>& on_event) {
  std::size_t at = 0;
  while (at < octets.size() && !ended_) {
    if (!in_payload_) {
      header_octet(octets[at++], on_event);
      continue;
    }
    const std::size_t take = std::min<std::uint64_t>(octets.size() - at, payload_bytes_ - payload_taken_);
    std::string& into = is_control(opcode_) ? control_ : message_;
    for (std::size_t i = 0; i < take; ++i) {
      into.push_back(static_cast<char>(octets[at + i] ^ mask_[(payload_taken_ + i) % 4]));
    }
    payload_taken_ += take;
    at += take;
    if (payload_taken_ == payload_bytes_) frame_complete(on_event);
  }
}

void Reader::header_octet(std::uint8_t octet, const std::function<void(Event)>& on_event) {
  header_[header_bytes_++] = octet;
  if (header_bytes_ == 2) {
    if ((header_[1] & 0x80) == 0) {
      return violation(close_code::protocol_error, "a client's frame must be masked", on_event);
    }
    const std::uint8_t length = header_[1] & 0x7F;
    header_bytes_needed_ = 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + 4;
  }
  if (header_bytes_ == header_bytes_needed_) header_complete(on_event);
}

void Reader::header_complete(const std::function<void(Event)>& on_event) {
  final_ = (header_[0] & 0x80) != 0;
  opcode_ = static_cast<Opcode>(header_[0] & 0x0F);
  if ((header_[0] & 0x70) != 0) return violation(close_code::protocol_error, "a reserved bit is set", on_event);
  const std::size_t length_octets = header_bytes_ - 6;
  payload_bytes_ = header_[1] & 0x7F;
  if (length_octets > 0) {
    payload_bytes_ = 0;
    for (std::size_t i = 0; i < length_octets; ++i) payload_bytes_ = payload_bytes_ << 8 | header_[2 + i];
  }
  std::copy_n(header_ + header_bytes_ - 4, 4, mask_);
  header_bytes_ = 0;
  header_bytes_needed_ = 2;
  payload_taken_ = 0;

  switch (opcode_) {
    case Opcode::continuation:
      if (!message_open_) return violation(close_code::protocol_error, "a continuation of nothing", on_event);
      break;
    case Opcode::text:
      if (message_open_) return violation(close_code::protocol_error, "a new message inside another", on_event);
      break;
    case Opcode::binary:
      return violation(close_code::unsupported_data, "only text is understood", on_event);
    case Opcode::close:
    case Opcode::ping:
    case Opcode::pong:
      if (!final_ || payload_bytes_ > 125) {
        return violation(close_code::protocol_error, "a control frame is fragmented or too long", on_event);
      }
      break;
    default:
      return violation(close_code::protocol_error, "an unknown opcode", on_event);
  }
  if (!is_control(opcode_) && payload_bytes_ > message_bytes_max_ - message_.size()) {
    return violation(close_code::too_large, "the message is larger than the limit", on_event);
  }
  in_payload_ = true;
  if (payload_bytes_ == 0) frame_complete(on_event);
}

void Reader::frame_complete(const std::function<void(Event)>& on_event) {
  in_payload_ = false;
  if (is_control(opcode_)) return control_complete(on_event);
  message_open_ = !final_;
  if (!final_) return;
  if (!is_utf8(message_)) return violation(close_code::invalid_payload, "the text is not UTF-8", on_event);
  on_event({Event::Kind::text, std::exchange(message_, {}), 0});
}

void Reader::control_complete(const std::function<void(Event)>& on_event) {
  std::string payload = std::exchange(control_, {});
  if (opcode_ == Opcode::ping) return on_event({Event::Kind::ping, std::move(payload), 0});
  if (opcode_ == Opcode::pong) return on_event({Event::Kind::pong, std::move(payload), 0});
  ended_ = true;
  if (payload.empty()) return on_event({Event::Kind::close, {}, close_code::no_status});
  const auto octet = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(payload[i])); };
  const auto code = static_cast<std::uint16_t>(payload.size() < 2 ? 0 : octet(0) << 8 | octet(1));
  if (!is_sendable_close_code(code) || !is_utf8(std::string_view{payload}.substr(2))) {
    return violation(close_code::protocol_error, "a malformed close frame", on_event);
  }
  on_event({Event::Kind::close, payload.substr(2), code});
}

std::string frame(Opcode opcode, std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 10);
  out.push_back(static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode)));
  const auto length = [&](int octets) {
    for (int i = octets - 1; i >= 0; --i) out.push_back(static_cast<char>(payload.size() >> (8 * i)));
  };
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(payload.size()));
  } else if (payload.size() <= 0xFFFF) {
    out.push_back(126);
    length(2);
  } else {
    out.push_back(127);
    length(8);
  }
  out.append(payload);
  return out;
}

std::string close_frame(std::uint16_t code, std::string_view reason) {
  std::string payload;
  payload.push_back(static_cast<char>(code >> 8));
  payload.push_back(static_cast<char>(code & 0xFF));
  payload.append(reason.substr(0, 123));
  return frame(Opcode::close, payload);
}

std::string accept_value(std::string_view client_key) {
  const std::string text = std::string{client_key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return base64({digest.data(), size});
}

Result<void> check_handshake(const HttpRequest& request) {
  if (request.method != Method::get || !has_token(request.header("Upgrade"), "websocket") ||
      !has_token(request.header("Connection"), "upgrade")) {
    return fail(ErrorCode::malformed, "this address speaks WebSocket only");
  }
  if (request.header("Sec-WebSocket-Version") != "13")
    return fail(ErrorCode::unsupported, "only WebSocket version 13 is spoken");
  // 16 octets in base64 are 24 characters, the last two padding.
  const std::string_view key = request.header("Sec-WebSocket-Key");
  if (key.size() != 24 || !key.ends_with("=="))
    return fail(ErrorCode::malformed, "the WebSocket key is not 16 octets in base64");
  return {};
}

}  // namespace duheng::platform::web::websocket
