#include "drivers/snmp/dialect.hpp"

#include <map>
#include <optional>

#include "codec/snmp/message.hpp"

namespace duheng::drivers {
namespace {

using snmp::Pdu;
using snmp::PduType;
using snmp::SecureMessage;

// Discovery, a clock found to be another, and the question itself; more means that somebody plays with us.
constexpr std::uint32_t parts_max = 3;
constexpr std::int32_t window_s = 150;  // RFC 3414, 2.2.3
constexpr std::size_t datagram_octets_max = 65'507;

// The last but one part of a report's object: usmStats, RFC 3414, 5.
namespace report {
constexpr std::uint32_t not_in_time_window = 2;
constexpr std::uint32_t unknown_engine = 4;
}  // namespace report

/// What is known of the device behind this line, for one credential.
struct Engine {
  Bytes id;
  std::int32_t boots = 0;
  std::int32_t time_s = 0;
  snmp::UserKeys keys;
};

/// A message that was heard and believed.
struct Heard {
  std::int32_t id = 0;
  Pdu pdu;
  bool is_authentic = false;
  Bytes engine_id;
  std::int32_t boots = 0;
  std::int32_t time_s = 0;
};

/// Questions may be kept with those before them; the last is the one in force.
ByteView last_message(ByteView octets) {
  while (true) {
    snmp::BerReader reader(octets);
    const auto first = reader.any();
    if (!first) return octets;
    const std::size_t size = first->content_begin + first->content.size();
    if (size >= octets.size()) return octets;
    octets = octets.subspan(size);
  }
}

std::optional<std::int32_t> id_of_request(ByteView request) {
  const ByteView message = last_message(request);
  if (const auto secure = snmp::parse_secure_message(message)) return secure->message_id;
  const auto plain = snmp::parse_community_message(message);
  if (!plain) return std::nullopt;
  const auto pdu = snmp::parse_pdu(plain->pdu);
  return pdu ? std::optional(pdu->request_id) : std::nullopt;
}

std::uint32_t report_of(const Pdu& pdu) {
  if (pdu.bindings.empty() || pdu.bindings[0].name.parts.size() < 2) return 0;
  const auto& parts = pdu.bindings[0].name.parts;
  return parts[parts.size() - 2];
}

class SnmpDialect final : public Dialect {
 public:
  explicit SnmpDialect(std::shared_ptr<const SnmpCredentials> credentials) : credentials_(std::move(credentials)) {}

  void build(const BusAddress& device, const Query& query, std::uint32_t /*part*/, std::uint8_t /*preamble*/,
             Bytes& into) override {
    into.clear();
    asked_ = device;
    const SnmpCredential* credential = credential_of(device);
    auto bindings = snmp::parse_bindings(query.body);
    if (credential == nullptr || !bindings) return;
    id_ = id_ == INT32_MAX ? 1 : id_ + 1;
    Pdu pdu;
    pdu.type = static_cast<PduType>(query.operation);
    pdu.request_id = id_;
    pdu.bindings = std::move(*bindings);
    if (credential->is_v3())
      build_secure(*credential, std::move(pdu), into);
    else
      into = snmp::encode_community_message(credential->community, pdu);
  }

  /// A datagram is a message.
  void feed(ByteView octets, FrameListener& listener) override {
    heard_.reset();
    const SnmpCredential* credential = credential_of(asked_);
    if (credential != nullptr) {
      if (credential->is_v3())
        hear_secure(*credential, octets);
      else
        hear_plain(*credential, octets);
    }
    if (!heard_) {
      ++counters_.bad_frames;
      return;
    }
    masked_.assign(octets.begin(), octets.end());
    snmp::mask_communities(masked_);
    const bool is_answer = heard_->pdu.type == PduType::response || heard_->pdu.type == PduType::report;
    listener.on_frame({masked_, asked_, is_answer});
  }
  void flush(FrameListener& /*listener*/) override {}
  void reset() override {}
  [[nodiscard]] std::size_t pending_octets() const override { return 0; }
  [[nodiscard]] LineCounters counters() const override { return counters_; }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return 1; }
  [[nodiscard]] std::size_t frame_octets_max() const override { return datagram_octets_max; }

  [[nodiscard]] Judgement judge(const HeardFrame& /*heard*/, const Query& /*query*/, std::uint32_t part,
                                ByteView request) override {
    if (!heard_ || id_of_request(request) != heard_->id) return {};
    if (heard_->pdu.type == PduType::report) return judge_report(part);
    const std::int32_t status = heard_->pdu.error_status;
    if (status != 0) return {Fit::refusal, {}, static_cast<std::uint32_t>(status)};
    payload_ = snmp::encode_bindings(heard_->pdu.bindings);
    return {Fit::whole, payload_, 0};
  }

 private:
  [[nodiscard]] const SnmpCredential* credential_of(const BusAddress& device) const {
    return credentials_ ? credentials_->find(as_text(device.octets())) : nullptr;
  }

  void build_secure(const SnmpCredential& credential, Pdu pdu, Bytes& into) {
    const auto known = engines_.find(asked_);
    snmp::Outgoing header;
    header.message_id = id_;
    Result<Bytes> sealed = Bytes{};
    if (known == engines_.end()) {
      // RFC 3414, 4: a question about nothing, by nobody, to which the engine reports itself.
      sealed = snmp::seal_message(header, {}, {{}, "", {PduType::get, id_, 0, 0, {}}});
    } else {
      const Engine& engine = known->second;
      header.engine_id = engine.id;
      header.engine_boots = engine.boots;
      header.engine_time_s = engine.time_s;
      header.user = credential.user;
      header.salt = credentials_->next_salt();
      sealed = snmp::seal_message(header, engine.keys, {engine.id, "", std::move(pdu)});
    }
    if (sealed) into = std::move(*sealed);
  }

