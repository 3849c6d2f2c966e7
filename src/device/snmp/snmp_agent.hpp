#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "codec/snmp/usm.hpp"
#include "device/snmp/mib_view.hpp"

namespace duheng::device {

/// Who may read an agent under SNMPv3, and under which protection: nothing less is answered.
struct SnmpUser {
  std::string name{};
  snmp::Authentication authentication = snmp::Authentication::sha256;
  snmp::Privacy privacy = snmp::Privacy::aes128;
  std::string authentication_password{};  ///< at least eight octets unless `authentication` is none
  std::string privacy_password{};         ///< likewise
};
struct SnmpAgentOptions {
  std::string community{};  ///< of version 2c; empty: version 2c is not spoken
  std::optional<SnmpUser> user{};
  Bytes engine_id{};  ///< RFC 3411, 5: 5 to 32 octets
};

/// The agent side of SNMP, read only. RFC 1901, 3412, 3414, 3416. Pure; not thread-safe.
class SnmpAgent {
 public:
  /// RFC 3417, 3.2 asks for 484 at least; this fits an Ethernet frame with its headers.
  static constexpr std::size_t response_octets_max = 1'472;

  /// Errors: invalid_argument - a password or the engine's name is too short.
  [[nodiscard]] static Result<SnmpAgent> make(SnmpAgentOptions options);

  /// The engine's own time. RFC 3414, 2.2.
  struct EngineTime {
    std::int32_t boots = 1;
    std::int32_t time_s = 0;
  };
  /// What is said to one datagram; nothing: silence.
  [[nodiscard]] std::optional<Bytes> answer(const EngineTime& now, const MibView& view, ByteView question);

 private:
  /// The last but one part of the objects in usmStats; RFC 3414, 5.
  enum class Report : std::uint8_t {
    unsupported_level = 1,
    not_in_time_window = 2,
    unknown_user = 3,
    unknown_engine = 4,
    wrong_digest = 5,
    decryption = 6,
  };
  SnmpAgent(SnmpAgentOptions options, snmp::UserKeys keys) : options_(std::move(options)), keys_(std::move(keys)) {}
  [[nodiscard]] std::optional<Bytes> answer_plain(const MibView& view, ByteView question) const;
  [[nodiscard]] std::optional<Bytes> answer_secure(const EngineTime& now, const MibView& view, ByteView question);
  [[nodiscard]] std::optional<Report> objection(const snmp::SecureMessage& message) const;
  [[nodiscard]] std::optional<Bytes> report(const EngineTime& now, const snmp::SecureMessage& message, Report what);
  [[nodiscard]] std::optional<Bytes> seal(const EngineTime& now, std::int32_t message_id, const snmp::UserKeys& keys,
                                          const snmp::ScopedPdu& scoped);

  SnmpAgentOptions options_;
  snmp::UserKeys keys_;
  std::uint32_t salt_ = 0;
  std::array<std::uint32_t, 7> reports_{};
};

/// The response to one request; nothing when it is none (a response, a report, a notification). `octets_max` bounds the
/// encoded PDU: a GETBULK gives less, all else is answered tooBig. RFC 3416, 4.2.
[[nodiscard]] std::optional<snmp::Pdu> respond(const MibView& view, const snmp::Pdu& request, std::size_t octets_max);

}  // namespace duheng::device
