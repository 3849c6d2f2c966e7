#include "platform/alarms/alarm_book.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "platform/alarms/alarm_tables.hpp"

namespace duheng::platform::alarms {
namespace {

/// What a part of the platform said.
struct Word {
  Condition condition{};
  bool raised = false;
};
using Key = std::pair<std::string, Subject>;

constexpr std::int64_t idle_ms = 500;

}  // namespace

struct AlarmBook::State {
  State(records::Database& the_database, const Clock& the_clock, const Topology& topology,
        const AlarmBookOptions& the_options)
      : database(the_database), clock(the_clock), options(the_options), machine(topology, the_options.rules) {}

  [[nodiscard]] Result<void> load();
  void say(Word word);
  bool work();
  [[nodiscard]] bool take_words();
  [[nodiscard]] Result<void> store(std::span<const OperationEntry> operations);
  void gather(Changes changes);
  void stored();
  void run(const std::stop_token& stop);

  using Deed = std::function<Result<void>(std::int64_t number, std::int64_t now)>;
  [[nodiscard]] Result<DeedOutcome> do_deed(const Author& author, std::span<const std::int64_t> numbers,
                                            std::string_view action, std::string_view text, const Deed& deed);
  [[nodiscard]] Result<std::vector<AlarmRow>> visible(const Scope& scope, std::span<const std::int64_t> numbers,
                                                      DeedOutcome& outcome);

  records::Database& database;
  const Clock& clock;
  const AlarmBookOptions options;

  std::mutex words_mutex;  // guards what follows
  std::condition_variable words_came;
  std::vector<Word> words;
  std::size_t fold_at = 0;

  std::mutex work_mutex;  // guards what follows; held while a change is stored
  AlarmMachine machine;
  Changes unstored;
  std::uint64_t entries_dropped = 0;
  std::int64_t retry_at_ms = 0;
  crypto::Hash256 last_hash{};

  std::atomic<std::uint64_t> revision{1};
  std::atomic<std::uint64_t> rings{0};

  std::mutex listener_mutex;  // guards listener; held while it is called, so that it may go away after on_change({})
  std::function<void()> listener;

  std::mutex counts_mutex;  // guards what follows
  std::uint64_t counts_revision = 0;
  std::map<std::int64_t, AlarmCounts> counts;  // by the scope's root

  std::jthread thread;
};

// --- what the platform says ------------------------------------------------------------------------------------------

void AlarmBook::raise(const Condition& condition) { state_->say({condition, true}); }

void AlarmBook::clear(std::string_view kind, const Subject& subject) {
  state_->say({{.kind = std::string{kind}, .subject = subject, .facts = {}}, false});
}

void AlarmBook::State::say(Word word) {
  {
    std::lock_guard lock{words_mutex};
    if (words.size() >= std::max(options.queue_max, fold_at)) {
      // Nobody takes them: of each condition the newest word is enough.
      std::map<Key, std::size_t> newest;
      for (std::size_t i = 0; i < words.size(); ++i) newest[{words[i].condition.kind, words[i].condition.subject}] = i;
      std::vector<std::size_t> kept;
      for (const auto& [key, index] : newest) kept.push_back(index);
      std::ranges::sort(kept);
      std::vector<Word> folded;
      for (const std::size_t index : kept) folded.push_back(std::move(words[index]));
      words.swap(folded);
      fold_at = words.size() * 2;
    }
    words.push_back(std::move(word));
  }
  words_came.notify_one();
}

/// Needs work_mutex.
bool AlarmBook::State::take_words() {
  std::vector<Word> taken;
  {
    std::lock_guard lock{words_mutex};
    const std::size_t count = std::min(words.size(), options.bundle);
    const auto end = words.begin() + static_cast<std::ptrdiff_t>(count);
    taken.assign(std::make_move_iterator(words.begin()), std::make_move_iterator(end));
    words.erase(words.begin(), end);
  }
  const std::int64_t now = clock.utc_ms();
  for (const Word& word : taken) {
    if (word.raised) {
      machine.raise(word.condition, now);
    } else {
      machine.clear(word.condition.kind, word.condition.subject, now);
    }
  }
  machine.advance(now);
  gather(machine.take_changes(now));
  return !taken.empty();
}

void AlarmBook::State::gather(Changes changes) {
  if (changes.rang) rings.fetch_add(1);
  for (auto& [number, alarm] : changes.alarms) unstored.alarms[number] = std::move(alarm);
  std::ranges::move(changes.transitions, std::back_inserter(unstored.transitions));
  if (unstored.transitions.size() > options.unstored_max) {
    const std::size_t most = unstored.transitions.size() - options.unstored_max;
    unstored.transitions.erase(unstored.transitions.begin(),
                               unstored.transitions.begin() + static_cast<std::ptrdiff_t>(most));
    entries_dropped += most;
  }
}

// --- storing ---------------------------------------------------------------------------------------------------------

/// Everything that waits, with what people did, in one transaction. Needs work_mutex.
Result<void> AlarmBook::State::store(std::span<const OperationEntry> operations) {
  crypto::Hash256 hash = last_hash;
  const std::int64_t now = clock.utc_ms();
  const Result<void> done = database.write([&](records::Transaction& t) -> Result<void> {
    hash = last_hash;
    for (const auto& [number, alarm] : unstored.alarms) DUHENG_CHECK(tables::store(t, alarm, now));
    for (const Transition& one : unstored.transitions) DUHENG_CHECK(tables::append(t, one, hash));
    for (const OperationEntry& one : operations) DUHENG_CHECK(write_operation(t, one));
    return {};
  });
  if (!done) return done;
  last_hash = hash;
  unstored = {};
  return {};
}

/// Outside of every lock but the listener's.
void AlarmBook::State::stored() {
  revision.fetch_add(1);
  std::lock_guard lock{listener_mutex};
  if (listener) listener();
}

bool AlarmBook::State::work() {
  bool something = false;
  {
    std::lock_guard lock{work_mutex};
    something = take_words();
    if (unstored.empty()) return something;
    const std::int64_t now_ms = clock.monotonic_ms();
    if (now_ms < retry_at_ms) return something;
    if (const auto done = store({}); !done) {
      retry_at_ms = now_ms + options.retry_ms;
      log::warning("alarms", "alarms cannot be stored now and wait in memory",
                   {{"error", done.error()}, {"entries", unstored.transitions.size()}});
      return something;
    }
  }
  stored();
  return true;
}

bool AlarmBook::step() { return state_->work(); }

void AlarmBook::State::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (work()) continue;
    std::unique_lock lock{words_mutex};
    // What time brings is looked for twice a second: an alarm's delays are seconds.
    words_came.wait_for(lock, std::chrono::milliseconds{idle_ms},
                        [&] { return !words.empty() || stop.stop_requested(); });
  }
}

