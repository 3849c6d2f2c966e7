import type { CurvePoint, DeviceState, FrameProvenance, Reading } from '../src/api/types.ts';
import { make_aggregates } from './aggregates.ts';
import { make_alarms } from './alarms.ts';
import { analysis_of, built_frame, frame_builders } from './analyser.ts';
import { make_completeness } from './completeness.ts';
import { make_edits } from './edits.ts';
import { make_equipment } from './equipment.ts';
import { make_exports } from './exports.ts';
import { make_field } from './field.ts';
import { request_frame, response_frame } from './frames.ts';
import { type DemoRegister, demo_registers } from './registers.ts';
import { make_sensors } from './sensors.ts';
import { make_tariffs } from './tariffs.ts';
import * as world from './world.ts';

export const demo_user = 'operator';
export const demo_password = 'measure-and-weigh';

export interface DemoRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: unknown;
  is_logged_in: boolean;
}

export interface DemoAnswer {
  status: number;
  body?: unknown;
  /** Set when the session begins or ends with this answer. */
  session?: 'begun' | 'ended';
}

const iso = (at_s: number, extra_ms = 0) => new Date(at_s * 1000 + extra_ms).toISOString();
const series_per_device = 100;
let problem_number = 0;

function problem(status: number, code: string, message: string, retry_after_s?: number): DemoAnswer {
  problem_number += 1;
  const request_id = `demo-${String(problem_number).padStart(6, '0')}`;
  return { status, body: { code, message, request_id, ...(retry_after_s === undefined ? {} : { retry_after_s }) } };
}

function state_of(device: world.DemoDevice, now_s: number): DeviceState {
  const last = world.last_reading_s(device, now_s, now_s);
  if (last === null) return 'never';
  const age = now_s - last;
  return age <= 2 * world.interval_s ? 'online' : age <= 10 * world.interval_s ? 'late' : 'offline';
}

function device_row(device: world.DemoDevice, now_s: number) {
  const last = world.last_reading_s(device, now_s, now_s);
  return {
    id: device.id,
    uid: `dlt645:${device.address}`,
    name: device.name,
    address: device.address,
    protocol: 'dlt645-2007',
    model: 'dlt645_three_phase',
    state: state_of(device, now_s),
    last_reading_at: last === null ? null : iso(last),
    site: { id: device.site.id, name: device.site.name },
    organisation: device.organisation,
    gateway: { id: device.gateway.id, name: device.gateway.name },
    interval_s: world.interval_s,
  };
}

function analyse(body: unknown): DemoAnswer {
  const { text, protocol } = body as { text?: unknown; protocol?: unknown };
  if (typeof text !== 'string' || typeof protocol !== 'string') return problem(400, 'malformed', 'text and protocol');
  return { status: 200, body: analysis_of(text) };
}

function build(body: unknown): DemoAnswer {
  const { parameters } = body as { parameters: Record<string, string> };
  if (parameters.address === '') return problem(400, 'invalid_argument', 'address: is missing');
  return { status: 200, body: built_frame() };
}

export function demo_reading(device: world.DemoDevice, register_index: number, at_s: number): Reading {
  const register = demo_registers[register_index] as DemoRegister;
  return {
    time: iso(at_s),
    received_at: iso(at_s, 180 + (device.id % 60)),
    value: world.decimal_text(world.mantissa(device, register, at_s), register.exponent),
    quality: world.quality(device, register, at_s),
    time_source: 'gateway',
    frame: world.frame_number(device, register_index, at_s),
  };
}

function list_devices(query: URLSearchParams, now_s: number): DemoAnswer {
  const page = Number(query.get('page') ?? 1);
  const page_size = Number(query.get('page_size') ?? 50);
  if (!(page >= 1) || !(page_size >= 1 && page_size <= 200)) return problem(400, 'invalid_argument', 'page_size: 1 to 200');
  const search = (query.get('search') ?? '').toLowerCase();
  const is = (name: string, value: number | string) => !query.get(name) || query.get(name) === String(value);
  const rows = world.devices
    .map((device) => device_row(device, now_s))
    .filter(
      (row) =>
        (row.name.toLowerCase().includes(search) || row.address.includes(search)) &&
        is('state', row.state) &&
        is('site_id', row.site.id) &&
        is('gateway_id', row.gateway.id),
    );
  const sort = query.get('sort') ?? 'name';
  const sign = sort.startsWith('-') ? -1 : 1;
  const key = sort.replace('-', '');
  rows.sort((a, b) => {
    if (key === 'last_reading') return sign * (a.last_reading_at ?? '').localeCompare(b.last_reading_at ?? '');
    return sign * (key === 'address' ? a.address.localeCompare(b.address) : a.name.localeCompare(b.name, 'zh-CN'));
  });
  const devices = rows.slice((page - 1) * page_size, page * page_size);
  return { status: 200, body: { devices, total: rows.length, page, page_size, server_time: iso(now_s) } };
}

