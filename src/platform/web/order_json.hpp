#pragma once
// Private to the handlers: brings nlohmann-json in.
#include "platform/orders/job.hpp"
#include "platform/web/api_json.hpp"

namespace duheng::platform::web {

[[nodiscard]] Json job_json(const Job& job);
/// As in a list; frames only with `detail`.
[[nodiscard]] Json order_json(const OrderRow& order);
[[nodiscard]] Json order_detail_json(const OrderRow& order, bool english);
/// One line for each value of an order, one at least. RFC 4180; texts that a spreadsheet would compute are quoted so
/// that it does not.
/// One cell by the same rules.
void append_csv_cell(std::string_view text, std::string& out);
void append_csv(const OrderRow& order, std::string& out);
[[nodiscard]] std::string_view csv_head() noexcept;

}  // namespace duheng::platform::web
