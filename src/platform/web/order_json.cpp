#include "platform/web/order_json.hpp"

#include <algorithm>

#include "base/time.hpp"
#include "platform/provenance/provenance.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::array stages{OrderStage::queued,  OrderStage::handed_over, OrderStage::waiting, OrderStage::under_way,
                            OrderStage::done,    OrderStage::refused,     OrderStage::unknown, OrderStage::failed,
                            OrderStage::expired, OrderStage::cancelled};
constexpr std::string_view hidden = "******";

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json value_json(const OrderValue& value) {
  return {{"register", value.register_name},
          {"unit", value.unit},
          {"kind", to_string(value.kind)},
          {"value", exact_value(value.mantissa, value.exponent, value.kind, value.quality)},
          {"time", format_utc(value.time_utc_ms)},
          {"quality", to_string(value.quality)},
          {"read_back", value.read_back}};
}

Json octets_json(Protocol protocol, const Bytes& octets, bool is_request, bool english) {
  if (octets.empty()) return nullptr;
  Json fields = Json::array();
  Json error = nullptr;
  for (const codec::ExplainedField& field : explain_frame(protocol, octets, is_request)) {
    fields.push_back(field_json(field));
    if (field.is_fault && error.is_null()) error = english ? field.meaning.english : field.meaning.chinese;
  }
  return {{"hex", to_hex(octets)}, {"error", std::move(error)}, {"fields", std::move(fields)}};
}

}  // namespace

void append_csv_cell(std::string_view text, std::string& out) {
  const bool computes = !text.empty() && std::string_view{"=+-@\t\r"}.find(text.front()) != std::string_view::npos &&
                        text.find_first_not_of("+-0123456789.") != std::string_view::npos;
  const bool quote = computes || text.find_first_of("\",\r\n") != std::string_view::npos;
  if (!quote) {
    out.append(text);
    return;
  }
  out.push_back('"');
  if (computes) out.push_back('\'');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

Json job_json(const Job& job) {
  Json counts = Json::object();
  for (const OrderStage stage : stages) counts[std::string{to_string(stage)}] = job.counts.of(stage);
  Json out{{"id", job.number},
           {"kind", to_string(job.content.kind)},
           {"name", job.content.name},
           {"title_zh", job.title_zh},
           {"title_en", job.title_en},
           {"danger", drivers::to_string(job.danger)},
           {"state", to_string(job.state)},
           {"reason", job.reason},
           {"created_by", job.created_by_name},
           {"created_at", format_utc(job.created_utc_ms)},
           {"confirmed_by", text_or_null(job.confirmed_by_name)},
           {"confirm_by", time_or_null(job.confirm_by_utc_ms)},
           {"needs_second_person", job.needs_second_person},
           {"devices", job.devices},
           {"device", named_or_null(job.device.value, job.device_name)},
           {"counts", std::move(counts)},
           {"finished_at", time_or_null(job.finished_utc_ms)}};
  if (!job.content.registers.empty()) out["registers"] = job.content.registers;
  if (!job.content.item.empty()) out["item"] = job.content.item;
  if (!job.content.arguments.empty()) {
    Json arguments = Json::object();
    for (const OrderArgument& argument : job.content.arguments) {
      const bool secret = std::ranges::find(job.secret_arguments, argument.name) != job.secret_arguments.end();
      arguments[argument.name] = secret ? std::string{hidden} : argument.value;
    }
    out["arguments"] = std::move(arguments);
  }
  return out;
}

Json order_json(const OrderRow& order) {
  Json values = Json::array();
  for (const OrderValue& value : order.values) values.push_back(value_json(value));
  return {{"id", order.number},
          {"job_id", order.job},
          {"device", named(order.device.value, order.device_name)},
          {"state", to_string(order.stage)},
          {"reason", order.reason},
          {"detail", order.detail},
          {"changed_at", format_utc(order.changed_utc_ms)},
          {"values", std::move(values)}};
}

Json order_detail_json(const OrderRow& order, bool english) {
  Json out = order_json(order);
  out["created_at"] = format_utc(order.created_utc_ms);
  Json frames = Json::array();
  for (const OrderFrame& frame : order.frames) {
    frames.push_back({{"protocol", to_string(frame.protocol)},
                      {"request", octets_json(frame.protocol, frame.request, true, english)},
                      {"response", octets_json(frame.protocol, frame.response, false, english)},
                      {"sent_at", time_or_null(frame.sent_utc_ms)},
                      {"received_at", time_or_null(frame.received_utc_ms)}});
  }
  out["frames"] = std::move(frames);
  return out;
}

std::string_view csv_head() noexcept {
  return "\xEF\xBB\xBF"
         "device_id,name,uid,address,state,reason,detail,changed_at,register,value,unit,time,quality,read_back\r\n";
}

void append_csv(const OrderRow& order, std::string& out) {
  const auto begin_line = [&] {
    out.append(std::to_string(order.device.value)).push_back(',');
    for (const std::string* text : {&order.device_name, &order.device_uid, &order.device_address}) {
      append_csv_cell(*text, out);
      out.push_back(',');
    }
    out.append(to_string(order.stage)).push_back(',');
    append_csv_cell(order.reason, out);
    out.push_back(',');
    append_csv_cell(order.detail, out);
    out.append(",").append(format_utc(order.changed_utc_ms)).push_back(',');
  };
  if (order.values.empty()) {
    begin_line();
    out.append(",,,,,\r\n");
  }
  for (const OrderValue& value : order.values) {
    begin_line();
    append_csv_cell(value.register_name, out);
    const Json exact = exact_value(value.mantissa, value.exponent, value.kind, value.quality);
    out.append(",").append(exact.is_string() ? exact.get<std::string>() : "").push_back(',');
    append_csv_cell(value.unit, out);
    out.append(",").append(format_utc(value.time_utc_ms)).append(",\"").append(to_string(value.quality)).append("\",");
    out.append(value.read_back ? "true" : "false").append("\r\n");
  }
}

}  // namespace duheng::platform::web
