#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "platform/conformity/conformity.hpp"

namespace duheng::platform::conformity {
namespace {

using Value = std::variant<Decimal, std::string, bool>;

__int128 scaled(const Decimal& value, std::int8_t to_exponent) noexcept {
  __int128 out = value.mantissa;
  for (std::int8_t exponent = value.exponent; exponent > to_exponent; --exponent) out *= 10;
  return out;
}

template <class T>
const T* value_of(const TypeDeclaration& type, const std::string& item) noexcept {
  const auto found = type.items.find(item);
  return found == type.items.end() ? nullptr : std::get_if<T>(&found->second);
}

bool within(const Bounds& bounds, const Decimal& value) noexcept {
  return (!bounds.at_least || compare(value, *bounds.at_least) >= 0) &&
         (!bounds.at_most || compare(value, *bounds.at_most) <= 0) &&
         (!bounds.above || compare(value, *bounds.above) > 0) && (!bounds.below || compare(value, *bounds.below) < 0);
}

Title with_unit(const Decimal& value, const Item& item) {
  const std::string text = item.unit.empty() ? value.to_string() : value.to_string() + " " + item.unit;
  return {text, text};
}

Title joined(const Title& left, const Title& right) {
  return {left.chinese + right.chinese, left.english + right.english};
}

Title told(const Bounds& bounds, const Item& item) {
  Title out;
  const auto add = [&](const std::optional<Decimal>& bound, const char* chinese, const char* english) {
    if (!bound) return;
    const Title value = with_unit(*bound, item);
    out = joined(out, {fmt::format(" {} {}", chinese, value.chinese), fmt::format(" {} {}", english, value.english)});
  };
  add(bounds.at_least, "≥", "≥");
  add(bounds.above, ">", ">");
  add(bounds.at_most, "≤", "≤");
  add(bounds.below, "<", "<");
  return out;
}

std::string list_of(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

Title shown(const Item& item, const Value& value) {
  if (const auto* number = std::get_if<Decimal>(&value)) return with_unit(*number, item);
  if (const auto* said = std::get_if<bool>(&value)) return *said ? Title{"是", "yes"} : Title{"否", "no"};
  const auto& text = std::get<std::string>(value);
  return {text, text};
}

Finding missing(Title asked, const char* chinese = "未申报", const char* english = "not declared") {
  return {Verdict::missing, std::move(asked), {chinese, english}};
}

/// Both digits of an IP code; nothing when it is none. X stands for "not tested", which protects from nothing.
std::optional<std::pair<int, int>> protection_of(std::string_view code) noexcept {
  if (code.size() < 4 || !code.starts_with("IP")) return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : -1; };
  return std::pair{digit(code[2]), digit(code[3])};
}

class Judge {
 public:
  Judge(const RuleSet& rules, const TypeDeclaration& type) : rules_(rules), type_(type) {}

  [[nodiscard]] ClauseVerdict clause(const Rule& rule) const {
    ClauseVerdict out{rule.id, rule.clause, rule.title, Verdict::not_applicable, {}};
    for (const Case& one : rule.cases) {
      const auto holds = condition_holds(one, out);
      if (!holds) return out;
      if (!*holds) continue;
      for (const Requirement& requirement : one.require) out.findings.push_back(look_at(requirement));
      break;
    }
    if (!out.findings.empty()) out.verdict = worst(out.findings);
    return out;
  }

 private:
  /// Nothing when an item it hangs on is not on file, which is then the verdict.
  [[nodiscard]] std::optional<bool> condition_holds(const Case& one, ClauseVerdict& out) const {
    for (const Condition& condition : one.when) {
      const Item& item = *rules_.item(condition.item);
      const auto found = type_.items.find(condition.item);
      if (found == type_.items.end()) {
        out.verdict = Verdict::missing;
        out.findings.push_back(missing(item.title));
        return std::nullopt;
      }
      if (!meets(condition, found->second)) return false;
    }
    return true;
  }

