#pragma once
// A file under way. Internal to this folder.
#include <map>
#include <span>
#include <string>
#include <vector>

#include "platform/history_import/history_imports.hpp"
#include "platform/history_import/history_lines.hpp"
#include "store/table_files/sealed_file.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform {

/// Which octets of a text a record is: from where it begins to where the next begins, without the end of the line.
class LineOctets {
 public:
  explicit LineOctets(std::string_view text);
  /// Records are told in their order.
  void begin_record(std::size_t line) { records_.push_back(line); }
  [[nodiscard]] std::string_view record(std::size_t line) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> line_starts_;  // [0] is line 1
  std::vector<std::size_t> records_;      // line numbers, ascending
};

struct HeldImport {
  Author author{};
  Bytes file{};
  std::string text{};  ///< of the file, as UTF-8
  std::vector<HistoryTarget> targets{};
  std::vector<HistoryLine> lines{};  ///< good ones; views into `text`
  std::vector<HistoryFinding> findings{};
  std::int64_t begun_ms = 0;  ///< monotonic
  // Under the mutex:
  HistoryImport shown{};
  bool is_cancelled = false;

  void add(const HistoryLine& line) { lines.push_back(line); }
  void add(HistoryFinding finding) { findings.push_back(std::move(finding)); }
  /// Gives each line its octets; one of more than history_limits::line_bytes_max is wrong.
  void take_octets(const LineOctets& octets);
  /// Of lines for one series and time the first stays; what the others are is told.
  void drop_doubles();
  /// Places in `lines`, by time.
  [[nodiscard]] std::map<std::size_t, std::vector<std::size_t>> by_target() const;
  /// Places in `lines`, in their order in the file.
  [[nodiscard]] std::map<std::int64_t, std::vector<std::size_t>> by_gateway() const;
  /// How many of them, from the first on, make a batch of moderate size; at least one.
  [[nodiscard]] std::size_t lines_of_batch(std::span<const std::size_t> which) const;
  /// Those lines, of one gateway, as a batch (model/batch.hpp).
  [[nodiscard]] Bytes batch(std::span<const std::size_t> which, std::int64_t now_utc_ms) const;
  /// Findings and counts into `shown`.
  void tell();
  void forget_content() {
    file = {};
    lines = {};
    text = {};
    targets = {};
    findings = {};
  }
};

/// Good lines of one series beside what is stored, both by time.
class StoredComparison {
 public:
  StoredComparison(HeldImport& held, const std::vector<std::size_t>& order);
  [[nodiscard]] store::TimeRange range() const noexcept { return range_; }
  void take(const store::Point& point);
  void finish();

 private:
  struct Seen {
    bool equal = false;
    std::optional<std::int64_t> other{};
  };
  HeldImport& held_;
  const std::vector<std::size_t>& order_;
  store::TimeRange range_;
  std::map<std::int64_t, std::size_t> by_time_;  ///< place in `lines`
  std::map<std::size_t, Seen> seen_;
};

}  // namespace duheng::platform
