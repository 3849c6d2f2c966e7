#include "codec/modbus/function.hpp"

#include <algorithm>
#include <iterator>

namespace duheng::modbus {

namespace {

struct FunctionEntry {
  std::uint8_t code;
  std::string_view name;
  Label label;
  std::string_view clause;
};
// Modbus Application Protocol V1.1b3, 6.
constexpr FunctionEntry functions[] = {
    {1, "read_coils", {"read coils", "读线圈"}, "Modbus Application Protocol V1.1b3, 6.1"},
    {2, "read_discrete_inputs", {"read discrete inputs", "读离散量输入"}, "Modbus Application Protocol V1.1b3, 6.2"},
    {3,
     "read_holding_registers",
     {"read holding registers", "读保持寄存器"},
     "Modbus Application Protocol V1.1b3, 6.3"},
    {4, "read_input_registers", {"read input registers", "读输入寄存器"}, "Modbus Application Protocol V1.1b3, 6.4"},
    {5, "write_single_coil", {"write single coil", "写单个线圈"}, "Modbus Application Protocol V1.1b3, 6.5"},
    {6, "write_single_register", {"write single register", "写单个寄存器"}, "Modbus Application Protocol V1.1b3, 6.6"},
    {7, "read_exception_status", {"read exception status", "读异常状态"}, "Modbus Application Protocol V1.1b3, 6.7"},
    {8, "diagnostics", {"diagnostics", "诊断"}, "Modbus Application Protocol V1.1b3, 6.8"},
    {11,
     "get_comm_event_counter",
     {"get communication event counter", "读通信事件计数器"},
     "Modbus Application Protocol V1.1b3, 6.9"},
    {12,
     "get_comm_event_log",
     {"get communication event log", "读通信事件记录"},
     "Modbus Application Protocol V1.1b3, 6.10"},
    {15, "write_multiple_coils", {"write multiple coils", "写多个线圈"}, "Modbus Application Protocol V1.1b3, 6.11"},
    {16,
     "write_multiple_registers",
     {"write multiple registers", "写多个寄存器"},
     "Modbus Application Protocol V1.1b3, 6.12"},
    {17, "report_server_id", {"report server id", "报告服务器标识"}, "Modbus Application Protocol V1.1b3, 6.13"},
    {20, "read_file_record", {"read file record", "读文件记录"}, "Modbus Application Protocol V1.1b3, 6.14"},
    {21, "write_file_record", {"write file record", "写文件记录"}, "Modbus Application Protocol V1.1b3, 6.15"},
    {22, "mask_write_register", {"mask write register", "屏蔽写寄存器"}, "Modbus Application Protocol V1.1b3, 6.16"},
    {23,
     "read_write_multiple_registers",
     {"read and write multiple registers", "读写多个寄存器"},
     "Modbus Application Protocol V1.1b3, 6.17"},
    {24, "read_fifo_queue", {"read FIFO queue", "读先进先出队列"}, "Modbus Application Protocol V1.1b3, 6.18"},
    {43,
     "encapsulated_interface",
     {"encapsulated interface transport", "封装接口传输"},
     "Modbus Application Protocol V1.1b3, 6.19"},
};

struct ExceptionEntry {
  std::uint8_t code;
  std::string_view name;
  Label label;
};
// Modbus Application Protocol V1.1b3, 7; code 7 from the protocol's older edition.
constexpr ExceptionEntry exceptions[] = {
    {1, "illegal_function", {"the function is not known to the device", "设备不支持该功能码"}},
    {2, "illegal_data_address", {"an address is not there", "数据地址非法"}},
    {3, "illegal_data_value", {"a value is not allowed", "数据值非法"}},
    {4, "server_device_failure", {"the device failed while carrying it out", "设备执行失败"}},
    {5, "acknowledge", {"accepted, takes long", "已接受，处理需较长时间"}},
    {6, "server_device_busy", {"the device is busy; ask again later", "设备忙，稍后重试"}},
    {7, "negative_acknowledge", {"the device cannot carry it out", "设备无法执行"}},
    {8, "memory_parity_error", {"parity error in the device's memory", "设备存储器奇偶校验错误"}},
    {10, "gateway_path_unavailable", {"the gateway has no path to the device", "网关路径不可用"}},
    {11, "gateway_target_failed", {"no answer from the device behind the gateway", "网关目标设备无应答"}},
};

// Modbus Application Protocol V1.1b3, 6.21, in the order of their numbers.
constexpr std::string_view identification_objects[] = {"vendor_name",          "product_code", "major_minor_revision",
                                                       "vendor_url",           "product_name", "model_name",
                                                       "user_application_name"};

template <class Entry, std::size_t count>
const Entry* find(const Entry (&entries)[count], std::uint8_t code) noexcept {
  const auto found = std::ranges::find(entries, code, &Entry::code);
  return found == std::end(entries) ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(Role role) noexcept { return role == Role::request ? "request" : "response"; }

std::string_view to_string(Transport transport) noexcept {
  switch (transport) {
    case Transport::rtu:
      return "rtu";
    case Transport::ascii:
      return "ascii";
    case Transport::tcp:
      return "tcp";
  }
  return "rtu";
}

std::string_view function_name(std::uint8_t code) noexcept {
  const auto* entry = find(functions, code);
  return entry == nullptr ? "unknown" : entry->name;
}
Label function_label(std::uint8_t code) noexcept {
  const auto* entry = find(functions, code);
  return entry == nullptr ? Label{"function of the maker's own", "厂家自定义功能"} : entry->label;
}
std::string_view function_clause(std::uint8_t code) noexcept {
  const auto* entry = find(functions, code);
  return entry == nullptr ? "Modbus Application Protocol V1.1b3, 5" : entry->clause;
}

bool is_understood(std::uint8_t code) noexcept {
  switch (static_cast<Function>(code)) {
    case Function::read_coils:
    case Function::read_discrete_inputs:
    case Function::read_holding_registers:
    case Function::read_input_registers:
    case Function::write_single_coil:
    case Function::write_single_register:
    case Function::write_multiple_coils:
    case Function::write_multiple_registers:
    case Function::mask_write_register:
    case Function::read_write_multiple_registers:
    case Function::encapsulated_interface:
      return true;
  }
  return false;
}

std::string_view exception_name(std::uint8_t code) noexcept {
  const auto* entry = find(exceptions, code);
  return entry == nullptr ? "unknown" : entry->name;
}
Label exception_label(std::uint8_t code) noexcept {
  const auto* entry = find(exceptions, code);
  return entry == nullptr ? Label{"a code that is not laid down", "未定义的异常码"} : entry->label;
}

std::string_view identification_object_name(std::uint8_t object_id) noexcept {
  return object_id < std::size(identification_objects) ? identification_objects[object_id] : std::string_view{};
}

}  // namespace duheng::modbus
