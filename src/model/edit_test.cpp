#include "model/edit.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck/gtest.h>

namespace duheng {
namespace {

constexpr std::uint64_t record_number = 31;

Edit correction() {
  Edit edit;
  edit.kind = EditKind::correction;
  edit.gateway = GatewayId{12};
  edit.device_uid = "dlt645-000000000161";
  edit.register_name = "energy_active_import_total";
  edit.unit = "kWh";
  edit.exponent = -2;
  edit.time_utc_ms = 1'767'225'600'000;
  edit.mantissa = 123'456;
  edit.old_mantissa = 993'456;
  edit.author = "li.wei";
  edit.reason = "抄表员现场核对";
  edit.made_utc_ms = 1'767'312'000'000;
  edit.record_number = record_number;
  return edit;
}
Edit estimate() {
  Edit edit = correction();
  edit.kind = EditKind::estimate;
  edit.old_mantissa.reset();
  edit.author = "rule:fill-gaps";
  edit.method = "linear";
  return edit;
}
Edit withdrawal() {
  Edit edit = correction();
  edit.kind = EditKind::withdrawal;
  edit.mantissa = 0;
  return edit;
}

ErrorCode refusal(const std::vector<Edit>& edits) {
  const auto bytes = encode_edits(edits);
  return bytes ? ErrorCode::internal : bytes.error().code;
}
ErrorCode refusal(ByteView bytes) {
  const auto edits = parse_edits(bytes, record_number);
  return edits ? ErrorCode::internal : edits.error().code;
}
ErrorCode refusal_with(const std::function<void(Edit&)>& change, Edit edit = correction()) {
  change(edit);
  return refusal(std::vector{edit});
}

/// The layout as edit.hpp states it, written by hand, so that what encode_edits() refuses can be offered to the parser.
Bytes by_hand(const std::vector<Edit>& edits) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(1);
  out.varint(edits.size());
  for (const Edit& edit : edits) {
    out.u8(static_cast<std::uint8_t>(edit.kind));
    out.zigzag(edit.gateway.value);
    out.sized(edit.device_uid);
    out.sized(edit.register_name);
    out.sized(edit.unit);
    out.zigzag(edit.exponent);
    out.u8(static_cast<std::uint8_t>(edit.series_kind));
    out.zigzag(edit.time_utc_ms);
    out.zigzag(edit.mantissa);
    out.u8(edit.old_mantissa ? 1 : 0);
    if (edit.old_mantissa) out.zigzag(*edit.old_mantissa);
    out.sized(edit.author);
    out.sized(edit.reason);
    out.sized(edit.method);
    out.zigzag(edit.made_utc_ms);
  }
  return bytes;
}

TEST(Edit, ComesBackUnchangedInTheLayoutStated) {
  const std::vector edits{correction(), estimate(), withdrawal()};
  const auto bytes = encode_edits(edits);
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(*bytes, by_hand(edits));
  const auto again = parse_edits(*bytes, record_number);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, edits);
}

TEST(Edit, RecordNumberIsTheReaders) {
  const auto bytes = encode_edits({correction()});
  ASSERT_TRUE(bytes);
  const auto again = parse_edits(*bytes, 99);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->front().record_number, 99U);
}

TEST(Edit, NoEditsAreARecordToo) {
  const auto bytes = encode_edits({});
  ASSERT_TRUE(bytes);
  const auto again = parse_edits(*bytes, record_number);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->empty());
}

TEST(Edit, NamesAuthorReasonAndMethod) {
  const auto invalid = ErrorCode::invalid_argument;
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.author.clear(); }), invalid);
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.reason.clear(); }), invalid);
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.method.clear(); }, estimate()), invalid);
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.method = "linear"; }), invalid);
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.mantissa = 1; }, withdrawal()), invalid);
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.device_uid.clear(); }), invalid);
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.register_name.clear(); }), invalid);
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.exponent = 19; }), invalid);
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.kind = static_cast<EditKind>(4); }), invalid);
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.kind = static_cast<EditKind>(0); }), invalid);
  EXPECT_EQ(refusal_with([](Edit& edit) { edit.series_kind = static_cast<SeriesKind>(4); }), invalid);
  EXPECT_EQ(refusal(std::vector{correction()}), ErrorCode::internal) << "the unchanged one is not refused";
}

