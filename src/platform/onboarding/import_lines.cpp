#include "platform/onboarding/import_lines.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

constexpr std::array<ImportColumn, 14> columns{{{"uid", "设备标识", "uid"},
                                                {"name", "名称", "name"},
                                                {"address", "表地址", "address", true},
                                                {"model", "型号", "model", true},
                                                {"gateway", "网关", "gateway_id", true},
                                                {"channel", "通道", "channel", true},
                                                {"channel_kind", "通道类型", "new_channel"},
                                                {"channel_host", "主机", ""},
                                                {"channel_port", "端口", ""},
                                                {"channel_device", "串口", ""},
                                                {"channel_baud", "波特率", ""},
                                                {"channel_parity", "校验", ""},
                                                {"organisation", "组织", "organisation_id"},
                                                {"site", "站点", "site_id"}}};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\n";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Digits only; nothing when it is no such number or above `maximum`.
std::optional<std::uint32_t> number_of(std::string_view text, std::uint32_t maximum) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || out > maximum) return std::nullopt;
  return out;
}

}  // namespace

std::span<const ImportColumn> import_columns() noexcept { return columns; }

std::string_view column_of(std::string_view field) noexcept {
  if (field.empty()) return {};
  const auto found = std::ranges::find(columns, field, &ImportColumn::field);
  return found == columns.end() ? std::string_view{} : found->name;
}

Result<ImportNames> ImportNames::load(const Scope& scope, Organisations& organisations, Sites& sites,
                                      Gateways& gateways) {
  ImportNames out;
  out.own_ = scope.root();
  DUHENG_TRY(const auto all_gateways, gateways.list(scope));
  for (const auto& gateway : all_gateways) out.gateways_[gateway.name] = {gateway.id, gateway.organisation};
  DUHENG_TRY(const auto all_organisations, organisations.list(scope));
  for (const auto& organisation : all_organisations) out.organisations_[organisation.code] = organisation.id;
  DUHENG_TRY(const auto all_sites, sites.list(scope));
  for (const auto& site : all_sites) out.sites_[{site.details.organisation, site.details.name}] = site.id;
  return out;
}

Result<ImportHeader> ImportHeader::read(const std::vector<std::string>& fields) {
  ImportHeader out;
  out.count_ = fields.size();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string name = to_lower_ascii(trimmed(fields[i]));
    if (name.empty()) continue;  // spreadsheets leave empty columns behind
    const auto column = std::ranges::find_if(
        columns, [&](const ImportColumn& each) { return each.name == name || each.chinese == name; });
    if (column == columns.end())
      return fail(ErrorCode::invalid_argument, fmt::format("the header has an unknown column '{}'", name));
    if (!out.places_.emplace(column->name, i).second)
      return fail(ErrorCode::invalid_argument, fmt::format("the header has the column '{}' twice", column->name));
  }
  for (const auto& column : columns)
    if (column.is_required && !out.places_.contains(column.name))
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the header lacks the column '{}': take the template", column.name));
  return out;
}

std::string_view ImportHeader::value(const std::vector<std::string>& fields, std::string_view column) const {
  const auto place = places_.find(column);
  return place == places_.end() || place->second >= fields.size() ? std::string_view{} : trimmed(fields[place->second]);
}

Checked<void> ImportHeader::read_channel(const std::vector<std::string>& fields, NewDevice& device) const {
  device.channel = value(fields, "channel");
  const auto kind = to_lower_ascii(value(fields, "channel_kind"));
  if (kind.empty()) return {};
  FieldChannel channel{device.channel, {}};
  if (kind == "tcp" || kind == "udp") {
    const std::string host(value(fields, "channel_host"));
    if (host.empty()) return fault("channel_host", ErrorCode::invalid_argument, "a host is missing");
    const auto port = number_of(value(fields, "channel_port"), 65'535);
    if (!port || *port == 0) return fault("channel_port", ErrorCode::invalid_argument, "a port is 1 to 65535");
    if (kind == "tcp")
      channel.way = FieldTcp{host, static_cast<std::uint16_t>(*port)};
    else
      channel.way = FieldUdp{host, static_cast<std::uint16_t>(*port)};
  } else if (kind == "serial") {
    FieldSerial serial;
    serial.device = value(fields, "channel_device");
    if (serial.device.empty()) return fault("channel_device", ErrorCode::invalid_argument, "a serial port is missing");
    if (const auto text = value(fields, "channel_baud"); !text.empty()) {
      const auto baud = number_of(text, 4'000'000);
      if (!baud) return fault("channel_baud", ErrorCode::invalid_argument, "this is no speed");
      serial.baud = *baud;
    }
    const auto parity = to_lower_ascii(value(fields, "channel_parity"));
    if (!parity.empty() && parity != "none" && parity != "even" && parity != "odd")
      return fault("channel_parity", ErrorCode::invalid_argument, "the parity is none, even or odd");
    if (!parity.empty())
      serial.parity = parity == "none" ? FieldParity::none : parity == "even" ? FieldParity::even : FieldParity::odd;
    channel.way = serial;
  } else {
    return fault("channel_kind", ErrorCode::invalid_argument, "a new channel is tcp, udp or serial");
  }
  device.new_channel = std::move(channel);
  return {};
}

Checked<void> ImportHeader::read_places(const std::vector<std::string>& fields, const ImportNames& names,
                                        NewDevice& device) const {
  const auto gateway = names.gateways_.find(value(fields, "gateway"));
  if (gateway == names.gateways_.end())
    return fault("gateway", ErrorCode::not_found, "there is no gateway of this name");
  device.gateway = gateway->second.id;
  device.organisation = names.own_ ? names.own_ : gateway->second.organisation;
  if (const auto code = value(fields, "organisation"); !code.empty()) {
    const auto organisation = names.organisations_.find(code);
    if (organisation == names.organisations_.end())
      return fault("organisation", ErrorCode::not_found, "there is no organisation with this code");
    device.organisation = organisation->second;
  }
  if (const auto name = value(fields, "site"); !name.empty()) {
    const auto site = names.sites_.find({device.organisation, std::string(name)});
    if (site == names.sites_.end())
      return fault("site", ErrorCode::not_found, "the organisation has no site of this name");
    device.site = site->second;
  }
  return {};
}

Checked<NewDevice> ImportHeader::device(const std::vector<std::string>& fields, const ImportNames& names) const {
  if (fields.size() > count_)
    return fault("", ErrorCode::malformed, fmt::format("the line has {} fields, the header {}", fields.size(), count_));
  for (const auto& column : columns)
    if (column.is_required && value(fields, column.name).empty())
      return fault(std::string(column.name), ErrorCode::invalid_argument, "this must not be empty");
  NewDevice out;
  out.uid = value(fields, "uid");
  out.name = value(fields, "name");
  out.address = value(fields, "address");
  out.model = value(fields, "model");
  if (auto channel = read_channel(fields, out); !channel) return std::unexpected(channel.error());
  if (auto places = read_places(fields, names, out); !places) return std::unexpected(places.error());
  return out;
}

}  // namespace duheng::platform
