#include "conformity_command.hpp"

#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "platform/conformity/conformity.hpp"

namespace duheng {
namespace {

namespace conformity = platform::conformity;

struct Options {
  std::string declaration;
  std::string rules;
  std::string language = "zh";
  bool json = false;
};

nlohmann::json json_of(const conformity::Title& title) { return {{"zh-CN", title.chinese}, {"en", title.english}}; }

nlohmann::json json_of(const conformity::RuleSet& rules, const conformity::TypeDeclaration& type,
                       const conformity::Judgement& judgement) {
  nlohmann::json clauses = nlohmann::json::array();
  for (const auto& clause : judgement.clauses) {
    nlohmann::json findings = nlohmann::json::array();
    for (const auto& finding : clause.findings) {
      findings.push_back({{"verdict", conformity::to_string(finding.verdict)},
                          {"asked", json_of(finding.asked)},
                          {"found", json_of(finding.found)}});
    }
    clauses.push_back({{"id", clause.id},
                       {"clause", clause.clause},
                       {"title", json_of(clause.title)},
                       {"verdict", conformity::to_string(clause.verdict)},
                       {"findings", std::move(findings)}});
  }
  return {{"maker", type.maker},
          {"type", type.type},
          {"medium", type.medium},
          {"rule_set", rules.name},
          {"standard", json_of(rules.standard)},
          {"edition", rules.edition},
          {"confirmed", rules.confirmed},
          {"conforms", judgement.conforms},
          {"clauses", std::move(clauses)}};
}

/// 0: conforms; 1: does not; 2: could not be judged.
int run(const Options& options) {
  const auto rules = conformity::load_rules(options.rules);
  if (!rules) {
    std::cerr << rules.error().message << '\n';
    return 2;
  }
  const auto type = conformity::load_declaration(options.declaration, *rules);
  if (!type) {
    std::cerr << type.error().message << '\n';
    return 2;
  }
  const conformity::Judgement judgement = conformity::judge(*rules, *type);
  if (options.json) {
    std::cout << json_of(*rules, *type, judgement).dump(2) << '\n';
  } else {
    const auto language = options.language == "en" ? conformity::Language::english : conformity::Language::chinese;
    std::cout << conformity::to_text(*rules, *type, judgement, language);
  }
  return judgement.conforms ? 0 : 1;
}

}  // namespace

void add_conformity_command(CLI::App& app, const std::string& share_directory, int& exit_code) {
  auto* command =
      app.add_subcommand("conformity", "Judge a device type's declaration and test reports clause by clause");
  auto options = std::make_shared<Options>();
  options->rules = share_directory + "/rules/household-meters.yaml";
  command->add_option("declaration", options->declaration, "What the maker says of the type (YAML)")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--rules", options->rules, "Of another standard")
      ->check(CLI::ExistingFile)
      ->capture_default_str();
  command->add_option("--lang", options->language)->check(CLI::IsMember({"en", "zh"}))->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace duheng
