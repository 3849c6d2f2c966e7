// Any octets as the answers to histories, and as questions whose secrets are to be overwritten: no crash, an end, no
// stamp outside the range.
#include <algorithm>

#include "drivers/dlt698/driver.hpp"
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
  return dlt698_driver().history(root, root, items, shapes);
}

/// Answers cut from the input: an octet of length and so many octets; 255 is a refusal.
class Answers final : public HistoryAnswers {
 public:
  explicit Answers(ByteView input) : rest_(input) {}
  [[nodiscard]] Answer answer(const Query& /*question*/) override {
    constexpr std::uint8_t refusal = 255;
    if (rest_.empty()) return {true, 9, {}};
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
      plan("{ kind: profile, table: \"50020200\", interval_ms: 900000, depth_days: 366, "
           "items: [{ register: e, oad: \"00100201\" }, { register: v, oad: \"20000200\", element: 1 }] }"),
      plan("{ kind: monthly_freeze, table: \"50060200\", depth_days: 366, items: [{ register: e, oad: \"00100201\" }] "
           "}"),
      plan("{ kind: events, table: \"30110200\", depth_days: 366, "
           "items: [{ register: e, oad: \"201E0200\" }, { register: e, oad: \"20200200\" }] }"),
      plan("{ kind: events, depth_days: 366, items: [{ register: a, table: \"30000600\", oad: \"201E0200\" }, "
           "{ register: b, table: \"30000700\", oad: \"201E0200\" }] }")};
  if (size == 0) return 0;
  Answers answers({data + 1, size - 1});
  const HistoryRange range{now_utc_ms - (data[0] >> 2) * day_ms, now_utc_ms, now_utc_ms, 480};
  const auto outcome = run_history(*plans[(data[0] & 3) % std::size(plans)], range, answers, 20'000);
  if (!outcome.ended || !outcome.kept_its_word) __builtin_trap();
  Bytes request(data, data + size);
  dlt698_driver().mask_secrets(request);
  if (request.size() != size) __builtin_trap();
  return 0;
}
