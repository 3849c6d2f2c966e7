#pragma once
#include <cstdint>
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
  /// Noted at once, written with the next record: a confirmation that is missing only makes the check weaker.
  void confirm(std::uint64_t number);
  void spoil(std::uint64_t number);
  /// Writes what confirm() and spoil() noted.
  [[nodiscard]] Result<void> flush();
  [[nodiscard]] std::uint64_t answer_count() const noexcept { return next_number_ - 1; }

 private:
  LedgerWriter(Disk& disk, std::string path, std::uint64_t bytes_max)
      : disk_(disk), path_(std::move(path)), bytes_max_(bytes_max) {}
  void note(std::uint8_t kind, ByteView payload);
  [[nodiscard]] Result<void> start_file();

  Disk& disk_;
  std::string path_;
  std::uint64_t bytes_max_;
  std::unique_ptr<File> file_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t next_number_ = 1;
  Bytes noted_;
  Bytes payload_;
};

/// Decides, for one connection to devices, which answers are confirmed by what the master asks next. A repeated
/// question is no confirmation: the master may not have received the answer.
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
  std::vector<std::uint64_t> waiting_;
};

/// Reads a ledger that may be being written: a record not yet whole ends the reading. Errors: not_found;
/// storage_corrupt.
[[nodiscard]] Result<std::vector<LedgerEntry>> read_ledger(Disk& disk, const std::string& path);

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
