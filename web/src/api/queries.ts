import { keepPreviousData, QueryCache, QueryClient, queryOptions } from '@tanstack/react-query';
import { ApiError, api, type ImportKind } from './client.ts';
import type { AlarmQuery, CurveShape, DeviceQuery, FindingQuery, JobQuery, OperationQuery, OrderQuery } from './types.ts';

export const session_key = ['session'] as const;

/** Temporary failures are tried again; what the platform refused is not, as it would refuse again. */
export function should_retry(failures: number, error: unknown): boolean {
  const temporary = !(error instanceof ApiError) || error.status === 0 || error.status === 503;
  return temporary && failures < 2;
}

/** `on_session_lost` is called when the platform no longer knows this session. */
export function make_query_client(on_session_lost: (client: QueryClient) => void): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        const asks_who = query.queryKey[0] === session_key[0];
        if (asks_who || !(error instanceof ApiError)) return;
        if (error.status === 401) on_session_lost(client);
        // A password given anew meanwhile: the session tells, and the pages give way.
        if (error.problem?.code === 'password_change_required') void client.invalidateQueries({ queryKey: session_key });
      },
    }),
    defaultOptions: { queries: { retry: should_retry, staleTime: 5_000, refetchOnWindowFocus: true } },
  });
  return client;
}

