#include "base/simulated_disk.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace duheng {
namespace {

/// One file's octets. [0, stable) of `content` is durable; `lost_tail` is what was durable behind it before a
/// truncation that has not been synced.
struct Inode {
  Bytes content;
  std::uint64_t stable = 0;
  Bytes lost_tail;
  // Octets that a failed synchronisation dropped although they can still be read.
  std::uint64_t dropped_begin = 0;
  std::uint64_t dropped_end = 0;

  void truncate(std::uint64_t size) {
    if (size < stable) {
      Bytes tail(content.begin() + static_cast<std::ptrdiff_t>(size),
                 content.begin() + static_cast<std::ptrdiff_t>(stable));
      tail.insert(tail.end(), lost_tail.begin(), lost_tail.end());
      lost_tail = std::move(tail);
      stable = size;
    }
    content.resize(static_cast<std::size_t>(size));
    dropped_end = std::min(dropped_end, size);
    dropped_begin = std::min(dropped_begin, dropped_end);
  }

  void drop_unsynced() {
    dropped_begin = dropped_begin == dropped_end ? stable : std::min(dropped_begin, stable);
    dropped_end = content.size();
  }

  void crash(Random& random) {
    const bool unsynced = stable != content.size() || !lost_tail.empty();
    if (unsynced) {
      if (random.below(3) == 0) {
        restore_old_tail();
      } else {
        tear_new_tail(random);
      }
    }
    for (std::uint64_t at = dropped_begin; at < std::min<std::uint64_t>(dropped_end, content.size()); ++at)
      content[at] = 0;
    dropped_begin = dropped_end = 0;
    stable = content.size();
    lost_tail.clear();
  }

 private:
  void restore_old_tail() {
    content.resize(static_cast<std::size_t>(stable));
    content.insert(content.end(), lost_tail.begin(), lost_tail.end());
    dropped_end = std::min(dropped_end, stable);
  }

  void tear_new_tail(Random& random) {
    // The new size is often written before the octets; so the size and each sector have their own fate.
    const std::uint64_t appended = content.size() - stable;
    const bool whole_size = random.below(2) == 0;
    const std::uint64_t kept = whole_size ? appended : random.below(appended + 1);
    content.resize(static_cast<std::size_t>(stable + kept));
    const std::uint64_t fate = random.below(3);  // 0: octets intact, 1: zeros from some point on, 2: sectors at random
    if (fate == 1) {
      const std::uint64_t from = stable + random.below(kept + 1);
      std::fill(content.begin() + static_cast<std::ptrdiff_t>(from), content.end(), std::uint8_t{0});
    } else if (fate == 2) {
      for (std::uint64_t at = stable; at < content.size();) {
        const std::uint64_t end = std::min<std::uint64_t>(
            content.size(), (at / SimulatedDisk::sector_bytes + 1) * SimulatedDisk::sector_bytes);
        if (random.below(2) == 0) {
          std::fill(content.begin() + static_cast<std::ptrdiff_t>(at),
                    content.begin() + static_cast<std::ptrdiff_t>(end), std::uint8_t{0});
        }
        at = end;
      }
    }
  }
};
using InodePointer = std::shared_ptr<Inode>;
using Names = std::map<std::string, InodePointer>;

/// A change of names that no sync_directory() has covered yet.
struct NameChange {
  std::string removed;  // empty: none
  std::string entered;  // empty: none
  InodePointer inode;   // of `entered`
};

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

void apply_change(const NameChange& change, Names& names) {
  if (!change.removed.empty()) names.erase(change.removed);
  if (!change.entered.empty()) names[change.entered] = change.inode;
}

}  // namespace

struct SimulatedDisk::State {
  mutable std::mutex mutex;
  Names names;          // as the running system sees them
  Names durable_names;  // as they stand on the medium
  std::vector<NameChange> pending;
  std::set<std::string> directories{"/", "."};
  std::uint64_t crashes = 0;  // handles carry the number they were opened under
  std::optional<std::uint64_t> capacity;
  bool read_only = false;
  std::uint64_t syncs_to_fail = 0;
  std::optional<std::size_t> append_cut;
  std::optional<std::uint64_t> operations_left;
  std::uint64_t syncs = 0;

  Result<void> check_power() const {
    if (operations_left == 0U) return fail(ErrorCode::storage_failed, "the simulated disk is without power");
    return {};
  }
  /// Every changing call passes here.
  Result<void> begin_change() {
    DUHENG_CHECK(check_power());
    if (operations_left) {
      if (--*operations_left == 0) return fail(ErrorCode::storage_failed, "the simulated disk loses power");
    }
    if (read_only) return fail(ErrorCode::storage_failed, "the simulated disk is read-only");
    return {};
  }
  std::uint64_t used() const {
    std::uint64_t bytes = 0;
    for (const auto& [path, inode] : names) bytes += inode->content.size();
    return bytes;
  }
  std::uint64_t room() const {
    if (!capacity) return UINT64_MAX;
    const std::uint64_t taken = used();
    return *capacity > taken ? *capacity - taken : 0;
  }
  void change_names(NameChange change) {
    apply_change(change, names);
    pending.push_back(std::move(change));
  }
};