  void hear_plain(const SnmpCredential& credential, ByteView octets) {
    const auto message = snmp::parse_community_message(octets);
    if (!message || message->community != credential.community) return;
    auto pdu = snmp::parse_pdu(message->pdu);
    if (!pdu || pdu->type == PduType::report) return;
    const std::int32_t id = pdu->request_id;
    heard_ = Heard{id, std::move(*pdu), false, {}, 0, 0};
  }

  void hear_secure(const SnmpCredential& credential, ByteView octets) {
    const auto message = snmp::parse_secure_message(octets);
    if (!message) return;
    const auto known = engines_.find(asked_);
    const bool is_authenticated = message->has(SecureMessage::flag_authenticated);
    snmp::UserKeys keys;
    if (is_authenticated || (known != engines_.end() && credential.authentication == snmp::Authentication::none)) {
      if (known == engines_.end() || message->user != credential.user) return;
      keys = known->second.keys;
      // Reports about the clock are authentic, but not encrypted.
      if (!message->has(SecureMessage::flag_private)) keys.privacy = snmp::Privacy::none;
    }
    auto opened = snmp::open_message(octets, *message, keys);
    if (!opened) return;
    const bool is_report = opened->pdu.type == PduType::report;
    const bool is_as_protected = known != engines_.end() && keys.authentication == known->second.keys.authentication &&
                                 keys.privacy == known->second.keys.privacy;
    if (!is_report && !is_as_protected) return;
    if (!is_report && !is_timely(known->second, *message)) return;
    // Whoever reports may not have understood which question it is about; its message still says.
    heard_ = Heard{message->message_id,   std::move(opened->pdu),
                   is_authenticated,      Bytes(message->engine_id.begin(), message->engine_id.end()),
                   message->engine_boots, message->engine_time_s};
    if (!is_report) {
      known->second.boots = message->engine_boots;
      known->second.time_s = std::max(known->second.time_s, message->engine_time_s);
    }
  }

  /// RFC 3414, 3.2, 7 b: an answer from before what is known already is a repetition.
  static bool is_timely(Engine& engine, const SecureMessage& message) {
    if (engine.id.size() != message.engine_id.size() ||
        !std::equal(engine.id.begin(), engine.id.end(), message.engine_id.begin()))
      return false;
    if (message.engine_boots > engine.boots) {
      engine.time_s = 0;
      return true;
    }
    return message.engine_boots == engine.boots && message.engine_time_s >= engine.time_s - window_s;
  }

  Judgement judge_report(std::uint32_t part) {
    const SnmpCredential* credential = credential_of(asked_);
    const std::uint32_t what = report_of(heard_->pdu);
    const Judgement refusal{Fit::refusal, {}, snmp_security_errors + what};
    if (credential == nullptr || !credential->is_v3() || part + 1 >= parts_max) return refusal;
    const auto known = engines_.find(asked_);
    if (what == report::unknown_engine && !heard_->engine_id.empty() && !is_same_engine(known)) {
      learn_engine(*credential);
      return {Fit::part, {}, 0};
    }
    const bool is_believed = heard_->is_authentic || credential->authentication == snmp::Authentication::none;
    if (what == report::not_in_time_window && is_believed && known != engines_.end()) {
      known->second.boots = heard_->boots;
      known->second.time_s = heard_->time_s;
      return {Fit::part, {}, 0};
    }
    return refusal;
  }
  [[nodiscard]] bool is_same_engine(std::map<BusAddress, Engine>::const_iterator known) const {
    return known != engines_.end() && known->second.id == heard_->engine_id;
  }
  void learn_engine(const SnmpCredential& credential) {
    Engine engine{heard_->engine_id, heard_->boots, heard_->time_s, {}};
    engine.keys.authentication = credential.authentication;
    engine.keys.privacy = credential.privacy;
    if (credential.authentication != snmp::Authentication::none)
      engine.keys.authentication_key =
          snmp::localised_key(credential.authentication, credential.authentication_key, engine.id);
    if (credential.privacy != snmp::Privacy::none)
      engine.keys.privacy_key = snmp::localised_key(credential.authentication, credential.privacy_key, engine.id);
    engines_.insert_or_assign(asked_, std::move(engine));
  }

  std::shared_ptr<const SnmpCredentials> credentials_;
  std::map<BusAddress, Engine> engines_;
  BusAddress asked_;
  std::int32_t id_ = 0;
  std::optional<Heard> heard_;  ///< what the last datagram was, for judge()
  Bytes masked_;
  Bytes payload_;
  LineCounters counters_;
};

}  // namespace

std::unique_ptr<Dialect> make_snmp_dialect(std::shared_ptr<const SnmpCredentials> credentials) {
  return std::make_unique<SnmpDialect>(std::move(credentials));
}

Query snmp_question(PduType type, const std::vector<snmp::ObjectId>& names) {
  std::vector<snmp::Binding> bindings;
  for (const auto& name : names) bindings.push_back({name, {}});
  Query out;
  out.operation = static_cast<std::uint16_t>(type);
  out.body = snmp::encode_bindings(bindings);
  return out;
}

}  // namespace duheng::drivers
