#include "platform/web/onboarding_requests.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace duheng::platform::web {
namespace {

using Json = nlohmann::json;

constexpr std::size_t unknown_at_once_max = 1'000;

/// One object of a body; the first thing that is wrong sticks. Fields are told with `prefix` before them.
class Reader {
 public:
  Reader(const Json& json, std::string prefix, std::initializer_list<std::string_view> known)
      : json_(json), prefix_(std::move(prefix)) {
    if (!json.is_object()) {
      reject("", "an object is wanted here");
      return;
    }
    for (const auto& [key, value] : json.items())
      if (std::ranges::find(known, key) == known.end()) reject(key, "is not known here");
  }
  [[nodiscard]] const Json* find(const char* key) const {
    if (!json_.is_object()) return nullptr;
    const auto at = json_.find(key);
    return at == json_.end() || at->is_null() ? nullptr : &*at;
  }
  std::string text(const char* key, std::size_t octets_max, bool is_required = false) {
    const Json* found = find(key);
    if (found == nullptr) {
      if (is_required) reject(key, "is missing");
      return {};
    }
    if (!found->is_string()) {
      reject(key, "must be a text");
      return {};
    }
    const auto& given = found->get_ref<const std::string&>();
    if (given.size() > octets_max || (is_required && given.empty())) {
      reject(key, fmt::format("must have {} to {} octets", is_required ? 1 : 0, octets_max));
      return {};
    }
    return given;
  }
  /// `otherwise` when it is left out.
  std::int64_t integer(const char* key, std::int64_t minimum, std::int64_t maximum,
                       std::optional<std::int64_t> otherwise = std::nullopt) {
    const Json* found = find(key);
    if (found == nullptr) {
      if (!otherwise) reject(key, "is missing");
      return otherwise.value_or(0);
    }
    const bool fits = found->is_number_integer() &&
                      (!found->is_number_unsigned() || found->get<std::uint64_t>() <= INT64_MAX) &&
                      found->get<std::int64_t>() >= minimum && found->get<std::int64_t>() <= maximum;
    if (!fits) reject(key, fmt::format("must be an integer from {} to {}", minimum, maximum));
    return fits ? found->get<std::int64_t>() : 0;
  }
  std::int64_t id(const char* key, bool is_required) {
    return integer(key, 1, INT64_MAX, is_required ? std::nullopt : std::optional<std::int64_t>(0));
  }
  /// A word of the list; its place.
  std::size_t choice(const char* key, std::initializer_list<std::string_view> words,
                     std::optional<std::size_t> otherwise = std::nullopt) {
    const std::string given = text(key, 32, !otherwise);
    if (given.empty()) return otherwise.value_or(0);
    const auto* const found = std::ranges::find(words, given);
    if (found == words.end()) reject(key, fmt::format("must be one of {}", fmt::join(words, ", ")));
    return found == words.end() ? 0 : static_cast<std::size_t>(found - words.begin());
  }
  void reject(std::string_view key, std::string_view why) {
    if (fault_) return;
    std::string field = prefix_;
    if (!key.empty()) field += (prefix_.empty() ? "" : ".") + std::string(key);
    fault_ =
        FieldFault{field, {ErrorCode::invalid_argument, fmt::format("{} {}", field.empty() ? "the body" : field, why)}};
  }
  template <class T>
  [[nodiscard]] Checked<T> finish(T value) const {
    if (fault_) return std::unexpected(*fault_);
    return value;
  }

