#include "device/snmp/virtual_switch.hpp"

#include <algorithm>
#include <charconv>

#include "base/log.hpp"
#include "codec/snmp/message.hpp"
#include "device/curve/day_curve.hpp"

namespace duheng::device {
namespace {

constexpr std::string_view boots_key = "snmp-engine-boots";

/// RFC 3411, 5: the bit for the newer form, an enterprise's number, 5 for octets of the maker's choice, those.
Bytes engine_id_of(std::uint64_t seed) {
  constexpr std::uint8_t own_octets = 5;
  Bytes out{0x80, 0x00, 0x1F, 0x88, own_octets};
  const std::uint64_t number = mixed(seed, 78);
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(number >> shift));
  return out;
}

class Cutter final : public QuestionCutter {
 public:
  void feed(ByteView octets, const OnQuestion& on_question) override {
    if (!octets.empty()) on_question(octets);
  }
  void flush(const OnQuestion& on_question) override { static_cast<void>(on_question); }
  void reset() noexcept override {}
};

class SnmpLine final : public LineProtocol {
 public:
  [[nodiscard]] std::unique_ptr<QuestionCutter> cutter() const override { return std::make_unique<Cutter>(); }
  /// SNMP knows no address beside host and port: the one device behind them is meant.
  [[nodiscard]] std::optional<std::uint64_t> addressee(ByteView question) const override {
    static_cast<void>(question);
    return 1;
  }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return INT64_MAX; }
  [[nodiscard]] bool has_checksum() const override { return false; }
  [[nodiscard]] bool next_question_confirms() const override { return false; }
  [[nodiscard]] std::optional<Bytes> masked(ByteView answer) const override {
    Bytes out(answer.begin(), answer.end());
    snmp::mask_communities(out);
    return out;
  }
};

/// What was asked, for the ledger; 0 where only the agent's key opens it.
std::uint32_t identifier_of(ByteView question) {
  const auto message = snmp::parse_community_message(question);
  if (!message) return 0;
  const auto pdu = snmp::parse_pdu(message->pdu);
  if (!pdu) return 0;
  return static_cast<std::uint32_t>(pdu->type) << 16 | static_cast<std::uint32_t>(pdu->bindings.size());
}

}  // namespace

Result<std::shared_ptr<VirtualSwitch>> VirtualSwitch::make(VirtualSwitchOptions options) {
  DUHENG_TRY(auto agent, SnmpAgent::make({options.community, options.user, engine_id_of(options.body.seed)}));
  return std::shared_ptr<VirtualSwitch>(new VirtualSwitch(options, std::move(agent)));
}

VirtualSwitch::VirtualSwitch(const VirtualSwitchOptions& options, SnmpAgent agent)
    : uid_(options.uid), agent_(std::move(agent)), body_(options.body, options.utc_ms), memory_(options.memory) {
  if (memory_) {
    if (const auto kept = memory_->load(boots_key)) {
      const auto text = as_text(*kept);
      const char* const begin = text.data();
      std::from_chars(begin, begin + text.size(), boots_);
    }
  }
  boot();
}

void VirtualSwitch::boot() {
  boots_ = boots_ == INT32_MAX ? INT32_MAX : std::max(0, boots_) + 1;
  if (!memory_) return;
  const std::string text = std::to_string(boots_);
  if (const auto kept = memory_->store(boots_key, as_bytes(text)); !kept)
    log::warning("fleet", "a switch cannot keep how often it has started", {{"device", uid_}, {"error", kept.error()}});
}

std::optional<DeviceAnswer> VirtualSwitch::answer(std::int64_t utc_ms, ByteView question) {
  // Management comes in over the uplink, like everything.
  if (!body_.passes(1)) return std::nullopt;
  const MibView view = body_.view(utc_ms);
  auto said = agent_.answer({boots_, static_cast<std::int32_t>(body_.uptime_ms(utc_ms) / 1'000)}, view, question);
  if (!said) return std::nullopt;
  return DeviceAnswer{std::move(*said), identifier_of(question)};
}

void VirtualSwitch::happen(std::int64_t utc_ms, const DeviceHappening& happening) {
  if (happening.kind != DeviceHappening::Kind::power) return;
  is_cut_ = happening.amount == 0;
  supply(utc_ms);
}

void VirtualSwitch::supply(std::int64_t utc_ms) {
  const bool is_on = !is_cut_ && !is_off_;
  if (is_on && !body_.is_on()) boot();
  body_.set_power(utc_ms, is_on);
}

void VirtualSwitch::apply(SwitchBody& body, std::int64_t utc_ms, const SwitchDrill& drill, bool is_done) {
  switch (drill.kind) {
    case SwitchDrill::Kind::off:
      return;  // supply() sees to it
    case SwitchDrill::Kind::unplugged:
      return body.set_pulled(utc_ms, drill.port, is_done);
    case SwitchDrill::Kind::disabled:
      return body.set_enabled(utc_ms, drill.port, !is_done);
    case SwitchDrill::Kind::errors:
      return body.set_errors(utc_ms, drill.port, is_done ? drill.per_second : 0);
  }
}

void VirtualSwitch::obey(std::int64_t utc_ms, const std::vector<SwitchDrill>& drills) {
  std::vector<SwitchDrill> mine;
  std::ranges::copy_if(drills, std::back_inserter(mine), [&](const SwitchDrill& one) { return one.device == uid_; });
  if (mine == drills_) return;
  for (const SwitchDrill& one : drills_) apply(body_, utc_ms, one, false);
  for (const SwitchDrill& one : mine) apply(body_, utc_ms, one, true);
  is_off_ = std::ranges::any_of(mine, [](const SwitchDrill& one) { return one.kind == SwitchDrill::Kind::off; });
  drills_ = std::move(mine);
  supply(utc_ms);
}

const LineProtocol& snmp_line() {
  static const SnmpLine line;
  return line;
}

}  // namespace duheng::device
