#include "gateway/models/device_model.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "base/config.hpp"
#include "drivers/registry/registry.hpp"

namespace duheng::gateway {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

/// A decimal as it stands in the file; rejects what is none.
std::optional<Decimal> decimal_of(const ConfigNode& node, std::string_view key) {
  const std::string text = node.number(key);
  if (text.empty()) return std::nullopt;  // number() has complained
  const auto value = Decimal::parse(text);
  if (!value) {
    node.reject(key, "is not a plain decimal number");
    return std::nullopt;
  }
  return *value;
}

std::optional<std::int64_t> limit_of(const ConfigNode& range, std::string_view key, std::int8_t exponent) {
  if (!range.has(key)) return std::nullopt;
  const auto value = decimal_of(range, key);
  if (!value) return std::nullopt;
  const auto scaled = value->rescaled(exponent);
  if (!scaled) {
    range.reject(key, fmt::format("is finer than the register, whose last digit is 10^{}", exponent));
    return std::nullopt;
  }
  return scaled->mantissa;
}

ValidationRule read_rule(const ConfigNode& node, const ModelItem& item) {
  ValidationRule rule;
  const auto range = node.section("range");
  rule.minimum = limit_of(range, "min", item.exponent);
  rule.maximum = limit_of(range, "max", item.exponent);
  if (rule.minimum && rule.maximum && *rule.minimum > *rule.maximum) node.reject("range", "has its min above its max");
  if (node.has("rate_max_per_s")) {
    rule.rate_max_per_s = decimal_of(node, "rate_max_per_s");
    if (rule.rate_max_per_s && rule.rate_max_per_s->mantissa <= 0) node.reject("rate_max_per_s", "must be above 0");
  }
  rule.counts_up = node.flag("counts_up", false);
  if (item.kind != SeriesKind::decimal && (rule.minimum || rule.maximum || rule.rate_max_per_s || rule.counts_up))
    node.reject("range, rate_max_per_s and counts_up are for numbers, and this is none");
  return rule;
}

struct Slots {
  std::vector<std::string> names;
  std::uint16_t of(const std::string& name) {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<std::uint16_t>(found - names.begin());
    names.push_back(name);
    return static_cast<std::uint16_t>(names.size() - 1);
  }
};

ModelItem read_item(const ConfigNode& node, drivers::QuestionPlanner& planner, Slots& slots) {
  drivers::ItemShape shape;
  shape.register_name = node.text("register");
  if (!is_name(shape.register_name)) node.reject("register", "must be 1 to 64 of a-z, 0-9 and _");
  planner.add(node, shape);
  ModelItem item;
  item.register_name = std::move(shape.register_name);
  item.unit = std::move(shape.unit);
  item.exponent = shape.exponent;
  item.kind = shape.kind;
  item.register_slot = slots.of(item.register_name);
  item.rule = read_rule(node, item);
  return item;
}

ModelGroup read_group(const ConfigNode& node, const ConfigNode& root, const drivers::Driver& driver, Slots& slots,
                      std::size_t& items_left) {
  ModelGroup group;
  group.name = node.text("name");
  if (!is_name(group.name)) node.reject("name", "must be 1 to 64 of a-z, 0-9 and _");
  group.interval_ms = node.integer("interval_ms", {model_limits::interval_ms_min, model_limits::interval_ms_max});
  const auto nodes = node.items("items");
  if (nodes.empty()) node.reject("items", "must name at least one register");
  const auto planner = driver.planner(root);
  std::vector<ModelItem> items;
  for (const auto& item : nodes) {
    if (items_left == 0) {
      item.reject(fmt::format("a model has at most {} items", model_limits::items_max));
      break;
    }
    --items_left;
    items.push_back(read_item(item, *planner, slots));
  }
  for (auto& planned : planner->finish()) {
    ModelQuestion question{std::move(planned.query), std::move(planned.reader), {}};
    for (const std::uint32_t item : planned.items) question.items.push_back(items.at(item));
    group.questions.push_back(std::move(question));
  }
  return group;
}

const drivers::Driver& read_driver(const ConfigNode& root) {
  std::vector<std::string_view> names;
  for (const auto* driver : drivers::all_drivers()) names.push_back(driver->name());
  return *drivers::all_drivers()[root.choice("protocol", names)];
}

Result<DeviceModel> read_model(const ConfigFile& file, std::string id) {
  const auto root = file.root();
  DeviceModel model;
  model.id = std::move(id);
  if (const std::string stated = root.text("model"); stated != model.id)
    root.reject("model", fmt::format("is '{}', but the file is called '{}.yaml'", stated, model.id));
  const auto title = root.section("title");
  model.title_english = title.text("en");
  model.title_chinese = title.text("zh-CN");
  model.manufacturer = root.text("manufacturer", "");
  model.driver = &read_driver(root);
  const std::vector<std::string_view> proofs{"field", "bench", "vectors"};
  model.proven = std::string(proofs[root.choice("proven", proofs)]);
  model.address_digits = static_cast<std::uint8_t>(root.integer("address_digits", {1, 24}, 12));
  const auto timing = root.section("timing");
  model.response_timeout_ms = timing.integer("response_timeout_ms", {50, 60'000}, 1'500);
  model.retries = static_cast<std::uint8_t>(timing.integer("retries", {0, 10}, 2));
  model.preamble_octets = static_cast<std::uint8_t>(timing.integer("preamble_octets", {0, 8}, 4));
  Slots slots;
  std::size_t items_left = model_limits::items_max;
  const auto groups = root.items("groups");
  if (groups.empty() || groups.size() > model_limits::groups_max)
    root.reject("groups", fmt::format("must hold 1 to {} groups", model_limits::groups_max));
  for (std::size_t i = 0; i < std::min(groups.size(), model_limits::groups_max); ++i) {
    model.groups.push_back(read_group(groups[i], root, *model.driver, slots, items_left));
    for (std::size_t other = 0; other < i; ++other)
      if (model.groups[other].name == model.groups[i].name) groups[i].reject("name", "stands above already");
  }
  model.register_count = static_cast<std::uint16_t>(slots.names.size());
  DUHENG_CHECK(file.finish());
  return model;
}

std::string stem_of(const std::string& name) { return std::filesystem::path(name).stem().string(); }

}  // namespace

Result<DeviceModel> load_device_model(const std::string& path) {
  DUHENG_TRY(const auto file, ConfigFile::load(path, model_limits::file_bytes_max));
  return read_model(file, stem_of(path));
}

Result<DeviceModel> parse_device_model(std::string_view text, const std::string& name) {
  DUHENG_TRY(const auto file, ConfigFile::parse(text, name, model_limits::file_bytes_max));
  return read_model(file, stem_of(name));
}

Result<ModelLibrary> ModelLibrary::load(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> paths;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".yaml") paths.push_back(entry->path().string());
  if (error)
    return fail(ErrorCode::not_found, fmt::format("cannot read the models in {}: {}", directory, error.message()));
  std::ranges::sort(paths);
  ModelLibrary library;
  for (const auto& path : paths) {
    auto model = load_device_model(path);
    if (model)
      library.add(std::move(*model));
    else
      library.errors_.push_back(model.error());
  }
  return library;
}

void ModelLibrary::add(DeviceModel model) {
  std::string id = model.id;
  models_.insert_or_assign(std::move(id), std::make_shared<const DeviceModel>(std::move(model)));
}

std::shared_ptr<const DeviceModel> ModelLibrary::find(std::string_view id) const {
  const auto found = models_.find(id);
  return found == models_.end() ? nullptr : found->second;
}

std::vector<std::string> ModelLibrary::ids() const {
  std::vector<std::string> out;
  for (const auto& [id, model] : models_) out.push_back(id);
  return out;
}

}  // namespace duheng::gateway