function device_detail(device: world.DemoDevice, now_s: number): DemoAnswer {
  const last = world.last_reading_s(device, now_s, now_s);
  const registers =
    last === null
      ? []
      : demo_registers.map(({ name, unit, exponent, kind }, index) => ({
          series_id: device.id * series_per_device + index,
          register: name,
          unit,
          exponent,
          kind,
          latest: demo_reading(device, index, last),
        }));
  return { status: 200, body: { ...device_row(device, now_s), time_zone: world.time_zone, registers, server_time: iso(now_s) } };
}

function civil_day_start_s(date: string): number {
  return Date.parse(`${date}T00:00:00+08:00`) / 1000;
}

function completeness(device: world.DemoDevice, date: string, now_s: number): DemoAnswer {
  const from_s = civil_day_start_s(date);
  if (!Number.isFinite(from_s)) return problem(400, 'invalid_argument', 'date: YYYY-MM-DD');
  const to_s = Math.min(from_s + 86_400, now_s - (device.silent_s ?? 86_400 * 400));
  const step_s = world.interval_s;
  const gaps: { from: string; to: string }[] = [];
  let expected = 0;
  let present = 0;
  let gap_from: number | null = null;
  for (let at_s = from_s + device.phase_s; at_s < to_s; at_s += step_s) {
    expected += 1;
    const missing = world.is_missing(device, at_s);
    if (!missing) present += 1;
    if (missing && gap_from === null) gap_from = at_s;
    if (!missing && gap_from !== null) {
      gaps.push({ from: iso(gap_from), to: iso(at_s) });
      gap_from = null;
    }
  }
  if (gap_from !== null) gaps.push({ from: iso(gap_from), to: iso(to_s) });
  const registers = demo_registers.map(({ name }, index) => ({
    series_id: device.id * series_per_device + index,
    register: name,
    expected,
    // The export register answers always, so that registers differ.
    present: name === 'energy_active_export_total' ? expected : present,
    gaps: name === 'energy_active_export_total' ? [] : gaps,
  }));
  const sum = (key: 'expected' | 'present') => registers.reduce((total, register) => total + register[key], 0);
  const ratio = sum('expected') === 0 ? 1 : sum('present') / sum('expected');
  return {
    status: 200,
    body: { date, time_zone: world.time_zone, expected: sum('expected'), present: sum('present'), ratio, registers },
  };
}

interface Series {
  device: world.DemoDevice;
  index: number;
  register: DemoRegister;
}

function series_of(id: number): Series | null {
  const device = world.devices[Math.floor(id / series_per_device) - 1];
  const register = demo_registers[id % series_per_device];
  return device && register ? { device, index: id % series_per_device, register } : null;
}

function curve_point({ device, index, register }: Series, at_s: number): CurvePoint {
  return {
    time: iso(at_s),
    value: world.decimal_text(world.mantissa(device, register, at_s), register.exponent),
    frame: world.frame_number(device, index, at_s),
  };
}

