#include "drivers/models/device_model.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

#include "base/config.hpp"
#include "drivers/models/maintenance.hpp"
#include "drivers/models/model_reader.hpp"
#include "drivers/models/rule_text.hpp"
#include "drivers/registry/registry.hpp"

namespace duheng::drivers {

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

std::string read_name(const ConfigNode& node, std::string_view key) {
  std::string name = node.text(key);
  if (!is_name(name)) node.reject(key, "must be 1 to 64 of a-z, 0-9 and _");
  return name;
}

std::optional<Decimal> read_decimal(const ConfigNode& node, std::string_view key) {
  const std::string text = node.number(key);
  if (text.empty()) return std::nullopt;  // number() has complained
  const auto value = Decimal::parse(text);
  if (!value) {
    node.reject(key, "is not a plain decimal number");
    return std::nullopt;
  }
  return *value;
}

std::uint16_t Slots::of(const std::string& name) {
  const auto found = std::ranges::find(names_, name);
  if (found != names_.end()) return static_cast<std::uint16_t>(found - names_.begin());
  names_.push_back(name);
  return static_cast<std::uint16_t>(names_.size() - 1);
}

namespace {

std::optional<std::int64_t> limit_of(const ConfigNode& range, std::string_view key, std::int8_t exponent) {
  if (!range.has(key)) return std::nullopt;
  const auto value = read_decimal(range, key);
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
    rule.rate_max_per_s = read_decimal(node, "rate_max_per_s");
    if (rule.rate_max_per_s && rule.rate_max_per_s->mantissa <= 0) node.reject("rate_max_per_s", "must be above 0");
  }
  rule.counts_up = node.flag("counts_up", false);
  if (item.kind != SeriesKind::decimal && (rule.minimum || rule.maximum || rule.rate_max_per_s || rule.counts_up))
    node.reject("range, rate_max_per_s and counts_up are for numbers, and this is none");
  return rule;
}

}  // namespace

ModelItem make_item(ItemShape shape, Slots* slots) {
  ModelItem item;
  item.register_name = std::move(shape.register_name);
  item.unit = std::move(shape.unit);
  item.exponent = shape.exponent;
  item.kind = shape.kind;
  item.register_slot = slots != nullptr ? slots->of(item.register_name) : ModelItem::no_slot;
  return item;
}

PlannedItems read_items(ModelReader& reader, const std::vector<ConfigNode>& nodes) {
  const auto planner = reader.model.driver->planner(reader.root);
  std::vector<ModelItem> items;
  for (const auto& node : nodes) {
    if (reader.items_left == 0) {
      node.reject(fmt::format("a model has at most {} items", model_limits::items_max));
      break;
    }
    --reader.items_left;
    ItemShape shape;
    shape.register_name = read_name(node, "register");
    planner->add(node, shape);
    ModelItem item = make_item(std::move(shape), &reader.slots);
    item.rule = read_rule(node, item);
    items.push_back(std::move(item));
  }
  PlannedItems out;
  out.places.resize(items.size());
  for (auto& planned : planner->finish()) {
    ModelQuestion question{std::move(planned.query), std::move(planned.reader), {}};
    for (const std::uint32_t item : planned.items) {
      out.places.at(item) = {out.questions.size(), static_cast<std::uint32_t>(question.items.size())};
      question.items.push_back(items.at(item));
    }
    out.questions.push_back(std::move(question));
  }
  return out;
}

