#include "gateway/call_in/call_in_desk.hpp"

#include <algorithm>
#include <optional>

namespace duheng::gateway {

using drivers::Moment;

struct CallInDesk::Guest {
  std::string peer;
  std::vector<std::unique_ptr<drivers::Dialect>> dialects;  // by options_.drivers
  std::uint32_t asked = 0;                                  // questions put so far
  std::size_t octets = 0;
  Bytes request;  // the last question
  std::int64_t sent_utc_ms = 0;
  std::multimap<std::int64_t, std::uint64_t>::iterator deadline;
};

/// Takes the first whole frame that comes from a device.
struct CallInDesk::Finder final : drivers::FrameListener {
  void on_frame(const drivers::HeardFrame& frame) override {
    if (!frame.from_device || found) return;
    found = frame.device;
    octets.assign(frame.octets.begin(), frame.octets.end());
  }
  std::optional<drivers::BusAddress> found;
  Bytes octets;
};

CallInDesk::CallInDesk(CallInOptions options) : options_(std::move(options)) {}
CallInDesk::~CallInDesk() = default;

void CallInDesk::expect(const drivers::Driver& driver, const drivers::BusAddress& address, std::uint32_t device) {
  expected_.insert_or_assign({&driver, address}, device);
  if (unknown_.erase({&driver, address}) > 0) ++unknown_revision_;
}

void CallInDesk::forget(const drivers::Driver& driver, const drivers::BusAddress& address) {
  expected_.erase({&driver, address});
}

void CallInDesk::accepted(std::uint64_t connection, std::string peer, const Moment& now, CallInOutput& out) {
  ++counts_.accepted;
  if (guests_.size() >= options_.unidentified_max) {
    ++counts_.refused_full;
    out.close(connection);
    return;
  }
  auto guest = std::make_unique<Guest>();
  guest->peer = std::move(peer);
  for (const auto* driver : options_.drivers) guest->dialects.push_back(driver->dialect());
  guest->deadline = deadlines_.emplace(now.monotonic_ms, connection);
  auto& kept = *guests_.insert_or_assign(connection, std::move(guest)).first->second;
  ask(connection, kept, now, out);
}

/// The next question; when all have been put, and waited for, the connection is hung up.
void CallInDesk::ask(std::uint64_t connection, Guest& guest, const Moment& now, CallInOutput& out) {
  const auto questions = static_cast<std::uint32_t>(options_.drivers.size()) * options_.rounds;
  deadlines_.erase(guest.deadline);
  guest.deadline = deadlines_.emplace(now.monotonic_ms + options_.answer_timeout_ms, connection);
  while (guest.asked < questions) {
    const std::size_t index = guest.asked++ % options_.drivers.size();
    const auto question = options_.drivers[index]->identification();
    if (!question) continue;  // such devices name themselves
    constexpr std::uint8_t wake_up_octets = 4;
    guest.dialects[index]->build(question->address, question->query, 0, wake_up_octets, guest.request);
    guest.sent_utc_ms = now.utc_ms;
    out.send(connection, guest.request);
    return;
  }
  if (guest.asked++ == questions) return;  // the last answer may still be on its way
  ++counts_.silent;
  dismiss(connection, out);
}

void CallInDesk::octets(std::uint64_t connection, ByteView octets, const Moment& now, CallInOutput& out) {
  const auto found = guests_.find(connection);
  if (found == guests_.end()) return;
  auto& guest = *found->second;
  for (std::size_t i = 0; i < guest.dialects.size(); ++i) {
    Finder finder;
    guest.dialects[i]->feed(octets, finder);
    if (finder.found) {
      CallInEvidence evidence{{}, std::move(finder.octets), 0, now};
      const auto question = options_.drivers[i]->identification();
      const drivers::HeardFrame frame{evidence.response, *finder.found, true};
      if (question && guest.dialects[i]->judge(frame, question->query, 0, guest.request).fit == drivers::Fit::whole) {
        evidence.request = guest.request;
        evidence.sent_utc_ms = guest.sent_utc_ms;
      }
      settle(connection, {options_.drivers[i], *finder.found}, std::move(evidence), out);
      return;
    }
  }
  guest.octets += octets.size();
  if (guest.octets <= options_.octets_max) return;
  ++counts_.talkative;
  dismiss(connection, out);
}

void CallInDesk::settle(std::uint64_t connection, const Name& name, CallInEvidence evidence, CallInOutput& out) {
  const auto ours = expected_.find(name);
  if (ours == expected_.end()) {
    ++counts_.unknown;
    remember(name, guests_.at(connection)->peer, evidence.received);
    dismiss(connection, out);
    return;
  }
  ++counts_.identified;
  closed(connection);
  out.assign(connection, ours->second, std::move(evidence));
}

void CallInDesk::remember(const Name& name, const std::string& peer, const Moment& now) {
  auto found = unknown_.find(name);
  if (found == unknown_.end()) {
    if (unknown_.size() >= options_.unknown_devices_max && !unknown_.empty())
      unknown_.erase(
          std::ranges::min_element(unknown_, {}, [](const auto& entry) { return entry.second.last_utc_ms; }));
    UnknownDevice fresh;
    fresh.driver = name.first;
    fresh.address = name.first->address_text(name.second);
    fresh.first_utc_ms = now.utc_ms;
    found = unknown_.emplace(name, std::move(fresh)).first;
  }
  found->second.peer = peer;
  found->second.last_utc_ms = now.utc_ms;
  ++found->second.calls;
  ++unknown_revision_;
}

void CallInDesk::dismiss(std::uint64_t connection, CallInOutput& out) {
  closed(connection);
  out.close(connection);
}

void CallInDesk::closed(std::uint64_t connection) {
  const auto found = guests_.find(connection);
  if (found == guests_.end()) return;
  deadlines_.erase(found->second->deadline);
  guests_.erase(found);
}

void CallInDesk::tick(const Moment& now, CallInOutput& out) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now.monotonic_ms) {
    const std::uint64_t connection = deadlines_.begin()->second;
    ask(connection, *guests_.at(connection), now, out);
  }
}

std::int64_t CallInDesk::next_wake_ms() const { return deadlines_.empty() ? INT64_MAX : deadlines_.begin()->first; }

CallInStatistics CallInDesk::statistics() const {
  auto out = counts_;
  out.waiting = guests_.size();
  return out;
}

std::vector<UnknownDevice> CallInDesk::unknown_devices() const {
  std::vector<UnknownDevice> out;
  for (const auto& [name, device] : unknown_) out.push_back(device);
  std::ranges::sort(out, std::greater<>{}, &UnknownDevice::last_utc_ms);
  return out;
}

}  // namespace duheng::gateway
