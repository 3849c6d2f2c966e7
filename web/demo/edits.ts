import type {
  Consumption,
  Edit,
  EditRecord,
  NewEdits,
  NewPoint,
  PointDetail,
  PointExchange,
  Reading,
  Versions,
} from '../src/api/types.ts';
import type { DemoAnswer, DemoRequest } from './api.ts';
import { figure_of } from './figures.ts';

const iso = (at_ms: number) => new Date(at_ms).toISOString();
const register = 'energy_active_import_total';
const refused = (status: number, code: string, message: string): DemoAnswer => ({
  status,
  body: { code, message, request_id: 'demo' },
});

/** What the stub needs to know of a series: its identity, and what was read at a time. */
export interface DemoSeries {
  name: string;
  unit: string;
  exponent: number;
  read_at: (time: string) => Reading | null;
}

function figure(amount: string, at_ms: number, series_id: number): Consumption {
  const value = (time: number, text: string) => ({
    series_id,
    time: iso(time),
    value: text,
    quality: 'good',
    frame: '65536',
    origin: 'reading' as const,
  });
  return {
    status: 'partly',
    amount,
    estimated: '0.40',
    corrected: '0.00',
    over_gaps: '0.00',
    values: 96,
    start: value(at_ms, '1204.10'),
    end: value(at_ms + 86_400_000, '1212.50'),
    remarks: [
      {
        kind: 'estimated',
        doubt: false,
        from: iso(at_ms + 3_600_000),
        to: iso(at_ms + 7_200_000),
        start: null,
        end: null,
        amount: '0.40',
      },
      {
        kind: 'decrease_unexplained',
        doubt: true,
        from: iso(at_ms + 9_000_000),
        to: iso(at_ms + 9_900_000),
        start: null,
        end: null,
        amount: '0.00',
      },
    ],
  };
}

