#include "gateway/service/live_plan.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.hpp"
#include "gateway/plan/plan_file.hpp"

namespace duheng::gateway {

LivePlan::LivePlan(Surroundings surroundings, LiveField& field, const CallInLines& call_ins,
                   std::vector<std::string> models, std::uint32_t file_devices)
    : surroundings_(std::move(surroundings)),
      field_(field),
      call_ins_(call_ins),
      models_(std::move(models)),
      file_devices_(file_devices),
      applier_(field) {}

void LivePlan::restore() {
  auto plan = read_plan_file(surroundings_.disk, surroundings_.path);
  if (!plan) {
    log::error("plan", "the platform's plan cannot be read; it will send it again", {{"error", plan.error()}});
    return;
  }
  if (!*plan) return;
  hash_ = hash_of(**plan);
  if (auto moments = read_sum_moments(surroundings_.disk, moments_path()))
    field_.know_moments(std::move(*moments));
  else
    log::error("plan", "since when the plan's sums are as they are cannot be read; they begin now",
               {{"error", moments.error()}});
  static_cast<void>(applier_.take(std::move(**plan)));  // it was checked when it was read
  while (applier_.advance(steps_at_once)) continue;
  in_force();
  log::info("plan", "serving the platform's plan as kept here",
            {{"version", applier_.plan().version},
             {"devices", applier_.devices_served()},
             {"left_out", applier_.problems().size()}});
}

void LivePlan::take(FieldPlan plan) {
  const auto hash = hash_of(plan);
  if (hash == hash_) {  // the platform has not heard of it yet
    news_ = true;
    return;
  }
  if (const auto taken = applier_.take(std::move(plan)); !taken) {
    log::error("plan", "a plan of the platform is refused", {{"error", taken.error()}});
    return;
  }
  hash_ = hash;
  save();
  if (!going_on_) go_on();
}

void LivePlan::go_on() {
  going_on_ = applier_.advance(steps_at_once);
  surroundings_.field_changed();
  if (going_on_) {
    surroundings_.post([this] { go_on(); });
    return;
  }
  in_force();
  log::info("plan", "the platform's plan is in force",
            {{"version", applier_.plan().version},
             {"channels", applier_.channels_served()},
             {"devices", applier_.devices_served()},
             {"left_out", applier_.problems().size()}});
}

void LivePlan::in_force() {
  save_moments();
  in_force_version_ = applier_.plan().version;
  in_force_hash_ = hash_;
  news_ = true;
}

void LivePlan::save() {
  save_again_ms_ = INT64_MAX;
  surroundings_.store([plan = applier_.plan(), path = surroundings_.path,
                       &disk = surroundings_.disk] { return write_plan_file(disk, path, plan); },
                      [this](const Result<void>& outcome) {
                        if (outcome) return;
                        log::error("plan",
                                   "the platform's plan cannot be kept here; after a restart it must be sent again",
                                   {{"error", outcome.error()}});
                        save_again_ms_ = surroundings_.clock.monotonic_ms() + save_retry_ms;
                      });
}

void LivePlan::save_moments() {
  save_moments_again_ms_ = INT64_MAX;
  if (!field_.take_moments_changed()) return;
  surroundings_.store([moments = field_.moments(), path = moments_path(),
                       &disk = surroundings_.disk] { return write_sum_moments(disk, path, moments); },
                      [this](const Result<void>& outcome) {
                        if (outcome) return;
                        log::error("plan", "since when sums are as they are cannot be kept here",
                                   {{"error", outcome.error()}});
                        field_.moments_unsaved();
                        save_moments_again_ms_ = surroundings_.clock.monotonic_ms() + save_retry_ms;
                      });
}

void LivePlan::look_around() {
  if (save_moments_again_ms_ <= surroundings_.clock.monotonic_ms()) save_moments();
  if (save_again_ms_ <= surroundings_.clock.monotonic_ms()) save();
  if (const auto channels = field_.channels_fingerprint(); channels != told_channels_) {
    told_channels_ = channels;
    news_ = true;
  }
  if (news_ && !applier_.busy() && report_changed_) {
    news_ = false;
    report_changed_();
  }
  if (const auto revision = call_ins_.unknown_revision(); revision != told_unknown_ && unknown_changed_) {
    told_unknown_ = revision;
    unknown_changed_();
  }
}

FieldPlanReport LivePlan::report() const {
  FieldPlanReport out;
  out.version = in_force_version_;
  out.hash = in_force_hash_;
  // A report is one message: beyond these there is no more to learn from it.
  const auto& problems = applier_.problems();
  out.problems.assign(problems.begin(),
                      problems.begin() + static_cast<std::ptrdiff_t>(std::min(problems.size(), problems_told_max)));
  if (problems.size() > problems_told_max)
    out.problems.push_back({"", fmt::format("{} more", problems.size() - problems_told_max)});
  out.channels = field_.channels();
  if (out.channels.size() > channels_told_max) out.channels.resize(channels_told_max);
  out.models = models_;
  out.file_devices = file_devices_;
  return out;
}

std::vector<FieldUnknownDevice> LivePlan::unknown_devices() const {
  return call_ins_.unknown_devices(unknown_devices_max);
}

}  // namespace duheng::gateway
