import { type DemoRegister, demo_registers } from './registers.ts';

/** The stubbed world: everything follows from the time and a meter's number, nothing is stored. */
export const device_count = 1000;
export const interval_s = 15;
export const time_zone = 'Asia/Shanghai';
const zone_offset_s = 8 * 3600;
const epoch_s = Date.UTC(2026, 0, 1) / 1000;

export const organisations = [
  { id: 1, parent_id: null, code: 'DH', name: '滨江能源' },
  { id: 2, parent_id: 1, code: 'DH-E', name: '东区营业所' },
  { id: 3, parent_id: 1, code: 'DH-W', name: '西区营业所' },
];
const site_names = ['翠湖花园', '望江路小学', '金桥工业园', '梧桐里', '云栖中心', '北岸码头', '稻香新村', '星河广场'];
export const sites = site_names.map((name, index) => ({
  id: index + 1,
  organisation_id: index < 4 ? 2 : 3,
  name,
  time_zone,
}));
export const gateways = [
  { id: 1, name: 'gw-east-01' },
  { id: 2, name: 'gw-east-02' },
  { id: 3, name: 'gw-west-01' },
];

/** A repeatable number in [0, 1) from up to three whole numbers. */
export function noise(a: number, b = 0, c = 0): number {
  let hash =
    Math.imul(a + 0x9e3779b1, 0x85ebca6b) ^ Math.imul(b + 0xc2b2ae35, 0x27d4eb2f) ^ Math.imul(c + 0x165667b1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 4294967296;
}

export interface DemoDevice {
  id: number;
  name: string;
  address: string;
  site: (typeof sites)[number];
  organisation: { id: number; name: string };
  gateway: { id: number; name: string };
  /** Seconds after each multiple of the interval at which it is read. */
  phase_s: number;
  /** How long ago it fell silent; null when it never spoke. */
  silent_s: number | null;
  power_kw: number;
}

function make_device(index: number): DemoDevice {
  const site = sites[index % sites.length] as (typeof sites)[number];
  const organisation = organisations.find(({ id }) => id === site.organisation_id) as (typeof organisations)[number];
  const gateway = gateways[site.organisation_id === 3 ? 2 : index % 2] as (typeof gateways)[number];
  const number = Math.floor(index / sites.length) + 1;
  const silent_s = index % 331 === 5 ? null : index % 173 === 7 ? 6 * 3600 + index : index % 83 === 3 ? 45 + (index % 90) : 0;
  return {
    id: index + 1,
    name: `${site.name} ${String(Math.ceil(number / 16)).padStart(2, '0')} 栋 ${String(101 + (number % 16) * 100)}`,
    address: String(202600000000 + index * 7 + 1).padStart(12, '0'),
    site,
    organisation: { id: organisation.id, name: organisation.name },
    gateway,
    phase_s: index % interval_s,
    silent_s,
    power_kw: 0.3 + noise(index, 1) * 6,
  };
}

export const devices: readonly DemoDevice[] = Array.from({ length: device_count }, (_, index) => make_device(index));

/** The time of the last reading at or before `at_s`, in whole seconds; null when there is none. */
export function last_reading_s(device: DemoDevice, at_s: number, now_s: number): number | null {
  if (device.silent_s === null) return null;
  const end_s = Math.min(at_s, now_s - device.silent_s);
  return Math.floor((end_s - device.phase_s) / interval_s) * interval_s + device.phase_s;
}

/** Some meters miss an hour in the night and a while at noon. */
export function is_missing(device: DemoDevice, at_s: number): boolean {
  const second_of_day = (at_s + zone_offset_s) % 86_400;
  const day = Math.floor((at_s + zone_offset_s) / 86_400);
  if (device.id % 3 === 0) return false;
  const night = 2 * 3600 + Math.floor(noise(device.id, day) * 7200);
  return (
    (second_of_day >= night && second_of_day < night + 4300) ||
    (day % 4 === 1 && second_of_day >= 44_000 && second_of_day < 46_500)
  );
}

/** Household load over the day: low at night, a morning and an evening peak. */
function load(at_s: number): number {
  const hour = ((((at_s + zone_offset_s) % 86_400) + 86_400) % 86_400) / 3600;
  const peak = (centre: number, width: number) => Math.exp(-(((hour - centre) / width) ** 2));
  return 0.22 + 0.55 * peak(7.8, 1.6) + 0.35 * peak(12.5, 2) + 0.95 * peak(19.6, 2.4);
}

/** Smooth noise in [-1, 1]. */
function wobble(device: DemoDevice, at_s: number, period_s: number, salt: number): number {
  const step = Math.floor(at_s / period_s);
  const part = at_s / period_s - step;
  const blend = part * part * (3 - 2 * part);
  return (noise(device.id, step, salt) * (1 - blend) + noise(device.id, step + 1, salt) * blend) * 2 - 1;
}

function power_kw(device: DemoDevice, at_s: number): number {
  return device.power_kw * load(at_s) * (1 + 0.25 * wobble(device, at_s, 900, 1) + 0.06 * wobble(device, at_s, 20, 2));
}

const shares = { a: 0.41, b: 0.33, c: 0.26 } as const;

function physical(device: DemoDevice, name: string, at_s: number): number {
  const phase = name.at(-1) as 'a' | 'b' | 'c';
  const factor = 0.93 + 0.04 * wobble(device, at_s, 600, 3);
  if (name === 'energy_active_import_total') {
    // The mean of the load's day curve is about 0.47; the day's shape rides on top so that the register never runs back.
    const days = (at_s - epoch_s) / 86_400;
    return 820 + noise(device.id, 9) * 40_000 + device.power_kw * (days * 24 * 0.47);
  }
  if (name === 'energy_active_export_total') return device.id % 5 === 0 ? 12 + ((at_s - epoch_s) / 86_400) * 1.7 : 0;
  if (name.startsWith('voltage_'))
    return 229.5 + 4 * wobble(device, at_s, 1200, phase.charCodeAt(0)) + 1.2 * wobble(device, at_s, 15, phase.charCodeAt(0));
  if (name.startsWith('current_')) return (power_kw(device, at_s) * shares[phase] * 1000) / (230 * factor);
  if (name === 'power_active_total') return power_kw(device, at_s);
  if (name.startsWith('power_active_')) return power_kw(device, at_s) * shares[phase];
  if (name === 'power_reactive_total') return power_kw(device, at_s) * Math.tan(Math.acos(factor));
  if (name.startsWith('power_factor_')) return Math.min(1, factor + 0.01 * (name.length % 3));
  if (name === 'frequency') return 50 + 0.03 * wobble(device, at_s, 40, 8);
  return 0;
}

/** The register's content as a whole number of its last place. */
export function mantissa(device: DemoDevice, register: DemoRegister, at_s: number): number {
  const local = new Date((at_s + zone_offset_s) * 1000);
  if (register.name === 'clock_date') {
    const weekday = local.getUTCDay();
    return (((local.getUTCFullYear() % 100) * 100 + local.getUTCMonth() + 1) * 100 + local.getUTCDate()) * 100 + weekday;
  }
  if (register.name === 'clock_time') return (local.getUTCHours() * 100 + local.getUTCMinutes()) * 100 + local.getUTCSeconds();
  if (register.name === 'status_word_3') return device.id % 11 === 0 ? 0x0040 : 0;
  return Math.round(physical(device, register.name, at_s) * 10 ** -register.exponent);
}

export function quality(device: DemoDevice, register: DemoRegister, at_s: number): string {
  if (register.name === 'voltage_c' && device.id % 17 === 1 && noise(device.id, Math.floor(at_s / 60)) < 0.5)
    return 'out_of_range';
  if (register.name === 'clock_time' && device.id % 29 === 1) return 'clock_suspect';
  return 'good';
}

/** Exact decimal text of mantissa × 10^exponent. */
export function decimal_text(value: number, exponent: number): string {
  if (exponent === 0) return String(value);
  const places = -exponent;
  const digits = String(Math.abs(value)).padStart(places + 1, '0');
  return `${value < 0 ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** A frame's number holds all that is needed to make it again. */
export function frame_number(device: DemoDevice, register_index: number, at_s: number): string {
  return String((BigInt(at_s) * 1024n + BigInt(device.id)) * 32n + BigInt(register_index));
}

export function parse_frame_number(frame: string): { device: DemoDevice; register_index: number; at_s: number } | null {
  const whole = BigInt(frame);
  const register_index = Number(whole % 32n);
  const device = devices[Number((whole / 32n) % 1024n) - 1];
  const at_s = Number(whole / 32n / 1024n);
  return device && register_index < demo_registers.length && at_s > epoch_s ? { device, register_index, at_s } : null;
}
