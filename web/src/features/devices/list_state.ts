import type { DeviceQuery, DeviceSort, DeviceState } from '../../api/types.ts';

export const page_sizes = [25, 50, 100, 200] as const;
export const default_page_size = 50;
export const device_states: readonly DeviceState[] = ['online', 'late', 'offline', 'never'];
export const device_sorts: readonly DeviceSort[] = ['name', '-name', 'address', '-address', 'last_reading', '-last_reading'];

function positive(text: string | null, fallback: number, max: number): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value <= max ? value : fallback;
}

function one_of<T extends string>(text: string | null, allowed: readonly T[]): T | undefined {
  return allowed.find((value) => value === text);
}

/** The list's whole state stands in the address, so that it can be sent to somebody; nonsense in it is ignored. */
export function read_list_state(
  parameters: URLSearchParams,
): DeviceQuery & { page: number; page_size: number; sort: DeviceSort } {
  const state = one_of(parameters.get('state'), device_states);
  const search = parameters.get('search')?.slice(0, 100);
  const id = (name: string) => positive(parameters.get(name), 0, Number.MAX_SAFE_INTEGER) || undefined;
  const site_id = id('site_id');
  const gateway_id = id('gateway_id');
  const model = parameters.get('model')?.slice(0, 64);
  const tariff = parameters.get('tariff')?.slice(0, 32);
  return {
    page: positive(parameters.get('page'), 1, 100_000),
    page_size: positive(parameters.get('page_size'), default_page_size, 200),
    sort: one_of(parameters.get('sort'), device_sorts) ?? 'name',
    ...(search ? { search } : {}),
    ...(state ? { state } : {}),
    ...(site_id ? { site_id } : {}),
    ...(gateway_id ? { gateway_id } : {}),
    ...(model ? { model } : {}),
    ...(tariff ? { tariff } : {}),
  };
}

/** The address after a change. Any change but turning the page leads back to the first page; defaults are left out. */
export function change_list_state(
  parameters: URLSearchParams,
  change: Record<string, string | number | undefined>,
): URLSearchParams {
  const next = new URLSearchParams(parameters);
  if (!('page' in change)) next.delete('page');
  const defaults: Record<string, string> = { page: '1', page_size: String(default_page_size), sort: 'name' };
  for (const [name, value] of Object.entries(change)) {
    const text = value === undefined ? '' : String(value);
    if (text === '' || text === defaults[name]) next.delete(name);
    else next.set(name, text);
  }
  return next;
}

/** A press on a column's head: ascending first, then descending. */
export function toggled_sort(column: 'name' | 'address' | 'last_reading', now: DeviceSort): DeviceSort {
  return now === column ? (`-${column}` as DeviceSort) : column;
}

export function sort_direction(column: string, now: DeviceSort): 'ascending' | 'descending' | 'none' {
  return now === column ? 'ascending' : now === `-${column}` ? 'descending' : 'none';
}

/** The pages to offer: the first, the last, those around the present one; null for a gap of more than one. */
export function page_numbers(now: number, last: number): (number | null)[] {
  const shown = [...new Set([1, now - 1, now, now + 1, last])].filter((page) => page >= 1 && page <= last).sort((a, b) => a - b);
  return shown.flatMap((page, index) => {
    const missing = page - (shown[index - 1] ?? 0) - 1;
    return missing === 0 ? [page] : missing === 1 ? [page - 1, page] : [null, page];
  });
}
