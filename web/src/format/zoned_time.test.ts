import { describe, expect, it } from 'vitest';
import { axis_marks, span_of, step_date } from './span.ts';
import { civil_time, date_time_text, iso_date, parse_iso_date, start_of_day, usable_time_zone, weekday } from './zoned_time.ts';

const hour_ms = 3_600_000;

describe('civil time', () => {
  it('tells the wall clock of the zone', () => {
    expect(date_time_text(Date.parse('2026-11-20T16:00:00Z'), 'Asia/Shanghai')).toBe('2026-11-21 00:00:00');
    expect(civil_time(Date.parse('2026-06-30T22:30:15Z'), 'Europe/Berlin')).toMatchObject({
      month: 7,
      day: 1,
      hour: 0,
      minute: 30,
      second: 15,
    });
  });

  it('finds a day’s first instant, also where the clock changes', () => {
    expect(new Date(start_of_day({ year: 2026, month: 11, day: 21 }, 'Asia/Shanghai')).toISOString()).toBe(
      '2026-11-20T16:00:00.000Z',
    );
    expect(new Date(start_of_day({ year: 2026, month: 3, day: 29 }, 'Europe/Berlin')).toISOString()).toBe(
      '2026-03-28T23:00:00.000Z',
    );
    expect(new Date(start_of_day({ year: 2026, month: 3, day: 30 }, 'Europe/Berlin')).toISOString()).toBe(
      '2026-03-29T22:00:00.000Z',
    );
    // On this day the clocks of Santiago went from 23:59:59 to 1:00: the day has no midnight.
    const santiago = start_of_day({ year: 2024, month: 9, day: 8 }, 'America/Santiago');
    expect(civil_time(santiago, 'America/Santiago')).toMatchObject({ day: 8, hour: 1, minute: 0 });
    expect(civil_time(santiago - 1000, 'America/Santiago')).toMatchObject({ day: 7, hour: 23, minute: 59 });
  });

  it('takes only real days', () => {
    expect(parse_iso_date('2028-02-29')).toEqual({ year: 2028, month: 2, day: 29 });
    for (const text of ['2026-02-29', '2026-13-01', '2026-1-1', '', null, '2026-11-21T00:00'])
      expect(parse_iso_date(text)).toBeNull();
  });

  it('falls back to the browser’s zone for one it does not know', () => {
    expect(usable_time_zone('Nowhere/Land')).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
    expect(usable_time_zone('Asia/Urumqi')).toBe('Asia/Urumqi');
  });
});

describe('spans', () => {
  const date = { year: 2026, month: 3, day: 29 };

  it('have the length the calendar gives them', () => {
    expect(span_of('day', date, 'Asia/Shanghai').to_ms - span_of('day', date, 'Asia/Shanghai').from_ms).toBe(24 * hour_ms);
    expect(span_of('day', date, 'Europe/Berlin').to_ms - span_of('day', date, 'Europe/Berlin').from_ms).toBe(23 * hour_ms);
    const week = span_of('week', date, 'Asia/Shanghai');
    expect([iso_date(week.first_day), iso_date(week.end_day), weekday(week.first_day)]).toEqual(['2026-03-23', '2026-03-30', 0]);
    const month = span_of('month', { year: 2026, month: 12, day: 31 }, 'Asia/Shanghai');
    expect([iso_date(month.first_day), iso_date(month.end_day)]).toEqual(['2026-12-01', '2027-01-01']);
    expect((span_of('year', date, 'Asia/Shanghai').to_ms - span_of('year', date, 'Asia/Shanghai').from_ms) / hour_ms).toBe(
      365 * 24,
    );
  });

  it('step without skipping short months', () => {
    expect(iso_date(step_date('month', { year: 2026, month: 1, day: 31 }, 1))).toBe('2026-02-28');
    expect(iso_date(step_date('year', { year: 2028, month: 2, day: 29 }, -1))).toBe('2027-02-28');
    expect(iso_date(step_date('week', { year: 2026, month: 1, day: 2 }, -1))).toBe('2025-12-26');
    expect(iso_date(step_date('day', { year: 2026, month: 12, day: 31 }, 1))).toBe('2027-01-01');
  });

  it('mark the axis at civil boundaries', () => {
    expect(axis_marks(span_of('day', date, 'Europe/Berlin'), 'Europe/Berlin')).toHaveLength(24);
    expect(axis_marks(span_of('day', date, 'Asia/Shanghai'), 'Asia/Shanghai')).toHaveLength(25);
    const marks = axis_marks(span_of('month', date, 'Europe/Berlin'), 'Europe/Berlin');
    expect(marks).toHaveLength(32);
    for (const mark of marks) expect(civil_time(mark, 'Europe/Berlin')).toMatchObject({ hour: 0, minute: 0 });
    expect(axis_marks(span_of('year', date, 'Asia/Shanghai'), 'Asia/Shanghai')).toHaveLength(13);
  });
});
