#pragma once
// How a bucket becomes a row. Internal to this folder.
#include <array>
#include <span>
#include <string>
#include <vector>

#include "platform/exports/export.hpp"
#include "platform/exports/export_rows.hpp"
#include "platform/exports/export_source.hpp"

namespace duheng::platform {

class BucketRows {
 public:
  BucketRows(const ExportPlan& plan, std::string zone) : plan_(plan), times_(std::move(zone)) {}

  struct Bucket {
    store::BucketSize size;
    const store::ListedBucket& listed;
    const BucketPage& page;
    bool is_increase_shown = false;
  };
  /// The same for the same plan, and in every format.
  [[nodiscard]] std::vector<store::Column> columns() const;
  /// Good until the next call.
  [[nodiscard]] std::span<const store::Cell> row(const ExportPart& part, const Bucket& bucket);

 private:
  void add_about(const ExportPart& part, const Bucket& bucket);
  void add_counts(const ExportPart& part, const Bucket& bucket);
  void add_mark(const ExportPart& part, const store::AggregateRow& row, const store::AggregateMark& mark);
  void add_figures(const ExportPart& part, const Bucket& bucket);
  void add_amount(const std::optional<store::ExactAmount>& amount);
  void add_basis_points(std::optional<std::int64_t> amount);
  /// A text of this row's own, kept until the next one.
  [[nodiscard]] std::string_view keep(std::string text);

  static constexpr std::size_t texts_max = 16;
  const ExportPlan& plan_;
  LocalTimes times_;
  std::vector<store::Cell> cells_;
  std::array<std::string, texts_max> texts_;  // never moves: cells look into it
  std::size_t texts_used_ = 0;
};

}  // namespace duheng::platform
