#include "platform/onboarding/device_import.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <tuple>
#include <unordered_set>

#include "base/log.hpp"
#include "platform/onboarding/csv.hpp"
#include "platform/onboarding/import_lines.hpp"
#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Transaction;

constexpr std::size_t piece_lines = 500;  ///< between two looks at whether to stop
constexpr const char* stopped = "stopped";

struct Line {
  std::size_t number = 0;
  NewDevice device;
};

std::size_t faults_of(const DeviceImport& import) { return import.faults.size(); }

/// Whether a fault is about the line, or about the database, so that going on makes no sense.
bool is_line_fault(const Error& error) {
  return error.code == ErrorCode::invalid_argument || error.code == ErrorCode::not_found ||
         error.code == ErrorCode::already_exists || error.code == ErrorCode::conflict ||
         error.code == ErrorCode::malformed || error.code == ErrorCode::limit_exceeded ||
         error.code == ErrorCode::unsupported;
}

DeviceImport shortened(const DeviceImport& import) {
  DeviceImport out = import;
  if (out.faults.size() > DeviceImports::faults_shown_max) out.faults.resize(DeviceImports::faults_shown_max);
  return out;
}

/// What is taken: in the records, and by earlier lines of the same file.
class Taken {
 public:
  Checked<void> take(Transaction& t, const CheckedDevice& device) {
    const auto& details = device.details;
    if (!uids_.insert(details.uid).second)
      return fault("uid", ErrorCode::already_exists, fmt::format("an earlier line has the uid '{}'", details.uid));
    if (!places_.emplace(details.gateway.value, device.connection.channel, details.address).second)
      return fault("address", ErrorCode::already_exists, "an earlier line has this address on the same channel");
    const auto uid = t.integer("SELECT 1 FROM devices WHERE uid = ?1", {details.uid});
    if (!uid) return fault("", uid.error());
    if (*uid)
      return fault("uid", ErrorCode::already_exists, fmt::format("a device with the uid '{}' exists", details.uid));
    const auto place = t.integer(
        "SELECT 1 FROM device_connections WHERE gateway_id = ?1 AND channel = ?2"
        " AND address = ?3 AND to_ms IS NULL",
        {details.gateway, device.connection.channel, details.address});
    if (!place) return fault("", place.error());
    if (*place) return fault("address", ErrorCode::already_exists, "another device on the channel has this address");
    return {};
  }

 private:
  std::unordered_set<std::string> uids_;
  std::set<std::tuple<std::int64_t, std::string, std::string>> places_;
};

}  // namespace

struct DeviceImports::Held {
  Author author;
  Bytes file;
  CommitMode mode = CommitMode::all_or_nothing;
  std::vector<Line> good;
  std::int64_t begun_ms = 0;  // monotonic
  // Under the mutex:
  DeviceImport shown;
  bool is_cancelled = false;
};

std::string_view to_string(ImportState state) noexcept {
  switch (state) {
    case ImportState::checking:
      return "checking";
    case ImportState::checked:
      return "checked";
    case ImportState::committing:
      return "committing";
    case ImportState::done:
      return "done";
    case ImportState::failed:
      return "failed";
    case ImportState::cancelled:
      return "cancelled";
  }
  return "failed";
}

DeviceImports::DeviceImports(Onboarding& onboarding, Organisations& organisations, Sites& sites, Gateways& gateways)
    : onboarding_(onboarding), organisations_(organisations), sites_(sites), gateways_(gateways) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

DeviceImports::~DeviceImports() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    for (auto& [id, held] : imports_) held->is_cancelled = true;
  }
  thread_.request_stop();
  ready_.notify_all();
}

std::size_t DeviceImports::held_files() const {
  return static_cast<std::size_t>(std::ranges::count_if(imports_, [](const auto& entry) {
    const auto state = entry.second->shown.state;
    return state == ImportState::checking || state == ImportState::checked || state == ImportState::committing;
  }));
}

/// Under the mutex.
void DeviceImports::forget_old(std::int64_t now_ms) {
  for (auto& [id, held] : imports_) {
    if (held->shown.state != ImportState::checked || now_ms - held->begun_ms < import_limits::held_ms_max) continue;
    held->shown.state = ImportState::cancelled;
    held->shown.reason = "nobody committed it in time";
    held->shown.finished_utc_ms = onboarding_.clock().utc_ms();
    held->good = {};
  }
  for (auto it = imports_.begin(); it != imports_.end() && imports_.size() > import_limits::listed_max;)
    it = it->second->shown.finished_utc_ms != 0 ? imports_.erase(it) : std::next(it);
}

