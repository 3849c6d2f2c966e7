// Any octets as the answers to any of the driver's histories: no crash, an end, no stamp outside the range.
#include <algorithm>

#include "drivers/dlt645/driver.hpp"
#include "drivers/protocol/history_check.hpp"

namespace {

using namespace duheng;
using namespace duheng::drivers;

constexpr std::int64_t now_utc_ms = 1'732'156'245'000;
constexpr std::int64_t day_ms = 86'400'000;

std::shared_ptr<const HistoryPlan> plan(const char* text) {
  const auto file = ConfigFile::parse(text, "h");
  const auto root = file->root();
  const auto items = root.items("items");
  std::vector<ItemShape> shapes;
  for (const auto& item : items) shapes.push_back({item.text("register"), {}, 0, SeriesKind::decimal});
  return dlt645_driver().history(root, root, items, shapes);
}

/// Answers cut from the input: an octet of length and so many octets; 255 is a refusal.
class Answers final : public HistoryAnswers {
 public:
  explicit Answers(ByteView input) : rest_(input) {}
  [[nodiscard]] Answer answer(const Query& /*question*/) override {
    constexpr std::uint8_t refusal = 255;
    if (rest_.empty()) return {true, 2, {}};
    const std::uint8_t length = rest_[0];
    rest_ = rest_.subspan(1);
    if (length == refusal) return {true, rest_.empty() ? 0U : rest_[0], {}};
    const ByteView taken = rest_.first(std::min<std::size_t>(length, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return {false, 0, Bytes(taken.begin(), taken.end())};
  }

 private:
  ByteView rest_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const HistoryPlan> plans[] = {
      plan("{ kind: profile, interval_ms: 900000, depth_days: 400, items: [{ register: voltage_a }] }"),
      plan("{ kind: daily_freeze, items: [{ register: e, di: \"05060101\" }] }"),
      plan("{ kind: monthly_freeze, items: [{ register: e, di: \"00010001\" }] }"),
      plan("{ kind: events, di: \"03110001\", items: [{ register: e, time_at: 0 }, { register: e, time_at: 6 }] }"),
      plan("{ kind: events, di: \"10010101\", items: [{ register: e, part: \"01\" }, { register: e, part: \"25\", "
           "code: 0 },"
           " { register: f, part: \"02\" }, { register: g, part: \"26\" }] }")};
  if (size == 0) return 0;
  Answers answers({data + 1, size - 1});
  const HistoryRange range{now_utc_ms - (data[0] >> 2) * day_ms, now_utc_ms, now_utc_ms, 480};
  constexpr std::uint8_t of_group = 0x80;
  const std::size_t place = (data[0] & of_group) != 0 ? 4U : data[0] & 3U;
  const auto outcome = run_history(*plans[place], range, answers, 10'000);
  if (!outcome.ended || !outcome.kept_its_word) __builtin_trap();
  Bytes request(data, data + size);
  dlt645_driver().mask_secrets(request);
  if (request.size() != size) __builtin_trap();
  return 0;
}
