#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "platform/equipment/equipment.hpp"

namespace duheng::platform {

struct EquipmentImportFault {
  std::size_t line = 0;  ///< of the file, from 1
  std::string column{};  ///< empty: the line as a whole
  std::string code{};    ///< an error's name
  std::string message{};
};
struct EquipmentImportOutcome {
  std::size_t lines = 0;
  std::size_t good_lines = 0;
  std::size_t made = 0;                        ///< 0 when it was only checked, or any line is wrong
  std::vector<EquipmentImportFault> faults{};  ///< the first `faults_max`
};

/// Equipment by file: CSV with a header, in Chinese or English, UTF-8 or GB18030, as devices are imported. Everything
/// or nothing; a check is the same work, taken back. Uplinks are named and may stand above in the same file.
class EquipmentImport {
 public:
  static constexpr std::size_t file_bytes_max = 2U << 20;
  static constexpr std::size_t lines_max = 5'000;
  static constexpr std::size_t faults_max = 200;
  explicit EquipmentImport(EquipmentLedger& ledger) : ledger_(ledger) {}
  /// Errors: limit_exceeded - the file is too large; malformed - no text, or no header; invalid_argument - the header.
  [[nodiscard]] Result<EquipmentImportOutcome> run(const Author& author, ByteView file, bool commit);
  [[nodiscard]] static std::string template_csv();

 private:
  EquipmentLedger& ledger_;
};

}  // namespace duheng::platform
