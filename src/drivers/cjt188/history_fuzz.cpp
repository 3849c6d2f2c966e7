// Any octets as the answers to a settlement history: no crash, an end, no stamp outside the range.
#include <algorithm>

#include "drivers/cjt188/driver.hpp"
#include "drivers/protocol/history_check.hpp"

namespace {

using namespace duheng;
using namespace duheng::drivers;

constexpr std::int64_t now_utc_ms = 1'732'156'245'000;
constexpr std::int64_t day_ms = 86'400'000;

std::shared_ptr<const HistoryPlan> log_plan() {
  const auto file = ConfigFile::parse(
      "{ cjt188: { meter_type: \"30\" }, kind: events, di: E100, items: [{ register: a, event: 1 }, { register: b, "
      "event: 2 }] }",
      "h");
  const auto root = file->root();
  const auto items = root.items("items");
  std::vector<ItemShape> shapes(2);
  return cjt188_driver().history(root, root, items, shapes);
}

std::shared_ptr<const HistoryPlan> plan(const char* meter_type) {
  const auto file = ConfigFile::parse(std::string("{ cjt188: { meter_type: \"") + meter_type +
                                          "\" }, kind: monthly_freeze, items: [{ register: volume_total }] }",
                                      "h");
  const auto root = file->root();
  const auto items = root.items("items");
  std::vector<ItemShape> shapes(1);
  return cjt188_driver().history(root, root, items, shapes);
}

/// Answers cut from the input: an octet of length and so many octets; 255 is a refusal.
class Answers final : public HistoryAnswers {
 public:
  explicit Answers(ByteView input) : rest_(input) {}
  [[nodiscard]] Answer answer(const Query& /*question*/) override {
    constexpr std::uint8_t refusal = 255;
    if (rest_.empty()) return {true, 0, {}};
    const std::uint8_t length = rest_[0];
    rest_ = rest_.subspan(1);
    if (length == refusal) return {true, 1, {}};
    const ByteView taken = rest_.first(std::min<std::size_t>(length, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return {false, 0, Bytes(taken.begin(), taken.end())};
  }

 private:
  ByteView rest_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const HistoryPlan> plans[] = {plan("10"), plan("20"), log_plan()};
  if (size == 0) return 0;
  Answers answers({data + 1, size - 1});
  const HistoryRange range{now_utc_ms - (data[0] >> 1) * 4 * day_ms, now_utc_ms, now_utc_ms, 480};
  const auto outcome = run_history(*plans[data[0] % 3], range, answers, 400);
  if (!outcome.ended || !outcome.kept_its_word) __builtin_trap();
  return 0;
}