  [[nodiscard]] static bool meets(const Condition& condition, const Value& value) {
    if (const auto* number = std::get_if<Decimal>(&value)) return within(condition.bounds, *number);
    if (const auto* said = std::get_if<bool>(&value))
      return std::ranges::find(condition.words, *said ? "yes" : "no") != condition.words.end();
    return std::ranges::find(condition.words, std::get<std::string>(value)) != condition.words.end();
  }

  [[nodiscard]] static Verdict worst(const std::vector<Finding>& findings) {
    Verdict out = Verdict::passed;
    for (const Finding& finding : findings) {
      if (finding.verdict == Verdict::failed) return Verdict::failed;
      if (finding.verdict == Verdict::missing) out = Verdict::missing;
    }
    return out;
  }

  [[nodiscard]] Finding look_at(const Requirement& requirement) const {
    if (requirement.kind == Requirement::Kind::report) return report(requirement);
    const Item& item = *rules_.item(requirement.item);
    Title asked = asked_of(requirement, item);
    const auto found = type_.items.find(requirement.item);
    if (found == type_.items.end()) return missing(std::move(asked));
    Finding out{Verdict::passed, std::move(asked), shown(item, found->second)};
    const auto satisfied = satisfies(requirement, found->second);
    if (!satisfied) return missing(std::move(out.asked));
    if (!*satisfied) out.verdict = Verdict::failed;
    return out;
  }

  [[nodiscard]] Title asked_of(const Requirement& requirement, const Item& item) const {
    switch (requirement.kind) {
      case Requirement::Kind::within:
        return joined(item.title, told(requirement.bounds, item));
      case Requirement::Kind::one_of: {
        const std::string words = list_of(requirement.words);
        return joined(item.title, {"：" + words, ": " + words});
      }
      case Requirement::Kind::protection:
        return joined(item.title, {" ≥ " + requirement.words.front(), " ≥ " + requirement.words.front()});
      case Requirement::Kind::longer: {
        const Title& other = rules_.item(requirement.other)->title;
        const Title more = with_unit(*requirement.bounds.at_least, item);
        return joined(item.title, {fmt::format(" ≥ {} + {}", other.chinese, more.chinese),
                                   fmt::format(" ≥ {} + {}", other.english, more.english)});
      }
      default:
        return item.title;
    }
  }

  /// Nothing when something else it needs is not on file.
  [[nodiscard]] std::optional<bool> satisfies(const Requirement& requirement, const Value& value) const {
    switch (requirement.kind) {
      case Requirement::Kind::within:
        return within(requirement.bounds, std::get<Decimal>(value));
      case Requirement::Kind::one_of:
        return std::ranges::find(requirement.words, std::get<std::string>(value)) != requirement.words.end();
      case Requirement::Kind::protection: {
        const auto has = protection_of(std::get<std::string>(value));
        const auto needs = protection_of(requirement.words.front());
        return has && needs && has->first >= needs->first && has->second >= needs->second;
      }
      case Requirement::Kind::longer: {
        const auto* other = value_of<Decimal>(type_, requirement.other);
        if (other == nullptr) return std::nullopt;
        return is_longer(std::get<Decimal>(value), *other, *requirement.bounds.at_least);
      }
      default: {
        const auto* said = std::get_if<bool>(&value);
        return said == nullptr || *said;
      }
    }
  }

  [[nodiscard]] static bool is_longer(const Decimal& value, const Decimal& other, const Decimal& by) noexcept {
    const std::int8_t exponent = std::min({value.exponent, other.exponent, by.exponent});
    return scaled(value, exponent) >= scaled(other, exponent) + scaled(by, exponent);
  }

