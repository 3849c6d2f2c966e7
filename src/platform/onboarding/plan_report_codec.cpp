#include "platform/onboarding/plan_report_codec.hpp"

#include <algorithm>

namespace duheng::platform {
namespace {

constexpr std::uint8_t format_1 = 1;

FieldChannelState read_channel(ByteReader& in) {
  FieldChannelState out;
  out.name = in.sized_text();
  out.kind = in.sized_text();
  out.detail = in.sized_text();
  const std::uint8_t flags = in.u8();
  out.from_plan = (flags & 1) != 0;
  out.open = (flags & 2) != 0;
  out.devices = static_cast<std::uint32_t>(in.varint());
  return out;
}

}  // namespace

Bytes encode_plan_report(const FieldPlanReport& report) {
  Bytes octets;
  ByteWriter out(octets);
  out.u8(format_1);
  out.varint(report.version);
  out.raw(report.hash);
  out.varint(report.problems.size());
  for (const auto& problem : report.problems) {
    out.sized(problem.subject);
    out.sized(problem.reason);
  }
  out.varint(report.channels.size());
  for (const auto& channel : report.channels) {
    out.sized(channel.name);
    out.sized(channel.kind);
    out.sized(channel.detail);
    out.u8(static_cast<std::uint8_t>((channel.from_plan ? 1 : 0) | (channel.open ? 2 : 0)));
    out.varint(channel.devices);
  }
  out.varint(report.models.size());
  for (const auto& model : report.models) out.sized(model);
  out.varint(report.file_devices);
  return octets;
}

Result<FieldPlanReport> parse_plan_report(ByteView octets) {
  ByteReader in(octets);
  if (const auto format = in.u8(); in.ok() && format != format_1)
    return fail(ErrorCode::unsupported, "a gateway's report was stored by a later release");
  FieldPlanReport out;
  out.version = in.varint();
  const auto hash = in.raw(out.hash.size());
  if (hash.size() == out.hash.size()) std::ranges::copy(hash, out.hash.begin());
  const std::uint64_t problems = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < problems; ++i) {
    FieldPlanProblem problem;
    problem.subject = in.sized_text();
    problem.reason = in.sized_text();
    out.problems.push_back(std::move(problem));
  }
  const std::uint64_t channels = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < channels; ++i) out.channels.push_back(read_channel(in));
  const std::uint64_t models = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < models; ++i) out.models.emplace_back(in.sized_text());
  out.file_devices = static_cast<std::uint32_t>(in.varint());
  if (!in.ok() || !in.at_end()) return fail(ErrorCode::malformed, "a gateway's stored report is damaged");
  return out;
}

}  // namespace duheng::platform
