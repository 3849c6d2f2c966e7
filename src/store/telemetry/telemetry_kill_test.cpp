// A process that applies is ended with SIGKILL at random moments; what it leaves must agree with itself and the
// journal.
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"
#include "store/telemetry/telemetry_test_data.hpp"

namespace duheng::store {
namespace {

class Child {
 public:
  explicit Child(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TELEMETRY_KILL_TARGET);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      execv(pointers[0], pointers.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) kill_now();
    close(output_);
  }
  /// Waits until it has said its first line, that is, opened the store; how long that took, or -1 when it ended
  /// instead.
  std::int64_t wait_until_open_us() {
    const auto begin = std::chrono::steady_clock::now();
    while (said_.find('\n') == std::string::npos) {
      if (!take()) return -1;
    }
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
  }
  /// Takes in what the child says for so long; false when it has ended.
  bool listen_us(std::int64_t duration_us) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(duration_us);
    while (true) {
      const auto left_us =
          std::chrono::duration_cast<std::chrono::microseconds>(end - std::chrono::steady_clock::now()).count();
      if (left_us <= 0) return true;
      pollfd wanted{output_, POLLIN, 0};
      const timespec wait{left_us / 1'000'000, left_us % 1'000'000 * 1'000};
      if (ppoll(&wanted, 1, &wait, nullptr) <= 0) continue;
      if (!take()) return false;
    }
  }
  void listen_to_the_end() {
    while (take()) {
    }
  }
  int kill_now() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    listen_to_the_end();
    return status;
  }
  /// The last position it said, if any.
  [[nodiscard]] std::optional<std::uint64_t> last_position() const {
    const auto end = said_.rfind('\n');
    if (end == std::string::npos) return std::nullopt;
    const auto begin = end == 0 ? std::string::npos : said_.rfind('\n', end - 1);
    return std::stoull(said_.substr(begin == std::string::npos ? 0 : begin + 1));
  }
  [[nodiscard]] const std::string& said() const { return said_; }

 private:
  bool take() {
    char buffer[4096];
    const auto size = read(output_, buffer, sizeof buffer);
    if (size <= 0) return false;
    said_.append(buffer, static_cast<std::size_t>(size));
    return true;
  }
  pid_t pid_ = -1;
  int output_ = -1;
  std::string said_;
};

std::uint64_t readings_in(const Bytes& body) {
  if (body.empty()) return 0;
  return BatchView::parse(body)->reading_count();
}

class KilledTelemetry : public ::testing::Test {
 protected:
  KilledTelemetry() { options_.directory = directory_.path() + "/telemetry"; }
  std::unique_ptr<DuckDbTelemetryStore> open() {
    auto opened = DuckDbTelemetryStore::open(options_, disk_, clock_, keys_);
    EXPECT_TRUE(opened) << opened.error().message;
    if (!opened) return nullptr;
    EXPECT_NE(opened->origin, DuckDbTelemetryStore::Origin::replaced_damaged) << opened->damage;
    return std::move(opened->store);
  }
  [[nodiscard]] std::string digest_of_journal(std::uint64_t records) {
    while (reference_.next_record() < records) {
      const std::uint64_t number = reference_.next_record();
      const Bytes body = testing::made_record(number);
      const TelemetryRecord record{number, testing::made_gateway(number), body};
      EXPECT_TRUE(reference_.apply({&record, 1}));
      readings_up_to_.push_back(readings_up_to_.back() + readings_in(body));
    }
    return reference_.digest().value();
  }

  testing::TemporaryDirectory directory_;
  PosixDisk disk_;
  SystemClock clock_;
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  DuckDbTelemetryOptions options_;
  MemoryTelemetryStore reference_;
  std::vector<std::uint64_t> readings_up_to_{0};
};

TEST_F(KilledTelemetry, PositionAndRowsAgreeAfterEveryKill) {
  constexpr int kills = 40;
  const std::uint64_t seed = static_cast<std::uint64_t>(clock_.utc_ms());
  RecordProperty("seed", std::to_string(seed));
  SeededRandom random(seed);
  std::uint64_t reached = 0;
  int made_progress = 0;
  std::int64_t opening_us = 20'000;  // of the last child that was let live so long
  for (int round = 0; round < kills; ++round) {
    SCOPED_TRACE(round);
    std::uint64_t said = reached;
    {
      Child child({options_.directory});
      // Some die while opening, most in the middle of work; the moment is drawn to the microsecond.
      if (random.below(4) == 0) {
        ASSERT_TRUE(child.listen_us(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(opening_us)))))
            << child.said();
      } else {
        opening_us = child.wait_until_open_us();
        ASSERT_GE(opening_us, 0) << "the child ended by itself";
        ASSERT_TRUE(child.listen_us(static_cast<std::int64_t>(random.below(200'000))))
            << "the child ended by itself: " << child.said();
      }
      const int status = child.kill_now();
      ASSERT_TRUE(WIFSIGNALED(status));
      if (const auto position = child.last_position()) said = *position;
    }
    const auto store = open();
    ASSERT_NE(store, nullptr);
    const std::uint64_t position = store->next_record();
    ASSERT_GE(position, said) << "what was said to be applied is not";
    (void)digest_of_journal(position);
    ASSERT_EQ(store->statistics().readings, readings_up_to_[position]);
    // The whole content now and then, for it is the slow part.
    if (round % 8 == 7) {
      ASSERT_EQ(store->digest().value(), digest_of_journal(position));
    }
    made_progress += position > reached ? 1 : 0;
    reached = position;
  }
  EXPECT_GT(made_progress, kills / 4) << "the child hardly ever came to work, so little was tested";
  EXPECT_EQ(open()->digest().value(), digest_of_journal(reached));
}

TEST_F(KilledTelemetry, AFullDiskLosesNothingAndIsSaid) {
  struct Case {
    const char* file_bytes_max;
    const char* meets;
  };
  for (const Case one : {Case{"500000", "commit"}, Case{"2500000", "commit"}, Case{"700000", "checkpoint"},
                         Case{"2500000", "checkpoint"}}) {
    SCOPED_TRACE(std::string(one.file_bytes_max) + " " + one.meets);
    options_.directory = directory_.path() + "/" + one.meets + one.file_bytes_max;
    Child child({options_.directory, one.file_bytes_max, one.meets});
    child.listen_to_the_end();
    const auto result = child.said().find("error ");
    ASSERT_NE(result, std::string::npos) << child.said();
    EXPECT_EQ(child.said().substr(result),
              fmt::format("error {} as_it_is {} must_reopen 1 reopened 1\n", static_cast<int>(ErrorCode::storage_full),
                          static_cast<int>(ErrorCode::storage_failed)));
    const auto store = open();
    ASSERT_NE(store, nullptr);
    const std::uint64_t position = store->next_record();
    MemoryTelemetryStore reference;
    for (std::uint64_t number = 0; number < position; ++number) {
      const Bytes body = testing::made_record(number);
      const TelemetryRecord record{number, testing::made_gateway(number), body};
      ASSERT_TRUE(reference.apply({&record, 1}));
    }
    EXPECT_GT(position, 3U);
    EXPECT_EQ(store->digest().value(), reference.digest().value());
  }
}

}  // namespace
}  // namespace duheng::store
