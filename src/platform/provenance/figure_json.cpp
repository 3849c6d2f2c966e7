#include "base/decimal.hpp"
#include "base/time.hpp"
#include "platform/provenance/figure_json_parts.hpp"
#include "platform/provenance/figure_output.hpp"

namespace duheng::platform {
Json value_json(std::int64_t mantissa, std::int8_t exponent, SeriesKind kind, Quality quality) {
  if (has(quality, Quality::no_value) || has(quality, Quality::invalid_content)) return nullptr;
  if (kind != SeriesKind::decimal) return std::to_string(mantissa);
  return Decimal{mantissa, exponent}.to_string();
}

Json time_json(std::int64_t utc_ms) { return utc_ms == 0 ? Json(nullptr) : Json(format_utc(utc_ms)); }

namespace {

/// Where the data directory stands is nobody's business but the operator's.
std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Json fields_json(const std::vector<codec::ExplainedField>& fields) {
  Json list = Json::array();
  for (const codec::ExplainedField& field : fields) {
    list.push_back({{"offset", field.offset},
                    {"size", field.size},
                    {"depth", field.depth},
                    {"key", field.key},
                    {"raw", field.raw},
                    {"label_en", field.label.english},
                    {"label_zh", field.label.chinese},
                    {"meaning_en", field.meaning.english},
                    {"meaning_zh", field.meaning.chinese},
                    {"value", field.value},
                    {"unit", field.unit},
                    {"clause", field.clause},
                    {"fault", field.is_fault}});
  }
  return list;
}

Json readings_json(const std::vector<ProvenReading>& readings) {
  Json list = Json::array();
  for (const ProvenReading& reading : readings) {
    list.push_back({{"register", reading.register_name},
                    {"value", value_json(reading.mantissa, reading.exponent, reading.kind, reading.quality)},
                    {"unit", reading.unit},
                    {"time", format_utc(reading.time_utc_ms)},
                    {"quality", to_string(reading.quality)}});
  }
  return list;
}

Json frame_json(const Provenance& frame) {
  return {{"reference", std::to_string(frame.reference.value)},
          {"frame_index", frame.reference.frame_index()},
          {"device_uid", frame.device_uid},
          {"protocol", to_string(frame.protocol)},
          {"sent", time_json(frame.sent_utc_ms)},
          {"received", time_json(frame.received_utc_ms)},
          {"spooled", time_json(frame.spooled_utc_ms)},
          {"request", {{"hex", to_hex(frame.request)}, {"fields", fields_json(frame.request_fields)}}},
          {"response", {{"hex", to_hex(frame.response)}, {"fields", fields_json(frame.response_fields)}}},
          {"readings", readings_json(frame.readings)}};
}

Json proof_json(const RecordProof& proof) {
  return {{"record", proof.record_number},
          {"type", proof.type == store::JournalRecordType::edits ? "edits" : "batch"},
          {"gateway", proof.gateway.value},
          {"epoch", proof.epoch},
          {"sequence", proof.sequence},
          {"journalled", time_json(proof.journalled_utc_ms)},
          {"hash", to_hex(proof.hash)},
          {"previous_hash", to_hex(proof.previous_hash)},
          {"hash_holds", proof.hash_holds},
          {"segment", file_name(proof.place.path)},
          {"key_version", proof.place.key_version & 0x00FF'FFFFU},
          {"cipher", crypto::to_string(static_cast<crypto::Cipher>(proof.place.key_version >> 24))},
          {"block_offset", proof.place.block_offset},
          {"block_bytes", proof.place.block_bytes},
          {"block_hash", to_hex(proof.place.block_hash)},
          {"previous_block_hash", to_hex(proof.place.previous_block_hash)},
          {"block_hash_holds", proof.place.hash_holds},
          {"block_authentic", proof.place.authentic},
          {"verified", proof.verified()}};
}

Json edit_json(const Edit& edit) {
  return {
      {"kind", to_string(edit.kind)},
      {"author", edit.author},
      {"reason", edit.reason},
      {"method", edit.method},
      {"made", time_json(edit.made_utc_ms)},
      {"old_value", edit.old_mantissa ? Json(Decimal{*edit.old_mantissa, edit.exponent}.to_string()) : Json(nullptr)},
      {"record", edit.record_number}};
}

Json version_json(const TracedVersion& traced, const store::Series& series) {
  const store::Point& point = traced.version.point;
  return {{"value", value_json(point.mantissa, series.exponent, series.kind, point.quality)},
          {"quality", to_string(point.quality)},
          {"time_source", to_string(point.time_source)},
          {"in_force", traced.version.in_force},
          {"evidence_count", point.evidence_count},
          {"edit", traced.version.edit ? edit_json(*traced.version.edit) : Json(nullptr)},
          {"frame", traced.frame ? frame_json(*traced.frame) : Json(nullptr)},
          {"frame_after_us", traced.frame_after_us},
          {"proof", traced.proof ? proof_json(*traced.proof) : Json(nullptr)},
          {"missing", traced.missing.empty() ? Json(nullptr) : Json(traced.missing)}};
}

}  // namespace

Json series_json(const store::Source& source, const store::Series& series) {
  return {{"series", series.id.value},
          {"gateway", source.gateway.value},
          {"device_uid", source.device_uid},
          {"register", series.register_name},
          {"unit", series.unit}};
}

Json value_json(const TracedValue& traced) {
  Json versions = Json::array();
  for (const auto& version : traced.versions) versions.push_back(version_json(version, traced.series));
  Json out = series_json(traced.source, traced.series);
  out["time"] = format_utc(traced.time_utc_ms);
  out["verified"] = traced.verified();
  out["versions"] = std::move(versions);
  return out;
}

std::string to_json_text(const TracedFrame& traced) {
  return Json{
      {"frame", frame_json(traced.frame)}, {"proof", proof_json(traced.proof)}, {"verified", traced.proof.verified()}}
      .dump();
}

std::string to_json_text(const TracedEdits& traced) {
  Json edits = Json::array();
  for (const Edit& edit : traced.edits) {
    Json one = edit_json(edit);
    one["gateway"] = edit.gateway.value;
    one["device_uid"] = edit.device_uid;
    one["register"] = edit.register_name;
    one["unit"] = edit.unit;
    one["time"] = format_utc(edit.time_utc_ms);
    one["new_value"] = edit.kind == EditKind::withdrawal
                           ? Json(nullptr)
                           : value_json(edit.mantissa, edit.exponent, edit.series_kind, {});
    edits.push_back(std::move(one));
  }
  return Json{{"edits", std::move(edits)}, {"proof", proof_json(traced.proof)}, {"verified", traced.verified()}}.dump();
}

std::string to_json_text(const TracedValue& traced) { return value_json(traced).dump(); }

std::string to_json_text(const TracedConsumption& traced) {
  const store::Consumption& consumption = traced.consumption;
  Json values = Json::array();
  for (const auto& value : traced.values) values.push_back(value_json(value));
  Json remarks = Json::array();
  for (const store::Remark& remark : consumption.remarks)
    remarks.push_back({{"kind", store::to_string(remark.kind)},
                       {"from", format_utc(remark.from_utc_ms)},
                       {"to", format_utc(remark.to_utc_ms)}});
  const bool determinable = consumption.status != store::ConsumptionStatus::not_determinable;
  Json out = series_json(traced.source, traced.series);
  out["after"] = format_utc(traced.interval.after_utc_ms);
  out["through"] = format_utc(traced.interval.through_utc_ms);
  out["status"] = store::to_string(consumption.status);
  out["reason"] = consumption.reason;
  out["amount"] = determinable ? Json(consumption.exact().to_string()) : Json(nullptr);
  out["value_count"] = consumption.value_count;
  out["remarks"] = std::move(remarks);
  out["verified"] = traced.verified();
  out["values"] = std::move(values);
  return out.dump();
}

}  // namespace duheng::platform
