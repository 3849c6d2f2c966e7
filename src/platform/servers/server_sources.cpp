#include "platform/servers/server_sources.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace duheng::platform::servers {
namespace {

using Json = nlohmann::json;
constexpr std::size_t text_octets_max = 200;
constexpr std::int64_t reallocated_attribute = 5;
constexpr std::int64_t pending_attribute = 197;

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes off what stands before the next `mark`, which goes with it.
std::string_view take_until(std::string_view& rest, char mark) {
  const std::size_t end = rest.find(mark);
  const std::string_view out = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return out;
}

/// Only what a page may show: printable ASCII.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, text_octets_max)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

std::optional<std::int64_t> leading_number(std::string_view text) noexcept {
  text = trimmed(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

const Json* at(const Json& json, std::initializer_list<const char*> path) {
  const Json* here = &json;
  for (const char* const key : path) {
    if (!here->is_object()) return nullptr;
    const auto found = here->find(key);
    if (found == here->end()) return nullptr;
    here = &*found;
  }
  return here;
}

std::optional<std::int64_t> whole(const Json& json, std::initializer_list<const char*> path) {
  const Json* const found = at(json, path);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  // Counters of a broken disk may be anything; more than this says no more.
  constexpr std::uint64_t most = 1ULL << 48;
  if (found->is_number_unsigned()) return static_cast<std::int64_t>(std::min(found->get<std::uint64_t>(), most));
  return found->get<std::int64_t>();
}

std::string text_at(const Json& json, std::initializer_list<const char*> path) {
  const Json* const found = at(json, path);
  return found != nullptr && found->is_string() ? plain(found->get_ref<const std::string&>()) : std::string{};
}

std::string device_name(std::string name) {
  constexpr std::string_view folder = "/dev/";
  return name.starts_with(folder) ? name.substr(folder.size()) : name;
}

void read_ata_attributes(const Json& json, DiskHealth& out) {
  const Json* const table = at(json, {"ata_smart_attributes", "table"});
  if (table == nullptr || !table->is_array()) return;
  for (const Json& line : *table) {
    const auto id = whole(line, {"id"});
    const auto raw = whole(line, {"raw", "value"}).value_or(0);
    if (id == reallocated_attribute) out.reallocated = raw;
    if (id == pending_attribute) out.pending = raw;
  }
}

/// "[3/2]" and "[UU_]" of an array's second line.
void read_members(std::string_view line, RaidArray& out) {
  const std::size_t open = line.find('[');
  if (open == std::string_view::npos) return;
  std::string_view rest = line.substr(open + 1);
  const std::string_view total = take_until(rest, '/');
  const auto members = leading_number(total);
  const auto working = leading_number(rest);
  if (!members || !working || *members < 0 || *members > 10'000 || *working < 0) return;
  out.members = *members;
  out.members_working = *working;
}

void read_rebuild(std::string_view line, RaidArray& out) {
  std::string_view rest;
  for (const std::string_view word : {"recovery =", "resync =", "reshape ="})
    if (const auto at = line.find(word); at != std::string_view::npos) rest = line.substr(at + word.size());
  if (rest.empty()) return;
  const auto percent = leading_number(rest);
  const std::size_t dot = rest.find('.');
  if (!percent || *percent < 0 || *percent > 100) return;
  const auto tenths =
      dot == std::string_view::npos ? std::optional<std::int64_t>{0} : leading_number(rest.substr(dot + 1, 1));
  out.rebuild_permille = *percent * 10 + tenths.value_or(0);
}

RaidArray read_array(std::string_view line) {
  RaidArray out;
  std::string_view rest = line;
  out.name = plain(trimmed(take_until(rest, ':')));
  rest = trimmed(rest);
  out.is_active = take_until(rest, ' ') == "active";
  while (!rest.empty()) {
    const std::string_view word = take_until(rest, ' ');
    if (word.starts_with("raid") || word == "linear") out.level = plain(word);
    if (word.ends_with("(F)")) ++out.members_failed;
  }
  return out;
}

}  // namespace

std::string_view DiskHealth::failing_because() const noexcept {
  if (passed == false) return "verdict";
  if (pending > 0) return "pending_sectors";
  if (media_errors > 0) return "media_errors";
  if (spare_percent && spare_percent_min && *spare_percent < *spare_percent_min) return "spare_used_up";
  return {};
}

Result<DiskHealth> parse_smart(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  DiskHealth out;
  out.device = device_name(text_at(json, {"device", "name"}));
  if (out.device.empty()) return fail(ErrorCode::malformed, "not smartctl's JSON about a disk");
  out.model = text_at(json, {"model_name"});
  const Json* const passed = at(json, {"smart_status", "passed"});
  if (passed != nullptr && passed->is_boolean()) out.passed = passed->get<bool>();
  out.temperature_c = whole(json, {"temperature", "current"});
  read_ata_attributes(json, out);
  out.media_errors = whole(json, {"nvme_smart_health_information_log", "media_errors"}).value_or(0);
  out.used_percent = whole(json, {"nvme_smart_health_information_log", "percentage_used"});
  out.spare_percent = whole(json, {"nvme_smart_health_information_log", "available_spare"});
  out.spare_percent_min = whole(json, {"nvme_smart_health_information_log", "available_spare_threshold"});
  return out;
}

Result<std::vector<std::string>> parse_smart_scan(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const Json* const devices = at(json, {"devices"});
  if (!json.is_object()) return fail(ErrorCode::malformed, "not smartctl's list of disks");
  std::vector<std::string> out;
  if (devices == nullptr || !devices->is_array()) return out;
  for (const Json& device : *devices) {
    std::string name = text_at(device, {"name"});
    // It becomes an argument of a command.
    const bool is_path = name.starts_with("/dev/") && name.find_first_of(" ?;|&") == std::string::npos;
    if (is_path && out.size() < items_max) out.push_back(std::move(name));
  }
  return out;
}

std::vector<RaidArray> parse_mdstat(std::string_view text) {
  std::vector<RaidArray> out;
  while (!text.empty()) {
    const std::string_view line = take_until(text, '\n');
    if (line.starts_with("md") && line.find(" : ") != std::string_view::npos) {
      if (out.size() == items_max) break;
      out.push_back(read_array(line));
    } else if (!out.empty() && (line.starts_with(' ') || line.starts_with('\t'))) {
      if (line.find(" blocks") != std::string_view::npos) read_members(line, out.back());
      read_rebuild(line, out.back());
    }
  }
  return out;
}

std::int64_t MemoryUse::used_percent() const noexcept {
  if (total_kib <= 0) return 0;
  return static_cast<std::int64_t>(100.0 * static_cast<double>(total_kib - std::min(available_kib, total_kib)) /
                                   static_cast<double>(total_kib));
}

Result<MemoryUse> parse_meminfo(std::string_view text) {
  std::optional<std::int64_t> total;
  std::optional<std::int64_t> available;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view key = take_until(line, ':');
    if (key == "MemTotal") total = leading_number(line);
    if (key == "MemAvailable") available = leading_number(line);
  }
  if (!total || !available || *total <= 0 || *available < 0)
    return fail(ErrorCode::malformed, "meminfo tells neither MemTotal nor MemAvailable");
  return MemoryUse{*total, *available};
}

Result<LoadAverage> parse_loadavg(std::string_view text) {
  std::int64_t values[3] = {};
  for (std::int64_t& value : values) {
    const std::string_view word = take_until(text, ' ');
    const std::size_t dot = word.find('.');
    const auto before = leading_number(word);
    const auto behind = dot == std::string_view::npos ? std::nullopt : leading_number(word.substr(dot + 1));
    const bool has_two = dot != std::string_view::npos && word.size() - dot == 3;
    if (!before || !behind || !has_two || *before < 0 || *before > 1'000'000 || *behind < 0)
      return fail(ErrorCode::malformed, "not a line of loadavg");
    value = *before * 100 + *behind;
  }
  return LoadAverage{values[0], values[1], values[2]};
}

bool Sensor::is_present() const noexcept {
  return status != "ns" && reading.find("No Reading") == std::string::npos &&
         reading.find("Disabled") == std::string::npos;
}

bool Sensor::is_supply_lost() const noexcept {
  if (!is_supply || reading.find("Presence detected") == std::string::npos) return false;
  return reading.find("Failure detected") != std::string::npos || reading.find("AC lost") != std::string::npos ||
         reading.find("input lost") != std::string::npos;
}

std::vector<Sensor> parse_sensors(std::string_view text) {
  std::vector<Sensor> out;
  while (!text.empty() && out.size() < items_max) {
    std::string_view line = take_until(text, '\n');
    if (std::ranges::count(line, '|') != 4) continue;
    Sensor sensor;
    sensor.name = plain(trimmed(take_until(line, '|')));
    take_until(line, '|');  // its number
    sensor.status = plain(trimmed(take_until(line, '|')));
    const std::string_view entity = trimmed(take_until(line, '|'));
    sensor.reading = plain(trimmed(line));
    if (sensor.name.empty()) continue;
    // IPMI 2.0, table 43-13: entity 10 is a power supply.
    sensor.is_supply = entity.starts_with("10.");
    if (sensor.reading.ends_with("degrees C")) sensor.temperature_c = leading_number(sensor.reading);
    out.push_back(std::move(sensor));
  }
  return out;
}

std::optional<std::int64_t> parse_millidegrees(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  // Sensors that are not connected give nonsense.
  if (value < -60'000 || value > 200'000) return std::nullopt;
  return value;
}

}  // namespace duheng::platform::servers
