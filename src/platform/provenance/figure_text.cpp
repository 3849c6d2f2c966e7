#include <fmt/format.h>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "platform/provenance/figure_output.hpp"
#include "platform/provenance/figure_page.hpp"

namespace duheng::platform {
std::string value_text(std::int64_t mantissa, std::int8_t exponent, SeriesKind kind, Quality quality,
                       std::string_view unit) {
  if (has(quality, Quality::no_value) || has(quality, Quality::invalid_content)) return "-";
  const std::string number =
      kind == SeriesKind::decimal ? Decimal{mantissa, exponent}.to_string() : std::to_string(mantissa);
  return unit.empty() ? number : fmt::format("{} {}", number, unit);
}

namespace {

/// Where the data directory stands is nobody's business but the operator's.
std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void octets(Page& page, int depth, std::string_view english, std::string_view chinese, const Bytes& bytes,
            const std::vector<codec::ExplainedField>& fields) {
  if (bytes.empty()) return;
  page.line(depth, english, chinese, to_hex(bytes, ' '));
  for (const codec::ExplainedField& field : fields) {
    const std::string value = field.value.empty()
                                  ? std::string{}
                                  : fmt::format(" = {}{}{}", field.value, field.unit.empty() ? "" : " ", field.unit);
    page.heading(depth + 1 + field.depth,
                 fmt::format("[{}+{}] {}{}{}{}", field.offset, field.size, page.pick(field.label), value,
                             page.pick(field.meaning).empty() ? "" : ": ", page.pick(field.meaning)));
  }
}

void frame_lines(Page& page, int depth, const Provenance& frame) {
  page.line(depth, "Frame", "报文",
            fmt::format("{} ({} {}, {})", frame.reference.value, page.pick("place in the batch", "批内序号"),
                        frame.reference.frame_index(), to_string(frame.protocol)));
  page.time(depth + 1, "question sent", "发送时间", frame.sent_utc_ms);
  page.time(depth + 1, "answer received by the gateway", "网关接收时间", frame.received_utc_ms);
  page.time(depth + 1, "batch begun at the gateway", "网关组批时间", frame.spooled_utc_ms);
  octets(page, depth + 1, "question", "请求", frame.request, frame.request_fields);
  octets(page, depth + 1, "answer", "应答", frame.response, frame.response_fields);
  for (const ProvenReading& reading : frame.readings)
    page.line(depth + 1, "read out of it", "解出数据",
              fmt::format("{} = {} ({}, {})", reading.register_name,
                          value_text(reading.mantissa, reading.exponent, reading.kind, reading.quality, reading.unit),
                          format_utc(reading.time_utc_ms), to_string(reading.quality)));
}

void proof_lines(Page& page, int depth, const RecordProof& proof) {
  const bool is_edit = proof.type == store::JournalRecordType::edits;
  page.line(
      depth, "Journal record", "日志记录",
      fmt::format("{} ({})", proof.record_number, is_edit ? page.pick("edits", "修订") : page.pick("batch", "批")));
  if (!is_edit)
    page.line(depth + 1, "gateway, epoch, sequence", "网关、纪元、序号",
              fmt::format("{}, {:016X}, {}", proof.gateway.value, proof.epoch, proof.sequence));
  page.time(depth + 1, "stored by the platform", "平台入库时间", proof.journalled_utc_ms);
  page.line(depth + 1, "hash", "哈希", fmt::format("{} ({})", to_hex(proof.hash), page.holds(proof.hash_holds)));
  if (!is_edit) page.line(depth + 1, "hash of the batch before", "前一批哈希", to_hex(proof.previous_hash));
  page.line(depth + 1, "segment file", "段文件", file_name(proof.place.path));
  page.line(depth + 1, "block", "数据块",
            fmt::format("{} {}, {} {}", page.pick("at octet", "偏移"), proof.place.block_offset,
                        proof.place.block_bytes, page.pick("octets", "字节")));
  page.line(depth + 1, "block hash", "块哈希",
            fmt::format("{} ({})", to_hex(proof.place.block_hash), page.holds(proof.place.hash_holds)));
  page.line(depth + 1, "hash before it in the chain", "链上前一哈希", to_hex(proof.place.previous_block_hash));
  page.line(depth + 1, "encrypted under key version", "密钥版本",
            fmt::format("{}, {} ({} {})", proof.place.key_version & 0x00FF'FFFFU,
                        crypto::to_string(static_cast<crypto::Cipher>(proof.place.key_version >> 24)),
                        page.pick("authentication", "认证"), page.holds(proof.place.authentic)));
}

void edit_lines(Page& page, int depth, const Edit& edit) {
  page.line(depth, "kind", "类别", to_string(edit.kind));
  page.line(depth, "by", "修订人", edit.author);
  page.line(depth, "reason", "原因", edit.reason);
  if (!edit.method.empty()) page.line(depth, "method", "方法", edit.method);
  if (edit.old_mantissa)
    page.line(depth, "stood before", "原值",
              value_text(*edit.old_mantissa, edit.exponent, edit.series_kind, Quality::good, edit.unit));
  page.time(depth, "made", "修订时间", edit.made_utc_ms);
}

void version_lines(Page& page, int depth, const TracedVersion& traced, const store::Series& series) {
  const store::Point& point = traced.version.point;
  const bool is_edit = traced.version.edit.has_value();
  page.line(
      depth, is_edit ? "Edit" : "Reading", is_edit ? "修订" : "读数",
      fmt::format("{} ({}, {})", value_text(point.mantissa, series.exponent, series.kind, point.quality, series.unit),
                  to_string(point.quality),
                  traced.version.in_force ? page.pick("in force", "有效") : page.pick("not in force", "非有效")));
  if (is_edit) {
    edit_lines(page, depth + 1, *traced.version.edit);
  } else if (point.evidence_count > 1) {
    page.line(depth + 1, "frames that say the same", "相同读数的报文数", std::to_string(point.evidence_count));
  }
  if (traced.frame) {
    frame_lines(page, depth + 1, *traced.frame);
    page.line(depth + 2, "found after", "查找用时",
              fmt::format("{:.3f} ms", static_cast<double>(traced.frame_after_us) / 1000));
  }
  if (traced.proof) proof_lines(page, depth + 1, *traced.proof);
  if (!traced.missing.empty()) page.line(depth + 1, "NOT THERE", "缺失", traced.missing);
}

}  // namespace

void series_lines(Page& page, const store::Source& source, const store::Series& series) {
  page.line(0, "Device", "设备",
            fmt::format("{} ({} {})", source.device_uid, page.pick("gateway", "网关"), source.gateway.value));
  page.line(0, "Register", "数据项", series.register_name);
}

void value_lines(Page& page, int depth, const TracedValue& traced) {
  page.line(depth, "Value at", "数值时间", format_utc(traced.time_utc_ms));
  for (const auto& version : traced.versions) version_lines(page, depth + 1, version, traced.series);
}

void verdict(Page& page, bool verified) {
  page.line(0, "Verified", "验证结果",
            verified ? page.pick("yes: every hash and tag was computed again and holds",
                                 "通过：全部哈希与认证码已重新计算且相符")
                     : page.pick("NO", "未通过"));
}

std::string to_text(const TracedFrame& traced, bool chinese) {
  Page page(chinese);
  page.line(0, "Device", "设备", traced.frame.device_uid);
  frame_lines(page, 0, traced.frame);
  proof_lines(page, 0, traced.proof);
  verdict(page, traced.proof.verified());
  return page.take();
}

std::string to_text(const TracedEdits& traced, bool chinese) {
  Page page(chinese);
  for (const Edit& edit : traced.edits) {
    page.line(0, "Edit", "修订",
              fmt::format("{} {} ({})", edit.device_uid, edit.register_name, format_utc(edit.time_utc_ms)));
    if (edit.kind != EditKind::withdrawal)
      page.line(1, "new value", "新值",
                value_text(edit.mantissa, edit.exponent, edit.series_kind, Quality::good, edit.unit));
    edit_lines(page, 1, edit);
  }
  proof_lines(page, 0, traced.proof);
  verdict(page, traced.verified());
  return page.take();
}

std::string to_text(const TracedValue& traced, bool chinese) {
  Page page(chinese);
  series_lines(page, traced.source, traced.series);
  value_lines(page, 0, traced);
  verdict(page, traced.verified());
  return page.take();
}

std::string to_text(const TracedConsumption& traced, bool chinese) {
  Page page(chinese);
  const store::Consumption& consumption = traced.consumption;
  series_lines(page, traced.source, traced.series);
  page.line(
      0, "Interval", "区间",
      fmt::format("({}, {}]", format_utc(traced.interval.after_utc_ms), format_utc(traced.interval.through_utc_ms)));
  const bool determinable = consumption.status != store::ConsumptionStatus::not_determinable;
  page.line(0, "Consumption, computed anew", "用量（重新计算）",
            determinable ? fmt::format("{} {} ({})", consumption.exact().to_string(), consumption.unit,
                                       store::to_string(consumption.status))
                         : consumption.reason);
  page.line(0, "Good values inside", "区间内有效值个数", std::to_string(consumption.value_count));
  for (const store::Remark& remark : consumption.remarks)
    page.line(1, "Remark", "说明",
              fmt::format("{} {} - {}", store::to_string(remark.kind), format_utc(remark.from_utc_ms),
                          format_utc(remark.to_utc_ms)));
  for (const auto& value : traced.values) value_lines(page, 1, value);
  verdict(page, traced.verified());
  return page.take();
}

}  // namespace duheng::platform
