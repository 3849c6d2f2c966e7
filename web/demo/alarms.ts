import type { Alarm, AlarmDetail, AlarmKind, AlarmSeverity } from '../src/api/types.ts';
import type { DemoAnswer, DemoRequest } from './api.ts';

const iso = (at_ms: number) => new Date(at_ms).toISOString();
const severities: AlarmSeverity[] = ['notice', 'warning', 'major', 'critical'];

const kinds: AlarmKind[] = [
  {
    kind: 'device_silent',
    severity: 'warning',
    title: { zh_cn: '设备无数据', en: 'Device silent' },
    message: { zh_cn: '已 {silent_minutes} 分钟没有读数。', en: 'No reading for {silent_minutes} minutes.' },
    remedy: { zh_cn: '检查表计供电、通信线和地址。', en: "Check the meter's power, line and address." },
  },
  {
    kind: 'gateway_offline',
    severity: 'major',
    title: { zh_cn: '网关离线', en: 'Gateway offline' },
    message: { zh_cn: '已 {offline_s} 秒没有连接。', en: 'Not connected for {offline_s} s.' },
    remedy: { zh_cn: '检查网关供电和上行网络。', en: 'Check its power and its network.' },
  },
  {
    kind: 'ingest_conflict',
    severity: 'critical',
    title: { zh_cn: '同一序号内容不同', en: 'Same offset, other content' },
    message: { zh_cn: '启动以来 {conflicts} 次，已拒收并留证。', en: '{conflicts} since the start; refused and kept.' },
    remedy: { zh_cn: '停用该网关，核对现场。', en: 'Take the gateway out and look at the site.' },
  },
];

/** A gateway that is away with its meters under it, a conflict, and some silent meters. */
export function make_alarms(start_ms: number): (request: DemoRequest, now_ms: number) => DemoAnswer | undefined {
  const made = (id: number, kind: string, severity: AlarmSeverity, more: Partial<Alarm>): AlarmDetail => ({
    id,
    kind,
    severity,
    state: 'active',
    subject: { kind: 'device', id: String(id), name: `表计 ${id}` },
    site: { id: 1, name: '一号站' },
    organisation: { id: 1, name: '滨江能源' },
    facts: { silent_minutes: '7', interval_s: '60' },
    raised_at: iso(start_ms - id * 60_000),
    over_at: null,
    closed_at: null,
    raised_times: 1,
    acknowledgement: null,
    shelving: null,
    escalated: false,
    affected: 0,
    held_by: null,
    ...more,
    history: [{ at: iso(start_ms - id * 60_000), step: 'raised', severity, by: null, text: '' }],
  });
  const alarms: AlarmDetail[] = [
    made(1, 'ingest_conflict', 'critical', {
      subject: { kind: 'platform', id: 'ingest', name: null },
      site: null,
      facts: { conflicts: '3' },
      escalated: true,
    }),
    made(2, 'gateway_offline', 'major', {
      subject: { kind: 'gateway', id: '1', name: '网关 1' },
      site: null,
      facts: { offline_s: '31' },
      affected: 213,
    }),
    ...Array.from({ length: 213 }, (_, index) => made(100 + index, 'device_silent', 'warning', { held_by: 2 })),
    ...Array.from({ length: 60 }, (_, index) => made(400 + index, 'device_silent', 'warning', {})),
  ];

  function counts() {
    const zero = () => ({ notice: 0, warning: 0, major: 0, critical: 0 });
    const active = zero();
    const unacknowledged = zero();
    let shelved = 0;
    for (const one of alarms) {
      if (one.state !== 'active' || one.held_by !== null) continue;
      if (one.shelving) {
        shelved += 1;
        continue;
      }
      active[one.severity] += 1;
      if (!one.acknowledgement) unacknowledged[one.severity] += 1;
    }
    return { active, unacknowledged, shelved };
  }

  function list(query: URLSearchParams, now_ms: number): DemoAnswer {
    const page = Number(query.get('page')) || 1;
    const page_size = Number(query.get('page_size')) || 50;
    const state = query.get('state') ?? 'open';
    const least = severities.indexOf((query.get('severity') ?? 'notice') as AlarmSeverity);
    const held_by = query.get('held_by');
    const found = alarms
      .filter(({ held_by: cause }) => (held_by ? cause === Number(held_by) : cause === null))
      .filter(({ shelving, state: stage }) => {
        if (state === 'all') return true;
        return state === 'closed' ? stage === 'closed' : (state === 'shelved') === (shelving !== null);
      })
      .filter(({ severity }) => severities.indexOf(severity) >= least)
      .filter(({ kind }) => !query.get('kind') || kind === query.get('kind'))
      .filter(({ acknowledgement }) => {
        const wanted = query.get('acknowledged');
        return !wanted || (wanted === 'true') === (acknowledgement !== null);
      })
      .sort((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity));
    return {
      status: 200,
      body: {
        alarms: found.slice((page - 1) * page_size, page * page_size).map(({ history: _, ...alarm }) => alarm),
        counts: counts(),
        total: found.length,
        page,
        page_size,
        server_time: iso(now_ms),
      },
    };
  }

  function act(path: string, body: unknown, now_ms: number): DemoAnswer {
    const { ids, note, reason, until } = body as { ids: number[]; note?: string; reason?: string; until?: string };
    const done: number[] = [];
    const refused: { id: number; code: string; message: string }[] = [];
    for (const id of ids) {
      const alarm = alarms.find((one) => one.id === id);
      if (!alarm) {
        refused.push({ id, code: 'not_found', message: `there is no alarm ${id}` });
        continue;
      }
      const by = 'demo';
      const remember = (step: AlarmDetail['history'][number]['step'], text: string) =>
        alarm.history.push({ at: iso(now_ms), step, severity: alarm.severity, by, text });
      if (path.endsWith('acknowledgements')) {
        alarm.acknowledgement = { at: iso(now_ms), by, note: note ?? '' };
        remember('acknowledged', note ?? '');
      } else if (path.endsWith('unshelvings')) {
        alarm.shelving = null;
        remember('unshelved', '');
      } else {
        alarm.shelving = { until: until ?? iso(now_ms), by, reason: reason ?? '' };
        remember('shelved', reason ?? '');
      }
      done.push(id);
    }
    return { status: 200, body: { done, refused } };
  }

  return ({ method, path, query, body }, now_ms) => {
    if (path === '/api/v1/alarm-kinds') return { status: 200, body: { kinds } };
    if (path === '/api/v1/alarm-counts') return { status: 200, body: counts() };
    if (path === '/api/v1/alarms') return list(query, now_ms);
    if (method === 'POST' && /^\/api\/v1\/alarm-(acknowledgements|shelvings|unshelvings)$/.test(path))
      return act(path, body, now_ms);
    const id = /^\/api\/v1\/alarms\/(\d+)$/.exec(path)?.[1];
    const alarm = id ? alarms.find((one) => one.id === Number(id)) : undefined;
    return alarm ? { status: 200, body: alarm } : undefined;
  };
}