TEST(Edit, KeepsItsLimitsInBothDirections) {
  using namespace edit_limits;
  struct Text {
    std::string Edit::* member;
    std::size_t bytes_max;
  };
  for (const auto& [member, bytes_max] : {Text{&Edit::author, author_bytes_max}, Text{&Edit::reason, reason_bytes_max},
                                          Text{&Edit::method, method_bytes_max}, Text{&Edit::device_uid, 64},
                                          Text{&Edit::register_name, 64}, Text{&Edit::unit, 64}}) {
    Edit edit = estimate();
    edit.*member = std::string(bytes_max, 'x');
    EXPECT_EQ(refusal(std::vector{edit}), ErrorCode::internal) << bytes_max;
    edit.*member += 'x';
    EXPECT_EQ(refusal(std::vector{edit}), ErrorCode::limit_exceeded) << bytes_max;
    EXPECT_EQ(refusal(by_hand({edit})), ErrorCode::limit_exceeded) << bytes_max;
  }
  EXPECT_EQ(refusal(std::vector(edits_max, correction())), ErrorCode::internal);
  EXPECT_EQ(refusal(std::vector(edits_max + 1, correction())), ErrorCode::limit_exceeded);
  EXPECT_EQ(refusal(by_hand(std::vector(edits_max + 1, correction()))), ErrorCode::limit_exceeded);
  Edit wordy = correction();
  wordy.reason = std::string(reason_bytes_max, 'x');
  EXPECT_EQ(refusal(std::vector(3'000, wordy)), ErrorCode::limit_exceeded);
  EXPECT_EQ(refusal(Bytes(bytes_max + 1)), ErrorCode::limit_exceeded);
}

TEST(Edit, RefusesWhatCannotHaveBeenWritten) {
  const auto changed = [](const std::function<void(Edit&)>& change) {
    Edit edit = correction();
    change(edit);
    return refusal(by_hand({edit}));
  };
  EXPECT_EQ(changed([](Edit&) {}), ErrorCode::internal);
  EXPECT_EQ(changed([](Edit& edit) { edit.author.clear(); }), ErrorCode::malformed);
  EXPECT_EQ(changed([](Edit& edit) { edit.kind = static_cast<EditKind>(9); }), ErrorCode::malformed);
  EXPECT_EQ(changed([](Edit& edit) { edit.series_kind = static_cast<SeriesKind>(9); }), ErrorCode::malformed);
  EXPECT_EQ(changed([](Edit& edit) { edit.exponent = -19; }), ErrorCode::malformed);
  Bytes newer = by_hand({correction()});
  newer[0] = 2;
  EXPECT_EQ(refusal(newer), ErrorCode::unsupported);
  EXPECT_EQ(refusal(Bytes{}), ErrorCode::malformed);
  EXPECT_EQ(refusal(Bytes{1, 5, 1}), ErrorCode::malformed);
  Edit without_old = correction();
  without_old.old_mantissa.reset();
  Bytes flagged = by_hand({without_old});
  // From the end: made (6 octets), empty method, reason and author with their lengths, then the flag.
  const std::size_t flag =
      flagged.size() - 6 - 1 - (1 + without_old.reason.size()) - (1 + without_old.author.size()) - 1;
  ASSERT_EQ(flagged[flag], 0);
  flagged[flag] = 2;
  EXPECT_EQ(refusal(flagged), ErrorCode::malformed);
}

TEST(Edit, RefusesEveryTruncationAndWhatIsLeftOver) {
  Bytes bytes = by_hand({correction(), estimate()});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(refusal(ByteView(bytes).first(size)), ErrorCode::malformed) << size;
  bytes.push_back(0);
  EXPECT_EQ(refusal(bytes), ErrorCode::malformed);
}

TEST(Edit, KindsHaveNames) {
  EXPECT_EQ(to_string(EditKind::correction), "correction");
  EXPECT_EQ(to_string(EditKind::estimate), "estimate");
  EXPECT_EQ(to_string(EditKind::withdrawal), "withdrawal");
  EXPECT_EQ(to_string(static_cast<EditKind>(0)), "unknown");
}

RC_GTEST_PROP(EditProperty, AnyValidEditsComeBack, ()) {
  const auto text = [](std::size_t least, std::size_t most) {
    return *rc::gen::container<std::string>(*rc::gen::inRange(least, most + 1), rc::gen::arbitrary<char>());
  };
  const auto any = [] { return *rc::gen::arbitrary<std::int64_t>(); };
  std::vector<Edit> edits(*rc::gen::inRange<std::size_t>(0, 5));
  for (Edit& edit : edits) {
    edit.kind = *rc::gen::element(EditKind::correction, EditKind::estimate, EditKind::withdrawal);
    edit.gateway = GatewayId{any()};
    edit.device_uid = text(1, 64);
    edit.register_name = text(1, 64);
    edit.unit = text(0, 64);
    edit.exponent = *rc::gen::inRange<std::int8_t>(-18, 19);
    edit.series_kind = static_cast<SeriesKind>(*rc::gen::inRange(0, 4));
    edit.time_utc_ms = any();
    edit.mantissa = edit.kind == EditKind::withdrawal ? 0 : any();
    if (*rc::gen::arbitrary<bool>()) edit.old_mantissa = std::numeric_limits<std::int64_t>::min() ^ any();
    edit.author = text(1, edit_limits::author_bytes_max);
    edit.reason = text(1, 300);
    if (edit.kind == EditKind::estimate) edit.method = text(1, edit_limits::method_bytes_max);
    edit.made_utc_ms = any();
    edit.record_number = record_number;
  }
  const auto bytes = encode_edits(edits);
  RC_ASSERT(bytes.has_value());
  const auto again = parse_edits(*bytes, record_number);
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == edits);
}

TEST(Quality, EveryFindingHasItsName) {
  EXPECT_EQ(to_string(Quality::good), "good");
  EXPECT_EQ(to_string(Quality::corrected), "corrected");
  EXPECT_EQ(to_string(Quality::estimated), "estimated");
  EXPECT_EQ(to_string(Quality::time_implausible), "time_implausible");
  EXPECT_EQ(to_string(Quality::out_of_range | Quality::corrected), "out_of_range,corrected");
  EXPECT_EQ(to_string(Quality::no_value | Quality::estimated | Quality::time_implausible),
            "no_value,estimated,time_implausible");
}

}  // namespace
}  // namespace duheng
