#pragma once
#include "drivers/carrier/carrier_session.hpp"

// CarrierSession's own, shared by the files it is written in.
namespace duheng::drivers {

inline constexpr std::int64_t ms_per_s = 1'000;
/// Of a meter's frame, where its length is one octet.
inline constexpr std::size_t short_content_max = 255;

struct CarrierSession::Meter {
  BusAddress address;
  MeterTiming timing;
  MeterCounters counters;
  CarrierNode node;
  std::deque<Question> urgent;
  std::deque<Question> questions;
  std::uint64_t newest = 0;  ///< exchange with content: what comes next waits until it is durable
  bool in_flight = false;
  bool is_listed = false;  ///< stands in ready_ or ready_urgent_
  bool retired = false;
};

/// A question on its way.
struct CarrierSession::Flight {
  Question question;
  gdw13762::NodeAddress node;
  BusAddress device;
  std::unique_ptr<Dialect> dialect;
  std::uint32_t part = 0;
  std::uint32_t attempts = 0;
  int busy_attempts = 0;
  Bytes inner;  ///< the meter's frame as it was built last
  bool by_concurrent = false;
  bool urgent = false;
  bool confirms = false;              ///< tells a meter that its report has arrived; nothing comes of it
  std::vector<std::uint8_t> serials;  ///< under which it is out
  Bytes request;
  Bytes response;
  Bytes payload;
  std::int64_t sent_utc_ms = 0;
  std::int64_t deadline_ms = 0;
  bool put_off = false;  ///< the deadline is when it is to be sent again
};

/// A question that ended without an answer that may still come.
struct CarrierSession::Late {
  std::uint8_t serial = 0;
  Question question;
  BusAddress device;
  Bytes inner;
  Bytes request;
  std::int64_t sent_utc_ms = 0;
};

/// Something that the module is to tell or to do.
struct CarrierSession::Errand {
  enum class Kind : std::uint8_t { start, remove, add };
  Kind kind = Kind::start;
  gdw13762::Service service;
  Bytes data;
  std::vector<gdw13762::NodeAddress> nodes;
  std::uint8_t serial = 0;
  int attempts = 0;
  int busy_attempts = 0;
  bool put_off = false;  ///< the deadline is when it is to be sent again
  std::int64_t deadline_ms = 0;
};

/// What was told unasked and waits for being durable.
struct CarrierSession::Report {
  std::uint64_t number = 0;
  Bytes to_module;
  std::uint32_t meter = 0;
  Bytes to_meter;
};

}  // namespace duheng::drivers
