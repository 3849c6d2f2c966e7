import type {
  Connection,
  DeviceSampling,
  FileImport,
  GatewayPlan,
  Job,
  ModelDetail,
  ModelItem,
  ModelSummary,
  NewJob,
  Operation,
  OrderDetail,
  OrderState,
  UnknownDevice,
} from '../src/api/types.ts';
import type { DemoAnswer, DemoRequest } from './api.ts';
import { request_frame, response_frame } from './frames.ts';
import { type DemoRegister, demo_registers } from './registers.ts';
import * as world from './world.ts';

/** The stubbed platform's part about models, onboarding, orders. State lives in the object that make_field() gives. */

const iso = (at_s: number) => new Date(at_s * 1000).toISOString();
const meter_model = 'dlt645_three_phase';
const items: ModelItem[] = demo_registers.map(({ name, unit, exponent, kind }) => ({
  register: name,
  unit,
  exponent,
  kind,
  ...(name.startsWith('voltage') ? { minimum: '0', maximum: '300' } : {}),
  ...(name.startsWith('energy') ? { counts_up: true, rate_max_per_s: '0.0056' } : {}),
}));

const summary = (id: string, zh: string, en: string, protocol: string, devices: number): ModelSummary => ({
  id,
  title_zh: zh,
  title_en: en,
  manufacturer: '',
  protocol,
  proven: 'vectors',
  address_digits: 12,
  registers: items.length,
  commands: 4,
  parameters: 2,
  histories: 1,
  devices,
});
const summaries = [
  summary(meter_model, '三相电能表（DL/T 645-2007）', 'Three-phase meter, DL/T 645-2007', 'dlt645-2007', world.device_count),
  summary('cjt188-gas-valve', '燃气表（带阀门）', 'Gas meter with valve', 'cjt188', 0),
  summary('modbus-heat-station', '换热站控制器', 'Heat station controller', 'modbus-tcp', 0),
];

function detail(model: ModelSummary): ModelDetail {
  const command = (name: string, zh: string, en: string, danger: 'none' | 'supply' | 'irreversible', has_read_back: boolean) => ({
    name,
    title_zh: zh,
    title_en: en,
    danger,
    needs_password: true,
    has_read_back,
    broadcast: false,
    maintenance: false,
    arguments: [],
  });
  return {
    ...model,
    groups: [
      {
        name: 'live',
        interval_ms: 10_000,
        interval_ms_min: 1_000,
        interval_ms_max: 2_678_400_000,
        questions: 4,
        items: items.slice(2, 10),
      },
      {
        name: 'energy',
        interval_ms: 30_000,
        interval_ms_min: 1_000,
        interval_ms_max: 2_678_400_000,
        questions: 2,
        items: items.slice(0, 2),
      },
    ],
    command_list: [
      command('relay_trip', '拉闸', 'Disconnect', 'supply', true),
      command('relay_permit_close', '合闸允许', 'Permit closing', 'none', true),
      command('alarm_on', '报警', 'Alarm on', 'none', false),
      command('demand_reset', '需量清零', 'Reset demand', 'irreversible', false),
    ],
    parameter_list: [
      {
        name: 'settlement_day_1',
        title_zh: '第 1 结算日',
        title_en: 'Settlement day 1',
        writable: true,
        needs_password: true,
        danger: 'none',
        value: { name: 'value', title_zh: '日', title_en: 'Day', type: 'integer', required: true, minimum: '1', maximum: '28' },
      },
      {
        name: 'meter_constant',
        title_zh: '有功常数',
        title_en: 'Meter constant',
        writable: false,
        needs_password: false,
        danger: 'none',
        value: { name: 'value', title_zh: '常数', title_en: 'Constant', type: 'integer', required: true, unit: 'imp/kWh' },
      },
    ],
    history_list: [
      {
        name: 'load_profile',
        title_zh: '负荷曲线',
        title_en: 'Load profile',
        kind: 'profile',
        interval_ms: 900_000,
        depth_days: 365,
        items: items.slice(0, 4),
      },
    ],
    clock: { tolerance_ms: 5_000, check_interval_ms: 86_400_000 },
    file: `model: ${model.id}\nprotocol: ${model.protocol}\ngroups:\n  - name: live\n    interval_ms: 10000\n`,
  };
}

