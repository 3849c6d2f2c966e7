#pragma once
// For tests only: devices that exist as numbers, lines that lose what they carry, a disk that loses power.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/simulated_disk.hpp"
#include "drivers/dlt645/driver.hpp"
#include "gateway/orders/order_runner.hpp"

namespace duheng::gateway::testing {

enum class Verb : std::uint16_t { write = 1, read = 2, connect = 3, unreadable = 4, history = 5 };

inline drivers::Query query_of(Verb verb, std::string_view body = {}, bool at_most_once = false) {
  drivers::Query query;
  query.operation = static_cast<std::uint16_t>(verb);
  query.body.assign(body.begin(), body.end());
  query.at_most_once = at_most_once;
  return query;
}

/// Writes the argument "value"; with `connects` a step that changes nothing comes before.
class WriteOperation final : public drivers::Operation {
 public:
  explicit WriteOperation(bool connects) : connects_(connects) {}
  [[nodiscard]] Result<std::vector<drivers::Query>> build(const drivers::OperationInputs& inputs) const override {
    if (inputs.password.empty()) return fail(ErrorCode::forbidden, "a password is needed");
    std::vector<drivers::Query> out;
    if (connects_) out.push_back(query_of(Verb::connect));
    out.push_back(query_of(Verb::write, inputs.arguments.at("value"), true));
    return out;
  }
  [[nodiscard]] bool needs_password() const override { return true; }

 private:
  bool connects_;
};

class NumberReader final : public drivers::AnswerReader {
 public:
  [[nodiscard]] bool read(ByteView payload, std::vector<drivers::ItemValue>& out) const override {
    if (payload.size() != 8) return false;
    ByteReader in(payload);
    out.push_back({0, drivers::ItemState::good, static_cast<std::int64_t>(in.u64()), 0, ""});
    return true;
  }
};

/// Three answers with one value each.
class ThreePieces final : public drivers::HistoryPlan {
  class Run final : public drivers::HistoryRun {
   public:
    explicit Run(const drivers::HistoryRange& range) : range_(range), through_(range.from_utc_ms) {}
    std::optional<drivers::Query> next() override {
      if (piece_ == 3) return std::nullopt;
      ++piece_;
      return query_of(Verb::history);
    }
    bool answered(ByteView payload, std::vector<drivers::HistoryValue>& out) override {
      through_ = range_.from_utc_ms + (range_.to_utc_ms - range_.from_utc_ms) * piece_ / 3;
      if (payload.size() != 8) return false;
      out.push_back({0, drivers::ItemState::good, piece_, 0, "", through_});
      return true;
    }
    bool refused(std::uint32_t error) override { return error == 2; }
    [[nodiscard]] std::int64_t complete_through_utc_ms() const override { return through_; }

   private:
    drivers::HistoryRange range_;
    std::int64_t through_;
    int piece_ = 0;
  };

