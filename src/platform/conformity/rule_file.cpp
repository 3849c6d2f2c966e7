#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/config.hpp"
#include "base/time.hpp"
#include "platform/conformity/conformity.hpp"

// Reading rule sets and declarations. Every mistake is told with its line.

namespace duheng::platform::conformity {
namespace {

constexpr std::array<std::string_view, 3> media{"water", "gas", "heat"};
const std::vector<std::string_view> item_kinds{"number", "choice", "yes_no", "protection", "text"};
constexpr int digits_after_point_max = 12;

Title title_of(const ConfigNode& node, std::string_view key = "title") {
  const ConfigNode title = node.section(key);
  return {title.text("zh-CN"), title.text("en")};
}

std::vector<std::string> words_of(const ConfigNode& node, std::string_view key) {
  std::vector<std::string> out;
  for (const ConfigNode& word : node.items(key)) out.push_back(word.as_text());
  return out;
}

std::optional<Decimal> number_at(const ConfigNode& node, std::string_view key) {
  const auto value = Decimal::parse(node.number(key));
  if (!value || value->exponent < -digits_after_point_max) {
    node.reject(key, "is not a number with at most 12 digits after the point");
    return std::nullopt;
  }
  return *value;
}

std::optional<Decimal> optional_number(const ConfigNode& node, std::string_view key) {
  return node.has(key) ? number_at(node, key) : std::nullopt;
}

Bounds bounds_of(const ConfigNode& node) {
  Bounds out{optional_number(node, "at_least"), optional_number(node, "at_most"), optional_number(node, "above"),
             optional_number(node, "below")};
  const auto& low = out.at_least ? out.at_least : out.above;
  const auto& high = out.at_most ? out.at_most : out.below;
  if (low && high && compare(*low, *high) > 0) node.reject("the lower bound is above the upper one");
  if ((out.at_least && out.above) || (out.at_most && out.below)) node.reject("two bounds on the same side");
  return out;
}

bool has_bounds(const Bounds& bounds) noexcept {
  return bounds.at_least || bounds.at_most || bounds.above || bounds.below;
}

class RuleReader {
 public:
  explicit RuleReader(RuleSet& out) : out_(out) {}

  void read(const ConfigNode& root) {
    out_.name = root.text("rule_set");
    out_.title = title_of(root);
    out_.standard = title_of(root, "standard");
    out_.edition = root.text("edition");
    out_.confirmed = root.flag("confirmed", false);
    for (const ConfigNode& node : root.items("items")) read_item(node);
    for (const ConfigNode& node : root.items("rules")) read_rule(node);
    if (out_.rules.empty()) root.reject("rules", "holds no rule");
  }

 private:
  void read_item(const ConfigNode& node) {
    Item item;
    item.name = node.text("name");
    item.title = title_of(node);
    item.kind = static_cast<Item::Kind>(node.choice("kind", item_kinds));
    if (item.kind == Item::Kind::number) item.unit = node.text("unit", "");
    if (item.kind == Item::Kind::choice) {
      item.words = words_of(node, "words");
      if (item.words.empty()) node.reject("words", "are missing");
    }
    if (out_.item(item.name) != nullptr) node.reject("name", "stands there twice");
    out_.items.push_back(std::move(item));
  }

  void read_rule(const ConfigNode& node) {
    Rule rule;
    rule.id = node.text("id");
    rule.clause = node.text("clause");
    rule.title = title_of(node);
    rule.media = words_of(node, "media");
    for (const std::string& medium : rule.media) {
      if (std::ranges::find(media, medium) == media.end()) node.reject("media", "is water, gas or heat");
    }
    if (rule.media.empty()) node.reject("media", "does not say which meters it is about");
    if (std::ranges::find(out_.rules, rule.id, &Rule::id) != out_.rules.end()) node.reject("id", "stands there twice");
    if (node.has("cases")) {
      for (const ConfigNode& one : node.items("cases")) rule.cases.push_back(read_case(one));
    } else {
      rule.cases.push_back(read_case(node));
    }
    if (rule.cases.empty()) node.reject("cases", "holds no case");
    out_.rules.push_back(std::move(rule));
  }

  [[nodiscard]] Case read_case(const ConfigNode& node) {
    Case out;
    for (const ConfigNode& condition : node.items("when")) out.when.push_back(read_condition(condition));
    for (const ConfigNode& requirement : node.items("require")) out.require.push_back(read_requirement(requirement));
    if (out.require.empty()) node.reject("require", "asks for nothing");
    return out;
  }

  /// An item that may stand there, or nothing after telling why not.
  const Item* item_of(const ConfigNode& node, std::string_view key, std::optional<Item::Kind> kind) {
    const std::string name = node.text(key);
    const Item* item = out_.item(name);
    if (item == nullptr) {
      node.reject(key, "names no item declared above");
    } else if (kind && item->kind != *kind) {
      node.reject(key, fmt::format("names an item that is no {}", item_kinds[static_cast<std::size_t>(*kind)]));
    }
    return item;
  }

  [[nodiscard]] Condition read_condition(const ConfigNode& node) {
    Condition out;
    const Item* item = item_of(node, "item", std::nullopt);
    out.item = node.text("item");
    out.bounds = bounds_of(node);
    out.words = words_of(node, "is");
    if (item == nullptr) return out;
    if (item->kind == Item::Kind::number && (!has_bounds(out.bounds) || !out.words.empty()))
      node.reject("a condition on a number has bounds");
    if (item->kind != Item::Kind::number && (has_bounds(out.bounds) || out.words.empty()))
      node.reject("a condition on this item has words");
    check_words(node, *item, out.words);
    return out;
  }

