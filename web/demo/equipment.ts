import type { EquipmentDetail, EquipmentNode, EquipmentStatus, ServerHealth } from '../src/features/equipment/equipment_api.ts';
import type { DemoAnswer, DemoRequest } from './api.ts';

const iso = (at_ms: number) => new Date(at_ms).toISOString();

/** A small network in every state, and the health of a server with one power supply lost. */
export function make_equipment(start_ms: number): (request: DemoRequest) => DemoAnswer | undefined {
  const status = (state: EquipmentStatus['state'], more: Partial<EquipmentStatus> = {}): EquipmentStatus => ({
    state,
    known: state !== 'unknown',
    flapping: false,
    since: iso(start_ms - 3_600_000),
    checks: [
      { kind: 'snmp', device_id: 1, state: state === 'down' ? 'silent' : 'answering', last_answer_at: iso(start_ms) },
      { kind: 'ping', device_id: 2, state: state === 'up' ? 'answering' : 'silent', last_answer_at: iso(start_ms) },
    ],
    ...more,
  });
  const made = (id: number, name: string, parent: number | null, more: Partial<EquipmentDetail>): EquipmentDetail => ({
    id,
    kind: 'switch',
    name,
    maker: 'Example',
    model: 'ES-24',
    serial: `SN-${1000 + id}`,
    address: `192.0.2.${id}`,
    organisation: { id: 1, name: '总部' },
    site: { id: 1, name: '换热站 1 号' },
    gateway: { id: 1, name: 'gateway-1' },
    parent: parent === null ? null : { id: parent, name: 'core-1' },
    attached: 0,
    status: status('up'),
    attachments: [],
    ports: [],
    uplinks: [{ parent: null, from: iso(start_ms - 86_400_000), to: null }],
    ...more,
  });
  const all = [
    made(1, 'core-1', null, { kind: 'router' }),
    made(2, 'floor-3', 1, {
      status: status('down'),
      attached: 1,
      ports: [1, 7, 8].map((number) => ({
        number,
        state: number === 7 ? 'down' : 'up',
        since: iso(start_ms - 1_800_000),
        supervision: number === 8 ? 'never' : 'by_use',
        supervised: number === 7,
        alarm: number === 7,
        octets_in: 81_234_567 * number,
        octets_out: 9_234_567 * number,
        errors_in: number === 8 ? 412 : 0,
        errors_per_hour: number === 8 ? 36 : 0,
      })),
      attachments: [
        { port: '7', kind: 'device', name: '000000000101', device_id: 1, from: iso(start_ms - 86_400_000), to: null },
        {
          port: '8',
          kind: 'device',
          name: '000000000102',
          device_id: 2,
          from: iso(start_ms - 86_400_000),
          to: iso(start_ms - 3_600_000),
        },
      ],
    }),
    made(3, 'roof-ap', 1, { kind: 'access_point', status: status('degraded', { flapping: true }) }),
    made(4, 'station-4g', null, { kind: 'cellular_router', status: status('unknown', { checks: [], since: null }) }),
  ];
  const nodes: EquipmentNode[] = all.map(({ id, kind, name, parent, gateway, status: state }) => ({
    id,
    kind,
    name,
    parent_id: parent?.id ?? null,
    gateway_id: gateway?.id ?? null,
    attached: id === 2 ? { device: 200, channel: 1 } : {},
    status: state,
  }));
  const health: ServerHealth = {
    read_at: iso(start_ms),
    sources: [
      {
        name: 'disks',
        state: 'ok',
        reason: '',
        items: [{ name: 'sda', problem: false, value: 'EXAMPLE 4TB, passed, 41 degC' }],
      },
      { name: 'raid', state: 'not_present', reason: 'no array', items: [] },
      {
        name: 'supply',
        state: 'problem',
        reason: '',
        items: [
          { name: 'PS1 Status', problem: false, value: 'Presence detected' },
          { name: 'PS2 Status', problem: true, value: 'Presence detected, Failure detected' },
        ],
      },
      {
        name: 'temperature',
        state: 'ok',
        reason: '',
        items: [{ name: 'coretemp/Package id 0', problem: false, value: '45 degC (limit 95)' }],
      },
      { name: 'memory', state: 'ok', reason: '', items: [{ name: 'memory', problem: false, value: '40 % of 16000 MiB' }] },
      {
        name: 'processor',
        state: 'ok',
        reason: '',
        items: [{ name: 'processor', problem: false, value: 'load 0.40 on 2 processors' }],
      },
    ],
  };
  return ({ method, path }) => {
    if (path === '/api/v1/status/server') return { status: 200, body: health };
    if (!path.startsWith('/api/v1/equipment')) return undefined;
    if (method !== 'GET') return { status: 204 };
    if (path === '/api/v1/equipment') return { status: 200, body: { equipment: all, total: all.length } };
    if (path === '/api/v1/equipment/topology') return { status: 200, body: { nodes, cut: false } };
    const found = all.find(({ id }) => path === `/api/v1/equipment/${id}`);
    return found
      ? { status: 200, body: found }
      : { status: 404, body: { type: 'about:blank', title: 'not found', status: 404, code: 'not_found', request_id: 'demo' } };
  };
}
