import { observe_server_time } from './server_clock.ts';
import type {
  Adoption,
  Aggregates,
  AnalysedFrame,
  Analysis,
  Completeness,
  Connection,
  ConnectionChange,
  Curve,
  Device,
  DeviceAccess,
  DeviceDetail,
  DeviceImport,
  DevicePage,
  DeviceQuery,
  EditOutcome,
  EstimateDraft,
  EstimateRequest,
  Export,
  FleetCompleteness,
  FleetTop,
  FleetTotals,
  FrameBuilders,
  FrameProvenance,
  Gateway,
  GatewayPlan,
  HistoryImport,
  Job,
  JobPage,
  JobQuery,
  ModelDetail,
  ModelList,
  NewChannel,
  NewDevice,
  NewEdits,
  NewExport,
  NewJob,
  NewPoint,
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
  PointPage,
  Problem,
  Reading,
  Session,
  Source,
  Status,
  UnknownDevice,
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

async function request<T>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  options: { body?: unknown; csv?: Blob; signal?: AbortSignal | undefined } = {},
) {
  const headers: Record<string, string> = { Accept: 'application/json' };
  // A foreign site cannot send this header, so its presence shows that the request is our own.
  if (method !== 'GET') headers['X-Duheng-Request'] = '1';
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.csv) headers['Content-Type'] = 'text/csv';
  const body_sent = options.csv ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
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
const get = <T>(path: string, signal: Signal, query: Query = {}) => request<T>('GET', with_query(path, query), { signal });

/** One function per route of api/openapi.yaml; all throw ApiError. */
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
  curve: (series_id: number, from: string, to: string, buckets: number, signal?: Signal) =>
    get<Curve>(`/api/v1/series/${series_id}/curve`, signal, { from, to, buckets }),
  readings: (series_id: number, before: string | undefined, limit: number, signal?: Signal) =>
    get<{ readings: Reading[] }>(`/api/v1/series/${series_id}/readings`, signal, { before, limit }),
  analyse: (text: string, protocol: string, apdu: boolean, signal?: Signal) =>
    request<Analysis>('POST', '/api/v1/analyser/frames', { body: { text, protocol, apdu }, signal }),
  frame_builders: (signal?: Signal) => get<FrameBuilders>('/api/v1/analyser/builders', signal),
  build_frame: (protocol: string, kind: string, parameters: Record<string, string>) =>
    request<AnalysedFrame>('POST', '/api/v1/analyser/build', { body: { protocol, kind, parameters } }),
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
  imports: (signal?: Signal) => get<{ imports: DeviceImport[] }>('/api/v1/device-imports', signal),
  start_import: (file: Blob, name: string) =>
    request<DeviceImport>('POST', with_query('/api/v1/device-imports', { name }), { csv: file }),
  import: (id: number, signal?: Signal) => get<DeviceImport>(`/api/v1/device-imports/${id}`, signal),
  commit_import: (id: number, mode: 'all_or_nothing' | 'good_lines') =>
    request<DeviceImport>('POST', `/api/v1/device-imports/${id}/commit`, { body: { mode } }),
  cancel_import: (id: number) => request<DeviceImport>('POST', `/api/v1/device-imports/${id}/cancel`),

  versions: (series_id: number, time: string, signal?: Signal) =>
    get<Versions>(`/api/v1/series/${series_id}/versions`, signal, { time }),
  edit: (series_id: number, body: NewEdits) => request<EditOutcome>('POST', `/api/v1/series/${series_id}/edits`, { body }),
  estimate_draft: (series_id: number, body: EstimateRequest) =>
    request<EstimateDraft>('POST', `/api/v1/series/${series_id}/estimates`, { body: { ...body, preview: true } }),
  estimate: (series_id: number, body: EstimateRequest) =>
    request<EditOutcome>('POST', `/api/v1/series/${series_id}/estimates`, { body: { ...body, preview: false } }),
  points: (page: number, search: string, signal?: Signal) =>
    get<PointPage>('/api/v1/points', signal, { page, page_size: 50, search }),
  point: (id: number, signal?: Signal) => get<PointDetail>(`/api/v1/points/${id}`, signal),
  create_point: (body: NewPoint) => request<PointDetail>('POST', '/api/v1/points', { body }),
  exchange_at_point: (id: number, body: PointExchange) => request<PointDetail>('POST', `/api/v1/points/${id}/exchange`, { body }),
  consumption: (id: number, from: string, to: string, by: string, register: string, signal?: Signal) =>
    get<PointConsumption>(`/api/v1/points/${id}/consumption`, signal, { from, to, by, register }),

  aggregates: (series_id: number, by: string, from: string, to: string, signal?: Signal) =>
    get<Aggregates>(`/api/v1/series/${series_id}/aggregates`, signal, { by, from, to }),
  fleet_top: (register: string, from: string, to: string, count: number, signal?: Signal) =>
    get<FleetTop>('/api/v1/fleet/top', signal, { register, from, to, count }),
  fleet_totals: (register: string, from: string, to: string, group: string, signal?: Signal) =>
    get<FleetTotals>('/api/v1/fleet/totals', signal, { register, from, to, group }),
  fleet_completeness: (register: string, from: string, to: string, signal?: Signal) =>
    get<FleetCompleteness>('/api/v1/fleet/completeness', signal, { register, from, to }),

  exports: (signal?: Signal) => get<{ exports: Export[] }>('/api/v1/exports', signal),
  create_export: (body: NewExport) => request<Export>('POST', '/api/v1/exports', { body }),
  cancel_export: (id: number) => request<Export>('POST', `/api/v1/exports/${id}/cancel`),
  history_imports: (signal?: Signal) => get<{ imports: HistoryImport[] }>('/api/v1/history-imports', signal),
  start_history_import: (file: Blob, name: string) =>
    request<HistoryImport>('POST', with_query('/api/v1/history-imports', { name }), { csv: file }),
  history_import: (id: number, signal?: Signal) => get<HistoryImport>(`/api/v1/history-imports/${id}`, signal),
  commit_history_import: (id: number, mode: 'all_or_nothing' | 'good_lines') =>
    request<HistoryImport>('POST', `/api/v1/history-imports/${id}/commit`, { body: { mode } }),
  cancel_history_import: (id: number) => request<HistoryImport>('POST', `/api/v1/history-imports/${id}/cancel`),

  jobs: (query: JobQuery, signal?: Signal) => get<JobPage>('/api/v1/jobs', signal, query as Query),
  operations: (query: OperationQuery, signal?: Signal) => get<OperationPage>('/api/v1/operations', signal, query as Query),
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
  history_template: '/api/v1/history-imports/template',
  history_report: (id: number) => `/api/v1/history-imports/${id}/report`,
  import_template: '/api/v1/device-imports/template',
  import_errors: (id: number) => `/api/v1/device-imports/${id}/errors`,
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