function curve(series: Series, series_id: number, query: URLSearchParams, now_s: number): DemoAnswer {
  const from_s = Date.parse(query.get('from') ?? '') / 1000;
  const to_s = Date.parse(query.get('to') ?? '') / 1000;
  if (!(from_s < to_s)) return problem(400, 'invalid_argument', 'from must be before to');
  const wanted = Number(query.get('buckets') ?? 500);
  const bucket_s = Math.max(world.interval_s, Math.ceil((to_s - from_s) / wanted));
  const last = world.last_reading_s(series.device, Math.min(to_s, now_s), now_s) ?? 0;
  const installed_s = Date.UTC(2026, 7, 14) / 1000;
  const buckets = [];
  for (let start = from_s; start < to_s && start <= last; start += bucket_s) {
    const count = Math.min(8, Math.max(1, Math.floor(bucket_s / world.interval_s)));
    const samples = Array.from({ length: count }, (_, index) => {
      const wanted_s = start + (index * bucket_s) / count;
      return Math.ceil((wanted_s - series.device.phase_s) / world.interval_s) * world.interval_s + series.device.phase_s;
    }).filter((at_s) => at_s < start + bucket_s && at_s <= last && at_s > installed_s && !world.is_missing(series.device, at_s));
    const points = samples.map((at_s) => curve_point(series, at_s));
    const first = points[0];
    const end = points.at(-1);
    if (!first || !end) continue;
    const by_value = [...points].sort((a, b) => Number(a.value) - Number(b.value));
    const past_calibration =
      series.device.id === 2 && series.register.name === 'voltage_a' && (now_s - start) / 86_400 < 0.5
        ? { past_calibration: true }
        : {};
    buckets.push({
      start: iso(start),
      count: points.length,
      first,
      last: end,
      min: by_value[0],
      max: by_value.at(-1),
      ...past_calibration,
    });
  }
  const { name, unit, exponent } = series.register;
  return {
    status: 200,
    body: {
      series_id,
      register: name,
      unit,
      exponent,
      from: iso(from_s),
      to: iso(to_s),
      shape: query.get('shape') ?? 'minmax',
      bucket_ms: bucket_s * 1000,
      buckets,
    },
  };
}

function readings(series: Series, query: URLSearchParams, now_s: number): DemoAnswer {
  const before = query.get('before');
  const limit = Number(query.get('limit') ?? 100);
  const found: Reading[] = [];
  let at_s = world.last_reading_s(series.device, before ? Date.parse(before) / 1000 - 1 : now_s, now_s);
  for (let tries = 0; at_s !== null && found.length < limit && tries < 20_000; tries += 1) {
    if (!world.is_missing(series.device, at_s)) found.push(demo_reading(series.device, series.index, at_s));
    at_s -= world.interval_s;
  }
  return { status: 200, body: { readings: found } };
}

