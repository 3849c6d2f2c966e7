#include "store/backup/sftp_test_server.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/test_servers.hpp"

namespace duheng::store::testing {
namespace {

using duheng::test_servers::free_port;
using duheng::test_servers::output_of;
using duheng::test_servers::servers_folder;
using duheng::test_servers::Transport;

/// As whom the server runs. Run by root it would want an account of its own on this machine; as anybody else it serves
/// that one account and needs nothing. "backup" is on every Debian machine.
const passwd* server_account() { return ::getuid() == 0 ? ::getpwnam("backup") : ::getpwuid(::getuid()); }

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

/// Each session is a process of its own, in a session of its own, which outlives the listener.
std::vector<pid_t> descendants_of(pid_t process) {
  std::vector<pid_t> out;
  std::istringstream children(text_of(fmt::format("/proc/{0}/task/{0}/children", process)));
  for (pid_t child = 0; children >> child;) {
    const std::vector<pid_t> below = descendants_of(child);
    out.insert(out.end(), below.begin(), below.end());
    out.push_back(child);
  }
  return out;
}

}  // namespace

std::string SftpTestServer::unavailable() { return duheng::test_servers::unavailable("openssh"); }

SftpTestServer::SftpTestServer(std::string folder) : folder_(std::move(folder)), port_(free_port(Transport::tcp)) {
  std::filesystem::create_directories(place_folder());
  make_keys();
  write_configuration();
  copy_program();
  start();
}
SftpTestServer::~SftpTestServer() { stop(); }

void SftpTestServer::make_keys() {
  for (const char* const name : {"host", "client", "other"})
    (void)output_of(fmt::format("ssh-keygen -q -t ed25519 -N '' -C test -f '{}/{}'", folder_, name));
  std::filesystem::copy_file(folder_ + "/client.pub", folder_ + "/authorized_keys");
}

/// Into the test's folder, which the server's account can read wherever the build stands.
void SftpTestServer::copy_program() const {
  namespace fs = std::filesystem;
  const std::string from = servers_folder() + "/openssh/usr/";
  fs::copy_file(from + "sbin/sshd", folder_ + "/sshd");
  if (fs::exists(from + "lib"))
    fs::copy(from + "lib", folder_ + "/lib", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  if (::getuid() != 0 || server_account() == nullptr) return;
  const auto give = [](const fs::path& path) {
    (void)::lchown(path.c_str(), server_account()->pw_uid, server_account()->pw_gid);
  };
  for (const char* const name : {"", "place", "host", "authorized_keys", "sshd_config"}) give(folder_ + "/" + name);
}

void SftpTestServer::write_configuration() const {
  // As nobody's service: no PAM, no login records, files only.
  std::ofstream(folder_ + "/sshd_config") << fmt::format(
      "ListenAddress 127.0.0.1\nPort {1}\nHostKey {0}/host\nPidFile none\nAuthorizedKeysFile {0}/authorized_keys\n"
      "StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
      "PubkeyAuthentication yes\nPermitRootLogin prohibit-password\nPrintMotd no\nLogLevel VERBOSE\n"
      "Subsystem sftp internal-sftp\nForceCommand internal-sftp\n",
      folder_, port_);
}

void SftpTestServer::start() {
  const std::string program = folder_ + "/sshd";
  const passwd* const account = server_account();
  const std::string configuration = folder_ + "/sshd_config";
  const std::string log_file = folder_ + "/sshd.log";
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getuid() == 0 && (account == nullptr || ::setgroups(0, nullptr) != 0 || ::setgid(account->pw_gid) != 0 ||
                            ::setuid(account->pw_uid) != 0))
      ::_exit(126);
    const std::string libraries = folder_ + "/lib/x86_64-linux-gnu";
    ::setenv("LD_LIBRARY_PATH", libraries.c_str(), 1);
    ::execl(program.c_str(), program.c_str(), "-D", "-f", configuration.c_str(), "-E", log_file.c_str(),
            static_cast<char*>(nullptr));
    ::_exit(127);
  }
  if (!wait_until_it_listens()) stop();
}

bool SftpTestServer::wait_until_it_listens() const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    const bool connected = ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(descriptor);
    if (connected) return true;
    if (::waitpid(process_, nullptr, WNOHANG) == process_) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

void SftpTestServer::stop() {
  if (process_ <= 0) return;
  for (const pid_t session : descendants_of(process_)) ::kill(session, SIGKILL);
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

SftpOptions SftpTestServer::options() const {
  SftpOptions out;
  out.host = "127.0.0.1";
  out.port = port_;
  out.user = server_account() != nullptr ? server_account()->pw_name : "";
  out.directory = place_folder();
  out.key_file = folder_ + "/client";
  const std::string printed = output_of(fmt::format("ssh-keygen -lf '{}/host.pub'", folder_)).text;
  const std::size_t begin = printed.find("SHA256:");
  if (begin != std::string::npos) out.host_key_sha256 = printed.substr(begin, printed.find(' ', begin) - begin);
  return out;
}

std::string SftpTestServer::log() const { return text_of(folder_ + "/sshd.log"); }

}  // namespace duheng::store::testing
