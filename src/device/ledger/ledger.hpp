#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/disk.hpp"

namespace duheng::device {

/// What is known of an answer from the device's side. Stored: append, never renumber.
enum class AnswerFate : std::uint8_t {
  open = 0,       ///< sent; nobody can tell whether the master made it durable
  confirmed = 1,  ///< the master went on to another question over the same connection: it says the answer is durable
  spoiled = 2,    ///< never arrived whole, by the device side's own doing (collision, simulated noise)
};

/// One answer a virtual meter gave.
struct LedgerEntry {
  std::uint64_t number = 0;      ///< 1, 2, 3 ... over the ledger's whole life
  std::string address;           ///< 12 digits, as the meter shows it
  std::uint32_t di = 0;          ///< data identifier DI3..DI0; 0 for answers that carry none
  Bytes octets;                  ///< the frame as sent
  std::int64_t sent_utc_ms = 0;  ///< taken just before sending
  AnswerFate fate = AnswerFate::open;
};

/// A command that a virtual device has carried out. A device counts its commands and keeps the count with what they
/// changed, so that none stands here twice and none that had its effect is missing, whenever the fleet is killed.
struct LedgerCommand {
  std::uint64_t number = 0;                     ///< 1, 2, 3 ... over the ledger's whole life
  std::string address;                          ///< as in LedgerEntry
  std::uint64_t device_number = 0;              ///< 1, 2, 3 ... over the device's
  std::uint16_t function = 0;                   ///< the protocol's own
  std::uint32_t identifier = 0;                 ///< what was written or done; the protocol's own
  std::array<std::uint8_t, 32> request_hash{};  ///< SHA-256 over the request: the same request again has the same
  std::int64_t utc_ms = 0;
  friend bool operator==(const LedgerCommand&, const LedgerCommand&) = default;
};

/// The append-only book of all answers, written before they are sent, so that a fleet killed at any moment has at most
/// answers in it that nobody saw (their fate stays `open`), never the other way round. Not synchronised: it must
/// outlive the process, not a loss of power. Holds the newest `bytes_max` to twice that, in two files.
class LedgerWriter {
 public:
  /// Goes on with the numbers of an existing ledger; an unfinished record at its end is cut off.
  /// Errors: storage_failed, storage_full; storage_corrupt - not a ledger.
  [[nodiscard]] static Result<std::unique_ptr<LedgerWriter>> open(Disk& disk, std::string path,
                                                                  std::uint64_t bytes_max = 256U << 20);

  /// Writes an answer down and returns its number; only then may it be sent.
  [[nodiscard]] Result<std::uint64_t> answer(std::string_view address, std::uint32_t di, ByteView octets,
                                             std::int64_t sent_utc_ms);
  /// Writes a command down, its `number` being given here. False: it stands there already, by its device number.
  [[nodiscard]] Result<bool> command(const LedgerCommand& command);
  /// Noted at once, written with the next record: a confirmation that is missing only makes the check weaker.
  void confirm(std::uint64_t number);
  void spoil(std::uint64_t number);
  /// Writes what confirm() and spoil() noted.
  [[nodiscard]] Result<void> flush();
  [[nodiscard]] std::uint64_t answer_count() const noexcept { return next_number_ - 1; }
  [[nodiscard]] std::uint64_t command_count() const noexcept { return command_count_; }

 private:
  LedgerWriter(Disk& disk, std::string path, std::uint64_t bytes_max)
      : disk_(disk), path_(std::move(path)), bytes_max_(bytes_max) {}
  void note(std::uint8_t kind, ByteView payload);
  [[nodiscard]] Result<void> start_file();
  [[nodiscard]] Result<void> take_up_old();
  [[nodiscard]] Result<std::uint64_t> take_up(ByteView bytes, const std::string& path);

  Disk& disk_;
  std::string path_;
  std::uint64_t bytes_max_;
  std::unique_ptr<File> file_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t next_number_ = 1;
  std::uint64_t command_count_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> device_numbers_;  // of the last command of each device
  Bytes noted_;
  Bytes payload_;
};

/// Decides, for one connection to devices, which answers are confirmed by what the master asks next. A repeated
/// question is no confirmation: the master may not have received the answer. An answer in several frames (DL/T 645) is
/// confirmed as a whole or not at all.
class LedgerTrail {
 public:
  explicit LedgerTrail(LedgerWriter& ledger) : ledger_(ledger) {}
  /// Before a question is answered.
  void question(ByteView octets);
  /// Before its answer is sent. Errors: as LedgerWriter::answer; the answer must then not be sent.
  [[nodiscard]] Result<void> answer(std::string_view address, std::uint32_t di, ByteView octets,
                                    std::int64_t now_utc_ms, bool spoiled = false);
  /// The connection ended, or a new one began on the same line.
  void cut() noexcept;

 private:
  LedgerWriter& ledger_;
  Bytes last_question_;
  std::vector<std::uint64_t> waiting_;  ///< answers to it
  std::vector<std::uint64_t> parts_;    ///< earlier frames of the same answer
  bool more_follows_ = false;           ///< the newest answer says so
};

/// Reads a ledger that may be being written: a record not yet whole ends the reading. Errors: not_found;
/// storage_corrupt.
[[nodiscard]] Result<std::vector<LedgerEntry>> read_ledger(Disk& disk, const std::string& path);
/// The commands of the same two files. Errors: as read_ledger().
[[nodiscard]] Result<std::vector<LedgerCommand>> read_ledger_commands(Disk& disk, const std::string& path);

/// One frame as somebody else (the platform) holds it.
struct ObservedFrame {
  std::string address;
  Bytes response;
  std::int64_t received_utc_ms = 0;
};
struct LedgerComparison {
  std::uint64_t answers = 0;  ///< in the ledger, spoiled ones left out
  std::uint64_t confirmed = 0;
  std::uint64_t observed = 0;
  std::uint64_t lost = 0;             ///< confirmed, but not observed
  std::uint64_t doubled = 0;          ///< observed more often than answered
  std::uint64_t unknown = 0;          ///< observed, but no meter ever said so
  std::vector<std::string> examples;  ///< some findings in words, at most 20
  [[nodiscard]] bool sound() const noexcept { return lost == 0 && doubled == 0 && unknown == 0; }
};
/// Compares as multisets of (address, octets). Equal answers of one meter (a register that stood still) are told apart
/// by number alone: of n confirmed and m open equal answers, at least n and at most n + m must be observed.
[[nodiscard]] LedgerComparison compare_with_ledger(const std::vector<LedgerEntry>& ledger,
                                                   const std::vector<ObservedFrame>& observed);

}  // namespace duheng::device
