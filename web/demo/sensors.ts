import type { MeterCondition, Sensor, SensorDetail } from '../src/features/sensors/sensor_api.ts';
import type { DemoAnswer, DemoRequest } from './api.ts';

const day_ms = 86_400_000;
const date = (at_ms: number) => new Date(at_ms).toISOString().slice(0, 10);
const iso = (at_ms: number) => new Date(at_ms).toISOString();

type Papers = { on: string; interval_days: number; certificate: string };

/** A few sensors with papers in every state, and meters that report something. */
export function make_sensors(start_ms: number): (request: DemoRequest) => DemoAnswer | undefined {
  const calibrated = (days_ago: number, interval_days: number, certificate: string) => ({
    on: date(start_ms - days_ago * day_ms),
    interval_days,
    due: date(start_ms + (interval_days - days_ago) * day_ms),
    certificate,
  });
  const state_of = (due: string | undefined): Sensor['state'] => {
    if (due === undefined) return 'unknown';
    const left = Date.parse(due) - start_ms;
    return left <= 0 ? 'overdue' : left < 30 * day_ms ? 'due' : 'valid';
  };
  const made = (id: number, register: string, more: Partial<Sensor>): SensorDetail => {
    const calibration = more.calibration ?? null;
    const sensor: Sensor = {
      id,
      device: { id: 2, name: '换热站 1 号', uid: 'station-1' },
      register,
      from: iso(start_ms - 800 * day_ms),
      to: null,
      quantity: 'temperature',
      accuracy_class: 'B',
      range_low: '0',
      range_high: '150',
      range_unit: 'degC',
      protection: 'IP65',
      serial_number: `T-${1000 + id}`,
      calibration,
      state: state_of(calibration?.due),
      ...more,
    };
    return { ...sensor, chain: [sensor], calibrations: calibration ? [calibration] : [], events: [] };
  };
  let sensors: SensorDetail[] = [
    made(1, 'voltage_a', { quantity: 'voltage', calibration: calibrated(400, 365, 'J-2024-0117') }),
    made(2, 'primary_supply_temperature', { calibration: calibrated(350, 365, 'J-2025-0203') }),
    made(3, 'primary_flow', {
      quantity: 'flow',
      accuracy_class: '1.0',
      range_unit: 'm3/h',
      calibration: calibrated(20, 730, 'J-2026-1'),
    }),
    made(4, '', { quantity: 'heat', accuracy_class: '2', range_low: null, range_high: null, range_unit: '' }),
  ];
  const conditions: MeterCondition[] = [
    {
      device: { id: 3, name: '燃气表 12', uid: '12', model: 'cjt188-gas-valve' },
      site: { id: 1, name: '一号站' },
      kind: 'valve_leaking',
      severity: 'critical',
      since: iso(start_ms - 3_600_000),
      facts: { detail: 'closed_yet_flowing', leaked: '0.12' },
    },
    {
      device: { id: 4, name: '热量表 7', uid: '7', model: 'cjt188-heat-2018' },
      site: null,
      kind: 'meter_battery_low',
      severity: 'warning',
      since: iso(start_ms - 5 * day_ms),
      facts: { detail: 'low', word: '0004', register: 'status_word' },
    },
  ];

  const list = (query: URLSearchParams): DemoAnswer => {
    const state = query.get('state');
    const search = query.get('search') ?? '';
    const found = sensors.filter(
      (one) => (!state || one.state === state) && `${one.device.name} ${one.register} ${one.serial_number}`.includes(search),
    );
    const count = (wanted: string) => sensors.filter((one) => one.state === wanted).length;
    return {
      status: 200,
      body: { sensors: found, total: found.length, due: count('due'), overdue: count('overdue'), page: 1, page_size: 50 },
    };
  };
  const change = (id: number, act: string | undefined, body: Papers): DemoAnswer => {
    const before = sensors.find((one) => one.id === id);
    if (!before) return { status: 404, body: { code: 'not_found', message: 'no such sensor', request_id: 'demo' } };
    let now: SensorDetail = { ...before, ...(body as object) };
    if (act === 'calibrations') {
      const due = date(Date.parse(body.on) + body.interval_days * day_ms);
      const calibration = { ...body, due };
      now = { ...before, calibration, state: state_of(due), calibrations: [calibration, ...before.calibrations] };
    }
    sensors = sensors.map((one) => (one.id === id ? now : one));
    return { status: 201, body: now };
  };

  return ({ method, path, query, body }) => {
    if (path === '/api/v1/meter-conditions') {
      const kind = query.get('kind');
      const found = conditions.filter((one) => !kind || one.kind === kind);
      const counts = Object.fromEntries(conditions.map((one) => [one.kind, 1]));
      return { status: 200, body: { conditions: found, counts, total: found.length, page: 1, page_size: 50 } };
    }
    const of_device = /^\/api\/v1\/devices\/(\d+)\/calibration$/.exec(path);
    if (of_device) {
      const from = iso(start_ms - 35 * day_ms);
      return { status: 200, body: { overdue: of_device[1] === '2' ? [{ register: 'voltage_a', from, to: null }] : [] } };
    }
    const asked = /^\/api\/v1\/sensors(?:\/(\d+|defaults))?(?:\/(\w+))?$/.exec(path);
    if (!asked) return undefined;
    const [, one, act] = asked;
    if (one === 'defaults') return { status: 200, body: { made: 0 } };
    if (one === undefined) {
      if (method === 'GET') return list(query);
      const sensor = made(sensors.length + 1, '', body as Partial<Sensor>);
      sensors = [...sensors, sensor];
      return { status: 201, body: sensor };
    }
    if (method === 'GET') return { status: 200, body: sensors.find(({ id }) => String(id) === one) };
    return change(Number(one), act, body as Papers);
  };
}
