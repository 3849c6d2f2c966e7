import type { AggregateBucket, FleetAnswer, FleetPlace } from '../src/api/types.ts';
import type { DemoAnswer, DemoRequest } from './api.ts';
import * as world from './world.ts';

/** What the demo world holds of a series: enough to make readings at any time. */
export interface DemoSeries {
  name: string;
  unit: string;
  exponent: number;
  read_at: (time: string) => { value: string | null; frame: string };
}

const day_ms = 86_400_000;
const zone_ms = 8 * 3_600_000;
const iso = (at_ms: number) => new Date(at_ms).toISOString();
const begin_of = (date: string) => Date.parse(`${date}T00:00:00Z`) - zone_ms;
const date_of = (at_ms: number) => new Date(at_ms + zone_ms).toISOString().slice(0, 10);
/** `mantissa` may have a fraction; two digits more show it. */
const text_of = (mantissa: number, exponent: number, more = 0) =>
  world.decimal_text(Math.round(mantissa * 10 ** more), exponent - more);

function bucket(series: DemoSeries, from_ms: number, to_ms: number, label: string, now_ms: number): AggregateBucket {
  const scale = 10 ** -series.exponent;
  const samples = Array.from({ length: 4 }, (_, index) => {
    const time = iso(Math.min(to_ms, now_ms) - ((3 - index) * (Math.min(to_ms, now_ms) - from_ms)) / 4);
    const { value, frame } = series.read_at(time);
    return { time, value, quality: 'good', frame, mantissa: Math.round(Number(value) * scale) };
  });
  const marks = samples.map(({ mantissa: _, ...mark }) => mark);
  const by_size = [...samples].sort((a, b) => a.mantissa - b.mantissa);
  const mark_of = (one: (typeof samples)[number] | undefined) => marks.find(({ time }) => time === one?.time) ?? null;
  const sum = samples.reduce((total, { mantissa }) => total + mantissa, 0);
  const before = Math.round(Number(series.read_at(iso(from_ms)).value) * scale);
  const counts_up = series.name.startsWith('energy_');
  return {
    label,
    provisional: to_ms > now_ms - day_ms,
    from: iso(from_ms),
    to: iso(to_ms),
    values: 4,
    without_value: 0,
    estimated: date_of(from_ms).endsWith('5') ? 1 : 0,
    corrected: 0,
    findings: [],
    first: marks[0] ?? null,
    last: marks[3] ?? null,
    min: mark_of(by_size[0]),
    max: mark_of(by_size[3]),
    mean: text_of(sum / 4, series.exponent, 2),
    mean_rounded: text_of(sum / 4, series.exponent, 2),
    increase: counts_up ? text_of((samples[3]?.mantissa ?? before) - before, series.exponent) : null,
    increase_edited: counts_up ? text_of(0, series.exponent) : null,
    longest_silence_s: 21_600,
    expected: 4,
    completeness: '100.00',
    share_estimated: date_of(from_ms).endsWith('5') ? '25.00' : '0.00',
  };
}

function buckets_of(series: DemoSeries, query: URLSearchParams, now_ms: number): AggregateBucket[] {
  const by = query.get('by') ?? 'day';
  const from = begin_of(query.get('from') ?? '');
  const end = Math.min(begin_of(query.get('to') ?? '') + day_ms, now_ms);
  const size = by === 'hour' ? 3_600_000 : by === 'day' ? day_ms : 30 * day_ms;
  const out: AggregateBucket[] = [];
  for (let at = from; at < end; at += size) {
    const label = by === 'month' ? date_of(at).slice(0, 7) : date_of(at);
    out.push(bucket(series, at, at + size, label, now_ms));
  }
  return out;
}

function head(query: URLSearchParams, now_ms: number): FleetAnswer {
  const register = query.get('register') ?? '';
  const is_known = register === 'energy_active_import_total' || register.startsWith('voltage_');
  return {
    register,
    unit: register.startsWith('voltage_') ? 'V' : 'kWh',
    time_zone: world.time_zone,
    from: query.get('from') ?? '',
    to: query.get('to') ?? '',
    series: is_known ? world.devices.length : 0,
    left_out: { partly_visible: 2, other_unit: 0 },
    standing: { settled_through: date_of(now_ms - 2 * day_ms), provisional_through: null, changes_waiting: true },
  };
}

function place(device: world.DemoDevice): FleetPlace {
  return {
    series_id: device.id * 100,
    gateway_id: 1,
    device_uid: String(device.id),
    device: { id: device.id, name: `表计 ${device.id}` },
    organisation: { id: 2, name: '东区' },
    site: null,
  };
}

const total = (count: number) => ({
  amount: `${count * 11}.50`,
  edited: '3.25',
  findings: [],
  series: count,
  series_with_values: count - 1,
  series_in_doubt: 1,
  series_over_gap: 2,
});

function fleet(path: string, query: URLSearchParams, now_ms: number): DemoAnswer {
  const answer = head(query, now_ms);
  const devices = answer.series === 0 ? [] : world.devices;
  if (path.endsWith('/top')) {
    const rows = devices.slice(0, 5).map((device, index) => ({
      ...place(device),
      amount: `${500 - index * 60}.25`,
      edited: '0.00',
      findings: index === 1 ? ['roll_over'] : [],
      in_doubt: false,
      days_with_values: 7,
      ...(query.has('group') ? { group: index < 2 ? { id: 2, name: '东区' } : null } : {}),
    }));
    return { status: 200, body: { ...answer, rows } };
  }
  if (path.endsWith('/totals')) {
    const rows = [
      { group: { id: 2, name: '东区' }, ...total(600) },
      { group: null, ...total(400) },
    ];
    return { status: 200, body: { ...answer, rows, total: total(1000) } };
  }
  const rows: object[] = [];
  for (let at = begin_of(answer.from); at <= begin_of(answer.to); at += day_ms) {
    const provisional = at > now_ms - 2 * day_ms;
    rows.push({ day: date_of(at), group: null, provisional, series: devices.length, series_with_values: devices.length - 1 });
  }
  const missing = devices
    .slice(6, 7)
    .map((device) => ({ ...place(device), from: answer.from, to: answer.to, days: rows.length }));
  return { status: 200, body: { ...answer, rows, missing, missing_truncated: false } };
}

/** Hours, days, months and what many devices add up to. */
export function make_aggregates(series_of: (id: number) => DemoSeries | null) {
  return ({ method, path, query }: DemoRequest, now_ms: number): DemoAnswer | undefined => {
    if (method !== 'GET') return undefined;
    if (path.startsWith('/api/v1/fleet/')) return fleet(path, query, now_ms);
    const id = /^\/api\/v1\/series\/(\d+)\/aggregates$/.exec(path)?.[1];
    const series = id === undefined ? null : series_of(Number(id));
    if (!series) return undefined;
    const body = {
      series_id: Number(id),
      register: series.name,
      unit: series.unit,
      counts_up: series.name.startsWith('energy_'),
      by: query.get('by') ?? 'day',
      time_zone: world.time_zone,
      version: 4_711,
      settled_through: date_of(now_ms - 2 * day_ms),
      buckets: buckets_of(series, query, now_ms),
    };
    return { status: 200, body };
  };
}
