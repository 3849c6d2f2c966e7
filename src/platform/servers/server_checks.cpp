#include "platform/servers/server_checks.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::platform::servers {
namespace {

using alarms::Severity;
using alarms::SubjectKind;

Checked named(std::string_view name) {
  Checked out;
  out.source.name = name;
  return out;
}

/// A source that gave nothing: absent, or broken.
void give_up(Checked& out, const Error& error) {
  out.source.state = error.code == ErrorCode::not_found ? SourceState::not_present : SourceState::failed;
  out.source.reason = error.message;
}

void raise(Checked& out, std::string_view kind, std::string subject, Severity severity,
           std::map<std::string, std::string> facts) {
  facts.emplace("name", subject.substr(subject.find(':') + 1));
  out.conditions.push_back({std::string(kind), {SubjectKind::server, std::move(subject)}, severity, std::move(facts)});
}

/// As its items say.
void conclude(Checked& out) {
  if (out.source.state == SourceState::failed) return;
  const bool is_bad = std::ranges::any_of(out.source.items, &ServerItem::is_problem);
  out.source.state = is_bad                     ? SourceState::problem
                     : out.source.items.empty() ? SourceState::not_present
                                                : SourceState::ok;
}

std::string disk_text(const DiskHealth& disk) {
  std::string out = disk.model;
  const auto add = [&out](const std::string& word) {
    if (!out.empty()) out += ", ";
    out += word;
  };
  if (disk.passed) add(*disk.passed ? "passed" : "FAILED");
  if (disk.temperature_c) add(fmt::format("{} degC", *disk.temperature_c));
  if (disk.reallocated > 0) add(fmt::format("{} reallocated", disk.reallocated));
  if (disk.pending > 0) add(fmt::format("{} pending", disk.pending));
  if (disk.media_errors > 0) add(fmt::format("{} media errors", disk.media_errors));
  if (disk.used_percent) add(fmt::format("{} % of life used", *disk.used_percent));
  return out;
}

void check_disk(const DiskHealth& disk, const ServerOptions& options, Checked& out) {
  const std::string_view reason = disk.failing_because();
  const bool is_hot = disk.temperature_c && *disk.temperature_c > options.limits.disk_temperature_c_max;
  out.source.items.push_back({disk.device, !reason.empty() || is_hot, disk_text(disk)});
  if (!reason.empty())
    raise(out, "server_disk_failing", "disk:" + disk.device, Severity::critical,
          {{"reason", std::string(reason)}, {"model", disk.model}});
}

void check_supply(const Sensor& sensor, Checked& out) {
  out.source.items.push_back({sensor.name, sensor.is_supply_lost(), sensor.reading});
  if (sensor.is_supply_lost())
    raise(out, "server_supply_lost", "supply:" + sensor.name, Severity::major, {{"reading", sensor.reading}});
}

void check_temperature(const std::string& name, std::int64_t celsius, std::int64_t limit, bool is_critical,
                       Checked& out) {
  const bool is_hot = is_critical || celsius >= limit;
  out.source.items.push_back({name, is_hot, fmt::format("{} degC (limit {})", celsius, limit)});
  if (is_hot)
    raise(out, "server_temperature_high", "temperature:" + name, Severity::major,
          {{"temperature_c", std::to_string(celsius)}, {"limit_c", std::to_string(limit)}});
}

std::string first_line(std::string text) {
  if (const auto end = text.find('\n'); end != std::string::npos) text.resize(end);
  std::erase_if(text, [](char c) { return c < ' ' || c > '~'; });
  return text.substr(0, 64);
}

std::optional<std::int64_t> celsius_in(SourceReader& reader, const std::string& path) {
  const auto text = reader.file(path);
  const auto milli = text ? parse_millidegrees(*text) : std::nullopt;
  return milli ? std::optional(*milli / 1'000) : std::nullopt;
}

/// Documentation/hwmon/sysfs-interface: tempN_input, tempN_crit, tempN_label, and the chip's name.
void check_hwmon(SourceReader& reader, const ServerOptions& options, Checked& out) {
  const std::string root = "/sys/class/hwmon";
  for (const std::string& chip : reader.folder(root)) {
    const std::string folder = root + "/" + chip;
    const auto name = reader.file(folder + "/name");
    for (const std::string& file : reader.folder(folder)) {
      if (!file.starts_with("temp") || !file.ends_with("_input") || out.source.items.size() >= items_max) continue;
      const std::string stem = folder + "/" + file.substr(0, file.size() - 6);
      const auto celsius = celsius_in(reader, folder + "/" + file);
      if (!celsius) continue;
      const auto label = reader.file(stem + "_label");
      const auto critical = celsius_in(reader, stem + "_crit");
      const std::string item = fmt::format("{}/{}", name ? first_line(*name) : chip,
                                           label ? first_line(*label) : file.substr(0, file.size() - 6));
      // Some chips say 0 or less for "no limit".
      const std::int64_t limit = critical && *critical > 0 ? *critical : options.limits.temperature_c_max;
      check_temperature(item, *celsius, limit, false, out);
    }
  }
}

void check_thermal(SourceReader& reader, const ServerOptions& options, Checked& out) {
  const std::string root = "/sys/class/thermal";
  for (const std::string& zone : reader.folder(root)) {
    if (!zone.starts_with("thermal_zone") || out.source.items.size() >= items_max) continue;
    const auto celsius = celsius_in(reader, root + "/" + zone + "/temp");
    if (!celsius) continue;
    const auto type = reader.file(root + "/" + zone + "/type");
    check_temperature(fmt::format("{}/{}", zone, type ? first_line(*type) : "zone"), *celsius,
                      options.limits.temperature_c_max, false, out);
  }
}

}  // namespace

Checked check_disks(SourceReader& reader, const ServerOptions& options) {
  Checked out = named("disks");
  const auto call = [&options](std::initializer_list<std::string> more) {
    std::vector<std::string> all = options.smartctl;
    all.insert(all.end(), more);
    return all;
  };
  const auto scan = reader.command(call({"--json", "--scan"}));
  const auto names = scan ? parse_smart_scan(*scan) : Result<std::vector<std::string>>(std::unexpected(scan.error()));
  if (!names) {
    give_up(out, names.error());
    return out;
  }
  for (const std::string& name : *names) {
    const auto text = reader.command(call({"--json", "-H", "-A", "-i", name}));
    const auto disk = text ? parse_smart(*text) : Result<DiskHealth>(std::unexpected(text.error()));
    if (disk) {
      check_disk(*disk, options, out);
      continue;
    }
    out.source.state = SourceState::failed;
    out.source.reason = name + ": " + disk.error().message;
  }
  if (names->empty()) out.source.reason = "smartctl finds no disk";
  conclude(out);
  return out;
}

Checked check_raid(SourceReader& reader) {
  Checked out = named("raid");
  const auto text = reader.file("/proc/mdstat");
  if (!text) {
    give_up(out, text.error());
    return out;
  }
  for (const RaidArray& array : parse_mdstat(*text)) {
    std::string value = fmt::format("{}, {} of {} members", array.level, array.members_working, array.members);
    if (array.rebuild_permille)
      value += fmt::format(", rebuilding {}.{} %", *array.rebuild_permille / 10, *array.rebuild_permille % 10);
    out.source.items.push_back({array.name, array.is_degraded(), value});
    if (array.is_degraded())
      raise(out, "server_raid_degraded", "raid:" + array.name, Severity::major,
            {{"members", std::to_string(array.members)}, {"members_working", std::to_string(array.members_working)}});
  }
  if (out.source.items.empty()) out.source.reason = "no array";
  conclude(out);
  return out;
}

CheckedSensors check_sensors(SourceReader& reader, const ServerOptions& options) {
  CheckedSensors out{named("supply"), named("temperature")};
  std::vector<std::string> call = options.ipmitool;
  call.insert(call.end(), {"sdr", "elist"});
  const auto text = reader.command(call);
  if (text) {
    for (const Sensor& sensor : parse_sensors(*text)) {
      if (!sensor.is_present()) continue;
      if (sensor.temperature_c)
        check_temperature("ipmi/" + sensor.name, *sensor.temperature_c, options.limits.temperature_c_max,
                          sensor.is_critical(), out.temperature);
      else if (sensor.is_supply)
        check_supply(sensor, out.supply);
    }
    if (out.supply.source.items.empty()) out.supply.source.reason = "no power supply tells of itself";
  } else {
    give_up(out.supply, text.error());
  }
  check_hwmon(reader, options, out.temperature);
  check_thermal(reader, options, out.temperature);
  if (out.temperature.source.items.empty()) out.temperature.source.reason = "no sensor";
  conclude(out.supply);
  conclude(out.temperature);
  return out;
}

Checked check_memory(SourceReader& reader, const ServerOptions& options) {
  Checked out = named("memory");
  const auto text = reader.file("/proc/meminfo");
  const auto memory = text ? parse_meminfo(*text) : Result<MemoryUse>(std::unexpected(text.error()));
  if (!memory) {
    give_up(out, memory.error());
    return out;
  }
  const std::int64_t used = memory->used_percent();
  const bool is_high = used > options.limits.memory_percent_max;
  out.source.items.push_back({"memory", is_high, fmt::format("{} % of {} MiB", used, memory->total_kib / 1'024)});
  if (is_high)
    raise(
        out, "server_memory_high", "memory", Severity::warning,
        {{"used_percent", std::to_string(used)}, {"limit_percent", std::to_string(options.limits.memory_percent_max)}});
  conclude(out);
  return out;
}

Checked check_processor(SourceReader& reader, const ServerOptions& options) {
  Checked out = named("processor");
  const auto text = reader.file("/proc/loadavg");
  const auto load = text ? parse_loadavg(*text) : Result<LoadAverage>(std::unexpected(text.error()));
  if (!load) {
    give_up(out, load.error());
    return out;
  }
  const std::int64_t percent = load->centi_5m / std::max<std::int64_t>(1, options.processors);
  const bool is_high = percent > options.limits.load_percent_max;
  out.source.items.push_back(
      {"processor", is_high,
       fmt::format("load {}.{:02} on {} processors", load->centi_5m / 100, load->centi_5m % 100, options.processors)});
  if (is_high)
    raise(out, "server_processor_high", "processor", Severity::warning,
          {{"load_percent", std::to_string(percent)},
           {"limit_percent", std::to_string(options.limits.load_percent_max)}});
  conclude(out);
  return out;
}

}  // namespace duheng::platform::servers
