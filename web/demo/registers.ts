/** The registers of the stubbed meters with their DL/T 645-2007 data identifiers and how their value is laid out. */
export interface DemoRegister {
  name: string;
  unit: string;
  exponent: number;
  kind: 'decimal' | 'bit_set' | 'event';
  di: string;
  octets: number;
  label_zh: string;
  label_en: string;
}

const row = (
  name: string,
  unit: string,
  exponent: number,
  di: string,
  octets: number,
  label_zh: string,
  label_en: string,
  kind: DemoRegister['kind'] = 'decimal',
): DemoRegister => ({ name, unit, exponent, kind, di, octets, label_zh, label_en });

export const demo_registers: readonly DemoRegister[] = [
  row('energy_active_import_total', 'kWh', -2, '00010000', 4, '正向有功总电能', 'active import energy, total'),
  row('energy_active_export_total', 'kWh', -2, '00020000', 4, '反向有功总电能', 'active export energy, total'),
  row('voltage_a', 'V', -1, '02010100', 2, 'A 相电压', 'voltage A'),
  row('voltage_b', 'V', -1, '02010200', 2, 'B 相电压', 'voltage B'),
  row('voltage_c', 'V', -1, '02010300', 2, 'C 相电压', 'voltage C'),
  row('current_a', 'A', -3, '02020100', 3, 'A 相电流', 'current A'),
  row('current_b', 'A', -3, '02020200', 3, 'B 相电流', 'current B'),
  row('current_c', 'A', -3, '02020300', 3, 'C 相电流', 'current C'),
  row('power_active_total', 'kW', -4, '02030000', 3, '总有功功率', 'active power, total'),
  row('power_active_a', 'kW', -4, '02030100', 3, 'A 相有功功率', 'active power A'),
  row('power_active_b', 'kW', -4, '02030200', 3, 'B 相有功功率', 'active power B'),
  row('power_active_c', 'kW', -4, '02030300', 3, 'C 相有功功率', 'active power C'),
  row('power_reactive_total', 'kvar', -4, '02040000', 3, '总无功功率', 'reactive power, total'),
  row('power_factor_total', '', -3, '02060000', 2, '总功率因数', 'power factor, total'),
  row('power_factor_a', '', -3, '02060100', 2, 'A 相功率因数', 'power factor A'),
  row('power_factor_b', '', -3, '02060200', 2, 'B 相功率因数', 'power factor B'),
  row('power_factor_c', '', -3, '02060300', 2, 'C 相功率因数', 'power factor C'),
  row('frequency', 'Hz', -2, '02800002', 2, '电网频率', 'frequency'),
  row('clock_date', '', 0, '04000101', 4, '日期及星期', 'date and weekday', 'event'),
  row('clock_time', '', 0, '04000102', 3, '时间', 'time', 'event'),
  row('status_word_3', '', 0, '04000503', 2, '电表运行状态字 3', 'operating status word 3', 'bit_set'),
];