/** Edits that are kept for as long as the stub runs, and points whose consumption is always the same. */
export function make_edits(find: (series: number) => DemoSeries | null) {
  const edits = new Map<string, Edit[]>();
  let record = 4_711;
  const points: PointDetail[] = [];

  function versions(id: number, series: DemoSeries, time: string): Versions {
    const read = series.read_at(time);
    const said = edits.get(`${id}@${time}`) ?? [];
    const last = said.at(-1);
    const edit_stands = last !== undefined && last.kind !== 'withdrawal';
    return {
      series_id: id,
      register: series.name,
      unit: series.unit,
      exponent: series.exponent,
      time,
      editable: true,
      versions: [
        ...(read
          ? [
              {
                value: read.value,
                quality: read.quality,
                in_force: !edit_stands,
                edit: null,
                received_at: read.received_at,
                frame: read.frame,
                evidence: 1,
              },
            ]
          : []),
        ...said.map((edit) => ({
          value: edit.value,
          quality: edit.kind === 'estimate' ? 'estimated' : 'corrected',
          in_force: edit_stands && edit === last,
          edit,
        })),
      ],
    };
  }

  function edit(id: number, series: DemoSeries, body: NewEdits, now_ms: number): DemoAnswer {
    for (const { time, expected } of body.values) {
      const stands = versions(id, series, time).versions.find(({ in_force }) => in_force)?.value ?? null;
      if (stands !== (expected ?? null)) return refused(409, 'conflict', `at ${time} stands ${stands} by now: look again`);
    }
    record += 1;
    for (const { time, value, expected } of body.values) {
      const key = `${id}@${time}`;
      const made: Edit = {
        kind: body.kind,
        time,
        value: value ?? null,
        old_value: expected ?? null,
        author: 'demo',
        reason: body.reason,
        made_at: iso(now_ms),
        record: String(record),
      };
      edits.set(key, [...(edits.get(key) ?? []), made]);
    }
    return { status: 201, body: { record: String(record), values: body.values.length, applied: true } };
  }

  function estimate(body: { preview: boolean; from: string; method: string; fingerprint?: string }): DemoAnswer {
    const from = Date.parse(body.from);
    const before = { time: iso(from), value: '10.00' };
    const after = { time: iso(from + 2_700_000), value: '10.30' };
    const values = [1, 2].map((step) => ({
      time: iso(from + step * 900_000),
      value: `10.${step}0`,
      before,
      after,
      weeks: body.method === 'same_weekdays' ? 4 : 0,
    }));
    if (body.preview)
      return {
        status: 200,
        body: { method: body.method, interval_s: 900, counts_up: true, present: 94, values, fingerprint: 'ab12' },
      };
    if (body.fingerprint !== 'ab12') return refused(409, 'conflict', 'look at the estimates again');
    record += 1;
    return { status: 201, body: { record: String(record), values: values.length, applied: true } };
  }

  const register_of = (one: NonNullable<NewPoint['installation']>['registers'][number]) => ({
    name: one.name,
    ratio_numerator: one.ratio_numerator ?? 1,
    ratio_denominator: one.ratio_denominator ?? 1,
    digits: one.digits ?? null,
    start: one.start ?? null,
    end: null,
  });

  function link_of(installation: NonNullable<NewPoint['installation']>, at: string): PointDetail['chain'][number] {
    const id = installation.device_id;
    return {
      device: { id, name: `表计 ${id}`, address: String(id).padStart(12, '0') },
      from: at,
      to: null,
      registers: installation.registers.map(register_of),
    };
  }

  function create(body: NewPoint, now_ms: number): DemoAnswer {
    if (points.some(({ name }) => name === body.name)) return refused(409, 'already_exists', '名称已存在');
    const link = body.installation && link_of(body.installation, body.at ?? iso(now_ms));
    const made: PointDetail = {
      id: points.length + 1,
      name: body.name,
      organisation: { id: body.organisation_id, name: '东区' },
      site: null,
      device: link ? { id: link.device.id, name: link.device.name } : null,
      tariff: null,
      customer: null,
      transformer: null,
      time_zone: 'Asia/Shanghai',
      links: link ? 1 : 0,
      chain: link ? [link] : [],
      events: [{ at: body.at ?? iso(now_ms), made_at: iso(now_ms), author: 'demo', action: 'create', reason: '' }],
    };
    points.push(made);
    return { status: 201, body: made };
  }

  function exchange(point: PointDetail, body: PointExchange, now_ms: number): DemoAnswer {
    const present = point.chain.find(({ to }) => to === null);
    if (present) {
      present.to = body.at;
      for (const one of present.registers) one.end = body.ends?.find(({ name }) => name === one.name)?.value ?? null;
    }
    const link = body.installation && link_of(body.installation, body.at);
    if (link) point.chain.push(link);
    point.device = link ? { id: link.device.id, name: link.device.name } : null;
    point.links = point.chain.length;
    const action = link ? (present ? 'exchange' : 'install') : 'remove';
    point.events.push({ at: body.at, made_at: iso(now_ms), author: 'demo', action, reason: body.reason });
    return { status: 200, body: point };
  }

  function of_points(request: DemoRequest, now_ms: number): DemoAnswer {
    const { path, method, query, body } = request;
    const [, id, act] = /^\/api\/v1\/points(?:\/(\d+)(?:\/(\w+))?)?$/.exec(path) ?? [];
    if (id === undefined) {
      if (method === 'POST') return create(body as NewPoint, now_ms);
      const found = points.filter(({ name }) => name.includes(query.get('search') ?? ''));
      return { status: 200, body: { points: found, total: found.length, page: 1, page_size: 50 } };
    }
    const point = points[Number(id) - 1];
    if (!point) return refused(404, 'not_found', '没有这个计量点');
    if (act === 'exchange') return exchange(point, body as PointExchange, now_ms);
    if (act !== 'consumption') return { status: 200, body: point };
    const from = Date.parse(`${query.get('from')}T00:00:00+08:00`);
    const bucket = { ...figure('8.40', from, 100), label: query.get('from'), from: iso(from), to: iso(from + 86_400_000) };
    return {
      status: 200,
      body: {
        register,
        unit: 'kWh',
        time_zone: point.time_zone,
        by: query.get('by') ?? 'day',
        total: figure('8.40', from, 100),
        unread_links: [],
        buckets: [bucket],
      },
    };
  }

  /** A frame reference is the journal record's number times 65,536 and the place in it; a record of edits has none. */
  function record_of(frame: string): DemoAnswer {
    const number = Math.floor(Number(frame) / 65_536);
    const found = [...edits].flatMap(([key, list]) =>
      list.filter((edit) => edit.record === String(number)).map((edit) => ({ edit, series: Number(key.split('@')[0]) })),
    );
    if (found.length === 0) return refused(404, 'not_found', '没有这一帧');
    const body: EditRecord = {
      edits: found.map(({ edit, series }) => ({
        kind: edit.kind,
        author: edit.author,
        reason: edit.reason,
        method: edit.method ?? '',
        made: edit.made_at,
        old_value: edit.old_value,
        new_value: edit.value,
        gateway: 1,
        device_uid: '000000000001',
        register: find(series)?.name ?? '',
        unit: find(series)?.unit ?? '',
        time: edit.time,
      })),
      proof: { record: number, hash: '5A'.repeat(32) },
      verified: true,
    };
    return { status: 200, body };
  }

  return (request: DemoRequest, now_ms: number): DemoAnswer | undefined => {
    if (request.path.startsWith('/api/v1/points')) return of_points(request, now_ms);
    if (request.path === '/api/v1/figure') return figure_of(request.query, find) ?? record_of(request.query.get('frame') ?? '');
    const [, id, part] = /^\/api\/v1\/series\/(\d+)\/(versions|edits|estimates)$/.exec(request.path) ?? [];
    const series = id === undefined ? null : find(Number(id));
    if (!series) return undefined;
    if (part === 'versions') return { status: 200, body: versions(Number(id), series, request.query.get('time') ?? '') };
    if (part === 'estimates') return estimate(request.body as Parameters<typeof estimate>[0]);
    if (request.method === 'POST') return edit(Number(id), series, request.body as NewEdits, now_ms);
    const said = [...edits].filter(([key]) => key.startsWith(`${id}@`)).flatMap(([, list]) => list);
    return { status: 200, body: { edits: said.reverse(), more: false } };
  };
}
