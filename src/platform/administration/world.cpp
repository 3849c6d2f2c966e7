#include "platform/administration/world.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "base/config.hpp"

namespace duheng::platform {
namespace {

constexpr std::size_t file_bytes_max = 64U << 20;
constexpr std::size_t csv_lines_max = 200'000;
constexpr std::int64_t interval_s_max = 366 * 86'400;

Result<World> read(const ConfigFile& file) {
  World world;
  const ConfigNode root = file.root();
  for (const ConfigNode& node : root.items("organisations")) {
    world.organisations.push_back(
        {node.text("code"), node.text("parent", ""), node.text("name_zh", ""), node.text("name_en", "")});
  }
  for (const ConfigNode& node : root.items("sites")) {
    world.sites.push_back({node.text("organisation"), node.text("name"), node.text("zone"), node.text("address", "")});
  }
  for (const ConfigNode& node : root.items("gateways")) {
    world.gateways.push_back({node.text("organisation"), node.text("name")});
  }
  for (const ConfigNode& node : root.items("devices")) {
    World::Device device;
    device.uid = node.text("uid");
    device.name = node.text("name");
    device.address = node.text("address");
    device.protocol = node.text("protocol");
    device.model = node.text("model");
    device.organisation = node.text("organisation");
    device.site = node.text("site", "");
    device.gateway = node.text("gateway", "");
    device.interval_s = node.integer("interval_s", {.minimum = 1, .maximum = interval_s_max}, 900);
    world.devices.push_back(std::move(device));
  }
  DUHENG_CHECK(file.finish());
  return world;
}

/// Takes the next record off the front of `text` (RFC 4180: quotes, doubled quotes, line breaks within quotes).
/// Nothing when a quote stays open or text follows a closing one.
std::optional<std::vector<std::string>> take_csv_record(std::string_view& text, std::size_t& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  bool closed = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '"' && at + 1 < text.size() && text[at + 1] == '"') {
        fields.back().push_back('"');
        ++at;
      } else if (c == '"') {
        quoted = false;
        closed = true;
      } else {
        line += c == '\n' ? 1 : 0;
        fields.back().push_back(c);
      }
    } else if (c == ',') {
      fields.emplace_back();
      closed = false;
    } else if (c == '\n') {
      break;
    } else if (c == '"' && fields.back().empty() && !closed) {
      quoted = true;
    } else if (c == '\r' && (at + 1 == text.size() || text[at + 1] == '\n')) {
      continue;
    } else if (closed || c == '"') {
      return std::nullopt;
    } else {
      fields.back().push_back(c);
    }
  }
  if (quoted) return std::nullopt;
  text.remove_prefix(std::min(text.size(), at + 1));
  ++line;
  return fields;
}

constexpr std::array<std::string_view, 9> columns{"uid",          "name", "address", "protocol",  "model",
                                                  "organisation", "site", "gateway", "interval_s"};
constexpr std::size_t required_columns = 6;

std::string World::Device::* text_member(std::size_t column) {
  constexpr std::array<std::string World::Device::*, 8> members{
      &World::Device::uid,   &World::Device::name,         &World::Device::address, &World::Device::protocol,
      &World::Device::model, &World::Device::organisation, &World::Device::site,    &World::Device::gateway};
  return members[column];
}

}  // namespace

Result<World> load_world(const std::string& yaml_path) {
  DUHENG_TRY(const ConfigFile file, ConfigFile::load(yaml_path, file_bytes_max));
  return read(file);
}

Result<World> parse_world(std::string_view yaml, const std::string& name) {
  DUHENG_TRY(const ConfigFile file, ConfigFile::parse(yaml, name, file_bytes_max));
  return read(file);
}

Result<void> add_devices_csv(std::string_view csv, const std::string& name, World& world) {
  const auto wrong = [&](std::size_t line, std::string_view why) {
    return fail(ErrorCode::malformed, fmt::format("{}:{}: {}", name, line, why));
  };
  if (csv.starts_with("\xEF\xBB\xBF")) csv.remove_prefix(3);
  std::size_t next_line = 1;
  const auto header = take_csv_record(csv, next_line);
  if (!header) return wrong(1, "a quotation mark is out of place");
  std::array<std::optional<std::size_t>, columns.size()> place;
  for (std::size_t i = 0; i < header->size(); ++i) {
    const auto column = std::ranges::find(columns, std::string_view{(*header)[i]});
    if (column == columns.end()) return wrong(1, fmt::format("there is no column \"{}\"", (*header)[i]));
    place[static_cast<std::size_t>(column - columns.begin())] = i;
  }
  for (std::size_t column = 0; column < required_columns; ++column) {
    if (!place[column]) return wrong(1, fmt::format("the column \"{}\" is missing", columns[column]));
  }
  while (!csv.empty()) {
    const std::size_t line = next_line;
    const auto fields = take_csv_record(csv, next_line);
    if (!fields) return wrong(line, "a quotation mark is out of place");
    if (fields->size() == 1 && fields->front().empty()) continue;
    if (fields->size() != header->size())
      return wrong(line, fmt::format("{} fields instead of {}", fields->size(), header->size()));
    if (world.devices.size() >= csv_lines_max)
      return fail(ErrorCode::limit_exceeded, fmt::format("{}: over {} devices", name, csv_lines_max));
    World::Device device;
    for (std::size_t column = 0; column + 1 < columns.size(); ++column) {
      if (place[column]) device.*text_member(column) = (*fields)[*place[column]];
    }
    if (place.back() && !(*fields)[*place.back()].empty()) {
      const std::string& text = (*fields)[*place.back()];
      const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), device.interval_s);
      if (code != std::errc{} || end != text.data() + text.size() || device.interval_s < 1 ||
          device.interval_s > interval_s_max) {
        return wrong(line, "interval_s must be a number of seconds, at most 366 days");
      }
    }
    world.devices.push_back(std::move(device));
  }
  return {};
}

}  // namespace duheng::platform
