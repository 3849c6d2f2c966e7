// The list of kinds, by word. One entry each; how to add one: README.md.
#include "platform/alarms/alarm_kinds.hpp"

#include <algorithm>
#include <array>

namespace duheng::platform::alarms {
namespace {

constexpr std::int64_t minute_ms = 60'000;

constexpr auto kinds = std::to_array<AlarmKind>({
    {.word = "alarm_flood",
     .severity = Severity::major,
     .title = {"同类告警过多", "Many alarms of one kind"},
     .message = {"短时间内出现大量“{kind}”告警，已合并为一条。",
                 "Many alarms \"{kind}\" within a minute, gathered here."},
     .remedy = {"展开受影响对象，先找共同原因（供电、线路、网络、时间设置）。",
                "Unfold what is affected and look for what they share: power, line, network, clock settings."}},
    {.word = "component_degraded",
     .severity = Severity::warning,
     .delay_ms = 10'000,
     .title = {"平台组件异常", "A part of the platform is not as it should be"},
     .message = {"组件 {component}：{detail_zh}", "{component}: {detail_en}"},
     .remedy = {"打开“状态”页面查看详情；数据仍在保存。", "Look at the status page; data is still being kept."}},
    {.word = "component_failed",
     .severity = Severity::critical,
     .delay_ms = 2'000,
     .title = {"平台组件故障", "A part of the platform has failed"},
     .message = {"组件 {component}：{detail_zh}", "{component}: {detail_en}"},
     .remedy =
         {"打开“状态”页面，按提示处理磁盘、密钥或数据库；网关会保留未确认的数据。",
          "Open the status page and mend disk, key or database as it says; gateways hold what is not acknowledged."}},
    {.word = "device_silent",
     .severity = Severity::warning,
     .is_silence = true,
     .rest_ms = 10 * minute_ms,
     .title = {"设备无数据", "Device silent"},
     .message = {"已 {silent_minutes} 分钟没有读数（采集间隔 {interval_s} 秒）。",
                 "No reading for {silent_minutes} minutes; one is due every {interval_s} s."},
     .remedy = {"检查表计供电、通信线和地址；在“报文跟踪”里看它是否应答。",
                "Check the meter's power, line and address; a frame trace shows whether it answers."}},
    {.word = "gateway_certificate_expiring",
     .severity = Severity::warning,
     .rest_ms = 0,
     .title = {"网关证书即将到期", "Gateway certificate expiring"},
     .message = {"还有 {days_left} 天到期。", "It ends in {days_left} days."},
     .remedy = {"为该网关重新登记证书（duheng enrol）。", "Enrol the gateway again (duheng enrol)."}},
    {.word = "gateway_offline",
     .severity = Severity::major,
     .is_silence = true,
     .rest_ms = 2 * minute_ms,
     .release_ms = 2 * minute_ms,
     .title = {"网关离线", "Gateway offline"},
     .message = {"已 {offline_s} 秒没有连接。数据保留在网关，恢复后补传。",
                 "Not connected for {offline_s} s. It keeps its data and sends it when it is back."},
     .remedy = {"检查网关供电和上行网络、证书是否过期。",
                "Check its power, its network and whether its certificate has expired."}},
    {.word = "ingest_conflict",
     .severity = Severity::critical,
     .rest_ms = 0,
     .title = {"同一序号内容不同", "Same offset, other content"},
     .message = {"网关重发的批次与已保存的不一致（累计 {conflicts} 次），已拒收并留证。",
                 "A batch came again with other content ({conflicts} so far); refused and kept as evidence."},
     .remedy = {"可能是磁盘损坏、克隆或篡改：停用该网关，核对现场，再以新纪元重新登记。",
                "A damaged disk, a clone or tampering: take the gateway out, look at the site, enrol it anew."}},
    {.word = "meter_clock_suspect",
     .severity = Severity::warning,
     .rest_ms = 60 * minute_ms,
     .title = {"时钟可疑", "Clock suspect"},
     .message = {"读数带有“时钟可疑”标志（{register}）。", "Readings carry the mark \"clock suspect\" ({register})."},
     .remedy = {"核对表计与网关的时间，必要时校时；期间数据已标记。",
                "Compare the clocks of meter and gateway and set them; readings meanwhile are marked."}},
    {.word = "storage_filling",
     .severity = Severity::warning,
     .rest_ms = 60 * minute_ms,
     .title = {"存储空间将满", "Storage filling"},
     .message = {"按目前的增长还可用 {days_left} 天。", "At the present growth it lasts {days_left} days."},
     .remedy = {"扩容，或调整保留策略；满后网关会保留数据等待。",
                "Add space or change what is kept how long; when full, gateways hold their data and wait."}},
    {.word = "unassigned_source",
     .severity = Severity::notice,
     .rest_ms = 60 * minute_ms,
     .title = {"有未归属的数据源", "Unassigned source heard"},
     .message = {"{sources} 个数据源不属于任何设备，例如 {device_uid}。",
                 "{sources} sources belong to no device, {device_uid} among them."},
     .remedy = {"在“数据源”页面归属到设备；数据已保存。", "Assign them on the sources page; their data is kept."}},
});

static_assert(std::ranges::is_sorted(kinds, {}, &AlarmKind::word), "keep the list sorted by word");

const AlarmKind* find_kind(std::string_view word) noexcept {
  const auto* const it = std::ranges::lower_bound(kinds, word, {}, &AlarmKind::word);
  return it != kinds.end() && it->word == word ? it : nullptr;
}

}  // namespace

std::span<const AlarmKind> alarm_kinds() noexcept { return kinds; }

AlarmKind alarm_kind(std::string_view word) noexcept {
  if (const AlarmKind* const found = find_kind(word)) return *found;
  return {.word = word, .title = {word, word}, .message = {{}, {}}, .remedy = {{}, {}}};
}

bool is_listed_kind(std::string_view word) noexcept { return find_kind(word) != nullptr; }

}  // namespace duheng::platform::alarms