const channels: GatewayPlan['channels'] = [
  { name: 'plc-1', kind: 'carrier_serial', detail: '/dev/ttyS1 9600 8E1', from_plan: false, open: true, devices: 8 },
  { name: 'rs485-1', kind: 'serial', detail: '/dev/ttyS1 2400 8E1', from_plan: false, open: true, devices: 32 },
  { name: 'tower-3', kind: 'tcp', detail: '10.8.0.21:10001', from_plan: true, open: false, devices: 12 },
  { name: 'nb-iot', kind: 'listener_udp', detail: '0.0.0.0:9700', from_plan: false, open: true, devices: 0 },
];

const states: readonly OrderState[] = [
  'queued',
  'handed_over',
  'waiting',
  'under_way',
  'done',
  'refused',
  'unknown',
  'failed',
  'expired',
  'cancelled',
];
const running_ms = 1_500;

interface DemoJob {
  id: number;
  wanted: NewJob;
  device_ids: number[];
  created_ms: number;
  begun_ms: number | null;
  is_cancelled: boolean;
}

function state_of(job: DemoJob, index: number, now_ms: number): OrderState {
  if (job.is_cancelled) return 'cancelled';
  if (job.begun_ms === null || now_ms - job.begun_ms < running_ms + index * 40) return 'queued';
  return index % 17 === 3 ? 'unknown' : index % 11 === 5 ? 'failed' : 'done';
}

function order(job: DemoJob, index: number, now_ms: number): OrderDetail {
  const device = world.devices[(job.device_ids[index] ?? 1) - 1] as world.DemoDevice;
  const state = state_of(job, index, now_ms);
  const at_s = Math.floor(now_ms / 1000);
  const asked = job.wanted.kind === 'read' ? (job.wanted.registers ?? []) : ['status_word_3'];
  const registers = demo_registers.filter(({ name }) => asked.includes(name));
  const first = (registers[0] ?? demo_registers[0]) as DemoRegister;
  const text = (register: DemoRegister) => world.decimal_text(world.mantissa(device, register, at_s), register.exponent);
  return {
    id: job.id * 1_000 + index,
    job_id: job.id,
    device: { id: device.id, name: device.name },
    state,
    reason: state === 'failed' ? 'no_answer' : state === 'unknown' ? 'read_back_no_answer' : '',
    detail: '',
    changed_at: iso(at_s),
    created_at: iso(job.created_ms / 1000),
    values:
      state === 'done'
        ? registers.map((register) => ({
            register: register.name,
            unit: register.unit,
            kind: register.kind,
            value: text(register),
            time: iso(at_s),
            quality: 'good',
            read_back: job.wanted.kind !== 'read',
          }))
        : [],
    frames:
      state === 'done'
        ? [
            {
              protocol: 'dlt645-2007',
              request: request_frame(device.address, first),
              response: response_frame(device.address, first, world.mantissa(device, first, at_s), text(first)),
              sent_at: iso(at_s),
              received_at: iso(at_s),
            },
          ]
        : [],
  };
}

function job_body(job: DemoJob, now_ms: number): Job {
  const model = detail(summaries[0] as ModelSummary);
  const named = [...model.command_list, ...model.parameter_list, ...model.history_list].find(
    ({ name }) => name === job.wanted.name,
  );
  const danger = named && 'danger' in named ? named.danger : 'none';
  const all = job.device_ids.map((_, index) => state_of(job, index, now_ms));
  const counts = Object.fromEntries(states.map((state) => [state, all.filter((one) => one === state).length])) as Job['counts'];
  const is_over = counts.queued === 0;
  const only = world.devices[(job.device_ids[0] ?? 1) - 1];
  return {
    id: job.id,
    kind: job.wanted.kind,
    name: job.wanted.name ?? 'read',
    title_zh: named?.title_zh ?? '',
    title_en: named?.title_en ?? '',
    danger,
    state: job.is_cancelled ? 'cancelled' : job.begun_ms === null ? 'awaiting_confirmation' : is_over ? 'finished' : 'running',
    reason: job.wanted.reason ?? '',
    ...(job.wanted.registers ? { registers: job.wanted.registers } : {}),
    ...(job.wanted.arguments ? { arguments: job.wanted.arguments } : {}),
    created_by: 'operator',
    created_at: iso(job.created_ms / 1000),
    confirmed_by: danger === 'supply' && job.begun_ms !== null ? 'operator' : null,
    confirm_by: job.begun_ms === null ? iso(job.created_ms / 1000 + 300) : null,
    needs_second_person: danger === 'supply' && job.device_ids.length > 1,
    devices: job.device_ids.length,
    device: job.device_ids.length === 1 && only ? { id: only.id, name: only.name } : null,
    counts,
    finished_at: is_over ? iso(now_ms / 1000) : null,
  };
}

