// The driver against Debian's snmpd, which no one here wrote: versions 2c and 3, over real datagrams.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/test_servers.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/models/device_model.hpp"
#include "drivers/snmp/credentials.hpp"
#include "drivers/snmp/dialect.hpp"
#include "drivers/snmp/driver.hpp"
#include "link/channel.hpp"
#include "link/event_loop.hpp"

namespace duheng::drivers {
namespace {

using duheng::test_servers::servers_folder;

class Snmpd {
 public:
  Snmpd()
      : folder_(::testing::TempDir() + fmt::format("duheng-snmpd-{}", ::getpid())),
        port_(duheng::test_servers::free_port(duheng::test_servers::Transport::udp)) {
    std::filesystem::create_directories(folder_ + "/state");
    std::ofstream(folder_ + "/snmpd.conf")
        << fmt::format("agentAddress udp:127.0.0.1:{}\n", port_)
        << "rocommunity c4mpus-secret 127.0.0.1\nsysName switch-under-test\n"
           "createUser duheng SHA \"authentication-1\" AES \"encryption-key-1\"\nrouser duheng priv\n"
           "createUser duheng256 SHA-256 \"authentication-2\" AES \"encryption-key-2\"\nrouser duheng256 priv\n";
    start();
  }
  ~Snmpd() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  void start() {
    const std::string program = servers_folder() + "/snmpd/usr/sbin/snmpd";
    process_ = ::fork();
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::string libraries = servers_folder() + "/snmpd/usr/lib/x86_64-linux-gnu";
    ::setenv("LD_LIBRARY_PATH", libraries.c_str(), 1);
    const std::string state = folder_ + "/state";  // at its end it writes a file of the configuration's name
    ::setenv("SNMP_PERSISTENT_DIR", state.c_str(), 1);
    ::setenv("SNMPCONFPATH", state.c_str(), 1);
    ::setenv("MIBS", "", 1);
    const std::string log = folder_ + "/snmpd.log";
    const std::string configuration = folder_ + "/snmpd.conf";
    ::execl(program.c_str(), program.c_str(), "-f", "-Lf", log.c_str(), "-C", "-c", configuration.c_str(),
            static_cast<char*>(nullptr));
    ::_exit(127);
  }
  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

/// A master on a datagram channel: the session of the gateway without the gateway.
class Master final : public SessionOutput {
 public:
  Master(std::uint16_t port, std::shared_ptr<const SnmpCredentials> credentials, std::string_view name)
      : session_(make_snmp_dialect(std::move(credentials)), {}),
        channel_(link::make_udp_client(loop_, {"127.0.0.1", port})) {
    session_.add_meter(*snmp_driver().address(name, 0), {500, 1, 0});
    link::ChannelHandlers handlers;
    handlers.opened = [this] { session_.opened(now(), *this); };
    handlers.octets = [this](ByteView octets) { session_.octets(now(), octets, *this); };
    handlers.closed = [this](const Error&) {
      static_cast<void>(session_.closed());
      is_closed_ = true;
    };
    channel_->set_handlers(std::move(handlers));
  }
  void send(ByteView octets) override { static_cast<void>(channel_->write(octets)); }
  void reopen() override {}
  void deliver(const Exchange& exchange) override {
    outcome_ = exchange.outcome;
    error_ = exchange.error;
    payload_.assign(exchange.payload.begin(), exchange.payload.end());
    is_done_ = true;
  }
  /// Asks until there is an answer or a refusal; silence and "nobody listens" mean that the peer is not up yet.
  Outcome ask(const Query& query) {
    const auto end = clock_.monotonic_ms() + 20'000;
    outcome_ = Outcome::timed_out;
    while (outcome_ == Outcome::timed_out && clock_.monotonic_ms() < end) try_once(query);
    return outcome_;
  }
  Outcome try_once(const Query& query) {
    channel_->open();
    is_done_ = is_closed_ = false;
    for (int i = 0; i < 200 && !session_.is_open(); ++i) loop_.run_for_ms(5);
    EXPECT_TRUE(session_.ask(0, query, 0));
    session_.advance(now(), *this);
    while (!is_done_ && !is_closed_) {
      loop_.run_for_ms(5);
      session_.timer(now(), *this);
    }
    if (outcome_ != Outcome::timed_out && is_done_) session_.stored_through(++delivered_, now(), *this);
    return outcome_;
  }
  [[nodiscard]] const Bytes& payload() const { return payload_; }
  [[nodiscard]] std::uint32_t error() const { return error_; }

