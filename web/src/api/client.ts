import { observe_server_time } from './server_clock.ts';
import type {
  Adoption,
  AggregateFigure,
  Aggregates,
  AlarmCounts,
  AlarmDeedOutcome,
  AlarmDetail,
  AlarmKind,
  AlarmPage,
  AlarmQuery,
  AnalysedFrame,
  Analysis,
  BackupOverview,
  BackupRunPage,
  BackupSchedule,
  Completeness,
  CompletenessTable,
  Connection,
  ConnectionChange,
  Curve,
  CurveShape,
  DecidedFinding,
  Device,
  DeviceAccess,
  DeviceDetail,
  DevicePage,
  DeviceQuery,
  DeviceSampling,
  EditOutcome,
  EditRecord,
  EstimateDraft,
  EstimateRequest,
  Export,
  FileImport,
  FindingDecision,
  FindingQuery,
  FleetCompleteness,
  FleetTop,
  FleetTotals,
  FrameBuilders,
  FrameProvenance,
  Gateway,
  GatewayPlan,
  GatewayTiming,
  Job,
  JobPage,
  JobQuery,
  MissingList,
  ModelDetail,
  ModelList,
  NewChannel,
  NewDevice,
  NewEdits,
  NewExport,
  NewJob,
  NewPoint,
  NewRestart,
  NewSamplingChange,
  OperationChain,
  OperationFilter,
  OperationPage,
  OperationQuery,
  OrderDetail,
  OrderPage,
  OrderQuery,
  OrganisationTree,
  Overview,
  PointConsumption,
  PointDetail,
  PointExchange,
  PointFigure,
  PointPage,
  Problem,
  Readiness,
  Reading,
  RereadOutcome,
  SamplingChangePage,
  SamplingResults,
  Session,
  Source,
  Status,
  Storage,
  UnknownDevice,
  ValueFindingPage,
  Versions,
} from './types.ts';