 private:
  const Json& json_;
  std::string prefix_;
  std::optional<FieldFault> fault_;
};

Checked<Json> parse(std::string_view body) {
  auto json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return fault("", ErrorCode::malformed, "the body is not JSON");
  return json;
}

Checked<FieldChannel> read_channel(const Json& json, const std::string& prefix) {
  Reader reader(
      json, prefix,
      {"name", "kind", "host", "port", "device", "baud", "data_bits", "parity", "stop_bits", "carrier", "main_node"});
  FieldChannel out;
  out.name = reader.text("name", field_plan_limits::name_bytes_max, true);
  if (const auto carrier = reader.choice("carrier", {"none", "narrow_band", "broadband", "radio"}, 0); carrier > 0)
    out.carrier = FieldCarrier{static_cast<FieldCarrierKind>(carrier - 1), reader.text("main_node", 12)};
  const auto kind = reader.choice("kind", {"tcp", "udp", "serial"});
  if (kind == 2) {
    FieldSerial serial;
    serial.device = reader.text("device", field_plan_limits::place_bytes_max, true);
    serial.baud = static_cast<std::uint32_t>(reader.integer("baud", 300, 4'000'000, serial.baud));
    serial.data_bits = static_cast<std::uint8_t>(reader.integer("data_bits", 7, 8, serial.data_bits));
    serial.parity = static_cast<FieldParity>(reader.choice("parity", {"none", "even", "odd"}, 1));
    serial.stop_bits = static_cast<std::uint8_t>(reader.integer("stop_bits", 1, 2, serial.stop_bits));
    out.way = serial;
    return reader.finish(std::move(out));
  }
  const std::string host = reader.text("host", field_plan_limits::place_bytes_max, true);
  const auto port = static_cast<std::uint16_t>(reader.integer("port", 1, 65'535));
  if (kind == 0)
    out.way = FieldTcp{host, port};
  else
    out.way = FieldUdp{host, port};
  return reader.finish(std::move(out));
}

}  // namespace

Checked<FieldChannel> parse_new_channel(std::string_view body) {
  const auto json = parse(body);
  if (!json) return std::unexpected(json.error());
  return read_channel(*json, "");
}

Checked<NewDevice> parse_new_device(std::string_view body) {
  const auto json = parse(body);
  if (!json) return std::unexpected(json.error());
  Reader reader(
      *json, "",
      {"uid", "name", "address", "model", "gateway_id", "channel", "new_channel", "organisation_id", "site_id"});
  NewDevice out;
  out.uid = reader.text("uid", 64);
  out.name = reader.text("name", 200);
  out.address = reader.text("address", 64, true);
  out.model = reader.text("model", 64, true);
  out.gateway = GatewayId{reader.id("gateway_id", true)};
  out.channel = reader.text("channel", 64, true);
  out.organisation = OrganisationId{reader.id("organisation_id", false)};
  out.site = SiteId{reader.id("site_id", false)};
  if (const auto* channel = reader.find("new_channel")) {
    auto read = read_channel(*channel, "new_channel");
    if (!read) return std::unexpected(read.error());
    out.new_channel = std::move(*read);
  }
  return reader.finish(std::move(out));
}

Checked<ConnectionChange> parse_connection_change(std::string_view body) {
  const auto json = parse(body);
  if (!json) return std::unexpected(json.error());
  Reader reader(*json, "", {"gateway_id", "channel", "address", "model"});
  ConnectionChange out;
  out.gateway = GatewayId{reader.id("gateway_id", true)};
  out.channel = reader.text("channel", 64, true);
  out.address = reader.text("address", 64, true);
  out.model = reader.text("model", 64, true);
  return reader.finish(std::move(out));
}

Checked<std::vector<Adoption>> parse_adoption(std::string_view body) {
  const auto json = parse(body);
  if (!json) return std::unexpected(json.error());
  Reader reader(*json, "", {"devices"});
  const auto* devices = reader.find("devices");
  if (devices == nullptr || !devices->is_array() || devices->empty() || devices->size() > unknown_at_once_max)
    reader.reject("devices", fmt::format("must be a list of 1 to {}", unknown_at_once_max));
  if (auto checked = reader.finish(true); !checked) return std::unexpected(checked.error());
  std::vector<Adoption> out;
  for (std::size_t i = 0; i < devices->size(); ++i) {
    Reader each((*devices)[i], fmt::format("devices[{}]", i), {"id", "model", "name", "organisation_id", "site_id"});
    Adoption adoption;
    adoption.unknown = each.id("id", true);
    adoption.model = each.text("model", 64, true);
    adoption.name = each.text("name", 200);
    adoption.organisation = OrganisationId{each.id("organisation_id", false)};
    adoption.site = SiteId{each.id("site_id", false)};
    auto checked = each.finish(std::move(adoption));
    if (!checked) return std::unexpected(checked.error());
    out.push_back(std::move(*checked));
  }
  return out;
}

Checked<std::vector<std::int64_t>> parse_dismissal(std::string_view body) {
  const auto json = parse(body);
  if (!json) return std::unexpected(json.error());
  Reader reader(*json, "", {"ids"});
  std::vector<std::int64_t> out;
  const auto* ids = reader.find("ids");
  if (ids == nullptr || !ids->is_array() || ids->size() > unknown_at_once_max) {
    reader.reject("ids", fmt::format("must be a list of at most {}", unknown_at_once_max));
    return reader.finish(std::move(out));
  }
  for (const auto& id : *ids) {
    const bool fits = id.is_number_integer() && (!id.is_number_unsigned() || id.get<std::uint64_t>() <= INT64_MAX) &&
                      id.get<std::int64_t>() > 0;
    if (fits)
      out.push_back(id.get<std::int64_t>());
    else
      reader.reject("ids", "must be numbers of unknown devices");
  }
  return reader.finish(std::move(out));
}

Checked<CommitMode> parse_commit(std::string_view body) {
  const auto json = parse(body);
  if (!json) return std::unexpected(json.error());
  Reader reader(*json, "", {"mode"});
  const bool good_only = reader.choice("mode", {"all_or_nothing", "good_lines"}) == 1;
  return reader.finish(good_only ? CommitMode::good_lines : CommitMode::all_or_nothing);
}

}  // namespace duheng::platform::web
