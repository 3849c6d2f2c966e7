#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "crypto/key_provider.hpp"
#include "gateway/polling/meter_health.hpp"
#include "gateway/service/gateway_core.hpp"
#include "gateway/spool/spool.hpp"
#include "link/channel.hpp"
#include "model/field_plan.hpp"

namespace duheng::gateway {

namespace config_limits {
inline constexpr std::size_t devices_file_bytes_max = 16U << 20;
inline constexpr std::size_t channels_max = 50'000;
inline constexpr std::size_t listeners_max = 64;
inline constexpr std::size_t devices_max = 200'000;
}  // namespace config_limits

/// A carrier or radio module stands at the channel's end.
struct CarrierConfig {
  enum class Kind : std::uint8_t { narrow_band, broadband, radio };
  Kind kind = Kind::narrow_band;
  std::string main_node;  ///< twelve digits; empty: the module keeps its own
};
struct ChannelConfig {
  std::string name;
  std::optional<link::TcpEndpoint> tcp;  ///< exactly one of the three
  std::optional<link::UdpEndpoint> udp;
  std::optional<link::SerialSettings> serial;
  std::optional<CarrierConfig> carrier{};  ///< not over UDP
  link::BackoffRule reconnect{500, 60'000};
};
/// A port that meters call in to. Devices name it as their channel; each gets a line of its own.
struct ListenerConfig {
  std::string name;
  bool udp = false;
  std::string address = "0.0.0.0";
  std::uint16_t port = 0;
  std::size_t connections_max = 100'000;
  std::size_t unidentified_max = 10'000;
  std::int64_t answer_timeout_ms = 3'000;       ///< for "who are you"
  std::int64_t silence_timeout_ms = 3'600'000;  ///< a device that has sent nothing for so long is hung up on
};
struct DeviceConfig {
  std::string uid;      ///< how the platform knows it; 1 to 64 octets
  std::string address;  ///< as the meter shows it
  std::string model;
  std::string channel;  ///< or a listener
};

/// `duheng-gateway --config gateway.yaml`; see packaging/examples/gateway.yaml.
struct GatewayConfig {
  std::string data_directory;  ///< spool, key, identity, run file; belongs to this process
  std::string models_directory;
  std::vector<ChannelConfig> channels;
  std::vector<ListenerConfig> listeners;
  std::vector<DeviceConfig> devices;
  SpoolOptions spool;
  crypto::Cipher cipher = crypto::Cipher::aes_256_gcm;  ///< of the spool
  std::int64_t linger_ms = 20;
  OfflineRule offline;
  UpkeepSettings upkeep;
  drivers::DriverSecrets secrets;
  DerivationOptions derivation;  ///< `processing` and `sums`

  struct Uplink {
    std::string address;  ///< host:port; empty: nothing is sent, the spool keeps it
    std::string server_name;
    std::string enrolment_address;  ///< host:port of the platform's enrolment port
    std::string enrolment_code_file;
  } uplink;
  std::string http_address = "127.0.0.1";
  std::uint16_t http_port = 0;  ///< 0: chosen by the machine, written to <data>/run.json
  log::Options log;
};

/// Reads the file and the devices files it names (paths relative to the file itself).
/// Errors: as base/config.hpp; two channels or devices of one name, a device on an unknown channel.
[[nodiscard]] Result<GatewayConfig> load_gateway_config(const std::string& path);

/// A device that calls in.
struct CallInPlace {
  std::uint32_t listener = 0;  ///< index into GatewayConfig::listeners
  std::uint32_t channel = 0;   ///< its own line in the core
  const drivers::Driver* driver = nullptr;
  drivers::BusAddress address;
};

/// What the core needs, from a configuration and the models. A device whose model is missing or whose address is wrong
/// is left out and told about, so that one mistake among thousands does not stop the others.
struct CorePlan {
  CoreOptions options;                ///< channels: those of the configuration, then one for each device that calls in
  std::vector<CallInPlace> call_ins;  ///< in the order of those channels
  std::vector<std::string> problems;
};
[[nodiscard]] CorePlan plan_core(const GatewayConfig& config, const ModelLibrary& models);

/// How the core runs such a channel; its driver is not known yet.
[[nodiscard]] CoreChannel core_channel(const ChannelConfig& config);
/// What a channel speaks until its first device says otherwise.
[[nodiscard]] const drivers::Driver* idle_driver(const CoreChannel& channel);
/// A channel of a platform's plan. Errors: invalid_argument - a serial line that cannot be had here.
[[nodiscard]] Result<ChannelConfig> channel_config(const FieldChannel& channel);
/// "host:port", "/dev/ttyS1 9600 8E1".
[[nodiscard]] std::string channel_detail(const ChannelConfig& config);

struct ResolvedDevice {
  std::shared_ptr<const DeviceModel> model;
  drivers::BusAddress address;
};
/// Errors: not_found - no such model; invalid_argument - no address of its protocol.
[[nodiscard]] Result<ResolvedDevice> resolve_device(std::string_view model, std::string_view address,
                                                    const ModelLibrary& models);

}  // namespace duheng::gateway