/**
 * A request that did not succeed. `status` 0 means that no answer came; otherwise it is the HTTP status, and `problem` is what
 * the platform said (absent when the answer was not one of ours, e.g. from a proxy).
 */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem | undefined;

  constructor(status: number, problem?: Problem) {
    super(problem?.message ?? `HTTP ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.problem = problem;
  }
}

function is_problem(value: unknown): value is Problem {
  const problem = value as Problem | null;
  return (
    typeof problem === 'object' && problem !== null && typeof problem.code === 'string' && typeof problem.message === 'string'
  );
}

type Query = Record<string, string | number | undefined>;

function with_query(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

export async function request<T>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  options: { body?: unknown; file?: Blob; file_type?: string; signal?: AbortSignal | undefined } = {},
) {
  const headers: Record<string, string> = { Accept: 'application/json' };
  // A foreign site cannot send this header, so its presence shows that the request is our own.
  if (method !== 'GET') headers['X-Duheng-Request'] = '1';
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.file) headers['Content-Type'] = options.file_type ?? 'application/octet-stream';
  const body_sent = options.file ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      ...(body_sent === undefined ? {} : { body: body_sent }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0);
  }
  if (response.status === 204) return undefined as T;
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiError(response.status, is_problem(body) ? body : undefined);
  if (body === undefined) throw new ApiError(response.status);
  observe_server_time((body as { server_time?: unknown }).server_time);
  return body as T;
}

type Signal = AbortSignal | undefined;
export const get = <T>(path: string, signal: Signal, query: Query = {}) => request<T>('GET', with_query(path, query), { signal });

/** One function per route of api/openapi.yaml; all throw ApiError. */
/** What is imported by files. */
export type ImportKind = 'device' | 'history' | 'point';
const import_path = (kind: ImportKind) => `/api/v1/${kind}-imports`;

export const api = {
  log_in: (name: string, password: string) => request<Session>('POST', '/api/v1/session', { body: { name, password } }),
  change_password: (old_password: string, new_password: string) =>
    request<Session>('PUT', '/api/v1/session/password', { body: { old_password, new_password } }),
  log_out: () => request<void>('DELETE', '/api/v1/session'),
  session: (signal?: Signal) => get<Session>('/api/v1/session', signal),
  overview: (signal?: Signal) => get<Overview>('/api/v1/overview', signal),
  devices: (query: DeviceQuery, signal?: Signal) => get<DevicePage>('/api/v1/devices', signal, query as Query),
  device: (id: number, signal?: Signal) => get<DeviceDetail>(`/api/v1/devices/${id}`, signal),
  completeness: (id: number, date: string, signal?: Signal) =>
    get<Completeness>(`/api/v1/devices/${id}/completeness`, signal, { date }),
  curve: (series_id: number, from: string, to: string, buckets: number, shape: CurveShape, signal?: Signal) =>
    get<Curve>(`/api/v1/series/${series_id}/curve`, signal, { from, to, buckets, shape }),
  readings: (series_id: number, before: string | undefined, limit: number, signal?: Signal) =>
    get<{ readings: Reading[] }>(`/api/v1/series/${series_id}/readings`, signal, { before, limit }),
  analyse: (text: string, protocol: string, apdu: boolean, signal?: Signal) =>
    request<Analysis>('POST', '/api/v1/analyser/frames', { body: { text, protocol, apdu }, signal }),
  frame_builders: (signal?: Signal) => get<FrameBuilders>('/api/v1/analyser/builders', signal),
  build_frame: (protocol: string, kind: string, parameters: Record<string, string>) =>
    request<AnalysedFrame>('POST', '/api/v1/analyser/build', { body: { protocol, kind, parameters } }),
  edit_record: (frame: string, signal?: Signal) => get<EditRecord>('/api/v1/figure', signal, { frame }),
  aggregate_figure: (asked: Record<string, string>, signal?: Signal) => get<AggregateFigure>('/api/v1/figure', signal, asked),
  point_figure: (point: string, register: string, after: string, through: string, signal?: Signal) =>
    get<PointFigure>('/api/v1/figure', signal, { point, ...(register ? { register } : {}), after, through }),
  frame: (frame: string, signal?: Signal) => get<FrameProvenance>(`/api/v1/frames/${encodeURIComponent(frame)}`, signal),
  sources: (signal?: Signal) => get<{ sources: Source[] }>('/api/v1/sources', signal),
  organisations: (signal?: Signal) => get<OrganisationTree>('/api/v1/organisations', signal),
  gateways: (signal?: Signal) => get<{ gateways: Gateway[] }>('/api/v1/gateways', signal),
  status: (signal?: Signal) => get<Status>('/api/v1/status', signal),

  models: (signal?: Signal) => get<ModelList>('/api/v1/models', signal),
  model: (id: string, signal?: Signal) => get<ModelDetail>('/api/v1/model', signal, { id }),

  add_device: (body: NewDevice) => request<Device>('POST', '/api/v1/devices', { body }),
  connection: (id: number, signal?: Signal) => get<Connection>(`/api/v1/devices/${id}/connection`, signal),
  change_connection: (id: number, body: ConnectionChange) =>
    request<Connection>('PUT', `/api/v1/devices/${id}/connection`, { body }),
  retire_device: (id: number) => request<void>('POST', `/api/v1/devices/${id}/retire`),
  set_access: (id: number, body: DeviceAccess) => request<void>('PUT', `/api/v1/devices/${id}/access`, { body }),
  forget_access: (id: number) => request<void>('DELETE', `/api/v1/devices/${id}/access`),
  protect: (id: number, reason: string) => request<void>('PUT', `/api/v1/devices/${id}/protection`, { body: { reason } }),
  unprotect: (id: number) => request<void>('DELETE', `/api/v1/devices/${id}/protection`),
  gateway_plan: (id: number, signal?: Signal) => get<GatewayPlan>(`/api/v1/gateways/${id}/plan`, signal),
  add_channel: (id: number, body: NewChannel) => request<GatewayPlan>('POST', `/api/v1/gateways/${id}/channels`, { body }),
  remove_channel: (id: number, name: string) =>
    request<GatewayPlan>('DELETE', with_query(`/api/v1/gateways/${id}/channels`, { name })),
  unknown_devices: (signal?: Signal) => get<{ devices: UnknownDevice[] }>('/api/v1/unknown-devices', signal),
  adopt: (body: Adoption) => request<{ device_ids: number[] }>('POST', '/api/v1/unknown-devices/adopt', { body }),
  dismiss: (ids: number[]) => request<void>('POST', '/api/v1/unknown-devices/dismiss', { body: { ids } }),
  storage: (signal?: Signal) => get<Storage>('/api/v1/storage', signal),
  imports: (kind: ImportKind, signal?: Signal) => get<{ imports: FileImport[] }>(import_path(kind), signal),
  start_import: (kind: ImportKind, file: Blob, name: string, time_zone?: string) =>
    request<FileImport>('POST', with_query(import_path(kind), time_zone ? { name, time_zone } : { name }), { file }),
  import: (kind: ImportKind, id: number, signal?: Signal) => get<FileImport>(`${import_path(kind)}/${id}`, signal),
  commit_import: (kind: ImportKind, id: number, mode: 'all_or_nothing' | 'good_lines') =>
    request<FileImport>('POST', `${import_path(kind)}/${id}/commit`, { body: { mode } }),
  cancel_import: (kind: ImportKind, id: number) => request<FileImport>('POST', `${import_path(kind)}/${id}/cancel`),

  versions: (series_id: number, time: string, signal?: Signal) =>
    get<Versions>(`/api/v1/series/${series_id}/versions`, signal, { time }),
  edit: (series_id: number, body: NewEdits) => request<EditOutcome>('POST', `/api/v1/series/${series_id}/edits`, { body }),
  estimate_draft: (series_id: number, body: EstimateRequest) =>
    request<EstimateDraft>('POST', `/api/v1/series/${series_id}/estimates`, { body: { ...body, preview: true } }),
  estimate: (series_id: number, body: EstimateRequest) =>
    request<EditOutcome>('POST', `/api/v1/series/${series_id}/estimates`, { body: { ...body, preview: false } }),
  points: (page: number, search: string, tariff: string, signal?: Signal) =>
    get<PointPage>('/api/v1/points', signal, { page, page_size: 50, search, ...(tariff ? { tariff } : {}) }),
  point: (id: number, signal?: Signal) => get<PointDetail>(`/api/v1/points/${id}`, signal),
  create_point: (body: NewPoint) => request<PointDetail>('POST', '/api/v1/points', { body }),
  exchange_at_point: (id: number, body: PointExchange) => request<PointDetail>('POST', `/api/v1/points/${id}/exchange`, { body }),
  consumption: (id: number, from: string, to: string, by: string, register: string, signal?: Signal) =>
    get<PointConsumption>(`/api/v1/points/${id}/consumption`, signal, { from, to, by, register }),

  aggregates: (series_id: number, by: string, from: string, to: string, signal?: Signal) =>
    get<Aggregates>(`/api/v1/series/${series_id}/aggregates`, signal, { by, from, to }),
  /** Without a group the largest of all, with one the largest of each group. */
  fleet_top: (register: string, from: string, to: string, count: number, group: string | undefined, signal?: Signal) =>
    get<FleetTop>('/api/v1/fleet/top', signal, { register, from, to, count, ...(group ? { group } : {}) }),
  fleet_totals: (register: string, from: string, to: string, group: string, signal?: Signal) =>
    get<FleetTotals>('/api/v1/fleet/totals', signal, { register, from, to, group }),
  fleet_completeness: (register: string, from: string, to: string, signal?: Signal) =>
    get<FleetCompleteness>('/api/v1/fleet/completeness', signal, { register, from, to }),
  completeness_table: (register: string, from: string, to: string, group: string, signal?: Signal) =>
    get<CompletenessTable>('/api/v1/completeness', signal, { register, from, to, group }),
  missing: (register: string, day: string, cause: string, page: number, signal?: Signal) =>
    get<MissingList>('/api/v1/completeness/missing', signal, { register, day, page, ...(cause ? { cause } : {}) }),
  readiness: (register: string, from: string, to: string, signal?: Signal) =>
    get<Readiness>('/api/v1/completeness/readiness', signal, { register, from, to }),
  reread_missing: (body: { register: string; day: string; cause: string | null }) =>
    request<RereadOutcome>('POST', '/api/v1/completeness/reread', { body }),
  value_findings: (query: FindingQuery, signal?: Signal) => get<ValueFindingPage>('/api/v1/value-findings', signal, { ...query }),
  decide_finding: (id: number, body: FindingDecision) =>
    request<DecidedFinding>('POST', `/api/v1/value-findings/${id}/decision`, { body }),

  backups: (signal?: Signal) => get<BackupOverview>('/api/v1/backups', signal),
  backup_sets: (page: number, signal?: Signal) => get<BackupRunPage>('/api/v1/backups/sets', signal, { page, page_size: 10 }),
  drills: (page: number, signal?: Signal) => get<BackupRunPage>('/api/v1/backups/drills', signal, { page, page_size: 10 }),
  start_backup: () => request<unknown>('POST', '/api/v1/backups/sets'),
  start_drill: () => request<unknown>('POST', '/api/v1/backups/drills'),
  cancel_backup: () => request<unknown>('POST', '/api/v1/backups/cancel'),
  set_backup_schedule: (body: BackupSchedule) => request<BackupSchedule>('PUT', '/api/v1/backups/schedule', { body }),
  set_recovery_passphrase: (passphrase: string) =>
    request<unknown>('PUT', '/api/v1/backups/recovery-passphrase', { body: { passphrase } }),

  exports: (signal?: Signal) => get<{ exports: Export[] }>('/api/v1/exports', signal),
  check_operations: () => request<OperationChain>('GET', '/api/v1/operations/chain'),
  create_export: (body: NewExport) => request<Export>('POST', '/api/v1/exports', { body }),
  cancel_export: (id: number) => request<Export>('POST', `/api/v1/exports/${id}/cancel`),

  jobs: (query: JobQuery, signal?: Signal) => get<JobPage>('/api/v1/jobs', signal, query as Query),
  alarms: (query: AlarmQuery, signal?: Signal) => get<AlarmPage>('/api/v1/alarms', signal, query as Query),
  alarm: (id: number, signal?: Signal) => get<AlarmDetail>(`/api/v1/alarms/${id}`, signal),
  alarm_counts: (signal?: Signal) => get<AlarmCounts>('/api/v1/alarm-counts', signal),
  alarm_kinds: (signal?: Signal) => get<{ kinds: AlarmKind[] }>('/api/v1/alarm-kinds', signal),
  acknowledge_alarms: (ids: number[], note: string) =>
    request<AlarmDeedOutcome>('POST', '/api/v1/alarm-acknowledgements', { body: { ids, note } }),
  shelve_alarms: (ids: number[], reason: string, until: string) =>
    request<AlarmDeedOutcome>('POST', '/api/v1/alarm-shelvings', { body: { ids, reason, until } }),
  unshelve_alarms: (ids: number[]) => request<AlarmDeedOutcome>('POST', '/api/v1/alarm-unshelvings', { body: { ids } }),
  operations: (query: OperationQuery, signal?: Signal) => get<OperationPage>('/api/v1/operations', signal, query as Query),
  gateway_timing: (id: number, signal?: Signal) => get<GatewayTiming>(`/api/v1/gateways/${id}/timing`, signal),
  restart_gateway: (id: number, body: NewRestart) => request<Job>('POST', `/api/v1/gateways/${id}/restart`, { body }),
  device_sampling: (id: number, signal?: Signal) => get<DeviceSampling>(`/api/v1/devices/${id}/sampling`, signal),
  sampling_changes: (page: number, signal?: Signal) =>
    get<SamplingChangePage>('/api/v1/sampling-changes', signal, { page, page_size: 50 }),
  sampling_change: (id: number, page: number, signal?: Signal) =>
    get<SamplingResults>(`/api/v1/sampling-changes/${id}`, signal, { page, page_size: 50 }),
  change_sampling: (body: NewSamplingChange) => request<SamplingResults>('POST', '/api/v1/sampling-changes', { body }),
  create_job: (body: NewJob) => request<Job>('POST', '/api/v1/jobs', { body }),
  job: (id: number, signal?: Signal) => get<Job>(`/api/v1/jobs/${id}`, signal),
  confirm_job: (id: number) => request<Job>('POST', `/api/v1/jobs/${id}/confirm`),
  cancel_job: (id: number) => request<Job>('POST', `/api/v1/jobs/${id}/cancel`),
  orders: (job_id: number, query: OrderQuery, signal?: Signal) =>
    get<OrderPage>(`/api/v1/jobs/${job_id}/orders`, signal, query as Query),
  order: (id: number, signal?: Signal) => get<OrderDetail>(`/api/v1/orders/${id}`, signal),
};

/** Files that the browser fetches by itself. */
export const file_urls = {
  export_file: (id: number) => `/api/v1/exports/${id}/file`,
  import_template: (kind: ImportKind) => `${import_path(kind)}/template`,
  import_report: (kind: ImportKind, id: number) => `${import_path(kind)}/${id}/report`,
  points: '/api/v1/points/export',
  job_results: (id: number) => `/api/v1/jobs/${id}/results`,
  operations: (filter: OperationFilter) => `/api/v1/operations/export?${new URLSearchParams(filter as Record<string, string>)}`,
};

const socket_origin = (location: Location) => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`;

/** Where the WebSocket of live values is, seen from the page. */
export function live_url(location: Location): string {
  return `${socket_origin(location)}/api/v1/live`;
}

/** Where the WebSocket with what goes over a line is. */
export function trace_url(location: Location, subject: { device_id: number } | { gateway_id: number; channel: string }): string {
  return socket_origin(location) + with_query('/api/v1/trace', subject);
}