void AlarmBook::start() {
  state_->thread = std::jthread{[state = state_.get()](const std::stop_token& stop) { state->run(stop); }};
}

// --- people ----------------------------------------------------------------------------------------------------------

/// The rows a caller may act on; the others are told as refused.
Result<std::vector<AlarmRow>> AlarmBook::State::visible(const Scope& scope, std::span<const std::int64_t> numbers,
                                                        DeedOutcome& outcome) {
  return database.read([&](records::Transaction& t) -> Result<std::vector<AlarmRow>> {
    std::vector<AlarmRow> rows;
    for (const std::int64_t number : numbers) {
      DUHENG_TRY(auto row, tables::find(t, scope, number));
      if (row) {
        rows.push_back(std::move(*row));
      } else {
        outcome.refused.emplace_back(number,
                                     Error{ErrorCode::not_found, "there is no alarm " + std::to_string(number)});
      }
    }
    return rows;
  });
}

Result<DeedOutcome> AlarmBook::State::do_deed(const Author& author, std::span<const std::int64_t> numbers,
                                              std::string_view action, std::string_view text, const Deed& deed) {
  if (numbers.size() > deeds_max)
    return fail(ErrorCode::limit_exceeded, "at most " + std::to_string(deeds_max) + " alarms at once");
  if (text.size() > note_octets_max)
    return fail(ErrorCode::limit_exceeded, "a note has at most " + std::to_string(note_octets_max) + " octets");
  DeedOutcome outcome;
  DUHENG_TRY(const std::vector<AlarmRow> rows, visible(author.scope, numbers, outcome));
  {
    std::lock_guard lock{work_mutex};
    const std::int64_t now = clock.utc_ms();
    (void)take_words();
    if (!unstored.empty()) DUHENG_CHECK(store({}));  // so that what is undone below is this deed alone
    std::vector<Alarm> before;
    std::vector<OperationEntry> operations;
    for (const AlarmRow& row : rows) {
      const Alarm* const alarm = machine.find(row.alarm.number);
      const Alarm was = alarm == nullptr ? Alarm{} : *alarm;
      if (const auto done = deed(row.alarm.number, now); !done) {
        outcome.refused.emplace_back(row.alarm.number, done.error());
        continue;
      }
      before.push_back(was);
      outcome.done.push_back(row.alarm.number);
      OperationEntry operation = operation_of(author, action, now);
      if (row.alarm.subject.kind == SubjectKind::device && !row.subject_name.empty())
        operation.device = DeviceId{std::stoll(row.alarm.subject.id)};
      operation.detail = "alarm " + std::to_string(row.alarm.number) + " " + row.alarm.kind + " of " +
                         std::string{to_string(row.alarm.subject.kind)} + " " + row.alarm.subject.id;
      if (!text.empty()) operation.detail.append(": ").append(text);
      operations.push_back(std::move(operation));
    }
    if (outcome.done.empty()) return outcome;
    gather(machine.take_changes(now));
    if (const auto done = store(operations); !done) {
      for (const Alarm& was : before) machine.put_back(was);
      unstored = {};
      return std::unexpected(done.error());
    }
  }
  stored();
  return outcome;
}