 private:
  [[nodiscard]] Moment now() const { return {clock_.monotonic_ms(), clock_.utc_ms()}; }
  SystemClock clock_;
  link::EventLoop loop_;
  Session session_;
  std::unique_ptr<link::Channel> channel_;
  Outcome outcome_ = Outcome::timed_out;
  std::uint32_t error_ = 0;
  std::uint64_t delivered_ = 0;
  Bytes payload_;
  bool is_done_ = false;
  bool is_closed_ = false;
};

SnmpCredential user(std::string name, snmp::Authentication hash, std::string_view authentication,
                    std::string_view privacy) {
  SnmpCredential out;
  out.user = std::move(name);
  out.authentication = hash;
  out.privacy = snmp::Privacy::aes128;
  out.authentication_key = *snmp::key_of_password(hash, authentication);
  out.privacy_key = *snmp::key_of_password(hash, privacy);
  return out;
}

class SnmpdTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string reason = duheng::test_servers::unavailable("snmpd");
    if (!reason.empty()) GTEST_SKIP() << reason;
    ASSERT_TRUE(duheng::test_servers::unpacked("snmpd").ok) << duheng::test_servers::unpacked("snmpd").text;
    using snmp::Authentication;
    ASSERT_TRUE(credentials_->add("campus", {.community = "c4mpus-secret"}));
    ASSERT_TRUE(credentials_->add("wrong-community", {.community = "other"}));
    ASSERT_TRUE(credentials_->add("v3", user("duheng", Authentication::sha1, "authentication-1", "encryption-key-1")));
    ASSERT_TRUE(
        credentials_->add("v3-256", user("duheng256", Authentication::sha256, "authentication-2", "encryption-key-2")));
    ASSERT_TRUE(credentials_->add("wrong", user("duheng", Authentication::sha1, "not-this-one", "encryption-key-1")));
    peer_.emplace();
  }
  SeededRandom random_{1};
  std::shared_ptr<SnmpCredentials> credentials_ = std::make_shared<SnmpCredentials>(random_);
  std::optional<Snmpd> peer_;
};

TEST_F(SnmpdTest, TheModelOfASwitchIsReadUnderEveryCredential) {
  const auto library = ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  ASSERT_TRUE(library);
  const auto model = library->find("snmp-switch");
  ASSERT_TRUE(model);
  for (const char* const name : {"campus", "v3", "v3-256"}) {
    Master master(peer_->port(), credentials_, name);
    std::map<std::string, ItemValue> values;
    for (const auto& group : model->groups) {
      for (const auto& question : group.questions) {
        ASSERT_EQ(master.ask(question.query), Outcome::answered) << name << " error " << master.error();
        std::vector<ItemValue> read;
        ASSERT_TRUE(question.reader->read(master.payload(), read));
        for (const auto& value : read) values[question.items[value.item].register_name] = value;
      }
    }
    EXPECT_EQ(values["uptime"].state, ItemState::good) << name;
    EXPECT_LT(values["uptime"].mantissa, 100 * 600);
    EXPECT_GE(values["interface_count"].mantissa, 1);
    EXPECT_EQ(values["interface_1_state"].mantissa, 1) << "the loopback interface is up";
    EXPECT_EQ(values["interface_1_octets_in"].state, ItemState::good);
    EXPECT_GT(values["interface_1_octets_in"].mantissa, 0);
    EXPECT_EQ(values["interface_24_state"].state, ItemState::no_value);
  }
}

TEST_F(SnmpdTest, WrongSecretsAreSilenceOrARefusalThatSaysSo) {
  Master right(peer_->port(), credentials_, "campus");
  const Query query = snmp_question(snmp::PduType::get, {*snmp::ObjectId::parse("1.3.6.1.2.1.1.3.0")});
  ASSERT_EQ(right.ask(query), Outcome::answered);  // it is up
  Master plain(peer_->port(), credentials_, "wrong-community");
  EXPECT_EQ(plain.try_once(query), Outcome::timed_out);
  Master secure(peer_->port(), credentials_, "wrong");
  EXPECT_EQ(secure.try_once(query), Outcome::refused);
  EXPECT_EQ(snmp_driver().refusal_word(secure.error()), "password_wrong");
}

TEST_F(SnmpdTest, AnAgentStartedAgainIsFollowed) {
  Master master(peer_->port(), credentials_, "v3");
  const Query query = snmp_question(snmp::PduType::get, {*snmp::ObjectId::parse("1.3.6.1.2.1.1.3.0")});
  ASSERT_EQ(master.ask(query), Outcome::answered);
  peer_->stop();
  peer_->start();  // under a new engine's name: what we know of its keys and clock is wrong now
  EXPECT_EQ(master.ask(query), Outcome::answered) << master.error();
}

}  // namespace
}  // namespace duheng::drivers
