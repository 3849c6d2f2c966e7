import type { Export, FileImport, NewExport, Storage } from '../src/api/types.ts';
import type { DemoAnswer, DemoRequest } from './api.ts';

const iso = (at_ms: number) => new Date(at_ms).toISOString();
const made_in_ms = 4_000;

/** Exports that are done after four seconds, and imports that find something of each kind. */
export function make_exports(): (request: DemoRequest, now_ms: number) => DemoAnswer | undefined {
  const exports: (Export & { asked_ms: number })[] = [];
  const imports: FileImport[] = [];

  function grown(one: Export & { asked_ms: number }, now_ms: number): Export {
    const { asked_ms, ...shown } = one;
    if (shown.state !== 'queued') return shown;
    const part = Math.min(1, (now_ms - asked_ms) / made_in_ms);
    const rows = Math.floor(part * shown.series * 672);
    if (part < 1)
      return { ...shown, state: 'running', rows, series_done: Math.floor(part * shown.series), size_bytes: rows * 180 };
    return {
      ...shown,
      state: 'done',
      rows,
      series_done: shown.series,
      size_bytes: rows * 180,
      finished_at: iso(asked_ms + made_in_ms),
      expires_at: iso(asked_ms + 7 * 86_400_000),
      sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    };
  }

  function create(body: NewExport, now_ms: number): Export {
    const devices = body.device_ids?.length ?? 120;
    const made = {
      id: exports.length + 1,
      name: body.name ?? '',
      format: body.format,
      by: body.by ?? ('reading' as const),
      time_zone: body.time_zone ?? 'UTC',
      from: body.from,
      to: body.to,
      state: 'queued' as const,
      created_at: iso(now_ms),
      finished_at: null,
      expires_at: null,
      devices,
      series: devices * (body.registers?.length ?? 20),
      series_done: 0,
      rows: 0,
      size_bytes: 0,
      downloads: 0,
      asked_ms: now_ms,
    };
    exports.unshift(made);
    return grown(made, now_ms);
  }

  function of_exports(
    request: DemoRequest,
    id: number | undefined,
    act: string | undefined,
    now_ms: number,
  ): DemoAnswer | undefined {
    if (id === undefined) {
      if (request.method === 'POST') return { status: 201, body: create(request.body as NewExport, now_ms) };
      return { status: 200, body: { exports: exports.map((one) => grown(one, now_ms)) } };
    }
    const index = exports.findIndex((one) => one.id === id);
    const one = exports[index];
    if (!one) return undefined;
    if (act === 'cancel') {
      const shown = grown(one, now_ms);
      exports[index] = { ...shown, state: shown.state === 'done' ? 'expired' : 'cancelled', asked_ms: one.asked_ms };
    }
    return { status: 200, body: grown(exports[index] ?? one, now_ms) };
  }

  function checked(name: string, now_ms: number): FileImport {
    const found = (line: number, kind: string, is_fault: boolean, column: string, message: string) => ({
      line,
      kind,
      is_fault,
      column,
      message,
    });
    return {
      id: imports.length + 1,
      name,
      format: 'csv',
      sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      state: 'checked',
      lines: 600,
      lines_checked: 600,
      good_lines: 597,
      bad_lines: 2,
      doubled_lines: 1,
      known_lines: 1,
      conflict_lines: 1,
      lines_made: 0,
      started_at: iso(now_ms),
      finished_at: null,
      findings: [
        found(14, 'unknown_device', true, 'device_uid', 'there is no device 000000000999'),
        found(20, 'known', false, '', 'the same value is stored already: it becomes evidence'),
        found(77, 'bad_number', true, 'value', 'this is no decimal number'),
        found(90, 'conflict', false, 'value', '12.50 is stored for this time: both are kept and marked'),
        found(91, 'doubled', false, '', 'line 90 says the same'),
      ],
    };
  }

  function of_imports(
    request: DemoRequest,
    id: number | undefined,
    act: string | undefined,
    now_ms: number,
  ): DemoAnswer | undefined {
    if (id === undefined) {
      if (request.method !== 'POST') return { status: 200, body: { imports } };
      imports.unshift(checked(request.query.get('name') ?? '', now_ms));
      return { status: 202, body: imports[0] };
    }
    const index = imports.findIndex((one) => one.id === id);
    const one = imports[index];
    if (!one) return undefined;
    if (act === 'commit') imports[index] = { ...one, state: 'done', lines_made: one.good_lines, finished_at: iso(now_ms) };
    if (act === 'cancel') imports[index] = { ...one, state: 'cancelled', finished_at: iso(now_ms) };
    return { status: 200, body: imports[index] };
  }

  const gib = 1024 ** 3;
  const storage = (now_ms: number): Storage => ({
    measured_at: iso(now_ms - 120_000),
    days_sampled: 31,
    parts: [
      ['journal', 41.2, 0.31, 0, 'kept', 0],
      ['telemetry', 9.6, 0.06, 0, 'derived', 0],
      ['records', 0.2, 0.001, 0, 'kept', 0],
      ['exports', 1.4, 0, 0, 'expires', 7],
      ['imports', 0.1, 0, 0, 'kept', 0],
      ['backups', 62, 0.9, 1, 'rotated', 0],
    ].map(([name, size, growth, file_system, disposal, kept_days]) => ({
      name: name as string,
      bytes: Math.round((size as number) * gib),
      growth_bytes_per_day: (growth as number) * gib,
      file_system: file_system as number,
      disposal: disposal as Storage['parts'][number]['disposal'],
      kept_days: kept_days as number,
      is_encrypted: true,
    })),
    file_systems: [
      { name: 'journal', total_bytes: 480 * gib, free_bytes: 210 * gib, growth_bytes_per_day: 0.4 * gib, days_left: 525 },
      { name: 'backups', total_bytes: 100 * gib, free_bytes: 18 * gib, growth_bytes_per_day: 0.9 * gib, days_left: 20 },
    ],
  });

  return (request, now_ms) => {
    if (request.path === '/api/v1/storage') return { status: 200, body: storage(now_ms) };
    const [, kind, id, act] = /^\/api\/v1\/(exports|history-imports)(?:\/(\d+)(?:\/(\w+))?)?$/.exec(request.path) ?? [];
    if (!kind) return undefined;
    const number = id === undefined ? undefined : Number(id);
    return kind === 'exports' ? of_exports(request, number, act, now_ms) : of_imports(request, number, act, now_ms);
  };
}