namespace {

ModelGroup read_group(ModelReader& reader, const ConfigNode& node) {
  ModelGroup group;
  group.name = read_name(node, "name");
  group.interval_ms = node.integer("interval_ms", {model_limits::interval_ms_min, model_limits::interval_ms_max});
  constexpr std::int64_t usual_minimum_ms = 1'000;
  group.interval_ms_min = node.integer("interval_ms_min", {model_limits::interval_ms_min, group.interval_ms},
                                       std::min(usual_minimum_ms, group.interval_ms));
  group.interval_ms_max = node.integer("interval_ms_max", {group.interval_ms, model_limits::interval_ms_max},
                                       model_limits::interval_ms_max);
  const auto nodes = node.items("items");
  if (nodes.empty()) node.reject("items", "must name at least one register");
  group.questions = read_items(reader, nodes).questions;
  return group;
}

void read_groups(ModelReader& reader) {
  const auto groups = reader.root.items("groups");
  if (groups.empty() || groups.size() > model_limits::groups_max)
    reader.root.reject("groups", fmt::format("must hold 1 to {} groups", model_limits::groups_max));
  auto& out = reader.model.groups;
  for (std::size_t i = 0; i < std::min(groups.size(), model_limits::groups_max); ++i) {
    out.push_back(read_group(reader, groups[i]));
    for (std::size_t other = 0; other < i; ++other)
      if (out[other].name == out[i].name) groups[i].reject("name", "stands above already");
  }
}

void read_sensors(ModelReader& reader) {
  for (const auto& node : reader.root.items("sensors")) {
    if (reader.model.sensors.size() == model_limits::items_max) {
      node.reject(fmt::format("a model has at most {} sensors", model_limits::items_max));
      return;
    }
    auto sensor = read_model_sensor(node);
    if (!sensor.register_name.empty() && !find_register(reader.model, sensor.register_name))
      node.reject("register", "is none that the model reads");
    reader.model.sensors.push_back(std::move(sensor));
  }
}

/// The values of what is polled made into others; see ProcessingRule.
void read_processing(ModelReader& reader) {
  for (const auto& node : reader.root.items("processing")) {
    if (reader.model.processing.size() == model_limits::items_max) {
      node.reject(fmt::format("a model has at most {} rules of processing", model_limits::items_max));
      return;
    }
    auto rule = read_processing_rule(node);
    if (const auto fault = find_fault(rule, reader.model)) node.reject(fault->key, fault->reason);
    for (const auto& other : reader.model.processing)
      if (other.into == rule.into) node.reject("into", "stands above already");
    reader.model.processing.push_back(std::move(rule));
  }
}

const Driver& read_driver(const ConfigNode& root) {
  std::vector<std::string_view> names;
  for (const auto* driver : all_drivers()) names.push_back(driver->name());
  return *all_drivers()[root.choice("protocol", names)];
}

Result<DeviceModel> read_model(const ConfigFile& file, std::string id, std::string text) {
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
  constexpr std::int64_t zone_minutes_most = 14 * 60;
  model.zone_offset_minutes =
      static_cast<std::int32_t>(root.integer("zone_offset_minutes", {-zone_minutes_most, zone_minutes_most}, 480));
  Slots slots;
  ModelReader reader{root, model, slots};
  read_groups(reader);
  read_operations(reader);
  read_processing(reader);
  read_sensors(reader);
  model.register_count = slots.count();
  DUHENG_CHECK(file.finish());
  model.text = std::make_shared<const std::string>(std::move(text));
  return model;
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, fmt::format("cannot read {}", path));
  std::string text(model_limits::file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string stem_of(const std::string& name) { return std::filesystem::path(name).stem().string(); }

}  // namespace

Result<DeviceModel> load_device_model(const std::string& path) {
  DUHENG_TRY(std::string text, read_text(path));
  return parse_device_model(text, path);
}

Result<DeviceModel> parse_device_model(std::string_view text, const std::string& name) {
  DUHENG_TRY(const auto file, ConfigFile::parse(text, name, model_limits::file_bytes_max));
  return read_model(file, stem_of(name), std::string(text));
}

namespace {

template <class List>
auto find_named(const List& list, std::string_view name) {
  const auto found = std::ranges::find_if(list, [&](const auto& entry) { return entry.name == name; });
  return found == list.end() ? nullptr : &*found;
}

std::optional<RegisterPlace> place_in(const ModelQuestion& question, std::string_view name) {
  for (std::uint32_t item = 0; item < question.items.size(); ++item)
    if (question.items[item].register_name == name) return RegisterPlace{&question, item};
  return std::nullopt;
}

}  // namespace

const ModelCommand* find_command(const DeviceModel& model, std::string_view name) {
  if (const auto* own = find_named(model.commands, name)) return own;
  return find_named(maintenance_commands(), name);
}
const ModelParameter* find_parameter(const DeviceModel& model, std::string_view name) {
  return find_named(model.parameters, name);
}
const ModelHistory* find_history(const DeviceModel& model, std::string_view name) {
  return find_named(model.histories, name);
}

std::optional<RegisterPlace> find_register(const DeviceModel& model, std::string_view name) {
  for (const auto& group : model.groups)
    for (const auto& question : group.questions)
      if (const auto place = place_in(question, name)) return place;
  for (const auto& parameter : model.parameters)
    if (const auto place = place_in(parameter.question, name)) return place;
  if (!model.clock) return std::nullopt;
  for (const auto& question : model.clock->questions)
    if (const auto place = place_in(question, name)) return place;
  return std::nullopt;
}

Result<ModelQuestion> parse_item(const DeviceModel& model, std::string_view yaml) {
  constexpr std::size_t item_bytes_max = 4'096;
  DUHENG_TRY(const auto file, ConfigFile::parse(yaml, "item", item_bytes_max));
  // The protocol's keys beside the groups, e.g. a meter type, stand in the model's own file, which was read before.
  DUHENG_TRY(const auto settings, ConfigFile::parse(*model.text, model.id, model_limits::file_bytes_max));
  const auto planner = model.driver->planner(settings.root());
  const auto root = file.root();
  ItemShape shape;
  if (root.has("register")) shape.register_name = read_name(root, "register");
  planner->add(root, shape);
  if (shape.register_name.empty()) shape.register_name = "unnamed";
  ModelItem item = make_item(std::move(shape), nullptr);
  item.rule = read_rule(root, item);
  DUHENG_CHECK(file.finish());
  auto planned = planner->finish();
  if (planned.size() != 1 || planned.front().items.size() != 1)
    return fail(ErrorCode::malformed, "item: is nothing that one question reads");
  ModelQuestion question{std::move(planned.front().query), std::move(planned.front().reader), {}};
  question.items.push_back(std::move(item));
  return question;
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

}  // namespace duheng::drivers