function frame(number: string): DemoAnswer {
  const known = /^\d{1,19}$/.test(number) ? world.parse_frame_number(number) : null;
  if (!known) return problem(404, 'not_found', '没有这一帧');
  const { device, register_index, at_s } = known;
  const register = demo_registers[register_index] as DemoRegister;
  const content = world.mantissa(device, register, at_s);
  const value = world.decimal_text(content, register.exponent);
  const sequence = Math.floor(at_s / 2) % 1_000_000;
  const body: FrameProvenance = {
    frame: number,
    device_uid: `dlt645:${device.address}`,
    device: { id: device.id, name: device.name },
    gateway: { id: device.gateway.id, name: device.gateway.name },
    protocol: 'dlt645-2007',
    epoch: '18f3a2c47e90b1d6',
    sequence,
    batch_hash: Array.from({ length: 8 }, (_, index) =>
      Math.floor(world.noise(sequence, index) * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join(''),
    journal_record: sequence * 3 + device.gateway.id,
    times: { sent: iso(at_s, -142), received: iso(at_s), stored: iso(at_s, 64 + (device.id % 30)) },
    request: request_frame(device.address, register),
    response: response_frame(device.address, register, content, value),
    readings: [
      {
        register: register.name,
        unit: register.unit,
        kind: register.kind,
        value,
        time: iso(at_s),
        quality: world.quality(device, register, at_s),
      },
    ],
  };
  return { status: 200, body };
}

function overview(now_s: number): DemoAnswer {
  const states = { online: 0, late: 0, offline: 0, never: 0 };
  for (const device of world.devices) states[state_of(device, now_s)] += 1;
  return {
    status: 200,
    body: {
      devices: world.device_count,
      states,
      unassigned_sources: 2,
      gateways: world.gateways.length,
      gateways_connected: 2,
      readings_total: 48_213_377 + Math.floor((now_s % 1_000_000) * 1350),
      readings_per_s: 1350 + Math.round(180 * (world.noise(Math.floor(now_s / 2)) - 0.5)),
      server_time: new Date().toISOString(),
    },
  };
}

function gateway_list(now_s: number): DemoAnswer {
  const gateways = world.gateways.map((gateway, index) => ({
    ...gateway,
    state: 'enrolled',
    connected: index !== 2,
    certificate_expires: iso(now_s + 86_400 * (9 + index * 150)),
    devices: world.devices.filter((device) => device.gateway.id === gateway.id).length,
    last_batch_at: iso(now_s - (index === 2 ? 754 : 1 + index)),
    clock_offset_ms: [4, -2315, null][index],
    spooled_batches: [0, 3, null][index],
    autonomy_hours: [412, 386.5, null][index],
  }));
  const created = { id: 4, name: 'gw-north-01', state: 'created', connected: false, certificate_expires: null, devices: 0 };
  return {
    status: 200,
    body: {
      gateways: [
        ...gateways,
        { ...created, last_batch_at: null, clock_offset_ms: null, spooled_batches: null, autonomy_hours: null },
      ],
    },
  };
}

function status(now_s: number): DemoAnswer {
  const component = (name: string, state: string, detail_zh: string, detail_en: string) => ({
    name,
    state,
    detail_zh,
    detail_en,
  });
  return {
    status: 200,
    body: {
      version: '0.1.0-demo',
      started_at: iso(now_s - 93_784),
      server_time: iso(now_s),
      components: [
        component('journal', 'ok', '上次提交 0.4 秒前,落盘 p99 为 6 毫秒', 'committed 0.4 s ago, fsync p99 6 ms'),
        component('telemetry', 'degraded', '落后日志 1,204 条,正在追赶', '1,204 records behind the journal, catching up'),
        component('records', 'ok', '结构版本 7', 'schema version 7'),
        component('uplink', 'ok', '2 台网关已连接', '2 gateways connected'),
        component('live', 'ok', '3 个浏览器在线', '3 browsers connected'),
      ],
      counters: {
        duheng_batches_total: 1_604_233,
        duheng_readings_total: 48_213_377,
        duheng_duplicate_batches_total: 12,
        duheng_conflicting_readings_total: 0,
        duheng_evidence_frames_total: 3_021,
        duheng_refused_requests_total: 41,
        duheng_applier_lag_records: 1204,
        duheng_live_clients: 3,
      },
    },
  };
}

/** The stubbed platform. `now_ms` comes from outside, so that tests can hold the time. */
export function make_demo_api(now: () => number, has_due_password = false) {
  const exports = make_exports();
  const alarms = make_alarms(now());
  const equipment = make_equipment(now());
  const sensors = make_sensors(now());
  const tariffs = make_tariffs(now());
  const edits = make_edits((id) => {
    const series = series_of(id);
    if (!series) return null;
    const { name, unit, exponent } = series.register;
    return {
      name,
      unit,
      exponent,
      read_at: (time) => demo_reading(series.device, series.index, Math.floor(Date.parse(time) / 1000)),
    };
  });
  const fleet_completeness = make_completeness();
  const aggregates = make_aggregates((id) => {
    const series = series_of(id);
    if (!series) return null;
    const { name, unit, exponent } = series.register;
    return {
      name,
      unit,
      exponent,
      read_at: (time) => demo_reading(series.device, series.index, Math.floor(Date.parse(time) / 1000)),
    };
  });
  const field = make_field((status, code, message, wrong) => {
    const refusal = problem(status, code, message);
    return wrong ? { ...refusal, body: { ...(refusal.body as object), field: wrong } } : refusal;
  });
  let failures = 0;
  let throttled_until_ms = 0;
  let current_password = demo_password;
  let must_change_password = has_due_password;

  function log_in(body: unknown): DemoAnswer {
    const left_s = Math.ceil((throttled_until_ms - now()) / 1000);
    if (left_s > 0) return problem(429, 'throttled', '尝试次数过多', left_s);
    const { name, password } = (body ?? {}) as { name?: unknown; password?: unknown };
    if (name === demo_user && password === current_password) {
      failures = 0;
      return { status: 200, session: 'begun', body: session() };
    }
    failures += 1;
    if (failures >= 5) {
      failures = 0;
      throttled_until_ms = now() + 10_000;
      return problem(429, 'throttled', '尝试次数过多', 10);
    }
    return problem(401, 'unauthenticated', '用户名或密码不对');
  }

  function change_password(body: unknown): DemoAnswer {
    const { old_password, new_password } = (body ?? {}) as { old_password?: unknown; new_password?: unknown };
    if (typeof new_password !== 'string') return problem(400, 'malformed', 'new_password');
    if (old_password !== current_password) return problem(403, 'wrong_password', '原密码不对');
    if ([...new_password].length < 12 || new_password === old_password)
      return problem(400, 'password_unsuitable', 'a password has at least 12 characters');
    current_password = new_password;
    must_change_password = false;
    return { status: 200, body: session() };
  }

  const session = () => ({
    user: demo_user,
    role: 'operator',
    organisation: '滨江能源',
    whole_platform: true,
    must_change_password,
    expires: new Date(now() + 8 * 3_600_000).toISOString(),
  });

  return function answer(request: DemoRequest): DemoAnswer {
    const now_s = Math.floor(now() / 1000);
    const { method, path, query } = request;
    if (method !== 'GET' && request.headers['x-duheng-request'] !== '1')
      return problem(403, 'forbidden', 'X-Duheng-Request is missing');
    if (path === '/api/v1/session' && method === 'POST') return log_in(request.body);
    if (!request.is_logged_in) return problem(401, 'unauthenticated', '请先登录');
    if (path === '/api/v1/session/password' && method === 'PUT') return change_password(request.body);
    if (path === '/api/v1/session')
      return method === 'DELETE' ? { status: 204, session: 'ended' } : { status: 200, body: session() };
    if (must_change_password) return problem(403, 'password_change_required', 'change your password first');
    const of_field = field(request, now());
    if (of_field) return of_field;
    const of_equipment = equipment(request);
    if (of_equipment) return of_equipment;
    const of_tariffs = tariffs(request);
    if (of_tariffs) return of_tariffs;
    const of_sensors = sensors(request);
    if (of_sensors) return of_sensors;
    const of_alarms = alarms(request, now());
    if (of_alarms) return of_alarms;
    const of_exports = exports(request, now());
    if (of_exports) return of_exports;
    const of_edits = edits(request, now());
    if (of_edits) return of_edits;
    const of_completeness = fleet_completeness(request, now());
    if (of_completeness) return of_completeness;
    const of_aggregates = aggregates(request, now());
    if (of_aggregates) return of_aggregates;
    if (path === '/api/v1/overview') return overview(now_s);
    if (path === '/api/v1/devices') return list_devices(query, now_s);
    if (path === '/api/v1/gateways') return gateway_list(now_s);
    if (path === '/api/v1/organisations')
      return { status: 200, body: { organisations: world.organisations, sites: world.sites } };
    if (path === '/api/v1/status') return status(now_s);
    if (path === '/api/v1/analyser/builders') return { status: 200, body: frame_builders() };
    if (path === '/api/v1/analyser/frames' && method === 'POST') return analyse(request.body);
    if (path === '/api/v1/analyser/build' && method === 'POST') return build(request.body);
    if (path === '/api/v1/sources') return sources(now_s);
    const [, kind, id, part] = /^\/api\/v1\/(devices|series|frames)\/(\d+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (kind === 'frames' && id) return frame(id);
    const device = kind === 'devices' ? world.devices[Number(id) - 1] : undefined;
    if (device)
      return part === 'completeness' ? completeness(device, query.get('date') ?? '', now_s) : device_detail(device, now_s);
    const series = kind === 'series' ? series_of(Number(id)) : null;
    if (series && part === 'curve') return curve(series, Number(id), query, now_s);
    if (series && part === 'readings') return readings(series, query, now_s);
    return problem(404, 'not_found', '没有这一项');
  };
}

function sources(now_s: number): DemoAnswer {
  const source = (id: number, address: string, gateway: number, first_s: number, last_s: number) => ({
    id,
    gateway: world.gateways[gateway],
    device_uid: `dlt645:${address}`,
    first_heard_at: iso(now_s - first_s),
    last_heard_at: iso(now_s - last_s),
  });
  return {
    status: 200,
    body: { sources: [source(9001, '202699990017', 0, 5400, 12), source(9002, '202699990024', 1, 86_400 * 3, 41)] },
  };
}
