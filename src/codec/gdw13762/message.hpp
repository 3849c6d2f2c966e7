#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "codec/gdw13762/frame.hpp"

namespace duheng::gdw13762 {

/// The services that a concentrator and its module use with one another here. Those of the 2013 edition; F1H came with
/// broadband modules (Q/GDW 10376.2-2019).
namespace services {
inline constexpr Service confirm{0x00, 1};
inline constexpr Service deny{0x00, 2};
inline constexpr Service maker{0x03, 1};
inline constexpr Service main_node{0x03, 4};
inline constexpr Service answer_timeout{0x03, 7};
inline constexpr Service running_mode{0x03, 10};  ///< a module that has started tells it of its own accord
inline constexpr Service service_index{0x03, 11};
inline constexpr Service set_main_node{0x05, 1};
inline constexpr Service broadcast{0x05, 3};
inline constexpr Service nodes_found{0x06, 1};
inline constexpr Service meter_data{0x06, 2};
inline constexpr Service route_changed{0x06, 3};
inline constexpr Service node_event{0x06, 5};
inline constexpr Service node_count{0x10, 1};
inline constexpr Service nodes{0x10, 2};
inline constexpr Service route_state{0x10, 4};
inline constexpr Service add_nodes{0x11, 1};
inline constexpr Service delete_nodes{0x11, 2};
inline constexpr Service restart_route{0x12, 1};
inline constexpr Service suspend_route{0x12, 2};
inline constexpr Service resume_route{0x12, 3};
inline constexpr Service ask_node{0x13, 1};  ///< "monitor a slave node"
inline constexpr Service wants_question{0x14, 1};
inline constexpr Service wants_clock{0x14, 2};
inline constexpr Service wants_correction{0x14, 3};
inline constexpr Service ask_node_concurrently{0xF1, 1};
}  // namespace services

struct ServiceName {
  std::string_view english;
  std::string_view chinese;
};
/// Both empty for services without a name here.
[[nodiscard]] ServiceName name_of(const Service& service) noexcept;
/// Of the whole group AFN.
[[nodiscard]] ServiceName name_of_group(std::uint8_t code) noexcept;

/// 00H F2: why the module does not do it.
enum class DenyCode : std::uint8_t {
  timed_out = 0,
  bad_data = 1,
  bad_length = 2,
  bad_checksum = 3,
  no_such_service = 4,
  bad_format = 5,
  node_repeated = 6,
  no_such_node = 7,  ///< not in the archive
  meter_silent = 8,  ///< the meter's module was reached, the meter said nothing
  busy = 9,
  not_supported = 10,
  node_silent = 11,  ///< the meter's module does not answer
  node_not_in_net = 12,
  too_many_at_once = 109,
  too_many_frames = 110,
  node_busy = 111,  ///< a question to this node is under way already
};
[[nodiscard]] ServiceName name_of(DenyCode code) noexcept;

/// What a frame for a meter speaks.
enum class CarriedProtocol : std::uint8_t { transparent = 0, dlt645_1997 = 1, dlt645_2007 = 2, dlt698 = 3 };
[[nodiscard]] ServiceName name_of(CarriedProtocol protocol) noexcept;

template <class T>
using Parsed = std::expected<T, DecodeError>;

/// 00H F1.
[[nodiscard]] Bytes make_confirmation(std::uint16_t wait_s);
/// How long the module wants to be left alone; 0 where it does not say.
[[nodiscard]] std::uint16_t wait_of_confirmation(ByteView data) noexcept;
/// 00H F2.
[[nodiscard]] Parsed<DenyCode> parse_denial(ByteView data) noexcept;

/// 03H F10. What is not here is not needed; builders write it as 0.
struct RunningMode {
  std::uint8_t carrier_kind = 1;  ///< 1 narrow-band, 2 broadband, 3 micro-power radio
  bool keeps_routes = true;
  bool wants_archive = true;      ///< the nodes must be given to it
  std::uint8_t reading_mode = 3;  ///< bit 0: the concentrator asks; bit 1: the module asks by itself
  std::uint8_t answer_timeout_s = 60;
  std::uint16_t broadcast_timeout_s = 60;
  std::uint16_t frame_octets_max = 0;
  NodeAddress main_node;
  std::uint16_t nodes_max = 0;
  std::uint16_t node_count = 0;
  friend bool operator==(const RunningMode&, const RunningMode&) = default;
};
[[nodiscard]] Bytes make_running_mode(const RunningMode& mode);
[[nodiscard]] Parsed<RunningMode> parse_running_mode(ByteView data) noexcept;

/// 03H F11 as an answer: the group asked about, and which of its functions there are (bit 0 of the first octet is F1).
[[nodiscard]] Bytes make_service_index(std::uint8_t code, std::span<const std::uint8_t> functions);
[[nodiscard]] bool index_has(ByteView data, const Service& service) noexcept;

/// 05H F1 and the answer of 03H F4.
[[nodiscard]] Bytes make_address(const NodeAddress& address);
[[nodiscard]] Parsed<NodeAddress> parse_address(ByteView data) noexcept;

/// One node of the answer of 10H F2.
struct NodeEntry {
  NodeAddress address;
  std::uint8_t relay_level = 0;
  std::uint8_t signal_quality = 0;  ///< 0 not known, 1 worst to 15
  std::uint8_t phases = 0;          ///< bit 0: first phase … bit 2: third
  friend bool operator==(const NodeEntry&, const NodeEntry&) = default;
};
struct NodePage {
  std::uint16_t total = 0;
  std::vector<NodeEntry> nodes;
};
inline constexpr std::size_t nodes_of_a_page_max = 32;
/// 10H F2 as a question: nodes are numbered from 1.
[[nodiscard]] Bytes make_page_question(std::uint16_t first, std::uint8_t count);
struct PageQuestion {
  std::uint16_t first = 1;
  std::uint8_t count = 0;
};
[[nodiscard]] Parsed<PageQuestion> parse_page_question(ByteView data) noexcept;
[[nodiscard]] Bytes make_page(const NodePage& page);
[[nodiscard]] Parsed<NodePage> parse_page(ByteView data);
/// 10H F1 as an answer.
[[nodiscard]] Bytes make_node_count(std::uint16_t count, std::uint16_t most);

/// 11H F1: each with the protocol of its meter.
struct ArchiveNode {
  NodeAddress address;
  CarriedProtocol protocol = CarriedProtocol::dlt645_2007;
  friend bool operator==(const ArchiveNode&, const ArchiveNode&) = default;
};
[[nodiscard]] Bytes make_nodes_to_add(std::span<const ArchiveNode> nodes);
[[nodiscard]] Parsed<std::vector<ArchiveNode>> parse_nodes_to_add(ByteView data);
/// 11H F2.
[[nodiscard]] Bytes make_nodes_to_delete(std::span<const NodeAddress> nodes);
[[nodiscard]] Parsed<std::vector<NodeAddress>> parse_nodes_to_delete(ByteView data);

/// A frame of a meter's protocol within one of ours; `content` lies in the data given.
struct Carried {
  std::uint8_t protocol = 0;     ///< CarriedProtocol, or a number without a name
  std::uint16_t duration_s = 0;  ///< how long it was under way to the module, where told
  std::size_t content_offset = 0;
  ByteView content;
};
/// What 02H F1, 05H F3, 06H F2, 06H F5, 13H F1 and F1H F1 carry, by service and direction. Errors: malformed - another
/// service, or its length does not fit what is there.
[[nodiscard]] Parsed<Carried> parse_carried(const FrameView& frame) noexcept;

/// The meters' frames that whole frames of this protocol carry, joined in their order; nothing when the octets are not
/// whole frames of this protocol and nothing else.
[[nodiscard]] std::optional<Bytes> carried_frames(ByteView octets);

/// 13H F1 to the module. Errors: limit_exceeded - more than 255 octets.
[[nodiscard]] Result<Bytes> make_node_question(CarriedProtocol protocol, ByteView content);
/// 13H F1 from the module; an empty content says that the meter gave no answer.
[[nodiscard]] Result<Bytes> make_node_answer(std::uint16_t duration_s, CarriedProtocol protocol, ByteView content);
/// F1H F1.
[[nodiscard]] Bytes make_concurrent_question(CarriedProtocol protocol, ByteView content);
[[nodiscard]] Bytes make_concurrent_answer(CarriedProtocol protocol, ByteView content);
/// 05H F3. Errors: limit_exceeded.
[[nodiscard]] Result<Bytes> make_broadcast(CarriedProtocol protocol, ByteView content);
/// 06H F2. Errors: limit_exceeded.
[[nodiscard]] Result<Bytes> make_meter_data(std::uint16_t node, CarriedProtocol protocol, std::uint16_t duration_s,
                                            ByteView content);
/// 06H F5. Errors: limit_exceeded.
[[nodiscard]] Result<Bytes> make_node_event(std::uint8_t device_kind, CarriedProtocol protocol, ByteView content);
/// The answer to 14H F1 of a concentrator that asks by itself: this node needs no question.
[[nodiscard]] Bytes make_no_question();

}  // namespace duheng::gdw13762
