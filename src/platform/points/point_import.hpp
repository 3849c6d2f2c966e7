#pragma once
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "platform/imports/import_kind.hpp"
#include "platform/points/metering_points.hpp"

namespace duheng::platform {

struct PointLine;

/// Metering points by file, for FileImports: each line a point with its customer, its transformer, the device that is
/// there with ratios, and its tariff from a day on. A point that exists already is told as known when the line says
/// what is so; its customer, transformer and tariff may be changed by a line, its device may come where none is. Lines
/// are checked by doing what they say and taking it back. All lines are made in one transaction, or the good ones 500
/// at a time.
class PointImportKind final : public ImportKind {
 public:
  PointImportKind(records::Database& database, const Clock& clock, MeteringPoints& points, const PointTariffs& tariffs,
                  const ImportLimits& limits = {})
      : database_(database), clock_(clock), points_(points), tariffs_(tariffs), limits_(limits) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "points"; }
  [[nodiscard]] const ImportLimits& limits() const noexcept override { return limits_; }
  [[nodiscard]] Result<ImportCheck> check(const ImportTask& task, ImportProgress& progress) override;
  [[nodiscard]] Result<void> commit(const ImportTask& task, CommitMode mode, ImportCommit& commit) override;
  [[nodiscard]] OperationEntry operation(const FileImport& about, const Author& author,
                                         std::int64_t now_utc_ms) const override;
  [[nodiscard]] std::string template_csv() const override;

 private:
  struct Lines;
  class Taken;
  struct Done;
  [[nodiscard]] Result<Lines> read(const ImportTask& task, ImportProgress& progress,
                                   const std::set<std::size_t>& left_out);
  [[nodiscard]] Result<Done> run(records::Transaction& t, const Author& author, std::span<const PointLine> lines,
                                 Taken& taken);
  [[nodiscard]] Result<void> make_all(const ImportTask& task, const Lines& lines, ImportCommit& commit);
  [[nodiscard]] Result<void> make_good(const ImportTask& task, const Lines& lines, ImportCommit& commit);

  records::Database& database_;
  const Clock& clock_;
  MeteringPoints& points_;
  const PointTariffs& tariffs_;
  const ImportLimits limits_;
};

}  // namespace duheng::platform
