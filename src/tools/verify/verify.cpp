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
          {"sealed", report.sealed},         {"sound", report.findings.empty() && report.unproven.empty()},
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
    out << (report.sealed ? "too large for the seal to hold more than their size; only what is in use was read of:\n"
                          : "no seal: the program was killed, or something was changed since; what is not in use (free "
                            "pages, ends of logs) was not checked of:\n");
    for (const std::string& path : report.unproven) out << fmt::format("  {}\n", path);
    if (!report.sealed) out << "to have them proved: start the program, end it in good order, and verify again\n";
  }
  const std::string_view verdict = !report.findings.empty()  ? "DAMAGED"
                                   : report.unproven.empty() ? "sound"
                                                             : "nothing wrong found, NOT PROVED";
  out << fmt::format("{} {}: {}, {} findings, {} files not proved, {:.2f} s\n", report.kind, report.directory, verdict,
                     report.findings.size(), report.unproven.size(), seconds);
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
    note(!report->findings.empty() ? verify_damaged : report->unproven.empty() ? verify_sound : verify_unproven);
  }
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  /// The worst of several directories stands.
  void note(int code) {
    const auto rank = [](int of) {
      return of == verify_unusable ? 3 : of == verify_damaged ? 2 : of == verify_unproven;
    };
    if (rank(code) > rank(exit_code_)) exit_code_ = code;
  }
  void refuse(const std::string& directory, const Error& error) {
    note(verify_unusable);
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