type Answer = (request: DemoRequest, now_ms: number) => DemoAnswer | undefined;

/** `problem` makes a refusal as the platform writes them. */
const sampling: DeviceSampling = {
  planned: true,
  applied: true,
  problem: '',
  rounds: [
    {
      group: 'live',
      registers: ['voltage_a', 'current_a'],
      model_ms: 10_000,
      wanted_ms: 5_000,
      minimum_ms: 1_000,
      maximum_ms: 2_678_400_000,
      in_force_ms: 5_000,
      timing: {
        samples: 720,
        missed: 2,
        p50_per_mille: 1_000,
        p95_per_mille: 1_005,
        p99_per_mille: 1_020,
        max_per_mille: 3_000,
      },
    },
  ],
  set: [{ group: 'live', register: '', interval_ms: 5_000 }],
};

export function make_field(problem: (status: number, code: string, message: string, field?: string) => DemoAnswer): Answer {
  const jobs: DemoJob[] = [];
  let unknown: UnknownDevice[] = [1, 2, 3].map((number) => ({
    id: number,
    gateway: world.gateways[0] as { id: number; name: string },
    listener: 'nb-iot',
    protocol: 'dlt645-2007',
    address: `20269900000${number}`,
    peer: `10.32.7.${number}:41003`,
    first_heard_at: '2026-11-20T22:01:09.000Z',
    last_heard_at: '2026-11-21T07:59:30.000Z',
    calls: 11 * number,
    models: [meter_model],
  }));
  let work: FileImport | null = null;
  const plan_channels = [...channels];
  const connections = new Map<number, Partial<Connection>>();

  function connection(id: number, now_s: number): Connection {
    const device = world.devices[id - 1] as world.DemoDevice;
    return {
      device_id: id,
      gateway: { id: device.gateway.id, name: device.gateway.name },
      channel: 'rs485-1',
      address: device.address,
      model: meter_model,
      from_plan: true,
      retired: false,
      has_access: false,
      protection: null,
      state: {
        answering: device.silent_s === 0,
        offline: device.silent_s !== 0,
        last_answer_at: device.silent_s === null ? null : iso(now_s - device.silent_s - 3),
        questions: 48_211 + id,
        answers: 48_160,
        refusals: 2,
        time_outs: 49,
        late_answers: 3,
        unasked_answers: 0,
        unusable_answers: 1,
        bad_frames: 3,
        noise_octets: 41,
        told_at: iso(now_s - 1),
      },
      ...connections.get(id),
    };
  }

  function device_part(id: number, part: string, request: DemoRequest, now_s: number): DemoAnswer | undefined {
    const change = (wanted: Partial<Connection>): DemoAnswer => {
      connections.set(id, { ...connections.get(id), ...wanted });
      return { status: 204 };
    };
    if (part === 'connection' && request.method === 'PUT') {
      const { channel, address } = request.body as { channel: string; address: string };
      if (!/^\d{1,12}$/.test(address)) return problem(400, 'invalid_argument', '地址须为 1 至 12 位数字', 'address');
      change({ channel, address });
    }
    if (part === 'connection') return { status: 200, body: connection(id, now_s) };
    if (part === 'sampling') return { status: 200, body: sampling };
    if (part === 'retire') return change({ retired: true });
    if (part === 'access') return change({ has_access: request.method === 'PUT' });
    if (part !== 'protection') return undefined;
    const { reason } = (request.body ?? {}) as { reason?: string };
    return change({ protection: reason ? { reason, by: 'operator', since: iso(now_s) } : null });
  }

  function create_job(body: unknown, now_ms: number): DemoAnswer {
    const wanted = body as NewJob;
    const device_ids =
      wanted.device_ids ??
      world.devices.filter(({ site }) => !wanted.filter?.site_id || site.id === wanted.filter.site_id).map(({ id }) => id);
    const command = detail(summaries[0] as ModelSummary).command_list.find(({ name }) => name === wanted.name);
    if (wanted.kind === 'command' && command && command.danger !== 'none' && !wanted.reason)
      return problem(400, 'invalid_argument', '请写明原因', 'reason');
    const job = {
      id: jobs.length + 1,
      wanted,
      device_ids,
      created_ms: now_ms,
      begun_ms: command?.danger === 'supply' ? null : now_ms,
      is_cancelled: false,
    };
    jobs.push(job);
    return { status: 201, body: job_body(job, now_ms) };
  }

  function operation_of(job: DemoJob): Operation {
    const id = job.device_ids.length === 1 ? job.device_ids[0] : undefined;
    const device = world.devices.find((one) => one.id === id);
    return {
      id: job.id,
      at: new Date(job.created_ms).toISOString(),
      user: 'operator',
      action: 'create_job',
      job_id: job.id,
      order_id: null,
      device: device ? { id: device.id, name: device.name } : null,
      outcome: 'ok',
      detail: job.wanted.name ?? '',
      remote_address: '192.0.2.7',
    };
  }

  function paged<Row>(rows: readonly Row[], query: URLSearchParams) {
    const page = Number(query.get('page') ?? 1);
    const page_size = Number(query.get('page_size') ?? 50);
    return { rows: rows.slice((page - 1) * page_size, page * page_size), total: rows.length, page, page_size };
  }

  function job_part(id: number, part: string | undefined, { query }: DemoRequest, now_ms: number): DemoAnswer {
    const job = jobs[id - 1];
    if (!job) return problem(404, 'not_found', '没有这个任务');
    if (part === 'confirm') {
      if (job_body(job, now_ms).needs_second_person) return problem(403, 'second_person_needed', '需要另一位运维员确认');
      job.begun_ms = now_ms;
    }
    if (part === 'cancel') job.is_cancelled = true;
    if (part !== 'orders') return { status: 200, body: job_body(job, now_ms) };
    const wanted = query.get('state');
    const all = job.device_ids.map((_, index) => order(job, index, now_ms)).filter(({ state }) => !wanted || state === wanted);
    const { rows, ...rest } = paged(all, query);
    return { status: 200, body: { orders: rows, ...rest } };
  }

  function import_part(method: string, part: string | undefined, now_s: number): DemoAnswer | undefined {
    if (method === 'POST' && part === undefined) {
      work = {
        id: 1,
        name: 'meters.csv',
        state: 'checked',
        lines: 120,
        lines_checked: 120,
        good_lines: 118,
        bad_lines: 2,
        format: 'csv',
        sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
        doubled_lines: 0,
        known_lines: 0,
        conflict_lines: 0,
        lines_made: 0,
        started_at: iso(now_s),
        finished_at: null,
        findings: [
          { line: 14, column: 'address', kind: 'already_exists', is_fault: true, message: '地址与第 9 行相同' },
          { line: 77, column: 'model', kind: 'not_found', is_fault: true, message: '没有这个型号：dlt645-x' },
        ],
      };
      return { status: 202, body: work };
    }
    if (part === undefined) return { status: 200, body: { imports: work ? [work] : [] } };
    if (!work) return undefined;
    if (part === 'commit') work = { ...work, state: 'done', lines_made: work.good_lines, finished_at: iso(now_s) };
    if (part === 'cancel') work = { ...work, state: 'cancelled' };
    return { status: 200, body: work };
  }

  function plan(id: number, request: DemoRequest, now_s: number): DemoAnswer {
    const gateway = world.gateways[id - 1];
    if (!gateway) return problem(404, 'not_found', '没有这台网关');
    if (request.method === 'POST') {
      const { name, kind, host, port } = request.body as { name: string; kind: 'tcp'; host?: string; port?: number };
      if (plan_channels.some((channel) => channel.name === name)) return problem(409, 'already_exists', '已有同名通道', 'name');
      plan_channels.push({ name, kind, detail: `${host}:${port}`, from_plan: true, open: null, devices: 0 });
    }
    if (request.method === 'DELETE') {
      const index = plan_channels.findIndex(({ name }) => name === request.query.get('name'));
      if (index >= 0) plan_channels.splice(index, 1);
    }
    const body: GatewayPlan = {
      gateway,
      state: 'applied_with_problems',
      version: 12,
      applied_version: 12,
      reported_at: iso(now_s - 4),
      devices: 12,
      file_devices: 488,
      problems: [{ subject: 'dlt645:202600099991', reason: '型号 dlt645-x 不在网关的型号库里' }],
      channels: plan_channels,
      models: summaries.map((one) => one.id),
    };
    return { status: 200, body };
  }

  return (request, now_ms) => {
    const now_s = Math.floor(now_ms / 1000);
    const { method, path, query } = request;
    if (path === '/api/v1/models')
      return {
        status: 200,
        body: { models: summaries, refused: [{ file: 'acme-1.yaml', reason: 'acme-1.yaml:12: no such register' }] },
      };
    if (path === '/api/v1/model') {
      const model = summaries.find(({ id }) => id === query.get('id'));
      return model ? { status: 200, body: detail(model) } : problem(404, 'not_found', '没有这个型号');
    }
    if (path === '/api/v1/devices' && method === 'POST') {
      const { address, name } = request.body as { address: string; name?: string };
      if (!/^\d{1,12}$/.test(address)) return problem(400, 'invalid_argument', '地址须为 1 至 12 位数字', 'address');
      return { status: 201, body: { id: 7, name: name ?? address } };
    }
    const [, device_id, device_of] = /^\/api\/v1\/devices\/(\d+)\/(\w+)$/.exec(path) ?? [];
    if (device_id && device_of && world.devices[Number(device_id) - 1]) {
      const answer = device_part(Number(device_id), device_of, request, now_s);
      if (answer) return answer;
    }
    const [, gateway_id] = /^\/api\/v1\/gateways\/(\d+)\/(?:plan|channels)$/.exec(path) ?? [];
    if (gateway_id) return plan(Number(gateway_id), request, now_s);
    if (path === '/api/v1/unknown-devices') return { status: 200, body: { devices: unknown } };
    if (path === '/api/v1/unknown-devices/adopt') {
      const taken = (request.body as { devices: { id: number }[] }).devices.map(({ id }) => id);
      unknown = unknown.filter(({ id }) => !taken.includes(id));
      return { status: 200, body: { device_ids: taken } };
    }
    if (path === '/api/v1/unknown-devices/dismiss') {
      const { ids } = request.body as { ids: number[] };
      unknown = unknown.filter(({ id }) => !ids.includes(id));
      return { status: 204 };
    }
    const [is_import, , import_of] = /^\/api\/v1\/device-imports(?:\/(\d+)(?:\/(\w+))?)?$/.exec(path) ?? [];
    if (is_import) return import_part(method, path.endsWith('device-imports') ? undefined : (import_of ?? ''), now_s);
    if (path === '/api/v1/operations') {
      const wanted = ['user', 'action', 'outcome'] as const;
      const all = jobs
        .map((job) => operation_of(job))
        .filter((one) => wanted.every((key) => !query.get(key) || one[key].includes(query.get(key) ?? '')))
        .reverse();
      const { rows, ...rest } = paged(all, query);
      return { status: 200, body: { operations: rows, ...rest } };
    }
    if (path === '/api/v1/jobs' && method === 'POST') return create_job(request.body, now_ms);
    if (path === '/api/v1/jobs') {
      const device = Number(query.get('device_id') ?? 0);
      const all = jobs
        .filter((job) => device === 0 || job.device_ids.includes(device))
        .map((job) => job_body(job, now_ms))
        .reverse();
      const { rows, ...rest } = paged(
        all.filter(({ state }) => !query.get('state') || state === query.get('state')),
        query,
      );
      return { status: 200, body: { jobs: rows, ...rest } };
    }
    const [, job_id, job_of] = /^\/api\/v1\/jobs\/(\d+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (job_id) return job_part(Number(job_id), job_of, request, now_ms);
    const [, order_id] = /^\/api\/v1\/orders\/(\d+)$/.exec(path) ?? [];
    const job = order_id ? jobs[Math.floor(Number(order_id) / 1_000) - 1] : undefined;
    return job ? { status: 200, body: order(job, Number(order_id) % 1_000, now_ms) } : undefined;
  };
}
