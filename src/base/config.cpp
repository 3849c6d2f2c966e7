#include "base/config.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <yaml-cpp/yaml.h>

#include "base/decimal.hpp"

namespace duheng {

struct ConfigFile::Shared {
  std::string name;
  YAML::Node root;
  std::optional<Error> first_error;
  std::set<std::pair<int, int>> used;  // marks (line, column) of keys that somebody asked for

  void record(int line, std::string_view reason) {
    if (!first_error) first_error = Error{ErrorCode::malformed, fmt::format("{}:{}: {}", name, line, reason)};
  }
};

struct ConfigNode::Impl {
  std::shared_ptr<ConfigFile::Shared> shared;
  YAML::Node node;  // undefined when missing
  bool present = false;
  int parent_line = 0;

  [[nodiscard]] int line() const { return present ? node.Mark().line + 1 : parent_line; }

  /// The value of a key with the key marked as used; nothing when missing.
  std::optional<YAML::Node> find(std::string_view key) const {
    if (!present || !node.IsMap()) return std::nullopt;
    for (const auto& pair : node) {
      if (pair.first.IsScalar() && pair.first.Scalar() == key) {
        shared->used.emplace(pair.first.Mark().line, pair.first.Mark().column);
        return pair.second;
      }
    }
    return std::nullopt;
  }

  std::optional<std::string> scalar(std::string_view key, bool required) const {
    const auto value = find(key);
    if (!value || value->IsNull()) {
      if (required) shared->record(line(), fmt::format("'{}' is required", key));
      return std::nullopt;
    }
    if (!value->IsScalar()) {
      shared->record(value->Mark().line + 1, fmt::format("'{}' must be a single value", key));
      return std::nullopt;
    }
    return value->Scalar();
  }

  [[nodiscard]] int line_of(std::string_view key) const {
    const auto value = find(key);
    return value ? value->Mark().line + 1 : line();
  }
};

namespace {

constexpr int nesting_max = 32;

/// Depth, aliases and doubled keys are judged on the parsed tree: yaml-cpp shares the node behind an alias, so a tree
/// that visits more nodes than the text has octets can only come from aliases.
bool check_tree(const YAML::Node& node, int depth, std::size_t& budget, ConfigFile::Shared& shared) {
  if (depth > nesting_max) {
    shared.record(node.Mark().line + 1, fmt::format("nested deeper than {} levels", nesting_max));
    return false;
  }
  if (budget-- == 0) {
    shared.record(node.Mark().line + 1, "aliases are not allowed");
    return false;
  }
  if (node.IsMap()) {
    std::set<std::string> seen;
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) {
        shared.record(pair.first.Mark().line + 1, "a key must be a word");
        return false;
      }
      if (!seen.insert(pair.first.Scalar()).second) {
        shared.record(pair.first.Mark().line + 1, fmt::format("'{}' stands here twice", pair.first.Scalar()));
        return false;
      }
      if (!check_tree(pair.second, depth + 1, budget, shared)) return false;
    }
  } else if (node.IsSequence()) {
    for (const YAML::Node& item : node) {
      if (!check_tree(item, depth + 1, budget, shared)) return false;
    }
  }
  return true;
}

void find_unused(const YAML::Node& node, ConfigFile::Shared& shared) {
  if (node.IsMap()) {
    for (const auto& pair : node) {
      if (!shared.used.contains({pair.first.Mark().line, pair.first.Mark().column})) {
        shared.record(pair.first.Mark().line + 1, fmt::format("unknown key '{}'", pair.first.Scalar()));
        return;
      }
      find_unused(pair.second, shared);
    }
  } else if (node.IsSequence()) {
    for (const YAML::Node& item : node) find_unused(item, shared);
  }
}

}  // namespace

ConfigFile::ConfigFile(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
ConfigFile::ConfigFile(ConfigFile&&) noexcept = default;
ConfigFile& ConfigFile::operator=(ConfigFile&&) noexcept = default;
ConfigFile::~ConfigFile() = default;

Result<ConfigFile> ConfigFile::load(const std::string& path, std::size_t bytes_max) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, fmt::format("cannot open {}", path));
  // Piece by piece: the limit is a limit, not what every small file costs. Pipes tell no size beforehand.
  std::string text;
  std::array<char, 16U << 10> piece{};
  while (text.size() <= bytes_max && in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return fail(ErrorCode::storage_failed, fmt::format("cannot read {}", path));
  return parse(text, path, bytes_max);
}

Result<ConfigFile> ConfigFile::parse(std::string_view text, std::string name, std::size_t bytes_max) {
  if (text.size() > bytes_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("{} is larger than {} bytes", name, bytes_max));
  // yaml-cpp parses flow collections and block sequences by recursion: a run of openers deeper than we allow is refused
  // before it can reach the parser's stack.
  int depth = 0;
  int line = 1;
  int dashes = 0;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dashes = 0;
    }
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') depth = std::max(0, depth - 1);
    dashes = c == '-' || c == '?' ? dashes + 1 : (c == ' ' ? dashes : 0);
    if (depth > nesting_max || (dashes > nesting_max && c == ' ')) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("{}:{}: nested deeper than {} levels", name, line, nesting_max));
    }
  }
  auto shared = std::make_shared<Shared>();
  shared->name = std::move(name);
  try {
    shared->root = YAML::Load(std::string{text});
  } catch (const YAML::Exception& e) {
    return fail(ErrorCode::malformed, fmt::format("{}:{}: {}", shared->name, e.mark.line + 1, e.msg));
  }
  std::size_t budget = text.size() + 1;
  if (!check_tree(shared->root, 0, budget, *shared)) return std::unexpected(*shared->first_error);
  return ConfigFile{std::move(shared)};
}

