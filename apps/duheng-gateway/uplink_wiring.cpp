#include "uplink_wiring.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "control_wiring.hpp"
#include "link/backoff.hpp"
#include "rpc/enrolment_client.hpp"
#include "rpc/uplink_client.hpp"

namespace duheng {
namespace {

constexpr std::size_t code_bytes_max = 1'024;
constexpr std::int64_t enrolment_timeout_ms = 5'000;

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

}  // namespace

struct UplinkWiring::Impl : std::enable_shared_from_this<UplinkWiring::Impl> {
  Impl(link::EventLoop& l, Disk& d, const Clock& c, Random& r, gateway::GatewayService& s)
      : loop(l),
        disk(d),
        clock(c),
        random(r),
        service(s),
        identity(rpc::IdentityFiles::in(s.config().data_directory + "/identity")) {}

  link::EventLoop& loop;
  Disk& disk;
  const Clock& clock;
  Random& random;
  gateway::GatewayService& service;
  rpc::IdentityFiles identity;
  std::unique_ptr<ControlWiring> control;
  std::shared_ptr<rpc::UplinkClient> client;  // also held by a notice under way in the storage thread
  std::mutex mutex;
  std::condition_variable stop_wanted;
  bool stopping = false;
  std::string enrolment_error;  // guarded by `mutex`
  std::thread enrolment;

  bool enrolled() {
    return disk.exists(identity.key) && disk.exists(identity.certificate_chain) && disk.exists(identity.trust_root);
  }

  void connect() {
    rpc::UplinkClientOptions options;
    options.address = service.config().uplink.address;
    options.server_name = service.config().uplink.server_name;
    options.identity = identity;
    options.sender.software_version = DUHENG_VERSION;
    client = std::make_shared<rpc::UplinkClient>(
        service.batch_source(), clock, disk, random, [this] { return service.uplink_status(); }, std::move(options));
    service.spool().on_durable([held = client](std::uint64_t, std::uint64_t) { held->new_batch(); });

    rpc::ControlClientOptions orders;
    orders.address = service.config().uplink.address;
    orders.server_name = service.config().uplink.server_name;
    orders.identity = identity;
    control = std::make_unique<ControlWiring>(loop, disk, clock, random, service, std::move(orders), DUHENG_VERSION);
  }

  /// On its own thread: one try. True when the gateway has its certificate.
  bool try_to_enrol() {
    const auto& uplink = service.config().uplink;
    Error problem;
    if (const auto code = read_file(disk, uplink.enrolment_code_file, code_bytes_max); !code) {
      problem = code.error();
    } else if (const auto prepared = disk.make_directories(service.config().data_directory + "/identity"); !prepared) {
      problem = prepared.error();
    } else {
      const auto result = rpc::enrol(disk, clock, uplink.enrolment_address, trimmed(as_text(*code)), DUHENG_VERSION,
                                     identity, enrolment_timeout_ms);
      if (result) {
        log::info("enrolment", "enrolled", {{"gateway", result->gateway_name}, {"id", result->gateway.value}});
        return true;
      }
      problem = result.error();
    }
    const std::scoped_lock lock(mutex);
    if (enrolment_error != problem.message) log::error("enrolment", "cannot enrol; trying again", {{"error", problem}});
    enrolment_error = problem.message;
    return false;
  }

  void enrol_until_done() {
    link::Backoff backoff({500, 60'000});
    while (!try_to_enrol()) {
      std::unique_lock lock(mutex);
      if (stop_wanted.wait_for(lock, std::chrono::milliseconds(backoff.next_ms(random)), [this] { return stopping; }))
        return;
    }
    loop.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->connect();
    });
  }

  gateway::UplinkHealth health() {
    gateway::UplinkHealth out;
    out.enrolled = enrolled();
    if (!client) {
      const std::scoped_lock lock(mutex);
      out.last_error = enrolment_error;
      return out;
    }
    const auto figures = client->statistics();
    out.online = figures.online;
    out.connections = figures.connections;
    out.batches_acknowledged = figures.batches_acknowledged;
    out.last_acknowledged_utc_ms = figures.last_acknowledged_utc_ms;
    out.last_error = figures.last_error;
    return out;
  }

  void begin() {
    service.set_uplink_health([this] { return health(); });
    const auto& uplink = service.config().uplink;
    if (uplink.address.empty()) return log::warning("uplink", "no platform is configured; readings stay in the spool");
    if (enrolled()) return connect();
    if (uplink.enrolment_address.empty())
      return log::error("uplink",
                        "this gateway has no certificate and no enrolment is configured; readings stay in the spool");
    enrolment = std::thread([this] { enrol_until_done(); });
  }

  void end() {
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
    }
    stop_wanted.notify_all();
    if (enrolment.joinable()) enrolment.join();
    control.reset();
    service.set_uplink_health({});
    service.spool().on_durable({});
    client.reset();
  }
};

UplinkWiring::UplinkWiring(link::EventLoop& loop, Disk& disk, const Clock& clock, Random& random,
                           gateway::GatewayService& service)
    : impl_(std::make_shared<Impl>(loop, disk, clock, random, service)) {
  impl_->begin();
}

UplinkWiring::~UplinkWiring() { impl_->end(); }

}  // namespace duheng