Result<DeviceImport> DeviceImports::start(const Author& author, std::string_view name, ByteView file) {
  DUHENG_CHECK(check_text("the file's name", name, 0, 200));
  if (file.size() > import_limits::file_bytes_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("a file has at most {} octets", import_limits::file_bytes_max));
  auto held = std::make_shared<Held>();
  held->author = author;
  held->file.assign(file.begin(), file.end());
  held->begun_ms = onboarding_.clock().monotonic_ms();
  held->shown.name = name;
  held->shown.started_utc_ms = onboarding_.clock().utc_ms();
  const std::lock_guard lock{mutex_};
  forget_old(held->begun_ms);
  if (held_files() >= import_limits::held_max)
    return fail(ErrorCode::unavailable, "too many files wait to be committed: commit or cancel some");
  held->shown.id = next_id_++;
  imports_.emplace(held->shown.id, held);
  tasks_.emplace_back(held, false);
  ready_.notify_all();
  return held->shown;
}

/// Under the mutex.
std::shared_ptr<DeviceImports::Held> DeviceImports::find(const Author& author, std::int64_t id) const {
  const auto found = imports_.find(id);
  return found != imports_.end() && found->second->author.user == author.user ? found->second : nullptr;
}

std::vector<DeviceImport> DeviceImports::list(const Author& author) const {
  const std::lock_guard lock{mutex_};
  std::vector<DeviceImport> out;
  for (auto it = imports_.rbegin(); it != imports_.rend(); ++it)
    if (it->second->author.user == author.user) out.push_back(shortened(it->second->shown));
  return out;
}

Result<DeviceImport> DeviceImports::get(const Author& author, std::int64_t id) const {
  const std::lock_guard lock{mutex_};
  const auto held = find(author, id);
  if (!held) return fail(ErrorCode::not_found, "there is no such import");
  return shortened(held->shown);
}

Result<std::string> DeviceImports::faults_csv(const Author& author, std::int64_t id) const {
  std::string out = "\xEF\xBB\xBFline,column,code,message\r\n";
  const std::lock_guard lock{mutex_};
  const auto held = find(author, id);
  if (!held) return fail(ErrorCode::not_found, "there is no such import");
  for (const auto& each : held->shown.faults)
    out += fmt::format("{},{},{},{}\r\n", each.line, csv_field(each.column), csv_field(to_string(each.code)),
                       csv_field(each.message));
  return out;
}

Result<DeviceImport> DeviceImports::commit(const Author& author, std::int64_t id, CommitMode mode) {
  const std::lock_guard lock{mutex_};
  const auto held = find(author, id);
  if (!held) return fail(ErrorCode::not_found, "there is no such import");
  if (held->shown.state != ImportState::checked)
    return fail(ErrorCode::conflict, fmt::format("the import is {}", to_string(held->shown.state)));
  if (mode == CommitMode::all_or_nothing && held->shown.bad_lines > 0)
    return fail(ErrorCode::conflict, "lines are wrong: mend the file, or make the good ones only");
  held->mode = mode;
  held->author = author;
  held->shown.state = ImportState::committing;
  tasks_.emplace_back(held, true);
  ready_.notify_all();
  return shortened(held->shown);
}

Result<DeviceImport> DeviceImports::cancel(const Author& author, std::int64_t id) {
  const std::lock_guard lock{mutex_};
  const auto held = find(author, id);
  if (!held) return fail(ErrorCode::not_found, "there is no such import");
  auto& shown = held->shown;
  if (shown.finished_utc_ms != 0)
    return fail(ErrorCode::conflict, fmt::format("the import is {}", to_string(shown.state)));
  held->is_cancelled = true;
  if (shown.state == ImportState::checked) {
    shown.state = ImportState::cancelled;
    shown.finished_utc_ms = onboarding_.clock().utc_ms();
    held->good = {};
  }
  return shortened(shown);
}

std::string DeviceImports::template_csv() {
  std::string header = "\xEF\xBB\xBF";
  for (const auto& column : import_columns()) {
    if (header.size() > 3) header += ',';
    header += column.name;
  }
  return header +
         "\r\n,Flat 3-201,000000000161,dlt645-2007-single-phase,gateway-1,meters,tcp,192.0.2.10,4001,,,,east,Hill\r\n"
         ",,11111111111111,cjt188-cold-water,gateway-1,bus-1,,,,,,,east,\r\n";
}

