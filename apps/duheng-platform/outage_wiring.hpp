#pragma once
#include <thread>

#include "platform/completeness/outage_book.hpp"
#include "platform/web/api_services.hpp"
#include "store/records/database.hpp"

namespace duheng::platform {

/// Writes down once a minute what is wrong and why, so that the causes of past days are those of then. Begins with
/// give_to(); before it ends nobody may use the services.
class OutageWiring {
 public:
  OutageWiring(records::Database& database, const Clock& clock) : book_(database, clock) {}
  void give_to(web::ApiServices& services);
  /// What the services refer to may go then.
  void stop();

 private:
  void watch(const std::stop_token& stop);
  OutageBook book_;
  const web::ApiServices* services_ = nullptr;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace duheng::platform
