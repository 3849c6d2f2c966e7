import type { CompletenessTable, DecidedFinding, MissingDevice, ValueFinding } from '../src/api/types.ts';
import type { DemoAnswer, DemoRequest } from './api.ts';
import * as world from './world.ts';

const day_ms = 86_400_000;
const slots_of_day = 96;
const iso = (at_ms: number) => new Date(at_ms).toISOString();
const head = { register: 'energy_active_import_total', time_zone: 'Asia/Shanghai' };
const causes: Pick<MissingDevice, 'cause' | 'detail'>[] = [
  { cause: 'meter', detail: 'no_answer' },
  { cause: 'link', detail: 'channel_closed' },
  { cause: 'key', detail: 'refused' },
  { cause: 'collector', detail: 'gateway_stood_still' },
];
const percent = (part: number, whole: number) => (Math.floor((part * 10_000) / whole) / 100).toFixed(2);

function figures(devices: number, missing_slots: number) {
  const slots_expected = devices * slots_of_day;
  return {
    devices,
    devices_with_values: devices - 1,
    devices_whole: devices - causes.length,
    slots_expected,
    slots_present: slots_expected - missing_slots,
    device_rate: percent(devices - 1, devices),
    slot_rate: percent(slots_expected - missing_slots, slots_expected),
  };
}

function table(query: URLSearchParams): DemoAnswer {
  const from = query.get('from') ?? '';
  const to = query.get('to') ?? '';
  const groups =
    query.get('group') === 'none' || !query.get('group')
      ? [null]
      : [
          { id: 1, name: '东区' },
          { id: 2, name: '西区' },
        ];
  const rows: CompletenessTable['rows'] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += day_ms) {
    for (const group of groups) rows.push({ day: iso(at).slice(0, 10), group, ...figures(500, 120) });
  }
  return { status: 200, body: { ...head, from, to, rows, total: figures(500 * Math.max(1, rows.length), 120 * rows.length) } };
}

function missing(query: URLSearchParams, now_ms: number): DemoAnswer {
  const wanted = query.get('cause');
  const all = world.devices.slice(0, 60).map((device, index): MissingDevice => {
    const { cause, detail } = causes[index % causes.length] ?? { cause: 'meter', detail: 'no_answer' };
    return {
      device: { id: device.id, name: device.name },
      address: device.address,
      model: 'dlt645-2007-single-phase',
      protocol: 'dlt645_2007',
      organisation: { id: 2, name: '东区' },
      site: null,
      gateway: { id: 1, name: 'gateway-1' },
      slots_expected: slots_of_day,
      slots_present: index % 7,
      heard_at: index % 5 === 0 ? null : iso(now_ms - index * 3_600_000),
      cause,
      detail,
    };
  });
  const counts = { link: 15, collector: 15, meter: 15, key: 15, plan: 0 };
  const found = all.filter(({ cause }) => !wanted || cause === wanted);
  const page = Number(query.get('page') ?? 1);
  return {
    status: 200,
    body: {
      ...head,
      day: query.get('day'),
      devices_expected: 500,
      missing: found.slice((page - 1) * 50, page * 50),
      causes: counts,
      total: found.length,
      page,
      page_size: 50,
      may_reread: true,
    },
  };
}

function readiness(query: URLSearchParams): DemoAnswer {
  const rows = [];
  const last = Date.parse(query.get('to') ?? '');
  for (let at = Date.parse(query.get('from') ?? ''); at <= last; at += day_ms) {
    const end = at + day_ms - 8 * 3_600_000;
    const is_ready = at < last;
    rows.push({
      day: iso(at).slice(0, 10),
      devices_expected: 500,
      devices_ready: is_ready ? 500 : 498,
      ready_99_at: iso(end + 435_000),
      ready_99_after_s: 435,
      ready_100_at: is_ready ? iso(end + 7_265_000) : null,
      ready_100_after_s: is_ready ? 7_265 : null,
    });
  }
  return { status: 200, body: { ...head, rows } };
}

/** Findings that remember what was decided for as long as the stub runs. */
export function make_completeness() {
  const decided = new Map<number, Partial<ValueFinding>>();
  const rules = ['negative', 'spike', 'tariff_sum', 'phase_sum'] as const;
  const findings = (now_ms: number): ValueFinding[] =>
    world.devices.slice(0, 8).map((device, index) => ({
      id: index + 1,
      series_id: device.id * 100,
      gateway_id: 1,
      device_uid: device.address,
      device: { id: device.id, name: device.name },
      register: 'energy_active_import_total',
      unit: 'kWh',
      day: iso(now_ms - day_ms).slice(0, 10),
      time: iso(Math.floor(now_ms / day_ms) * day_ms - index * 3_600_000),
      rule: rules[index % rules.length] ?? 'negative',
      value: '1203.50',
      expected: '1210.25',
      frame: '65536',
      state: 'open',
      found_at: iso(now_ms),
      decided_by: null,
      decided_at: null,
      reason: null,
      ...decided.get(index + 1),
    }));
  return (request: DemoRequest, now_ms: number): DemoAnswer | null => {
    const { method, path, query } = request;
    if (path === '/api/v1/completeness') return table(query);
    if (path === '/api/v1/completeness/missing') return missing(query, now_ms);
    if (path === '/api/v1/completeness/readiness') return readiness(query);
    if (path === '/api/v1/completeness/reread' && method === 'POST')
      return {
        status: 201,
        body: {
          jobs: [{ job: 7, model: 'dlt645-2007-single-phase', history: 'daily_freeze', devices: 15 }],
          devices_without_history: 2,
        },
      };
    if (path === '/api/v1/value-findings') {
      const device = Number(query.get('device')) || 0;
      const found = findings(now_ms).filter(
        (one) =>
          (!query.get('state') || one.state === query.get('state')) &&
          (!query.get('rule') || one.rule === query.get('rule')) &&
          (!device || one.device?.id === device),
      );
      return {
        status: 200,
        body: { findings: found, total: found.length, page: 1, page_size: 50, time_zone: head.time_zone, may_decide: true },
      };
    }
    const id = /^\/api\/v1\/value-findings\/(\d+)\/decision$/.exec(path)?.[1];
    if (!id || method !== 'POST') return null;
    const body = request.body as { action: string; reason?: string; preview?: boolean };
    if (!body.preview)
      decided.set(Number(id), {
        state: body.action === 'confirm' ? 'confirmed' : 'edited',
        decided_by: 'demo',
        decided_at: iso(now_ms),
        reason: body.reason ?? null,
      });
    const finding = findings(now_ms).find((one) => one.id === Number(id));
    const answer: DecidedFinding = { ...(finding as ValueFinding), preview: body.preview ? '1210.60' : null };
    return { status: 200, body: answer };
  };
}
