#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng {

/// Strict reading of a YAML file. Every error names file, line and reason, and every key that nobody asked for is an
/// error, so that a misspelt setting is found at start and not at 3 a.m. The first error sticks; readers then get the
/// fallback, and `finish()` returns it. Aliases and anchors are refused, because a small file must not grow large in
/// memory.
///
///   ConfigFile file = *ConfigFile::load("gateway.yaml");
///   auto listen = file.root().section("listen");
///   const auto port = listen.integer("port", {.minimum = 1, .maximum = 65535});
///   DUHENG_CHECK(file.finish());
class ConfigNode;

class ConfigFile {
 public:
  /// Errors: not_found; limit_exceeded - over 1 MiB (`bytes_max`) or nested deeper than 32; malformed - not YAML.
  [[nodiscard]] static Result<ConfigFile> load(const std::string& path, std::size_t bytes_max = 1U << 20);
  [[nodiscard]] static Result<ConfigFile> parse(std::string_view text, std::string name,
                                                std::size_t bytes_max = 1U << 20);
  ConfigFile(ConfigFile&&) noexcept;
  ConfigFile& operator=(ConfigFile&&) noexcept;
  ~ConfigFile();
  [[nodiscard]] ConfigNode root() const;
  /// The first error met while reading, or the first key that was never asked for.
  [[nodiscard]] Result<void> finish() const;

  struct Shared;

 private:
  explicit ConfigFile(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

struct IntegerRule {
  std::int64_t minimum = INT64_MIN;
  std::int64_t maximum = INT64_MAX;
};

class ConfigNode {
 public:
  ~ConfigNode();
  ConfigNode(const ConfigNode&);
  ConfigNode(ConfigNode&&) noexcept;
  ConfigNode& operator=(const ConfigNode&) = delete;

  [[nodiscard]] bool has(std::string_view key) const;
  // Without a fallback the key is required.
  [[nodiscard]] std::int64_t integer(std::string_view key, IntegerRule rule = {}) const;
  [[nodiscard]] std::int64_t integer(std::string_view key, IntegerRule rule, std::int64_t fallback) const;
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key, std::string_view fallback) const;
  /// One of the listed words, as its index. Errors name the words allowed.
  [[nodiscard]] std::size_t choice(std::string_view key, const std::vector<std::string_view>& words) const;
  [[nodiscard]] std::size_t choice(std::string_view key, const std::vector<std::string_view>& words,
                                   std::size_t fallback) const;
  [[nodiscard]] bool flag(std::string_view key, bool fallback) const;
  /// Exact decimal notation as written, to be parsed by Decimal::parse. Errors when it is not a number.
  [[nodiscard]] std::string number(std::string_view key) const;
  /// A mapping; an empty one when missing.
  [[nodiscard]] ConfigNode section(std::string_view key) const;
  /// The items of a list; empty when missing.
  [[nodiscard]] std::vector<ConfigNode> items(std::string_view key) const;
  /// The keys of this mapping in the file's order.
  [[nodiscard]] std::vector<std::string> keys() const;
  /// This node itself as text (an item of a list of scalars).
  [[nodiscard]] std::string as_text() const;
  /// 1-based line in the file; 0 when the node is missing.
  [[nodiscard]] int line() const;
  /// Records an error of the caller's own rule at this node's line (or that of `key`).
  void reject(std::string_view reason) const;
  void reject(std::string_view key, std::string_view reason) const;

  struct Impl;

 private:
  friend class ConfigFile;
  explicit ConfigNode(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace duheng
