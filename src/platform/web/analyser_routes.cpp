#include <map>
#include <mutex>
#include <set>

#include "platform/analyser/analyser.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/problem.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

namespace hexlog = codec::hexlog;
using analyser::Label;

// Text of 1 MiB, every character escaped by a backslash, and what stands around it.
constexpr std::size_t body_bytes_max = 3U << 20;
constexpr std::int64_t work_ns_max = 10'000'000'000;
constexpr std::size_t analyses_at_once_max = 2;
constexpr std::size_t parameters_max = 50;

void put_label(Json& out, const std::string& name, const Label& label) {
  out[name + "_zh"] = label.chinese;
  out[name + "_en"] = label.english;
}
void put_text(Json& out, const std::string& name, const codec::BilingualText& text) {
  out[name + "_zh"] = text.chinese;
  out[name + "_en"] = text.english;
}

/// What a frame is and says; where it stood is the caller's.
Json frame_json(const analyser::Item& item) {
  Json out{{"protocol", item.protocol->name},
           {"hex", to_hex(item.octets)},
           {"is_valid", item.is_valid},
           {"has_fault", item.has_fault},
           {"address", item.address}};
  put_text(out, "summary", item.summary);
  put_text(out, "fault", item.fault);
  out["decoded"] = Json::parse(item.json, nullptr, false);
  Json fields = nullptr;
  if (item.fields) {
    fields = Json::array();
    for (const auto& field : *item.fields) fields.push_back(field_json(field));
  }
  out["fields"] = std::move(fields);
  return out;
}

Json item_json(const analyser::Item& item) {
  Json out{{"line", item.line},
           {"column", item.column},
           {"last_line", item.last_line},
           {"offset", item.offset},
           {"direction", hexlog::to_string(item.direction)},
           {"time", item.time_text}};
  if (item.protocol == nullptr) {
    out["gap"] = {{"hex", to_hex(item.octets)}};
  } else {
    out["frame"] = frame_json(item);
  }
  return out;
}

Json log_json(const hexlog::HexLog& log) {
  Json skipped = Json::array();
  for (const auto& line : log.skipped) {
    skipped.push_back({{"line", line.line}, {"reason", hexlog::to_string(line.reason)}, {"text", line.excerpt}});
  }
  return {{"lines", log.lines},
          {"blank_lines", log.blank_lines},
          {"skipped_lines", log.skipped_lines},
          {"octets", log.octets},
          {"skipped", std::move(skipped)}};
}

