/** Civil time in a named IANA zone, by Intl alone: no zone database is shipped. Instants are milliseconds since 1970 UTC. */
export interface CivilDate {
  year: number;
  month: number;
  day: number;
}
export interface CivilTime extends CivilDate {
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function parts_format(time_zone: string): Intl.DateTimeFormat {
  let format = formats.get(time_zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: time_zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(time_zone, format);
  }
  return format;
}

/** The browser's own zone when `time_zone` is not one the browser knows. */
export function usable_time_zone(time_zone: string | undefined): string {
  const own = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!time_zone) return own();
  try {
    parts_format(time_zone);
    return time_zone;
  } catch {
    return own();
  }
}

export function civil_time(instant_ms: number, time_zone: string): CivilTime {
  const civil: CivilTime = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const part of parts_format(time_zone).formatToParts(instant_ms)) {
    if (part.type in civil) civil[part.type as keyof CivilTime] = Number(part.value);
  }
  return civil;
}

function offset_ms(instant_ms: number, time_zone: string): number {
  const c = civil_time(instant_ms, time_zone);
  const whole_second = Math.floor(instant_ms / 1000) * 1000;
  return Date.UTC(c.year, c.month - 1, c.day, c.hour, c.minute, c.second) - whole_second;
}

/** The first instant of a civil day. Where midnight is skipped by a clock change, the first instant after the gap. */
export function start_of_day(date: CivilDate, time_zone: string): number {
  const as_utc = Date.UTC(date.year, date.month - 1, date.day);
  // Two candidates, as the offset may differ on both sides of the midnight sought; the earlier that fits is the day's start.
  const candidates = [as_utc - offset_ms(as_utc - 86_400_000, time_zone), as_utc - offset_ms(as_utc + 86_400_000, time_zone)];
  candidates.sort((a, b) => a - b);
  for (const candidate of candidates) {
    const c = civil_time(candidate, time_zone);
    if (c.year === date.year && c.month === date.month && c.day === date.day) return candidate;
  }
  return candidates[1] ?? as_utc;
}

export function civil_date(instant_ms: number, time_zone: string): CivilDate {
  const { year, month, day } = civil_time(instant_ms, time_zone);
  return { year, month, day };
}

/** Calendar arithmetic; day may run over, e.g. 32 January is 1 February. */
export function normal_date(year: number, month: number, day: number): CivilDate {
  const date = new Date(Date.UTC(year, month - 1, day));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** 0 is Monday. */
export function weekday(date: CivilDate): number {
  return (new Date(Date.UTC(date.year, date.month - 1, date.day)).getUTCDay() + 6) % 7;
}

export function days_in_month(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

const two = (value: number) => String(value).padStart(2, '0');

export function iso_date(date: CivilDate): string {
  return `${String(date.year).padStart(4, '0')}-${two(date.month)}-${two(date.day)}`;
}

/** Null unless `text` is a real calendar day written YYYY-MM-DD. */
export function parse_iso_date(text: string | null): CivilDate | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text ?? '');
  if (!match) return null;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const date = normal_date(year, month, day);
  return date.month === month && date.day === day ? date : null;
}

export function clock_text(instant_ms: number, time_zone: string, seconds = true): string {
  const c = civil_time(instant_ms, time_zone);
  return `${two(c.hour)}:${two(c.minute)}${seconds ? `:${two(c.second)}` : ''}`;
}

export function date_time_text(instant_ms: number, time_zone: string): string {
  return `${iso_date(civil_date(instant_ms, time_zone))} ${clock_text(instant_ms, time_zone)}`;
}