export const queries = {
  overview: () => queryOptions({ queryKey: ['overview'], queryFn: ({ signal }) => api.overview(signal) }),
  devices: (query: DeviceQuery) =>
    queryOptions({
      queryKey: ['devices', query],
      queryFn: ({ signal }) => api.devices(query, signal),
      placeholderData: keepPreviousData,
    }),
  // Part of the platform's release: the same for as long as the page is open.
  frame_builders: () =>
    queryOptions({ queryKey: ['frame_builders'], queryFn: ({ signal }) => api.frame_builders(signal), staleTime: Infinity }),
  analysed_frame: (hex: string, protocol: string, is_apdu: boolean) =>
    queryOptions({
      queryKey: ['analysed_frame', protocol, is_apdu, hex],
      queryFn: ({ signal }) => api.analyse(hex, protocol, is_apdu, signal),
      staleTime: Infinity,
    }),
  device: (id: number) => queryOptions({ queryKey: ['device', id], queryFn: ({ signal }) => api.device(id, signal) }),
  completeness: (id: number, date: string) =>
    queryOptions({ queryKey: ['completeness', id, date], queryFn: ({ signal }) => api.completeness(id, date, signal) }),
  curve: (series_id: number, from_ms: number, to_ms: number, buckets: number, shape: CurveShape = 'minmax') =>
    queryOptions({
      queryKey: ['curve', series_id, from_ms, to_ms, buckets, shape],
      queryFn: ({ signal }) =>
        api.curve(series_id, new Date(from_ms).toISOString(), new Date(to_ms).toISOString(), buckets, shape, signal),
    }),
  readings: (series_id: number, before: string | undefined, limit: number) =>
    queryOptions({
      queryKey: ['readings', series_id, before ?? null, limit],
      queryFn: ({ signal }) => api.readings(series_id, before, limit, signal),
      placeholderData: keepPreviousData,
    }),
  aggregate_figure: (asked: Record<string, string>) =>
    queryOptions({
      queryKey: ['aggregate_figure', asked],
      queryFn: ({ signal }) => api.aggregate_figure(asked, signal),
    }),
  point_figure: (point: string, register: string, after: string, through: string) =>
    queryOptions({
      queryKey: ['point_figure', point, register, after, through],
      queryFn: ({ signal }) => api.point_figure(point, register, after, through, signal),
    }),
  edit_record: (frame: string) =>
    queryOptions({
      queryKey: ['edit_record', frame],
      queryFn: ({ signal }) => api.edit_record(frame, signal),
      staleTime: 600_000,
    }),
  // A frame never changes; only its device's name may.
  frame: (frame: string) =>
    queryOptions({ queryKey: ['frame', frame], queryFn: ({ signal }) => api.frame(frame, signal), staleTime: 600_000 }),
  sources: () => queryOptions({ queryKey: ['sources'], queryFn: ({ signal }) => api.sources(signal) }),
  organisations: () =>
    queryOptions({ queryKey: ['organisations'], queryFn: ({ signal }) => api.organisations(signal), staleTime: 300_000 }),
  gateways: () => queryOptions({ queryKey: ['gateways'], queryFn: ({ signal }) => api.gateways(signal) }),
  status: () => queryOptions({ queryKey: ['status'], queryFn: ({ signal }) => api.status(signal) }),
  // Files that change only with a release, or when somebody puts another one there.
  models: () => queryOptions({ queryKey: ['models'], queryFn: ({ signal }) => api.models(signal), staleTime: 60_000 }),
  model: (id: string) =>
    queryOptions({ queryKey: ['model', id], queryFn: ({ signal }) => api.model(id, signal), staleTime: 300_000 }),
  connection: (id: number) => queryOptions({ queryKey: ['connection', id], queryFn: ({ signal }) => api.connection(id, signal) }),
  gateway_plan: (id: number) =>
    queryOptions({ queryKey: ['gateway_plan', id], queryFn: ({ signal }) => api.gateway_plan(id, signal) }),
  unknown_devices: () => queryOptions({ queryKey: ['unknown_devices'], queryFn: ({ signal }) => api.unknown_devices(signal) }),
  storage: () => queryOptions({ queryKey: ['storage'], queryFn: ({ signal }) => api.storage(signal) }),
  file_imports: (kind: ImportKind) =>
    queryOptions({ queryKey: ['file_imports', kind], queryFn: ({ signal }) => api.imports(kind, signal) }),
  file_import: (kind: ImportKind, id: number) =>
    queryOptions({ queryKey: ['file_import', kind, id], queryFn: ({ signal }) => api.import(kind, id, signal) }),
  versions: (series_id: number, time: string) =>
    queryOptions({
      queryKey: ['versions', series_id, time],
      queryFn: ({ signal }) => api.versions(series_id, time, signal),
    }),
  points: (page: number, search: string, tariff = '') =>
    queryOptions({
      queryKey: ['points', page, search, tariff],
      queryFn: ({ signal }) => api.points(page, search, tariff, signal),
      placeholderData: keepPreviousData,
    }),
  point: (id: number) => queryOptions({ queryKey: ['point', id], queryFn: ({ signal }) => api.point(id, signal) }),
  consumption: (id: number, from: string, to: string, by: string, register: string) =>
    queryOptions({
      queryKey: ['consumption', id, from, to, by, register],
      queryFn: ({ signal }) => api.consumption(id, from, to, by, register, signal),
      placeholderData: keepPreviousData,
    }),
  aggregates: (series_id: number, by: string, from: string, to: string) =>
    queryOptions({
      queryKey: ['aggregates', series_id, by, from, to],
      queryFn: ({ signal }) => api.aggregates(series_id, by, from, to, signal),
      placeholderData: keepPreviousData,
    }),
  fleet_top: (register: string, from: string, to: string, count: number, group?: string) =>
    queryOptions({
      queryKey: ['fleet_top', register, from, to, count, group],
      queryFn: ({ signal }) => api.fleet_top(register, from, to, count, group, signal),
      placeholderData: keepPreviousData,
    }),
  fleet_totals: (register: string, from: string, to: string, group: string) =>
    queryOptions({
      queryKey: ['fleet_totals', register, from, to, group],
      queryFn: ({ signal }) => api.fleet_totals(register, from, to, group, signal),
      placeholderData: keepPreviousData,
    }),
  fleet_completeness: (register: string, from: string, to: string) =>
    queryOptions({
      queryKey: ['fleet_completeness', register, from, to],
      queryFn: ({ signal }) => api.fleet_completeness(register, from, to, signal),
      placeholderData: keepPreviousData,
    }),
  completeness_table: (register: string, from: string, to: string, group: string) =>
    queryOptions({
      queryKey: ['completeness_table', register, from, to, group],
      queryFn: ({ signal }) => api.completeness_table(register, from, to, group, signal),
      placeholderData: keepPreviousData,
    }),
  missing: (register: string, day: string, cause: string, page: number) =>
    queryOptions({
      queryKey: ['missing', register, day, cause, page],
      queryFn: ({ signal }) => api.missing(register, day, cause, page, signal),
      placeholderData: keepPreviousData,
    }),
  readiness: (register: string, from: string, to: string) =>
    queryOptions({
      queryKey: ['readiness', register, from, to],
      queryFn: ({ signal }) => api.readiness(register, from, to, signal),
      placeholderData: keepPreviousData,
    }),
  value_findings: (query: FindingQuery) =>
    queryOptions({
      queryKey: ['value_findings', query],
      queryFn: ({ signal }) => api.value_findings(query, signal),
      placeholderData: keepPreviousData,
    }),
  backups: () => queryOptions({ queryKey: ['backups'], queryFn: ({ signal }) => api.backups(signal) }),
  backup_sets: (page: number) =>
    queryOptions({
      queryKey: ['backup_sets', page],
      queryFn: ({ signal }) => api.backup_sets(page, signal),
      placeholderData: keepPreviousData,
    }),
  drills: (page: number) =>
    queryOptions({
      queryKey: ['drills', page],
      queryFn: ({ signal }) => api.drills(page, signal),
      placeholderData: keepPreviousData,
    }),
  exports: () => queryOptions({ queryKey: ['exports'], queryFn: ({ signal }) => api.exports(signal) }),
  jobs: (query: JobQuery) =>
    queryOptions({
      queryKey: ['jobs', query],
      queryFn: ({ signal }) => api.jobs(query, signal),
      placeholderData: keepPreviousData,
    }),
  alarms: (query: AlarmQuery) =>
    queryOptions({
      queryKey: ['alarms', query],
      queryFn: ({ signal }) => api.alarms(query, signal),
      placeholderData: keepPreviousData,
    }),
  alarm: (id: number) => queryOptions({ queryKey: ['alarm', id], queryFn: ({ signal }) => api.alarm(id, signal) }),
  alarm_counts: () => queryOptions({ queryKey: ['alarm_counts'], queryFn: ({ signal }) => api.alarm_counts(signal) }),
  // Part of the platform's release.
  alarm_kinds: () =>
    queryOptions({ queryKey: ['alarm_kinds'], queryFn: ({ signal }) => api.alarm_kinds(signal), staleTime: Infinity }),
  operations: (query: OperationQuery) =>
    queryOptions({
      queryKey: ['operations', query],
      queryFn: ({ signal }) => api.operations(query, signal),
      placeholderData: keepPreviousData,
    }),
  gateway_timing: (id: number) =>
    queryOptions({ queryKey: ['gateway_timing', id], queryFn: ({ signal }) => api.gateway_timing(id, signal) }),
  device_sampling: (id: number) =>
    queryOptions({ queryKey: ['device_sampling', id], queryFn: ({ signal }) => api.device_sampling(id, signal) }),
  sampling_changes: (page: number) =>
    queryOptions({ queryKey: ['sampling_changes', page], queryFn: ({ signal }) => api.sampling_changes(page, signal) }),
  sampling_change: (id: number, page: number) =>
    queryOptions({ queryKey: ['sampling_change', id, page], queryFn: ({ signal }) => api.sampling_change(id, page, signal) }),
  job: (id: number) => queryOptions({ queryKey: ['job', id], queryFn: ({ signal }) => api.job(id, signal) }),
  orders: (job_id: number, query: OrderQuery) =>
    queryOptions({
      queryKey: ['orders', job_id, query],
      queryFn: ({ signal }) => api.orders(job_id, query, signal),
      placeholderData: keepPreviousData,
    }),
  order: (id: number) => queryOptions({ queryKey: ['order', id], queryFn: ({ signal }) => api.order(id, signal) }),
};
