#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/decimal.hpp"
#include "base/error.hpp"

namespace duheng::platform::conformity {

/// A name in the two languages of the product.
struct Title {
  std::string chinese;
  std::string english;
};

enum class Language : std::uint8_t { chinese, english };
[[nodiscard]] const std::string& in(const Title& title, Language language) noexcept;

/// Something that the maker of a device type says about it.
struct Item {
  enum class Kind : std::uint8_t {
    number,      ///< exact, in the item's unit
    choice,      ///< one of `words`
    yes_no,      ///< said and kept to, or not
    protection,  ///< of the enclosure, GB/T 4208: "IP65"
    text,        ///< on file, whatever it says
  };
  std::string name;
  Title title;
  Kind kind = Kind::text;
  std::string unit;                ///< of a number
  std::vector<std::string> words;  ///< of a choice
};

/// Bounds of a number; each may be missing.
struct Bounds {
  std::optional<Decimal> at_least;
  std::optional<Decimal> at_most;
  std::optional<Decimal> above;
  std::optional<Decimal> below;
};

/// One thing that a rule asks for.
struct Requirement {
  enum class Kind : std::uint8_t {
    within,      ///< `item` within `bounds`
    one_of,      ///< `item` is one of `words`
    declared,    ///< `item` is on file; a yes_no item says yes
    protection,  ///< the enclosure of `item` protects at least as `words[0]`
    longer,      ///< `item` is at least `other` plus `bounds.at_least`
    report,      ///< a test report of the name `item` is there, with number, laboratory and date
  };
  Kind kind = Kind::declared;
  std::string item;
  std::string other;
  Bounds bounds;
  std::vector<std::string> words;
  std::string standard;  ///< that a report is to; empty: the rule's own clause
  Title title;           ///< of a report
};

/// What must hold for a case of a rule to be the one that counts.
struct Condition {
  std::string item;
  Bounds bounds;                   ///< of a number
  std::vector<std::string> words;  ///< of a choice; "yes" and "no" of a yes_no item
};

struct Case {
  std::vector<Condition> when;  ///< all of them, looked at in their order; none: always
  std::vector<Requirement> require;
};

/// One clause. The first case whose conditions hold counts; when none does, the clause does not apply to the type. A
/// condition on an item that is not on file makes the verdict "missing", never "does not apply".
struct Rule {
  std::string id;  ///< of the requirement, e.g. "HM-6.3.1.1"
  std::string clause;
  std::vector<std::string> media;  ///< "water", "gas", "heat"
  Title title;
  std::vector<Case> cases;
};

/// The rules of one standard, as read from one file.
struct RuleSet {
  std::string name;
  Title title;
  Title standard;
  std::string edition;
  bool confirmed = false;  ///< a person who holds the text has signed that the rules say what it says
  std::vector<Item> items;
  std::vector<Rule> rules;
  [[nodiscard]] const Item* item(const std::string& name) const noexcept;
};

/// Reads a rule set. Errors: malformed - not such a file; each names line and reason: an item nobody declares, a rule
/// without a case, bounds that contradict each other, a medium that does not exist.
[[nodiscard]] Result<RuleSet> parse_rules(std::string_view text, const std::string& name);
/// Errors: as parse_rules(), not_found.
[[nodiscard]] Result<RuleSet> load_rules(const std::string& path);

struct TestReport {
  std::string number;
  std::string laboratory;
  std::string date;  ///< YYYY-MM-DD
};

/// What the maker says of a type, and the reports that show it.
struct TypeDeclaration {
  std::string maker;
  std::string type;
  std::string medium;
  std::map<std::string, std::variant<Decimal, std::string, bool>> items;
  std::map<std::string, TestReport> reports;
};

/// Reads a type's declaration against the items of `rules`. Errors: malformed - names line and reason: an item that the
/// rules do not know, a number that is none, a word not allowed, a report without number or with a date that is none.
[[nodiscard]] Result<TypeDeclaration> parse_declaration(std::string_view text, const std::string& name,
                                                        const RuleSet& rules);
[[nodiscard]] Result<TypeDeclaration> load_declaration(const std::string& path, const RuleSet& rules);

enum class Verdict : std::uint8_t {
  passed,
  failed,          ///< something declared is beyond its limit
  missing,         ///< something asked for is not on file
  not_applicable,  ///< the clause is not about such a type
};
[[nodiscard]] std::string_view to_string(Verdict verdict) noexcept;

/// One requirement and what was found.
struct Finding {
  Verdict verdict = Verdict::passed;
  Title asked;  ///< "battery life above 6 a"
  Title found;  ///< "6 a", or what is missing
};

struct ClauseVerdict {
  std::string id;
  std::string clause;
  Title title;
  Verdict verdict = Verdict::passed;
  std::vector<Finding> findings;
};

struct Judgement {
  bool conforms = false;  ///< nothing failed and nothing is missing
  std::vector<ClauseVerdict> clauses;
  [[nodiscard]] std::size_t count(Verdict verdict) const noexcept;
};

/// Judges a type by every rule of the set, in the set's order; rules of another medium are left out. Never fails: what
/// cannot be judged is missing.
[[nodiscard]] Judgement judge(const RuleSet& rules, const TypeDeclaration& type);

/// The verdict clause by clause, as a person reads it.
[[nodiscard]] std::string to_text(const RuleSet& rules, const TypeDeclaration& type, const Judgement& judgement,
                                  Language language);

/// -1, 0, 1, exactly, whatever the exponents.
[[nodiscard]] int compare(const Decimal& left, const Decimal& right) noexcept;

}  // namespace duheng::platform::conformity
