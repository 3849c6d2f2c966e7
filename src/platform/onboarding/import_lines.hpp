#pragma once
// How a line of an import file becomes a device. Internal to this folder.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "platform/gateways/gateways.hpp"
#include "platform/onboarding/device_import.hpp"

namespace duheng::platform {

struct ImportColumn {
  std::string_view name;     ///< in English, as in the template and in what is told
  std::string_view chinese;  ///< also taken
  std::string_view field;    ///< of the API, as FieldFault calls it
  bool is_required = false;
};
[[nodiscard]] std::span<const ImportColumn> import_columns() noexcept;

/// The names that lines use, within the author's scope.
class ImportNames {
 public:
  [[nodiscard]] static Result<ImportNames> load(const Scope& scope, Organisations& organisations, Sites& sites,
                                                Gateways& gateways);

 private:
  friend class ImportHeader;
  struct NamedGateway {
    GatewayId id;
    OrganisationId organisation;
  };
  OrganisationId own_;  ///< the scope's; 0: everything
  std::map<std::string, NamedGateway, std::less<>> gateways_;
  std::map<std::string, OrganisationId, std::less<>> organisations_;
  std::map<std::pair<OrganisationId, std::string>, SiteId> sites_;
};

/// Which column of a file is what.
class ImportHeader {
 public:
  /// Errors: invalid_argument - a column is unknown, there twice, or missing.
  [[nodiscard]] static Result<ImportHeader> read(const std::vector<std::string>& fields);
  /// The fault's field is a column's name.
  [[nodiscard]] Checked<NewDevice> device(const std::vector<std::string>& fields, const ImportNames& names) const;

 private:
  [[nodiscard]] std::string_view value(const std::vector<std::string>& fields, std::string_view column) const;
  [[nodiscard]] Checked<void> read_channel(const std::vector<std::string>& fields, NewDevice& device) const;
  [[nodiscard]] Checked<void> read_places(const std::vector<std::string>& fields, const ImportNames& names,
                                          NewDevice& device) const;
  std::map<std::string_view, std::size_t> places_;  // by column name
  std::size_t count_ = 0;
};

/// The column for a field of the API; empty when none is.
[[nodiscard]] std::string_view column_of(std::string_view field) noexcept;

}  // namespace duheng::platform
