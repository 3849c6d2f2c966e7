#include "gateway/service/task_keeper.hpp"

#include "base/log.hpp"

namespace duheng::gateway {
namespace {

constexpr std::size_t progress_bytes_max = 256U << 20;

}  // namespace

Result<std::unique_ptr<TaskKeeper>> TaskKeeper::open(Surroundings surroundings) {
  auto keeper = std::unique_ptr<TaskKeeper>(new TaskKeeper(std::move(surroundings)));
  auto& disk = keeper->surroundings_.disk;
  const std::string& directory = keeper->surroundings_.directory;
  DUHENG_TRY(keeper->log_, OrderLog::open(disk, directory + "/orders.log"));
  if (!disk.exists(directory + "/history.bin")) return keeper;
  const auto file = read_file(disk, directory + "/history.bin", progress_bytes_max);
  auto progress = file ? parse_progress(*file) : Result<HistoryProgress>(std::unexpected(file.error()));
  if (progress)
    keeper->progress_ = std::move(*progress);
  else
    log::warning("upkeep", "how far the meters' memories were read is not known; they are read again",
                 {{"error", progress.error()}});
  return keeper;
}

CoreTasks TaskKeeper::take_known() {
  CoreTasks out;
  out.orders = log_->take_found();
  out.progress = std::move(progress_);
  return out;
}

void TaskKeeper::attend() {
  if (core_ == nullptr) return;
  if (const auto write = core_->orders()->take_log_write())
    surroundings_.store([this, records = write->records,
                         replace = write->replace] { return replace ? log_->replace(records) : log_->append(records); },
                        [this](const Result<void>& outcome) {
                          core_->orders()->written(outcome);
                          surroundings_.wake();
                        });
  save_progress(false);
}

void TaskKeeper::save_progress(bool at_once) {
  if (saving_ && !at_once) return;
  auto file = core_->upkeep()->take_save(at_once);
  if (!file) return;
  saving_ = true;
  surroundings_.store(
      [this, content = std::make_shared<Bytes>(std::move(*file))] {
        return write_file_atomically(surroundings_.disk, surroundings_.directory + "/history.bin", *content);
      },
      [this](const Result<void>& outcome) {
        saving_ = false;
        if (!outcome)
          log::warning("upkeep", "cannot note how far the meters' memories were read", {{"error", outcome.error()}});
      });
}

void TaskKeeper::finish() {
  if (core_ != nullptr) save_progress(true);
}

void TaskKeeper::take(FieldOrder order) {
  core_->orders()->take(std::move(order));
  surroundings_.wake();
}
void TaskKeeper::cancel(const OrderId& id) {
  core_->orders()->cancel(id);
  surroundings_.wake();
}
void TaskKeeper::session_began() { core_->orders()->session_began(); }
std::vector<OrderReport> TaskKeeper::take_reports(std::size_t count_max) {
  return core_->orders()->take_reports(count_max);
}
void TaskKeeper::received(std::span<const OrderId> ids) { core_->orders()->received(ids); }
void TaskKeeper::on_reports(std::function<void()> ready) { core_->orders()->on_reports(std::move(ready)); }

}  // namespace duheng::gateway
