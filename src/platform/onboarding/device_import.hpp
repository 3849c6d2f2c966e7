#pragma once
#include <set>
#include <string>
#include <vector>

#include "platform/gateways/gateways.hpp"
#include "platform/imports/import_kind.hpp"
#include "platform/onboarding/onboarding.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"

namespace duheng::platform {

/// Devices by file, for FileImports: each line a device, made as Onboarding makes one. All lines are made in one
/// transaction, or the good ones 500 at a time.
class DeviceImportKind final : public ImportKind {
 public:
  DeviceImportKind(Onboarding& onboarding, Organisations& organisations, Sites& sites, Gateways& gateways,
                   const ImportLimits& limits = {})
      : onboarding_(onboarding), organisations_(organisations), sites_(sites), gateways_(gateways), limits_(limits) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "devices"; }
  [[nodiscard]] const ImportLimits& limits() const noexcept override { return limits_; }
  [[nodiscard]] Result<ImportCheck> check(const ImportTask& task, ImportProgress& progress) override;
  [[nodiscard]] Result<void> commit(const ImportTask& task, CommitMode mode, ImportCommit& commit) override;
  [[nodiscard]] OperationEntry operation(const FileImport& about, const Author& author,
                                         std::int64_t now_utc_ms) const override;
  [[nodiscard]] std::string template_csv() const override;

 private:
  struct Line {
    std::size_t number = 0;
    NewDevice device;
  };
  struct Lines {
    std::vector<Line> good;
    std::vector<ImportFinding> findings;
    std::size_t count = 0;
  };
  class Taken;
  [[nodiscard]] Result<Lines> read(const ImportTask& task, ImportProgress& progress,
                                   const std::set<std::size_t>& left_out);
  [[nodiscard]] Result<std::vector<ImportFinding>> check_piece(const Scope& scope, std::span<const Line> lines,
                                                               Taken& taken);
  [[nodiscard]] Result<void> make_all(const ImportTask& task, const Lines& lines, ImportCommit& commit);
  [[nodiscard]] Result<void> make_good(const ImportTask& task, const Lines& lines, ImportCommit& commit);
  [[nodiscard]] Result<std::size_t> make_piece(const Scope& scope, std::span<const Line> lines, std::size_t made_before,
                                               ImportCommit& commit);

  Onboarding& onboarding_;
  Organisations& organisations_;
  Sites& sites_;
  Gateways& gateways_;
  const ImportLimits limits_;
};

}  // namespace duheng::platform
