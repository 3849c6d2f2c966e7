#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "platform/alarms/alarm_machine.hpp"
#include "platform/orders/operation_log.hpp"
#include "platform/organisations/scope.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform::alarms {

/// An alarm as people see it, with the names of what it is about.
struct AlarmRow {
  Alarm alarm{};
  std::string subject_name{};  ///< empty: known by its id only
  SiteId site{};
  std::string site_name{};
  OrganisationId organisation{};
  std::string organisation_zh{};
  std::string organisation_en{};
};

enum class AlarmPart : std::uint8_t {
  open,     ///< everything that is not closed and not shelved
  active,   ///< of those, what holds now
  over,     ///< of those, what is over and not yet acknowledged
  shelved,  ///< not closed, but put aside
  closed,
  all,
};
enum class AlarmSort : std::uint8_t { severity, raised, changed };

/// What is empty or 0 asks for everything.
struct AlarmQuery {
  AlarmPart part = AlarmPart::open;
  std::optional<Severity> severity_min{};
  std::optional<bool> acknowledged{};
  std::string kind{};
  std::optional<SubjectKind> subject_kind{};
  std::string subject{};
  SiteId site{};
  OrganisationId organisation{};  ///< with all below it
  std::int64_t held_by = 0;       ///< those shown under that alarm; 0: those shown by themselves
  AlarmSort sort = AlarmSort::severity;
  bool ascending = false;
  std::int64_t page = 1;
  std::int64_t page_size = 50;  ///< 1 to 200
};
struct AlarmPage {
  std::vector<AlarmRow> alarms{};
  std::int64_t total = 0;
};

/// Of what is shown, active and not shelved.
struct AlarmCounts {
  std::array<std::int64_t, 4> active{};          ///< by severity
  std::array<std::int64_t, 4> unacknowledged{};  ///< of those
  std::int64_t shelved = 0;
  friend bool operator==(const AlarmCounts&, const AlarmCounts&) = default;
};

/// What came of one deed on several alarms.
struct DeedOutcome {
  std::vector<std::int64_t> done{};
  std::vector<std::pair<std::int64_t, Error>> refused{};
};

struct AlarmBookOptions {
  MachineRules rules{};
  std::size_t bundle = 5'000;          ///< conditions taken into one transaction
  std::size_t queue_max = 200'000;     ///< then of each condition only the newest word is kept
  std::size_t unstored_max = 500'000;  ///< history entries kept while the records cannot be written; then the oldest go
  std::int64_t retry_ms = 1'000;
};

/// The alarms of the platform: takes conditions from every part, keeps alarms and their history in the records, tells
/// who listens. Every change and its history entry are one transaction, so a kill loses at most conditions not yet
/// taken in, and who raised them says them again. History entries are chained by hash and cannot be changed by SQL.
/// Thread-safe.
class AlarmBook final : public ConditionSink {
 public:
  static constexpr std::size_t deeds_max = 500;
  static constexpr std::size_t note_octets_max = 500;
  /// Needs the tables of Organisations, Sites, Gateways, Devices, People and OrderService.
  [[nodiscard]] static records::Capability migrations();
  /// `topology` outlives the book and may answer only after a while. Errors: as Database; storage_corrupt - the
  /// history's end does not match its hash.
  [[nodiscard]] static Result<std::unique_ptr<AlarmBook>> open(records::Database& database, const Clock& clock,
                                                               const Topology& topology,
                                                               const AlarmBookOptions& options = {});
  ~AlarmBook() override;
  AlarmBook(const AlarmBook&) = delete;
  AlarmBook& operator=(const AlarmBook&) = delete;

  void raise(const Condition& condition) override;
  void clear(std::string_view kind, const Subject& subject) override;

  /// Starts the thread that takes conditions in; without it step() is called by hand.
  void start();
  /// One bundle, and what time brings. False: nothing was to do.
  bool step();

  /// Called after every stored change, from the thread that stored it: hand it on. One listener; empty: none.
  void on_change(std::function<void()> listener);
  /// Rises with every stored change.
  [[nodiscard]] std::uint64_t revision() const noexcept;
  /// Rises whenever an alarm asked for somebody's eyes.
  [[nodiscard]] std::uint64_t rings() const noexcept;

  /// Errors: invalid_argument - page or page size out of range.
  [[nodiscard]] Result<AlarmPage> list(const Scope& scope, const AlarmQuery& query);
  /// Errors: not_found.
  [[nodiscard]] Result<AlarmRow> get(const Scope& scope, std::int64_t number);
  /// Oldest first, at most 1,000 of the newest. Errors: not_found.
  [[nodiscard]] Result<std::vector<Transition>> history(const Scope& scope, std::int64_t number);
  /// Kept until something changes.
  [[nodiscard]] Result<AlarmCounts> counts(const Scope& scope);

  /// People's doings: all that can be done is done and stored together with the operation log, the rest is told.
  /// Errors: limit_exceeded - more than `deeds_max`, or the text is too long; as Database - nothing was done.
  [[nodiscard]] Result<DeedOutcome> acknowledge(const Author& author, std::span<const std::int64_t> numbers,
                                                std::string_view note);
  [[nodiscard]] Result<DeedOutcome> shelve(const Author& author, std::span<const std::int64_t> numbers,
                                           std::string_view reason, std::int64_t until_utc_ms);
  [[nodiscard]] Result<DeedOutcome> unshelve(const Author& author, std::span<const std::int64_t> numbers);

  /// The subjects of that kind whose alarm stands: for whoever watches, to begin from after a restart.
  [[nodiscard]] std::vector<Subject> standing(std::string_view kind);
  [[nodiscard]] std::size_t open_alarms();
  /// Conditions waiting to be taken in, and history entries waiting to be stored.
  struct Waiting {
    std::size_t conditions = 0;
    std::size_t entries = 0;
    std::uint64_t entries_dropped = 0;
  };
  [[nodiscard]] Waiting waiting();
  /// Goes through the whole history. Errors: storage_corrupt - which entry does not follow from the one before.
  [[nodiscard]] Result<std::int64_t> verify_history();

 private:
  struct State;
  explicit AlarmBook(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace duheng::platform::alarms
