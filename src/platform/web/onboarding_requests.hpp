#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "platform/imports/file_import.hpp"
#include "platform/onboarding/onboarding.hpp"

namespace duheng::platform::web {

// Read bodies of requests. Faults name the field; an organisation left out is 0.
[[nodiscard]] Checked<NewDevice> parse_new_device(std::string_view body);
[[nodiscard]] Checked<FieldChannel> parse_new_channel(std::string_view body);
[[nodiscard]] Checked<ConnectionChange> parse_connection_change(std::string_view body);
[[nodiscard]] Checked<std::vector<Adoption>> parse_adoption(std::string_view body);
[[nodiscard]] Checked<std::vector<std::int64_t>> parse_dismissal(std::string_view body);
[[nodiscard]] Checked<CommitMode> parse_commit(std::string_view body);

}  // namespace duheng::platform::web
