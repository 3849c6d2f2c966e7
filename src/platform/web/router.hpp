#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "platform/web/http.hpp"
#include "platform/web/permission.hpp"
#include "platform/web/request_target.hpp"

namespace duheng::platform::web {

/// What a handler gets. Handlers run on worker threads and may block.
struct RequestContext {
  const HttpRequest& request;
  const std::vector<std::pair<std::string, std::int64_t>>& path_parameters;
  QueryReader query;
  std::string_view request_id;
  std::optional<Caller> caller;    ///< present on every route that needs a session
  std::string_view session_token;  ///< empty without a cookie; never logged

  /// The positive integer that stands for `{name}` in the route's pattern.
  [[nodiscard]] std::int64_t path_integer(std::string_view name) const;
};

using Handler = std::function<Result<HttpResponse>(RequestContext&)>;

/// Routes by pattern, e.g. "/api/v1/devices/{device_id}". A `{name}` takes a positive integer of at most 19 digits;
/// anything else there is no route (404).
class Router {
 public:
  /// What a request's body may have unless its route says otherwise; more is refused (413).
  static constexpr std::size_t usual_body_bytes_max = 64U << 10;

  struct Route {
    Method method = Method::get;
    std::string pattern;
    std::string operation;  ///< operationId of api/openapi.yaml; the route's name in logs and metrics
    Permission permission;
    bool websocket = false;
    Handler handler;
    std::vector<std::string> segments;
    std::size_t body_bytes_max = usual_body_bytes_max;
    std::string_view body_type = "application/json";  ///< one, or several with ", " between them
  };

  /// The new route, good until the next is added. Throws std::logic_error when pattern and method are there already.
  Route& add(Method method, std::string pattern, std::string operation, Permission permission, Handler handler,
             std::size_t body_bytes_max = usual_body_bytes_max);
  /// The handler answers with `HttpResponse::websocket` set; handshake and Origin have been checked before.
  void add_websocket(std::string pattern, std::string operation, Permission permission, Handler handler);

  struct Match {
    const Route* route = nullptr;  ///< null: no such path, or (see `allowed`) not with this method
    std::vector<std::pair<std::string, std::int64_t>> parameters;
    std::string allowed;  ///< methods the path has, e.g. "GET, DELETE"; empty: no such path
  };
  [[nodiscard]] Match find(Method method, const RequestTarget& target) const;
  [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }

 private:
  Route& insert(Route route);
  std::vector<Route> routes_;
};

}  // namespace duheng::platform::web
