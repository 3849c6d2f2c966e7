#include "codec/dlt698/grammar.hpp"

#include <array>

// The layouts below state, service by service, what stands in which order; names of fields are those of the JSON
// objects of `duheng decode` and of explain(), a public interface.
namespace duheng::dlt698 {

namespace {

constexpr Type leaf(Kind kind, std::string_view name, std::uint8_t size_octets, std::uint8_t tag = Type::no_tag) {
  return {.kind = kind, .name = name, .tag = tag, .size_octets = size_octets};
}
constexpr Type sequence(std::string_view name, std::span<const Field> fields, std::uint8_t tag = Type::no_tag) {
  return {.kind = Kind::sequence, .name = name, .tag = tag, .fields = fields};
}
constexpr Type choice(std::string_view name, std::uint8_t first_selector, std::span<const Field> fields,
                      std::string_view selector_name = {}, std::uint8_t tag = Type::no_tag) {
  return {.kind = Kind::choice,
          .name = name,
          .tag = tag,
          .first_selector = first_selector,
          .fields = fields,
          .selector_name = selector_name};
}
constexpr Type list_of(const Type& element, std::string_view name = "list", std::uint8_t tag = Type::no_tag) {
  return {.kind = Kind::list, .name = name, .tag = tag, .element = &element};
}
constexpr Type one(const Type& element) { return {.kind = Kind::single, .name = "single", .element = &element}; }
constexpr Type optional(const Type& element) {
  return {.kind = Kind::optional, .name = "optional", .element = &element};
}

}  // namespace

namespace types {

constinit const Type apdu = leaf(Kind::apdu, "APDU", 0);
constinit const Type data = leaf(Kind::data, "Data", 0);

constinit const Type null = leaf(Kind::null, "NULL", 0, 0);
constinit const Type array = list_of(data, "array", 1);
constinit const Type structure = list_of(data, "structure", 2);
constinit const Type boolean = leaf(Kind::boolean, "bool", 1, 3);
constinit const Type bit_string = leaf(Kind::bit_string, "bit-string", 0, 4);
constinit const Type double_long = leaf(Kind::signed_integer, "double-long", 4, 5);
constinit const Type double_long_unsigned = leaf(Kind::unsigned_integer, "double-long-unsigned", 4, 6);
constinit const Type octet_string = leaf(Kind::octet_string, "octet-string", 0, 9);
constinit const Type visible_string = leaf(Kind::visible_string, "visible-string", 0, 10);
constinit const Type utf8_string = leaf(Kind::utf8_string, "UTF8-string", 0, 12);
constinit const Type integer = leaf(Kind::signed_integer, "integer", 1, 15);
constinit const Type long_integer = leaf(Kind::signed_integer, "long", 2, 16);
constinit const Type unsigned_integer = leaf(Kind::unsigned_integer, "unsigned", 1, 17);
constinit const Type long_unsigned = leaf(Kind::unsigned_integer, "long-unsigned", 2, 18);
constinit const Type long64 = leaf(Kind::signed_integer, "long64", 8, 20);
constinit const Type long64_unsigned = leaf(Kind::unsigned_integer, "long64-unsigned", 8, 21);
constinit const Type enumeration = leaf(Kind::enumeration, "enum", 1, 22);
constinit const Type float32 = leaf(Kind::float_number, "float32", 4, 23);
constinit const Type float64 = leaf(Kind::float_number, "float64", 8, 24);
constinit const Type date_time = leaf(Kind::date_time, "date_time", 10, 25);
constinit const Type date = leaf(Kind::date, "date", 5, 26);
constinit const Type time = leaf(Kind::time, "time", 3, 27);
constinit const Type date_time_s = leaf(Kind::date_time_s, "date_time_s", 7, 28);
constinit const Type oi = leaf(Kind::oi, "OI", 2, 80);
constinit const Type oad = leaf(Kind::oad, "OAD", 4, 81);
constinit const Type omd = leaf(Kind::omd, "OMD", 4, 83);
constinit const Type ti = leaf(Kind::ti, "TI", 3, 84);
constinit const Type tsa = leaf(Kind::tsa, "TSA", 0, 85);
constinit const Type mac = leaf(Kind::octet_string, "MAC", 0, 86);
constinit const Type rn = leaf(Kind::octet_string, "RN", 0, 87);
constinit const Type scaler_unit = leaf(Kind::scaler_unit, "Scaler_Unit", 2, 89);
constinit const Type comdcb = leaf(Kind::comdcb, "COMDCB", 5, 95);

constinit const Type dar = leaf(Kind::dar, "DAR", 1);
constinit const Type piid = leaf(Kind::piid, "PIID", 1);
constinit const Type piid_acd = leaf(Kind::piid_acd, "PIID-ACD", 1);

}  // namespace types

namespace {

using namespace types;

// Descriptors.
constexpr Type oads = list_of(oad);
constexpr Field road_fields[] = {{"oad", &oad}, {"oads", &oads}};
constexpr Field region_fields[] = {{"kind", &enumeration}, {"start", &data}, {"end", &data}};

constexpr Type user_types = list_of(unsigned_integer);
constexpr Type addresses = list_of(tsa);
constexpr Type archive_numbers = list_of(long_unsigned);
constexpr Type regions = list_of(types::region);
constexpr Field ms_fields[] = {{"none", &null},
                               {"all", &null},
                               {"user_types", &user_types},
                               {"addresses", &addresses},
                               {"numbers", &archive_numbers},
                               {"user_type_regions", &regions},
                               {"address_regions", &regions},
                               {"number_regions", &regions}};

constexpr Field rsd_value_fields[] = {{"oad", &oad}, {"value", &data}};
constexpr Field rsd_range_fields[] = {{"oad", &oad}, {"start", &data}, {"end", &data}, {"interval", &data}};
constexpr Type rsd_value = sequence("RSD 1", rsd_value_fields);
constexpr Type rsd_range = sequence("RSD 2", rsd_range_fields);
constexpr Type rsd_range_list = list_of(rsd_range);
constexpr Field rsd_ranges_fields[] = {{"ranges", &rsd_range_list}};
constexpr Type rsd_ranges = sequence("RSD 3", rsd_ranges_fields);
constexpr Field rsd_moment_fields[] = {{"time", &date_time_s}, {"ms", &types::ms}};
constexpr Type rsd_moment = sequence("RSD 4, 5", rsd_moment_fields);
constexpr Field rsd_span_fields[] = {
    {"start", &date_time_s}, {"end", &date_time_s}, {"interval", &ti}, {"ms", &types::ms}};
constexpr Type rsd_span = sequence("RSD 6 to 8", rsd_span_fields);
constexpr Field rsd_last_fields[] = {{"last_n", &unsigned_integer}};
constexpr Type rsd_last = sequence("RSD 9", rsd_last_fields);
constexpr Field rsd_last_of_fields[] = {{"last_n", &unsigned_integer}, {"ms", &types::ms}};
constexpr Type rsd_last_of = sequence("RSD 10", rsd_last_of_fields);
constexpr Field rsd_fields[] = {{"", &null},       {"", &rsd_value},  {"", &rsd_range},  {"", &rsd_ranges},
                                {"", &rsd_moment}, {"", &rsd_moment}, {"", &rsd_span},   {"", &rsd_span},
                                {"", &rsd_span},   {"", &rsd_last},   {"", &rsd_last_of}};

constexpr Field csd_fields[] = {{"", &oad}, {"", &types::road}};
constexpr Field sid_fields[] = {{"id", &double_long_unsigned}, {"data", &octet_string}};
constexpr Field sid_mac_fields[] = {{"sid", &types::sid}, {"mac", &mac}};

}  // namespace

namespace types {
constinit const Type road = sequence("ROAD", road_fields, 82);
constinit const Type region = sequence("Region", region_fields, 88);
constinit const Type rsd = choice("RSD", 0, rsd_fields, "selector", 90);
constinit const Type csd = choice("CSD", 0, csd_fields, {}, 91);
constinit const Type ms = choice("MS", 0, ms_fields, {}, 92);
constinit const Type sid = sequence("SID", sid_fields, 93);
constinit const Type sid_mac = sequence("SID_MAC", sid_mac_fields, 94);
constinit const Type rcsd = list_of(csd, "RCSD", 96);
}  // namespace types

namespace {

// Results.
constexpr Field dar_or_data_fields[] = {{"dar", &types::dar}, {"data", &data}};
constexpr Type dar_or_data = choice("Get-Result", 0, dar_or_data_fields);
constexpr Field result_normal_fields[] = {{"oad", &oad}, {"", &dar_or_data}};
constexpr Type result_columns{.kind = Kind::columns, .name = "RCSD", .element = &csd};
constexpr Type result_rows{.kind = Kind::rows, .name = "rows"};
constexpr Field dar_or_rows_fields[] = {{"dar", &types::dar}, {"rows", &result_rows}};
constexpr Type dar_or_rows = choice("record result", 0, dar_or_rows_fields);
constexpr Field result_record_fields[] = {{"oad", &oad}, {"columns", &result_columns}, {"", &dar_or_rows}};
constexpr Type results_normal = list_of(types::result_normal);
constexpr Type results_record = list_of(types::result_record);

// Tails.
constexpr Field time_tag_fields[] = {{"sent", &date_time_s}, {"max_delay", &ti}};
constexpr Type optional_time_tag = optional(types::time_tag);
constexpr Field follow_report_fields[] = {{"normal", &results_normal}, {"record", &results_record}};
constexpr Type optional_follow_report = optional(types::follow_report);
constexpr Field client_tail_fields[] = {{"time_tag", &optional_time_tag}};
constexpr Field server_tail_fields[] = {{"follow_report", &optional_follow_report}, {"time_tag", &optional_time_tag}};
constexpr Type client_tail = sequence("tail", client_tail_fields);
constexpr Type server_tail = sequence("tail", server_tail_fields);

// LINK.
constexpr Type link_type = leaf(Kind::link_type, "link type", 1);
constexpr Type link_result = leaf(Kind::link_result, "link result", 1);
constexpr Field link_request_fields[] = {
    {"piid_acd", &types::piid_acd}, {"type", &link_type}, {"heartbeat_s", &long_unsigned}, {"time", &date_time}};
constexpr Field link_response_fields[] = {{"piid", &types::piid},
                                          {"result", &link_result},
                                          {"request_time", &date_time},
                                          {"receive_time", &date_time},
                                          {"response_time", &date_time}};

// CONNECT, RELEASE, ERROR.
constexpr Type octets_8 = leaf(Kind::fixed_octets, "bit-string(64)", 8);
constexpr Type octets_16 = leaf(Kind::fixed_octets, "bit-string(128)", 16);
constexpr Type text_4 = leaf(Kind::fixed_text, "visible-string(4)", 4);
constexpr Type text_6 = leaf(Kind::fixed_text, "visible-string(6)", 6);
constexpr Type text_8 = leaf(Kind::fixed_text, "visible-string(8)", 8);
constexpr Field password_fields[] = {{"password", &visible_string}};
constexpr Type password = sequence("password security", password_fields);
constexpr Field cipher_fields[] = {{"cipher", &octet_string}, {"signature", &octet_string}};
constexpr Type symmetric = sequence("symmetric security", cipher_fields);
constexpr Type signature = sequence("signature security", cipher_fields);
constexpr Field mechanism_fields[] = {{"", &null}, {"", &password}, {"", &symmetric}, {"", &signature}};
constexpr Type mechanism = choice("mechanism", 0, mechanism_fields, "mechanism");
constexpr Field connect_request_fields[] = {{"piid", &types::piid},
                                            {"version", &long_unsigned},
                                            {"protocol_conformance", &octets_8},
                                            {"function_conformance", &octets_16},
                                            {"max_send", &long_unsigned},
                                            {"max_recv", &long_unsigned},
                                            {"window", &unsigned_integer},
                                            {"max_apdu", &long_unsigned},
                                            {"timeout_s", &double_long_unsigned},
                                            {"", &mechanism},
                                            {"", &client_tail}};
constexpr Field connect_security_fields[] = {{"rn", &rn}, {"signature", &octet_string}};
constexpr Type connect_security = sequence("connect security", connect_security_fields);
constexpr Type optional_connect_security = optional(connect_security);
constexpr Field connect_response_fields[] = {{"piid_acd", &types::piid_acd},
                                             {"vendor", &text_4},
                                             {"sw", &text_4},
                                             {"sw_date", &text_6},
                                             {"hw", &text_4},
                                             {"hw_date", &text_6},
                                             {"ext", &text_8},
                                             {"version", &long_unsigned},
                                             {"protocol_conformance", &octets_8},
                                             {"function_conformance", &octets_16},
                                             {"max_send", &long_unsigned},
                                             {"max_recv", &long_unsigned},
                                             {"window", &unsigned_integer},
                                             {"max_apdu", &long_unsigned},
                                             {"timeout_s", &double_long_unsigned},
                                             {"result", &enumeration},
                                             {"", &optional_connect_security},
                                             {"", &server_tail}};
constexpr Field release_request_fields[] = {{"piid", &types::piid}, {"", &client_tail}};
constexpr Field release_response_fields[] = {
    {"piid_acd", &types::piid_acd}, {"result", &enumeration}, {"", &server_tail}};
constexpr Field release_notification_fields[] = {{"piid_acd", &types::piid_acd},
                                                 {"established_time", &date_time_s},
                                                 {"current_time", &date_time_s},
                                                 {"", &server_tail}};
constexpr Field client_error_fields[] = {{"piid", &types::piid}, {"type", &enumeration}, {"", &client_tail}};
constexpr Field server_error_fields[] = {{"piid", &types::piid}, {"type", &enumeration}, {"", &server_tail}};

// GET.
constexpr Field record_request_fields[] = {{"oad", &oad}, {"rsd", &rsd}, {"rcsd", &rcsd}};
constexpr Type record_request = sequence("GetRecord", record_request_fields);
constexpr Type record_requests = list_of(record_request);
constexpr Field get_1_fields[] = {{"piid", &types::piid}, {"oad", &oad}};
constexpr Field get_2_fields[] = {{"piid", &types::piid}, {"oads", &oads}};
constexpr Field get_3_fields[] = {{"piid", &types::piid}, {"record", &record_request}};
constexpr Field get_4_fields[] = {{"piid", &types::piid}, {"records", &record_requests}};
constexpr Field get_5_fields[] = {{"piid", &types::piid}, {"block", &long_unsigned}};
constexpr Type get_1 = sequence("GetRequestNormal", get_1_fields);
constexpr Type get_2 = sequence("GetRequestNormalList", get_2_fields);
constexpr Type get_3 = sequence("GetRequestRecord", get_3_fields);
constexpr Type get_4 = sequence("GetRequestRecordList", get_4_fields);
constexpr Type get_5 = sequence("GetRequestNext", get_5_fields);
constexpr Type get_6 = sequence("GetRequestMD5", get_1_fields);
constexpr Field get_choices[] = {{"", &get_1}, {"", &get_2}, {"", &get_3}, {"", &get_4}, {"", &get_5}, {"", &get_6}};
constexpr Type get_choice = choice("GET-Request", 1, get_choices, "choice");
constexpr Field get_request_fields[] = {{"", &get_choice}, {"", &client_tail}};

constexpr Field next_choices[] = {{"dar", &types::dar}, {"results", &results_normal}, {"records", &results_record}};
constexpr Type next_choice = choice("block result", 0, next_choices);
constexpr Field md5_choices[] = {{"dar", &types::dar}, {"md5", &octet_string}};
constexpr Type md5_choice = choice("MD5 result", 0, md5_choices);
constexpr Field md5_result_fields[] = {{"oad", &oad}, {"", &md5_choice}};
constexpr Type md5_result = sequence("MD5 result", md5_result_fields);
constexpr Field got_1_fields[] = {{"piid_acd", &types::piid_acd}, {"result", &types::result_normal}};
constexpr Field got_2_fields[] = {{"piid_acd", &types::piid_acd}, {"results", &results_normal}};
constexpr Field got_3_fields[] = {{"piid_acd", &types::piid_acd}, {"record", &types::result_record}};
constexpr Field got_4_fields[] = {{"piid_acd", &types::piid_acd}, {"records", &results_record}};
constexpr Field got_5_fields[] = {
    {"piid_acd", &types::piid_acd}, {"last", &boolean}, {"block", &long_unsigned}, {"", &next_choice}};
constexpr Field got_6_fields[] = {{"piid_acd", &types::piid_acd}, {"result", &md5_result}};
constexpr Type got_1 = sequence("GetResponseNormal", got_1_fields);
constexpr Type got_2 = sequence("GetResponseNormalList", got_2_fields);
constexpr Type got_3 = sequence("GetResponseRecord", got_3_fields);
constexpr Type got_4 = sequence("GetResponseRecordList", got_4_fields);
constexpr Type got_5 = sequence("GetResponseNext", got_5_fields);
constexpr Type got_6 = sequence("GetResponseMD5", got_6_fields);
constexpr Field got_choices[] = {{"", &got_1}, {"", &got_2}, {"", &got_3}, {"", &got_4}, {"", &got_5}, {"", &got_6}};
constexpr Type got_choice = choice("GET-Response", 1, got_choices, "choice");
constexpr Field get_response_fields[] = {{"", &got_choice}, {"", &server_tail}};

// SET and ACTION.
constexpr Field set_fields[] = {{"oad", &oad}, {"data", &data}};
constexpr Field set_get_fields[] = {{"oad", &oad}, {"data", &data}, {"get", &oad}, {"delay", &unsigned_integer}};
constexpr Field act_fields[] = {{"omd", &omd}, {"data", &data}};
constexpr Field act_get_fields[] = {{"omd", &omd}, {"data", &data}, {"get", &oad}, {"delay", &unsigned_integer}};
constexpr Type set_item = sequence("Set", set_fields);
constexpr Type set_get_item = sequence("SetThenGet", set_get_fields);
constexpr Type act_item = sequence("Action", act_fields);
constexpr Type act_get_item = sequence("ActionThenGet", act_get_fields);
constexpr Type set_one = one(set_item);
constexpr Type set_items = list_of(set_item);
constexpr Type set_get_items = list_of(set_get_item);
constexpr Type act_one = one(act_item);
constexpr Type act_items = list_of(act_item);
constexpr Type act_get_items = list_of(act_get_item);
constexpr Field set_1_fields[] = {{"piid", &types::piid}, {"set", &set_one}};
constexpr Field set_2_fields[] = {{"piid", &types::piid}, {"set", &set_items}};
constexpr Field set_3_fields[] = {{"piid", &types::piid}, {"set", &set_get_items}};
constexpr Field act_1_fields[] = {{"piid", &types::piid}, {"actions", &act_one}};
constexpr Field act_2_fields[] = {{"piid", &types::piid}, {"actions", &act_items}};
constexpr Field act_3_fields[] = {{"piid", &types::piid}, {"actions", &act_get_items}};
constexpr Type set_1 = sequence("SetRequestNormal", set_1_fields);
constexpr Type set_2 = sequence("SetRequestNormalList", set_2_fields);
constexpr Type set_3 = sequence("SetThenGetRequestNormalList", set_3_fields);
constexpr Type act_1 = sequence("ActionRequest", act_1_fields);
constexpr Type act_2 = sequence("ActionRequestList", act_2_fields);
constexpr Type act_3 = sequence("ActionThenGetRequestNormalList", act_3_fields);
constexpr Field set_choices[] = {{"", &set_1}, {"", &set_2}, {"", &set_3}};
constexpr Field act_choices[] = {{"", &act_1}, {"", &act_2}, {"", &act_3}};
constexpr Type set_choice = choice("SET-Request", 1, set_choices, "choice");
constexpr Type act_choice = choice("ACTION-Request", 1, act_choices, "choice");
constexpr Field set_request_fields[] = {{"", &set_choice}, {"", &client_tail}};
constexpr Field action_request_fields[] = {{"", &act_choice}, {"", &client_tail}};

constexpr Type optional_data = optional(data);
constexpr Field was_set_fields[] = {{"oad", &oad}, {"dar", &types::dar}};
constexpr Field was_set_got_fields[] = {{"oad", &oad}, {"dar", &types::dar}, {"get", &types::result_normal}};
constexpr Field acted_fields[] = {{"omd", &omd}, {"dar", &types::dar}, {"data", &optional_data}};
constexpr Field acted_got_fields[] = {
    {"omd", &omd}, {"dar", &types::dar}, {"data", &optional_data}, {"get", &types::result_normal}};
constexpr Type was_set = sequence("SetResult", was_set_fields);
constexpr Type was_set_got = sequence("SetThenGetResult", was_set_got_fields);
constexpr Type acted = sequence("ActionResult", acted_fields);
constexpr Type acted_got = sequence("ActionThenGetResult", acted_got_fields);
constexpr Type was_set_one = one(was_set);
constexpr Type was_set_list = list_of(was_set);
constexpr Type was_set_got_list = list_of(was_set_got);
constexpr Type acted_one = one(acted);
constexpr Type acted_list = list_of(acted);
constexpr Type acted_got_list = list_of(acted_got);
constexpr Field was_set_1_fields[] = {{"piid_acd", &types::piid_acd}, {"results", &was_set_one}};
constexpr Field was_set_2_fields[] = {{"piid_acd", &types::piid_acd}, {"results", &was_set_list}};
constexpr Field was_set_3_fields[] = {{"piid_acd", &types::piid_acd}, {"results", &was_set_got_list}};
constexpr Field acted_1_fields[] = {{"piid_acd", &types::piid_acd}, {"results", &acted_one}};
constexpr Field acted_2_fields[] = {{"piid_acd", &types::piid_acd}, {"results", &acted_list}};
constexpr Field acted_3_fields[] = {{"piid_acd", &types::piid_acd}, {"results", &acted_got_list}};
constexpr Type was_set_1 = sequence("SetResponseNormal", was_set_1_fields);
constexpr Type was_set_2 = sequence("SetResponseNormalList", was_set_2_fields);
constexpr Type was_set_3 = sequence("SetThenGetResponseNormalList", was_set_3_fields);
constexpr Type acted_1 = sequence("ActionResponseNormal", acted_1_fields);
constexpr Type acted_2 = sequence("ActionResponseNormalList", acted_2_fields);
constexpr Type acted_3 = sequence("ActionThenGetResponseNormalList", acted_3_fields);
constexpr Field was_set_choices[] = {{"", &was_set_1}, {"", &was_set_2}, {"", &was_set_3}};
constexpr Field acted_choices[] = {{"", &acted_1}, {"", &acted_2}, {"", &acted_3}};
constexpr Type was_set_choice = choice("SET-Response", 1, was_set_choices, "choice");
constexpr Type acted_choice = choice("ACTION-Response", 1, acted_choices, "choice");
constexpr Field set_response_fields[] = {{"", &was_set_choice}, {"", &server_tail}};
constexpr Field action_response_fields[] = {{"", &acted_choice}, {"", &server_tail}};

// REPORT.
constexpr Type blocks = list_of(octet_string);
constexpr Field report_1_fields[] = {{"piid_acd", &types::piid_acd}, {"results", &results_normal}};
constexpr Field report_2_fields[] = {{"piid_acd", &types::piid_acd}, {"records", &results_record}};
constexpr Field report_3_fields[] = {{"piid_acd", &types::piid_acd}, {"oad", &oad}, {"blocks", &blocks}};
constexpr Type report_1 = sequence("ReportNotificationList", report_1_fields);
constexpr Type report_2 = sequence("ReportNotificationRecordList", report_2_fields);
constexpr Type report_3 = sequence("ReportNotificationTransData", report_3_fields);
constexpr Field report_choices[] = {{"", &report_1}, {"", &report_2}, {"", &report_3}};
constexpr Type report_choice = choice("REPORT-Notification", 1, report_choices, "choice");
constexpr Field report_notification_fields[] = {{"", &report_choice}, {"", &server_tail}};
constexpr Field reported_fields[] = {{"piid", &types::piid}, {"oads", &oads}};
constexpr Field reported_3_fields[] = {{"piid", &types::piid}};
constexpr Type reported_1 = sequence("ReportResponseList", reported_fields);
constexpr Type reported_2 = sequence("ReportResponseRecordList", reported_fields);
constexpr Type reported_3 = sequence("ReportResponseTransData", reported_3_fields);
constexpr Field reported_choices[] = {{"", &reported_1}, {"", &reported_2}, {"", &reported_3}};
constexpr Type reported_choice = choice("REPORT-Response", 1, reported_choices, "choice");
constexpr Field report_response_fields[] = {{"", &reported_choice}, {"", &client_tail}};

// PROXY.
constexpr Field target_oads_fields[] = {{"tsa", &tsa}, {"timeout_s", &long_unsigned}, {"oads", &oads}};
constexpr Field target_set_fields[] = {{"tsa", &tsa}, {"timeout_s", &long_unsigned}, {"set", &set_items}};
constexpr Field target_set_get_fields[] = {{"tsa", &tsa}, {"timeout_s", &long_unsigned}, {"set", &set_get_items}};
constexpr Field target_act_fields[] = {{"tsa", &tsa}, {"timeout_s", &long_unsigned}, {"actions", &act_items}};
constexpr Field target_act_get_fields[] = {{"tsa", &tsa}, {"timeout_s", &long_unsigned}, {"actions", &act_get_items}};
constexpr Type target_oads = sequence("target", target_oads_fields);
constexpr Type target_set = sequence("target", target_set_fields);
constexpr Type target_set_get = sequence("target", target_set_get_fields);
constexpr Type target_act = sequence("target", target_act_fields);
constexpr Type target_act_get = sequence("target", target_act_get_fields);
constexpr Type targets_oads = list_of(target_oads);
constexpr Type targets_set = list_of(target_set);
constexpr Type targets_set_get = list_of(target_set_get);
constexpr Type targets_act = list_of(target_act);
constexpr Type targets_act_get = list_of(target_act_get);
constexpr Field proxy_1_fields[] = {{"piid", &types::piid}, {"timeout_s", &long_unsigned}, {"targets", &targets_oads}};
constexpr Field proxy_2_fields[] = {
    {"piid", &types::piid}, {"timeout_s", &long_unsigned}, {"tsa", &tsa}, {"record", &record_request}};
constexpr Field proxy_3_fields[] = {{"piid", &types::piid}, {"timeout_s", &long_unsigned}, {"targets", &targets_set}};
constexpr Field proxy_4_fields[] = {
    {"piid", &types::piid}, {"timeout_s", &long_unsigned}, {"targets", &targets_set_get}};
constexpr Field proxy_5_fields[] = {{"piid", &types::piid}, {"timeout_s", &long_unsigned}, {"targets", &targets_act}};
constexpr Field proxy_6_fields[] = {
    {"piid", &types::piid}, {"timeout_s", &long_unsigned}, {"targets", &targets_act_get}};
constexpr Field proxy_7_fields[] = {{"piid", &types::piid},
                                    {"oad", &oad},
                                    {"comdcb", &comdcb},
                                    {"frame_timeout_s", &long_unsigned},
                                    {"byte_timeout_ms", &long_unsigned},
                                    {"command", &octet_string}};
constexpr Type proxy_1 = sequence("ProxyGetRequestList", proxy_1_fields);
constexpr Type proxy_2 = sequence("ProxyGetRequestRecord", proxy_2_fields);
constexpr Type proxy_3 = sequence("ProxySetRequestList", proxy_3_fields);
constexpr Type proxy_4 = sequence("ProxySetThenGetRequestList", proxy_4_fields);
constexpr Type proxy_5 = sequence("ProxyActionRequestList", proxy_5_fields);
constexpr Type proxy_6 = sequence("ProxyActionThenGetRequestList", proxy_6_fields);
constexpr Type proxy_7 = sequence("ProxyTransCommandRequest", proxy_7_fields);
constexpr Field proxy_choices[] = {{"", &proxy_1}, {"", &proxy_2}, {"", &proxy_3}, {"", &proxy_4},
                                   {"", &proxy_5}, {"", &proxy_6}, {"", &proxy_7}};
constexpr Type proxy_choice = choice("PROXY-Request", 1, proxy_choices, "choice");
constexpr Field proxy_request_fields[] = {{"", &proxy_choice}, {"", &client_tail}};

constexpr Field target_got_fields[] = {{"tsa", &tsa}, {"results", &results_normal}};
constexpr Field target_was_set_fields[] = {{"tsa", &tsa}, {"results", &was_set_list}};
constexpr Field target_was_set_got_fields[] = {{"tsa", &tsa}, {"results", &was_set_got_list}};
constexpr Field target_acted_fields[] = {{"tsa", &tsa}, {"results", &acted_list}};
constexpr Field target_acted_got_fields[] = {{"tsa", &tsa}, {"results", &acted_got_list}};
constexpr Type target_got = sequence("target", target_got_fields);
constexpr Type target_was_set = sequence("target", target_was_set_fields);
constexpr Type target_was_set_got = sequence("target", target_was_set_got_fields);
constexpr Type target_acted = sequence("target", target_acted_fields);
constexpr Type target_acted_got = sequence("target", target_acted_got_fields);
constexpr Type targets_got = list_of(target_got);
constexpr Type targets_was_set = list_of(target_was_set);
constexpr Type targets_was_set_got = list_of(target_was_set_got);
constexpr Type targets_acted = list_of(target_acted);
constexpr Type targets_acted_got = list_of(target_acted_got);
constexpr Field trans_choices[] = {{"dar", &types::dar}, {"data", &octet_string}};
constexpr Type trans_choice = choice("transparent result", 0, trans_choices);
constexpr Field proxied_1_fields[] = {{"piid_acd", &types::piid_acd}, {"targets", &targets_got}};
constexpr Field proxied_2_fields[] = {{"piid_acd", &types::piid_acd}, {"tsa", &tsa}, {"record", &types::result_record}};
constexpr Field proxied_3_fields[] = {{"piid_acd", &types::piid_acd}, {"targets", &targets_was_set}};
constexpr Field proxied_4_fields[] = {{"piid_acd", &types::piid_acd}, {"targets", &targets_was_set_got}};
constexpr Field proxied_5_fields[] = {{"piid_acd", &types::piid_acd}, {"targets", &targets_acted}};
constexpr Field proxied_6_fields[] = {{"piid_acd", &types::piid_acd}, {"targets", &targets_acted_got}};
constexpr Field proxied_7_fields[] = {{"piid_acd", &types::piid_acd}, {"oad", &oad}, {"", &trans_choice}};
constexpr Type proxied_1 = sequence("ProxyGetResponseList", proxied_1_fields);
constexpr Type proxied_2 = sequence("ProxyGetResponseRecord", proxied_2_fields);
constexpr Type proxied_3 = sequence("ProxySetResponseList", proxied_3_fields);
constexpr Type proxied_4 = sequence("ProxySetThenGetResponseList", proxied_4_fields);
constexpr Type proxied_5 = sequence("ProxyActionResponseList", proxied_5_fields);
constexpr Type proxied_6 = sequence("ProxyActionThenGetResponseList", proxied_6_fields);
constexpr Type proxied_7 = sequence("ProxyTransCommandResponse", proxied_7_fields);
constexpr Field proxied_choices[] = {{"", &proxied_1}, {"", &proxied_2}, {"", &proxied_3}, {"", &proxied_4},
                                     {"", &proxied_5}, {"", &proxied_6}, {"", &proxied_7}};
constexpr Type proxied_choice = choice("PROXY-Response", 1, proxied_choices, "choice");
constexpr Field proxy_response_fields[] = {{"", &proxied_choice}, {"", &server_tail}};

// SECURITY.
constexpr Type inner_apdu = leaf(Kind::apdu_octets, "plain APDU", 0);
constexpr Field plain_fields[] = {{"payload_hex", &inner_apdu}};
constexpr Field ciphered_fields[] = {{"payload_hex", &octet_string}};
constexpr Field security_dar_fields[] = {{"dar", &types::dar}};
constexpr Type plain_payload = sequence("plain", plain_fields);
constexpr Type cipher_payload = sequence("cipher", ciphered_fields);
constexpr Type dar_payload = sequence("dar", security_dar_fields);
constexpr Field payload_choices[] = {{"plain", &plain_payload}, {"cipher", &cipher_payload}};
constexpr Field answer_choices[] = {{"plain", &plain_payload}, {"cipher", &cipher_payload}, {"dar", &dar_payload}};
constexpr Type payload_choice = choice("payload", 0, payload_choices, "payload_kind");
constexpr Type answer_choice = choice("payload", 0, answer_choices, "payload_kind");
constexpr Field check_rn_fields[] = {{"rn", &rn}};
constexpr Field check_rn_mac_fields[] = {{"rn", &rn}, {"mac", &mac}};
constexpr Field check_sid_fields[] = {{"sid", &types::sid}};
constexpr Type check_rn = sequence("RN", check_rn_fields);
constexpr Type check_rn_mac = sequence("RN_MAC", check_rn_mac_fields);
constexpr Type check_sid = sequence("SID", check_sid_fields);
constexpr Field with_sid_mac_fields[] = {{"check", &types::sid_mac}};
constexpr Field with_rn_fields[] = {{"check", &check_rn}};
constexpr Field with_rn_mac_fields[] = {{"check", &check_rn_mac}};
constexpr Field with_sid_fields[] = {{"check", &check_sid}};
constexpr Type with_sid_mac = sequence("SID_MAC", with_sid_mac_fields);
constexpr Type with_rn = sequence("RN", with_rn_fields);
constexpr Type with_rn_mac = sequence("RN_MAC", with_rn_mac_fields);
constexpr Type with_sid = sequence("SID", with_sid_fields);
constexpr Field check_choices[] = {
    {"SID_MAC", &with_sid_mac}, {"RN", &with_rn}, {"RN_MAC", &with_rn_mac}, {"SID", &with_sid}};
constexpr Type check_choice = choice("check", 0, check_choices, "check_kind");
constexpr Field security_request_fields[] = {{"", &payload_choice}, {"", &check_choice}};
constexpr Field answer_mac_choices[] = {{"", &mac}};
constexpr Type answer_mac = choice("check", 0, answer_mac_choices);
constexpr Type optional_answer_mac = optional(answer_mac);
constexpr Field security_response_fields[] = {{"", &answer_choice}, {"mac", &optional_answer_mac}};

}  // namespace

namespace types {

constinit const Type result_normal = sequence("A-ResultNormal", result_normal_fields);
constinit const Type result_record = sequence("A-ResultRecord", result_record_fields);
constinit const Type time_tag = sequence("TimeTag", time_tag_fields);
constinit const Type row = leaf(Kind::row, "row", 0);
constinit const Type raw_rows = leaf(Kind::raw, "rows of unknown columns", 0);
constinit const Type follow_report = choice("FollowReport", 1, follow_report_fields);

constinit const Type link_request = sequence("LINK-Request", link_request_fields, 0x01);
constinit const Type link_response = sequence("LINK-Response", link_response_fields, 0x81);
constinit const Type connect_request = sequence("CONNECT-Request", connect_request_fields, 0x02);
constinit const Type connect_response = sequence("CONNECT-Response", connect_response_fields, 0x82);
constinit const Type release_request = sequence("RELEASE-Request", release_request_fields, 0x03);
constinit const Type release_response = sequence("RELEASE-Response", release_response_fields, 0x83);
constinit const Type release_notification = sequence("RELEASE-Notification", release_notification_fields, 0x84);
constinit const Type get_request = sequence("GET-Request", get_request_fields, 0x05);
constinit const Type get_response = sequence("GET-Response", get_response_fields, 0x85);
constinit const Type set_request = sequence("SET-Request", set_request_fields, 0x06);
constinit const Type set_response = sequence("SET-Response", set_response_fields, 0x86);
constinit const Type action_request = sequence("ACTION-Request", action_request_fields, 0x07);
constinit const Type action_response = sequence("ACTION-Response", action_response_fields, 0x87);
constinit const Type report_notification = sequence("REPORT-Notification", report_notification_fields, 0x88);
constinit const Type report_response = sequence("REPORT-Response", report_response_fields, 0x08);
constinit const Type proxy_request = sequence("PROXY-Request", proxy_request_fields, 0x09);
constinit const Type proxy_response = sequence("PROXY-Response", proxy_response_fields, 0x89);
constinit const Type security_request = sequence("SECURITY-Request", security_request_fields, 0x10);
constinit const Type security_response = sequence("SECURITY-Response", security_response_fields, 0x90);
constinit const Type error_from_client = sequence("ERROR-Response", client_error_fields, 0x6E);
constinit const Type error_from_server = sequence("ERROR-Response", server_error_fields, 0xEE);

}  // namespace types

namespace {

using ByTag = std::array<const Type*, 256>;

constexpr ByTag by_tag(std::initializer_list<const Type*> list, std::initializer_list<unsigned> tags) {
  ByTag table{};
  auto tag = tags.begin();
  for (const Type* type : list) table[*tag++] = type;
  return table;
}

constinit const ByTag data_types =
    by_tag({&types::null,
            &array,
            &structure,
            &boolean,
            &bit_string,
            &double_long,
            &double_long_unsigned,
            &octet_string,
            &visible_string,
            &utf8_string,
            &integer,
            &long_integer,
            &types::unsigned_integer,
            &long_unsigned,
            &long64,
            &long64_unsigned,
            &enumeration,
            &float32,
            &float64,
            &date_time,
            &date,
            &types::time,
            &date_time_s,
            &oi,
            &oad,
            &road,
            &omd,
            &ti,
            &tsa,
            &mac,
            &rn,
            &region,
            &scaler_unit,
            &rsd,
            &csd,
            &ms,
            &sid,
            &sid_mac,
            &comdcb,
            &rcsd},
           {0,  1,  2,  3,  4,  5,  6,  9,  10, 12, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25,
            26, 27, 28, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96});
constinit const ByTag apdu_types =
    by_tag({&link_request,     &link_response,        &connect_request,  &connect_response,    &release_request,
            &release_response, &release_notification, &get_request,      &get_response,        &set_request,
            &set_response,     &action_request,       &action_response,  &report_notification, &report_response,
            &proxy_request,    &proxy_response,       &security_request, &security_response,   &error_from_client,
            &error_from_server},
           {0x01, 0x81, 0x02, 0x82, 0x03, 0x83, 0x84, 0x05, 0x85, 0x06, 0x86,
            0x07, 0x87, 0x88, 0x08, 0x09, 0x89, 0x10, 0x90, 0x6E, 0xEE});

}  // namespace

const Type* data_type(std::uint8_t tag) noexcept { return data_types[tag]; }
const Type* apdu_type(std::uint8_t tag) noexcept { return apdu_types[tag]; }

}  // namespace duheng::dlt698