HttpResponse text_answer(const Json& body) {
  HttpResponse response;
  response.content_type = "application/json";
  // A log's or a device's text may be cut within a character.
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

/// Keeps analyses from taking all workers: one at a time for a user, few in all.
class UnderWay {
 public:
  [[nodiscard]] bool begin(UserId user) {
    std::lock_guard lock{mutex_};
    return users_.size() < analyses_at_once_max && users_.insert(user.value).second;
  }
  void end(UserId user) {
    std::lock_guard lock{mutex_};
    users_.erase(user.value);
  }

 private:
  std::mutex mutex_;
  std::set<std::int64_t> users_;
};

class Turn {
 public:
  Turn(UnderWay& under_way, UserId user) : under_way_(under_way), user_(user), is_mine_(under_way.begin(user)) {}
  ~Turn() {
    if (is_mine_) under_way_.end(user_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  [[nodiscard]] bool is_mine() const noexcept { return is_mine_; }

 private:
  UnderWay& under_way_;
  UserId user_;
  bool is_mine_;
};

Result<HttpResponse> analyse_text(ApiServices& services, UnderWay& under_way, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const AnalysisQuestion asked, parse_analysis_question(context.request.body));
  const Turn turn{under_way, context.caller->user};
  if (!turn.is_mine()) {
    return problem(429, "throttled", "another analysis is under way; wait", context.request_id, 1);
  }
  const std::int64_t until_ns = services.clock.monotonic_ns() + work_ns_max;
  const auto analysis = analyser::analyse({.text = asked.text, .protocol = asked.protocol, .is_apdu = asked.is_apdu},
                                          [&] { return services.clock.monotonic_ns() > until_ns; });
  if (!analysis) return std::unexpected(analysis.error());
  Json items = Json::array();
  for (const auto& item : analysis->items) items.push_back(item_json(item));
  return text_answer({{"frames", analysis->frames},
                      {"valid_frames", analysis->valid_frames},
                      {"gaps", analysis->gaps},
                      {"gap_octets", analysis->gap_octets},
                      {"log", log_json(analysis->log)},
                      {"items", std::move(items)}});
}

Json parameter_json(const analyser::Parameter& parameter) {
  Json out{{"name", parameter.name}, {"type", analyser::to_string(parameter.type)}};
  put_label(out, "label", parameter.label);
  put_label(out, "help", parameter.help);
  out["unit"] = parameter.unit;
  out["default"] = parameter.default_value;
  out["is_required"] = parameter.required;
  out["is_secret"] = parameter.secret;
  if (parameter.maximum > 0) {
    out["minimum"] = parameter.minimum;
    out["maximum"] = parameter.maximum;
  }
  if (!parameter.choices.empty()) {
    Json choices = Json::array();
    for (const auto& choice : parameter.choices) {
      Json one{{"value", choice.value}};
      put_label(one, "label", choice.label);
      choices.push_back(std::move(one));
    }
    out["choices"] = std::move(choices);
  }
  return out;
}

Json builder_json(const analyser::Builder& builder) {
  Json out{{"kind", builder.kind}};
  put_label(out, "label", builder.label);
  out["speaker"] = builder.speaker == analyser::Speaker::master ? "master" : "device";
  out["is_apdu"] = builder.is_apdu;
  Json parameters = Json::array();
  for (const auto& parameter : builder.parameters) parameters.push_back(parameter_json(parameter));
  out["parameters"] = std::move(parameters);
  return out;
}

Result<HttpResponse> list_builders(RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  Json protocols = Json::array();
  for (const auto& protocol : analyser::protocols()) {
    Json one{{"name", protocol.name}};
    put_label(one, "label", protocol.label);
    one["example"] = protocol.example;
    one["has_apdu"] = protocol.apdu_to_json != nullptr;
    one["apdu_example"] = protocol.apdu_example;
    Json builders = Json::array();
    for (const auto& builder : protocol.builders) builders.push_back(builder_json(builder));
    one["builders"] = std::move(builders);
    protocols.push_back(std::move(one));
  }
  return text_answer({{"text_bytes_max", hexlog::limits::text_bytes_max}, {"protocols", std::move(protocols)}});
}

Result<HttpResponse> build_frame(RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const FrameOrder order, parse_frame_order(context.request.body));
  DUHENG_TRY(const analyser::Item item, analyser::build(order.protocol, order.kind, order.parameters));
  return text_answer(frame_json(item));
}

bool has_text(const Json& json, const char* name) { return json.contains(name) && json[name].is_string(); }

}  // namespace

Result<AnalysisQuestion> parse_analysis_question(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  const bool has_apdu = json.is_object() && json.contains("apdu");
  if (!json.is_object() || json.size() != (has_apdu ? 3 : 2) || !has_text(json, "text") ||
      !has_text(json, "protocol") || (has_apdu && !json["apdu"].is_boolean())) {
    return fail(ErrorCode::malformed, "the body must be an object with text, protocol and, if wanted, apdu");
  }
  return AnalysisQuestion{json["text"].get<std::string>(), json["protocol"].get<std::string>(),
                          has_apdu && json["apdu"].get<bool>()};
}

Result<FrameOrder> parse_frame_order(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || json.size() != 3 || !has_text(json, "protocol") || !has_text(json, "kind") ||
      !json.contains("parameters") || !json["parameters"].is_object() || json["parameters"].size() > parameters_max) {
    return fail(ErrorCode::malformed, "the body must be an object with protocol, kind and parameters");
  }
  FrameOrder out{json["protocol"].get<std::string>(), json["kind"].get<std::string>(), {}};
  for (const auto& [name, value] : json["parameters"].items()) {
    if (!value.is_string()) return fail(ErrorCode::malformed, "every parameter is a text");
    out.parameters.emplace(name, value.get<std::string>());
  }
  return out;
}

void add_analyser_routes(Router& router, ApiServices& services) {
  const auto under_way = std::make_shared<UnderWay>();
  router.add(
      Method::post, "/api/v1/analyser/frames", "analyseFrames", Permission::any_session(),
      [&services, under_way](RequestContext& context) { return analyse_text(services, *under_way, context); },
      body_bytes_max);
  router.add(Method::get, "/api/v1/analyser/builders", "listFrameBuilders", Permission::any_session(), list_builders);
  router.add(Method::post, "/api/v1/analyser/build", "buildFrame", Permission::any_session(), build_frame);
}

}  // namespace duheng::platform::web
