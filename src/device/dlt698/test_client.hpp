#pragma once
// For tests only: a client of one meter, from APDU to answer, pieces and blocks joined.
#include <gtest/gtest.h>
#include <optional>
#include <vector>

#include "codec/dlt698/fragment.hpp"
#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/message.hpp"
#include "device/bus/device_bus.hpp"

namespace duheng::device::testing {

using dlt698::Node;
using dlt698::Oad;
namespace make = dlt698::make;
namespace types = dlt698::types;

/// One row of a record answer, cell by cell, each a Data as it came.
using Row = std::vector<Node>;

class TestClient {
 public:
  TestClient(VirtualDevice& meter, dlt698::ServerAddress address, std::uint8_t client = 0x10)
      : meter_(meter), address_(address), client_(client) {}

  std::int64_t now_utc_ms = 1'750'000'000'000;
  std::uint8_t control = dlt698::control_codes::client_request;
  std::size_t frames = 0;            ///< heard so far
  std::size_t frame_octets_max = 0;  ///< the longest heard
  std::size_t blocks = 0;            ///< of the last GET
  std::uint32_t identifier = 0;      ///< of the last answer

  [[nodiscard]] Bytes framed(ByteView user_data, std::uint8_t with_control) const {
    dlt698::FrameFields fields;
    fields.control = with_control;
    fields.server_address = address_;
    fields.client_address = client_;
    fields.user_data = user_data;
    return *dlt698::encode(fields);
  }
  /// The answer's APDU, its pieces confirmed and joined; empty when the meter keeps silent.
  [[nodiscard]] Bytes ask_octets(ByteView apdu) {
    dlt698::FragmentAssembler pieces(65'536);
    Bytes question = framed(apdu, control);
    while (true) {
      const auto said = meter_.answer(now_utc_ms, question);
      if (!said) return {};
      ++frames;
      frame_octets_max = std::max(frame_octets_max, said->octets.size());
      identifier = said->identifier;
      const auto frame = dlt698::decode_at_start(said->octets);
      EXPECT_TRUE(frame.has_value());
      EXPECT_EQ(frame->size_octets(), said->octets.size());
      EXPECT_TRUE(frame->from_server() && frame->started_by_client());
      EXPECT_EQ(frame->client_address(), client_);
      Bytes plain(frame->wire_user_data().size());
      const ByteView data = frame->user_data(plain);
      if (!frame->is_fragment()) return {data.begin(), data.end()};
      const auto outcome = pieces.accept(data);
      EXPECT_TRUE(outcome.has_value());
      if (*outcome == dlt698::FragmentAssembler::Outcome::complete) return {pieces.apdu().begin(), pieces.apdu().end()};
      EXPECT_EQ(*outcome, dlt698::FragmentAssembler::Outcome::taken);
      std::array<std::uint8_t, dlt698::FragmentHeader::size_octets> word;
      const auto fields = dlt698::fragment_confirmation(*frame, *dlt698::decode_fragment_header(data), word);
      question = framed(fields.user_data, fields.control);
    }
  }
  [[nodiscard]] Bytes ask(const Node& apdu) { return ask_octets(*dlt698::encode_tree(types::apdu, apdu)); }

  /// One attribute: its Data, or nothing and `dar`.
  std::uint8_t dar = 0;
  [[nodiscard]] std::optional<Node> get(Oad oad) {
    const Bytes answer = ask(dlt698::get_request(++piid_ & 0x3F, oad));
    std::optional<Node> out;
    EXPECT_TRUE(dlt698::for_each_result(answer, [&](const dlt698::ObjectResult& result) {
      EXPECT_EQ(result.oad, oad);
      dar = result.dar.value_or(0);
      if (!result.dar) out = dlt698::decode_tree(types::data, result.data)->root;
    }));
    return out;
  }
  [[nodiscard]] std::optional<Node> get(std::uint32_t oad) { return get(Oad::from(oad)); }
  /// The number in a Data; for elements of arrays the n-th, counted flat.
  [[nodiscard]] static std::int64_t number(const Node& data) {
    return data.type->kind == dlt698::Kind::signed_integer
               ? dlt698::read_signed(data.content)
               : static_cast<std::int64_t>(dlt698::read_unsigned(data.content));
  }
  [[nodiscard]] std::int64_t number(std::uint32_t oad) {
    const auto data = get(oad);
    EXPECT_TRUE(data && data->children.empty()) << std::hex << oad;
    return data ? number(*data) : INT64_MIN;
  }

  /// GET Record, block by block.
  [[nodiscard]] std::vector<Row> records(std::uint32_t table, Node selector, std::vector<Oad> columns) {
    dar = 0;
    blocks = 0;
    std::vector<Row> out;
    const std::uint8_t piid = ++piid_ & 0x3F;
    Bytes answer = ask(dlt698::get_record_request(piid, Oad::from(table), std::move(selector), columns));
    while (!answer.empty()) {
      const auto tree = dlt698::decode_tree(types::apdu, answer);
      EXPECT_TRUE(tree && tree->size_octets == answer.size()) << to_hex(answer);
      if (!tree) break;
      const Node& root = tree->root;
      if (const Node* refused = root.find("dar")) dar = refused->content[0];
      const Node* block_number = root.find("block");
      std::size_t row = SIZE_MAX;
      EXPECT_TRUE(dlt698::for_each_cell(
          answer, [](std::size_t, Oad) {},
          [&](const dlt698::RecordCell& cell) {
            if (cell.row != row) out.emplace_back();
            row = cell.row;
            out.back().push_back(dlt698::decode_tree(types::data, cell.data)->root);
          }));
      if (const Node* record = root.find("record"); record != nullptr) {
        const Node& outcome = record->children[2];
        if (outcome.selector == 0) dar = outcome.children[0].content[0];
      }
      if (block_number == nullptr) break;
      ++blocks;
      if (root.find("last")->content[0] != 0) break;
      answer =
          ask(dlt698::get_next_request(piid, static_cast<std::uint16_t>(dlt698::read_unsigned(block_number->content))));
    }
    return out;
  }

  /// SET and ACTION of one thing: the result.
  [[nodiscard]] std::optional<std::uint8_t> set(std::uint32_t oad, Node data) {
    return result(ask(dlt698::set_request(++piid_ & 0x3F, Oad::from(oad), std::move(data))));
  }
  [[nodiscard]] std::optional<std::uint8_t> act(std::uint32_t omd, Node argument) {
    return result(ask(dlt698::action_request(++piid_ & 0x3F, omd, std::move(argument))));
  }
  /// CONNECT; with a password unless it is empty. The result; nothing when the meter keeps silent.
  [[nodiscard]] std::optional<std::uint8_t> connect(std::string_view password,
                                                    const dlt698::ConnectParameters& parameters = {}) {
    Node request = dlt698::connect_request(++piid_ & 0x3F, parameters);
    if (!password.empty()) {
      Node& mechanism = request.children[9];
      mechanism.selector = 1;
      mechanism.children[0] = dlt698::prototype(*mechanism.type->alternative(1)->type);
      mechanism.children[0].children[0] = make::visible_string(password);
    }
    const auto tree = dlt698::decode_tree(types::apdu, ask(request));
    if (!tree) return std::nullopt;
    EXPECT_EQ(tree->root.type, &types::connect_response);
    return tree->root.find("result")->content[0];
  }

 private:
  [[nodiscard]] static std::optional<std::uint8_t> result(const Bytes& answer) {
    if (answer.empty()) return std::nullopt;
    const auto tree = dlt698::decode_tree(types::apdu, answer);
    EXPECT_TRUE(tree && tree->size_octets == answer.size()) << to_hex(answer);
    return tree ? std::optional(tree->root.find("results")->children[0].find("dar")->content[0]) : std::nullopt;
  }

  VirtualDevice& meter_;
  dlt698::ServerAddress address_;
  std::uint8_t client_;
  std::uint8_t piid_ = 0;
};

}  // namespace duheng::device::testing