  [[nodiscard]] Finding report(const Requirement& requirement) const {
    Title asked = joined({"检测报告：", "test report: "}, requirement.title);
    if (!requirement.standard.empty())
      asked = joined(asked, {"（" + requirement.standard + "）", " (" + requirement.standard + ")"});
    const auto found = type_.reports.find(requirement.item);
    if (found == type_.reports.end()) return missing(std::move(asked), "缺报告", "no report");
    const std::string text =
        fmt::format("{}, {}, {}", found->second.number, found->second.laboratory, found->second.date);
    return {Verdict::passed, std::move(asked), {text, text}};
  }

  const RuleSet& rules_;
  const TypeDeclaration& type_;
};

struct Words {
  const char* type;
  const char* by;
  const char* unconfirmed;
  const char* conforms;
  const char* does_not;
  std::array<const char*, 4> verdicts;
};

constexpr Words chinese_words{"型式", "依据",   "（规则尚未由持有标准文本的人员确认）",
                              "符合", "不符合", {"合格", "不合格", "资料缺失", "不适用"}};
constexpr Words english_words{"type",
                              "by",
                              " (rules not yet confirmed by a person who holds the standard's text)",
                              "conforms",
                              "does not conform",
                              {"passed", "failed", "missing", "does not apply"}};

}  // namespace

const std::string& in(const Title& title, Language language) noexcept {
  return language == Language::chinese ? title.chinese : title.english;
}

int compare(const Decimal& left, const Decimal& right) noexcept {
  const std::int8_t exponent = std::min(left.exponent, right.exponent);
  const __int128 a = scaled(left, exponent);
  const __int128 b = scaled(right, exponent);
  return a < b ? -1 : static_cast<int>(a > b);
}

const Item* RuleSet::item(const std::string& wanted) const noexcept {
  const auto found = std::ranges::find(items, wanted, &Item::name);
  return found == items.end() ? nullptr : &*found;
}

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::passed:
      return "passed";
    case Verdict::failed:
      return "failed";
    case Verdict::missing:
      return "missing";
    case Verdict::not_applicable:
      return "not_applicable";
  }
  return "unknown";
}

std::size_t Judgement::count(Verdict verdict) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(clauses, verdict, &ClauseVerdict::verdict));
}

Judgement judge(const RuleSet& rules, const TypeDeclaration& type) {
  Judgement out;
  const Judge judging(rules, type);
  for (const Rule& rule : rules.rules) {
    if (std::ranges::find(rule.media, type.medium) != rule.media.end()) out.clauses.push_back(judging.clause(rule));
  }
  out.conforms = !out.clauses.empty() && out.count(Verdict::failed) == 0 && out.count(Verdict::missing) == 0;
  return out;
}

std::string to_text(const RuleSet& rules, const TypeDeclaration& type, const Judgement& judgement, Language language) {
  const Words& words = language == Language::chinese ? chinese_words : english_words;
  const auto word_of = [&](Verdict verdict) { return words.verdicts.at(static_cast<std::size_t>(verdict)); };
  std::string out = fmt::format("{}: {} {}\n{}: {}, {}{}\n\n", words.type, type.maker, type.type, words.by,
                                in(rules.standard, language), rules.edition, rules.confirmed ? "" : words.unconfirmed);
  for (const ClauseVerdict& clause : judgement.clauses) {
    out += fmt::format("{:<10} {}  {}\n", clause.clause, word_of(clause.verdict), in(clause.title, language));
    for (const Finding& finding : clause.findings)
      out += fmt::format("           {}  {} -> {}\n", word_of(finding.verdict), in(finding.asked, language),
                         in(finding.found, language));
  }
  out += fmt::format("\n{}: {} {}, {} {}, {} {}, {} {}\n", judgement.conforms ? words.conforms : words.does_not,
                     judgement.count(Verdict::passed), word_of(Verdict::passed), judgement.count(Verdict::failed),
                     word_of(Verdict::failed), judgement.count(Verdict::missing), word_of(Verdict::missing),
                     judgement.count(Verdict::not_applicable), word_of(Verdict::not_applicable));
  return out;
}

}  // namespace duheng::platform::conformity