Result<DeedOutcome> AlarmBook::acknowledge(const Author& author, std::span<const std::int64_t> numbers,
                                           std::string_view note) {
  return state_->do_deed(author, numbers, "acknowledge_alarm", note, [&](std::int64_t number, std::int64_t now) {
    return state_->machine.acknowledge(number, author.name, note, now);
  });
}

Result<DeedOutcome> AlarmBook::shelve(const Author& author, std::span<const std::int64_t> numbers,
                                      std::string_view reason, std::int64_t until_utc_ms) {
  return state_->do_deed(author, numbers, "shelve_alarm", reason, [&](std::int64_t number, std::int64_t now) {
    return state_->machine.shelve(number, author.name, reason, until_utc_ms, now);
  });
}

Result<DeedOutcome> AlarmBook::unshelve(const Author& author, std::span<const std::int64_t> numbers) {
  return state_->do_deed(author, numbers, "unshelve_alarm", {}, [&](std::int64_t number, std::int64_t now) {
    return state_->machine.unshelve(number, author.name, now);
  });
}

// --- asking ----------------------------------------------------------------------------------------------------------

Result<AlarmPage> AlarmBook::list(const Scope& scope, const AlarmQuery& query) {
  return state_->database.read([&](records::Transaction& t) { return tables::list(t, scope, query); });
}

Result<AlarmRow> AlarmBook::get(const Scope& scope, std::int64_t number) {
  DUHENG_TRY(auto row, state_->database.read([&](records::Transaction& t) { return tables::find(t, scope, number); }));
  if (!row) return fail(ErrorCode::not_found, "there is no alarm " + std::to_string(number));
  return std::move(*row);
}

Result<std::vector<Transition>> AlarmBook::history(const Scope& scope, std::int64_t number) {
  DUHENG_CHECK(get(scope, number));
  return state_->database.read([&](records::Transaction& t) { return tables::history(t, number); });
}

Result<AlarmCounts> AlarmBook::counts(const Scope& scope) {
  const std::int64_t root = scope.root().value;
  const std::uint64_t revision = state_->revision.load();
  {
    std::lock_guard lock{state_->counts_mutex};
    if (state_->counts_revision != revision) {
      state_->counts.clear();
      state_->counts_revision = revision;
    }
    if (const auto it = state_->counts.find(root); it != state_->counts.end()) return it->second;
  }
  DUHENG_TRY(AlarmCounts counts,
             state_->database.read([&](records::Transaction& t) { return tables::counts(t, scope); }));
  std::lock_guard lock{state_->counts_mutex};
  if (state_->counts_revision == revision) state_->counts[root] = counts;
  return counts;
}

std::vector<Subject> AlarmBook::standing(std::string_view kind) {
  std::vector<Subject> out;
  std::lock_guard lock{state_->work_mutex};
  state_->machine.each([&](const Alarm& alarm) {
    if (alarm.kind == kind && alarm.stage == Stage::active) out.push_back(alarm.subject);
  });
  return out;
}

std::size_t AlarmBook::open_alarms() {
  std::lock_guard lock{state_->work_mutex};
  return state_->machine.open();
}

AlarmBook::Waiting AlarmBook::waiting() {
  Waiting out;
  {
    std::lock_guard lock{state_->words_mutex};
    out.conditions = state_->words.size();
  }
  std::lock_guard lock{state_->work_mutex};
  out.entries = state_->unstored.transitions.size();
  out.entries_dropped = state_->entries_dropped;
  return out;
}

Result<std::int64_t> AlarmBook::verify_history() {
  return state_->database.read([](records::Transaction& t) { return tables::verify_history(t); });
}

void AlarmBook::on_change(std::function<void()> listener) {
  std::lock_guard lock{state_->listener_mutex};
  state_->listener = std::move(listener);
}

std::uint64_t AlarmBook::revision() const noexcept { return state_->revision.load(); }
std::uint64_t AlarmBook::rings() const noexcept { return state_->rings.load(); }

// --- beginning and end -----------------------------------------------------------------------------------------------

records::Capability AlarmBook::migrations() { return tables::migrations(); }

Result<void> AlarmBook::State::load() {
  return database.read([&](records::Transaction& t) -> Result<void> {
    DUHENG_TRY(const tables::HistoryEnd end, tables::history_end(t));
    last_hash = end.hash;
    DUHENG_TRY(std::vector<Alarm> alarms, tables::open_alarms(t));
    DUHENG_TRY(const std::int64_t last, tables::last_number(t));
    machine.restore(std::move(alarms), last);
    return {};
  });
}

AlarmBook::AlarmBook(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<AlarmBook>> AlarmBook::open(records::Database& database, const Clock& clock,
                                                   const Topology& topology, const AlarmBookOptions& options) {
  auto state = std::make_unique<State>(database, clock, topology, options);
  DUHENG_CHECK(state->load());
  return std::unique_ptr<AlarmBook>(new AlarmBook(std::move(state)));
}

AlarmBook::~AlarmBook() {
  state_->thread.request_stop();
  state_->words_came.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
  (void)state_->work();  // what was said last
}

}  // namespace duheng::platform::alarms
