#pragma once
#include <optional>
#include <vector>

#include "device/dlt698/registers.hpp"

namespace duheng::device::meter698 {

/// What a meter answers to a client's APDU.
struct Reply {
  Bytes apdu;
  std::uint32_t identifier = 0;  ///< the first OAD or OMD asked for; 0 when none was
  std::size_t frame_octets_max = 0;
};

/// The application layer of a meter: services, associations, security, block transfer. Knows no frames.
///
/// Takes GET (one, list, record, record list, next block), SET and ACTION (one, list, with reading back), CONNECT
/// (public; with password), RELEASE, SECURITY (plain with RN, RN and MAC, SID, SID and MAC). Other services are refused
/// with ERROR "not supported", what cannot be read with ERROR "cannot be parsed". Blocks are numbered from 1. A client
/// has one association and one transfer under way; at most `clients_max` clients are remembered.
/// MACs are a stand-in, the first four octets of HMAC-SHA256 over RN (or SID) and APDU: what an ESAM does is not
/// public.
class Application {
 public:
  static constexpr std::size_t clients_max = 8;
  Application(const Dlt698MeterOptions& options, Registers& registers) : options_(options), registers_(registers) {}

  /// Nothing when the meter keeps silent: not a client's APDU, or a change could not be kept.
  /// `request`: the frame as it came, to know a command again by.
  [[nodiscard]] std::optional<Reply> answer(std::int64_t utc_ms, std::uint8_t client, ByteView apdu, ByteView request);
  /// What was said to everybody: sets the clock; anything else is not heard.
  void broadcast(std::int64_t utc_ms, ByteView apdu, ByteView request);

 private:
  struct Association {
    std::int64_t expires_utc_ms = 0;
    std::int64_t timeout_ms = 0;
    bool has_password = false;
    std::uint16_t frame_octets_max = 0;
    std::uint16_t apdu_octets_max = 0;
  };
  /// One result of a GET: whole, or records still to be read.
  struct Item {
    Bytes whole;
    std::optional<RecordSelection> records;
  };
  struct Transfer {
    std::vector<Item> items;
    bool of_records = false;
    std::size_t item = 0;
    std::size_t row = 0;
    std::uint16_t block = 0;  ///< the last one sent
    Bytes last_block;
    [[nodiscard]] bool is_done() const noexcept { return item == items.size(); }
  };
  struct Client {
    std::uint8_t address = 0;
    std::optional<Association> association;
    std::optional<Transfer> transfer;
  };
  struct Question {
    std::int64_t utc_ms;
    std::uint8_t client;
    bool is_proven;  ///< a MAC over it was right
    const dlt698::Node& root;
    std::uint8_t piid = 0;
    Bytes time_tag;  ///< as it came; empty without one
    bool is_stale = false;
  };
  struct Entries {
    Bytes octets;
    std::size_t count = 0;
  };

  [[nodiscard]] Client& client(std::uint8_t address);
  [[nodiscard]] const Association* association(std::uint8_t address) const;
  void renew(std::int64_t utc_ms, std::uint8_t address);

  [[nodiscard]] std::optional<Reply> plain(std::int64_t utc_ms, std::uint8_t client, ByteView apdu, bool is_proven);
  [[nodiscard]] std::optional<Reply> serve(const Question& question);
  [[nodiscard]] std::optional<Reply> secured(std::int64_t utc_ms, std::uint8_t client, ByteView apdu);
  [[nodiscard]] Bytes mac_of(ByteView salt, ByteView apdu) const;

  [[nodiscard]] Reply connect(const Question& question);
  [[nodiscard]] Reply release(const Question& question);
  [[nodiscard]] Reply get(const Question& question);
  [[nodiscard]] Reply get_next(const Question& question);
  [[nodiscard]] std::optional<Reply> set(const Question& question);
  [[nodiscard]] std::optional<Reply> act(const Question& question);

  [[nodiscard]] Dar may_write(const Question& question) const;
  /// Keeps what the items whose result is success have done to the draft, all at once. False: it could not be kept.
  [[nodiscard]] bool keep(State draft, const Question& question, const std::vector<std::uint32_t>& identifiers,
                          const std::vector<Dar>& results);
  void note_command(State& draft, std::int64_t utc_ms, std::uint8_t service, std::uint32_t identifier) const;
  [[nodiscard]] Bytes result_of(const Question& question, dlt698::Oad oad) const;
  [[nodiscard]] Item records_of(const Question& question, const dlt698::Node& request) const;
  [[nodiscard]] Entries next_entries(Transfer& transfer, std::size_t octets_max) const;
  void append_rows(Entries& into, Transfer& transfer, std::size_t octets_max) const;
  [[nodiscard]] static Bytes block(const Transfer& transfer, const Entries& entries);
  [[nodiscard]] std::size_t apdu_octets_max(std::uint8_t client) const;
  [[nodiscard]] Reply reply(const Question& question, std::uint8_t choice, ByteView body,
                            std::uint32_t identifier = 0) const;
  [[nodiscard]] Reply error(const Question& question, std::uint8_t type) const;

  const Dlt698MeterOptions& options_;
  Registers& registers_;
  std::vector<Client> clients_;  // the latest heard last
  ByteView request_;             // the frame being answered
};

}  // namespace duheng::device::meter698