class SimulatedDisk::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<State> state, InodePointer inode, bool writable)
      : state_(std::move(state)), inode_(std::move(inode)), crashes_(state_->crashes), writable_(writable) {}

  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(state_->mutex);
    DUHENG_CHECK(check());
    return inode_->content.size();
  }

  Result<void> append(ByteView bytes) override {
    const std::lock_guard lock(state_->mutex);
    DUHENG_CHECK(check());
    DUHENG_CHECK(state_->begin_change());
    DUHENG_CHECK(check_writable());
    std::size_t count = bytes.size();
    std::optional<Error> error;
    if (state_->append_cut && *state_->append_cut < count) {
      count = *state_->append_cut;
      error = Error{ErrorCode::storage_failed, "the simulated disk cut an append short"};
    }
    state_->append_cut.reset();
    if (count > state_->room()) {
      count = static_cast<std::size_t>(state_->room());
      error = Error{ErrorCode::storage_full, "the simulated disk is full"};
    }
    inode_->content.insert(inode_->content.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    if (error) return std::unexpected(*error);
    return {};
  }

  Result<Bytes> read_at(std::uint64_t offset, std::size_t size) const override {
    const std::lock_guard lock(state_->mutex);
    DUHENG_CHECK(check());
    const Bytes& content = inode_->content;
    if (offset >= content.size()) return Bytes{};
    const auto begin = content.begin() + static_cast<std::ptrdiff_t>(offset);
    const std::size_t count = std::min<std::size_t>(size, content.size() - static_cast<std::size_t>(offset));
    return Bytes(begin, begin + static_cast<std::ptrdiff_t>(count));
  }

  Result<void> truncate(std::uint64_t size) override {
    const std::lock_guard lock(state_->mutex);
    DUHENG_CHECK(check());
    DUHENG_CHECK(state_->begin_change());
    DUHENG_CHECK(check_writable());
    if (size > inode_->content.size())
      return fail(ErrorCode::storage_failed, "the simulated disk does not extend files by truncation");
    inode_->truncate(size);
    return {};
  }

  Result<void> sync() override {
    const std::lock_guard lock(state_->mutex);
    DUHENG_CHECK(check());
    DUHENG_CHECK(state_->begin_change());
    if (state_->syncs_to_fail > 0) {
      --state_->syncs_to_fail;
      inode_->drop_unsynced();
      return fail(ErrorCode::storage_failed, "the simulated disk failed a synchronisation");
    }
    inode_->stable = inode_->content.size();
    inode_->lost_tail.clear();
    ++state_->syncs;
    return {};
  }

 private:
  Result<void> check() const {
    if (crashes_ != state_->crashes)
      return fail(ErrorCode::storage_failed, "the handle was opened before the simulated crash");
    return state_->check_power();
  }
  Result<void> check_writable() const {
    if (!writable_) return fail(ErrorCode::storage_failed, "the file is open for reading only");
    return {};
  }
  std::shared_ptr<State> state_;
  InodePointer inode_;
  std::uint64_t crashes_;
  bool writable_;
};

SimulatedDisk::SimulatedDisk() : state_(std::make_shared<State>()) {}
SimulatedDisk::~SimulatedDisk() = default;

Result<std::unique_ptr<File>> SimulatedDisk::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(state_->mutex);
  DUHENG_CHECK(state_->check_power());
  const auto found = state_->names.find(path);
  if (found != state_->names.end()) {
    if (mode == OpenMode::create_new) return fail(ErrorCode::already_exists, path + " exists on the simulated disk");
    return std::make_unique<OpenFile>(state_, found->second, mode != OpenMode::read);
  }
  if (mode == OpenMode::read) return fail(ErrorCode::not_found, path + " is not on the simulated disk");
  if (!state_->directories.contains(directory_of(path))) {
    return fail(ErrorCode::not_found, directory_of(path) + " is not on the simulated disk");
  }
  DUHENG_CHECK(state_->begin_change());
  if (state_->room() == 0) return fail(ErrorCode::storage_full, "the simulated disk is full");
  const auto inode = std::make_shared<Inode>();
  state_->change_names({"", path, inode});
  return std::make_unique<OpenFile>(state_, inode, true);
}

