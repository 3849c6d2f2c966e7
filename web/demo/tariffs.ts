import type { ChangedTariff, NewPointTariff, NewTariff, PointTariff, TariffDetail } from '../src/features/tariffs/tariff_api.ts';
import type { DemoAnswer, DemoRequest } from './api.ts';

const refused = (status: number, error: string, title: string): DemoAnswer => ({
  status,
  body: { error, title, detail: title, next_step: '' },
});

/** Three tariffs, and what is said of points' tariffs for as long as the stub runs. */
export function make_tariffs(start_ms: number): (request: DemoRequest) => DemoAnswer | undefined {
  const now = () => new Date(start_ms).toISOString();
  const today = now().slice(0, 10);
  const tariffs: TariffDetail[] = [];
  const of_points = new Map<number, PointTariff[]>();
  let entries_made = 0;
  const add = (details: NewTariff): TariffDetail => {
    const told = { ...details, valid_to: details.valid_to ?? null };
    const version = { ...told, number: 1, made_at: now(), author: 'demo', reason: '' };
    const made = { ...told, id: tariffs.length + 1, version: 1, versions: [version] };
    tariffs.push(made);
    return made;
  };
  const from_then = { utility: 'electricity', valid_from: '2020-01-01' } as const;
  add({ ...from_then, code: 'residential', name_zh: '居民生活', name_en: 'Residential' });
  add({ ...from_then, code: 'commercial', name_zh: '一般工商业', name_en: 'Commercial' });
  add({
    code: 'heat-area',
    name_zh: '按面积供热',
    name_en: 'Heat by area',
    utility: 'heat',
    valid_from: '2020-01-01',
    valid_to: '2025-12-31',
  });

  function of_list(request: DemoRequest, id: string | undefined): DemoAnswer {
    if (id === undefined) {
      if (request.method !== 'POST') return { status: 200, body: { tariffs: tariffs.map(({ versions, ...one }) => one), today } };
      const wanted = request.body as NewTariff;
      if (tariffs.some(({ code }) => code === wanted.code)) return refused(409, 'already_exists', '代码已存在');
      return { status: 201, body: add(wanted) };
    }
    const tariff = tariffs[Number(id) - 1];
    if (!tariff) return refused(404, 'not_found', '没有这个价类');
    if (request.method === 'POST') {
      const { version, reason, ...details } = request.body as ChangedTariff;
      if (version !== tariff.version) return refused(409, 'conflict', '已被他人修改');
      Object.assign(tariff, details, { version: version + 1 });
      tariff.versions.push({
        ...details,
        valid_to: details.valid_to ?? null,
        number: version + 1,
        made_at: now(),
        author: 'demo',
        reason,
      });
    }
    return { status: 200, body: tariff };
  }

  function of_point(request: DemoRequest, point: number, entry: string | undefined): DemoAnswer {
    const entries = of_points.get(point) ?? [];
    of_points.set(point, entries);
    if (entry !== undefined) {
      const found = entries.find(({ id }) => id === Number(entry));
      if (!found) return refused(404, 'not_found', '没有这条记录');
      found.withdrawn = { at: now(), author: 'demo', reason: (request.body as { reason: string }).reason };
    } else if (request.method === 'POST') {
      const { tariff_id, from, reason } = request.body as NewPointTariff;
      const tariff = tariffs[(tariff_id ?? 0) - 1];
      entries_made += 1;
      entries.push({
        id: entries_made,
        tariff: tariff ? { id: tariff.id, code: tariff.code, name: tariff.name_zh } : null,
        from,
        to: null,
        made_at: now(),
        author: 'demo',
        reason: reason ?? '',
        withdrawn: null,
      });
      entries.sort((a, b) => a.from.localeCompare(b.from));
    }
    return { status: 200, body: { today, time_zone: 'Asia/Shanghai', entries } };
  }

  return (request) => {
    const [, point, entry] = /^\/api\/v1\/points\/(\d+)\/tariffs(?:\/(\d+)\/withdraw)?$/.exec(request.path) ?? [];
    if (point !== undefined) return of_point(request, Number(point), entry);
    if (request.path === '/api/v1/point-imports' && request.method === 'GET') return { status: 200, body: { imports: [] } };
    const list = /^\/api\/v1\/tariffs(?:\/(\d+))?$/.exec(request.path);
    return list ? of_list(request, list[1]) : undefined;
  };
}
