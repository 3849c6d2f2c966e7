#pragma once
#include <string>

#include "base/ids.hpp"
#include "store/records/database.hpp"

namespace duheng::platform {

/// Whose rows a caller may see and change: an organisation with everything below it, or all. Every public function
/// about rows that belong to organisations takes one, so that nobody forgets. A row outside the scope is reported as
/// not_found.
class Scope {
 public:
  [[nodiscard]] static Scope everything() { return Scope{OrganisationId{}}; }
  /// Everything at and below `root`; an id of 0 gives a scope in which nothing is found.
  [[nodiscard]] static Scope below(OrganisationId root) { return Scope{root ? root : OrganisationId{-1}}; }

  [[nodiscard]] bool is_everything() const noexcept { return !root_; }
  /// 0 when the scope is everything.
  [[nodiscard]] OrganisationId root() const noexcept { return root_; }

  /// A condition on `column`, an organisation's id, that uses exactly the parameter `parameter` (e.g. "?1"), to which
  /// `parameter_value()` is bound. Both texts are the program's own.
  [[nodiscard]] std::string condition(std::string_view column, std::string_view parameter) const {
    std::string sql{is_everything() ? parameter : column};
    if (is_everything()) return sql += " IS NULL";
    return ((sql += " IN (SELECT descendant_id FROM organisation_closure WHERE ancestor_id = ") += parameter) += ")";
  }
  [[nodiscard]] records::Parameter parameter_value() const { return root_; }

  friend bool operator==(const Scope&, const Scope&) = default;

 private:
  explicit Scope(OrganisationId root) : root_(root) {}
  OrganisationId root_;
};

}  // namespace duheng::platform