 public:
  [[nodiscard]] std::unique_ptr<drivers::HistoryRun> begin(const drivers::HistoryRange& range) const override {
    return std::make_unique<Run>(range);
  }
};

inline std::shared_ptr<const drivers::DeviceModel> number_model() {
  const drivers::ModelItem item{"number", "", 0, SeriesKind::decimal, 0, {}};
  drivers::ModelArgument argument;
  argument.name = "value";
  argument.type = drivers::ArgumentType::integer;
  drivers::DeviceModel model;
  model.id = "number";
  model.driver = &drivers::dlt645_driver();
  const drivers::ModelQuestion question{query_of(Verb::read), std::make_shared<NumberReader>(), {item}};
  model.groups.push_back({"live", 60'000, {question}});
  drivers::ModelCommand command;
  command.name = "set";
  command.arguments = {argument};
  command.operation = std::make_shared<WriteOperation>(true);
  drivers::ReadBack read_back;
  read_back.question = question;
  read_back.expectations.push_back({0, UINT64_MAX, 0, "value"});
  read_back.within_ms = 10'000;
  command.read_back = read_back;
  model.commands.push_back(command);
  command.name = "set_blind";
  command.read_back.reset();
  model.commands.push_back(command);
  drivers::ModelParameter parameter;
  parameter.name = "number";
  parameter.value = argument;
  parameter.write = std::make_shared<WriteOperation>(false);
  parameter.question = question;
  model.parameters.push_back(parameter);
  drivers::ModelHistory history;
  history.name = "profile";
  history.items = {item};
  history.plan = std::make_shared<ThreePieces>();
  model.histories.push_back(history);
  return std::make_shared<const drivers::DeviceModel>(std::move(model));
}

class OrderWorld final : public FieldAccess {
 public:
  struct Asked {
    std::uint32_t device;
    drivers::Query query;
    std::uint32_t ticket;
  };
  struct Device {
    std::string uid;
    std::uint32_t channel;
    std::int64_t number = 0;
    bool silent = false;
  };
  OrderWorld() { start(); }

  void start() {
    auto opened = OrderLog::open(disk, "orders.log");
    log = opened ? std::move(*opened) : nullptr;
    if (log) runner = std::make_unique<OrderRunner>(clock, *this, log->take_found());
    asked.clear();
  }
  void restart() {
    runner.reset();
    log.reset();
    start();
  }
  /// Lets the runner work until it wants nothing more at this moment.
  void settle() {
    for (int i = 0; i < 100 && runner; ++i) {
      runner->work();
      const bool wrote = write_log();
      if (!wrote && runner->next_wake_ms() > clock.monotonic_ms()) return;
    }
  }
  bool write_log() {
    const auto write = runner->take_log_write();
    if (!write) return false;
    runner->written(write->replace ? log->replace(write->records) : log->append(write->records));
    return true;
  }
  void advance_ms(std::int64_t ms) {
    clock.advance_ms(ms);
    settle();
  }
  [[nodiscard]] Asked* asked_on(std::uint32_t channel) {
    const auto found = asked.find(channel);
    return found == asked.end() ? nullptr : &found->second;
  }
  /// The question leaves; returns whether the device did what it says, when it says something.
  void execute(const Asked& question) {
    if (static_cast<Verb>(question.query.operation) != Verb::write) return;
    const std::int64_t value = std::stoll(std::string(as_text(question.query.body)));
    devices[question.device].number = value;
    ++executed[value];
  }
  void count_sending(const Asked& question) {
    if (question.query.at_most_once) ++sent[std::stoll(std::string(as_text(question.query.body)))];
  }
  void answer(std::uint32_t channel, drivers::Outcome outcome, std::uint32_t error = 0, bool late = false,
              std::optional<Asked> earlier = {}) {
    const Asked question = earlier ? *earlier : asked.at(channel);
    if (!late) asked.erase(channel);
    Bytes payload;
    const auto verb = static_cast<Verb>(question.query.operation);
    if (outcome == drivers::Outcome::answered && (verb == Verb::read || verb == Verb::history))
      ByteWriter(payload).u64(static_cast<std::uint64_t>(devices[question.device].number));
    drivers::Exchange exchange;
    exchange.query = &question.query;
    exchange.outcome = outcome;
    exchange.error = error;
    exchange.late = late;
    exchange.payload = payload;
    exchange.received = {clock.monotonic_ms(), clock.utc_ms()};
    runner->exchange(question.ticket, exchange, {Protocol::dlt645_2007, {1}, {2}, clock.utc_ms(), clock.utc_ms()});
    runner->stir(devices[question.device].channel);
  }
  /// Sent, done, answered.
  void carry_out(std::uint32_t channel) {
    const Asked question = asked.at(channel);
    count_sending(question);
    execute(question);
    answer(channel, drivers::Outcome::answered);
    settle();
  }
  void close(std::uint32_t channel, bool was_sent) {
    open[channel] = false;
    const auto found = asked.find(channel);
    if (found == asked.end()) return;
    const Asked question = found->second;
    asked.erase(found);
    if (was_sent) count_sending(question);
    runner->lost(question.ticket, was_sent);
  }
  void reopen(std::uint32_t channel) {
    open[channel] = true;
    runner->stir(channel);
  }
  std::vector<OrderReport> reports() {
    settle();
    auto out = runner->take_reports(1'000);
    std::vector<OrderId> ids;
    for (const auto& report : out) ids.push_back(report.id);
    runner->received(ids);
    return out;
  }

  // FieldAccess
  [[nodiscard]] std::optional<Place> find(std::string_view uid) const override {
    for (std::uint32_t i = 0; i < devices.size(); ++i)
      if (devices[i].uid == uid) return Place{i, devices[i].channel, model};
    return std::nullopt;
  }
  [[nodiscard]] Readiness readiness(std::uint32_t device) const override {
    if (!open.at(devices[device].channel)) return Readiness::away;
    return devices[device].silent ? Readiness::silent : Readiness::ready;
  }
  [[nodiscard]] bool has_room(std::uint32_t) const override { return room; }
  [[nodiscard]] bool ask(std::uint32_t device, const drivers::Query& query, std::uint32_t ticket) override {
    const std::uint32_t channel = devices[device].channel;
    if (asked.contains(channel)) two_at_once = true;
    asked.emplace(channel, Asked{device, query, ticket});
    return true;
  }
  void probe(std::uint32_t) override { ++probes; }
  [[nodiscard]] bool note(const drivers::ModelQuestion& question, const drivers::Exchange& exchange,
                          std::vector<OrderValue>& out) override {
    std::vector<drivers::ItemValue> values;
    if (!question.reader->read(exchange.payload, values)) return false;
    for (const auto& value : values) {
      const auto& item = question.items[value.item];
      out.push_back({item.register_name, item.unit, value.exponent, item.kind, value.mantissa, Quality::good,
                     exchange.received.utc_ms, false});
    }
    return true;
  }
  void note_history(const std::vector<drivers::ModelItem>& items, std::span<const drivers::HistoryValue> values,
                    std::vector<OrderValue>* out) override {
    for (const auto& value : values)
      out->push_back({items[value.item].register_name, "", 0, SeriesKind::decimal, value.mantissa, Quality::good,
                      value.time_utc_ms, false});
  }

  void note_finding(const Register&, std::int64_t, std::int64_t) override {}
  [[nodiscard]] bool clock_suspect() const override { return false; }

  ManualClock clock{1'763'712'000'000};
  SimulatedDisk disk;
  std::shared_ptr<const drivers::DeviceModel> model = number_model();
  std::vector<Device> devices{{"a", 0}, {"b", 0}, {"c", 1}};
  std::map<std::uint32_t, bool> open{{0, true}, {1, true}};
  std::map<std::uint32_t, Asked> asked;  ///< by channel
  std::map<std::int64_t, int> sent;      ///< writes that left, by their value
  std::map<std::int64_t, int> executed;
  bool room = true;
  bool two_at_once = false;
  int probes = 0;
  std::unique_ptr<OrderLog> log;
  std::unique_ptr<OrderRunner> runner;
};

/// What worlds with one line have in common: a log on a disk, a runner, the one question that is out, and its answer.
class LineBench : public FieldAccess {
 public:
  struct Asked {
    std::uint32_t device = 0;
    drivers::Query query;
    std::uint32_t ticket = 0;
  };
  void restart() {
    runner.reset();
    log.reset();
    start();
  }
  void settle() {
    for (int i = 0; i < 200 && runner; ++i) {
      runner->work();
      if (const auto write = runner->take_log_write())
        runner->written(write->replace ? log->replace(write->records) : log->append(write->records));
      else if (runner->next_wake_ms() > clock.monotonic_ms())
        break;
    }
    look_at_reports();
  }
  void advance_ms(std::int64_t ms) {
    clock.advance_ms(ms);
    settle();
  }
  /// What became of the question that is out.
  void tell(drivers::Outcome outcome, std::uint32_t error = 0x20) {
    const Asked question = *asked;
    asked.reset();
    Bytes payload;
    ByteWriter(payload).u64(7);
    drivers::Exchange exchange;
    exchange.query = &question.query;
    exchange.outcome = outcome;
    exchange.error = outcome == drivers::Outcome::refused ? error : 0;
    if (outcome == drivers::Outcome::answered) exchange.payload = payload;
    exchange.sent_utc_ms = clock.utc_ms();
    clock.advance_ms(outcome == drivers::Outcome::timed_out ? 500 : 20);
    exchange.received = {clock.monotonic_ms(), clock.utc_ms()};
    runner->exchange(question.ticket, exchange, {Protocol::dlt645_2007, {1}, {2}, clock.utc_ms(), clock.utc_ms()});
    runner->stir(0);
    settle();
  }

  // FieldAccess
  [[nodiscard]] Readiness readiness(std::uint32_t) const override {
    return !open ? Readiness::away : silent ? Readiness::silent : Readiness::ready;
  }
  [[nodiscard]] bool has_room(std::uint32_t) const override { return true; }
  [[nodiscard]] bool ask(std::uint32_t device, const drivers::Query& query, std::uint32_t ticket) override {
    two_at_once = two_at_once || asked.has_value();
    asked = Asked{device, query, ticket};
    question_put(*asked);
    return true;
  }
  void probe(std::uint32_t) override {}
  [[nodiscard]] bool note(const drivers::ModelQuestion&, const drivers::Exchange&, std::vector<OrderValue>&) override {
    return true;
  }
  void note_history(const std::vector<drivers::ModelItem>&, std::span<const drivers::HistoryValue>,
                    std::vector<OrderValue>*) override {}
  void note_finding(const Register&, std::int64_t, std::int64_t) override {}
  [[nodiscard]] bool clock_suspect() const override { return false; }

  ManualClock clock{1'763'712'000'000};
  SimulatedDisk disk;
  bool open = true;
  bool silent = false;
  bool two_at_once = false;
  std::optional<Asked> asked;
  std::unique_ptr<OrderLog> log;
  std::unique_ptr<OrderRunner> runner;

 protected:
  /// From what the log holds; the line is as the plan says.
  void start() {
    auto opened = OrderLog::open(disk, "orders.log");
    log = opened ? std::move(*opened) : nullptr;
    if (log) runner = std::make_unique<OrderRunner>(clock, *this, log->take_found());
    asked.reset();
    put_line_as_planned();
  }

 private:
  virtual void put_line_as_planned() = 0;
  virtual void look_at_reports() {}
  virtual void question_put(const Asked&) {}
};

}  // namespace duheng::gateway::testing
