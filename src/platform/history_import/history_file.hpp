#pragma once
// A file of readings at work. Internal to this folder.
#include <map>
#include <span>
#include <string>
#include <vector>

#include "platform/history_import/history_imports.hpp"
#include "platform/history_import/history_lines.hpp"

namespace duheng::platform {

/// A file's lines, and what there is to say about them.
struct HistoryFile {
  std::string name{};
  std::string sha256{};
  std::string author{};
  std::vector<HistoryTarget> targets{};
  std::vector<HistoryLine> lines{};  ///< good ones, in their order in the file
  std::vector<ImportFinding> findings{};
  std::size_t count = 0;

  void add(std::size_t line, FindingKind kind, std::string column, std::string message) {
    findings.push_back({line, std::string{to_string(kind)}, is_fault(kind), std::move(column), std::move(message)});
  }
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
  [[nodiscard]] ImportCounts counts() const;
};

/// How far a commit is, as it is kept in the records. A batch is noted before it goes into the journal, so that after
/// a crash the journal's position tells whether it is there. Lines are told by their numbers: which of them are good
/// may have changed meanwhile.
struct HistoryResume {
  std::int64_t gateway = 0;  ///< all before it are through
  std::size_t line = 0;      ///< and of this one all lines up to here
  std::size_t lines_made = 0;
  bool in_doubt = false;  ///< a batch was about to be committed:
  std::uint64_t sequence = 0;
  std::size_t line_then = 0;  ///< what `line` is when it was
  std::size_t lines_made_then = 0;

  [[nodiscard]] Bytes encode() const;
  /// Errors: malformed.
  [[nodiscard]] static Result<HistoryResume> parse(ByteView octets);
};

/// Good lines of one series beside what is stored, both by time.
class StoredComparison {
 public:
  StoredComparison(HistoryFile& file, const std::vector<std::size_t>& order);
  [[nodiscard]] store::TimeRange range() const noexcept { return range_; }
  void take(const store::Point& point);
  void finish();

 private:
  struct Seen {
    bool equal = false;
    std::optional<std::int64_t> other{};
  };
  HistoryFile& file_;
  const std::vector<std::size_t>& order_;
  store::TimeRange range_;
  std::map<std::int64_t, std::size_t> by_time_;  ///< place in `lines`
  std::map<std::size_t, Seen> seen_;
};

}  // namespace duheng::platform
