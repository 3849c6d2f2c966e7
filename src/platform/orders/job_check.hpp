#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drivers/models/device_model.hpp"
#include "platform/orders/job.hpp"

namespace duheng::platform {

/// What a model says of a job: whether its devices can do it, and how dangerous that is.
struct ModelJudgement {
  std::string refusal;  ///< machine word; empty: they can
  std::string detail;   ///< why not, in English
  bool needs_password = false;
};

struct JobJudgement {
  std::map<std::string, ModelJudgement, std::less<>> by_model;
  Danger danger = Danger::none;  ///< the highest of those models that can
  std::string title_zh;
  std::string title_en;
  std::vector<std::string> secret_arguments;
};

/// Holds a job against the models of its devices. Errors: invalid_argument - the job itself makes no sense (nothing to
/// read, an empty time), or no device's model can do it: the message is the first model's.
[[nodiscard]] Result<JobJudgement> judge_job(const drivers::ModelLibrary& models, const NewJob& job,
                                             std::int64_t now_utc_ms);

/// Whether the job changes the speed of whole lines: then it is for all devices of them, or for none.
[[nodiscard]] bool is_for_whole_lines(const drivers::ModelLibrary& models, const NewJob& job);

/// A whole line moves or stays: what one of its devices cannot do is done at none of them.
/// Errors: conflict - names such a device.
[[nodiscard]] Result<void> check_lines(const JobJudgement& judgement, const NewJob& job);

/// Commands that give a supply back, or keep it: protection is no reason against them.
[[nodiscard]] bool gives_supply(std::string_view command) noexcept;

}  // namespace duheng::platform
