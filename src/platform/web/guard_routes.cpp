#include "platform/orders/device_guards.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/order_requests.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

using Act = Result<void> (*)(DeviceGuards&, const Author&, DeviceId, const std::string& body);

Result<void> set_access(DeviceGuards& guards, const Author& author, DeviceId device, const std::string& body) {
  DUHENG_TRY(const DeviceAccess access, parse_device_access(body));
  return guards.set_access(author, device, access);
}

Result<void> forget_access(DeviceGuards& guards, const Author& author, DeviceId device, const std::string&) {
  return guards.forget_access(author, device);
}

Result<void> protect(DeviceGuards& guards, const Author& author, DeviceId device, const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || json.size() != 1 || !json.contains("reason") || !json["reason"].is_string())
    return fail(ErrorCode::malformed, "the body must be an object with the text reason");
  return guards.protect(author, device, json["reason"].get<std::string>());
}

Result<void> unprotect(DeviceGuards& guards, const Author& author, DeviceId device, const std::string&) {
  return guards.unprotect(author, device);
}

}  // namespace

void add_guard_routes(Router& router, ApiServices& services) {
  const auto add = [&](Method method, std::string pattern, std::string operation, Act act) {
    router.add(method, std::move(pattern), std::move(operation), Permission::at_least(Role::operator_),
               [&services, act](RequestContext& context) -> Result<HttpResponse> {
                 DUHENG_CHECK(context.query.finish());
                 if (services.guards == nullptr) return fail(ErrorCode::unavailable, "orders are not served here");
                 DUHENG_CHECK(act(*services.guards, author_of(context), DeviceId{context.path_integer("device_id")},
                                  context.request.body));
                 HttpResponse response;
                 response.status = 204;
                 return response;
               });
  };
  add(Method::put, "/api/v1/devices/{device_id}/access", "setDeviceAccess", set_access);
  add(Method::remove, "/api/v1/devices/{device_id}/access", "forgetDeviceAccess", forget_access);
  add(Method::put, "/api/v1/devices/{device_id}/protection", "protectDevice", protect);
  add(Method::remove, "/api/v1/devices/{device_id}/protection", "unprotectDevice", unprotect);
}

}  // namespace duheng::platform::web
