#include <fmt/format.h>

#include "base/time.hpp"
#include "platform/provenance/provenance.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

/// A protocol that nobody explains yet: the octets all the same, as one field.
Json unexplained(const Bytes& octets) {
  return {{"offset", 0},
          {"size", octets.size()},
          {"depth", 0},
          {"key", "octets"},
          {"label_zh", "字节"},
          {"label_en", "Octets"},
          {"meaning_zh", "此版本尚不能解释该规约"},
          {"meaning_en", "This release cannot explain the protocol yet"}};
}

Json octets_json(const Bytes& octets, const std::vector<codec::ExplainedField>& fields, bool english) {
  if (octets.empty()) return nullptr;
  Json list = Json::array();
  Json error = nullptr;
  for (const codec::ExplainedField& field : fields) {
    list.push_back(field_json(field));
    if (field.is_fault && error.is_null()) error = english ? field.meaning.english : field.meaning.chinese;
  }
  if (list.empty()) list.push_back(unexplained(octets));
  return {{"hex", to_hex(octets)}, {"error", std::move(error)}, {"fields", std::move(list)}};
}

Json readings_json(const std::vector<ProvenReading>& readings) {
  Json out = Json::array();
  for (const ProvenReading& reading : readings) {
    out.push_back({{"register", reading.register_name},
                   {"unit", reading.unit},
                   {"kind", to_string(reading.kind)},
                   {"value", exact_value(reading.mantissa, reading.exponent, reading.kind, reading.quality)},
                   {"time", format_utc(reading.time_utc_ms)},
                   {"quality", to_string(reading.quality)}});
  }
  return out;
}

Result<HttpResponse> frame(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const Error no_such{ErrorCode::not_found, "there is no such frame"};
  Result<Provenance> found = trace(services.journal, FrameReference{context.path_integer("frame")});
  if (!found && found.error().code == ErrorCode::not_found) return std::unexpected(no_such);
  if (!found) return std::unexpected(found.error());
  const SourceKey source{found->gateway, found->device_uid};
  DUHENG_TRY(const bool visible, sees_reading(services, *context.caller, source, found->received_utc_ms));
  if (!visible) return std::unexpected(no_such);

  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  const DirectoryDevice* device = snapshot->owner(source, found->received_utc_ms);
  const Result<Gateway> gateway = services.gateways.get(Scope::everything(), found->gateway);
  const bool english = wants_english(context.request);
  return json_answer(
      {{"frame", std::to_string(found->reference.value)},
       {"device_uid", found->device_uid},
       {"device", device != nullptr ? named(device->device.id.value, device->device.details.name) : Json(nullptr)},
       {"gateway", named(found->gateway.value, gateway ? gateway->name : std::string{})},
       {"protocol", to_string(found->protocol)},
       {"epoch", fmt::format("{:016X}", found->epoch)},
       {"sequence", found->sequence},
       {"batch_hash", to_hex(found->batch_hash)},
       {"journal_record", found->reference.record_number()},
       {"times",
        {{"sent", time_or_null(found->sent_utc_ms)},
         {"received", format_utc(found->received_utc_ms)},
         {"stored", format_utc(found->journalled_utc_ms)}}},
       {"request", octets_json(found->request, found->request_fields, english)},
       {"response", octets_json(found->response, found->response_fields, english)},
       {"readings", readings_json(found->readings)}});
}

}  // namespace

void add_frame_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/frames/{frame}", "getFrame", Permission::any_session(),
             [&services](RequestContext& context) { return frame(services, context); });
}

}  // namespace duheng::platform::web