  static void check_words(const ConfigNode& node, const Item& item, const std::vector<std::string>& words) {
    static const std::vector<std::string> said{"yes", "no"};
    const auto& allowed = item.kind == Item::Kind::yes_no ? said : item.words;
    for (const std::string& word : words) {
      if (std::ranges::find(allowed, word) == allowed.end())
        node.reject(fmt::format("\"{}\" is not a word of this item", word));
    }
  }

  [[nodiscard]] Requirement read_requirement(const ConfigNode& node) {
    Requirement out;
    if (node.has("report")) return read_report(node);
    out.item = node.text("item");
    if (node.has("one_of")) {
      out.kind = Requirement::Kind::one_of;
      out.words = words_of(node, "one_of");
      const Item* item = item_of(node, "item", Item::Kind::choice);
      if (item != nullptr) check_words(node, *item, out.words);
    } else if (node.has("protection")) {
      out.kind = Requirement::Kind::protection;
      out.words = {node.text("protection")};
      item_of(node, "item", Item::Kind::protection);
    } else if (node.has("longer_than")) {
      out.kind = Requirement::Kind::longer;
      item_of(node, "item", Item::Kind::number);
      item_of(node, "longer_than", Item::Kind::number);
      out.other = node.text("longer_than");
      out.bounds.at_least = number_at(node, "by").value_or(Decimal{});
    } else {
      read_plain(node, out);
    }
    return out;
  }

  void read_plain(const ConfigNode& node, Requirement& out) {
    out.bounds = bounds_of(node);
    const Item* item = item_of(node, "item", std::nullopt);
    if (item == nullptr) return;
    out.kind = has_bounds(out.bounds) ? Requirement::Kind::within : Requirement::Kind::declared;
    const bool is_number = item->kind == Item::Kind::number;
    if (is_number != has_bounds(out.bounds)) node.reject("bounds belong to numbers, and a number needs bounds");
  }

  [[nodiscard]] static Requirement read_report(const ConfigNode& node) {
    Requirement out;
    out.kind = Requirement::Kind::report;
    out.item = node.text("report");
    out.title = title_of(node);
    out.standard = node.text("to", "");
    return out;
  }

  RuleSet& out_;
};

Result<RuleSet> read_rules(Result<ConfigFile> file) {
  if (!file) return std::unexpected(std::move(file).error());
  RuleSet out;
  RuleReader(out).read(file->root());
  DUHENG_CHECK(file->finish());
  return out;
}

void read_value(const ConfigNode& node, const Item& item, TypeDeclaration& out) {
  switch (item.kind) {
    case Item::Kind::number:
      if (const auto value = number_at(node, item.name)) out.items.emplace(item.name, *value);
      return;
    case Item::Kind::yes_no:
      out.items.emplace(item.name, node.flag(item.name, false));
      return;
    case Item::Kind::choice: {
      const std::vector<std::string_view> words(item.words.begin(), item.words.end());
      out.items.emplace(item.name, item.words[node.choice(item.name, words)]);
      return;
    }
    case Item::Kind::protection:
    case Item::Kind::text: {
      const std::string text = node.text(item.name);
      if (text.empty()) node.reject(item.name, "is empty");
      out.items.emplace(item.name, text);
      return;
    }
  }
}

void read_report_of(const ConfigNode& node, const std::string& name, TypeDeclaration& out) {
  const ConfigNode section = node.section(name);
  TestReport report{section.text("number"), section.text("laboratory"), section.text("date")};
  if (report.number.empty()) section.reject("number", "is empty");
  if (report.laboratory.empty()) section.reject("laboratory", "is empty");
  if (!civil_day(report.date, "UTC")) section.reject("date", "is not a date YYYY-MM-DD");
  out.reports.emplace(name, std::move(report));
}

bool is_known_report(const RuleSet& rules, const std::string& name) {
  for (const Rule& rule : rules.rules) {
    for (const Case& one : rule.cases) {
      for (const Requirement& requirement : one.require) {
        if (requirement.kind == Requirement::Kind::report && requirement.item == name) return true;
      }
    }
  }
  return false;
}

Result<TypeDeclaration> read_declaration(Result<ConfigFile> file, const RuleSet& rules) {
  if (!file) return std::unexpected(std::move(file).error());
  const ConfigNode root = file->root();
  TypeDeclaration out;
  out.maker = root.text("maker");
  out.type = root.text("type");
  out.medium = media.at(root.choice("medium", std::vector<std::string_view>(media.begin(), media.end())));
  const ConfigNode items = root.section("declared");
  for (const std::string& name : items.keys()) {
    const Item* item = rules.item(name);
    if (item == nullptr) {
      items.reject(name, "is no item that the rules know");
    } else {
      read_value(items, *item, out);
    }
  }
  const ConfigNode reports = root.section("reports");
  for (const std::string& name : reports.keys()) {
    if (is_known_report(rules, name)) {
      read_report_of(reports, name, out);
    } else {
      reports.reject(name, "is no report that the rules ask for");
    }
  }
  DUHENG_CHECK(file->finish());
  return out;
}

}  // namespace

Result<RuleSet> parse_rules(std::string_view text, const std::string& name) {
  return read_rules(ConfigFile::parse(text, name));
}
Result<RuleSet> load_rules(const std::string& path) { return read_rules(ConfigFile::load(path)); }
Result<TypeDeclaration> parse_declaration(std::string_view text, const std::string& name, const RuleSet& rules) {
  return read_declaration(ConfigFile::parse(text, name), rules);
}
Result<TypeDeclaration> load_declaration(const std::string& path, const RuleSet& rules) {
  return read_declaration(ConfigFile::load(path), rules);
}

}  // namespace duheng::platform::conformity
