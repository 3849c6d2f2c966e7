#include <cstdlib>

#include "platform/web/alarm_requests.hpp"
#include "platform/web/completeness_requests.hpp"
#include "platform/web/edit_requests.hpp"
#include "platform/web/export_requests.hpp"
#include "platform/web/live_service.hpp"
#include "platform/web/onboarding_requests.hpp"
#include "platform/web/order_requests.hpp"
#include "platform/web/routes.hpp"

// What clients send as JSON: logins, changes of password, questions to the analyser, jobs, devices and
// channels to be added, edits, decisions, points, and live subscriptions.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::platform::web;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto login = parse_log_in(text); login && (login->name.size() > 400 || login->password.size() > 4'000))
    abort();
  if (const auto change = parse_password_change(text);
      change && (change->old_password.size() > 4'000 || change->new_password.size() > 4'000))
    abort();
  if (const auto question = parse_analysis_question(text); question && question->text.size() > size) abort();
  if (const auto order = parse_frame_order(text); order && order->parameters.size() > 50) abort();
  if (const auto wanted = parse_subscription(text, 200)) {
    if (wanted->devices.size() > 200 || wanted->jobs.size() > live_jobs_max) abort();
    for (const auto id : wanted->devices) {
      if (id.value <= 0) abort();
    }
    for (const auto id : wanted->jobs) {
      if (id <= 0) abort();
    }
  }
  if (const auto job = parse_job_request(text)) {
    if (job->devices.empty() != job->filter.has_value()) abort();
    if (job->job.lifetime_ms < 0 || job->job.content.registers.size() > 256) abort();
  }
  if (const auto access = parse_device_access(text);
      access && (access->password.empty() || access->password.size() > 64))
    abort();
  if (const auto device = parse_new_device(text); device && (device->address.empty() || device->gateway.value <= 0))
    abort();
  if (const auto channel = parse_new_channel(text); channel && channel->name.empty()) abort();
  if (const auto change = parse_connection_change(text); change && change->gateway.value <= 0) abort();
  if (const auto adoptions = parse_adoption(text); adoptions && (adoptions->empty() || adoptions->size() > 1'000))
    abort();
  if (const auto ids = parse_dismissal(text); ids && ids->size() > 1'000) abort();
  if (const auto wanted = parse_export_request(text)) {
    const bool chosen =
        wanted->all_devices || !wanted->devices.empty() || !wanted->sites.empty() || !wanted->series.empty();
    if (!chosen || wanted->name.size() > 200 || wanted->range.from_utc_ms < 0) abort();
  }
  if (const auto edit = parse_edit_request(text, -2);
      edit && edit->values.size() > duheng::platform::edit_service_limits::values_max)
    abort();
  if (const auto wanted = parse_estimate_request(text); wanted && wanted->command.interval_ms < 0) abort();
  if (const auto decision = parse_finding_decision(text)) {
    if ((decision->action == FindingDecision::Action::correct) != decision->value.has_value()) abort();
  }
  if (const auto point = parse_point_request(text); point && point->details.organisation.value <= 0) abort();
  if (const auto wanted = parse_reread_request(text); wanted && wanted->register_name.empty()) abort();
  if (const auto exchange = parse_exchange_request(text); exchange && exchange->at_utc_ms < 0) abort();
  for (const AlarmDeedKind kind : {AlarmDeedKind::acknowledge, AlarmDeedKind::shelve, AlarmDeedKind::unshelve}) {
    if (const auto deed = parse_alarm_deed(text, kind);
        deed && (deed->numbers.empty() || deed->numbers.size() > 500 || deed->text.size() > 500))
      abort();
  }
  static_cast<void>(parse_commit(text));
  return 0;
}
