// Arbitrary octets at arbitrary moments: the session must neither crash nor deliver an answer that its own frame does
// not carry.
#include <cstdlib>

#include "codec/dlt645/message.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/dlt645/dialect.hpp"

namespace {

using namespace duheng;

struct Checker final : drivers::SessionOutput {
  void send(ByteView octets) override { sent += octets.size(); }
  void deliver(const drivers::Exchange& exchange) override {
    newest = exchange.number > newest ? exchange.number : newest;
    if (exchange.outcome != drivers::Outcome::answered) return;
    const auto frame = dlt645::decode_at_start(exchange.response);
    if (!frame || !(frame->address() == addresses[exchange.meter])) std::abort();
    const auto plain = frame->plain_data();
    if (*dlt645::read_identifier(plain.view()) !=
        dlt645::DataIdentifier{static_cast<std::uint32_t>(exchange.query->subject)})
      std::abort();
  }
  void reopen() override { reopened = true; }
  std::array<dlt645::Address, 2> addresses;
  std::size_t sent = 0;
  std::uint64_t newest = 0;
  bool reopened = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in({data, size});
  const std::uint8_t flags = in.u8();
  drivers::Session session(drivers::make_dlt645_dialect(),
                           {.reopen_after_timeout = (flags & 1) != 0, .octet_time_us = (flags & 2) != 0 ? 4'583 : 0});
  Checker checker;
  checker.addresses = {*dlt645::Address::parse("161"), *dlt645::Address::parse("201000000012")};
  for (const auto& address : checker.addresses) session.add_meter(drivers::bus_address(address), {500, 1, 1});
  drivers::Moment now{0, 1};
  session.opened(now, checker);
  while (in.ok() && !in.at_end()) {
    const std::uint8_t step = in.u8();
    now.monotonic_ms += (step & 0x0F) * 40;
    now.utc_ms = now.monotonic_ms;
    if (session.waiting_questions() < 4)
      static_cast<void>(session.ask(step & 1, drivers::dlt645_read({(step & 2) != 0 ? 0x00010000U : 0x02010100U}), 0));
    session.advance(now, checker);
    const std::size_t length = std::min<std::size_t>(in.u8(), in.remaining());
    session.octets(now, in.raw(length), checker);
    session.timer(now, checker);
    if ((step & 0x10) != 0) session.stored_through(checker.newest, now, checker);
    if ((step & 0xE0) == 0xE0) session.closed();
    if (checker.reopened || !session.is_open()) {
      checker.reopened = false;
      session.opened(now, checker);
    }
  }
  return 0;
}