ConfigNode ConfigFile::root() const {
  auto impl = std::make_unique<ConfigNode::Impl>();
  impl->shared = shared_;
  impl->node = shared_->root;
  impl->present = shared_->root.IsMap();
  impl->parent_line = 1;
  if (!impl->present) shared_->record(1, "the file must hold a mapping");
  return ConfigNode{std::move(impl)};
}

Result<void> ConfigFile::finish() const {
  if (!shared_->first_error) find_unused(shared_->root, *shared_);
  if (shared_->first_error) return std::unexpected(*shared_->first_error);
  return {};
}

ConfigNode::ConfigNode(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ConfigNode::~ConfigNode() = default;
ConfigNode::ConfigNode(const ConfigNode& other) : impl_(std::make_unique<Impl>(*other.impl_)) {}
ConfigNode::ConfigNode(ConfigNode&&) noexcept = default;

bool ConfigNode::has(std::string_view key) const {
  const auto value = impl_->find(key);
  return value && !value->IsNull();
}

namespace {

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::int64_t checked_integer(const ConfigNode::Impl& impl, std::string_view key, IntegerRule rule, bool required,
                             std::int64_t fallback) {
  const auto text = impl.scalar(key, required);
  if (!text) return fallback;
  const auto value = to_integer(*text);
  if (!value || *value < rule.minimum || *value > rule.maximum) {
    impl.shared->record(impl.line_of(key),
                        fmt::format("'{}' must be a whole number from {} to {}", key, rule.minimum, rule.maximum));
    return fallback;
  }
  return *value;
}

std::size_t checked_choice(const ConfigNode::Impl& impl, std::string_view key,
                           const std::vector<std::string_view>& words, bool required, std::size_t fallback) {
  const auto text = impl.scalar(key, required);
  if (!text) return fallback;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == *text) return i;
  }
  impl.shared->record(impl.line_of(key), fmt::format("'{}' must be one of: {}", key, fmt::join(words, ", ")));
  return fallback;
}

}  // namespace

std::int64_t ConfigNode::integer(std::string_view key, IntegerRule rule) const {
  return checked_integer(*impl_, key, rule, true, rule.minimum);
}
std::int64_t ConfigNode::integer(std::string_view key, IntegerRule rule, std::int64_t fallback) const {
  return checked_integer(*impl_, key, rule, false, fallback);
}
std::string ConfigNode::text(std::string_view key) const { return impl_->scalar(key, true).value_or(""); }
std::string ConfigNode::text(std::string_view key, std::string_view fallback) const {
  return impl_->scalar(key, false).value_or(std::string{fallback});
}
std::size_t ConfigNode::choice(std::string_view key, const std::vector<std::string_view>& words) const {
  return checked_choice(*impl_, key, words, true, 0);
}
std::size_t ConfigNode::choice(std::string_view key, const std::vector<std::string_view>& words,
                               std::size_t fallback) const {
  return checked_choice(*impl_, key, words, false, fallback);
}
bool ConfigNode::flag(std::string_view key, bool fallback) const {
  return checked_choice(*impl_, key, {"false", "true"}, false, fallback ? 1 : 0) == 1;
}

std::string ConfigNode::number(std::string_view key) const {
  const auto text = impl_->scalar(key, true);
  if (!text) return "0";
  if (!Decimal::parse(*text)) {
    impl_->shared->record(impl_->line_of(key), fmt::format("'{}' must be a number", key));
    return "0";
  }
  return *text;
}

ConfigNode ConfigNode::section(std::string_view key) const {
  auto impl = std::make_unique<Impl>();
  impl->shared = impl_->shared;
  impl->parent_line = impl_->line();
  if (const auto value = impl_->find(key); value && !value->IsNull()) {
    impl->node = *value;
    impl->present = value->IsMap();
    if (!impl->present) impl_->shared->record(value->Mark().line + 1, fmt::format("'{}' must be a mapping", key));
  }
  return ConfigNode{std::move(impl)};
}

std::vector<ConfigNode> ConfigNode::items(std::string_view key) const {
  std::vector<ConfigNode> out;
  const auto value = impl_->find(key);
  if (!value || value->IsNull()) return out;
  if (!value->IsSequence()) {
    impl_->shared->record(value->Mark().line + 1, fmt::format("'{}' must be a list", key));
    return out;
  }
  for (const YAML::Node& item : *value) {
    auto impl = std::make_unique<Impl>();
    impl->shared = impl_->shared;
    impl->node = item;
    impl->present = true;
    out.push_back(ConfigNode{std::move(impl)});
  }
  return out;
}

std::vector<std::string> ConfigNode::keys() const {
  std::vector<std::string> out;
  if (!impl_->present || !impl_->node.IsMap()) return out;
  for (const auto& pair : impl_->node) out.push_back(pair.first.Scalar());
  return out;
}

std::string ConfigNode::as_text() const {
  if (impl_->present && impl_->node.IsScalar()) return impl_->node.Scalar();
  impl_->shared->record(impl_->line(), "must be a single value");
  return {};
}

int ConfigNode::line() const { return impl_->line(); }
void ConfigNode::reject(std::string_view reason) const { impl_->shared->record(impl_->line(), reason); }
void ConfigNode::reject(std::string_view key, std::string_view reason) const {
  impl_->shared->record(impl_->line_of(key), fmt::format("'{}' {}", key, reason));
}

}  // namespace duheng
