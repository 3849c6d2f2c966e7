import type { AggregateFigure, PointFigure } from '../src/api/types.ts';
import type { DemoAnswer } from './api.ts';
import * as world from './world.ts';

const hour_ms = 3_600_000;
const iso = (at_ms: number) => new Date(at_ms).toISOString();

function bucket(query: URLSearchParams, register: string, unit: string): AggregateFigure {
  const day = query.get('day') ?? '';
  const after_ms = Date.parse(`${day}T00:00:00+08:00`);
  const readings = Array.from({ length: 24 }, (_, hour) => ({
    time: iso(after_ms + (hour + 1) * hour_ms),
    value: (1_204.1 + hour * 0.35).toFixed(2),
    quality: 'good',
    edited: false,
    frame: '65536',
    counted: true,
  }));
  return {
    series: Number(query.get('series')),
    gateway: 1,
    device_uid: '000000000001',
    register,
    unit,
    bucket: (query.get('bucket') ?? 'day') as AggregateFigure['bucket'],
    label: day,
    after: iso(after_ms),
    through: iso(after_ms + 24 * hour_ms),
    time_zone: world.time_zone,
    counts_up: true,
    row: [
      { field: 'values', value: '24' },
      { field: 'findings', value: '' },
      { field: 'first', value: `1204.10 @ ${iso(after_ms + hour_ms)} (65536, good)` },
      { field: 'last', value: `1212.15 @ ${iso(after_ms + 24 * hour_ms)} (65536, good)` },
      { field: 'increase', value: '8.40' },
    ],
    same: true,
    differences: [],
    days: [
      {
        day,
        standing: 'settled',
        change_waiting: false,
        makings: [
          { kind: 'provisional', made: iso(after_ms + 24.5 * hour_ms), before_record: 4_100 },
          { kind: 'settled', made: iso(after_ms + 34 * hour_ms), before_record: 4_711 },
        ],
        differs: false,
        wrong: false,
        differences: [],
      },
    ],
    rules: [
      {
        code: 'increase',
        text_en: 'The increase runs from the last good value before the bucket to its last one, step by step.',
        text_zh: '增量从区间之前最后一个有效值起，逐步累计至区间内最后一个有效值。',
      },
    ],
    reading_count: readings.length,
    readings,
    records: { count: 24, verified: 24, not_looked_at: 0, unverified: [] },
    values: [],
    verified: true,
  };
}

function meter(name: string, uid: string, from: string, to: string | null, amount: string): PointFigure['links'][number] {
  return {
    series: 100,
    gateway: 1,
    device_uid: uid,
    register: 'energy_active_import_total',
    unit: 'kWh',
    device_name: name,
    device_address: uid,
    from,
    to,
    ratio: { numerator: 40, denominator: 1 },
    installation: to === null ? '0.00' : null,
    removal: to === null ? null : '1204.35',
    part_after: from,
    part_through: to ?? from,
    start: { time: from, value: to === null ? '0.00' : '1204.10', origin: to === null ? 'installation' : 'reading', frame: null },
    end: {
      time: to ?? from,
      value: to === null ? '0.16' : '1204.35',
      origin: to === null ? 'reading' : 'removal',
      frame: '65536',
    },
    status: 'complete',
    amount,
  };
}

function point(query: URLSearchParams): PointFigure {
  const after = query.get('after') ?? '';
  const through = query.get('through') ?? '';
  const changed = iso((Date.parse(after) + Date.parse(through)) / 2);
  return {
    point: '1 号计量点',
    register: query.get('register') ?? 'energy_active_import_total',
    unit: 'kWh',
    after,
    through,
    status: 'complete',
    reason: '',
    amount: '16.40',
    links: [meter('旧表', '000000000001', after, changed, '10.00'), meter('新表', '000000000002', changed, null, '6.40')],
    parts_agree: true,
    remarks: [{ kind: 'exchange', from: changed, to: changed, start: null, end: null }],
    events: [{ action: 'exchange', at: changed, made: changed, author: 'demo', reason: '显示故障' }],
    rules: [],
    values: [],
    values_not_traced: 0,
    verified: true,
  };
}

/** The way of a bucket of a series or of a point; nothing: something else was asked. */
export function figure_of(
  query: URLSearchParams,
  find: (series: number) => { name: string; unit: string } | null,
): DemoAnswer | undefined {
  if (query.has('point')) return { status: 200, body: point(query) };
  if (!query.has('bucket')) return undefined;
  const series = find(Number(query.get('series')));
  return series ? { status: 200, body: bucket(query, series.name, series.unit) } : undefined;
}
