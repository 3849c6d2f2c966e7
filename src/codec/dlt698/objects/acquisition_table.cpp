// 60xx acquisition and 70xx collections.
#include <array>

#include "codec/dlt698/objects/shapes.hpp"

namespace duheng::dlt698::objects::table {

namespace {

using enum Unit;
using enum Certainty;

constexpr Choice speeds[] = {{0, {"300", "300"}},     {1, {"600", "600"}},        {2, {"1200", "1200"}},
                             {3, {"2400", "2400"}},   {4, {"4800", "4800"}},      {5, {"7200", "7200"}},
                             {6, {"9600", "9600"}},   {7, {"19200", "19200"}},    {8, {"38400", "38400"}},
                             {9, {"57600", "57600"}}, {10, {"115200", "115200"}}, {255, {"automatic", "自适应"}}};
constexpr Choice protocols[] = {{0, {"unknown", "未知"}},
                                {1, {"DL/T 645-1997", "DL/T 645-1997"}},
                                {2, {"DL/T 645-2007", "DL/T 645-2007"}},
                                {3, {"DL/T 698.45", "DL/T 698.45"}},
                                {4, {"CJ/T 188-2004", "CJ/T 188-2004"}}};
constexpr Choice wirings[] = {{0, {"unknown", "未知"}},
                              {1, {"single phase", "单相"}},
                              {2, {"three phases, three wires", "三相三线"}},
                              {3, {"three phases, four wires", "三相四线"}}};
constexpr Choice phase_names[] = {
    {0, {"unknown", "未知"}}, {1, {"phase A", "A相"}}, {2, {"phase B", "B相"}}, {3, {"phase C", "C相"}}};
constexpr Choice sequences[] = {
    {0, {"normal", "正常"}}, {1, {"L and N exchanged", "LN互易"}}, {2, {"reversed", "逆相序"}}};

constexpr Shape extra_parts[] = {oad("attribute", "对象属性描述"), any("value", "属性值")};
constexpr Shape extra = record("addition", "附加信息", extra_parts);
constexpr Shape meter_parts[] = {
    tsa("address", "通信地址"),
    one_of("speed", "波特率", speeds),
    one_of("protocol", "规约类型", protocols),
    oad("port", "端口"),
    octets("password", "通信密码"),
    u8("tariffs", "费率个数"),
    u8("user type", "用户类型"),
    one_of("wiring", "接线方式", wirings),
    u16("rated voltage", "额定电压", -1, volt),
    u16("rated current", "额定电流", -1, ampere),
};
constexpr Shape meter_extension_parts[] = {tsa("collector", "采集器地址"), octets("asset number", "资产号"),
                                           u16("voltage ratio", "PT"), u16("current ratio", "CT")};
constexpr Shape meter_basics = record("basic information", "基本信息", meter_parts);
constexpr Shape meter_extension = record("extended information", "扩展信息", meter_extension_parts);
constexpr Shape extras = list("additional information", "附属信息", extra);
constexpr Shape archive_parts[] = {u16("number", "配置序号"), meter_basics, meter_extension, extras};
constexpr Shape archive = record("archive unit", "采集档案配置单元", archive_parts);
constexpr Shape basics_update[] = {u16("number", "配置序号"), meter_basics};
constexpr Shape extension_update[] = {u16("number", "配置序号"), meter_extension, extras};
constexpr Shape address_and_port[] = {tsa("address", "通信地址"), oad("port", "端口")};
constexpr Member archive_methods[] = {
    {127, record("add", "添加", archive_parts)},
    {128, list("add several", "批量添加", archive)},
    {129, record("update basic information", "更新基本信息", basics_update)},
    {130, record("update extended information", "更新扩展信息及附属信息", extension_update)},
    {131, u16("delete by number", "按配置序号删除")},
    {132, record("delete by basic information", "按基本信息删除", meter_parts)},
    {133, record("delete by address and port", "按通信地址和端口号删除", address_and_port)},
    {134, any("clear", "清空")},
};

constexpr Shape search_parts[] = {
    tsa("address", "通信地址"),
    tsa("collector", "所属采集器地址"),
    one_of("protocol", "规约类型", protocols),
    one_of("phase", "相位", phase_names),
    u8("signal quality", "信号品质"),
    moment("found at", "搜到的时间"),
    list("additional information", "搜到的附加信息", extra),
};
constexpr Shape search = record("search result", "搜表结果", search_parts);
constexpr Shape foreign_parts[] = {tsa("address", "通信地址"), tsa("main node", "主节点地址"),
                                   moment("changed at", "变更时间")};
constexpr Shape foreign = record("meter of another area", "跨台区结果", foreign_parts);
constexpr Choice clearing[] = {{0, {"never", "不清空"}},
                               {1, {"before the daily search", "每天周期搜表前清空"}},
                               {2, {"before each search", "每次搜表前清空"}}};
constexpr Shape search_setting_parts[] = {
    flag("daily search", "是否启用每天周期搜表"), flag("archive updated", "自动更新采集档案"),
    flag("events made", "是否产生搜表相关事件"), one_of("results cleared", "清空搜表结果选项", clearing)};
constexpr Shape search_time_parts[] = {time_of_day("start", "开始时间"), u16("duration", "搜表时长", 0, minute)};
constexpr Shape search_time = record("daily search", "每天周期搜表参数", search_time_parts);
constexpr Choice search_states[] = {{0, {"idle", "空闲"}}, {1, {"searching", "搜表中"}}};
constexpr Member search_members[] = {
    {5, list("meters of other areas", "跨台区搜表结果", foreign)},
    {6, u16("number of results", "所有搜表结果记录数")},
    {7, u16("number of results of other areas", "跨台区搜表结果记录数")},
    {8, record("search settings", "搜表参数", search_setting_parts)},
    {9, list("daily search times", "每天周期搜表参数配置", search_time)},
    {10, one_of("search state", "搜表状态", search_states)},
};
constexpr Member search_methods[] = {
    {127, u16("search now", "实时启动搜表", 0, minute)},
    {128, any("clear the results", "清空搜表结果")},
    {129, any("clear the results of other areas", "清空跨台区搜表结果")},
};

constexpr Choice scheme_kinds[] = {{1, {"ordinary", "普通采集方案"}},
                                   {2, {"event", "事件采集方案"}},
                                   {3, {"transparent", "透明方案"}},
                                   {4, {"report", "上报方案"}},
                                   {5, {"script", "脚本方案"}}};
constexpr Choice task_states[] = {{1, {"normal", "正常"}}, {2, {"stopped", "停用"}}};
constexpr Choice interval_kinds[] = {{0, {"begin included", "前闭后开"}},
                                     {1, {"end included", "前开后闭"}},
                                     {2, {"both included", "前闭后闭"}},
                                     {3, {"both excluded", "前开后开"}}};
constexpr Shape hours_parts[] = {u8("from hour", "起始小时"), u8("from minute", "起始分钟"), u8("to hour", "结束小时"),
                                 u8("to minute", "结束分钟")};
constexpr Shape hours = record("hours", "时段", hours_parts);
constexpr Shape run_parts[] = {one_of("kind", "类型", interval_kinds), list("hours", "时段表", hours)};
constexpr Shape task_parts[] = {
    u8("task", "任务ID"),
    ti("interval", "执行频率"),
    one_of("kind of scheme", "方案类型", scheme_kinds),
    u8("scheme", "方案编号"),
    moment("from", "开始时间"),
    moment("to", "结束时间"),
    ti("delay", "延时"),
    u8("priority", "执行优先级"),
    one_of("state", "状态", task_states),
    u16("script before", "任务开始前脚本ID"),
    u16("script after", "任务完成后脚本ID"),
    record("hours of running", "任务运行时段", run_parts),
};
constexpr Shape task = record("task", "任务配置单元", task_parts);
constexpr Shape number_element = u8("number", "编号");
constexpr Shape acquired_parts[] = {moment("started", "采集启动时标"), moment("succeeded", "采集成功时标"),
                                    moment("stored", "采集存储时标"), tsa("address", "采集通信地址")};
constexpr Shape acquired = record("acquired record", "采集记录", acquired_parts);
constexpr Member task_members[] = {{3, list("records", "记录表", acquired, Layout::records)}};
constexpr Shape task_update[] = {u8("task", "任务ID"), one_of("state", "状态", task_states)};
constexpr Member task_methods[] = {{127, list("add", "添加", task)},
                                   {128, list("delete", "删除", number_element)},
                                   {129, any("clear", "清空")},
                                   {130, record("update", "更新", task_update)}};

constexpr Shape way_parts[] = {u8("kind", "采集类型"), any("content", "采集内容")};
constexpr Shape way = record("way of acquisition", "采集方式", way_parts);
constexpr Choice stamps[] = {{0, {"undefined", "未定义"}},
                             {1, {"start of the task", "任务开始时间"}},
                             {2, {"today 00:00", "相对当日0点0分"}},
                             {3, {"yesterday 23:59", "相对上日23点59分"}},
                             {4, {"yesterday 00:00", "相对上日0点0分"}},
                             {5, {"first of the month 00:00", "相对当月1日0点0分"}},
                             {6, {"freeze time", "数据冻结时标"}},
                             {7, {"end of last month 23:59", "相对上月月末23点59分"}}};
constexpr Shape column = csd("column", "记录列");
constexpr Shape ordinary_parts[] = {u8("scheme", "方案编号"),
                                    u16("depth", "存储深度"),
                                    way,
                                    list("columns", "记录列选择", column),
                                    ms("meters", "电能表集合"),
                                    one_of("time stamp stored", "存储时标选择", stamps)};
constexpr Shape ordinary = record("ordinary scheme", "普通采集方案", ordinary_parts);
constexpr Shape column_update[] = {u8("scheme", "方案编号"), list("columns", "记录列选择", column)};
constexpr Member ordinary_methods[] = {
    {127, list("add", "添加", ordinary)},
    {128, list("delete", "删除", number_element)},
    {129, any("clear", "清空")},
    {130, record("set the columns", "设置记录列选择", column_update), {}, general_knowledge}};
constexpr Shape event_parts[] = {u8("scheme", "方案编号"), way, ms("meters", "电能表集合"),
                                 flag("reported", "上报标识"), u16("depth", "存储深度")};
constexpr Shape event = record("event scheme", "事件采集方案", event_parts);
constexpr Shape event_update[] = {u8("scheme", "方案编号"), flag("reported", "上报标识")};
constexpr Member event_methods[] = {{127, list("add", "添加", event)},
                                    {128, list("delete", "删除", number_element)},
                                    {129, any("clear", "清空")},
                                    {130, record("update report flag", "更新上报标识", event_update)}};
constexpr Choice comparisons[] = {
    {0, {"none", "不比对"}}, {1, {"compared", "比对"}}, {2, {"compared and reported", "比对上报"}}};
constexpr Shape comparison_parts[] = {u8("feature octet", "特征字节"), u16("cut from", "截取开始"),
                                      u16("cut length", "截取长度")};
constexpr Shape control_parts[] = {flag("reports and waits", "上报透明方案结果并等待后续报文"),
                                   u16("wait", "等待后续报文超时时间", 0, second),
                                   one_of("comparison", "结果比对标识", comparisons),
                                   record("comparison parameters", "结果比对参数", comparison_parts)};
constexpr Shape message_parts[] = {u8("number", "报文序号"), octets("message", "报文内容")};
constexpr Shape message = record("message", "方案报文", message_parts);
constexpr Shape content_parts[] = {
    u16("number", "序号"),
    tsa("address", "通信地址"),
    u16("script before", "开始前脚本ID"),
    u16("script after", "完成后脚本ID"),
    record("control", "方案控制标志", control_parts),
    list("messages", "方案报文集", message),
};
constexpr Shape content = record("content", "方案内容", content_parts);
constexpr Shape transparent_parts[] = {u8("scheme", "方案编号"), list("contents", "方案内容集", content),
                                       u16("depth", "存储深度")};
constexpr Shape transparent = record("transparent scheme", "透明方案", transparent_parts);
constexpr Member transparent_methods[] = {{127, record("add", "添加", transparent_parts)},
                                          {128, any("add messages of a meter", "添加一个电能表的报文")},
                                          {129, any("delete meters", "删除方案的电能表")},
                                          {130, list("delete", "删除", number_element)},
                                          {131, any("clear", "清空")}};
constexpr Shape answer_parts[] = {u8("number", "报文序号"), moment("answered at", "报文响应时间"),
                                  octets("answer", "命令结果")};
constexpr Shape answer = record("answer", "结果", answer_parts);
constexpr Shape transparent_result_parts[] = {u8("scheme", "方案编号"), moment("run at", "方案执行时间"),
                                              tsa("address", "通信地址"), list("answers", "结果集", answer)};
constexpr Shape transparent_result = record("result", "透明方案结果", transparent_result_parts);
constexpr Shape report_content_parts[] = {u8("kind", "类型"), any("content", "数据")};
constexpr Shape report_parts[] = {u8("scheme", "方案编号"), list("channels", "上报通道", oad_element),
                                  ti("response timeout", "上报响应超时时间"), u8("reports at most", "最大上报次数"),
                                  record("content", "上报内容", report_content_parts)};
constexpr Shape report = record("report scheme", "上报方案", report_parts);
constexpr Member report_methods[] = {
    {127, list("add", "添加", report)}, {128, list("delete", "删除", number_element)}, {129, any("clear", "清空")}};
constexpr Shape main_and_spare[] = {list("main identifiers", "主用DI", octets_element),
                                    list("spare identifiers", "备用DI", octets_element)};
constexpr Shape frame_parts[] = {octets("frame", "报文")};
constexpr Shape rule_text_parts[] = {record("DL/T 645-2007", "DL/T 645-2007", main_and_spare),
                                     record("DL/T 645-1997", "DL/T 645-1997", main_and_spare),
                                     record("transparent", "透明", frame_parts)};
constexpr Shape rule_parts[] = {csd("column", "数据列选择描述符"), record("rule", "规则描述", rule_text_parts)};
constexpr Shape rule = record("acquisition rule", "采集规则", rule_parts);
constexpr Member rule_methods[] = {
    {127, list("add", "添加", rule)}, {128, list("delete", "删除", column)}, {129, any("clear", "清空")}};
constexpr Shape state_parts[] = {
    tsa("address", "通信地址"),
    u8("relay level", "中继级别"),
    tsa("relay", "中继地址"),
    oad("port", "端口"),
    moment("latest success", "最后一次采集成功时间"),
    u8("failures", "采集失败次数"),
    one_of("phase", "相位", phase_names),
    one_of("phase sequence", "相序异常", sequences),
};
constexpr Shape state = record("acquisition state", "采集状态", state_parts);
constexpr Choice run_states[] = {{0, {"not run", "未执行"}}, {1, {"running", "执行中"}}, {2, {"done", "已执行"}}};
constexpr Shape monitor_parts[] = {
    u8("task", "任务ID"),
    one_of("state", "任务执行状态", run_states),
    moment("begin", "任务执行开始时间"),
    moment("end", "任务执行结束时间"),
    u16("meters", "采集总数量"),
    u16("meters read", "采集成功数量"),
    u16("messages sent", "已发送报文条数"),
    u16("messages received", "已接收报文条数"),
};
constexpr Shape monitor = record("task monitor", "采集任务监控单元", monitor_parts);

constexpr Shape all(const Shape& element) { return list("", "", element); }

constexpr auto acquisition = objects_of({
    object(0x6000, 11, "acquisition archive", "采集档案配置表").holds(all(archive)).does(archive_methods),
    object(0x6001, 8, "acquisition archive unit", "采集档案配置单元").is(archive),
    object(0x6002, 11, "meter search", "搜表").holds(all(search)).with(search_members).does(search_methods),
    object(0x6003, 8, "search result", "一个搜表结果").is(search),
    object(0x6004, 8, "meter of another area", "一个跨台区结果").is(foreign),
    object(0x6005, 8, "mark of a new household meter", "户表新增标识").sure(one_source),
    object(0x6012, 10, "task list", "任务配置表").holds(all(task)).with(task_members).does(task_methods),
    object(0x6013, 8, "task", "任务配置单元").is(task),
    object(0x6014, 11, "ordinary schemes", "普通采集方案集").holds(all(ordinary)).does(ordinary_methods),
    object(0x6015, 8, "ordinary scheme", "普通采集方案").is(ordinary),
    object(0x6016, 11, "event schemes", "事件采集方案集").holds(all(event)).does(event_methods),
    object(0x6017, 8, "event scheme", "事件采集方案").is(event),
    object(0x6018, 11, "transparent schemes", "透明方案集").holds(all(transparent)).does(transparent_methods),
    object(0x6019, 8, "transparent scheme", "透明方案").is(transparent),
    object(0x601A, 11, "results of transparent schemes", "透明方案结果集").holds(all(transparent_result)),
    object(0x601B, 8, "result of a transparent scheme", "一个透明方案结果").is(transparent_result),
    object(0x601C, 11, "report schemes", "上报方案集").holds(all(report)).does(report_methods),
    object(0x601D, 8, "report scheme", "上报方案").is(report),
    object(0x601E, 11, "acquisition rules", "采集规则库").holds(all(rule)).does(rule_methods),
    object(0x601F, 8, "acquisition rule", "采集规则").is(rule),
    object(0x6032, 11, "acquisition states", "采集状态集").holds(all(state)),
    object(0x6033, 8, "acquisition state", "一个采集状态").is(state),
    object(0x6034, 11, "task monitors", "采集任务监控集").holds(all(monitor)),
    object(0x6035, 8, "task monitor", "采集任务监控单元").is(monitor),
    object(0x6040, 8, "acquisition started", "采集启动时标").holds(moment()),
    object(0x6041, 8, "acquisition succeeded", "采集成功时标").holds(moment()),
    object(0x6042, 8, "acquisition stored", "采集存储时标").holds(moment()),
});
static_assert(is_ordered(acquisition));

constexpr Choice origins[] = {{0, {"master station", "主站"}},
                              {1, {"terminal", "终端自身"}},
                              {2, {"collector", "采集器"}},
                              {3, {"meter", "电能表"}},
                              {255, {"other", "其它"}}};
constexpr Shape file_parts[] = {
    characters("name", "文件名"),  characters("extension", "扩展名"), u16("length", "文件长度"),
    moment("created", "创建时间"), moment("changed", "修改时间"),     one_of("origin", "数据来源", origins),
    octets("content", "文件内容"),
};
constexpr Member file_methods[] = {
    {127, any("write", "写文件")}, {128, characters("execute", "执行")}, {129, characters("delete", "删除")}};
constexpr Shape operation = any("operation", "操作");
constexpr Shape script_parts[] = {u16("script", "脚本ID"), list("operations", "操作集", operation)};
constexpr Shape script = record("script", "脚本", script_parts);
constexpr Member script_methods[] = {{127, record("add", "添加", script_parts)},
                                     {128, u16("delete", "删除")},
                                     {129, u16("execute", "执行")},
                                     {130, any("clear", "清空")}};
constexpr Shape outcome_parts[] = {u16("script", "脚本ID"), moment("run at", "脚本执行时间"),
                                   list("results", "脚本执行结果集", operation)};
constexpr Shape outcome = record("script result", "脚本执行结果", outcome_parts);

constexpr auto collections = objects_of({
    object(0x7000, 11, "files", "文件集合").does(file_methods),
    object(0x7001, 8, "file", "文件").holds(record("", "", file_parts)),
    object(0x7010, 11, "scripts", "脚本集合").holds(all(script)).does(script_methods),
    object(0x7011, 8, "script", "脚本").is(script),
    object(0x7012, 11, "script results", "脚本执行结果集").holds(all(outcome)),
    object(0x7013, 8, "script result", "一个脚本执行结果").is(outcome),
    object(0x7100, 11, "extended variables", "扩展变量对象集合"),
    object(0x7101, 11, "extended parameters", "扩展参变量对象集合"),
});
static_assert(is_ordered(collections));

}  // namespace

std::span<const Object> acquisition_objects() noexcept { return acquisition; }
std::span<const Object> collection_objects() noexcept { return collections; }

}  // namespace duheng::dlt698::objects::table
