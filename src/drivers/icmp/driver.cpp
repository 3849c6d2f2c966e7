#include "drivers/icmp/driver.hpp"

#include <algorithm>

namespace duheng::drivers {
namespace {

constexpr std::string_view address_name = "echo";
constexpr std::size_t payload_octets = 16;
constexpr std::size_t trip_octets = 4;
constexpr std::int8_t microsecond_exponent = -3;

/// Requests carry a number of their own; an answer is what brings it back.
class EchoDialect final : public Dialect {
 public:
  void build(const BusAddress& device, const Query& /*query*/, std::uint32_t /*part*/, std::uint8_t /*preamble*/,
             Bytes& into) override {
    asked_ = device;
    into.clear();
    ByteWriter writer(into);
    writer.u64(++number_);
    writer.raw(as_bytes("duheng/1"));
  }
  void feed(ByteView octets, FrameListener& listener) override {
    if (octets.size() < trip_octets) {
      ++counters_.bad_frames;
      return;
    }
    listener.on_frame({octets, asked_, true});
  }
  void flush(FrameListener& /*listener*/) override {}
  void reset() override {}
  [[nodiscard]] std::size_t pending_octets() const override { return 0; }
  [[nodiscard]] LineCounters counters() const override { return counters_; }
  [[nodiscard]] Judgement judge(const HeardFrame& heard, const Query& /*query*/, std::uint32_t /*part*/,
                                ByteView request) override {
    if (heard.octets.size() < trip_octets || !std::ranges::equal(heard.octets.subspan(trip_octets), request)) return {};
    return {Fit::whole, heard.octets.first(trip_octets), 0};
  }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return 1; }
  [[nodiscard]] std::size_t frame_octets_max() const override { return trip_octets + payload_octets; }

 private:
  BusAddress asked_;
  std::uint64_t number_ = 0;
  LineCounters counters_;
};

class Reader final : public AnswerReader {
 public:
  [[nodiscard]] bool read(ByteView payload, std::vector<ItemValue>& out) const override {
    if (payload.size() != trip_octets) return false;
    ByteReader reader(payload);
    out.push_back({0, ItemState::good, reader.u32(), microsecond_exponent, "ms"});
    return true;
  }
};

class Planner final : public QuestionPlanner {
 public:
  void add(const ConfigNode& node, ItemShape& shape) override {
    static_cast<void>(node.choice("measure", {"round_trip"}));
    reject_unless_agreed(node, shape, "ms", microsecond_exponent);
    if (count_++ > 0) node.reject("measure", "is read twice");
  }
  [[nodiscard]] std::vector<PlannedQuestion> finish() override {
    std::vector<PlannedQuestion> out;
    if (count_ > 0) out.push_back({{}, std::make_shared<Reader>(), {0}});
    return out;
  }

 private:
  std::uint32_t count_ = 0;
};

class IcmpDriver final : public Driver {
 public:
  [[nodiscard]] std::string_view name() const override { return "icmp_echo"; }
  [[nodiscard]] Protocol protocol() const override { return Protocol::icmp_echo; }
  [[nodiscard]] Result<BusAddress> address(std::string_view text, std::size_t /*digits_max*/) const override {
    if (text != address_name)
      return fail(ErrorCode::invalid_argument, "the address of a device that is pinged is always 'echo'");
    return BusAddress(as_bytes(text));
  }
  [[nodiscard]] std::unique_ptr<Dialect> dialect() const override { return std::make_unique<EchoDialect>(); }
  [[nodiscard]] std::optional<Identification> identification() const override { return std::nullopt; }
  [[nodiscard]] std::string address_text(const BusAddress& /*address*/) const override {
    return std::string(address_name);
  }
  [[nodiscard]] std::unique_ptr<QuestionPlanner> planner(const ConfigNode& /*model*/) const override {
    return std::make_unique<Planner>();
  }
};

}  // namespace

const Driver& icmp_driver() {
  static const IcmpDriver driver;
  return driver;
}

}  // namespace duheng::drivers