Result<std::vector<std::string>> SimulatedDisk::list(const std::string& directory) {
  const std::lock_guard lock(state_->mutex);
  DUHENG_CHECK(state_->check_power());
  if (!state_->directories.contains(directory))
    return fail(ErrorCode::not_found, directory + " is not on the simulated disk");
  std::set<std::string> found;
  const auto consider = [&](const std::string& path) {
    if (path != directory && directory_of(path) == directory) found.insert(path.substr(path.rfind('/') + 1));
  };
  for (const auto& [path, inode] : state_->names) consider(path);
  for (const auto& path : state_->directories) consider(path);
  found.erase(".");
  return std::vector<std::string>(found.begin(), found.end());
}

bool SimulatedDisk::exists(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  return state_->names.contains(path) || state_->directories.contains(path);
}

Result<void> SimulatedDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(state_->mutex);
  DUHENG_CHECK(state_->begin_change());
  const auto found = state_->names.find(from);
  if (found == state_->names.end()) return fail(ErrorCode::not_found, from + " is not on the simulated disk");
  if (from == to) return {};
  state_->change_names({from, to, InodePointer(found->second)});
  return {};
}

Result<void> SimulatedDisk::remove(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  DUHENG_CHECK(state_->begin_change());
  if (!state_->names.contains(path)) return fail(ErrorCode::not_found, path + " is not on the simulated disk");
  state_->change_names({path, "", nullptr});
  return {};
}

Result<void> SimulatedDisk::make_directories(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  DUHENG_CHECK(state_->check_power());
  for (std::size_t at = 0; at != std::string::npos;) {
    at = path.find('/', at + 1);
    const std::string prefix = path.substr(0, at);
    if (state_->directories.contains(prefix)) continue;
    if (state_->read_only) return fail(ErrorCode::storage_failed, "the simulated disk is read-only");
    state_->directories.insert(prefix);
  }
  return {};
}

Result<void> SimulatedDisk::sync_directory(const std::string& directory) {
  const std::lock_guard lock(state_->mutex);
  DUHENG_CHECK(state_->begin_change());
  if (!state_->directories.contains(directory))
    return fail(ErrorCode::not_found, directory + " is not on the simulated disk");
  std::erase_if(state_->pending, [&](const NameChange& change) {
    const bool here = directory_of(change.entered.empty() ? change.removed : change.entered) == directory;
    if (here) apply_change(change, state_->durable_names);
    return here;
  });
  return {};
}

Result<std::uint64_t> SimulatedDisk::free_bytes(const std::string&) {
  const std::lock_guard lock(state_->mutex);
  DUHENG_CHECK(state_->check_power());
  return std::min<std::uint64_t>(state_->room(), 1ULL << 50);
}

void SimulatedDisk::crash(Random& random) {
  const std::lock_guard lock(state_->mutex);
  ++state_->crashes;
  state_->operations_left.reset();
  for (const NameChange& change : state_->pending) {
    if (random.below(2) == 0) apply_change(change, state_->durable_names);
  }
  state_->pending.clear();
  state_->names = state_->durable_names;
  std::set<Inode*> crashed;
  for (const auto& [path, inode] : state_->names) {
    if (crashed.insert(inode.get()).second) inode->crash(random);
  }
}

void SimulatedDisk::kill_process() {
  const std::lock_guard lock(state_->mutex);
  ++state_->crashes;
  state_->operations_left.reset();
}

void SimulatedDisk::lose_power_after(std::uint64_t operations) {
  const std::lock_guard lock(state_->mutex);
  state_->operations_left = operations + 1;
}

bool SimulatedDisk::powerless() const {
  const std::lock_guard lock(state_->mutex);
  return state_->operations_left == 0U;
}

void SimulatedDisk::set_capacity_bytes(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->capacity = bytes;
}

void SimulatedDisk::set_read_only(bool read_only) {
  const std::lock_guard lock(state_->mutex);
  state_->read_only = read_only;
}

void SimulatedDisk::fail_next_syncs(std::uint64_t count) {
  const std::lock_guard lock(state_->mutex);
  state_->syncs_to_fail = count;
}

void SimulatedDisk::cut_next_append(std::size_t bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->append_cut = bytes;
}

Result<void> SimulatedDisk::flip_bit(const std::string& path, std::uint64_t offset, unsigned bit) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->names.find(path);
  if (found == state_->names.end() || offset >= found->second->content.size()) {
    return fail(ErrorCode::not_found, "no such octet on the simulated disk");
  }
  found->second->content[static_cast<std::size_t>(offset)] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  return {};
}

std::uint64_t SimulatedDisk::sync_count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->syncs;
}

std::uint64_t SimulatedDisk::used_bytes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->used();
}

}  // namespace duheng