void DeviceImports::run(const std::stop_token& stop) {
  while (true) {
    Task task;
    {
      std::unique_lock lock{mutex_};
      if (!ready_.wait(lock, stop, [this] { return !tasks_.empty(); })) return;
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    if (task.second)
      commit_now(*task.first);
    else
      check(*task.first);
  }
}

void DeviceImports::finish(Held& held, ImportState state, std::string reason) {
  const std::lock_guard lock{mutex_};
  const bool is_over = state != ImportState::checked;
  held.shown.state = held.is_cancelled && state != ImportState::done ? ImportState::cancelled : state;
  if (held.shown.state != ImportState::cancelled) held.shown.reason = std::move(reason);
  if (is_over || held.is_cancelled) {
    held.shown.finished_utc_ms = onboarding_.clock().utc_ms();
    held.good = {};
  }
  held.file = {};
}

void DeviceImports::check(Held& held) {
  const auto done = read_file(held);
  finish(held, done ? ImportState::checked : ImportState::failed, done ? "" : done.error().message);
}

Result<void> DeviceImports::read_file(Held& held) {
  DUHENG_TRY(const std::string text, decode_text_file(held.file));
  CsvReader reader(text);
  std::vector<std::string> fields;
  DUHENG_TRY(const bool has_header, reader.next(fields));
  if (!has_header) return fail(ErrorCode::malformed, "the file is empty");
  DUHENG_TRY(const auto header, ImportHeader::read(fields));
  DUHENG_TRY(const auto names, ImportNames::load(held.author.scope, organisations_, sites_, gateways_));
  std::vector<ImportFault> faults;
  std::size_t lines = 0;
  while (true) {
    const auto read = reader.next(fields);
    if (read && !*read) break;
    if (++lines > import_limits::lines_max)
      return fail(ErrorCode::limit_exceeded, fmt::format("a file has at most {} lines", import_limits::lines_max));
    if (!read) {
      faults.push_back({reader.line(), "", read.error().code, read.error().message});
      continue;
    }
    auto device = header.device(fields, names);
    if (device)
      held.good.push_back({reader.line(), std::move(*device)});
    else
      faults.push_back({reader.line(), device.error().field, device.error().error.code, device.error().error.message});
  }
  {
    const std::lock_guard lock{mutex_};
    held.shown.lines = lines;
    held.shown.faults = std::move(faults);
    held.shown.lines_checked = held.shown.bad_lines = faults_of(held.shown);
  }
  return check_lines(held);
}

Result<void> DeviceImports::check_lines(Held& held) {
  auto check = onboarding_.new_check(held.author.scope);
  Taken taken;
  std::vector<Line> good;
  for (std::size_t from = 0; from < held.good.size(); from += piece_lines) {
    std::vector<ImportFault> faults;
    const std::size_t to = std::min(held.good.size(), from + piece_lines);
    DUHENG_CHECK(onboarding_.database().read([&](Transaction& t) -> Result<void> {
      for (std::size_t i = from; i < to; ++i) {
        auto& line = held.good[i];
        const auto checked = check.check(t, line.device);
        auto free = checked ? taken.take(t, *checked) : Checked<void>(std::unexpected(checked.error()));
        if (free) {
          good.push_back(std::move(line));
          continue;
        }
        const auto& [field, error] = free.error();
        if (!is_line_fault(error)) return std::unexpected(error);
        faults.push_back({line.number, std::string(column_of(field)), error.code, error.message});
      }
      return {};
    }));
    const std::lock_guard lock{mutex_};
    auto& shown = held.shown;
    shown.lines_checked += to - from;
    shown.bad_lines += faults.size();
    shown.good_lines = good.size();
    std::ranges::move(faults, std::back_inserter(shown.faults));
    if (held.is_cancelled) return fail(ErrorCode::cancelled, stopped);
  }
  held.good = std::move(good);
  const std::lock_guard lock{mutex_};
  std::ranges::sort(held.shown.faults, {}, &ImportFault::line);
  return {};
}

void DeviceImports::commit_now(Held& held) {
  const auto done = held.mode == CommitMode::all_or_nothing ? make_all(held) : make_good(held);
  std::size_t devices_made = 0;
  {
    const std::lock_guard lock{mutex_};
    devices_made = held.shown.devices_made;
  }
  if (devices_made > 0) {
    const auto noted = onboarding_.database().write([&](Transaction& t) {
      auto entry = operation_of(held.author, "import_devices", onboarding_.clock().utc_ms());
      entry.detail = fmt::format("{} devices from the file '{}'", devices_made, held.shown.name);
      return write_operation(t, entry);
    });
    if (!noted) log::error("onboarding", "an import cannot be noted in the operation log", {{"error", noted.error()}});
    std::set<GatewayId> gateways;
    for (const auto& line : held.good) gateways.insert(line.device.gateway);
    onboarding_.made({gateways.begin(), gateways.end()});
  }
  finish(held, done ? ImportState::done : ImportState::failed, done ? "" : done.error().message);
}

/// One transaction for all: a piece after the other, so that it can be stopped.
Result<void> DeviceImports::make_all(Held& held) {
  const auto made = onboarding_.database().write([&](Transaction& t) -> Result<std::size_t> {
    auto check = onboarding_.new_check(held.author.scope);
    std::set<GatewayId> gateways;
    for (std::size_t i = 0; i < held.good.size(); ++i) {
      if (i % piece_lines == 0) {
        const std::lock_guard lock{mutex_};
        if (held.is_cancelled) return fail(ErrorCode::cancelled, stopped);
      }
      const auto& line = held.good[i];
      auto checked = check.check(t, line.device);
      const auto id = checked ? onboarding_.insert(t, held.author.scope, std::move(*checked))
                              : Checked<DeviceId>(std::unexpected(checked.error()));
      if (!id) return fail(id.error().error.code, fmt::format("line {}: {}", line.number, id.error().error.message));
      gateways.insert(line.device.gateway);
    }
    for (const GatewayId gateway : gateways)
      DUHENG_CHECK(plan_tables::changed(t, gateway, onboarding_.clock().utc_ms()));
    return held.good.size();
  });
  if (!made) return std::unexpected(made.error());
  const std::lock_guard lock{mutex_};
  held.shown.devices_made = *made;
  return {};
}

Result<void> DeviceImports::make_good(Held& held) {
  for (std::size_t from = 0; from < held.good.size(); from += piece_lines) {
    DUHENG_TRY(const auto made, make_piece(held, from, piece_lines));
    const std::lock_guard lock{mutex_};
    held.shown.devices_made += made;
    if (held.is_cancelled) return fail(ErrorCode::cancelled, stopped);
  }
  return {};
}

Result<std::size_t> DeviceImports::make_piece(Held& held, std::size_t from, std::size_t count) {
  std::vector<ImportFault> faults;
  const std::size_t to = std::min(held.good.size(), from + count);
  auto made = onboarding_.database().write([&](Transaction& t) -> Result<std::size_t> {
    std::optional<DeviceCheck> check(onboarding_.new_check(held.author.scope));
    std::set<GatewayId> gateways;
    std::size_t good = 0;
    for (std::size_t i = from; i < to; ++i) {
      const auto& line = held.good[i];
      // What a line did before it turned out wrong must not stay.
      DUHENG_CHECK(t.execute("SAVEPOINT line"));
      auto checked = check->check(t, line.device);
      const auto id = checked ? onboarding_.insert(t, held.author.scope, std::move(*checked))
                              : Checked<DeviceId>(std::unexpected(checked.error()));
      if (!id) {
        const auto& [field, error] = id.error();
        if (!is_line_fault(error)) return std::unexpected(error);
        DUHENG_CHECK(t.execute("ROLLBACK TO line"));
        faults.push_back({line.number, std::string(column_of(field)), error.code, error.message});
        check.emplace(onboarding_.new_check(held.author.scope));  // a channel it took for made may be gone
      } else {
        ++good;
        gateways.insert(line.device.gateway);
      }
      DUHENG_CHECK(t.execute("RELEASE line"));
    }
    for (const GatewayId gateway : gateways)
      DUHENG_CHECK(plan_tables::changed(t, gateway, onboarding_.clock().utc_ms()));
    return good;
  });
  if (made && !faults.empty()) {
    const std::lock_guard lock{mutex_};
    held.shown.bad_lines += faults.size();
    held.shown.good_lines -= faults.size();
    std::ranges::move(faults, std::back_inserter(held.shown.faults));
    std::ranges::sort(held.shown.faults, {}, &ImportFault::line);
  }
  return made;
}

}  // namespace duheng::platform
