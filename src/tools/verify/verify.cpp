#include "tools/verify/verify.hpp"

#include <chrono>
#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "tools/verify/directory_verifier.hpp"

namespace duheng::tools {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const DirectoryReport& report, double seconds) {
  Json parts = Json::array();
  for (const CheckedPart& part : report.parts)
    parts.push_back({{"name", part.name},
                     {"how", part.how},
                     {"files", part.files},
                     {"entries", part.entries},
                     {"bytes", part.bytes}});
  Json findings = Json::array();
  for (const DirectoryFinding& finding : report.findings)
    findings.push_back({{"file", finding.file}, {"offset", finding.offset}, {"what", finding.what}});
  return {{"directory", report.directory},   {"kind", report.kind},
          {"sealed", report.sealed},         {"sound", report.findings.empty()},
          {"findings", std::move(findings)}, {"parts", std::move(parts)},
          {"unproven", report.unproven},     {"seconds", seconds}};
}

void print(const DirectoryReport& report, double seconds, std::ostream& out) {
  for (const DirectoryFinding& finding : report.findings)
    out << fmt::format("{}/{} at octet {}: {}\n", report.directory, finding.file, finding.offset, finding.what);
  for (const CheckedPart& part : report.parts)
    out << fmt::format("{}: {} files, {} entries, {} octets ({})\n", part.name, part.files, part.entries, part.bytes,
                       part.how);
  if (!report.unproven.empty()) {
    out << (report.sealed ? "too large to be sealed; only what the database uses was read of:\n"
                          : "not sealed: the program did not end in good order, or something was changed since; not "
                            "every octet was checked of:\n");
    for (const std::string& path : report.unproven) out << fmt::format("  {}\n", path);
  }
  out << fmt::format("{} {}: {} findings, {:.2f} s\n", report.kind, report.directory, report.findings.size(), seconds);
}

class Run {
 public:
  Run(const VerifyOptions& options, std::ostream& out, std::ostream& err) : options_(options), out_(out), err_(err) {}

  template <class Verify>
  void one(const std::string& directory, Verify&& verify) {
    const auto begun = std::chrono::steady_clock::now();
    const auto report = verify();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    if (!report) {
      refuse(directory, report.error());
      return;
    }
    if (options_.json) {
      out_ << to_json(*report, seconds).dump() << '\n';
    } else {
      print(*report, seconds, out_);
    }
    if (!report->findings.empty()) exit_code_ = std::max(exit_code_, verify_damaged);
  }
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  void refuse(const std::string& directory, const Error& error) {
    exit_code_ = verify_unusable;
    if (options_.json)
      out_ << Json{{"directory", directory}, {"error", to_string(error.code)}, {"message", error.message}}.dump()
           << '\n';
    err_ << fmt::format("duheng: {}: {} ({})\n", directory, error.message, to_string(error.code));
  }

  const VerifyOptions& options_;
  std::ostream& out_;
  std::ostream& err_;
  int exit_code_ = verify_sound;
};

}  // namespace

int run_verify(const VerifyOptions& options, std::ostream& out, std::ostream& err) {
  PosixDisk disk;
  SystemClock clock;
  SystemRandom random;
  DirectoryVerifier verifier(disk, clock, random, options.deep, [&](const std::string& what) {
    if (options.progress) err << "verifying " << what << std::endl;
  });
  Run run(options, out, err);
  if (!options.journal.empty())
    run.one(options.journal, [&] { return verifier.journal(options.journal, options.key_file); });
  for (const std::string& directory : options.directories)
    run.one(directory, [&] { return verifier.data_directory(directory); });
  return run.exit_code();
}

}  // namespace duheng::tools
