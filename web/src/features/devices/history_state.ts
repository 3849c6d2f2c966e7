import { type SpanName, span_names } from '../../format/span.ts';
import { type CivilDate, civil_date, parse_iso_date } from '../../format/zoned_time.ts';

/** What the curve and the completeness show, kept in the address. */
export interface HistoryState {
  register: string | null;
  span: SpanName;
  date: CivilDate;
}

export function read_history_state(parameters: URLSearchParams, now_ms: number, time_zone: string): HistoryState {
  return {
    register: parameters.get('register'),
    span: span_names.find((name) => name === parameters.get('span')) ?? 'day',
    date: parse_iso_date(parameters.get('date')) ?? civil_date(now_ms, time_zone),
  };
}

/** How many buckets a curve of that width gets: about one for two pixels, in steps so that resizing asks seldom anew. */
export function bucket_count(width_px: number): number {
  return Math.min(1000, Math.max(100, Math.ceil(width_px / 2 / 50) * 50));
}
